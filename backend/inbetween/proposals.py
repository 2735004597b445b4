"""Additional keys: motion generated from a text in long gaps and open ends, and waypoints in very long gaps.

The transition model then fills in between the real keys and these.
"""

from dataclasses import dataclass

import numpy as np

from ...retarget.motion import Motion
from ...retarget.motion import rotations as rot
from ...retarget.typing import Bools, Floats
from .interpolation import interpolate
from .network_input import yaw_angle
from .transition import LONGEST, Poses

TEXT_GAP = 75
"""Frames, at the model's 30 fps, that a gap needs for motion from a text. With 45 the result is further from recorded
motion than without a text (docs/results/experiments.md)."""
_LEAD = 12  # frames in which the model blends from a key into motion from a text


@dataclass(frozen=True)
class Span:
    """Frames start to stop - 1 without keys. before, after: whether there are keys at start - 1 and at stop."""

    start: int
    stop: int
    before: bool
    after: bool

    @property
    def frames(self) -> int:
        return self.stop - self.start


def free_spans(given: Bools) -> list[Span]:
    """The spans of frames in which nothing is given, in a mask (T, C).

    >>> free_spans(np.array([[True], [False], [False], [True], [False]]))[0]
    Span(start=1, stop=3, before=True, after=True)
    """
    free = ~given.any(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], free, [False]]).astype(np.int8)))
    return [Span(a, b, a > 0, b < len(free)) for a, b in edges.reshape(-1, 2).tolist()]


def text_spans(given: Bools) -> list[Span]:
    """Spans with room for motion from a text: gaps of at least `TEXT_GAP` frames, and open ends of twice the lead."""
    return [s for s in free_spans(given) if s.frames >= (TEXT_GAP if s.before and s.after else 2 * _LEAD)]


def insert_motion(poses: Poses, given: Bools, span: Span, motion: Motion) -> tuple[Poses, Bools]:
    """Add motion from a text, at the model's frame rate, as keys in a span; frames near the real keys stay free."""
    frames = min(len(motion), span.frames)
    first = span.start if span.before or not span.after else span.stop - frames
    lead_in = _LEAD if span.before else 0
    lead_out = _LEAD if span.after else 0
    if span.before and span.after:
        lead_in = lead_out = max(_LEAD, span.frames // 4)
    start, stop = first + lead_in, first + frames - lead_out
    if stop - start < 2:
        return poses, given
    rotations, root, known = poses.rotations.copy(), poses.root.copy(), given.copy()
    fitted, fitted_root = _fit_to_keys(motion, poses, given, span, first, frames)
    inside = slice(start - first, stop - first)
    rotations[start:stop], root[start:stop], known[start:stop] = fitted[inside], fitted_root[inside], given.any(axis=0)
    return Poses(rotations, root, poses.contacts), known


def _fit_to_keys(
    motion: Motion, poses: Poses, given: Bools, span: Span, first: int, frames: int
) -> tuple[Floats, Floats]:
    """The first frames of a motion, rotated and moved to lead from the key before the span to the key after it; with
    only one of these keys, to end or start there."""
    rotations, root = motion.rotations[:frames].copy(), motion.root_position[:frames]
    straight, straight_root = interpolate(poses.rotations, poses.root, given)
    yaw = yaw_angle(rotations[:, 0])
    ends = np.clip([first - 1, first + frames], 0, len(given) - 1)
    wanted = yaw_angle(straight[ends, 0])
    share = np.linspace(0.0, 1.0, frames)
    start, end = _at_ends(span, wanted[0] - yaw[0], wanted[-1] - yaw[-1])
    # The same rotation for all frames, unless both ends are keyed: then the difference is spread over them.
    difference = np.mod(end - start + np.pi, 2.0 * np.pi) - np.pi
    turn = rot.from_axis_angle((0.0, 1.0, 0.0), start + difference * share)
    rotations[:, 0] = rot.multiply(turn, rotations[:, 0])
    path = np.cumsum(np.concatenate([np.zeros((1, 3)), rot.rotate(turn[1:], np.diff(root, axis=0))]), axis=0)
    path[:, 1] = root[:, 1]
    offsets = (straight_root[ends] - path[[0, -1]]) * [1.0, 0.0, 1.0]
    start, end = _at_ends(span, offsets[0], offsets[1])
    return rotations, path + start + (end - start) * share[:, None]


def _at_ends(span: Span, start: Floats, end: Floats) -> tuple[Floats, Floats]:
    """Corrections at the start and at the end of a span; an open end takes that of the other."""
    return (start if span.before or not span.after else end), (end if span.after else start)


def add_waypoints(poses: Poses, given: Bools) -> tuple[Poses, Bools]:
    """Divide gaps longer than the model was trained on by keys on the straight path, in the pose of the nearer key."""
    rotations, root, known = poses.rotations.copy(), poses.root.copy(), given.copy()
    straight, straight_root = interpolate(poses.rotations, poses.root, given)
    for span in free_spans(given):
        if not (span.before and span.after) or span.frames <= LONGEST:
            continue
        parts = -(-span.frames // LONGEST)
        for i in range(1, parts):
            at = span.start + span.frames * i // parts
            key = span.start - 1 if 2 * i <= parts else span.stop
            heading = yaw_angle(straight[at, :1])[0] - yaw_angle(poses.rotations[key, :1])[0]
            rotations[at] = poses.rotations[key]
            rotations[at, 0] = rot.multiply(rot.from_axis_angle((0.0, 1.0, 0.0), heading), poses.rotations[key, 0])
            root[at] = [straight_root[at, 0], poses.root[key, 1], straight_root[at, 2]]
            known[at] = given.any(axis=0)
    return Poses(rotations, root, poses.contacts), known
