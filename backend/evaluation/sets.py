"""Motions for every test case, judged: real ones, a model's, and the nearest training clips.

A model's motions are cached in a folder between calls, because generating them takes minutes: their features, keyed by
the model's files, the prompts and the number of runs. Any judge can then rate them.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from ...retarget.motion import Motion
from ...retarget.motion.feet.grounding import penetration
from ...retarget.typing import Floats
from ..dataset.clips import Dataset
from ..engine import Engine, last_result
from ..features import FPS, features_to_motion, motion_to_features
from ..model_folder import ModelCard, all_files
from ..tasks import Generate
from .cases import Case
from .judge import Judge
from .measures import physics

Progress = Callable[[int, int], None]

DEEP = 0.03
LONG_FREEZE = 1.0


@dataclass(frozen=True, eq=False)
class JudgedSet:
    """N prompts, R motions each; real motion has one.

    vectors (N, R, D); actions, styles: indices into ACTION_NAMES and STYLE_NAMES (N, R); sliding (m/s), deepest
    penetration (m), jitter (100 m/s³), longest freeze (s), frames (N, R).
    """

    vectors: Floats
    actions: Floats
    styles: Floats
    sliding: Floats
    penetration: Floats
    jitter: Floats
    freeze: Floats
    frames: Floats

    @property
    def runs(self) -> int:
        return int(self.vectors.shape[1])


def judge_sets(judge: Judge, sets: Iterable[Sequence[Floats]]) -> JudgedSet:
    """Verdicts and physics of motions' features (T, 263), the same number of motions for every prompt."""
    rows = [[_judged(judge, features) for features in motions] for motions in sets]
    columns = [np.array([[one[i] for one in row] for row in rows]) for i in range(len(fields(JudgedSet)))]
    return JudgedSet(*columns)


def _judged(judge: Judge, features: Floats) -> tuple[Floats, int, int, float, float, float, float, int]:
    verdict = judge.features(features.astype(np.float32))
    motion = features_to_motion(features.astype(np.float64))
    return (
        verdict.vector,
        int(verdict.actions.argmax()),
        int(verdict.styles.argmax()),
        physics.foot_sliding(motion),
        float(penetration(motion).max()),
        physics.jitter(motion),
        physics.longest_freeze(motion),
        len(features),
    )


def real_set(judge: Judge, dataset: Dataset, cases: Sequence[Case]) -> JudgedSet:
    """The test clips themselves."""
    return judge_sets(judge, ([np.asarray(dataset.of(c.clip))] for c in cases))


@dataclass(frozen=True)
class Ask:
    """A prompt, its length in frames of features, and the seed."""

    prompt: str
    frames: int
    seed: int


def asks_of(cases: Sequence[Case], max_seconds: float) -> list[Ask]:
    """Every case's prompt at the length of its clip."""
    longest = int(max_seconds * FPS) - 1
    return [Ask(c.prompt, min(c.clip.frames, longest), seed) for seed, c in enumerate(cases)]


def generate_motions(engine: Engine, ask: Ask, runs: int) -> tuple[Motion, ...]:
    """`runs` motions for one prompt, drawn together, at 20 frames a second."""
    # T frames of motion give T - 1 of features.
    task = Generate(ask.prompt, (ask.frames + 1) / FPS, seed=ask.seed, variations=runs)
    return tuple(m.resample(FPS) for m in last_result(engine.generate(task)).motions)


def generate_all(engine: Engine, asks: Sequence[Ask], runs: int, progress: Progress) -> list[Floats]:
    """A model's motions for every prompt, as features (R, T, 263) each."""
    out = []
    for done, ask in enumerate(asks):
        progress(done, len(asks))
        rows = [motion_to_features(m) for m in generate_motions(engine, ask, runs)]
        shortest = min(len(r) for r in rows)
        out.append(np.stack([r[:shortest] for r in rows]).astype(np.float32))
    progress(len(asks), len(asks))
    return out


def cached_motions(path: Path | None, make: Callable[[], list[Floats]]) -> list[Floats]:
    """The motions in the file, else those that `make` generates, saved there; without a path, nothing is saved."""
    if path is not None and path.is_file():
        with np.load(path) as data:
            return [data[f"arr_{i}"] for i in range(len(data.files))]
    made = make()
    if path is not None:
        draft = path.with_suffix(".tmp.npz")
        np.savez(draft, *made)
        draft.replace(path)
    return made


def fingerprint(card: ModelCard, asks: Sequence[Ask], runs: int) -> str:
    """A hash of everything that `generate_all` depends on, except the engine's code."""
    what = (sorted(all_files(card).items()), sorted(map(str, card.settings.items())), list(asks), runs)
    return hashlib.sha256(repr(what).encode()).hexdigest()[:16]


def nearest_set(
    judge: Judge, dataset: Dataset, asks: Sequence[Ask], similar: Sequence[Sequence[int]], runs: int
) -> JudgedSet:
    """Training clips whose captions are nearest to each prompt: one per run, drawn from `similar` (indices into the
    data set's clips) and cut to the length asked for if it is longer."""

    def sets() -> Iterable[list[Floats]]:
        for ask, places in zip(asks, similar, strict=True):
            random = np.random.default_rng(ask.seed)
            chosen = random.choice(places, runs)
            yield [np.asarray(dataset.of(dataset.clips[int(i)]))[: ask.frames] for i in chosen]

    return judge_sets(judge, sets())
