"""Does the motion do what the words say? Checks on joints, for prompts whose meaning can be seen there.

All lengths in metres, angles in degrees, seconds; left is +X and ahead is +Z of the first frame's facing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...retarget.motion import Motion
from ...retarget.motion import rotations as rot
from ...retarget.motion.skeleton import JOINT
from ...retarget.typing import Float64s
from ..engine import Engine, last_result
from ..tasks import Generate

WALK_DISTANCE = 1.5  # in four seconds
RUN_SPEED = 1.9  # metres a second; the walks among the clips hardly reach 1.6
BACKWARD_DISTANCE = 0.8
TURN = 45.0
BOW = 30.0
SWINGS = 3  # changes of direction
SWING_WIDTH = 0.05


def _height_over(motion: Motion, joint: str, other: str) -> Float64s:
    """(T,) how far a joint is above another."""
    return motion.joints[:, JOINT[joint], 1] - motion.joints[:, JOINT[other], 1]


def distance_ahead(motion: Motion) -> float:
    """From first to last frame along the first frame's facing."""
    m = motion.centered()
    return float(m.root_position[-1, 2] - m.root_position[0, 2])


def speed(motion: Motion) -> float:
    """Length of the root's way over the floor, in metres a second."""
    steps = np.diff(motion.root_position[:, [0, 2]], axis=0)
    return float(np.linalg.norm(steps, axis=1).sum() / motion.duration)


def headings(motion: Motion) -> Float64s:
    """(T,) radians to the left that the pelvis has turned by since the first frame, full circles counted."""
    ahead = rot.rotate(motion.global_rotations[:, 0], np.array([0.0, 0.0, 1.0]))
    angles = np.unwrap(np.arctan2(ahead[:, 0], ahead[:, 2]))
    since: Float64s = angles - angles[0]
    return since


def turned(motion: Motion) -> float:
    """Net turn to the left over the whole motion, degrees."""
    return float(np.degrees(headings(motion)[-1]))


def bent(motion: Motion) -> float:
    """The most that pelvis to neck leans from upright, over what it leans in the straightest frame."""
    up = rot.normalize(motion.joints[:, JOINT["neck"]] - motion.joints[:, 0])[:, 1]
    lean = np.degrees(np.arccos(np.clip(up, -1.0, 1.0)))
    return float(lean.max() - lean.min())


def raised(motion: Motion, side: str) -> bool:
    """Whether that wrist comes above the head."""
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


@dataclass(frozen=True)
class PromptCheck:
    """A prompt, and whether a motion of four seconds does it."""

    prompt: str
    holds: Callable[[Motion], bool]


def _one_hand_up(side: str, other: str) -> Callable[[Motion], bool]:
    return lambda m: raised(m, side) and not raised(m, other)


CHECKS = (
    PromptCheck("a person walks forward", lambda m: distance_ahead(m) > WALK_DISTANCE and abs(turned(m)) < TURN),
    PromptCheck("a person runs forward", lambda m: speed(m) > RUN_SPEED and distance_ahead(m) > WALK_DISTANCE),
    PromptCheck("a person walks backward", lambda m: distance_ahead(m) < -BACKWARD_DISTANCE),
    PromptCheck("a person turns left", lambda m: turned(m) > TURN),
    PromptCheck("a person turns right", lambda m: turned(m) < -TURN),
    PromptCheck("a person raises the left hand", _one_hand_up("left", "right")),
    PromptCheck("a person raises the right hand", _one_hand_up("right", "left")),
    PromptCheck("a person raises both hands", lambda m: raised(m, "left") and raised(m, "right")),
    PromptCheck("a person waves the right hand", lambda m: swings(m, "right") >= SWINGS > swings(m, "left")),
    PromptCheck("a person waves the left hand", lambda m: swings(m, "left") >= SWINGS > swings(m, "right")),
    PromptCheck("a person bows", lambda m: bent(m) > BOW),
)


def generate_one(engine: Engine, prompt: str, seed: int, seconds: float = 4.0) -> Motion:
    """One motion at the model's own rate."""
    return last_result(engine.generate(Generate(prompt, seconds, seed=seed))).motions[0]


def check_prompts(engine: Engine, seeds: int = 10) -> dict[str, float]:
    """Share of seeds for which each prompt's motion does what it says."""
    return {
        check.prompt: sum(check.holds(generate_one(engine, check.prompt, seed)) for seed in range(seeds)) / seeds
        for check in CHECKS
    }
