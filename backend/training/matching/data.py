"""Batches for the text-motion matching model: random clips, cut at random, each with one of its captions."""

import random
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...dataset.captions import describe
from ...dataset.clips import Clip, Dataset
from ...dataset.kinematics import activity, busy, does_little
from ...dataset.meaning import ACTION_NAMES, STYLE_NAMES, Meaning, is_steady, meaning_of, read_caption
from ...dataset.rewording import reworded
from ...dataset.sampling import draw_weights
from ...dataset.words.vocabulary import OTHER
from ...features import features_to_motion
from ...text_encoder.sentences import Sentences

MAX_FRAMES = 256
MIN_FRAMES = 20
_DETAILS = re.compile(
    r"\b(left|right|once|twice|one|two|three|four|five|six|\d+|slow|slowly|quick|quickly|high|low|forward|back|backward)\b"
)
_WORDINGS = 48  # per content, style, size and side
_WAYS = 4  # to say a clip's own caption


@dataclass(frozen=True)
class MatchingTraining:
    """classes: weight of the classifiers' losses.  whole: share of clips shown uncut.  composites: how many for each
    pair of action and style that no clip shows (see `composites`); a judge should know real motion only, a picker more.
    siblings: share of a batch that shows the actions of the rest again, in other clips or mirrored: what tells them
    apart is the side, the number, the pace.  without: styles (words) whose gestures and turns are left out, to test the
    model on unseen pairs (see `set_apart`).  prompts: with attempts (see `practice`), texts of a step whose candidates
    are compared.  beside: the weight of all other losses then.
    """

    batch: int = 128
    steps: int = 1500
    rate: float = 1.5e-3
    seed: int = 0
    classes: float = 0.5
    whole: float = 0.5
    composites: int = 0
    siblings: float = 0.0
    without: str = ""
    prompts: int = 24
    beside: float = 0.5


@dataclass(frozen=True, eq=False)
class Example:
    """A clip, its meaning, whether it does the action only a little, the frames (first, last + 1) that a cut must keep,
    and the indices of its captions."""

    clip: Clip
    meaning: Meaning
    little: bool
    core: tuple[int, int]
    captions: tuple[int, ...]


def held_out(clip: Clip) -> bool:
    """Whether a training clip is among the one in twenty held out to calibrate the classifiers' temperatures."""
    return zlib.crc32(clip.name.encode()) % 20 == 1


def examples_of(dataset: Dataset, clips: list[Clip], texts: dict[str, int], rng: random.Random) -> list[Example]:
    """Examples of the clips that have captions or tags. texts: caption -> index, in order; new ones are added."""

    def places(captions: Iterable[str]) -> tuple[int, ...]:
        return tuple(texts.setdefault(caption, len(texts)) for caption in captions)

    wordings: dict[tuple[str, str, bool, bool], tuple[int, ...]] = {}
    out = []
    for clip in clips:
        if not (clip.captions or clip.tags):
            continue
        core, little = (0, 0), False
        if "content" in clip.tags:
            content, style = clip.tags["content"], clip.tags["style"]
            motion = features_to_motion(np.asarray(dataset.of(clip), np.float64))
            little = does_little(content, motion)
            signal = activity(content, motion)
            active = np.flatnonzero(signal > 0.6) if signal is not None else np.empty(0)
            core = (int(active[0]), int(active[-1]) + 1) if len(active) else (0, 0)
            key = (content, style, clip.mirrored, little)
            if key not in wordings:
                sentences = (describe(content, style, clip.mirrored, little, rng) for _ in range(_WORDINGS))
                wordings[key] = places(sentences)
            captions = wordings[key]
        else:
            captions = places(text for caption in clip.captions for text in reworded(caption, rng, _WAYS))
            core = (0, 0) if is_steady(clip) else busy(features_to_motion(np.asarray(dataset.of(clip), np.float64)))
        out.append(Example(clip, meaning_of(clip), little, core, captions))
    return out


class Batches:
    """Random clips, cut at random, each with one of its captions, and which captions also fit other clips."""

    def __init__(
        self, dataset: Dataset, examples: list[Example], texts: Sequence[str], read: Sentences, t: MatchingTraining
    ) -> None:
        self.dataset, self.examples, self.read, self.training = dataset, examples, read, t
        self.styles = [read_caption(text).style for text in texts]
        self.details = [frozenset(_DETAILS.findall(text.lower())) for text in texts]
        self.weights = torch.from_numpy(draw_weights([e.clip for e in examples], by_length=False))
        self.alike: dict[str, list[Example]] = {}
        for example in examples:
            self.alike.setdefault(_act(example), []).append(example)

    def cut(self, example: Example, random: np.random.Generator) -> tuple[int, int]:
        """(first, last + 1) frame of a random stretch that includes the core if it fits."""
        total = example.clip.frames
        if random.random() < self.training.whole and total <= MAX_FRAMES:
            return 0, total
        shortest = max(MIN_FRAMES, int(0.5 * total), example.core[1] - example.core[0])
        longest = min(total, MAX_FRAMES)
        length = int(random.integers(min(shortest, longest), longest + 1))
        low, high = 0, total - length
        if example.core[1]:
            low, high = max(0, min(high, example.core[1] - length)), min(high, example.core[0])
        first = int(random.integers(min(low, high), max(low, high) + 1))
        return first, first + length

    def draw(self, generator: torch.Generator) -> dict[str, Tensor]:
        """features (B, T, 263), frames (B,); states, mask; action, style (B,); same (B, B): caption i may describe
        motion j."""
        t = self.training
        again = round(t.siblings * t.batch)
        chosen = torch.multinomial(self.weights, t.batch - again, replacement=True, generator=generator).tolist()
        random = np.random.default_rng(int(torch.randint(2**62, (1,), generator=generator)))
        examples = [self.examples[i] for i in chosen]
        kin = [self.alike[_act(examples[i % len(examples)])] for i in range(again)]
        examples += [those[int(random.integers(len(those)))] for those in kin]
        pieces = [(e, *self.cut(e, random)) for e in examples]
        rows = [torch.from_numpy(np.array(self.dataset.of(e.clip)[a:b])) for e, a, b in pieces]
        captions = [int(random.choice(e.captions)) for e in examples]
        states, mask = self.read.gather(captions)
        return {
            "features": torch.nn.utils.rnn.pad_sequence(rows, batch_first=True),
            "frames": torch.tensor([len(r) for r in rows]),
            "states": states,
            "mask": mask,
            "action": torch.tensor([ACTION_NAMES.index(e.meaning.action) for e in examples]),
            "style": torch.tensor([STYLE_NAMES.index(e.meaning.style) if e.meaning.style else -1 for e in examples]),
            "same": self._same(examples, captions),
        }

    def _same(self, examples: list[Example], captions: list[int]) -> Tensor:
        """(B, B) pairs that are no negatives: same action and size, and the same style, side and number or none named;
        same caption."""
        what = [(_act(e), e.little) for e in examples]
        named = [(self.styles[c], self.details[c]) for c in captions]
        shown = [frozenset[str]().union(*(self.details[c] for c in e.captions)) for e in examples]
        out = torch.zeros(len(examples), len(examples), dtype=torch.bool)
        for i, (style, details) in enumerate(named):
            for j, other in enumerate(examples):
                alike = what[i] == what[j] and what[i][0] != OTHER and style in ("", other.meaning.style)
                out[i, j] = (alike and details <= shown[j]) or captions[i] in other.captions
        return out


def _act(example: Example) -> str:
    return example.clip.action or example.meaning.action
