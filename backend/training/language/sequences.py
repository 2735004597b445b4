"""Clips as sequences of motion tokens, cropped so that the action their caption names stays in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch

from ....retarget.motion import Motion
from ....retarget.typing import Float32s, Ints
from ...dataset.clips import Clip, Dataset
from ...dataset.kinematics import activity, busy, does_little, repeats
from ...dataset.meaning import is_steady
from ...engines.starter.vocabulary import MAX_TOKENS
from ...features import FPS, Statistics, features_to_motion, motion_to_features
from ..loop import progress_bar
from ..tokenizer.encoding import Encoding
from ..tokenizer.net import FRAMES_PER_TOKEN, MotionVqVae

_Codes = tuple[Ints, ...]

MIN_TOKENS = 5
PHASES = (0, 2)
"""Frames from which clips are cut into tokens."""

_AT_ONCE = 256  # clips that are encoded together

# Further playback speeds by content: raised hands last only 2.5 s, so slowed copies teach longer requests; turns come
# late in their clips, so sped-up copies teach shorter requests.
_SPEEDS = {
    "raise": (0.8, 0.62),
    "respond": (0.85, 0.7),
    "bow": (0.85, 0.7),
    "bye": (0.85,),
    "walk-turn": (1.2,),
}
_SPEEDS_OF_ONE_ACTION = (0.83, 1.2)  # of captioned clips that show an action from its beginning to its end
_LOOP_TOKENS = 32  # to which clips that repeat themselves are lengthened: 6.4 s


@dataclass(frozen=True, eq=False)
class TokenSequence:
    """One clip at one speed.

    phases: its codes (N, levels) when cut into tokens from each of PHASES.  poses: likewise, but for each token the
    codes of its middle pose, held.  core: tokens (first, last + 1) that a crop must keep.  little: the action is done
    only a little.
    """

    clip: Clip
    phases: tuple[Ints, ...]
    poses: tuple[Ints, ...]
    core: tuple[int, int]
    little: bool


def speeds_of(clip: Clip) -> tuple[float, ...]:
    """Playback speeds at which a clip is learned."""
    if "content" not in clip.tags:
        return (1.0,) if is_steady(clip) else (1.0, *_SPEEDS_OF_ONE_ACTION)
    content = clip.tags["content"]
    for start, speeds in _SPEEDS.items():
        if content.startswith(start):
            return (1.0, *speeds)
    return (1.0,)


def at_speed(features: Float32s, speed: float) -> Float32s:
    """Features (T, 263) of the same motion played `speed` times as fast."""
    if speed == 1.0:
        return features
    motion = features_to_motion(features.astype(np.float64))
    motion = replace(motion, fps=FPS * speed).resample(FPS).with_contacts()
    return motion_to_features(motion).astype(np.float32)


def _core(content: str, motion: Motion) -> tuple[int, int]:
    signal = activity(content, motion)
    if signal is None:
        return (0, 0)
    active = np.flatnonzero(signal > 0.6)
    if not len(active):
        return (0, 0)
    first = max(0, int(active[0]) - int(0.4 * FPS))  # with the lead-in
    last = int(active[-1]) if "turn" in content else min(int(active[-1]), int(active[0]) + int(1.0 * FPS))
    return first // FRAMES_PER_TOKEN, last // FRAMES_PER_TOKEN + 1


class Encoder(Protocol):
    """A motion tokenizer's encoder; `tokenizer.encoding.Encoding` is one."""

    def clips(self, clips: Sequence[Float32s]) -> list[Ints]:
        """Codes (T // 4, levels) of each clip's features (T, 263)."""

    def poses(self, features: Float32s) -> Ints:
        """Codes (N, levels) of single poses, the rows of features (N, 263)."""


def tokenize(model: MotionVqVae, statistics: Statistics, dataset: Dataset, split: str = "train") -> list[TokenSequence]:
    """Every clip of the split that has captions or tags, at every speed of `speeds_of`."""
    return encoded(Encoding(model, statistics), dataset, split)


def encoded(encoding: Encoder, dataset: Dataset, split: str = "train") -> list[TokenSequence]:
    """`tokenize`, by any encoder."""
    clips = [c for c in dataset.split(split) if c.captions or c.tags]
    found: list[list[TokenSequence]] = [[] for _ in clips]
    alike = sorted(range(len(clips)), key=lambda i: (speeds_of(clips[i]), clips[i].frames))  # to be encoded together
    with progress_bar("sequences") as bar:
        task = bar.add_task("sequences", total=len(clips), note="")
        for places in (alike[i : i + _AT_ONCE] for i in range(0, len(alike), _AT_ONCE)):
            paces = [(i, f) for i in places for f in _at_speeds(clips[i], _lengthened(clips[i], dataset))]
            for (i, _), sequence in zip(paces, _sequences(encoding, [(clips[i], f) for i, f in paces]), strict=True):
                found[i] += [sequence] if sequence else []
            bar.advance(task, len(places))
    return [sequence for of_clip in found for sequence in of_clip]


def _sequences(encoding: Encoder, shown: Sequence[tuple[Clip, Float32s]]) -> list[TokenSequence | None]:
    """None for one that is too short."""
    coded = _codes_of(encoding, [features for _, features in shown])
    return [
        TokenSequence(clip, phases, poses, *happening(clip, features))
        if min(len(p) for p in phases) >= MIN_TOKENS
        else None
        for (clip, features), (phases, poses) in zip(shown, coded, strict=True)
    ]


def _lengthened(clip: Clip, dataset: Dataset) -> Float32s:
    """A clip's features; those of a short steady clip that ends as it begins, several times over."""
    features = np.asarray(dataset.of(clip))
    times = _LOOP_TOKENS * FRAMES_PER_TOKEN // len(features)
    if times < 2 or not is_steady(clip) or not repeats(features_to_motion(features.astype(np.float64))):
        return features
    return np.tile(features, (times, 1))


def _at_speeds(clip: Clip, features: Float32s) -> list[Float32s]:
    return [at_speed(features, speed) for speed in speeds_of(clip)]


def _codes_of(encoding: Encoder, clips: list[Float32s]) -> list[tuple[_Codes, _Codes]]:
    """Phases and poses, as in a TokenSequence, of each of features (T, 263)."""
    phases = encoding.clips([features[p:] for features in clips for p in PHASES])
    starts = [p + FRAMES_PER_TOKEN // 2 for _ in clips for p in PHASES]
    middles = [
        clips[i // len(PHASES)][start::FRAMES_PER_TOKEN][: len(codes)]
        for i, (start, codes) in enumerate(zip(starts, phases, strict=True))
    ]
    ends = np.cumsum([len(codes) for codes in phases])[:-1]
    poses = np.split(encoding.poses(np.concatenate(middles)), ends)
    each = range(0, len(phases), len(PHASES))
    return [(tuple(phases[i : i + len(PHASES)]), tuple(poses[i : i + len(PHASES)])) for i in each]


def happening(clip: Clip, features: Float32s) -> tuple[tuple[int, int], bool]:
    """Core and `little`, as in a TokenSequence, of a clip's features (T, 263)."""
    motion = features_to_motion(features.astype(np.float64))
    if "content" not in clip.tags:
        first, last = (0, 0) if is_steady(clip) else busy(motion)
        return (first // FRAMES_PER_TOKEN, -(-last // FRAMES_PER_TOKEN)), False
    content = clip.tags["content"]
    return _core(content, motion), does_little(content, motion)


def crop(sequence: TokenSequence, generator: torch.Generator, most: int = MAX_TOKENS) -> tuple[Ints, Ints]:
    """Codes and poses (N, levels) of a random stretch of at most `most` tokens that includes the core if it fits."""

    def pick(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (1,), generator=generator)) if high > low else low

    phase = pick(0, len(sequence.phases) - 1)
    total = len(sequence.phases[phase])
    start, length = 0, total
    if total > most or not pick(0, 1):
        first, last = sequence.core
        length = pick(min(total, most, max(MIN_TOKENS, last - first)), min(total, most))
        if last > first:
            earliest, latest = max(0, last - length), min(first, total - length)
            start = pick(min(earliest, latest), max(earliest, latest))
            if pick(0, 1):
                start = max(0, earliest)  # more often, start well before the core
        else:
            start = pick(0, total - length)
    piece = slice(start, start + length)
    return sequence.phases[phase][piece], sequence.poses[phase][piece]
