"""Prompts in words that were kept out of training, and pairs of action and style that no clip shows: their motions,
judged by the classifiers and by checks on the joints."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...retarget.motion import Motion
from ..dataset import kinematics
from ..dataset.clips import Dataset
from ..dataset.words.vocabulary import OTHER
from ..engine import Engine
from ..features import FPS, features_to_motion
from .cases import Case, UnseenPrompt
from .judge import Judge
from .prompts import SWINGS, TURN
from .sets import Ask, Progress, generate_motions

SECONDS = 4.0
_TRAVEL = 0.2  # metres a second ahead; an old man's walk has 0.35
_SLOW_RUN = 1.5  # metres a second; tired runs in the clips are rarely slower
_DRIFT = 0.15  # metres sideways for a metre ahead


def _drift(motion: Motion) -> float:
    """Metres to the left for every metre ahead, over all of the motion, in the first frame's facing."""
    way = motion.centered().root_position
    return float((way[-1, 0] - way[0, 0]) / max(way[-1, 2] - way[0, 2], 0.1))


def _raise(side: str) -> Callable[[Motion], bool]:
    if side == "both":
        return lambda m: kinematics.raised(m, "left") and kinematics.raised(m, "right")
    other = "right" if side == "left" else "left"
    return lambda m: kinematics.raised(m, side) and not kinematics.raised(m, other)


def _wave(side: str) -> Callable[[Motion], bool]:
    if side == "both":
        return lambda m: min(kinematics.swings(m, "left"), kinematics.swings(m, "right")) >= SWINGS
    other = "right" if side == "left" else "left"
    return lambda m: kinematics.swings(m, side) >= SWINGS > kinematics.swings(m, other)


JOINT_CHECKS: dict[str, Callable[[Motion], bool]] = {
    "walk": lambda m: kinematics.distance_ahead(m) > _TRAVEL * m.duration and abs(kinematics.turned(m)) < TURN,
    "run": lambda m: kinematics.speed(m) > _SLOW_RUN,
    "walk-back": lambda m: kinematics.distance_ahead(m) < -_TRAVEL * m.duration,
    "walk-left": lambda m: kinematics.distance_ahead(m) > 0 and _drift(m) > _DRIFT,
    "walk-right": lambda m: kinematics.distance_ahead(m) > 0 and _drift(m) < -_DRIFT,
    "walk-turn-left": lambda m: kinematics.turned(m) > TURN,
    "walk-turn-right": lambda m: kinematics.turned(m) < -TURN,
    "bow": lambda m: kinematics.bent(m) > kinematics.BOW,
    "raise-up-left-hand": _raise("left"),
    "raise-up-right-hand": _raise("right"),
    "raise-up-both-hands": _raise("both"),
    "wave-left-hand": _wave("left"),
    "wave-right-hand": _wave("right"),
    "wave-both-hands": _wave("both"),
}
"""Action -> whether joints show it; the other actions have no check."""


@dataclass(frozen=True)
class Answer:
    """One motion for a prompt: what it is classified as, whether that is right (style: None if none was asked for), and
    whether the joints show what was asked (None without a check)."""

    prompt: str
    kind: str
    action: str
    style: str
    action_right: bool
    style_right: bool | None
    joints_right: bool | None


def _answer(prompt: UnseenPrompt, motion: Motion, judge: Judge) -> Answer:
    verdict = judge.motion(motion)
    checks = [JOINT_CHECKS[a] for a in prompt.actions if a in JOINT_CHECKS]
    return Answer(
        prompt.prompt,
        prompt.kind,
        verdict.action,
        verdict.style,
        verdict.action in prompt.actions,
        verdict.style in prompt.styles if prompt.styles else None,
        any(check(motion) for check in checks) if checks else None,
    )


def answer_prompts(
    engine: Engine, judge: Judge, asked: Sequence[UnseenPrompt], seeds: int, progress: Progress
) -> list[Answer]:
    """`seeds` motions of four seconds for every prompt."""
    out: list[Answer] = []
    for done, prompt in enumerate(asked):
        progress(done, len(asked))
        motions = generate_motions(engine, Ask(prompt.prompt, round(SECONDS * FPS) - 1, 0), seeds)
        out.extend(_answer(prompt, motion, judge) for motion in motions)
    progress(len(asked), len(asked))
    return out


def real_answers(judge: Judge, dataset: Dataset, cases: Sequence[Case]) -> list[Answer]:
    """The same judgement of real test clips, each with its own meaning as the prompt."""
    out = []
    for case in cases:
        if case.meaning.action != OTHER and case.meaning.style:
            styles = () if case.meaning.style == "normal" else (case.meaning.style,)
            asked = UnseenPrompt(case.prompt, (), (case.meaning.action,), styles, "real")
            rows = np.asarray(dataset.of(case.clip), np.float64)
            out.append(_answer(asked, features_to_motion(rows), judge))
    return out


def shares(answers: Sequence[Answer]) -> dict[str, float]:
    """Shares of right answers: action, style (if one is asked for), both, joints (if there is a check); measures that
    apply to none of the answers are left out."""

    judged: dict[str, list[bool | None]] = {
        "action": [a.action_right for a in answers],
        "style": [a.style_right for a in answers],
        "all_asked": [a.action_right and a.style_right is not False for a in answers],
        "joints": [a.joints_right for a in answers],
    }
    known = {key: [bool(v) for v in values if v is not None] for key, values in judged.items()}
    return {"motions": float(len(answers)), **{key: sum(v) / len(v) for key, v in known.items() if v}}


def of_prompts(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """For the report: every prompt with its shares and what its motions were taken for."""
    out = []
    for prompt in dict.fromkeys(a.prompt for a in answers):
        own = [a for a in answers if a.prompt == prompt]
        taken = [f"{a.action}, {a.style}" for a in own]
        out.append({"prompt": prompt, "kind": own[0].kind, **shares(own), "taken_for": taken})
    return out


def to_plain(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """For JSON."""
    return [asdict(a) for a in answers]
