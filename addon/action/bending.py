"""Bends generated frames to meet the kept keys: arithmetic only, which may run in another thread.

`poses.given` reads the kept values from Blender, `keys_between` turns the result into keys.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...retarget.motion import rotations as rot
from ...retarget.solving.keyed_poses import bend_positions, bend_rotations
from ...retarget.typing import Floats
from ..character.rotation_modes import through_given, to_quaternions
from .fcurves import is_switch
from .new_action import Curve

APART = 0.01
"""Radians, or armature units, beyond which a key and the visible pose count as different: FK controls of a limb that
follows IK may be elsewhere."""


@dataclass(frozen=True)
class Span:
    """The scene's frames that a motion covers.

    start, end: the first and last frame written.  before: how many frames of the motion precede them; these exist
    already.  whole: frames whose pose is kept in every channel, keyed or not.
    """

    start: int
    end: int
    before: int = 0
    whole: frozenset[int] = frozenset()

    @property
    def origin(self) -> int:
        """Scene frame of the motion's first frame."""
        return self.start - self.before

    @property
    def frames(self) -> int:
        """Frames of the motion, those before the range included."""
        return self.end - self.origin + 1


@dataclass(frozen=True, eq=False)
class GivenChannel:
    """The values that one property of a bone has to keep, by frame of the motion.

    seen: frame -> the rotation (4,) or location (3,) of the bone there.  keyed: frame -> the property's own value.
    kept: frames of kept poses, whose keys stay.  mode: the bone's rotation mode, "" for a location.
    """

    seen: dict[int, Floats]
    keyed: dict[int, Floats]
    kept: tuple[int, ...]
    mode: str


@dataclass(frozen=True, eq=False)
class BentCurve:
    """One property of a bone over all frames of the motion.

    values: (T, channels).  kept: frames whose keys stay.  jumps: frames whose value is not continuous with the
    one before, so that nothing may interpolate into them.
    """

    bone: str
    channel: str
    values: Floats
    kept: tuple[int, ...]
    jumps: tuple[int, ...]


def bend(curves: Sequence[Curve], given: dict[tuple[str, str], GivenChannel]) -> list[BentCurve]:
    """Solved curves bent to meet the given values; touches no Blender data."""
    return [_bend_one(bone, channel, values, given[bone, channel]) for bone, channel, values in curves]


def _bend_one(bone: str, channel: str, values: Floats, given: GivenChannel) -> BentCurve:
    if is_switch(channel):
        return _bend_switch(bone, channel, values, given)
    at = np.array(sorted(given.seen), dtype=np.intp)
    seen = np.array([given.seen[frame] for frame in at])
    if not given.mode:
        bent, jumps = bend_positions(values, at, seen), list[int]()
        for frame, value in given.keyed.items():
            bent[frame] = value
    else:
        turned = bend_rotations(to_quaternions(given.mode, values), at, seen)
        bent, jumps = through_given(given.mode, turned, given.keyed)
    jumps += [k for frame in given.keyed if _differs(given, frame) for k in (frame, frame + 1)]
    return BentCurve(bone, channel, bent, given.kept, tuple(sorted(set(jumps))))


def _differs(given: GivenChannel, frame: int) -> bool:
    """Whether the keys on a frame differ from the pose that is seen there."""
    if frame not in given.seen:
        return True
    value, seen = given.keyed[frame], given.seen[frame]
    if not given.mode:
        return bool(np.abs(value - seen).max() >= APART)
    return bool(rot.angle_between(to_quaternions(given.mode, value[None])[0], seen) >= APART)


def _bend_switch(bone: str, channel: str, values: Floats, given: GivenChannel) -> BentCurve:
    """The generated value in between, the switch's own on kept poses and after the range."""
    bent = np.concatenate([values, values[-1:]])
    for frame, value in given.keyed.items():
        bent[frame] = value
    return BentCurve(bone, channel, bent, given.kept, ())
