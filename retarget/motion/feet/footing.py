"""Feet set down again after a body was moved: each stays where it stands, and swings from one place to the next."""

import numpy as np

from ...typing import Floats
from .. import Motion
from .. import rotations as rot
from ..skeleton import CONTACT_JOINTS
from ..smoothing import median, smoothstep
from .contacts import SHIFT, Span
from .planting import hold_points

_SAME = 0.04  # metres: nearer places, after no more than _BLINK frames, are one
_BLINK = 5


def feet_of(motion: Motion) -> Floats:
    """(T, 4, 3) left heel and toe, right heel and toe."""
    return motion.joints[:, CONTACT_JOINTS]


def set_down(motion: Motion, steps: list[Span], feet: Floats | None = None) -> Motion:
    """The motion with feet that hold still during their steps.

    A foot stands at its median place of the step, and its offset from the body's own movement passes over into the
    next step's during the swing. feet: (T, 4, 3) where heels and toes are to be, by default where they are.
    """
    points = feet_of(motion)
    wanted = points if feet is None else feet
    anchors = _anchors(wanted, steps, motion)
    offsets, weights = np.zeros(points.shape), np.zeros(points.shape[:2])
    for point in range(4):
        own = [(s, a) for s, a in zip(steps, anchors, strict=True) if s.point == point]
        offsets[:, point], weights[:, point] = _between(wanted[:, point], own, motion.fps)
    return hold_points(motion, steps, wanted + offsets - points, weights)


def _anchors(points: Floats, steps: list[Span], motion: Motion) -> list[Floats]:
    """Where each step's heel or toe stands (3,); a heel stands a foot's length from a toe that is down with it."""
    anchors = [median(points[s.start : s.stop, s.point]) for s in steps]
    for i, heel in enumerate(steps):
        if heel.point % 2:
            continue
        shared = [min(heel.stop, s.stop) - max(heel.start, s.start) if s.point == heel.point + 1 else 0 for s in steps]
        if max(shared) > 0:
            toe = anchors[int(np.argmax(shared))]
            length = float(np.linalg.norm(motion.offsets[CONTACT_JOINTS[heel.point + 1]]))
            anchors[i] = toe + rot.normalize(anchors[i] - toe) * length
    return anchors


def _spaced(steps: list[tuple[Span, Floats]], fps: float) -> list[tuple[Span, Floats]]:
    """Steps (in order) of one point: those a few frames and centimetres apart are one, and those that leave no time to
    get from one place to the next are cut short."""
    out = [steps[0]]
    for span, anchor in steps[1:]:
        last, place = out[-1]
        if span.start - last.stop <= _BLINK and rot.length(anchor - place) < _SAME:
            first, second = last.stop - last.start, span.stop - span.start
            out[-1] = (Span(last.point, last.start, span.stop), (first * place + second * anchor) / (first + second))
            continue
        needed = min(round(float(rot.length(anchor - place)) / SHIFT * fps) + 3, round(0.3 * fps))
        lack = max(0, needed - (span.start - last.stop))
        give = min((lack + 1) // 2, last.stop - last.start - 1)
        take = min(lack - give, span.stop - span.start - 1) if lack else 0
        out[-1] = (Span(last.point, last.start, last.stop - give), place)
        out.append((Span(span.point, span.start + take, span.stop), anchor))
    return out


def _between(path: Floats, steps: list[tuple[Span, Floats]], fps: float) -> tuple[Floats, Floats]:
    """Offsets (T, 3) of a path (T, 3) to where it is held, and weights (T,): 1 in steps, fading out over 0.1 s."""
    offset, weight = np.zeros_like(path), np.zeros(len(path))
    frames = np.arange(len(path))
    if not steps:
        return offset, weight
    steps = _spaced(sorted(steps, key=lambda step: step[0].start), fps)
    for (span, anchor), (following, to) in zip(steps, [*steps[1:], (None, None)], strict=True):
        held = slice(span.start, span.stop)
        offset[held] = anchor - path[held]
        away = np.maximum(np.maximum(span.start - frames, frames - span.stop + 1), 0)
        weight = np.maximum(weight, smoothstep(1.0 - away / (0.1 * fps + 1.0)))
        end = anchor - path[span.stop - 1]
        if following is None or to is None:
            offset[span.stop :] = end
            continue
        gap = slice(span.stop, following.start)
        count = following.start - span.stop
        share = smoothstep((np.arange(count) + 1.0) / (count + 1.0))[:, None]
        offset[gap] = end + (to - path[following.start] - end) * share
    first, anchor = steps[0]
    offset[: first.start] = anchor - path[first.start]
    return offset, weight
