"""Joining generated motion to an existing motion: without a jump, and on the existing motion's body."""

from dataclasses import replace

import numpy as np

from . import Motion
from . import rotations as rot
from .skeleton import LEG_LENGTH, REST_OFFSETS, leg_length
from .smoothing import smoothstep

JOIN_SECONDS = 0.5


def on_canonical_body(motion: Motion) -> Motion:
    """The same rotations on the canonical body; the path is scaled by leg length."""
    scale = LEG_LENGTH / max(leg_length(motion.offsets), 1e-6)
    return replace(motion, offsets=REST_OFFSETS, root_position=motion.root_position * scale)


def on_body_of(motion: Motion, body: Motion) -> Motion:
    """A motion of the canonical body, on the body of another motion: the inverse of `on_canonical_body`."""
    scale = leg_length(body.offsets) / LEG_LENGTH
    return replace(motion, offsets=body.offsets, root_position=motion.root_position * scale)


def placed_at(motion: Motion, frame: int, pose: Motion, pose_frame: int) -> Motion:
    """The motion turned about the vertical and moved over the floor until its pelvis at `frame` is where that of `pose`
    is at `pose_frame`, facing the same way."""
    turn = rot.multiply(rot.yaw(pose.rotations[pose_frame, 0]), rot.conjugate(rot.yaw(motion.rotations[frame, 0])))
    start = rot.rotate(turn, motion.root_position[frame])
    move = (pose.root_position[pose_frame] - start) * [1.0, 0.0, 1.0]
    return motion.placed(move, turn)


def appended(motion: Motion, more: Motion) -> Motion:
    """`motion` followed by `more`, whose frame 0 coincides with the last frame of `motion` and is not repeated.

    Both have the same rate and body. `more` starts where `motion` ends, and the difference between the two poses there
    fades out over JOIN_SECONDS.

    >>> tpose, path = np.tile(rot.IDENTITY, (20, 22, 1)), np.linspace((0.0, 0.9, 0.0), (0.0, 0.9, 1.9), 20)
    >>> walk = Motion(tpose, path, 20.0, np.zeros((20, 4)))
    >>> longer = appended(walk, walk)
    >>> len(longer), longer.root_position[-1].round(6).tolist()
    (39, [0.0, 0.9, 3.8])
    """
    more = placed_at(more, 0, motion, len(motion) - 1)
    fade = smoothstep(1.0 - np.arange(len(more)) / more.fps / JOIN_SECONDS)
    turn = rot.multiply(motion.rotations[-1], rot.conjugate(more.rotations[0]))  # (22, 4)
    turns = rot.slerp(np.tile(rot.IDENTITY, (len(more), 22, 1)), np.tile(turn, (len(more), 1, 1)), fade[:, None])
    move = motion.root_position[-1] - more.root_position[0]
    rotations = rot.multiply(turns, more.rotations)[1:]
    root = (more.root_position + move * fade[:, None])[1:]
    return replace(
        motion,
        rotations=rot.unflip(rot.normalize(np.concatenate([motion.rotations, rotations]))),
        root_position=np.concatenate([motion.root_position, root]),
        contacts=np.concatenate([motion.contacts, more.contacts[1:]]),
    )
