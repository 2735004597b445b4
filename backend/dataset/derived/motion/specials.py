"""Movements that no recording shows: stairs, the moonwalk, hopping on one leg."""

import itertools

import numpy as np

from .....retarget.motion import Motion
from .....retarget.motion.feet.contacts import Span
from .....retarget.motion.feet.footing import feet_of, set_down
from .....retarget.motion.smoothing import moving_mean, smoothstep
from .....retarget.motion.travel.track import Track
from .....retarget.typing import Floats, Ints
from .layers import arms_held, tilted, turned
from .manners import swing_phases

_RISER, _TREAD = 0.17, 0.29  # metres: a usual stair
_GRAVITY = 9.81


def on_stairs(track: Track, up: bool) -> Track:
    """A steady walk up or down stairs, one foot a stair, from the floor or down to it."""
    swing, order = swing_phases(track), _landings(track)
    count = 1 + max(rank for _, _, rank in order)
    scale = _TREAD * max(count - 1, 1) / max(track.distance, 0.1)
    heights, lift = np.zeros((len(track), 2)), np.zeros((len(track), 2))
    for side in (0, 1):
        own = [(*span, rank) for foot, span, rank in order if foot == side]
        if own:
            heights[:, side] = _climb(own, len(track), up)
            lift[:, side] = (0.06 if up else 0.03) * np.sin(np.pi * swing[:, side]) ** 2
    if not up:
        heights = count - 1 - heights
    heights *= _RISER
    pelvis = moving_mean(heights.mean(axis=1), round(0.5 * track.motion.fps)) - 0.04
    back = np.zeros((len(track), 3))
    back[:, 2] = (scale - 1.0) * track.travelled
    feet = feet_of(track.motion) + back[:, None]
    feet[..., 1] += np.repeat(heights + lift, 2, axis=1)
    body = tilted(track.motion, 7.0 if up else 2.0, 0.0, head=0.3)
    raised = np.stack([0.0 * pelvis, pelvis, 0.0 * pelvis], axis=-1)
    motion = set_down(body.shifted(back + raised), track.steps, feet)
    return Track(motion, track.travelled * scale, tuple(track.steps))


def _landings(track: Track) -> list[tuple[int, tuple[int, int], int]]:
    """(side, frames from landing to take-off, rank among all landings) of every step, in order."""
    found = []
    for side, phases in enumerate(swing_phases(track).T):
        on = np.concatenate([[False], phases == 0, [False]]).astype(int)
        found += [(side, (a, b)) for a, b in np.flatnonzero(np.diff(on)).reshape(-1, 2).tolist() if b - a > 2]
    found.sort(key=lambda step: step[1][0] + step[1][1])
    return [(side, span, rank) for rank, (side, span) in enumerate(found)]


def _climb(own: list[tuple[int, int, int]], frames: int, up: bool) -> Floats:
    """(frames,) which stair one foot is at: constant while it stands, and early (up) or late (down) in its swing."""
    out = np.full(frames, float(own[0][2]))
    for (_, stop, rank), (start, _, following) in itertools.pairwise(own):
        share = (np.arange(max(start - stop, 0)) + 1.0) / (max(start - stop, 0) + 1.0)
        shaped = smoothstep(share / 0.7) if up else smoothstep((share - 0.3) / 0.7)
        out[stop:start] = rank + (following - rank) * shaped
        out[start:] = following
    return out


def _posed(pose: Motion, frames: int) -> Motion:
    """The first frame of a standing clip, facing +Z over the origin, held."""
    return pose.slice(0, 1).centered().held(frames - 1)


def moonwalk(pose: Motion, seconds: float, stride: float, rng: np.random.Generator) -> Motion:
    """Gliding backwards: one foot stands on its toes while the other slides back flat, then they change."""
    half = round(rng.uniform(0.55, 0.75) * pose.fps)
    frames = max(2, round(seconds * pose.fps / half)) * half + 1
    body = _posed(pose, frames)
    feet = feet_of(body)
    time = np.arange(frames)
    beat, phase = time // half, (time % half) / half
    middle = feet[0, :, 2].mean()
    steps: list[Span] = []
    for side in (0, 1):
        points = slice(2 * side, 2 * side + 2)
        stands = beat % 2 == side  # on its toes; the other half of the time it slides
        # In every beat the body goes back by one stride; a foot slides back by two, or stands.
        slid = np.where(stands, beat, beat - 1 + 2 * smoothstep(phase))
        feet[:, points, 2] += middle - feet[0, points, 2].mean() - stride * slid[:, None]
        up = np.where(stands, smoothstep(phase / 0.25) * smoothstep((1 - phase) / 0.25), 0.0)
        feet[:, 2 * side, 1] += 0.1 * up
        feet[:, 2 * side, 2] += 0.03 * up
        steps += [Span(2 * side + 1, b * half, min((b + 1) * half, frames)) for b in range(side, frames // half, 2)]
    shift = np.zeros((frames, 3))
    shift[:, 2] = stride * (0.5 - time / half)
    shift[:, 1] = -0.06
    shift[:, 0] = moving_mean(np.where(beat % 2 == 0, 0.03, -0.03), half)
    body = turned(tilted(body.shifted(shift), 5.0, 0.0), "head", "y", 3.0 * np.sin(np.pi * time / half))
    return set_down(body, steps, feet)


def hopping(pose: Motion, side: int, hops: int, length: float, rng: np.random.Generator) -> Motion:
    """Hopping on the left (0) or right (1) leg, each hop that many metres long; the other foot is held up behind."""
    fps = pose.fps
    ground, flight = round(rng.uniform(0.24, 0.32) * fps), round(rng.uniform(0.26, 0.34) * fps)
    period, rest = ground + flight, round(0.3 * fps)
    frames = rest + hops * period + ground + rest
    body = _posed(pose, frames)
    feet = feet_of(body)
    time = np.arange(frames) - rest
    hop, within = np.clip(time // period, 0, hops), time - np.clip(time // period, 0, hops) * period
    air = np.clip((within - ground) / flight, 0.0, 1.0) * (hop < hops).astype(float)
    apex = _GRAVITY * (flight / fps) ** 2 / 8.0
    height = 4.0 * apex * air * (1.0 - air)
    crouch = _landing(
        hop,
        np.clip(within / ground, 0.0, 1.0) * (time >= 0).astype(float),
        hops,
        _GRAVITY * flight * ground / (2 * fps**2),
    )
    places = (hop + smoothstep(air)) * length
    own, other = slice(2 * side, 2 * side + 2), slice(2 - 2 * side, 4 - 2 * side)
    over = 0.75 * feet[0, own, 0].mean()
    feet[:, own, 1] += height[:, None]
    feet[:, own, 2] += places[:, None]
    up = smoothstep((np.arange(frames) + 1.0) / rest)[:, None]
    glide = moving_mean(places, period)
    held = feet[:, other].copy()
    held[..., 1] += 0.3 * up + (height - crouch)[:, None]
    held[..., 2] += glide[:, None] - 0.22 * up
    held[:, 0, 1] += 0.1 * up[:, 0]
    held[..., 0] += 0.6 * over * up
    feet[:, other] = held
    shift = np.stack([over * up[:, 0], height - crouch - 0.03, glide], axis=-1)
    swing = 10.0 * moving_mean(height / apex, 5)
    body = tilted(arms_held(body.shifted(shift), (0.55, -0.8, 0.1), (0.35, -0.5, 0.75), 0.7), 8.0 - 0.4 * swing)
    return set_down(body, _stances(air, side), feet)


def _landing(hop: Ints, share: Floats, hops: int, slope: float) -> Floats:
    """(T,) metres by which the hip is lowered on the floor. It falls in as fast as it fell through the air and leaves
    as fast (slope: metres per stance); the first stance begins, and the last ends, at rest."""
    depth = slope / np.pi
    begins, ends = (hop == 0) & (share < 0.5), (hop == hops) & (share > 0.5)
    return np.asarray(depth * np.where(begins | ends, np.sin(np.pi * share) ** 2, np.sin(np.pi * share)))


def _stances(air: Floats, side: int) -> list[Span]:
    """The spans in which the hopping foot is on the floor."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (air == 0).astype(int), [0]]))).reshape(-1, 2)
    return [Span(2 * side + point, int(a), int(b)) for point in (0, 1) for a, b in edges if b - a > 2]
