"""Keys that nobody set: what a text says put into long gaps and open ends, and way points in very long ones.

The transition model then leads from the real keys into these and out again.
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
"""Frames (of the model's, 30 a second) from which on a gap has room for what a text says; at 45 what comes out is
further from recorded motion than without (docs/results/experiments.md)."""
_LEAD = 12  # frames in which the model leads from a key into a text's motion


@dataclass(frozen=True)
class Span:
    """Frames start to stop - 1 are free. before, after: whether a key stands at start - 1 and at stop."""

    start: int
    stop: int
    before: bool
    after: bool

    @property
    def frames(self) -> int:
        return self.stop - self.start


def free_spans(given: Bools) -> list[Span]:
    """Where no frame gives anything."""
    free = ~given.any(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], free, [False]]).astype(np.int8)))
    return [Span(a, b, a > 0, b < len(free)) for a, b in edges.reshape(-1, 2).tolist()]


def spans_for_text(given: Bools) -> list[Span]:
    """Spans in which a text decides: open ends longer than the lead, and gaps from `TEXT_GAP` on."""
    return [s for s in free_spans(given) if s.frames >= (TEXT_GAP if s.before and s.after else 2 * _LEAD)]


def put_in(poses: Poses, given: Bools, span: Span, motion: Motion) -> tuple[Poses, Bools]:
    """The text's motion, at the model's rate, as keys in the span; near its real keys the frames stay free."""
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
    turned, moved = _led(motion, poses, given, span, first, frames)
    inside = slice(start - first, stop - first)
    rotations[start:stop], root[start:stop], known[start:stop] = turned[inside], moved[inside], given.any(axis=0)
    return Poses(rotations, root, poses.contacts), known


def _led(motion: Motion, poses: Poses, given: Bools, span: Span, first: int, frames: int) -> tuple[Floats, Floats]:
    """The motion's first frames turned and moved along the straight way between the keys around it; with one key
    only, they start from it or end in it."""
    turned, moved = motion.rotations[:frames], motion.root_position[:frames]
    base_turns, base_root = interpolate(poses.rotations, poses.root, given)
    yaw = yaw_angle(turned[:, 0])
    there = np.clip(np.arange(first - 1, first + frames + 1), 0, len(given) - 1)
    wanted = yaw_angle(base_turns[there, 0])
    share = np.linspace(0.0, 1.0, frames)
    start, end = wanted[0] - yaw[0], wanted[-1] - yaw[-1]
    if not span.after:
        end = start
    elif not span.before:
        start = end
    # One turn for all frames unless both ends are keyed: then what the way lacks in turning is spread over it.
    lacking = np.mod(end - start + np.pi, 2.0 * np.pi) - np.pi
    turn = rot.from_axis_angle((0.0, 1.0, 0.0), start + lacking * share)
    rotations = turned.copy()
    rotations[:, 0] = rot.multiply(turn, turned[:, 0])
    step = np.concatenate([np.zeros((1, 3)), rot.rotate(turn[1:], np.diff(moved, axis=0))])
    path = np.cumsum(step, axis=0)
    path[:, 1] = moved[:, 1]
    level = np.array([1.0, 0.0, 1.0])
    apart_start = (base_root[there[0]] - path[0]) * level
    apart_end = (base_root[there[-1]] - path[-1]) * level
    if not span.after:
        apart_end = apart_start
    elif not span.before:
        apart_start = apart_end
    return rotations, path + apart_start + (apart_end - apart_start) * share[:, None]


def way_points(poses: Poses, given: Bools) -> tuple[Poses, Bools]:
    """Gaps longer than the model was taught get keys in between: on the straight way, in the nearer key's pose."""
    rotations, root, known = poses.rotations.copy(), poses.root.copy(), given.copy()
    base_turns, base_root = interpolate(poses.rotations, poses.root, given)
    for span in free_spans(given):
        if not (span.before and span.after) or span.frames <= LONGEST:
            continue
        parts = -(-span.frames // LONGEST)
        for i in range(1, parts):
            at = span.start + span.frames * i // parts
            key = span.start - 1 if 2 * i <= parts else span.stop
            heading = yaw_angle(base_turns[at, :1])[0] - yaw_angle(poses.rotations[key, :1])[0]
            rotations[at] = poses.rotations[key]
            rotations[at, 0] = rot.multiply(rot.from_axis_angle((0.0, 1.0, 0.0), heading), poses.rotations[key, 0])
            root[at] = [base_root[at, 0], poses.root[key, 1], base_root[at, 2]]
            known[at] = given.any(axis=0)
    return Poses(rotations, root, poses.contacts), known
