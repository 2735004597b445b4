"""Reading an armature: Blender's bones as a `Rig` in the world's axes.

Blender's Z up enters the project here and in `skin` (`Rig.up = 2`), nowhere else: what is past `read_rig` asks the rig.

A bone's rest matrix is in the armature object's space. The object's rotation and scale (its parents' included) are
applied, so that heads are in metres of the scene and `up` is the world's Z whichever way an importer has turned it;
the location is left out; `Rig.levels` says where the object's origin and the scene's zero are in height:

    head_rig = scale * (turn @ head_armature)        rotation_rig = turn @ rotation_armature
"""

from dataclasses import replace

import bpy
import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.motion import rotations as rot
from ...retarget.rigs.control_names import control_names, follow_switches
from ...retarget.rigs.mapping import Mapping, map_rig
from ...retarget.rigs.rig import Rig
from ..translation.saying import say
from .control_rig import followed_controls
from .declared import Declared, find_declared
from .leaders import deforming_tree
from .skin import ObjectAxes, read_skin
from .typing import ArmatureObject, full

UNEVEN_SCALE = 0.01
"""How far the object's axes may differ in scale, or lean, before bones shear visibly."""


def object_axes(armature_object: ArmatureObject) -> ObjectAxes:
    """The armature object's rotation and scale in the world.

    Raises MotionGPTError for a scale that is negative, zero or uneven: bones would be mirrored or sheared by it.
    """
    matrix = np.array(armature_object.matrix_world.to_3x3(), dtype=np.float64)  # (3, 3)
    name = armature_object.name
    cure = "Apply the object's scale (Ctrl+A, Scale) and try again."
    determinant = float(np.linalg.det(matrix))
    # A pair of negative axes is a rotation in the matrix, yet mirrors what the artist sees as left and right.
    if determinant < 0.0 or min(armature_object.scale[:]) < 0.0:
        raise MotionGPTError(say('The armature "{name}" has a negative scale.', name=name), cure)
    scale = determinant ** (1.0 / 3.0)
    if scale < 1e-9:
        raise MotionGPTError(
            say('The armature "{name}" has a scale of zero.', name=name), "Give the object a scale above zero."
        )
    turn = matrix / scale
    if np.abs(turn.T @ turn - np.eye(3)).max() > 2.0 * UNEVEN_SCALE:
        raise MotionGPTError(say('The armature "{name}" is scaled differently along its axes.', name=name), cure)
    return ObjectAxes(rot.from_matrix(turn), scale)


def read_rig(armature_object: ArmatureObject) -> Rig:
    """All bones of an armature object at rest: parents before children, metres, world axes (Z up) around its origin.

    For a control rig only the FK controls, each below the control that it follows: by their names (Rigify), or as the
    rig's own constraints declare them.

    Raises MotionGPTError for an object that is not an armature, has no bones, or whose scale can't be used.
    """
    if armature_object is None or armature_object.type != "ARMATURE":
        raise MotionGPTError("There is no armature to work on.", "Choose an armature object.", "not_humanoid")
    if armature_object.mode == "EDIT":
        armature_object.update_from_editmode()
    full(bpy.context).view_layer.update()  # matrix_world lags behind an import or a script
    axes = object_axes(armature_object)
    controls = control_names(frozenset(armature_object.data.bones.keys()))
    if controls is not None:
        names = [name for group in controls[1].values() for name in group]
        switches = follow_switches(frozenset(armature_object.data.bones.keys()))
        return _rig_of(armature_object, axes, followed_controls(armature_object, names, switches))
    declared = declared_controls(armature_object)
    if declared is not None:
        return _declared_rig(armature_object, axes, declared)
    bones = _parents_first(armature_object.data)
    if not bones:
        raise MotionGPTError(
            say('The armature "{armature}" has no bones.', armature=armature_object.name),
            "Choose another armature.",
            "not_humanoid",
        )
    return _rig_of(armature_object, axes, {bone.name: bone.parent.name if bone.parent else None for bone in bones})


def declared_controls(armature_object: ArmatureObject) -> Declared | None:
    """The controls of a rig that no list names, where its deforming bones are those of a biped and follow others."""
    if control_names(frozenset(armature_object.data.bones.keys())) is not None:
        return None
    deforming = deforming_rig(armature_object)
    return find_declared(armature_object, deforming[1]) if deforming else None


def deforming_rig(armature_object: ArmatureObject) -> tuple[Rig, Mapping] | None:
    """The deforming bones of a rig whose constraints declare what leads them, where they are those of a biped."""
    parents = deforming_tree(armature_object)
    if parents is None:
        return None
    try:
        rig = _rig_of(armature_object, object_axes(armature_object), parents)
        return rig, map_rig(rig)
    except MotionGPTError:  # whatever is wrong is said about all of its bones
        return None


def _declared_rig(armature_object: ArmatureObject, axes: ObjectAxes, declared: Declared) -> Rig:
    """The controls as a rig: turned as they are themselves, with joints where those of the deforming bones are."""
    names = list(declared.parents)
    turns = np.array([declared.rest[name][:3, :3] for name in names])
    turns = turns / np.linalg.norm(turns, axis=-2, keepdims=True)
    ends = axes.scale * rot.rotate(axes.turn, np.array([declared.ends[name] for name in names]))  # (N, 2, 3)
    return replace(
        _rig_of(armature_object, axes, declared.parents),
        rest_rotations=rot.multiply(axes.turn, rot.from_matrix(turns)),
        heads=ends[:, 0],
        tails=ends[:, 1],
        low_bones=None,  # the mesh follows other bones than these
        skin_points=None,
        skin_bones=None,
        thickness=None,
        declared=declared.controls,
        shown=declared.shown,
    )


def _rig_of(armature_object: ArmatureObject, axes: ObjectAxes, parents: dict[str, str | None]) -> Rig:
    """The rig of these bones: name -> parent, parents first."""
    bones = [armature_object.data.bones[name] for name in parents]
    heads, tails = (
        axes.scale * rot.rotate(axes.turn, np.array([getattr(bone, end) for bone in bones], dtype=np.float64))
        for end in ("head_local", "tail_local")
    )
    skin = read_skin(armature_object, axes, tuple(parents), heads, tails)
    index = {name: i for i, name in enumerate(parents)}
    rest = np.array([bone.matrix_local.to_3x3() for bone in bones], dtype=np.float64)  # (N, 3, 3)
    return Rig(
        names=tuple(parents),
        parents=tuple(index[parent] if parent is not None else -1 for parent in parents.values()),
        rest_rotations=rot.multiply(axes.turn, rot.from_matrix(rest)),
        heads=heads,
        tails=tails,
        up=2,
        low_points=skin.low_points if skin else None,
        low_bones=skin.low_bones if skin else None,
        skin_points=skin.points if skin else None,
        skin_bones=skin.bones if skin else None,
        levels=_levels(armature_object),
        thickness=skin.thickness if skin else None,
    )


def _levels(armature_object: ArmatureObject) -> tuple[float, ...]:
    """Heights in the rig of the object's own origin, its parents' and the world's."""
    origin = float(armature_object.matrix_world.translation.z)
    out, parent = [0.0, -origin], armature_object.parent
    while parent is not None:
        out.append(float(parent.matrix_world.translation.z) - origin)
        parent = parent.parent
    return tuple(out)


def _parents_first(armature: bpy.types.Armature) -> list[bpy.types.Bone]:
    bones: list[bpy.types.Bone] = []
    waiting = [bone for bone in armature.bones if bone.parent is None][::-1]
    while waiting:
        bone = waiting.pop()
        bones.append(bone)
        waiting.extend(reversed(bone.children))
    return bones
