"""Putting generated motion to given motion: smooth joins, and the body that came in."""

from dataclasses import replace

import numpy as np

from . import Motion
from . import rotations as rot
from .skeleton import LEG_LENGTH, REST_OFFSETS, leg_length

JOIN_SECONDS = 0.5


def on_canonical_body(motion: Motion) -> Motion:
    """The same rotations on the canonical body; the path is scaled by leg length."""
    scale = LEG_LENGTH / max(leg_length(motion.offsets), 1e-6)
    return replace(motion, offsets=REST_OFFSETS, root_position=motion.root_position * scale)


def on_body_of(motion: Motion, body: Motion) -> Motion:
    """The inverse of `on_canonical_body`."""
    scale = leg_length(body.offsets) / LEG_LENGTH
    return replace(motion, offsets=body.offsets, root_position=motion.root_position * scale)


def placed_at(motion: Motion, frame: int, pose: Motion, pose_frame: int) -> Motion:
    """The motion turned about the vertical and moved so that the pelvis of `frame` stands and faces as `pose`'s."""
    turn = rot.multiply(rot.yaw(pose.rotations[pose_frame, 0]), rot.conjugate(rot.yaw(motion.rotations[frame, 0])))
    start = rot.rotate(turn, motion.root_position[frame])
    move = (pose.root_position[pose_frame] - start) * [1.0, 0.0, 1.0]
    return motion.placed(move, turn)


def appended(motion: Motion, more: Motion) -> Motion:
    """`motion` followed by `more`, whose frame 0 stands for the last frame of `motion` and is not repeated.

    Both have the same rate and body. `more` is placed there, and what its first pose lacks fades within JOIN_SECONDS.
    """
    more = placed_at(more, 0, motion, len(motion) - 1)
    seconds = np.arange(len(more)) / more.fps
    fade = np.clip(1.0 - seconds / JOIN_SECONDS, 0.0, 1.0)
    fade = fade * fade * (3.0 - 2.0 * fade)
    turn = rot.multiply(motion.rotations[-1], rot.conjugate(more.rotations[0]))  # (22, 4)
    turns = rot.slerp(np.tile(rot.IDENTITY, (len(more), 22, 1)), np.tile(turn, (len(more), 1, 1)), fade[:, None])
    move = motion.root_position[-1] - more.root_position[0]
    rotations = rot.multiply(turns, more.rotations)[1:]
    root = (more.root_position + move * fade[:, None])[1:]
    joined = np.concatenate([motion.rotations, rotations])
    return replace(
        motion,
        rotations=rot.unflip(rot.normalize(joined)),
        root_position=np.concatenate([motion.root_position, root]),
        contacts=np.concatenate([motion.contacts, more.contacts[1:]]),
    )
