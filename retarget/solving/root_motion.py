"""Root motion: what carries a character's travel, its hips, its root bone, the armature object, or nothing (in place).

The pose in the world is the same whatever carries it. A carrier is on the floor: seen from above, it follows the hips
and their heading without the sway of single steps; the hips keep the rest, and their height.
"""

from dataclasses import replace

import numpy as np

from ..errors import MotionGPTError
from ..motion import rotations as rot
from ..rigs.mapping import Mapping
from ..rigs.rig import Carrier, Rig, RigMotion, basis_of
from ..typing import Floats, Numbers

AUTO, HIPS, BONE, OBJECT, IN_PLACE = "auto", "hips", "bone", "object", "in_place"
DESTINATIONS = (AUTO, HIPS, BONE, OBJECT)
"""What the user can choose; "auto" is the root bone if there is one on the floor, else the hips; or the object, if some
of the mesh hangs from neither."""

_SWAY = 0.4  # seconds over which a carrier's position and heading are averaged
_NEAR_FLOOR = 0.15  # of the hips' height: a root bone is no higher


def find_root(rig: Rig, mapping: Mapping) -> str | None:
    """The topmost bone above the hips in the hierarchy if it is on the floor, else None."""
    bone = rig.index[mapping.bones["pelvis"]]
    pelvis = bone
    while rig.parents[bone] >= 0:
        bone = rig.parents[bone]
    height = rig.heads[:, _up(rig)] - rig.heads[:, _up(rig)].min()
    return rig.names[bone] if bone != pelvis and height[bone] < _NEAR_FLOOR * height[pelvis] else None


def carry(rig_motion: RigMotion, rig: Rig, mapping: Mapping, destination: str) -> RigMotion:
    """The same motion with the travel moved to that destination; "in_place" removes it.

    rig_motion: as `to_bones` returns it.  Raises MotionGPTError for "bone" if the rig has no root bone.

    >>> from motiongpt.retarget.motion.skeleton import JOINT_NAMES, PARENTS, rest_joints
    >>> from motiongpt.retarget.rigs.mapping import map_rig
    >>> rig = Rig(JOINT_NAMES, PARENTS, np.tile(rot.IDENTITY, (22, 1)), rest_joints(), rest_joints())
    >>> path = np.linspace((0.0, 0.1, 0.0), (0.0, 0.1, 2.0), 9)  # 2 metres ahead, a little higher than at rest
    >>> moved = RigMotion(np.tile(rot.IDENTITY, (9, 22, 1)), path, fps=20.0)
    >>> carrier = carry(moved, rig, map_rig(rig), OBJECT).carrier
    >>> carrier.shift[-1].round(6) + 0.0  # on the floor
    array([0., 0., 2.])
    """
    root = find_root(rig, mapping)
    if destination == BONE and root is None:
        raise MotionGPTError(
            "This armature has no root bone: nothing on the floor carries its hips.",
            "Put the root motion on the hips or on the object.",
        )
    if destination == AUTO and _leaves_mesh_behind(rig, root or mapping.root_bone):
        destination = OBJECT
    if destination == IN_PLACE:
        return _in_place(rig_motion, rig)
    if destination == HIPS or (destination == AUTO and root is None):
        return rig_motion
    carrier = _carrier(rig_motion, rig, mapping, None if destination == OBJECT else root)
    world = rig_motion.global_rotations(rig)
    targets = {name: world[:, rig.index[name]] for name in mapping.driven}
    if carrier.bone is not None:
        targets[carrier.bone] = rot.multiply(carrier.turn, rig.rest_rotations[rig.index[carrier.bone]])
    basis = basis_of(rig, targets, len(world), carrier.turn if carrier.bone is None else None)
    return replace(rig_motion, basis=basis, carrier=carrier)


def _leaves_mesh_behind(rig: Rig, carrier: str) -> bool:
    """Whether some of the mesh is moved by bones that are not below that bone."""
    below = set(rig.descendants(rig.index[carrier]))
    return any(rig.moves_mesh(bone) for bone in range(len(rig.names)) if bone not in below)


def _in_place(rig_motion: RigMotion, rig: Rig) -> RigMotion:
    """Without travel: the root stays above its starting point, at its own height."""
    still = np.tile(rig_motion.root_translation[:1], (len(rig_motion.root_translation), 1))
    still[:, _up(rig)] = rig_motion.root_translation[:, _up(rig)]
    return replace(rig_motion, root_translation=still)


def _up(rig: Rig) -> int:
    return rig.up if rig.up is not None else 1


def _carrier(rig_motion: RigMotion, rig: Rig, mapping: Mapping, bone: str | None) -> Carrier:
    """The carrier, a bone or the object, on the path on the floor below the hips."""
    up, half = _up(rig), round(0.5 * _SWAY * rig_motion.fps)
    pelvis, hips = rig.index[mapping.bones["pelvis"]], rig.index[mapping.root_bone]
    turned = rot.multiply(rig_motion.global_rotations(rig)[:, pelvis], rot.conjugate(rig.rest_rotations[pelvis]))
    turn = rot.unflip(rot.from_axis_angle(np.eye(3)[up], _heading(turned, up, half)))
    shift = rig.heads[hips] + rig_motion.root_translation - rot.rotate(turn, rig.heads[hips])
    shift[:, up] = 0.0
    return Carrier(bone, turn, _smooth(shift, half))


def _heading(turned: Floats, up: int, half: int) -> Floats:
    """Headings (T,) of turns (T, 4) about the axis `up`, in radians, averaged over 2 half + 1 frames.

    A turn's part about Y is (w, y) of its quaternion (swing and twist), which is the shorter the less upright the body
    is. As a complex number squared it has the full angle, whichever sign the quaternion has. Averages of these numbers
    therefore give little weight to a body upside down.
    """
    facing = (turned[:, 0] + 1j * turned[:, 1 + up]) ** 2
    half = min(half, len(facing) - 1)
    first, last = (facing[i] / max(abs(facing[i]), 1e-9) for i in (0, -1))
    # Beyond each end the turning continues: the end's direction squared, over the direction as many frames inside.
    before, after = first**2 * np.conj(facing[half:0:-1]), last**2 * np.conj(facing[-2 : -2 - half : -1])
    return np.unwrap(np.angle(_mean(np.concatenate([before, facing, after]), half)))


def _smooth(path: Floats, half: int) -> Floats:
    """Positions (T, 3) averaged over 2 half + 1 frames. Beyond the ends the movement continues, so the ends stay."""
    half = min(half, len(path) - 1)
    if half < 1:
        return path
    return _mean(np.pad(path, ((half, half), (0, 0)), mode="reflect", reflect_type="odd"), half)


def _mean(values: Numbers, half: int) -> Numbers:
    return np.asarray(np.lib.stride_tricks.sliding_window_view(values, 2 * half + 1, axis=0).mean(axis=-1))
