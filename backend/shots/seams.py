"""Where two blocks meet: the second placed after the first, and the frames that lead from the one into the other."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ...retarget.motion import Motion
from ...retarget.motion import rotations as rot
from ...retarget.motion.feet import followed_by
from ...retarget.motion.skeleton import CONTACT_JOINTS
from ...retarget.motion.travel.steering import Course, led_to
from ...retarget.typing import Floats, Ints

Fill = Callable[[Motion, Ints], Motion]
"""A motion and the frames (K,) to keep -> the same motion with the others made by the transition model."""

SHORTEST, LONGEST = 0.3, 0.9  # seconds of a gap
_FEET_SPEED = 1.2  # m/s at which a foot gets from where it stands to where the next action has it
_STAYS = 0.35  # metres: a motion with a shorter path does not travel
_GROUND = np.array([1.0, 0.0, 1.0])


def gap_seconds(before: Motion, after: Motion) -> float:
    """How long it takes to get from the last pose of one motion to the first of another."""
    apart = _feet(before, -1) - _feet(after, 0)
    lower = abs(float(before.root_position[-1, 1] - after.root_position[0, 1]))
    faster = np.linalg.norm(velocity(before, -1) @ _turn(before, -1) - velocity(after, 0) @ _turn(after, 0))
    longest = max(float(rot.length(apart).max()) / _FEET_SPEED, lower / 0.8, float(faster) / 4.0)
    return float(np.clip(SHORTEST + longest, SHORTEST, LONGEST))


def _feet(motion: Motion, frame: int) -> Floats:
    """(4, 3) heels and toes about the pelvis' place, in the body's own heading."""
    away = motion.joints[frame, CONTACT_JOINTS] - motion.root_position[frame] * _GROUND
    return np.asarray(away @ _turn(motion, frame))


def _turn(motion: Motion, frame: int) -> Floats:
    """(3, 3) that takes row vectors of the world into the body's own heading."""
    yaw = rot.conjugate(rot.yaw(motion.rotations[frame, 0]))
    return np.stack([rot.rotate(yaw, axis) for axis in np.eye(3)])


def velocity(motion: Motion, frame: int) -> Floats:
    """(3,) m/s of the pelvis over the floor at the first (0) or last (-1) frame, over a tenth of a second."""
    reach = min(max(1, round(0.1 * motion.fps)), len(motion) - 1)
    if reach == 0:
        return np.zeros(3)
    ends = (0, reach) if frame == 0 else (-1 - reach, -1)
    moved = motion.root_position[ends[1]] - motion.root_position[ends[0]]
    return np.asarray(moved * _GROUND * (motion.fps / reach))


def placed_after(before: Motion, after: Motion, gap: int) -> Motion:
    """`after` turned and moved so that it goes on `gap` frames after the end of `before`: facing as that does, and as
    far on as the mean of the two speeds takes it meanwhile. For feet that stand in both, they stand in one place."""
    turn = facing_at(before, -1) - facing_at(after, 0)
    after = after.placed(np.zeros(3), rot.from_axis_angle(np.array([0.0, 1.0, 0.0]), turn))
    speeds = velocity(before, -1), velocity(after, 0)
    ahead = 0.5 * (speeds[0] + speeds[1]) * ((gap + 1) / before.fps)
    standing = max(float(np.linalg.norm(v)) for v in speeds) < 0.25
    base = _base if standing else _pelvis
    move = base(before, -1) + (0.0 if standing else 1.0) * ahead - base(after, 0)
    return after.placed(move * _GROUND, rot.IDENTITY)


def facing_at(motion: Motion, frame: int) -> float:
    """Radians that the pelvis faces at the first (0) or last (-1) frame, without the sway of the steps."""
    facing = Course.of(motion.slice(*_end(motion, frame, 0.5))).facing
    return float(facing.mean())


def _end(motion: Motion, frame: int, seconds: float) -> tuple[int, int]:
    """Frames from, to of the first (0) or last (-1) seconds."""
    count = min(len(motion), max(1, round(seconds * motion.fps)))
    return (0, count) if frame == 0 else (len(motion) - count, len(motion))


def _pelvis(motion: Motion, frame: int) -> Floats:
    return np.asarray(motion.root_position[frame])


def _base(motion: Motion, frame: int) -> Floats:
    """The middle (3,) of the feet, or of a low body the pelvis."""
    low = motion.root_position[frame, 1] < 0.4
    return _pelvis(motion, frame) if low else np.asarray(motion.joints[frame, CONTACT_JOINTS].mean(axis=0))


def bridged(before: Motion, after: Motion, gap: int, fill: Fill | None) -> Motion:
    """Both, with `gap` frames between them; `after` lies where it is to go on. Without a transition model, `after`
    starts at once and is eased in, after its first pose is held for the gap."""
    if fill is None:
        held = after.at(np.maximum(np.arange(len(after) + gap + 1) - gap - 1, 0))
        return followed_by(before, held)
    between = before.slice(len(before) - 1, len(before)).held(gap - 1)
    scene = concatenated(before, between, after)
    keep = np.concatenate([np.arange(len(before)), np.arange(len(before) + gap, len(scene))])
    return fill(scene, keep)


def concatenated(*motions: Motion) -> Motion:
    """Motions of one rate and body end to end, as they are."""
    return replace(
        motions[0],
        rotations=np.concatenate([m.rotations for m in motions]),
        root_position=np.concatenate([m.root_position for m in motions]),
        contacts=np.concatenate([m.contacts for m in motions]),
    )


def led_into(content: Motion, after: Motion, gap: int) -> tuple[Motion, int]:
    """A block's motion without its last frames, led to where `after` goes on, and how many frames it gives up: `gap`,
    or more where one that does not travel has to get somewhere else, for the transition model to walk there."""
    fps = content.fps
    away = (after.root_position[0] - content.root_position[-1]) * _GROUND
    travels = Course.of(content).distance
    if travels < _STAYS and np.linalg.norm(away) > _STAYS:
        needed = round(float(np.linalg.norm(away)) / _FEET_SPEED * fps)
        gap = max(gap, min(needed, len(content) - round(SHORTEST * fps)))
    rest = content.slice(0, len(content) - gap)
    if travels < _STAYS:
        return rest, gap
    ahead = 0.5 * (velocity(rest, -1) + velocity(after, 0)) * ((gap + 1) / fps)
    return led_to(rest, after.root_position[0] - ahead, facing_at(after, 0)), gap
