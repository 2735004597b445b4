"""FBX for game engines: a character as a plain skeleton with its meshes and one baked animation, in their axes.

What is written is a copy: deforming bones and the root bone alone, without constraints, their evaluated pose baked on
every frame, and every object's rotation and scale applied to its data, so that no node in the file has any. Vertices
and bones become x' = C S A x, with A the armature object's rotation and scale at the first frame, S the engine's unit,
and C the rotation to its up axis. What carries the character moves as before; its place in the scene is left out.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import bpy
import numpy as np
from mathutils import Matrix

from ...retarget.errors import MotionGPTError
from ...retarget.motion import rotations as rot
from ...retarget.rigs.control_names import control_names, deforming_bone
from ...retarget.typing import Floats
from ..action.fcurves import played_action
from ..action.new_action import Curve, write_keys
from ..character.placing import OBJECT
from ..character.typing import ArmatureObject, as_armature, full


@dataclass(frozen=True)
class FbxPreset:
    """label: of the engine.  scale: its units in a metre.  up: "Y" or "Z".
    rooted, rootless: what the armature's node is called where one bone is the root, and where the node itself is;
    None keeps its name."""

    label: str
    scale: float
    up: str
    rooted: str | None = None
    rootless: str | None = None


PRESETS = {
    # Unreal counts in centimetres, takes a node called Armature for Blender's and leaves it out, and makes any other
    # node above the bones the root bone.
    "unreal": FbxPreset("Unreal Engine", 100.0, "Z", "Armature", "root"),
    "unity": FbxPreset("Unity", 1.0, "Y"),
    "godot": FbxPreset("Godot", 1.0, "Y"),
}
_FORWARD = {"Y": "-Z", "Z": "Y"}  # with these the exporter turns by -90 degrees about X, and not at all
_TURNS = {"Y": Matrix.Rotation(-np.pi / 2.0, 4, "X"), "Z": Matrix.Identity(4)}
_LEAST_MOVE = 1e-5  # of the skeleton's size: bones that move less get no location keys


def write_fbx(armature_object: ArmatureObject, file: str, name: str, preset: FbxPreset) -> None:
    """Write the armature, its meshes and its present action to an FBX file. The open file stays as it is.

    name: of the animation.  Raises MotionGPTError for an armature without an action, and what the exporter raises.
    """
    action = played_action(armature_object)
    if action is None:
        raise MotionGPTError(
            f'"{armature_object.name}" has no animation to export.', "Generate one, or assign an action."
        )
    first, last = (round(frame) for frame in action.frame_range[:])
    with _prepared_scene(last - first, name, preset) as scene, _borrowed_names() as take_name:
        parents = _exported_bones(armature_object)
        poses, worlds = _sample(scene, armature_object, list(parents), range(first, last + 1))
        to_data = _TURNS[preset.up] @ Matrix.Scale(preset.scale, 4) @ _without_place(worlds[0])
        meshes = _meshes(armature_object)
        with _at_rest(armature_object):
            copy = _copy_skeleton(scene, armature_object, parents, to_data)
            copies = [copy, *(_copy_mesh(scene, mesh, armature_object, copy, to_data) for mesh in meshes)]
        curves = _baked(copy, poses, worlds, parents, to_data, preset)
        one_root = list(parents.values()).count(None) == 1 and OBJECT not in {bone for bone, _, _ in curves}
        take_name(armature_object, copy, (preset.rooted if one_root else preset.rootless) or armature_object.name)
        for mesh, twin in zip(meshes, copies[1:], strict=True):
            take_name(mesh, twin, mesh.name)
        write_keys(copy, curves, name, 0)
        for thing in copies:
            thing.select_set(True)
        scene.frame_set(0)
        export_fbx(
            file,
            {"ARMATURE", "MESH"},
            use_selection=True,
            axis_forward=_FORWARD[preset.up],
            axis_up=preset.up,
            # Unreal's scene counts in centimetres: its factor is 1 either way; the others state metres in the header.
            apply_scale_options="FBX_SCALE_ALL",
            mesh_smooth_type="FACE",
        )


def export_fbx(file: str, object_types: set[Any], **settings: Any) -> None:
    """Blender's exporter with the settings of all our files: the scene's one animation baked, textures embedded.

    settings: the exporter's, where files differ.
    """
    bpy.ops.export_scene.fbx(
        filepath=file,
        object_types=object_types,
        add_leaf_bones=False,
        bake_anim=True,
        bake_anim_use_nla_strips=False,
        bake_anim_use_all_actions=False,
        # Zero would give every object an animation; this keeps all that moves and drops what stands still.
        bake_anim_simplify_factor=1e-5,
        path_mode="COPY",
        embed_textures=True,
        **settings,
    )


@contextmanager
def _prepared_scene(frames: int, name: str, preset: FbxPreset) -> Iterator[bpy.types.Scene]:
    """The scene set up for the exporter (its name, range and unit), nothing selected; restored after the block, without
    what was added."""
    context, data = full(bpy.context), bpy.data
    scene = context.scene
    active = context.view_layer.objects.active
    mode = active.mode if active else "OBJECT"
    if mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    before = {kind: set(getattr(data, kind)) for kind in ("objects", "armatures", "meshes", "actions")}
    selected = [thing for thing in context.view_layer.objects if thing.select_get()]
    kept = scene.name, scene.frame_start, scene.frame_end, scene.unit_settings.scale_length, scene.frame_current
    try:
        for thing in selected:
            thing.select_set(False)
        scene.name, scene.unit_settings.scale_length = name, 1.0 / preset.scale
        scene.frame_start, scene.frame_end = 0, max(frames, 1)
        yield scene
    finally:
        scene.name, scene.frame_start, scene.frame_end, scene.unit_settings.scale_length = kept[:4]
        for kind, known in before.items():
            for block in set(getattr(data, kind)) - known:
                getattr(data, kind).remove(block)
        for thing in selected:
            thing.select_set(True)
        context.view_layer.objects.active = active
        scene.frame_set(kept[4])
        if mode != "OBJECT":
            bpy.ops.object.mode_set(mode=mode)


@contextmanager
def _borrowed_names() -> Iterator[Callable[[bpy.types.Object, bpy.types.Object, str], None]]:
    """A function (original, copy, name) that gives the copy that name, even if another object has it; after the block
    all names are restored."""
    owners: list[tuple[bpy.types.Object, str]] = []

    def take(original: bpy.types.Object, copy: bpy.types.Object, name: str) -> None:
        for owner in (original, bpy.data.objects.get(name)):
            if owner is not None and owner != copy and owner.name == name:
                owners.append((owner, name))
                owner.name = "motiongpt original"
        copy.name = name

    names = [(thing, thing.name) for thing in bpy.data.objects]
    try:
        yield take
    finally:
        lost = {owner for owner, _ in owners}
        for thing in set(bpy.data.objects) - {thing for thing, _ in names}:
            thing.name = "motiongpt copy"
        for thing, name in names:
            if thing in lost:
                thing.name = name


@contextmanager
def _at_rest(armature_object: ArmatureObject) -> Iterator[None]:
    """The armature in its rest pose, at its first frame's place."""
    before = armature_object.data.pose_position
    armature_object.data.pose_position = "REST"
    full(bpy.context).view_layer.update()
    try:
        yield
    finally:
        armature_object.data.pose_position = before
        full(bpy.context).view_layer.update()


def _exported_bones(armature_object: ArmatureObject) -> dict[str, str | None]:
    """Bone -> parent of the exported skeleton, parents first.

    For a control rig the deforming bones, parented as the bones that stand for them (in Rigify, ORG-thigh stands for
    DEF-thigh), under the rig's root; for any other rig the deforming bones and all their parents.
    """
    bones = armature_object.data.bones
    found = control_names(frozenset(bones.keys()))
    root = found[1].get("root", (None,))[0] if found else None
    chosen = {bone.name for bone in bones if bone.use_deform} or set(bones.keys())
    if root:
        chosen.add(root)
    if not found:
        chosen |= {parent.name for name in chosen for parent in bones[name].parent_recursive}
    parents = {name: _exported_parent(bones[name], chosen) or (root if name != root else None) for name in chosen}
    ordered: dict[str, str | None] = {}
    for bone in bones:
        chain = []
        name = bone.name if bone.name in chosen else None
        while name is not None and name not in ordered and name not in chain:
            chain.append(name)
            name = parents[name]
        ordered.update({name: parents[name] for name in reversed(chain)})
    return ordered


def _exported_parent(bone: bpy.types.Bone, chosen: set[str]) -> str | None:
    for parent in bone.parent_recursive:
        for name in (parent.name, deforming_bone(parent.name)):
            if name in chosen and name != bone.name:
                return name
    return None


def _sample(
    scene: bpy.types.Scene, armature_object: ArmatureObject, names: list[str], frames: range
) -> tuple[Floats, Floats]:
    """Evaluated poses (T, N, 4, 4) in armature space, and the object's matrices in the world (T, 4, 4)."""
    poses, worlds = np.empty((len(frames), len(names), 4, 4)), np.empty((len(frames), 4, 4))
    for i, frame in reversed(list(enumerate(frames))):  # so that the scene stays at the first
        scene.frame_set(frame)
        evaluated = armature_object.evaluated_get(bpy.context.evaluated_depsgraph_get())
        worlds[i] = evaluated.matrix_world
        for j, name in enumerate(names):
            poses[i, j] = evaluated.pose.bones[name].matrix
    return poses, worlds


def _without_place(matrix: Floats) -> Matrix:
    return Matrix(matrix.tolist()).to_3x3().to_4x4()


def _meshes(armature_object: ArmatureObject) -> list[bpy.types.Object]:
    """The meshes that the armature deforms or carries and that are visible in renders."""
    return [
        thing
        for thing in full(bpy.context).view_layer.objects
        if thing.type == "MESH"
        and not thing.hide_render
        and (thing.find_armature() == armature_object or thing.parent == armature_object)
    ]


def _copy_skeleton(
    scene: bpy.types.Scene, original: ArmatureObject, parents: dict[str, str | None], to_data: Matrix
) -> ArmatureObject:
    """A new armature object with these bones, transformed by `to_data`."""
    copy = as_armature(bpy.data.objects.new("motiongpt copy", bpy.data.armatures.new(original.data.name)))
    scene.collection.objects.link(copy)
    full(bpy.context).view_layer.objects.active = copy
    bpy.ops.object.mode_set(mode="EDIT")
    scale = to_data.median_scale
    for name, parent in parents.items():
        bone, source = copy.data.edit_bones.new(name), original.data.bones[name]
        bone.head, bone.tail = (0.0, 0.0, 0.0), (0.0, source.length * scale, 0.0)
        bone.matrix = _rigid(to_data @ source.matrix_local)
        bone.parent = copy.data.edit_bones[parent] if parent else None
    bpy.ops.object.mode_set(mode="OBJECT")
    return copy


def _rigid(matrix: Matrix) -> Matrix:
    return Matrix.LocRotScale(matrix.translation, matrix.to_quaternion(), None)


def _copy_mesh(
    scene: bpy.types.Scene,
    mesh: bpy.types.Object,
    original: ArmatureObject,
    skeleton: ArmatureObject,
    to_data: Matrix,
) -> bpy.types.Object:
    """An independent copy of the mesh, under the copied skeleton; the armature is in its rest pose."""
    copy, data = mesh.copy(), cast(bpy.types.Mesh, mesh.data).copy()
    copy.data = data
    scene.collection.objects.link(copy)
    copy.hide_viewport = copy.hide_select = False
    copy.hide_set(False)
    copy.animation_data_clear()
    if data.shape_keys:
        data.shape_keys.animation_data_clear()
    into = to_data @ original.matrix_world.inverted() @ mesh.matrix_world
    data.transform(into, shape_keys=True)
    if into.determinant() < 0.0:
        data.flip_normals()
    for modifier in copy.modifiers:
        if isinstance(modifier, bpy.types.ArmatureModifier) and modifier.object == original:
            modifier.object = skeleton
    by_bone = mesh.parent == original and mesh.parent_type == "BONE" and mesh.parent_bone in skeleton.data.bones
    copy.parent = skeleton
    copy.parent_type, copy.parent_bone = ("BONE", mesh.parent_bone) if by_bone else ("OBJECT", "")
    copy.matrix_parent_inverse = Matrix.Identity(4)
    if by_bone:
        bone = skeleton.data.bones[mesh.parent_bone]
        copy.matrix_parent_inverse = (bone.matrix_local @ Matrix.Translation((0.0, bone.length, 0.0))).inverted()
    copy.matrix_basis = Matrix.Identity(4)
    copy.delta_location, copy.delta_scale = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    copy.delta_rotation_euler, copy.delta_rotation_quaternion = (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0)
    return copy


def _baked(
    copy: ArmatureObject,
    poses: Floats,
    worlds: Floats,
    parents: dict[str, str | None],
    to_data: Matrix,
    preset: FbxPreset,
) -> list[Curve]:
    """The keys of all bones and, where it moves, of the object."""
    into = np.array(to_data)
    index = {name: i for i, name in enumerate(parents)}
    turned = rot.from_matrix(_unit(into[:3, :3] @ poses[..., :3, :3]))  # (T, N, 4)
    heads = poses[..., :3, 3] @ into[:3, :3].T  # (T, N, 3)
    rests = [np.array(copy.data.bones[name].matrix_local, dtype=np.float64) for name in parents]
    rest = rot.from_matrix(_unit(np.array(rests)[:, :3, :3]))
    rest_heads = np.array(rests)[:, :3, 3]
    least = _LEAST_MOVE * float(np.ptp(rest_heads, axis=0).max() or 1.0)
    curves: list[Curve] = []
    for name, i in index.items():
        parent = parents[name]
        turn, offset = turned[:, i], heads[:, i] - rest_heads[i]
        if parent is not None:
            p = index[parent]
            swung = rot.multiply(turned[:, p], rot.conjugate(rest[p]))  # the parent's turn away from rest
            turn = rot.multiply(rot.conjugate(swung), turn)
            offset = rot.rotate(rot.conjugate(swung), heads[:, i] - heads[:, p]) - (rest_heads[i] - rest_heads[p])
        basis = rot.normalize(rot.multiply(rot.conjugate(rest[i]), turn))
        curves.append((name, "rotation_quaternion", rot.unflip(basis)))
        if np.abs(offset).max() > least:
            curves.append((name, "location", rot.rotate(rot.conjugate(rest[i]), offset)))
    return curves + _object_curves(copy, worlds, preset)


def _object_curves(copy: bpy.types.Object, worlds: Floats, preset: FbxPreset) -> list[Curve]:
    """Object(t) = S (place(t) - place(0)), turn(t) turn(0)^-1 C^-1: the exporter puts C before it."""
    turns = _unit(worlds[:, :3, :3])
    back = np.array(_TURNS[preset.up].inverted())[:3, :3]
    rotation = rot.unflip(rot.from_matrix(turns @ turns[0].T @ back))
    location = preset.scale * (worlds[:, :3, 3] - worlds[0, :3, 3])
    copy.rotation_mode = "QUATERNION"
    copy.rotation_quaternion = rotation[0]
    if np.abs(rotation - rotation[0]).max() < 1e-6 and np.abs(location).max() < 1e-5 * preset.scale:
        return []
    return [(OBJECT, "rotation_quaternion", rotation), (OBJECT, "location", location)]


def _unit(matrices: Floats) -> Floats:
    """Matrices (..., 3, 3) with columns of length one."""
    unit: Floats = matrices / np.linalg.norm(matrices, axis=-2, keepdims=True)
    return unit
