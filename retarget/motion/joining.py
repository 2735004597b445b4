"""Joining generated motion to an existing motion: without a jump, and on the existing motion's body."""

from dataclasses import replace

import numpy as np

from ..typing import Floats
from . import Motion
from . import rotations as rot
from .skeleton import LEG_LENGTH, PARENTS, REST_OFFSETS, leg_length
from .smoothing import spread_jumps, steadied

HALF_LIFE = 0.18
"""Seconds in which what is left of a difference at a join halves."""
_FLOOR_SECONDS = 4.0
_SUNK, _HOVERING = -0.04, 0.12
"""Metres beyond which the lowest joint of a motion says that its floor is not at height 0."""
_GROUND = np.array([1.0, 0.0, 1.0])


def on_canonical_body(motion: Motion) -> Motion:
    """The same rotations on the canonical body; the path is scaled by leg length."""
    scale = LEG_LENGTH / max(leg_length(motion.offsets), 1e-6)
    return replace(motion, offsets=REST_OFFSETS, root_position=motion.root_position * scale)


def on_body_of(motion: Motion, body: Motion) -> Motion:
    """A motion of the canonical body, on the body of another motion: the inverse of `on_canonical_body`."""
    scale = leg_length(body.offsets) / LEG_LENGTH
    return replace(motion, offsets=body.offsets, root_position=motion.root_position * scale)


def standing_on_canonical_body(motion: Motion) -> Motion:
    """`on_canonical_body`, with feet as high over the floor as they are: bodies differ between hip and pelvis, and
    between ankle and toe, too."""
    scale = LEG_LENGTH / max(leg_length(motion.offsets), 1e-6)
    other = on_canonical_body(motion)
    return other.shifted(
        np.array([0.0, _standing_height(REST_OFFSETS) - scale * _standing_height(motion.offsets), 0.0])
    )


def standing_on_body_of(motion: Motion, body: Motion) -> Motion:
    """A motion of the canonical body, on the body of another motion: the inverse of `standing_on_canonical_body`."""
    scale = leg_length(body.offsets) / LEG_LENGTH
    other = on_body_of(motion, body)
    return other.shifted(np.array([0.0, _standing_height(body.offsets) - scale * _standing_height(REST_OFFSETS), 0.0]))


def _standing_height(offsets: Floats) -> float:
    """Metres from the lowest joint of a body in its T-pose up to the pelvis. offsets: (22, 3)."""
    heights = np.zeros(len(offsets))
    for joint, parent in enumerate(PARENTS[1:], 1):
        heights[joint] = heights[parent] + offsets[joint, 1]
    return float(-heights.min())


def ending(motion: Motion, fps: float, frames: int) -> Motion:
    """The last `frames` frames of a motion at another rate, exactly up to its last frame; a motion that is shorter
    starts with its first pose, held.

    >>> path = np.linspace((0.0, 0.9, 0.0), (0.0, 0.9, 1.0), 11)
    >>> motion = Motion(np.tile(rot.IDENTITY, (11, 22, 1)), path, 10.0, np.zeros((11, 4)))
    >>> ending(motion, 4.0, 3).root_position[:, 2].round(6).tolist()
    [0.5, 0.75, 1.0]
    """
    times = len(motion) - 1.0 - np.arange(frames)[::-1] * (motion.fps / fps)
    return motion.sampled(np.maximum(times, 0.0), fps)


def floor_height(motion: Motion) -> float:
    """Metres: the height of the floor under the last seconds of a motion: 0, unless it hovers or sinks for all of them,
    as on a platform."""
    lowest = float(motion.joints[-round(_FLOOR_SECONDS * motion.fps) :, :, 1].min())
    return 0.0 if _SUNK < lowest < _HOVERING else lowest


def placed_at(motion: Motion, frame: int, pose: Motion, pose_frame: int) -> Motion:
    """The motion turned about the vertical and moved over the floor until its pelvis at `frame` is where that of `pose`
    is at `pose_frame`, facing the same way."""
    turn = rot.multiply(rot.yaw(pose.rotations[pose_frame, 0]), rot.conjugate(rot.yaw(motion.rotations[frame, 0])))
    start = rot.rotate(turn, motion.root_position[frame])
    move = (pose.root_position[pose_frame] - start) * _GROUND
    return motion.placed(move, turn)


def appended(motion: Motion, more: Motion, at: int = 0) -> Motion:
    """`motion` followed by `more` from frame `at` on, which coincides with the last frame of `motion` and is not
    repeated.

    Both have the same rate and body. `more` starts where `motion` ends, with its pose and its velocity: the differences
    there decay by HALF_LIFE, as those of a critically damped spring (Bollo 2018, Inertialization; Holden 2023,
    Spring-It-On). Over the floor only the difference in speed decays, so that nobody who is moving slides back.
    at: frames of `more` before it, if there are any, give its velocity.

    >>> tpose, path = np.tile(rot.IDENTITY, (20, 22, 1)), np.linspace((0.0, 0.9, 0.0), (0.0, 0.9, 1.9), 20)
    >>> walk = Motion(tpose, path, 20.0, np.zeros((20, 4)))
    >>> longer = appended(walk, walk)
    >>> len(longer), longer.root_position[-1].round(6).tolist()
    (39, [0.0, 0.9, 3.8])
    """
    more = placed_at(more, at, motion, len(motion) - 1)
    joined = _eased(more.slice(at, len(more)), motion, _velocity(motion, len(motion) - 1), _velocity(more, at))
    return replace(
        motion,
        rotations=rot.unflip(rot.normalize(np.concatenate([motion.rotations, joined.rotations[1:]]))),
        root_position=np.concatenate([motion.root_position, joined.root_position[1:]]),
        contacts=np.concatenate([motion.contacts, joined.contacts[1:]]),
    )


def led_into(motion: Motion, following: Motion) -> Motion:
    """`motion` with its end eased into the pose and velocity of `following`, whose frame 0 is its last frame.

    `following` must be placed already: it starts with its pelvis over that of the last frame of `motion`.
    """
    back, goal = motion.at(np.s_[::-1]), following.at(np.s_[::-1])
    eased = _eased(back, goal, _velocity(goal, len(goal) - 1), _velocity(back, 0), slides_back=True)
    return replace(eased.at(np.s_[::-1]), contacts=motion.contacts)


def _velocity(motion: Motion, frame: int) -> tuple[Floats, Floats]:
    """Of the joints' rotations (22, 3), radians a second in the parent's axes, and of the root (3,): from the frame
    before, or, where there is none, to the next one."""
    start = max(frame - 1, 0)
    stop = min(start + 1, len(motion) - 1)
    turn = rot.multiply(motion.rotations[stop], rot.conjugate(motion.rotations[start]))
    moved = motion.root_position[stop] - motion.root_position[start]
    return rot.to_rotation_vector(turn) * motion.fps, moved * motion.fps


def _eased(
    more: Motion,
    end: Motion,
    speed: tuple[Floats, Floats],
    own: tuple[Floats, Floats],
    slides_back: bool = False,
) -> Motion:
    """`more` started with the last pose of `end` and with that velocity instead of its own.

    slides_back: whether the place over the floor eases back to that of `more`, too.
    """
    time = np.arange(len(more)) / more.fps
    rate = 2.0 * np.log(2.0) / HALF_LIFE
    fading = np.exp(-rate * time)
    still, moving = (1.0 + rate * time) * fading, time * fading  # from 1 at rest; from 0 at speed 1
    ground = _GROUND * (not slides_back)
    # Where the place is not made up for, what is left of the speed adds up.
    drift = (1.0 - fading) / rate

    gap = rot.to_rotation_vector(rot.multiply(end.rotations[-1], rot.conjugate(more.rotations[0])))  # (22, 3)
    faster = speed[0] - own[0]
    turns = gap * still[:, None, None] + faster * moving[:, None, None]
    move = end.root_position[-1] - more.root_position[0]
    pushed = speed[1] - own[1]
    lifted = move * still[:, None] + pushed * moving[:, None]
    shift = lifted * (1.0 - ground) + (move + pushed * drift[:, None]) * ground
    return replace(
        more,
        rotations=rot.normalize(rot.multiply(rot.from_rotation_vector(turns), more.rotations)),
        root_position=more.root_position + shift,
    )


def with_smooth_edges(motion: Motion, length: int) -> Motion:
    """A motion that was put together from pieces of `length` frames, whose joints neither jump where two meet nor
    tremble."""
    edges = np.arange(length - 1, len(motion), length)
    spread = rot.unflip(spread_jumps(motion.rotations, edges))
    return replace(motion, rotations=rot.normalize(steadied(spread)), root_position=steadied(motion.root_position))
