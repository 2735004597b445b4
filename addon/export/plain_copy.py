"""The copy of a character that is written to files: a plain skeleton, its meshes, and one NLA strip for each clip.

The copy has the deforming bones and the root bone alone, without constraints, and no object of it is rotated or scaled.
`baking` says how its data is turned. The open file gets its own names and state back afterwards.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import bpy
import numpy as np
from mathutils import Matrix

from ...retarget.motion import rotations as rot
from ...retarget.rigs.control_names import control_names, deforming_bone
from ...retarget.typing import Floats
from ..action.fcurves import played_action
from ..action.new_action import Curve, write_keys
from ..character.placing import OBJECT
from ..character.typing import ArmatureObject, as_armature, full
from ..travel.cycles import last_frame
from .baking import Sampled, Skeleton, bake_all, find_root, object_base
from .presets import GLTF, Options

_TURNS = {"Y": Matrix.Rotation(-np.pi / 2.0, 4, "X"), "Z": Matrix.Identity(4)}
_KINDS = ("objects", "armatures", "meshes", "actions", "materials", "images")
Clip = tuple[bpy.types.Action, str]
"""An action of the character, and what it is called in the file."""


@contextmanager
def plain_copy(
    armature_object: ArmatureObject, clips: Sequence[Clip], options: Options
) -> Iterator[tuple[ArmatureObject, list[bpy.types.Object]]]:
    """A copy of the armature with a strip of each clip, in its rest pose, and of its meshes, selected, for the block.

    clips: the first is what the armature plays, and is read as it is seen: with its NLA tracks and constraints, and
    with bones without keys where the user has put them.
    """
    with _kept_scene(options.preset.scale) as scene, borrowed_names() as take_name:
        parents = _exported_bones(armature_object)
        sampled = [
            Sampled(name, *_sample(scene, armature_object, action, list(parents), played=i == 0))
            for i, (action, name) in enumerate(clips)
        ]
        skeleton = _skeleton(armature_object, parents, sampled, options)
        to_data = Matrix(skeleton.to_data.tolist())
        meshes = _meshes(armature_object) if options.meshes else []
        with _at_rest(armature_object):
            copy = _copy_skeleton(scene, armature_object, skeleton)
            twins = [_copy_mesh(scene, mesh, armature_object, copy, to_data) for mesh in meshes]
        take_name("objects", armature_object, copy, options.preset.node or armature_object.name)
        for mesh, twin in zip(meshes, twins, strict=True):
            take_name("objects", mesh, twin, mesh.name)
        copy.rotation_mode = "QUATERNION"
        copy.rotation_quaternion = _TURNS[options.preset.up].inverted().to_quaternion()
        for clip, curves in zip(sampled, bake_all(sampled, skeleton), strict=True):
            action = _add_strip(copy, clip.name, _before_the_exporter(curves, options.preset.up))
            take_name("actions", None, action, clip.name)
        for thing in (copy, *twins):
            thing.select_set(True)
        scene.frame_set(-1)  # before all strips
        yield copy, twins


def _before_the_exporter(curves: list[Curve], up: str) -> list[Curve]:
    """The object's keys for an exporter that puts C before them: C^-1 R, while bones stay in data axes."""
    back = _TURNS[up].inverted()
    turn, axes = np.array(back.to_quaternion()), np.array(back.to_3x3())
    out = []
    for bone, channel, values in curves:
        if bone == OBJECT:
            values = values @ axes.T if channel == "location" else rot.multiply(turn, values)
        out.append((bone, channel, values))
    return out


def _add_strip(copy: ArmatureObject, name: str, curves: list[Curve]) -> bpy.types.Action:
    """The clip as a strip on a track of its own; outside of it the copy rests."""
    action = write_keys(copy, curves, name, 0)
    animation: Any = copy.animation_data
    slot = getattr(animation, "action_slot", None)
    animation.action = None
    track = animation.nla_tracks.new()
    track.name = name
    strip = track.strips.new(name, 0, action)
    if slot is not None:
        strip.action_slot = slot
    strip.name, strip.extrapolation = name, "NOTHING"
    return action


@contextmanager
def _kept_scene(scale: float) -> Iterator[bpy.types.Scene]:
    """The scene with the exporter's unit and nothing selected; restored after the block, without what was added."""
    context, data = full(bpy.context), bpy.data
    scene = context.scene
    active = context.view_layer.objects.active
    mode = active.mode if active else "OBJECT"
    if mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    before = {kind: set(getattr(data, kind)) for kind in _KINDS}
    selected = [thing for thing in context.view_layer.objects if thing.select_get()]
    unit, frame, fraction = scene.unit_settings.scale_length, scene.frame_current, scene.frame_subframe
    try:
        for thing in selected:
            thing.select_set(False)
        scene.unit_settings.scale_length = 1.0 / scale
        yield scene
    finally:
        scene.unit_settings.scale_length = unit
        for kind, known in before.items():
            for block in set(getattr(data, kind)) - known:
                getattr(data, kind).remove(block)
        for thing in selected:
            thing.select_set(True)
        context.view_layer.objects.active = active
        scene.frame_set(frame, subframe=fraction)
        if mode != "OBJECT":
            bpy.ops.object.mode_set(mode=mode)


@contextmanager
def borrowed_names() -> Iterator[Callable[[str, Any, Any, str], None]]:
    """A function (collection of bpy.data, original, copy, name) that gives the copy that name, even if another has it;
    after the block all names are restored."""
    owners: list[tuple[Any, str]] = []
    copies: list[Any] = []

    def take(kind: str, original: Any, copy: Any, name: str) -> None:
        for owner in (original, getattr(bpy.data, kind).get(name)):
            if owner is not None and owner != copy and owner.name == name and owner.library is None:
                owners.append((owner, name))
                owner.name = "motiongpt original"
        copies.append(copy)
        copy.name = name

    try:
        yield take
    finally:
        for copy in copies:
            copy.name = "motiongpt copy"
        for owner, name in owners:
            owner.name = name


@contextmanager
def _at_rest(armature_object: ArmatureObject) -> Iterator[None]:
    """The armature in its rest pose."""
    before = armature_object.data.pose_position
    armature_object.data.pose_position = "REST"
    full(bpy.context).view_layer.update()
    try:
        yield
    finally:
        armature_object.data.pose_position = before
        full(bpy.context).view_layer.update()


def play(armature_object: ArmatureObject, action: bpy.types.Action) -> None:
    """Make it the armature's action, with the slot that suits it."""
    animation: Any = armature_object.animation_data
    animation.action = action
    if getattr(animation, "action_slot", action) is None and animation.action_suitable_slots:
        animation.action_slot = animation.action_suitable_slots[0]


@contextmanager
def _playing(armature_object: ArmatureObject, action: bpy.types.Action) -> Iterator[None]:
    """The armature playing that action alone, all else of its pose at rest."""
    animation: Any = armature_object.animation_data
    before, slot, nla = animation.action, getattr(animation, "action_slot", None), animation.use_nla
    bones = armature_object.pose.bones
    pose, place = [bone.matrix_basis.copy() for bone in bones], armature_object.matrix_basis.copy()
    try:
        for bone in bones:
            bone.matrix_basis = Matrix.Identity(4)
        animation.use_nla = False
        play(armature_object, action)
        yield
    finally:
        animation.use_nla, animation.action = nla, before
        if slot is not None:
            animation.action_slot = slot
        for bone, basis in zip(bones, pose, strict=True):
            bone.matrix_basis = basis
        armature_object.matrix_basis = place


def _sample(
    scene: bpy.types.Scene, armature_object: ArmatureObject, action: bpy.types.Action, names: list[str], played: bool
) -> tuple[Floats, Floats]:
    """Evaluated poses (T, N, 4, 4) in armature space, and the object's matrices in the world (T, 4, 4)."""
    if not played or action != played_action(armature_object):
        with _playing(armature_object, action):
            return _evaluate(scene, armature_object, action, names)
    return _evaluate(scene, armature_object, action, names)


def _evaluate(
    scene: bpy.types.Scene, armature_object: ArmatureObject, action: bpy.types.Action, names: list[str]
) -> tuple[Floats, Floats]:
    first, last = round(float(action.frame_range[0])), last_frame(action)
    frames = range(first, last + 1)
    poses, worlds = np.empty((len(frames), len(names), 4, 4)), np.empty((len(frames), 4, 4))
    for i, frame in enumerate(frames):
        scene.frame_set(frame)
        evaluated = armature_object.evaluated_get(bpy.context.evaluated_depsgraph_get())
        worlds[i] = evaluated.matrix_world
        for j, name in enumerate(names):
            poses[i, j] = evaluated.pose.bones[name].matrix
    return poses, worlds


def _skeleton(
    armature_object: ArmatureObject, bones: dict[str, str | None], clips: Sequence[Sampled], options: Options
) -> Skeleton:
    """What the exported skeleton is like; a root bone is added where it is wanted and missing."""
    axes = _TURNS[options.preset.up]
    to_data = axes @ Matrix.Scale(options.preset.scale, 4) @ Matrix(object_base(clips).tolist())
    names, up = list(bones), 1 if options.preset.up == "Y" else 2
    parents = [names.index(parent) if parent else -1 for parent in bones.values()]
    rests = np.array([_rigid(to_data @ armature_object.data.bones[name].matrix_local) for name in names])
    root = find_root(parents, rests[:, :3, 3], up)
    moves = any(np.abs(clip.worlds - clip.worlds[0]).max() > 1e-5 for clip in clips)
    added = root is None and (options.add_root or (options.preset.root_bone and moves))
    if added:
        free = next(name for name in ("root", "root_motion", "motiongpt_root") if name not in names)
        names, root = [free, *names], 0
        parents = [-1, *(parent + 1 for parent in parents)]
        parents[1:] = [max(parent, 0) for parent in parents[1:]]
        # In the file it is unturned: the glTF exporter takes bones to Y up, too.
        unturned = _TURNS["Y"].inverted() if options.preset is GLTF else Matrix.Identity(4)
        rests = np.concatenate([np.array(unturned)[None], rests])
    return Skeleton(
        tuple(names), tuple(parents), rests, root, added, added or options.preset.root_bone,
        np.array(to_data), np.array(axes.to_3x3()), options.preset.scale, up,
    )  # fmt: skip


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


def _meshes(armature_object: ArmatureObject) -> list[bpy.types.Object]:
    """The meshes that the armature deforms or carries and that are visible in renders."""
    return [
        thing
        for thing in full(bpy.context).view_layer.objects
        if thing.type == "MESH"
        and not thing.hide_render
        and (thing.find_armature() == armature_object or _link(thing, armature_object) is not None)
    ]


def _link(thing: bpy.types.Object, armature_object: ArmatureObject) -> bpy.types.Object | None:
    """The thing itself, or what carries it, that is a child of the armature; None where there is none."""
    while thing.parent is not None and thing.parent != armature_object:
        thing = thing.parent
    return thing if thing.parent is not None else None


def _copy_skeleton(scene: bpy.types.Scene, original: ArmatureObject, skeleton: Skeleton) -> ArmatureObject:
    """A new armature object with these bones."""
    copy = as_armature(bpy.data.objects.new("motiongpt copy", bpy.data.armatures.new(original.data.name)))
    scene.collection.objects.link(copy)
    full(bpy.context).view_layer.objects.active = copy
    bpy.ops.object.mode_set(mode="EDIT")
    scale = Matrix(skeleton.to_data.tolist()).median_scale
    for name, parent, rest in zip(skeleton.names, skeleton.parents, skeleton.rests, strict=True):
        bone, source = copy.data.edit_bones.new(name), original.data.bones.get(name)
        length = source.length * scale if source else 0.1 * skeleton.scale
        bone.head, bone.tail = (0.0, 0.0, 0.0), (0.0, length, 0.0)
        bone.matrix = Matrix(rest.tolist())
        bone.parent = copy.data.edit_bones[skeleton.names[parent]] if parent >= 0 else None
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
    carrier = _carrying_bone(mesh, original, skeleton)
    copy.parent = skeleton
    copy.parent_type, copy.parent_bone = ("BONE", carrier) if carrier else ("OBJECT", "")
    copy.matrix_parent_inverse = Matrix.Identity(4)
    if carrier:
        bone = skeleton.data.bones[carrier]
        copy.matrix_parent_inverse = (bone.matrix_local @ Matrix.Translation((0.0, bone.length, 0.0))).inverted()
    copy.matrix_basis = Matrix.Identity(4)
    copy.delta_location, copy.delta_scale = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    copy.delta_rotation_euler, copy.delta_rotation_quaternion = (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0)
    return copy


def _carrying_bone(mesh: bpy.types.Object, original: ArmatureObject, skeleton: ArmatureObject) -> str | None:
    """The exported bone that a mesh hangs on, directly or through other objects and bones that are not exported."""
    link = _link(mesh, original)
    if link is None or link.parent_type != "BONE":
        return None
    exported = skeleton.data.bones
    return (
        link.parent_bone
        if link.parent_bone in exported
        else _exported_parent(original.data.bones[link.parent_bone], set(exported.keys()))
    )
