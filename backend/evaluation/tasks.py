"""The other tasks of a model on test clips: prediction, in-between, given poses, captions. What an engine can't do is
left out."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.motion import Motion
from ..dataset.clips import Dataset
from ..dataset.meaning import read_caption
from ..dataset.words.vocabulary import OTHER
from ..engine import Engine, last_result
from ..features import features_to_motion
from ..tasks import Continue, Describe, Generate, Inbetween
from .cases import Case
from .measures import captions, physics, poses
from .sets import LONG_FREEZE

TOKEN = 4
"""Frames of a given pose: the papers give four, which are one token."""
_SHORTEST = 40
LONG = 10.0
MOVING = (
    "a person walks forward", "a person walks backward", "a person runs forward", "an old man walks slowly ahead",
    "a child runs ahead", "a proud woman walks straight ahead", "a tired man walks", "a person dances",
    "a person waves with both hands", "a person waves the right hand over and over", "someone walks and turns left",
    "a person throws punches",
)  # fmt: skip
"""Prompts for movement that can go on indefinitely."""
GIVEN_FIRST = 0.2
"""Share of a clip that prediction is given (T5 MotionGPT, after MDM)."""
GIVEN_ENDS = 0.25
"""Share at either end that in-between is given (MDM)."""


def real_motions(dataset: Dataset, cases: Sequence[Case], longest: float) -> list[Motion]:
    """The cases' clips that are long enough, with their prompts, cut to the model's longest."""
    motions = [
        replace(features_to_motion(np.asarray(dataset.of(c.clip), np.float64)), meta={"text": c.prompt}) for c in cases
    ]
    return [m.slice(0, min(len(m), int(longest * m.fps))) for m in motions if len(m) >= _SHORTEST]


def _hold(motion: Motion, given: int) -> Motion:
    """Baseline of prediction: the last pose given, held."""
    index = np.minimum(np.arange(len(motion)), given - 1)
    return replace(
        motion, rotations=motion.rotations[index], root_position=motion.root_position[index],
        contacts=motion.contacts[index],
    )  # fmt: skip


def _interpolate(motion: Motion, first: int, last: int) -> Motion:
    """Baseline of in-between: slerp and straight lines from frame `first` to frame `last`."""
    ends = [first, last]
    two = replace(
        motion, rotations=motion.rotations[ends], root_position=motion.root_position[ends],
        contacts=motion.contacts[ends], fps=motion.fps / (last - first),
    )  # fmt: skip
    return two.resample(motion.fps, last - first + 1)


def measure_prediction(engine: Engine, motions: Sequence[Motion]) -> dict[str, float]:
    """ADE and FDE in metres of what follows the first 20 %, and of holding the last pose."""
    found: dict[str, list[float]] = {k: [] for k in ("ade", "fde", "hold_ade", "hold_fde")}
    for seed, motion in enumerate(motions):
        given = max(2 * TOKEN, round(GIVEN_FIRST * len(motion)))
        task = Continue((len(motion) - given) / motion.fps, seed=seed)
        made = last_result(engine.continue_motion(task, motion.slice(0, given))).motions[0]
        true = motion.joints[given : len(made)]
        for name, joints in (("", made.joints), ("hold_", _hold(motion, given).joints)):
            found[f"{name}ade"].append(poses.ade(joints[given : given + len(true)], true))
            found[f"{name}fde"].append(poses.fde(joints[given : given + len(true)], true))
    return {key: float(np.mean(values)) for key, values in found.items()}


def measure_inbetween(engine: Engine, motions: Sequence[Motion]) -> dict[str, float]:
    """ADE and FDE in metres of the middle half, and of interpolation between its neighbours."""
    found: dict[str, list[float]] = {k: [] for k in ("ade", "fde", "linear_ade", "linear_fde")}
    for seed, motion in enumerate(motions):
        first, last = round(GIVEN_ENDS * len(motion)), round((1 - GIVEN_ENDS) * len(motion))
        keep = (*range(first), *range(last, len(motion)))
        made = last_result(engine.inbetween(Inbetween(keep, seed=seed), motion)).motions[0]
        true = motion.joints[first:last]
        linear = _interpolate(motion, first - 1, last).joints[1:-1]
        for name, joints in (("", made.joints[first:last]), ("linear_", linear)):
            found[f"{name}ade"].append(poses.ade(joints, true))
            found[f"{name}fde"].append(poses.fde(joints, true))
    return {key: float(np.mean(values)) for key, values in found.items()}


def measure_poses(engine: Engine, motions: Sequence[Motion]) -> dict[str, float]:
    """Recon and Vel with the first and with the last four frames given, Dist with three to five key tokens given."""
    found: dict[str, list[float]] = {k: [] for k in ("first_recon", "first_vel", "last_recon", "last_vel", "dist")}
    for seed, motion in enumerate(motions):
        true, frames = poses.local_poses(motion), len(motion)
        for name, keep, around in (
            ("first", range(TOKEN), slice(0, TOKEN + 1)),
            ("last", range(frames - TOKEN, frames), slice(frames - TOKEN - 1, frames)),
        ):
            made = poses.local_poses(_inbetween(engine, motion, tuple(keep), seed))
            found[f"{name}_recon"].append(poses.recon(made[keep.start : keep.stop], true[keep.start : keep.stop]))
            found[f"{name}_vel"].append(poses.vel(made[around], true[around]))
        random = np.random.default_rng(seed)
        places = np.sort(random.choice(frames // TOKEN, min(int(random.integers(3, 6)), frames // TOKEN), False))
        keep_frames = tuple(int(p) * TOKEN + i for p in places for i in range(TOKEN))
        made = poses.local_poses(_inbetween(engine, motion, keep_frames, seed))
        given = true[list(keep_frames)].reshape(len(places), TOKEN, *true.shape[1:])
        found["dist"].append(poses.dist(made, given))
    return {key: float(np.mean(values)) for key, values in found.items()}


def _inbetween(engine: Engine, motion: Motion, keep: tuple[int, ...], seed: int) -> Motion:
    task = Inbetween(keep, str(motion.meta["text"]), seed=seed)
    return last_result(engine.inbetween(task, motion)).motions[0]


def measure_captions(engine: Engine, dataset: Dataset, cases: Sequence[Case]) -> dict[str, float]:
    """BLEU-1, BLEU-4, ROUGE-L, CIDEr against the cases' captions; shares that name the right action (sides ignored),
    side and style, of the cases that have one. The normal style need not be named."""
    motions = [features_to_motion(np.asarray(dataset.of(c.clip), np.float64)) for c in cases]
    texts = [last_result(engine.describe(Describe(), m)).texts[0] for m in motions]
    return caption_scores(texts, cases)


def caption_scores(texts: Sequence[str], cases: Sequence[Case]) -> dict[str, float]:
    """`measure_captions` of existing captions."""
    references = [c.captions for c in cases]
    read = [read_caption(t) for t in texts]
    pairs = [(r, c.meaning) for r, c in zip(read, cases, strict=True) if c.meaning.action != OTHER]
    sided = [(r.side, m.side) for r, m in pairs if m.side]
    styled = [(r.style, m.style) for r, m in pairs if m.style not in ("", "normal")]

    hits = {
        "action": [r.kind == m.kind for r, m in pairs],
        "side": [a == b for a, b in sided],
        "style": [a == b for a, b in styled],
    }
    return {
        "bleu1": captions.bleu(texts, references, 1),
        "bleu4": captions.bleu(texts, references, 4),
        "rouge_l": captions.rouge_l(texts, references),
        "cider": captions.cider(texts, references),
        **{key: sum(values) / len(values) for key, values in hits.items() if values},
    }


def measure_long(engine: Engine, seeds: int = 3) -> dict[str, float]:
    """Ten seconds for each of MOVING: share that stands still for over a second, and the mean of the longest
    stillness in seconds."""
    found = [
        physics.longest_freeze(motion)
        for prompt in MOVING
        for motion in last_result(engine.generate(Generate(prompt, LONG, variations=seeds))).motions
    ]
    return {"still": sum(f > LONG_FREEZE for f in found) / len(found), "freeze": float(np.mean(found))}


def measure_tasks(engine: Engine, dataset: Dataset, cases: Sequence[Case]) -> dict[str, dict[str, float]]:
    """Every task that the engine has and that the field measures, except text to motion."""
    motions = real_motions(dataset, cases, engine.max_seconds)
    if not motions:
        raise MotionGPTError("No test clip is two seconds long.", "Import longer clips.")
    out = {}
    if engine.can(Continue):
        out["prediction"] = measure_prediction(engine, motions)
    if engine.can(Inbetween):
        out["inbetween"] = measure_inbetween(engine, motions)
        out["poses"] = measure_poses(engine, motions)
    if engine.can(Describe):
        out["captions"] = measure_captions(engine, dataset, cases)
    if engine.max_seconds >= LONG:
        out["long"] = measure_long(engine)
    return out
