"""Bones and objects that are placed rather than turned along a chain: the hips, what carries them, and IK controls.

How a pose bone's location moves its head, in its armature's axes, is a (3, 3) matrix that depends on the bone's own
flags; Bone.convert_local_to_pose handles them. A parent that moves takes these axes along, so locations are computed in
the space of what carries the character.
"""

from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Matrix, Quaternion

from ...retarget.errors import MotionGPTError
from ...retarget.motion import rotations as rot
from ...retarget.rigs.control_names import MARK_OF_IK, Switch, limb_switches
from ...retarget.rigs.mapping import Mapping
from ...retarget.rigs.rig import Carrier, Rig, RigMotion
from ...retarget.solving.ik_controls import IkControl, IkLimb, place_limb
from ...retarget.solving.root_motion import find_root
from ...retarget.typing import Floats
from ..translation.saying import say
from .armature import object_axes
from .reached import reached_limbs
from .skin import ObjectAxes
from .typing import ArmatureObject

OBJECT = ""
"""Stands for the armature object where keys name a bone."""


@dataclass(frozen=True, eq=False)
class Key:
    """Keys of one bone (or the object): rotation (T, 4) for this rotation mode, location (T, 3); None for none."""

    bone: str
    mode: str
    rotation: Floats | None
    location: Floats | None


@dataclass(frozen=True, eq=False)
class PlacedBone:
    """head: (3,) at rest, metres in world axes.  to_location: (3, 3) from its head's displacement to location keys."""

    name: str
    mode: str
    head: Floats
    to_location: Floats


@dataclass(frozen=True, eq=False)
class PlacedObject:
    """world: (4, 4) where the object is.  to_basis: (4, 4) from the world to the space of its own transform.
    delta_location: (3,) and delta_rotation: (4,), which Blender adds to the keyed transform."""

    mode: str
    world: Floats
    to_basis: Floats
    delta_location: Floats
    delta_rotation: Floats


@dataclass(frozen=True, eq=False)
class Places:
    """Everything that may be placed. hips: the bone whose location carries the character where nothing else does.
    limbs: with the IK controls that are keyed: a control rig's, or those that any other rig's bones reach for."""

    hips: PlacedBone
    root: PlacedBone | None
    object: PlacedObject
    limbs: tuple[IkLimb, ...] = ()
    controls: tuple[PlacedBone, ...] = ()


def plan_places(armature_object: ArmatureObject, rig: Rig, mapping: Mapping, ik: frozenset[str]) -> Places:
    """Read what placing needs. ik: the first joints of the limbs whose IK controls are keyed.

    Raises MotionGPTError for IK controls that the rig lacks.
    """
    axes = object_axes(armature_object)
    bones = armature_object.data.bones
    root = find_root(rig, mapping)
    limbs = _ik_limbs(armature_object, axes, mapping, ik) if ik else reached_limbs(armature_object, axes, rig, mapping)
    names = [c.name for limb in limbs for c in (limb.end, limb.pole, limb.toe and limb.toe[1]) if c]
    return Places(
        hips=_placed(armature_object, axes, moved_bone(bones, mapping)),
        root=_placed(armature_object, axes, root) if root else None,
        object=_placed_object(armature_object),
        limbs=limbs,
        controls=tuple(_placed(armature_object, axes, name) for name in names),
    )


def moved_bone(bones: bpy.types.ArmatureBones, mapping: Mapping) -> str:
    """The bone that gets the hips' location: a connected bone ignores its own, and its parents are at rest, so that
    moving the first unconnected one moves it equally."""
    bone = bones[mapping.root_bone]
    while bone.use_connect and bone.parent:
        bone = bone.parent
    return bone.name


def ik_switches(armature_object: ArmatureObject, ik: frozenset[str]) -> list[Switch]:
    """(bone, custom property, value) that switch a control rig's limbs to IK, if their first joints are among these,
    else to FK."""
    pose = armature_object.pose.bones
    limbs = limb_switches(frozenset(pose.keys()))
    switches = [switch for limb in limbs for switch in (limb.to_ik if limb.chain[0] in ik else limb.to_fk)]
    return [switch for switch in switches if switch[0] in pose and is_number(pose[switch[0]].get(switch[1]))]


def is_number(value: object) -> bool:
    """Whether a custom property's own value can be animated: a number, as enums and check boxes are, too."""
    return isinstance(value, (bool, int, float))


def has_ik_controls(armature_object: ArmatureObject) -> bool:
    """Whether limbs can be keyed by IK controls; cheap enough for every redraw."""
    bones = armature_object.data.bones
    return MARK_OF_IK in bones and any(limb.end and limb.pole for limb in limb_switches(frozenset(bones.keys())))


def place(places: Places, rig: Rig, mapping_root: str, rig_motion: RigMotion) -> list[Key]:
    """The keys of everything that is placed."""
    carrier = rig_motion.carrier
    hips = rig.heads[rig.index[mapping_root]]
    goal = hips + rig_motion.root_translation
    offset = (goal if carrier is None else carrier.moved_back(goal)) - hips
    keys = [Key(places.hips.name, places.hips.mode, None, offset @ places.hips.to_location.T)]
    if carrier is not None and carrier.bone is None:
        keys.append(_object_key(places.object, carrier))
    elif carrier is not None and places.root is not None:
        keys.append(_root_key(places.root, carrier))
    known = {control.name: control for control in places.controls}
    for limb in places.limbs:
        for placed in place_limb(limb, rig, rig_motion, mapping_root):
            control = known[placed.control.name]
            location = None if placed.offset is None else placed.offset @ control.to_location.T
            keys.append(Key(control.name, control.mode, placed.rotation, location))
    return keys


def _root_key(root: PlacedBone, carrier: Carrier) -> Key:
    """The root bone's location; its rotation is keyed with the other bones'."""
    return Key(root.name, root.mode, None, (carrier.moved(root.head) - root.head) @ root.to_location.T)


def _object_key(place: PlacedObject, carrier: Carrier) -> Key:
    """world(t) = shift + turn about where the object is; basis(t) = to_basis world(t), without the deltas."""
    turn = place.to_basis[:3, :3] @ rot.to_matrix(carrier.turn) @ place.world[:3, :3]  # (T, 3, 3)
    at = place.world[:3, 3] + carrier.shift
    location = at @ place.to_basis[:3, :3].T + place.to_basis[:3, 3] - place.delta_location
    turn = turn / np.linalg.norm(turn, axis=-2, keepdims=True)
    rotation = rot.multiply(rot.conjugate(place.delta_rotation), rot.from_matrix(turn))
    return Key(OBJECT, place.mode, rot.unflip(rotation), location)


def _placed(armature_object: ArmatureObject, axes: ObjectAxes, name: str) -> PlacedBone:
    bone = armature_object.data.bones[name]
    to_armature = rot.to_matrix(rot.conjugate(axes.turn)) / axes.scale  # (3, 3)
    return PlacedBone(
        name=name,
        mode=armature_object.pose.bones[name].rotation_mode,
        head=axes.scale * rot.rotate(axes.turn, np.array(bone.head_local, dtype=np.float64)),
        to_location=np.linalg.solve(_location_axes(bone), to_armature),
    )


def _location_axes(bone: bpy.types.Bone) -> Floats:
    """(3, 3): how the head moves in armature space, one column per axis of the pose bone's location."""
    parent = bone.parent.matrix_local if bone.parent else Matrix.Identity(4)
    heads = [
        bone.convert_local_to_pose(
            Matrix.Translation(at), bone.matrix_local, parent_matrix=parent, parent_matrix_local=parent
        ).translation
        for at in ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    ]
    return np.array([head - heads[0] for head in heads[1:]], dtype=np.float64).T


def _placed_object(thing: bpy.types.Object) -> PlacedObject:
    space = thing.parent.matrix_world @ thing.matrix_parent_inverse if thing.parent else Matrix.Identity(4)
    if thing.rotation_mode == "QUATERNION":
        delta = thing.delta_rotation_quaternion
    elif thing.rotation_mode == "AXIS_ANGLE":
        delta = Quaternion()
    else:
        delta = thing.delta_rotation_euler.to_quaternion()
    return PlacedObject(
        mode=thing.rotation_mode,
        world=np.array(thing.matrix_world, dtype=np.float64),
        to_basis=np.linalg.inv(np.array(space, dtype=np.float64)),
        delta_location=np.array(thing.delta_location, dtype=np.float64),
        delta_rotation=np.array(delta, dtype=np.float64),
    )


def _ik_limbs(
    armature_object: ArmatureObject, axes: ObjectAxes, mapping: Mapping, ik: frozenset[str]
) -> tuple[IkLimb, ...]:
    bones = armature_object.data.bones
    limbs = limb_switches(frozenset(bones.keys()))
    if not any(limb.end and limb.pole for limb in limbs):
        raise MotionGPTError(
            say('The armature "{armature}" has no IK controls to key.', armature=armature_object.name),
            "Key its FK controls or bones instead; only rigs that Rigify generated have IK controls to key.",
        )

    def control(name: str) -> IkControl:
        placed = _placed(armature_object, axes, name)
        rest = rot.from_matrix(np.array(bones[name].matrix_local.to_3x3(), dtype=np.float64))
        return IkControl(name, rot.multiply(axes.turn, rest), placed.head)

    out = []
    for limb in limbs:
        if limb.end is None or limb.pole is None or limb.chain[0] not in ik:
            continue
        upper, middle, end = (mapping.bones[joint] for joint in limb.chain)
        toes = mapping.bones.get(limb.chain[2].replace("ankle", "foot"))
        toe = (toes, control(limb.toe)) if limb.toe and toes else None
        out.append(IkLimb((upper, middle, end), control(limb.end), control(limb.pole), toe))
    return tuple(out)
