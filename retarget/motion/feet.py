"""Feet that stand still: contacts of a noisy motion made exact, with as little change as that takes.

Heel and toe are held where the middle of their contact lies. What holding moves them by is an offset from where they
were; it fades out over a few frames on both sides, so a foot leaves the floor along its own path and is not drawn back.
"""

import itertools
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..typing import Bools, Floats
from . import Motion
from . import rotations as rot
from .skeleton import CONTACT_JOINTS, JOINT, PARENTS
from .two_bone_ik import bend_limb, reachable

_FADE = 0.2  # seconds in which an offset comes and goes
_SHORTEST = 0.1  # seconds: gaps and contacts shorter than this are noise
_FASTEST = 0.9  # m/s: what moves faster than this over a quarter of a second does not stand
_DRIFT = 0.08  # metres that a standing foot may wander before it counts as placed anew
_HIGHEST_HOP = 0.08  # metres that the body may rise where no foot stands but one is under the floor
_DEEPEST_DROP = 0.08  # metres that the pelvis may be lowered to reach the floor
_FLOOR = -0.003  # metres; exact clips lie within millimetres of the floor and stay as they are
_TIPS = np.array([[0.0, 0.0, 0.1]])  # metres from the toe joint: where toes end that no mesh shows
_MOST_BENT = np.radians(80.0)  # that toes turn up by
_STRETCH = 0.998  # of a leg's length: further than this only where the leg was further already


@dataclass(frozen=True)
class Span:
    """Frames start to stop - 1, in which one of the four contact points stands."""

    point: int
    start: int
    stop: int


def plant_feet(motion: Motion) -> Motion:
    """Hold heels and toes still while they touch the floor, and keep every joint over it.

    contacts from 0 to 1 come in, exactly 0 or 1 go out, in spans without flicker. Legs bend in the knee's own plane and
    are never stretched: where a held foot is out of reach the pelvis sinks a little, and past that the foot lets go.
    """
    motion = _above_floor(motion)
    points = motion.joints[:, CONTACT_JOINTS]  # (T, 4, 3)
    spans = find_spans(motion.contacts, points, motion.fps)
    offsets, weights = _offsets(points, spans, _anchors(points, spans, motion), motion.fps)
    return _held(motion, spans, offsets, weights)


def plant_between(motion: Motion, kept: Bools) -> Motion:
    """`plant_feet` for a motion in which the frames `kept` (T,) are to stay: a foot that stands in two of them is held
    where it stands there, going evenly from the one place to the other where they differ.

    contacts from 0 to 1 come in, exactly 0 or 1 go out. Kept frames change where a leg is too short for what it has to
    hold beside them; whoever needs them exact takes that back, smoothly.
    """
    points = motion.joints[:, CONTACT_JOINTS]
    spans = find_spans(_standing_at_keys(motion.contacts, points, kept), points, motion.fps)
    if not spans or kept.all():
        return motion
    settled = _anchors(points, spans, motion)
    anchors = [
        _through(points[s.start : s.stop, s.point], a, kept[s.start : s.stop])
        for s, a in zip(spans, settled, strict=True)
    ]
    offsets, weights = _offsets(points, spans, anchors, motion.fps)
    free = np.repeat(_away_from(kept, max(1.0, _FADE * motion.fps))[:, None], 4, axis=1)  # (T, 4)
    for span in spans:
        free[span.start : span.stop, span.point] = 1.0
    return _held(motion, spans, offsets * free[..., None], weights * free)


def _standing_at_keys(contacts: Floats, points: Floats, kept: Bools) -> Floats:
    """Contacts (T, 4) of what is low, and contact from one kept frame to the next where a point is as low and in the
    same place in both, and does not leave it in between."""
    contacts = np.where(points[..., 1] < points[..., 1].min(axis=0) + _DRIFT, contacts, 0.0)  # none in mid-air
    floor = points[kept, :, 1].min(axis=0) if kept.any() else np.zeros(4)
    keys = np.flatnonzero(kept)
    for first, second in itertools.pairwise(keys):
        path = points[first : second + 1]  # (n, 4, 3)
        low = (path[[0, -1], :, 1] < np.maximum(floor, 0.0) + 0.04).all(axis=0)
        away = np.linalg.norm(path - path[:1], axis=-1).max(axis=0)
        stays = low & (np.linalg.norm(path[-1] - path[0], axis=-1) < 0.03) & (away < _DRIFT)
        contacts[first : second + 1, stays] = 1.0
    return contacts


def _through(path: Floats, settled: Floats, kept: Bools) -> Floats:
    """Where a point is held in each frame of its span (n, 3): evenly from one kept frame's place to the next's, and
    where none is kept, settled (3,)."""
    keys = np.flatnonzero(kept)
    if not len(keys):
        return np.broadcast_to(settled, path.shape)
    frames = np.arange(len(path))
    return np.stack([np.interp(frames, keys, path[keys, axis]) for axis in range(3)], axis=-1)


def _away_from(kept: Bools, fade: float) -> Floats:
    """(T,) from 0 in kept frames to 1 where `fade` frames lie between."""
    frames = np.arange(len(kept))
    keys = np.flatnonzero(kept)
    if not len(keys):
        return np.ones(len(kept))
    right = np.clip(np.searchsorted(keys, frames), 0, len(keys) - 1)
    near = np.minimum(np.abs(frames - keys[right]), np.abs(frames - keys[np.maximum(right - 1, 0)]))
    t = np.clip(near / fade, 0.0, 1.0)
    eased: Floats = t * t * (3.0 - 2.0 * t)
    return eased


def hold_points(motion: Motion, reference: Floats, heights: Floats) -> Motion:
    """Let heels and toes in contact move as those of another body do.

    reference: (T, 4, 3) the other body's points.  heights: (4,) metres by which this body's points stand higher.
    What the points are apart by is constant in every contact, and fades in and out around it.
    """
    apart = motion.joints[:, CONTACT_JOINTS] - reference
    spans = find_spans(motion.contacts, reference, motion.fps)
    anchors = [np.median(apart[s.start : s.stop, s.point], axis=0) for s in spans]
    for span, anchor in zip(spans, anchors, strict=True):
        anchor[1] = _standing_height(span, spans, apart[..., 1], heights)
    offsets, weights = _offsets(apart, spans, anchors, motion.fps)
    shift = _shared(offsets, weights)
    return _held(motion.shifted(shift), spans, offsets - weights[..., None] * shift[:, None], weights)


def _standing_height(span: Span, spans: list[Span], apart: Floats, heights: Floats) -> float:
    """Metres by which a held point stands higher than the source's.

    A heel beside a held toe may keep the foot's pitch or stand at its own height, on a foot of another length two
    things: of all between, what the legs need to bend least for. A leg that is nearly straight bends by 17 degrees for
    a centimetre.
    """
    own = float(heights[span.point])
    for toe in spans:
        start, stop = max(span.start, toe.start), min(span.stop, toe.stop)
        if span.point % 2 == 0 and toe.point == span.point + 1 and start < stop:
            pitch = np.median(apart[start:stop, span.point] - apart[start:stop, toe.point])
            pitched = float(heights[toe.point] + pitch)
            now = float(np.median(apart[span.start : span.stop, span.point]))
            return float(np.clip(now, min(own, pitched), max(own, pitched)))
    return own


def _shared(offsets: Floats, weights: Floats) -> Floats:
    """(T, 3): what the whole body can move by so that the legs need not; the mean over the feet that are held."""
    weights = weights[..., None]
    feet = offsets[:, [0, 2]] + (1.0 - weights[:, [0, 2]]) * offsets[:, [1, 3]]  # (T, 2, 3)
    firm = np.maximum(weights[:, [0, 2]], weights[:, [1, 3]])
    shared: Floats = feet.sum(axis=1) / np.maximum(firm.sum(axis=1), 1.0)
    return shared


def _held(motion: Motion, spans: list[Span], offsets: Floats, weights: Floats) -> Motion:
    """The motion with its contact points moved by offsets (T, 4, 3), each held as firmly as weights (T, 4) say."""
    points = motion.joints[:, CONTACT_JOINTS]
    heel, toe = offsets[:, [0, 2]], offsets[:, [1, 3]]  # (T, 2, 3)
    # A point that is free goes with the other end of its foot.
    ankles, toes = _lifted(
        points[:, [0, 2]] + heel + (1.0 - weights[:, [0, 2], None]) * toe,
        points[:, [1, 3]] + toe + (1.0 - weights[:, [1, 3], None]) * heel,
    )
    # Ankle and toe stay a foot's length apart: a held toe draws its ankle along, one that is held itself only a little.
    length = np.linalg.norm(motion.offsets[[CONTACT_JOINTS[1], CONTACT_JOINTS[3]]], axis=-1)[:, None]
    share = weights[:, [1, 3], None] * (1.0 - 0.65 * weights[:, [0, 2], None])
    ankles = ankles + share * (toes + length * rot.normalize(ankles - toes) - ankles)
    contacts = np.zeros_like(motion.contacts)
    for span in spans:
        contacts[span.start : span.stop, span.point] = 1.0
    placed = _place_legs(_lower_pelvis(motion, ankles), ankles, toes)
    return replace(placed, contacts=contacts)


def find_spans(contacts: Floats, points: Floats, fps: float) -> list[Span]:
    """Contact spans of soft contacts (T, 4) whose points (T, 4, 3) really stand."""
    least = max(1, round(_SHORTEST * fps))
    smooth = _smoothed(points, max(1, round(0.25 * fps)))
    speed = np.linalg.norm(np.gradient(smooth, 1.0 / fps, axis=0), axis=-1) if len(points) > 1 else np.zeros((1, 4))
    standing = (contacts > 0.5) & (speed < _FASTEST)
    spans = []
    for point in range(contacts.shape[1]):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], standing[:, point].astype(int), [0]])))
        runs = [list(run) for run in edges.reshape(-1, 2)]
        merged: list[list[int]] = []
        for run in runs:
            if merged and run[0] - merged[-1][1] < least and _same_place(smooth[:, point], merged[-1], run):
                merged[-1][1] = run[1]
            else:
                merged.append(run)
        for start, stop in merged:
            spans += [Span(point, a, b) for a, b in _settled(smooth[:, point], start, stop) if b - a >= least]
    return spans


def _smoothed(values: Floats, width: int) -> Floats:
    """Moving mean over `width` frames (made odd), ends held."""
    half = width // 2
    if half == 0 or len(values) < 2:
        return values
    padded = np.concatenate([np.repeat(values[:1], half + 1, 0), values, np.repeat(values[-1:], half, 0)])
    sums = np.cumsum(padded, axis=0)
    smooth: Floats = (sums[2 * half + 1 :] - sums[: -2 * half - 1]) / (2 * half + 1)
    return smooth


def _same_place(path: Floats, before: list[int], after: list[int]) -> bool:
    return bool(np.linalg.norm(path[after[0]] - path[before[1] - 1]) < _DRIFT)


def _settled(path: Floats, start: int, stop: int) -> list[tuple[int, int]]:
    """A span (start, stop) in pieces, in each of which the path (T, 3) stays within `_DRIFT` of the piece's middle."""
    here = path[start:stop]
    if stop - start < 3 or np.linalg.norm(here - np.median(here, axis=0), axis=-1).max() < _DRIFT:
        return [(start, stop)]
    middle = start + (stop - start) // 2
    return _settled(path, start, middle) + _settled(path, middle, stop)


def _anchors(points: Floats, spans: list[Span], motion: Motion) -> list[Floats]:
    """Where each span's point is held (3,). A heel stands a foot's length from the toe that is down with it."""
    anchors = [np.median(points[s.start : s.stop, s.point], axis=0) for s in spans]
    for anchor in anchors:
        anchor[1] = max(anchor[1], _FLOOR)
    for i, heel in enumerate(spans):
        if heel.point % 2 == 1:
            continue
        shared = [min(heel.stop, s.stop) - max(heel.start, s.start) if s.point == heel.point + 1 else 0 for s in spans]
        if shared and max(shared) > 0:
            toe = anchors[int(np.argmax(shared))]
            length = float(np.linalg.norm(motion.offsets[CONTACT_JOINTS[heel.point + 1]]))
            anchors[i] = toe + rot.normalize(anchors[i] - toe) * length
    return anchors


def _offsets(points: Floats, spans: list[Span], anchors: list[Floats], fps: float) -> tuple[Floats, Floats]:
    """What holding moves each point by, (T, 4, 3), and how firmly it is held, (T, 4): 1 within spans, then fading."""
    frames = np.arange(len(points))
    fade = max(1.0, _FADE * fps)
    total = np.zeros(points.shape)
    weights = np.zeros(points.shape[:2])
    for span, anchor in zip(spans, anchors, strict=True):
        nearest = np.clip(frames, span.start, span.stop - 1)
        t = np.clip(1.0 - np.abs(frames - nearest) / (fade + 1.0), 0.0, 1.0)
        weight = t * t * (3.0 - 2.0 * t)
        path = np.broadcast_to(anchor, (span.stop - span.start, 3))  # a place, or one for every frame
        total[:, span.point] += weight[:, None] * (path[nearest - span.start] - points[nearest, span.point])
        weights[:, span.point] += weight
    for span, anchor in zip(spans, anchors, strict=True):  # neighbouring spans' fading must not move a held point
        inside = slice(span.start, span.stop)
        total[inside, span.point] = anchor - points[inside, span.point]
        weights[inside, span.point] = 1.0
    crowded: Floats = np.maximum(weights, 1.0)
    return total / crowded[..., None], weights / crowded


def _lifted(ankles: Any, toes: Any) -> tuple[Floats, Floats]:
    """Both (T, 2, 3) over the floor. What lifts an ankle lifts its toe, so that the foot keeps its pitch."""
    up = np.maximum(_FLOOR - ankles[..., 1], 0.0)
    ankles, toes = ankles.copy(), toes.copy()
    ankles[..., 1] += up
    toes[..., 1] += up
    toes[..., 1] = np.maximum(toes[..., 1], _FLOOR)
    return ankles, toes


def _reach_limit(motion: Motion, hips: Floats) -> Floats:
    """(T, 2) metres that each ankle may be from its hip: just short of straight, or what the motion already had."""
    ankles = motion.joints[:, [JOINT["left_ankle"], JOINT["right_ankle"]]]
    lengths = np.linalg.norm(motion.offsets, axis=-1)
    whole = np.array([lengths[JOINT[f"{s}_knee"]] + lengths[JOINT[f"{s}_ankle"]] for s in ("left", "right")])
    now = np.linalg.norm(ankles - hips, axis=-1)
    limit: Floats = np.minimum(np.maximum(now, _STRETCH * whole), whole * (1.0 - 1e-7))
    return limit


def _lower_pelvis(motion: Motion, ankles: Floats) -> Motion:
    """Sink the pelvis, smoothly and by no more than a few centimetres, where a leg is too short for its ankle."""
    hips = motion.joints[:, [JOINT["left_hip"], JOINT["right_hip"]]]  # (T, 2, 3)
    away = hips - ankles
    flat = np.sum(away[..., [0, 2]] ** 2, axis=-1)
    limit = _reach_limit(motion, hips)
    needed = away[..., 1] - np.sqrt(np.maximum(limit**2 - flat, 0.0))
    reach = (flat < limit**2) & (needed > 0)
    drop = np.where(reach, np.minimum(needed, _DEEPEST_DROP), 0.0).max(axis=1)  # (T,)
    if not drop.any():
        return motion
    return motion.shifted(_upwards(-_eased_over(drop, max(1, round(0.1 * motion.fps)))))


def _place_legs(motion: Motion, ankles: Floats, toes: Floats) -> Motion:
    """Bend both legs so that the ankles, and point the feet so that the toes, lie at their targets (T, 2, 3)."""
    local = motion.rotations.copy()
    world = motion.global_rotations
    limits = _reach_limit(motion, motion.joints[:, [JOINT["left_hip"], JOINT["right_hip"]]])
    for side, name in enumerate(("left", "right")):
        hip, knee, ankle, toe = (JOINT[f"{name}_{k}"] for k in ("hip", "knee", "ankle", "foot"))
        start, middle, end = (motion.joints[:, j] for j in (hip, knee, ankle))
        before = np.linalg.norm(ankles[:, side] - end, axis=-1)
        target = reachable(start, ankles[:, side], limits[:, side])
        turn = bend_limb(start, middle, end, target, rot.rotate(world[:, hip], np.array([1.0, 0.0, 0.0])))
        still = (before < 1e-9)[:, None]
        hip_world = rot.multiply(np.where(still, rot.IDENTITY, turn.upper), world[:, hip])
        knee_world = rot.multiply(np.where(still, rot.IDENTITY, turn.lower), world[:, knee])
        pointing = rot.rotate(world[:, ankle], motion.offsets[toe])
        wanted = _over_floor(
            toes[:, side] - ankles[:, side], turn.end[:, 1], float(np.linalg.norm(motion.offsets[toe]))
        )
        ankle_world = rot.multiply(rot.between(pointing, wanted), world[:, ankle])
        local[:, hip] = rot.multiply(rot.conjugate(world[:, PARENTS[hip]]), hip_world)
        local[:, knee] = rot.multiply(rot.conjugate(hip_world), knee_world)
        local[:, ankle] = rot.multiply(rot.conjugate(knee_world), ankle_world)
    return replace(motion, rotations=rot.unflip(rot.normalize(local)))


def _over_floor(direction: Floats, height: Floats, length: float) -> Floats:
    """Directions (T, 3) raised where `length` metres along them, from `height` (T,), end under the floor."""
    unit = rot.normalize(direction)
    rise = np.maximum(unit[:, 1], np.clip((_FLOOR - height) / length, -1.0, 1.0))
    flat = np.linalg.norm(unit[:, [0, 2]], axis=-1)
    scale = np.sqrt(1.0 - rise**2) / np.maximum(flat, 1e-9)
    return np.stack([unit[:, 0] * scale, rise, unit[:, 2] * scale], axis=-1)


def _above_floor(motion: Motion) -> Motion:
    """Raise the whole body, smoothly, where a joint other than the feet's is under the floor."""
    others = [j for j in range(len(PARENTS)) if j not in CONTACT_JOINTS]
    depth = np.maximum(_FLOOR - motion.joints[:, others, 1].min(axis=1), 0.0)
    if not depth.any():
        return motion
    return motion.shifted(_upwards(_eased_over(depth, max(1, round(0.15 * motion.fps)))))


def bend_toes(motion: Motion, tips: tuple[Floats, Floats] = (_TIPS, _TIPS)) -> Motion:
    """The motion with toes turned up where their tips would enter the floor: what a foot does when it pushes off, and
    what the clips of mocap suits with one bone a foot leave out.

    tips: for the left and the right foot (K, 3) metres from the toe joint in the T-pose.
    """
    rotations = motion.rotations.copy()
    for side, own in zip(("left", "right"), tips, strict=True):
        ankle, toe = JOINT[f"{side}_ankle"], JOINT[f"{side}_foot"]
        if not len(own):
            continue
        world = motion.global_rotations[:, toe]
        length = np.maximum(np.linalg.norm(own, axis=-1), 1e-9)  # (K,)
        pitch = np.arcsin(np.clip(rot.rotate(world[:, None], own)[..., 1] / length, -1.0, 1.0))  # (T, K)
        height = np.maximum(motion.joints[:, toe, 1], 0.0)[:, None]
        least = np.arcsin(np.clip(-height / length, -1.0, 0.0))
        # At rest a tip lies as low as it may: there a toe joint that is low itself bends nothing.
        least = np.minimum(least, np.arcsin(np.clip(own[:, 1] / length, -1.0, 1.0)))
        # About the toes' own hinge, and only as far as toes bend: the more the sole faces the floor, the more it helps.
        faces_floor = np.clip(rot.rotate(world, np.array([0.0, 1.0, 0.0]))[:, 1] / 0.2, 0.0, 1.0)
        bend = np.clip((least - pitch).max(axis=1), 0.0, _MOST_BENT) * faces_floor
        turned = rot.multiply(world, rot.from_axis_angle((-1.0, 0.0, 0.0), bend))
        rotations[:, toe] = rot.multiply(rot.conjugate(motion.global_rotations[:, ankle]), turned)
    return replace(motion, rotations=rot.unflip(rotations))


def lift_feet(motion: Motion, depths: Floats) -> Motion:
    """Both feet raised by depths (T, 2), what is under the floor of them.

    The body rises, smoothly, with a foot that stands and, where none does, with both; a foot in the air rides along.
    The legs do the rest.
    """
    if not depths.any():
        return motion
    standing = np.maximum(motion.contacts[:, [0, 2]], motion.contacts[:, [1, 3]]) > 0.5  # (T, 2)
    in_air = np.minimum(depths.max(axis=1), _HIGHEST_HOP)
    needed = np.where(standing.any(axis=1), (depths * standing).max(axis=1), in_air)
    rise = _eased_over(needed, max(1, round(0.1 * motion.fps)))
    free = 1.0 - _smoothed(standing.astype(float), max(1, round(0.1 * motion.fps)))
    points = motion.joints[:, CONTACT_JOINTS].copy()
    points[..., 1] += np.repeat(depths + free * np.maximum(rise[:, None] - depths, 0.0), 2, axis=1)
    return _place_legs(motion.shifted(_upwards(rise)), points[:, [0, 2]], points[:, [1, 3]])


def _upwards(values: Floats) -> Floats:
    """(T,) metres as (T, 3)."""
    return np.stack([np.zeros_like(values), values, np.zeros_like(values)], axis=-1)


def _eased_over(values: Floats, half: int) -> Floats:
    """A smooth curve (T,) that is nowhere less than the values: every mean is over maxima that include the value."""
    highest = np.lib.stride_tricks.sliding_window_view(np.pad(values, half, mode="edge"), 2 * half + 1).max(axis=1)
    return _smoothed(highest, 2 * half + 1)
