"""Control rigs, whose bones hang together by constraints: which control follows which is found by trying.

Between two controls of such a rig lie helper bones with constraints and drivers. Instead of reading them, every control
is turned once, and whatever turns along follows it. The chains that come out are as good as parents: rotations of
controls then solve like those of any skeleton.
"""

import bpy
from mathutils import Matrix, Quaternion

from .retarget.controls import follow_switches

_TRIAL = Quaternion((0.36, 0.48, 0.8), 0.6)
_SAME = 0.01  # radians between two turns that count as one

_known: dict[tuple[int, tuple[str, ...]], dict[str, str | None]] = {}


def followed_controls(armature_object: bpy.types.Object, names: list[str]) -> dict[str, str | None]:
    """Control -> the control that it rotates with, None for those that follow none; followed ones come first.

    The pose is as before afterwards. What was found is kept for the session: the trial takes about a second.
    """
    key = (armature_object.data.session_uid, tuple(names))
    if key not in _known:
        _known[key] = _try_out(armature_object, names)
    return dict(_known[key])


def _try_out(armature_object: bpy.types.Object, names: list[str]) -> dict[str, str | None]:
    pose = armature_object.pose.bones
    before = {name: pose[name].matrix_basis.copy() for name in names}
    found = follow_switches(frozenset(pose.keys()))
    switches = [(pose[bone], prop, value) for bone, prop, value in found if prop in pose[bone]]
    chosen = [(bone, prop, bone[prop]) for bone, prop, _ in switches]
    update = bpy.context.view_layer.update
    try:
        for bone, prop, value in switches:
            bone[prop] = value
        for name in names:
            pose[name].matrix_basis = Matrix.Identity(4)
        _refresh(armature_object)
        rest = {name: pose[name].matrix.to_quaternion() for name in names}
        followers: dict[str, set[str]] = {}
        for name in names:
            pose[name].matrix_basis = _TRIAL.to_matrix().to_4x4()
            update()
            turn = {n: pose[n].matrix.to_quaternion() @ rest[n].inverted() for n in names}
            followers[name] = {n for n in names if n != name and _apart(turn[n], turn[name]) < _SAME}
            pose[name].matrix_basis = Matrix.Identity(4)
    finally:
        for bone, prop, value in chosen:
            bone[prop] = value
        for name, matrix in before.items():
            pose[name].matrix_basis = matrix
        _refresh(armature_object)
    return _as_parents(names, followers)


def _refresh(armature_object: bpy.types.Object) -> None:
    """Evaluate the rig with its custom properties as they are now: drivers don't notice a script's change by itself."""
    armature_object.update_tag()
    bpy.context.view_layer.update()


def _apart(a: Quaternion, b: Quaternion) -> float:
    angle = a.rotation_difference(b).angle
    return min(angle, 6.283185307179586 - angle)


def _as_parents(names: list[str], followers: dict[str, set[str]]) -> dict[str, str | None]:
    """The nearest of those that a control follows is the one that itself follows most."""
    leaders = {name: [n for n in names if name in followers[n]] for name in names}
    ordered = sorted(names, key=lambda name: len(leaders[name]))
    return {name: max(leaders[name], key=lambda n: len(leaders[n]), default=None) for name in ordered}
