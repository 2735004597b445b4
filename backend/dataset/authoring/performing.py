"""A take laid over a base motion: angles added, pelvis and feet placed, hands brought to their places."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from ....retarget.motion import Motion
from ....retarget.motion import rotations as rot
from ....retarget.motion.feet import bend_toes
from ....retarget.motion.feet.legs import lift_above_floor
from ....retarget.motion.skeleton import JOINT, SIDES, SPINE
from ....retarget.typing import Floats
from .arms import with_hands
from .body import OUT, number
from .easing import eased, sway
from .gesture import Bend, Collar
from .legs import with_legs
from .takes import Pose, Take

_BEND = ("pitch", "yaw", "roll")
_SWAY = 0.5  # degrees of noise on head and chest while the gesture lasts


def perform(take: Take, base: Motion, rng: np.random.Generator) -> Motion:
    """The base (T, ...) with the take, which starts `take.lead` seconds after its first frame. Authored for the right
    side; a left-sided take is mirrored.

    The base's rate and length are kept: it must last `take.seconds` or longer.
    """
    if take.side == "left":
        return perform(replace(take, side="right"), base.mirror(), rng).mirror()
    at = np.arange(len(base)) / base.fps - take.lead
    motion = base
    if take.moves_legs:
        motion = with_legs(take, base, at)
    motion = _with_bends(take, motion, at, rng)
    motion = with_hands(take, base, motion, at, rng)
    motion = replace(motion, rotations=rot.unflip(rot.normalize(motion.rotations)))
    if take.moves_legs:
        motion = bend_toes(lift_above_floor(motion))
    return motion.with_contacts()


def bend_turns(angles: Floats) -> Floats:
    """Turns (..., 4) of (pitch, yaw, roll) degrees (..., 3): forward and down, to the left, to the left."""
    pitch, yaw, roll = np.moveaxis(np.radians(angles), -1, 0)
    return rot.from_euler(np.stack([yaw, pitch, -roll], axis=-1), "YXZ")


def _with_bends(take: Take, motion: Motion, at: Floats, rng: np.random.Generator) -> Motion:
    """Head, chest and collars turned on top of what the base does."""
    local = motion.rotations.copy()

    def bent(joints: tuple[str, ...], angles: Floats) -> None:
        each = bend_turns(angles / len(joints))
        for name in joints:
            local[:, JOINT[name]] = rot.multiply(each, local[:, JOINT[name]])

    def track(of: Callable[[Pose], Bend | Collar | None], names: tuple[str, ...], delay: float = 0.0) -> Floats:
        values = [[number(getattr(of(pose), name, 0.0)) for name in names] for pose in take.poses]
        return eased(take.times, np.array(values), at - delay)

    noise = sway(len(at), motion.fps, 6, rng) * _SWAY * _during(take, at)[:, None]
    bent(SPINE, track(lambda pose: pose.chest, _BEND) + noise[:, :3])
    bent(("neck", "head"), track(lambda pose: pose.head, _BEND, 0.3 * take.lag) + noise[:, 3:])
    for side in SIDES:
        up, ahead = track(partial(_collar, side), ("up", "ahead")).T
        bent((f"{side}_collar",), np.stack([0.0 * up, -OUT[side] * ahead, -OUT[side] * up], axis=-1))
    return replace(motion, rotations=local)


def _collar(side: str, pose: Pose) -> Collar | None:
    return pose.collar.get(side)


def _during(take: Take, at: Floats) -> Floats:
    """(T,) 1 while the take lasts, fading to 0 before and after it."""
    return np.asarray(np.clip(1.0 + np.minimum(at, take.times[-1] - at) / 0.3, 0.0, 1.0))
