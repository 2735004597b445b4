"""Objects and bones of other armatures that limbs reach for by IK: which can be keyed, and where they have to be.

The keys of a limb's own bones say where it should be; with its target at the end of the chain as these keys have it,
and its pole in the plane of the limb, IK leaves the limb there. In armature space, for a bone with parent p:

    pose = convert_local_to_pose(basis, pose of p)        basis: what the bone's own curves hold on a frame
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ...retarget.motion import rotations as rot
from ...retarget.rigs.control_names import control_names
from ...retarget.typing import Floats
from ..character.leaders import OVERRIDING, BoneGraph, driven_constraints, works
from ..character.rotation_modes import rotation_property, to_quaternions
from ..character.typing import ArmatureObject, as_armature
from .fcurves import action_curves, bone_channel

_MOVING = ("location", "delta_location", "rotation", "delta_rotation", "scale", "delta_scale")
_IDENTITY = Matrix.Identity(4)


@dataclass(frozen=True, eq=False)
class Handle:
    """What a limb reaches for: an object, or one of its bones.  name: of the object.  bone: "" for the object."""

    name: str
    bone: str

    @property
    def thing(self) -> bpy.types.Object:
        return bpy.data.objects[self.name]


@dataclass(frozen=True, eq=False)
class Reach:
    """A limb under IK. owner: the bone with the constraint.  tail: whether it is its tail that reaches.  angle: radians
    from the upper bone's X axis to the pole."""

    owner: str
    tail: bool
    target: Handle
    pole: Handle | None
    angle: float


def reaches(armature_object: ArmatureObject) -> list[Reach]:
    """The limbs whose IK targets, and poles, are objects of this file that can be keyed. None of a control rig whose
    names are known: its bones have no keys of their own."""
    if control_names(frozenset(armature_object.data.bones.keys())) is not None:
        return []
    with_ik = [bone for bone in armature_object.pose.bones if any(c.type == "IK" for c in bone.constraints)]
    if not with_ik:
        return []
    graph = BoneGraph(armature_object)
    found = [reach for bone in with_ik for reach in _of_bone(graph, bone)]
    handles = [(h.name, h.bone) for r in found for h in (r.target, r.pole) if h is not None]
    return [r for r in found if all(handles.count((h.name, h.bone)) == 1 for h in (r.target, r.pole) if h is not None)]


def _of_bone(graph: BoneGraph, bone: bpy.types.PoseBone) -> Iterator[Reach]:
    working = [c for c in graph.constraints(bone.name) if c.type in OVERRIDING]
    if len(working) != 1 or not isinstance(working[0], bpy.types.KinematicConstraint):
        return
    ik = working[0]
    above = [parent.name for parent in bone.bone.parent_recursive]
    if not works(ik) or ik.ik_type != "COPY_POSE" or (bone.name, ik.name) in driven_constraints(graph.thing):
        return
    if ik.use_rotation or not all(graph.is_free(name) for name in above):
        return
    target = _handle(graph.thing, ik.target, ik.subtarget)
    pole = _handle(graph.thing, ik.pole_target, ik.pole_subtarget) if ik.pole_target is not None else None
    by_pole = ik.pole_target is not None
    if target is None or (by_pole and (pole is None or ik.chain_count != 2 or not above)):
        return
    yield Reach(bone.name, ik.use_tail, target, pole, ik.pole_angle)


def _handle(armature_object: ArmatureObject, thing: bpy.types.Object | None, bone: str) -> Handle | None:
    """None for what can't be keyed, or would not go where its keys are."""
    if thing is None or thing == armature_object or not thing.is_editable or thing.library is not None:
        return None
    if not bone:
        carried = thing.parent == armature_object and thing.parent_type == "OBJECT"
        still = thing.parent is None or carried or _is_still(thing.parent)
        return Handle(thing.name, "") if still and thing.parent_type == "OBJECT" and _obeys(thing, thing) else None
    if thing.type != "ARMATURE" or bone not in thing.pose.bones or not _is_still(thing):
        return None
    own = as_armature(thing).pose.bones[bone]
    moved = {channel[0] for curve in _curves(thing) if (channel := bone_channel(curve.data_path))}
    parents = own.parent_recursive
    stuck = own.bone.use_connect or any(parent.constraints or parent.name in moved for parent in parents)
    return Handle(thing.name, bone) if not stuck and _obeys(thing, own) else None


def _obeys(thing: bpy.types.Object, own: bpy.types.Object | bpy.types.PoseBone) -> bool:
    """Whether an object, or a bone of it, is where its keys are: nothing else leads it."""
    prefix = "" if own == thing else own.path_from_id() + "."
    animation = thing.animation_data
    drivers = [d for d in animation.drivers if not d.mute] if animation else []
    soloed = any(track.is_solo for track in animation.nla_tracks) if animation else False
    driven = any(d.data_path.startswith(tuple(prefix + name for name in _MOVING)) for d in drivers)
    return not driven and not soloed and not any(works(c) for c in own.constraints)


def _is_still(thing: bpy.types.Object) -> bool:
    """Whether an object, with all that it hangs from, stays where it is."""
    moved = any(curve.data_path.startswith(_MOVING) for curve in _curves(thing))
    animation = thing.animation_data
    strips = any(not t.mute and t.strips for t in animation.nla_tracks) if animation else False
    if moved or strips or not _obeys(thing, thing) or thing.parent_type not in ("OBJECT", "BONE"):
        return False
    return thing.parent is None or (thing.parent_type == "OBJECT" and _is_still(thing.parent))


def _curves(thing: bpy.types.Object) -> list[bpy.types.FCurve]:
    action = action_curves(thing)
    return list(action.fcurves) if action else []


def where(armature_object: ArmatureObject, reach: Reach, frames: Floats) -> tuple[list[Floats], Floats]:
    """Where a limb's target has to be (F, 3), then its pole if it has one, and the armature object's matrices
    (F, 4, 4): all in the world, on these frames (F,), by the keys of the bones."""
    world, poses = _object_world(armature_object, frames), _poses(armature_object, reach.owner, frames)
    own, bone = poses[-1], armature_object.data.bones[reach.owner]
    length = bone.length
    tip = own[:, :3, 3] + (own[:, :3, 1] * length if reach.tail else 0.0)
    points = [tip]
    if reach.pole is not None and bone.parent is not None:
        upper = poses[-2]
        start, middle = upper[:, :3, 3], own[:, :3, 3]
        line = rot.normalize(tip - start)
        aim = np.cos(reach.angle) * upper[:, :3, 0] + np.sin(reach.angle) * upper[:, :3, 2]
        across = rot.normalize(rot.perpendicular(aim, line))
        base = start + line * np.sum((middle - start) * line, axis=-1, keepdims=True)
        points.append(base + across * (length + bone.parent.length))
    return [np.einsum("fij,fj->fi", world[:, :3, :3], p) + world[:, :3, 3] for p in points], world


def _poses(armature_object: ArmatureObject, bone: str, frames: Floats) -> list[Floats]:
    """Matrices (F, 4, 4) in armature space of all bones down to this one, as their own curves put them."""
    action = action_curves(armature_object)
    curves = action.by_bone() if action else {}
    own = armature_object.pose.bones[bone]
    found: list[Floats] = []
    above = [_IDENTITY] * len(frames)
    for pose_bone in [*reversed(own.parent_recursive), own]:
        rest, parent = pose_bone.bone.matrix_local, pose_bone.bone.parent
        rest_above = parent.matrix_local if parent else _IDENTITY
        channel = rotation_property(pose_bone.rotation_mode)
        turns = to_quaternions(
            pose_bone.rotation_mode, _values(pose_bone, channel, curves.get((pose_bone.name, channel), {}), frames)
        )
        places = _values(pose_bone, "location", curves.get((pose_bone.name, "location"), {}), frames)
        basis = np.tile(np.eye(4), (len(frames), 1, 1))
        basis[:, :3, :3], basis[:, :3, 3] = rot.to_matrix(rot.normalize(turns)), places
        above = [
            pose_bone.bone.convert_local_to_pose(
                Matrix(local), rest, parent_matrix=up if parent else _IDENTITY, parent_matrix_local=rest_above
            )
            for local, up in zip(basis.tolist(), above, strict=True)
        ]  # fmt: skip
        found.append(np.array(above, dtype=np.float64))
    return found


def _values(
    owner: bpy.types.Object | bpy.types.PoseBone, channel: str, curves: dict[int, bpy.types.FCurve], frames: Floats
) -> Floats:
    """(F, channels) of a property: what its curves hold, else as it is."""
    values = np.tile(np.array(getattr(owner, channel), dtype=np.float64), (len(frames), 1))
    for index, curve in curves.items():
        values[:, index] = [curve.evaluate(frame) for frame in frames.tolist()]
    return values


def _object_world(thing: bpy.types.Object, frames: Floats) -> Floats:
    """(F, 4, 4) of an object in the world, by its own curves."""
    own: dict[str, dict[int, bpy.types.FCurve]] = {}
    for curve in _curves(thing):
        if curve.data_path in ("location", rotation_property(thing.rotation_mode)):
            own.setdefault(curve.data_path, {})[curve.array_index] = curve
    now = np.array(thing.matrix_world, dtype=np.float64)
    if not own:
        return np.tile(now, (len(frames), 1, 1))
    channel = rotation_property(thing.rotation_mode)
    turns = rot.to_matrix(
        rot.normalize(to_quaternions(thing.rotation_mode, _values(thing, channel, own.get(channel, {}), frames)))
    )
    basis = np.tile(np.eye(4), (len(frames), 1, 1))
    basis[:, :3, :3] = rot.to_matrix(rot.normalize(turns)) * np.array(thing.scale, dtype=np.float64)
    basis[:, :3, 3] = _values(thing, "location", own.get("location", {}), frames)
    space = thing.parent.matrix_world @ thing.matrix_parent_inverse if thing.parent else _IDENTITY
    return np.asarray(np.array(space, dtype=np.float64) @ basis)


def locations(armature_object: ArmatureObject, handle: Handle, points: Floats, world: Floats) -> Floats:
    """The location keys (F, 3) that bring a handle to points (F, 3) in the world. world: (F, 4, 4) of the armature."""
    thing = handle.thing
    if handle.bone:
        return _bone_locations(as_armature(thing), handle.bone, points)
    space = np.eye(4)[None]
    if thing.parent is not None:
        above = world if thing.parent == armature_object else np.array(thing.parent.matrix_world, dtype=np.float64)
        space = np.atleast_3d(above @ np.array(thing.matrix_parent_inverse, dtype=np.float64)).reshape(-1, 4, 4)
    back = np.linalg.inv(space)
    moved = np.einsum("fij,fj->fi", np.broadcast_to(back[:, :3, :3], (len(points), 3, 3)), points) + back[:, :3, 3]
    return np.asarray(moved - np.array(thing.delta_location, dtype=np.float64))


def _bone_locations(armature_object: ArmatureObject, name: str, points: Floats) -> Floats:
    """Of a bone whose parents stay where they are: its location depends on the point in a linear way."""
    own, into = armature_object.pose.bones[name], armature_object.matrix_world.inverted()
    bone, parent = own.bone, own.parent

    def local(point: Vector) -> Floats:
        pose = Matrix.Translation(into @ point)
        found = bone.convert_local_to_pose(
            pose, bone.matrix_local, parent_matrix=parent.matrix if parent else _IDENTITY,
            parent_matrix_local=parent.bone.matrix_local if parent else _IDENTITY, invert=True,
        )  # fmt: skip
        return np.array(found.translation, dtype=np.float64)

    origin = local(Vector())
    axes = np.array([local(Vector(axis)) - origin for axis in np.eye(3).tolist()])  # (3, 3), a row an axis
    return np.asarray(points @ axes + origin)
