"""Putting generated motion to given motion: exact keys, smooth joins, and the body and rate that came in."""

from dataclasses import replace

import numpy as np

from retarget import Motion
from retarget import rotations as rot
from retarget.motion import Array
from retarget.skeleton import LEG_LENGTH, REST_OFFSETS, leg_length

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


def pinned(motion: Motion, target: Motion, keep: Array) -> Motion:
    """The motion with the frames `keep` exactly as in `target`; what they lack is spread over the frames between.

    Both have the same frames and rate. Before the first and after the last kept frame its correction holds.
    """
    keep = np.unique(np.asarray(keep, int))
    frames = np.arange(len(motion))
    turns = rot.multiply(target.rotations[keep], rot.conjugate(motion.rotations[keep]))  # (K, 22, 4)
    moves = target.root_position[keep] - motion.root_position[keep]  # (K, 3)
    right = np.clip(np.searchsorted(keep, frames), 0, len(keep) - 1)
    left = np.where(keep[right] <= frames, right, np.maximum(right - 1, 0))
    gap = np.maximum(keep[right] - keep[left], 1)
    t = np.clip((frames - keep[left]) / gap, 0.0, 1.0)
    t = t * t * (3.0 - 2.0 * t)
    turn = rot.slerp(turns[left], turns[right], t[:, None])
    move = moves[left] + (moves[right] - moves[left]) * t[:, None]
    rotations = rot.normalize(rot.multiply(turn, motion.rotations))
    root = motion.root_position + move
    rotations[keep], root[keep] = target.rotations[keep], target.root_position[keep]
    contacts = motion.contacts.copy()
    contacts[keep] = target.contacts[keep]
    return replace(motion, rotations=rot.unflip(rotations), root_position=root, contacts=contacts)


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
