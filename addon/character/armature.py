"""Reading an armature: Blender's bones as a `Rig` in the world's axes.

Blender's Z up enters the project here (`Rig.up = 2`) and nowhere else: everything past `read_rig` asks the rig.

A bone's rest matrix is in the armature object's space. The object's rotation and scale (its parents' included) are
applied, so that heads are in metres of the scene and `up` is the world's Z whichever way an importer has turned it;
the location is left out, so that the floor is at the object's origin and a character stays where it is:

    head_rig = scale * (turn @ head_armature)        rotation_rig = turn @ rotation_armature
"""

from dataclasses import dataclass, replace

import bpy
import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.motion import rotations as rot
from ...retarget.rigs.control_names import control_names, follow_switches
from ...retarget.rigs.mapping import map_rig
from ...retarget.rigs.rig import Rig
from ...retarget.typing import Floats
from .control_rig import followed_controls
from .declared import Declared, find_declared
from .leaders import deforming_tree
from .typing import ArmatureObject, full

UNEVEN_SCALE = 0.01
"""How far the object's axes may differ in scale, or lean, before bones shear visibly."""

_LOW_PART = 0.25  # of the height: contains the feet, whatever the proportions
_MOST_POINTS = 4000  # more vertices than this add nothing about the soles


@dataclass(frozen=True, eq=False)
class ObjectAxes:
    """The object's part in world axes: turn (4,) wxyz from armature to world, scale in metres per armature unit."""

    turn: Floats
    scale: float


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
        raise MotionGPTError(f'The armature "{name}" has a negative scale.', cure)
    scale = determinant ** (1.0 / 3.0)
    if scale < 1e-9:
        raise MotionGPTError(f'The armature "{name}" has a scale of zero.', "Give the object a scale above zero.")
    turn = matrix / scale
    if np.abs(turn.T @ turn - np.eye(3)).max() > 2.0 * UNEVEN_SCALE:
        raise MotionGPTError(f'The armature "{name}" is scaled differently along its axes.', cure)
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
            f'The armature "{armature_object.name}" has no bones.', "Choose another armature.", "not_humanoid"
        )
    return _rig_of(armature_object, axes, {bone.name: bone.parent.name if bone.parent else None for bone in bones})


def declared_controls(armature_object: ArmatureObject) -> Declared | None:
    """The controls of a rig that no list names, where its deforming bones are those of a biped and follow others."""
    if control_names(frozenset(armature_object.data.bones.keys())) is not None:
        return None
    parents = deforming_tree(armature_object)
    if parents is None:
        return None
    try:
        skin = map_rig(_rig_of(armature_object, object_axes(armature_object), parents))
    except MotionGPTError:  # whatever is wrong is said about all of its bones
        return None
    return find_declared(armature_object, skin)


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
        declared=declared.controls,
        shown=declared.shown,
    )


def _low_points(armature_object: ArmatureObject, axes: ObjectAxes) -> Floats | None:
    """Vertices of the deformed meshes in the lowest part of the character at rest: (M, 3) metres, world axes."""
    found = []
    for thing in full(bpy.context).scene.objects:
        mesh = thing.data
        deformed = thing.parent_type != "BONE" and thing.find_armature() == armature_object
        if deformed and isinstance(mesh, bpy.types.Mesh):
            local = np.empty(3 * len(mesh.vertices), dtype=np.float32)
            mesh.vertices.foreach_get("co", local)
            matrix = np.array(armature_object.matrix_world.inverted() @ thing.matrix_world, dtype=np.float64)
            rest = local.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]
            found.append(axes.scale * rot.rotate(axes.turn, rest))
    points = np.concatenate(found) if found else np.zeros((0, 3))
    if not len(points):
        return None
    low: Floats = points[points[:, 2] < points[:, 2].min() + _LOW_PART * np.ptp(points[:, 2])]
    return low[:: max(1, len(low) // _MOST_POINTS)]


def _rig_of(armature_object: ArmatureObject, axes: ObjectAxes, parents: dict[str, str | None]) -> Rig:
    """The rig of these bones: name -> parent, parents first."""
    bones = [armature_object.data.bones[name] for name in parents]
    index = {name: i for i, name in enumerate(parents)}
    rest = np.array([bone.matrix_local.to_3x3() for bone in bones], dtype=np.float64)  # (N, 3, 3)
    return Rig(
        names=tuple(parents),
        parents=tuple(index[parent] if parent is not None else -1 for parent in parents.values()),
        rest_rotations=rot.multiply(axes.turn, rot.from_matrix(rest)),
        heads=axes.scale * rot.rotate(axes.turn, np.array([bone.head_local for bone in bones], dtype=np.float64)),
        tails=axes.scale * rot.rotate(axes.turn, np.array([bone.tail_local for bone in bones], dtype=np.float64)),
        up=2,
        low_points=_low_points(armature_object, axes),
    )


def _parents_first(armature: bpy.types.Armature) -> list[bpy.types.Bone]:
    bones: list[bpy.types.Bone] = []
    waiting = [bone for bone in armature.bones if bone.parent is None][::-1]
    while waiting:
        bone = waiting.pop()
        bones.append(bone)
        waiting.extend(reversed(bone.children))
    return bones
