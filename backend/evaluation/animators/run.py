"""Every prompt with every seed: motions, verdicts and physical figures; and the verdicts of an eye beside them."""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ....retarget.errors import MotionGPTError
from ....retarget.motion import Motion
from ...engine import Engine, last_result
from ...shots.plan import task_of
from .body import Body
from .physical import Physical
from .prompts import RIGHT, VERDICTS, WRONG, Prompt

Say = Callable[[int, int], None]
WRONG_FLAGGED_AIM, RIGHT_FLAGGED_AIM = 0.8, 0.15
"""Shares of wrong motions that are to be flagged at least, and of right ones at most."""


@dataclass(frozen=True, eq=False)
class Answer:
    """A motion for a prompt. failed: the checks that do not hold.  sure: how sure the model says it is, 0 to 1; None if
    it does not say.  flagged: whether it says that it is unsure."""

    prompt: Prompt
    seed: int
    motion: Motion
    verdict: str
    failed: tuple[str, ...]
    physical: Physical
    sure: float | None
    flagged: bool = False


def answer_prompts(engine: Engine, asked: Sequence[Prompt], seeds: int, say: Say) -> list[Answer]:
    """Seeds 0, 1, ... of each prompt, as every door answers it: a prompt of several actions becomes a shot. The same
    model gives the same answers."""
    answers = []
    for prompt in asked:
        for seed in range(seeds):
            answers.append(_answer(engine, prompt, seed))
            say(len(answers), len(asked) * seeds)
    return answers


def _answer(engine: Engine, prompt: Prompt, seed: int) -> Answer:
    seconds = min(prompt.seconds, engine.max_seconds)
    task = task_of(prompt.text, seconds, seed)
    motion = last_result(task.answer(engine, ())).motions[0]
    body = Body.of(motion)
    verdict = prompt.judge(body)
    failed = () if verdict == RIGHT else prompt.failed(body)
    said = motion.meta.get("blocks") or [motion.meta]
    sure = min((s["sureness"] for s in said if s.get("sureness") is not None), default=None)
    return Answer(
        prompt, seed, motion, verdict, failed, Physical.of(motion), sure, any(bool(s.get("unsure")) for s in said)
    )


def shares(answers: Sequence[Answer]) -> dict[str, float]:
    """Of some answers: the share of each verdict, and of physically faultless motions. count: how many."""
    count = max(len(answers), 1)
    found = {v: sum(a.verdict == v for a in answers) / count for v in VERDICTS}
    return {"count": float(len(answers)), **found, "sound": sum(not a.physical.ground.faults for a in answers) / count}


def by_group(answers: Sequence[Answer]) -> dict[str, dict[str, float]]:
    """The shares of each group, in the order of the prompts."""
    groups = dict.fromkeys(a.prompt.group for a in answers)
    return {group: shares([a for a in answers if a.prompt.group == group]) for group in groups}


def flagged(answers: Sequence[Answer]) -> dict[str, float]:
    """Share flagged as unsure of the wrong and of the right ones; empty if the model does not say how sure it is."""
    if all(a.sure is None for a in answers):
        return {}
    out = {}
    for verdict in (WRONG, RIGHT):
        of_it = [a for a in answers if a.verdict == verdict]
        out[verdict] = sum(a.flagged for a in of_it) / max(len(of_it), 1)
    return out


Eye = Mapping[tuple[str, int], str]
"""(prompt, seed) -> what somebody who looked at the motion said."""


def read_verdicts(path: Path) -> dict[tuple[str, int], str]:
    """A CSV file with prompt, seed and verdict. Raises MotionGPTError for another file, or a verdict that is none."""
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        found = {(row["prompt"], int(row["seed"])): row["verdict"].strip() for row in rows}
    except (OSError, UnicodeDecodeError, KeyError, ValueError, TypeError, AttributeError) as error:
        cure = "Give a CSV file with the columns prompt, seed and verdict."
        raise MotionGPTError(f"{path} can't be read as verdicts ({type(error).__name__}).", cure) from error
    for (prompt, _), verdict in found.items():
        if verdict not in VERDICTS:
            raise MotionGPTError(
                f'{path} says "{verdict}" of "{prompt}", which is no verdict.', f"Use {', '.join(VERDICTS)}."
            )
    return found


@dataclass(frozen=True)
class Agreement:
    """same, looked_at: rows in which eye and checks agree, of all that were looked at.  apart: the others, with the
    eye's verdict."""

    same: int
    looked_at: int
    apart: tuple[tuple[Answer, str], ...]

    @property
    def opposite(self) -> int:
        """Rows that one calls right and the other wrong."""
        return sum({answer.verdict, eye} == {RIGHT, WRONG} for answer, eye in self.apart)


def agreement(answers: Sequence[Answer], eye: Eye) -> Agreement:
    """Raises MotionGPTError if the eye looked at none of these answers."""
    pairs = [(a, eye[a.prompt.text, a.seed]) for a in answers if (a.prompt.text, a.seed) in eye]
    if not pairs:
        raise MotionGPTError(
            "None of these prompts and seeds is in the file of verdicts.", "Check that it is of this model's motions."
        )
    apart = tuple((a, said) for a, said in pairs if a.verdict != said)
    return Agreement(len(pairs) - len(apart), len(pairs), apart)
