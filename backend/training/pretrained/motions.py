"""A data set as codes of a published motion tokenizer, with captions, kept in the training's folder."""

import random
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ....retarget.errors import MotionGPTError
from ....retarget.typing import Ints
from ...dataset.captions import describe
from ...dataset.clips import Clip, Dataset, checksum, load_dataset
from ...dataset.sampling import draw_weights
from ...engines.shared.codec import FRAMES_PER_TOKEN, MotionCodec
from ...features import FPS
from ...importers.model_writer import MAX_SECONDS
from ..folder import is_fresh, note_source
from ..language.sequences import MIN_TOKENS, PHASES, TokenSequence, crop, happening
from ..loop import progress_bar
from ..tokenizer.published import published_clip, tokenizer_check

MAX_TOKENS = int(MAX_SECONDS * FPS) // FRAMES_PER_TOKEN
"""49: the longest motions of HumanML3D, and of the published models."""
_NAME = "motions.npz"


@dataclass(frozen=True)
class Shown:
    """A stretch of a clip, as a model is to learn it. codes: of its tokens.  caption: in words."""

    codes: list[int]
    caption: str

    @property
    def frames(self) -> int:
        return len(self.codes) * FRAMES_PER_TOKEN


@dataclass(frozen=True, eq=False)
class Motions:
    """Sequences that are drawn like the clips of every training (`draw_weights`). made_from: checksums of data set and
    tokenizer.  crops: whether random stretches are drawn, or all that a model can hold from a clip's beginning."""

    sequences: list[TokenSequence]
    made_from: dict[str, int]
    crops: bool = True
    weights: Tensor = field(init=False)

    def __post_init__(self) -> None:
        weights = draw_weights([s.clip for s in self.sequences], by_length=False)
        object.__setattr__(self, "weights", torch.from_numpy(weights))

    def draw(self, seed: int, count: int) -> list[Shown]:
        """`count` random stretches with random captions; the same seed draws the same."""
        generator = torch.Generator().manual_seed(seed)
        rng = random.Random(seed)
        chosen = torch.multinomial(self.weights, count, replacement=True, generator=generator).tolist()
        return [self._shown(self.sequences[i], generator, rng) for i in chosen]

    def whole(self) -> list[Shown]:
        """Every sequence from its beginning, with its first caption: for measuring."""
        rng = random.Random(0)
        return [
            Shown([int(c) for c in s.phases[0][:MAX_TOKENS]], captions(s.clip, s.little, rng)[0])
            for s in self.sequences
        ]

    def _shown(self, sequence: TokenSequence, generator: torch.Generator, rng: random.Random) -> Shown:
        codes = crop(sequence, generator, MAX_TOKENS)[0] if self.crops else sequence.phases[0][:MAX_TOKENS]
        return Shown([int(code) for code in codes], rng.choice(captions(sequence.clip, sequence.little, rng)))


def captions(clip: Clip, little: bool, rng: random.Random) -> list[str]:
    """What a clip shows, in one or more sentences."""
    return clip.captions or [describe(clip.tags["content"], clip.tags["style"], clip.mirrored, little, rng)]


def read_motions(data: Path, tokenizer: Path, folder: Path, split: str = "train", crops: bool = True) -> Motions:
    """The clips of a split that have captions; codes are computed once and kept in `folder`.

    Raises MotionGPTError for what is no data set or no motion tokenizer, and where no clip is left.
    """
    made_from = {"dataset": checksum(data), "tokenizer": tokenizer_check(tokenizer)}
    dataset = load_dataset(data)
    clips = [c for c in dataset.split(split) if c.captions or c.tags]
    path = folder / _NAME.replace(".", f"-{split}.")
    if not is_fresh(path, made_from):
        folder.mkdir(parents=True, exist_ok=True)
        _write(path, _encode(dataset, clips, MotionCodec(tokenizer)))
        note_source(path, made_from)
    found = [s for s in _read(path, clips) if min(map(len, s.phases)) >= MIN_TOKENS]
    if not found:
        raise MotionGPTError(
            f"{data} holds no clips with captions for {'training' if split == 'train' else 'tests'}.",
            f"Import clips of at least {MIN_TOKENS * FRAMES_PER_TOKEN / FPS:g} seconds, with captions.",
        )
    return Motions(found, made_from, crops)


def _encode(dataset: Dataset, clips: list[Clip], codec: MotionCodec) -> dict[str, Ints]:
    codes, lengths, cores, little = [], [], [], []
    with progress_bar("codes") as bar:
        task = bar.add_task("codes", total=len(clips), note="")
        for clip in clips:
            features = np.asarray(dataset.of(clip))
            published = codec.statistics.normalize(published_clip(features))
            for phase in PHASES:
                found = codec.features_to_codes(published[None, phase:])[0]
                codes.append(found)
                lengths.append(len(found))
            core, hardly = happening(clip, features)
            cores.append(core)
            little.append(hardly)
            bar.advance(task)
    return {
        "codes": np.concatenate([*codes, np.empty(0, np.int64)]).astype(np.uint16),
        "lengths": np.array(lengths, np.int64),
        "cores": np.array(cores, np.int64).reshape(-1, 2),
        "little": np.array(little, np.int64),
    }


def _write(path: Path, arrays: dict[str, Ints]) -> None:
    draft = path.with_suffix(".tmp.npz")
    np.savez_compressed(draft, **arrays)
    draft.replace(path)


def _read(path: Path, clips: list[Clip]) -> list[TokenSequence]:
    with np.load(path, allow_pickle=False) as file:
        codes, lengths, cores, little = (file[name] for name in ("codes", "lengths", "cores", "little"))
    pieces = np.split(codes.astype(np.int64), np.cumsum(lengths)[:-1])
    count = len(PHASES)
    out = []
    for i, clip in enumerate(clips):
        phases = tuple(pieces[i * count : (i + 1) * count])
        out.append(TokenSequence(clip, phases, phases, (int(cores[i, 0]), int(cores[i, 1])), bool(little[i])))
    return out
