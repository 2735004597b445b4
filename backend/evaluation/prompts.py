"""Does the motion do what the words say? Checks on joints, for prompts whose meaning can be seen there.

Lengths are in metres, angles in degrees, times in seconds; left is +X and ahead is +Z of the first frame's facing.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ...retarget.motion import Motion
from ..dataset.kinematics import BOW, RUN_SPEED, bent, distance_ahead, raised, speed, swings, turned
from ..engine import Engine, last_result
from ..tasks import Generate

WALK_DISTANCE = 1.5  # in four seconds
BACKWARD_DISTANCE = 0.8
TURN = 45.0
SWINGS = 3  # changes of direction


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
