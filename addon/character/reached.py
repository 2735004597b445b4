"""Limbs whose bones reach for a target by IK, in any rig: target and pole are found, to be keyed with the bones."""

from __future__ import annotations

import bpy
import numpy as np

from ...retarget.motion import rotations as rot
from ...retarget.motion.skeleton import ARM, LEG, SIDES
from ...retarget.rigs.control_names import control_names
from ...retarget.rigs.mapping import Mapping
from ...retarget.rigs.rig import Rig
from ...retarget.solving.ik_controls import IkControl, IkLimb
from ...retarget.typing import Floats
from .leaders import BoneGraph
from .skin import ObjectAxes
from .typing import ArmatureObject

_STRONG = 0.999  # an IK of less influence reaches its target in part only


def reached_limbs(armature_object: ArmatureObject, axes: ObjectAxes, rig: Rig, mapping: Mapping) -> tuple[IkLimb, ...]:
    """The limbs whose IK can be followed: its target, and pole, are bones of the armature that can be keyed."""
    if control_names(frozenset(armature_object.data.bones.keys())) is not None:
        return ()
    graph = BoneGraph(armature_object)
    joints = [tuple(f"{side}_{joint}" for joint in limb) for side in SIDES for limb in (LEG, ARM)]
    found = (_limb(graph, axes, rig, tuple(mapping.bones.get(joint, "") for joint in limb)) for limb in joints)
    return tuple(limb for limb in found if limb is not None)


def solving_ik(graph: BoneGraph, shown: dict[str, str], bone: str) -> tuple[str, bpy.types.KinematicConstraint] | None:
    """The bone with the IK constraint that bends a limb's lower bone: itself, or one whose rotation it copies."""
    bone = shown.get(bone, bone)
    for owner in (bone, *graph.leaders(bone)):
        for constraint in graph.constraints(owner):
            if constraint.type == "IK" and constraint.influence >= _STRONG and not constraint.mute:
                return owner, constraint  # type: ignore[return-value]
    return None


def _limb(graph: BoneGraph, axes: ObjectAxes, rig: Rig, chain: tuple[str, ...]) -> IkLimb | None:
    upper, middle, end = chain
    led = rig.shown.get(middle, middle) != middle  # a control turns it, and no IK
    if led or not all(chain) or (found := solving_ik(graph, rig.shown, middle)) is None:
        return None
    owner, constraint = found
    targets = graph.own_targets(constraint)
    pole = constraint.pole_subtarget if constraint.pole_target is not None else ""
    if constraint.pole_target is not None and (constraint.pole_target != graph.thing or pole not in graph.pose):
        return None
    if not targets or not all(graph.is_free(name) for name in (*targets, *([pole] if pole else []))):
        return None
    bone = graph.bones[owner]
    tip = np.array(bone.tail_local if constraint.use_tail else bone.head_local, dtype=np.float64)
    # Where the foot's own control carries the target, as in feet that roll, it is placed, and the target left in it.
    carried = graph.is_free(end) and any(parent.name == end for parent in graph.bones[targets[0]].parent_recursive)
    return IkLimb(
        chain=(upper, middle, end),
        end=_control(graph, axes, rig, end if carried else targets[0]),
        pole=_control(graph, axes, rig, pole) if pole else None,
        tip=axes.scale * rot.rotate(axes.turn, tip),
        aim=_aim(axes, bone, constraint) if pole else None,
    )


def _aim(axes: ObjectAxes, bone: bpy.types.Bone, constraint: bpy.types.KinematicConstraint) -> Floats | None:
    """What Blender turns to the pole: the X axis of the chain's first bone, turned about it by the pole angle."""
    if constraint.chain_count != 2 or bone.parent is None:
        return None
    x, _, z = np.array(bone.parent.matrix_local.to_3x3(), dtype=np.float64).T
    angle = constraint.pole_angle
    return rot.rotate(axes.turn, np.cos(angle) * x + np.sin(angle) * z)


def _control(graph: BoneGraph, axes: ObjectAxes, rig: Rig, name: str) -> IkControl:
    bone = graph.bones[name]
    rest = rot.from_matrix(np.array(bone.matrix_local.to_3x3(), dtype=np.float64))
    head = axes.scale * rot.rotate(axes.turn, np.array(bone.head_local, dtype=np.float64))
    led = {shown: control for control, shown in rig.shown.items()}
    above = (led.get(parent.name, parent.name) for parent in bone.parent_recursive)
    parent = next((parent for parent in above if parent in rig.index), "")
    return IkControl(name, rot.multiply(axes.turn, rest), head, parent)
