"""Actions that follow each other: heading and place carried on, feet planted, the gap between two poses filled."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .....retarget.motion import Motion
from .....retarget.motion import rotations as rot
from .....retarget.motion.feet.footing import set_down
from .....retarget.motion.known import CHANNELS
from .....retarget.motion.skeleton import CONTACT_JOINTS, JOINT
from .....retarget.motion.travel.seams import followed
from .....retarget.motion.travel.track import find_steps
from .....retarget.typing import Floats
from ....inbetween.transition import Poses, TransitionModel

_STANDS = 0.06  # metres that feet may be apart from where the next action has them, without a step
_APART = 0.18  # metres of pelvis height between two poses that are one posture
_CONTEXT = 45  # frames on either side of a gap that the transition model is shown


def posture_fits(first: Motion, second: Motion) -> bool:
    """Whether the second may follow the first: both stand, both sit, or both lie."""
    return abs(float(first.root_position[-1, 1] - second.root_position[0, 1])) < _APART


def trimmed(motion: Motion, margin: float = 0.35, still: float = 0.12) -> Motion:
    """Without the stillness before and after an action, but for `margin` seconds. still: metres a second."""
    points = motion.joints[:, [JOINT["head"], JOINT["left_wrist"], JOINT["right_wrist"], *CONTACT_JOINTS]]
    speed = rot.length(np.gradient(points, 1.0 / motion.fps, axis=0)).max(axis=1)
    busy = np.flatnonzero(speed > still)
    if not len(busy):
        return motion
    extra = round(margin * motion.fps)
    return motion.slice(max(0, int(busy[0]) - extra), min(len(motion), int(busy[-1]) + extra + 1))


def placed_after(first: Motion, second: Motion) -> Motion:
    """The second turned and moved so that its pelvis faces, and its feet stand, as the first's do at its end."""
    turn = rot.multiply(rot.yaw(first.rotations[-1, 0]), rot.conjugate(rot.yaw(second.rotations[0, 0])))
    away = _base(first, -1) - rot.rotate(turn, _base(second, 0))
    return second.placed(away * [1.0, 0.0, 1.0], turn)


def _base(motion: Motion, frame: int) -> Floats:
    """The middle (3,) of the feet, or for a low pelvis the pelvis."""
    pelvis = motion.root_position[frame]
    return np.asarray(motion.joints[frame, CONTACT_JOINTS].mean(axis=0) if pelvis[1] > 0.4 else pelvis)


def joined(motions: Sequence[Motion], model: TransitionModel | None, seconds: float = 0.5) -> Motion:
    """The motions one after the other. Where the feet stand differently, the transition model makes the step, or
    without a model the feet shift; elsewhere poses pass over into each other within `seconds`."""
    whole = motions[0]
    for more in motions[1:]:
        more = placed_after(whole, more)
        feet = rot.length((whole.joints[-1] - more.joints[0])[list(CONTACT_JOINTS)])
        if model is None or model.fps != whole.fps or feet.max() < _STANDS:
            whole = followed(whole, more, seconds)
        else:
            frames = round(np.clip(feet.max() * 2.0, 0.4, 0.9) * whole.fps)
            whole = _filled(whole, more, frames, model)
    return set_down(whole, find_steps(whole))


def _filled(first: Motion, second: Motion, gap: int, model: TransitionModel) -> Motion:
    """The two motions with `gap` frames between them from the transition model."""
    before, after = min(len(first), _CONTEXT), min(len(second), _CONTEXT)
    ends = [first.slice(len(first) - before, len(first)), first.slice(len(first) - 1, len(first)).held(gap - 1)]
    scene = _concatenated([*ends, second.slice(0, after)])
    known = np.ones((len(scene), CHANNELS), dtype=bool)
    known[before : before + gap] = False
    filled = model.fill(Poses(scene.rotations, scene.root_position, scene.contacts), known)
    bridge = replace(scene, rotations=rot.unflip(rot.normalize(filled.rotations)), root_position=filled.root)
    # The bridge meets the two poses, but not their speeds.
    return followed(followed(first, bridge.slice(before, before + gap), 0.25), second, 0.25)


def _concatenated(motions: Sequence[Motion]) -> Motion:
    return replace(
        motions[0],
        rotations=rot.unflip(np.concatenate([m.rotations for m in motions])),
        root_position=np.concatenate([m.root_position for m in motions]),
        contacts=np.concatenate([m.contacts for m in motions]),
        meta={},
    )


def repeated(motion: Motion, unit: tuple[int, int], ends: tuple[int, int], count: int) -> Motion:
    """A clip's way in up to the first of `ends`, then `count` times the frames of `unit`, then its way out from the
    second of `ends`, without gaps in speed."""
    start, stop = unit
    once = motion.slice(start, stop)
    whole = motion.slice(0, ends[0]) if ends[0] > 2 else once
    for _ in range(count - (ends[0] <= 2)):
        whole = followed(whole, placed_after(whole, once), min(0.25, once.duration / 3))
    if len(motion) - ends[1] > 4:
        whole = followed(whole, placed_after(whole, motion.slice(ends[1], len(motion))), 0.3)
    return set_down(whole, find_steps(whole))
