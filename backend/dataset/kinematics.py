"""Measurements on a motion's joints: distance and speed, turns, bows, raised and waving hands.

Lengths are in metres, angles in degrees unless noted, times in seconds; left is +X and ahead is +Z of the first frame's
facing.
"""

import numpy as np

from ...retarget.motion import Motion
from ...retarget.motion import rotations as rot
from ...retarget.motion.skeleton import JOINT
from ...retarget.typing import Float64s

RUN_SPEED = 1.9  # metres a second; walks in the clips rarely reach 1.6
BOW = 30.0
SWING_WIDTH = 0.05


def _height_over(motion: Motion, joint: str, other: str) -> Float64s:
    """(T,) how far a joint is above another."""
    return motion.joints[:, JOINT[joint], 1] - motion.joints[:, JOINT[other], 1]


def distance_ahead(motion: Motion) -> float:
    """From first to last frame along the first frame's facing."""
    m = motion.centered()
    return float(m.root_position[-1, 2] - m.root_position[0, 2])


def speed(motion: Motion) -> float:
    """Mean speed of the root over the floor, in metres a second."""
    steps = np.diff(motion.root_position[:, [0, 2]], axis=0)
    return float(np.linalg.norm(steps, axis=1).sum() / motion.duration)


def headings(motion: Motion) -> Float64s:
    """(T,) radians that the pelvis has turned to the left since the first frame, unwrapped."""
    ahead = rot.rotate(motion.global_rotations[:, 0], np.array([0.0, 0.0, 1.0]))
    angles = np.unwrap(np.arctan2(ahead[:, 0], ahead[:, 2]))
    since: Float64s = angles - angles[0]
    return since


def turned(motion: Motion) -> float:
    """Net turn to the left over the whole motion, degrees."""
    return float(np.degrees(headings(motion)[-1]))


def bent(motion: Motion) -> float:
    """Degrees between the most and the least that the line from pelvis to neck leans from upright."""
    up = rot.normalize(motion.joints[:, JOINT["neck"]] - motion.joints[:, 0])[:, 1]
    lean = np.degrees(np.arccos(np.clip(up, -1.0, 1.0)))
    return float(lean.max() - lean.min())


def raised(motion: Motion, side: str) -> bool:
    """Whether that wrist ever rises above the head."""
    return bool(_height_over(motion, f"{side}_wrist", "head").max() > 0)


def swings(motion: Motion, side: str) -> int:
    """How often the wrist changes direction sideways, by at least SWING_WIDTH, while it is above the chest."""
    local = rot.rotate(rot.conjugate(rot.yaw(motion.global_rotations[:, 0])), motion.joints[:, JOINT[f"{side}_wrist"]])
    above = _height_over(motion, f"{side}_wrist", "spine3") > 0
    sideways = local[above, 0]
    if len(sideways) < 3:
        return 0
    count, direction, extreme = 0, 0, sideways[0]
    for value in sideways[1:]:
        if direction == 0:
            direction = int(np.sign(value - extreme)) if abs(value - extreme) >= SWING_WIDTH else 0
            extreme = value if direction else extreme
        elif (value - extreme) * direction > 0:
            extreme = value
        elif abs(value - extreme) >= SWING_WIDTH:
            count, direction, extreme = count + 1, -direction, value
    return count


def activity(content: str, motion: Motion) -> Float64s | None:
    """(T,) how fully each frame shows the content's action, 0 to 1; None for actions with no distinct peak."""
    joints = motion.joints
    if "turn" in content:
        heading = headings(motion)
        share = heading / (heading[-1] + 1e-9)
        turning: Float64s = ((share > 0.15) & (share < 0.85)).astype(np.float64)
        return turning
    if content == "bow" or content == "call":
        up = rot.normalize(joints[:, JOINT["neck"]] - joints[:, 0])[:, 1]
        return _of_largest(1.0 - up)
    if content.startswith(("raise", "wave", "bye", "respond", "guide")):
        height = joints[:, [JOINT["left_wrist"], JOINT["right_wrist"]], 1] - joints[:, :1, 1]
        lifted = height.max(axis=1) - float(height.max(axis=1)[0])
        return _of_largest(lifted)
    return None


def busy(motion: Motion) -> tuple[int, int]:
    """Frames (first, last + 1) between which something happens: joints move at a quarter of the speed of the busiest
    moments, with 0.2 s before and after. The whole motion if it hardly moves."""
    steps = np.linalg.norm(np.diff(motion.joints, axis=0), axis=-1).mean(axis=1) * motion.fps  # (T - 1,) m/s
    if not len(steps) or (most := float(np.percentile(steps, 95))) < 0.02:
        return 0, len(motion)
    moving = np.flatnonzero(steps > 0.25 * most)
    around = round(0.2 * motion.fps)
    return max(0, int(moving[0]) - around), min(len(motion), int(moving[-1]) + 2 + around)


def repeats(motion: Motion, most: float = 0.06) -> bool:
    """Whether the last frame leads into the first: joints about the root, headings aligned, are within `most` metres on
    average, beyond the step that they take between two frames."""
    turn = rot.conjugate(rot.yaw(motion.global_rotations[[0, -1], 0]))
    local = motion.joints[[0, -1]] - motion.root_position[[0, -1], None]
    local = rot.rotate(turn[:, None], local)
    step = np.linalg.norm(np.diff(motion.joints - motion.joints[:, :1], axis=0), axis=-1).mean()
    return bool(np.linalg.norm(local[0] - local[1], axis=-1).mean() < most + step)


def _of_largest(values: Float64s) -> Float64s:
    out: Float64s = values / max(float(values.max()), 1e-6)
    return out


def does_little(content: str, motion: Motion) -> bool:
    """Whether the action is done only a little: hands below the head or waving less than once a second, a slight bow, a
    slow run."""
    if content.startswith(("raise-up", "wave")):
        sides = ("left", "right") if "both" in content else ("left",) if "left" in content else ("right",)
        over = motion.joints[..., 1] - motion.joints[:, JOINT["head"], 1:2]
        low = min(float(over[:, JOINT[f"{s}_wrist"]].max()) for s in sides) < 0.05
        still = "wave" in content and min(swings(motion, s) for s in sides) < motion.duration
        return low or still
    if content == "bow":
        return bent(motion) < BOW + 2.0
    return content == "run" and speed(motion) < RUN_SPEED + 0.1
