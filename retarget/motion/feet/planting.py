"""Foot planting: feet that stay put while in contact, with as little change to the motion as possible.

Heel and toe are held at their median position in a contact. Their offset from it fades out over a few frames on either
side, so that a foot leaves the floor along its own path and does not snap back.
"""

from collections.abc import Sequence

import numpy as np

from ...typing import Bools, Floats, Numbers
from .. import Motion
from .. import rotations as rot
from ..skeleton import CONTACT_JOINTS
from ..smoothing import median, smoothstep
from .contacts import Span, add_contacts_between, find_spans
from .legs import FLOOR, lift_above_floor, lower_pelvis, place_legs

_FADE = 0.2  # seconds over which an offset fades in and out


def plant_feet(motion: Motion) -> Motion:
    """Hold heels and toes still while they touch the floor, and keep every joint above it.

    Contacts from 0 to 1 become exactly 0 or 1, without flicker. Knees bend in their own plane and legs are
    never stretched: where a held foot is out of reach the pelvis drops a little, and beyond that the foot lets go.
    """
    motion = lift_above_floor(motion)
    points = motion.joints[:, CONTACT_JOINTS]  # (T, 4, 3)
    spans = find_spans(motion.contacts, points, motion.fps)
    offsets, weights = _offsets(points, spans, _anchors(points, spans, motion), motion.fps)
    return hold_points(motion, spans, offsets, weights)


def plant_between(motion: Motion, kept: Bools) -> Motion:
    """`plant_feet` for a motion whose frames `kept` (T,) should stay as they are: a foot in contact in two of them
    is held where it is there, moving evenly from the one place to the other where they differ.

    Contacts from 0 to 1 become exactly 0 or 1. Kept frames still change where a leg is too short for a contact next to
    them; a caller that needs them exact has to undo that change, smoothly.
    """
    points = motion.joints[:, CONTACT_JOINTS]
    spans = find_spans(add_contacts_between(motion.contacts, points, kept), points, motion.fps)
    if not spans or kept.all():
        return motion
    medians = _anchors(points, spans, motion)
    anchors = [
        _path_through(points[s.start : s.stop, s.point], median, kept[s.start : s.stop])
        for s, median in zip(spans, medians, strict=True)
    ]
    offsets, weights = _offsets(points, spans, anchors, motion.fps)
    free = np.repeat(_ease_from(kept, max(1.0, _FADE * motion.fps))[:, None], 4, axis=1)  # (T, 4)
    for span in spans:
        free[span.start : span.stop, span.point] = 1.0
    return hold_points(motion, spans, offsets * free[..., None], weights * free)


def _path_through(path: Floats, median: Floats, kept: Bools) -> Floats:
    """Where a point is held in each frame of its span (n, 3): at the median (3,), or evenly from its place in one kept
    frame to that in the next."""
    keys = np.flatnonzero(kept)
    if not len(keys):
        return np.broadcast_to(median, path.shape)
    frames = np.arange(len(path))
    return np.stack([np.interp(frames, keys, path[keys, axis]) for axis in range(3)], axis=-1)


def _ease_from(kept: Bools, fade: float) -> Floats:
    """(T,) eased from 0 in kept frames to 1 where the nearest is `fade` frames away."""
    keys = np.flatnonzero(kept)
    if not len(keys):
        return np.ones(len(kept))
    frames = np.arange(len(kept))
    right = np.clip(np.searchsorted(keys, frames), 0, len(keys) - 1)
    near = np.minimum(np.abs(frames - keys[right]), np.abs(frames - keys[np.maximum(right - 1, 0)]))
    return smoothstep(near / fade)


def match_contacts(motion: Motion, reference: Floats, heights: Floats) -> Motion:
    """Make heels and toes in contact move as those of another body do.

    reference: (T, 4, 3) the other body's points.  heights: (4,) metres by which this body's points stand higher.
    The offset between the two is constant in every contact, and fades in and out around it.
    """
    apart = motion.joints[:, CONTACT_JOINTS] - reference
    spans = find_spans(motion.contacts, reference, motion.fps)
    anchors = [median(apart[s.start : s.stop, s.point]) for s in spans]
    for span, anchor in zip(spans, anchors, strict=True):
        anchor[1] = _standing_height(span, spans, apart[..., 1], heights)
    offsets, weights = _offsets(apart, spans, anchors, motion.fps)
    shift = _body_shift(offsets, weights)
    return hold_points(motion.shifted(shift), spans, offsets - weights[..., None] * shift[:, None], weights)


def move_feet(motion: Motion, moves: list[tuple[Span, Floats]]) -> Motion:
    """The motion with contact points moved within spans by (n, 3) metres a frame; moves fade in and out around them."""
    points = motion.joints[:, CONTACT_JOINTS]
    spans = [span for span, _ in moves]
    anchors = [points[span.start : span.stop, span.point] + way for span, way in moves]
    return hold_points(motion, spans, *_offsets(points, spans, anchors, motion.fps))


def _standing_height(span: Span, spans: list[Span], apart: Floats, heights: Floats) -> float:
    """Metres by which a held point stands higher than the reference.

    A heel beside a held toe can keep the foot's pitch or stand at its own height, which differ on a foot of another
    length. Of everything in between, take what bends the legs least: a leg that is nearly straight bends by 17 degrees
    for a centimetre.
    """
    own = float(heights[span.point])
    for toe in spans:
        start, stop = max(span.start, toe.start), min(span.stop, toe.stop)
        if span.point % 2 == 0 and toe.point == span.point + 1 and start < stop:
            pitch = median(apart[start:stop, span.point] - apart[start:stop, toe.point])
            pitched = float(heights[toe.point] + pitch)
            now = float(median(apart[span.start : span.stop, span.point]))
            return min(max(now, min(own, pitched)), max(own, pitched))
    return own


def _body_shift(offsets: Floats, weights: Floats) -> Floats:
    """(T, 3) by which the whole body can move to spare the legs: the mean over the feet that are held."""
    weights = weights[..., None]
    feet = offsets[:, [0, 2]] + (1.0 - weights[:, [0, 2]]) * offsets[:, [1, 3]]  # (T, 2, 3)
    held = np.maximum(weights[:, [0, 2]], weights[:, [1, 3]])
    return np.asarray(feet.sum(axis=1) / np.maximum(held.sum(axis=1), 1.0))


def hold_points(motion: Motion, spans: list[Span], offsets: Floats, weights: Floats) -> Motion:
    """The motion with its contact points moved by offsets (T, 4, 3); weights (T, 4) say how firmly each is held."""
    points = motion.joints[:, CONTACT_JOINTS]
    heel, toe = offsets[:, [0, 2]], offsets[:, [1, 3]]  # (T, 2, 3)
    # A free point moves with the other end of its foot.
    ankles, toes = _lift_to_floor(
        points[:, [0, 2]] + heel + (1.0 - weights[:, [0, 2], None]) * toe,
        points[:, [1, 3]] + toe + (1.0 - weights[:, [1, 3], None]) * heel,
    )
    # Ankle and toe stay a foot's length apart: a held toe pulls its ankle along, though one held itself only a bit.
    length = rot.length(motion.offsets[[CONTACT_JOINTS[1], CONTACT_JOINTS[3]]])[:, None]
    share = weights[:, [1, 3], None] * (1.0 - 0.65 * weights[:, [0, 2], None])
    ankles = ankles + share * (toes + length * rot.normalize(ankles - toes) - ankles)
    contacts = np.zeros_like(motion.contacts)
    for span in spans:
        contacts[span.start : span.stop, span.point] = 1.0
    return place_legs(lower_pelvis(motion, ankles), ankles, toes).touching(contacts)


def _anchors(points: Floats, spans: list[Span], motion: Motion) -> list[Floats]:
    """Where each span's point is held (3,). A heel stands a foot's length from the toe that is down with it."""
    anchors = [median(points[s.start : s.stop, s.point]) for s in spans]
    for anchor in anchors:
        anchor[1] = max(anchor[1], FLOOR)
    for i, heel in enumerate(spans):
        if heel.point % 2 == 1:
            continue
        shared = [min(heel.stop, s.stop) - max(heel.start, s.start) if s.point == heel.point + 1 else 0 for s in spans]
        if shared and max(shared) > 0:
            toe = anchors[int(np.argmax(shared))]
            length = float(np.linalg.norm(motion.offsets[CONTACT_JOINTS[heel.point + 1]]))
            anchors[i] = toe + rot.normalize(anchors[i] - toe) * length
    return anchors


def _offsets(points: Floats, spans: list[Span], anchors: Sequence[Floats], fps: float) -> tuple[Floats, Floats]:
    """Each point's offset (T, 4, 3) to where it is held, and its weight (T, 4): 1 within spans, fading out around them.

    anchors: for each span a place (3,), or one for each of its frames (n, 3).
    """
    frames = np.arange(len(points))
    fade = max(1.0, _FADE * fps)
    total = np.zeros(points.shape)
    weights = np.zeros(points.shape[:2])
    reach = int(fade) + 1
    for span, anchor in zip(spans, anchors, strict=True):
        near = slice(max(0, span.start - reach), span.stop + reach)
        nearest = np.clip(frames[near], span.start, span.stop - 1)
        weight = smoothstep(1.0 - np.abs(frames[near] - nearest) / (fade + 1.0))
        path = np.broadcast_to(anchor, (span.stop - span.start, 3))
        total[near, span.point] += weight[:, None] * (path[nearest - span.start] - points[nearest, span.point])
        weights[near, span.point] += weight
    for span, anchor in zip(spans, anchors, strict=True):  # a neighbouring span's fade must not move a held point
        inside = slice(span.start, span.stop)
        total[inside, span.point] = anchor - points[inside, span.point]
        weights[inside, span.point] = 1.0
    crowded = np.maximum(weights, 1.0)
    return total / crowded[..., None], weights / crowded


def _lift_to_floor(ankles: Numbers, toes: Numbers) -> tuple[Floats, Floats]:
    """Ankles and toes (T, 2, 3) that are under the floor, on it. A lifted ankle lifts its toe, so the foot keeps its
    pitch."""
    up = np.maximum(FLOOR - ankles[..., 1], 0.0)
    ankles, toes = ankles.copy(), toes.copy()
    ankles[..., 1] += up
    toes[..., 1] = np.maximum(toes[..., 1] + up, FLOOR)
    return ankles, toes
