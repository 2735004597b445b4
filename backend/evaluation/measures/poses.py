"""How well given poses are kept and given motion is completed: Recon, Vel, Dist, ADE, FDE; and what turns of head and
hands become, which no joint's place shows.

Recon, Vel and Dist are those of the LoRA MotionGPT (Zhang et al. 2023, section 4.1), whose text leaves units open; here
poses are joints (T, 22, 3) in metres, each over the origin in its own heading (`local_poses`), as its features are.
ADE and FDE are those of the T5 MotionGPT (Jiang et al. 2023) and of trajectory prediction before it.
"""

import numpy as np

from ....retarget.motion import Motion
from ....retarget.motion import rotations as rot
from ....retarget.motion.skeleton import JOINT
from ....retarget.typing import Floats
from ...features import heading_of


def local_poses(motion: Motion) -> Floats:
    """Joints (T, 22, 3) of every frame with the pelvis over the origin and the body facing +Z; heights stay."""
    joints = motion.joints - motion.root_position[:, None] * np.array([1.0, 0.0, 1.0])
    out: Floats = rot.rotate(heading_of(motion)[:, None], joints)
    return out


def head_turns(motion: Motion) -> Floats:
    """Rotation vectors (T, 3), degrees, of the head relative to the chest: about x it nods, about y it turns."""
    turns = motion.global_rotations
    return np.degrees(
        rot.to_rotation_vector(rot.multiply(rot.conjugate(turns[:, JOINT["spine3"]]), turns[:, JOINT["head"]]))
    )


def head_error(made: Motion, true: Motion) -> Floats:
    """Degrees (T,) that the head is turned wrongly relative to the chest."""
    a, b = (np.radians(head_turns(m)) for m in (made, true))
    return np.asarray(np.degrees(rot.angle_between(rot.from_rotation_vector(a), rot.from_rotation_vector(b))))


def head_turn_kept(made: Motion, true: Motion, least: float = 10.0) -> float | None:
    """How much of the head's turning is kept, 1 for all: the slope of the made angle over the true one, about the axis
    of the largest movement; None where the head turns by less than `least` degrees."""
    a, b = head_turns(made), head_turns(true)
    axis = int(np.argmax(np.ptp(b, axis=0)))
    if np.ptp(b[:, axis]) < least:
        return None
    true_angle = b[:, axis] - b[:, axis].mean()
    return float((a[:, axis] * true_angle).sum() / (true_angle**2).sum())


def hands_apart(motion: Motion) -> Floats:
    """Metres (T,) between the wrists."""
    return rot.length(motion.joints[:, JOINT["left_wrist"]] - motion.joints[:, JOINT["right_wrist"]])


def recon(made: Floats, given: Floats) -> float:
    """L2 loss of the given poses: squared distance of poses (K, 22, 3) summed over the joints, mean over the frames."""
    return float(((made - given) ** 2).sum(axis=(1, 2)).mean())


def vel(made: Floats, true: Floats) -> float:
    """L2 loss of velocity (metres a frame) over K + 1 poses: the given ones and their generated neighbour.

    made, true: (K + 1, 22, 3) of the generated and the real motion at the same frames.
    """
    return recon(np.diff(made, axis=0), np.diff(true, axis=0))


def dist(made: Floats, given: Floats) -> float:
    """Mean over key tokens (K, F, 22, 3) of the distance to the nearest F consecutive generated poses (T, 22, 3).

    Distances are Euclidean over all joints and frames of the token. Their place in the motion is not given, so any
    counts.
    """
    tokens, length = given.shape[:2]
    windows = np.stack([made[i : i + length] for i in range(len(made) - length + 1)])  # (places, F, 22, 3)
    away = np.linalg.norm(windows.reshape(1, len(windows), -1) - given.reshape(tokens, 1, -1), axis=-1)
    return float(away.min(axis=1).mean())


def ade(made: Floats, true: Floats) -> float:
    """Average displacement error: mean distance of joints (T, 22, 3) in the world over all generated frames, metres."""
    return float(np.linalg.norm(made - true, axis=-1).mean())


def fde(made: Floats, true: Floats) -> float:
    """Final displacement error: mean distance of the joints in the last frame, metres."""
    return float(np.linalg.norm(made[-1] - true[-1], axis=-1).mean())
