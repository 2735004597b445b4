"""Prompts of several actions, from `shots.toml`, and how many of their parts are done."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...retarget.motion import Motion
from ...retarget.motion import rotations as rot
from ...retarget.typing import Floats
from ..dataset.clips import load_motions
from ..engine import Engine, last_result
from ..shots.plan import shot_of
from .animators import prompts  # noqa: F401, its imports declare the checks
from .animators.body import Body
from .animators.language import parse

FILE = Path(__file__).parent / "shots.toml"
_AROUND = (0.1, 0.5)  # seconds before and after the beginning of a block that count as its seam


@dataclass(frozen=True)
class ShotPrompt:
    """does: a check for each part, in order."""

    text: str
    does: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class ShotAnswer:
    """done: whether each part is done, on its own frames.  seams: joint speeds (N,) across the seams, m/s."""

    prompt: ShotPrompt
    motion: Motion
    done: tuple[bool, ...]
    seams: Floats


def shot_prompts() -> tuple[ShotPrompt, ...]:
    """All prompts of the file, in its order."""
    groups = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return tuple(ShotPrompt(entry["text"], tuple(entry["does"])) for group in groups.values() for entry in group)


def answer_shots(engine: Engine, seed: int, say: Callable[[int, int], None]) -> list[ShotAnswer]:
    """Every prompt with a seed."""
    asked, answers = shot_prompts(), []
    for prompt in asked:
        motion = last_result(shot_of(prompt.text, seed=seed).answer(engine)).motions[0]
        answers.append(judged(prompt, motion))
        say(len(answers), len(asked))
    return answers


def judged(prompt: ShotPrompt, motion: Motion) -> ShotAnswer:
    """A shot, of which `meta["blocks"]` says which frames each part has."""
    blocks, body = motion.meta["blocks"], Body.of(motion)
    done = tuple(
        len(blocks) == len(prompt.does) and parse(check).holds(body.part(block["start"], block["stop"]))
        for check, block in zip(prompt.does, blocks, strict=False)
    )
    speeds = _speeds(motion)
    before, after = (round(seconds * motion.fps) for seconds in _AROUND)
    around = [speeds[max(0, block["start"] - before) : block["start"] + after].ravel() for block in blocks[1:]]
    return ShotAnswer(prompt, motion, done, np.concatenate([np.zeros(0), *around]))


def recorded_speeds(dataset: Path) -> Floats:
    """Joint speeds (N,) in m/s of a data set's clips. Raises MotionGPTError if it is none."""
    speeds = [_speeds(motion).ravel() for motion, _ in load_motions(dataset, "test")]
    return np.concatenate([np.zeros(0), *speeds])


def _speeds(motion: Motion) -> Floats:
    """(T - 1, 22) of the joints, m/s."""
    return rot.length(np.diff(motion.joints, axis=0)) * motion.fps
