"""Control rigs, whose bones are linked by constraints: which control follows which is found by experiment.

Between two controls of such a rig lie helper bones with constraints and drivers. Instead of reading them, every control
is turned once, and whatever turns with it follows it. The chains found serve as parents: rotations of controls then
solve like those of any skeleton.

Evaluating such a rig takes ten milliseconds, so several controls are turned at once, all about one axis of the
armature, by 1, 3, 9, 27 and 81 steps. Turns about one axis add up in any order, and the base-3 digits of a sum say
which controls are in it; a control that is followed only in part leaves a remainder. Where that fails, the controls
are turned one by one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import bpy
from mathutils import Matrix, Quaternion, Vector

from ...retarget.rigs.control_names import Switch
from .typing import ArmatureObject, full

_AXIS = Vector((0.36, 0.48, 0.8))
_STEP = 0.02  # radians
_AT_ONCE = 5  # controls at once: 121 steps in all, less than half a turn
_TRIAL = Quaternion(_AXIS, 0.6)
_SAME = 0.005  # radians within which two turns count as equal

Followers = dict[str, set[str]]
_known: dict[tuple[int, tuple[str, ...]], dict[str, str | None]] = {}


def followed_controls(
    armature_object: ArmatureObject, names: list[str], switches: Sequence[Switch]
) -> dict[str, str | None]:
    """Control -> the control that it rotates with, None for those that follow none; followed ones come first.

    switches: as the rig is set meanwhile.  The pose is restored afterwards. The result is cached for the session.
    """
    key = (armature_object.data.session_uid, tuple(names))
    if key not in _known:
        _known[key] = _find_followers(armature_object, names, switches)
    return dict(_known[key])


def _find_followers(
    armature_object: ArmatureObject, names: list[str], found: Sequence[Switch]
) -> dict[str, str | None]:
    pose = armature_object.pose.bones
    before = {name: pose[name].matrix_basis.copy() for name in names}
    switches = [(pose[bone], prop, value) for bone, prop, value in found if pose[bone].get(prop) is not None]
    chosen = [(bone, prop, bone[prop]) for bone, prop, _ in switches]
    try:
        for bone, prop, value in switches:
            bone[prop] = value
        for name in names:
            pose[name].matrix_basis = Matrix.Identity(4)
        _refresh(armature_object)
        rest = {name: pose[name].matrix.to_quaternion() for name in names}
        followers: dict[str, set[str]] = {}
        for start in range(0, len(names), _AT_ONCE):
            group = names[start : start + _AT_ONCE]
            followers |= _try_at_once(pose, rest, group) or _try_one_by_one(pose, rest, group)
    finally:
        for bone, prop, value in chosen:
            bone[prop] = value
        for name, matrix in before.items():
            pose[name].matrix_basis = matrix
        _refresh(armature_object)
    return _as_parents(names, followers)


def _try_at_once(
    pose: bpy.types.bpy_prop_collection[bpy.types.PoseBone], rest: dict[str, Quaternion], group: list[str]
) -> Followers | None:
    """The followers of these controls, from one evaluation; None where a turn is not a sum of theirs."""
    for digit, name in enumerate(group):
        own_axis = rest[name].inverted() @ _AXIS
        pose[name].matrix_basis = Quaternion(own_axis, _STEP * 3**digit).to_matrix().to_4x4()
    full(bpy.context).view_layer.update()
    turns = {name: pose[name].matrix.to_quaternion() @ at.inverted() for name, at in rest.items()}
    for name in group:
        pose[name].matrix_basis = Matrix.Identity(4)
    followers: Followers = {name: set() for name in group}
    for name, turn in turns.items():
        sign = -1.0 if turn.w < 0.0 else 1.0  # q and -q are the same turn
        steps = round(2.0 * math.atan2(sign * Vector(turn[1:]).dot(_AXIS), sign * turn.w) / _STEP)
        digits = [steps // 3**digit % 3 for digit in range(len(group))]
        if (
            not 0 <= steps < 3 ** len(group)
            or max(digits) > 1
            or _apart(turn, Quaternion(_AXIS, steps * _STEP)) > _SAME
        ):
            return None
        for leader, digit in zip(group, digits, strict=True):
            if digit and leader != name:
                followers[leader].add(name)
    return followers


def _try_one_by_one(
    pose: bpy.types.bpy_prop_collection[bpy.types.PoseBone], rest: dict[str, Quaternion], group: list[str]
) -> Followers:
    """The same with one evaluation per control: what turns exactly as a control does follows it."""
    followers: Followers = {}
    for name in group:
        pose[name].matrix_basis = _TRIAL.to_matrix().to_4x4()
        full(bpy.context).view_layer.update()
        turn = {n: pose[n].matrix.to_quaternion() @ at.inverted() for n, at in rest.items()}
        followers[name] = {n for n in rest if n != name and _apart(turn[n], turn[name]) < _SAME}
        pose[name].matrix_basis = Matrix.Identity(4)
    return followers


def _refresh(armature_object: ArmatureObject) -> None:
    """Evaluate the rig with its custom properties as they are now: drivers don't notice changes by a script."""
    armature_object.update_tag()
    full(bpy.context).view_layer.update()


def _apart(a: Quaternion, b: Quaternion) -> float:
    angle: float = a.rotation_difference(b).angle
    return min(angle, 2.0 * math.pi - angle)


def _as_parents(names: list[str], followers: dict[str, set[str]]) -> dict[str, str | None]:
    """A control's parent is, of those that it follows, the one that itself follows most.

    Of two that follow each other, as where one bone is keyed and constrained at once, the first leads.
    """
    leaders = {name: [n for n in names if name in followers[n]] for name in names}
    ordered = sorted(names, key=lambda name: len(leaders[name]))
    place = {name: i for i, name in enumerate(ordered)}
    before = {name: [n for n in leaders[name] if place[n] < place[name]] for name in ordered}
    return {name: max(before[name], key=lambda n: len(leaders[n]), default=None) for name in ordered}
