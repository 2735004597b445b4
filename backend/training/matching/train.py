"""Train the text-motion matching model: what judges generated motion, or picks the best of several candidates.

Two trainings with different seeds give a judge and a picker that don't share their mistakes: a model that picks what it
is then judged by would look better than it is.
"""

import random
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ....retarget.errors import MotionGPTError
from ....retarget.typing import Float32s
from ...dataset.captions import describe
from ...dataset.clips import Clip, Dataset, fair_shares, kind_of, load_dataset
from ...dataset.composites import set_apart, with_composites
from ...dataset.meaning import ACTION_NAMES, OTHER, STYLE_NAMES, Meaning, read_caption
from ...evaluation.cases import meaning_of
from ...features import features_to_motion
from ..language.sentences import Sentences, kept_sentences
from ..language.sequences import activity, does_little
from ..loop import Schedule, choose_device, train
from ..tokenizer.train import compute_statistics
from .net import MatchingConfig, MatchingModel

MAX_FRAMES = 256
MIN_FRAMES = 20
_CHUNK = 32  # motions that go through the network together
_WORDINGS = 48  # of every content, style, size and side


@dataclass(frozen=True)
class MatchingTraining:
    """classes: weight of the classifiers' losses.  whole: share of clips shown uncut.  composites: for every action in
    a style that no clip shows it in (see `composites`); a judge is to know real motion alone, a picker more.  without:
    styles (words) whose gestures and turns are left out, to test the model by what it never saw (see `set_apart`).
    """

    batch: int = 128
    steps: int = 1500
    rate: float = 1.5e-3
    seed: int = 0
    classes: float = 0.5
    whole: float = 0.5
    composites: int = 0
    without: str = ""


@dataclass(frozen=True, eq=False)
class _Example:
    """A clip, what it means, the frames (first, last + 1) that must stay in a cut, and its captions' places among
    all."""

    clip: Clip
    meaning: Meaning
    little: bool
    core: tuple[int, int]
    captions: tuple[int, ...]


def held_out(clip: Clip) -> bool:
    """One training clip in twenty, kept from the weights to set the classifiers' temperatures by."""
    return zlib.crc32(clip.name.encode()) % 20 == 1


def _examples(dataset: Dataset, clips: list[Clip], texts: dict[str, int], rng: random.Random) -> list[_Example]:
    """The clips that have words. texts: caption -> its place, in the order of places; new ones are added."""

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
                made = (describe(content, style, clip.mirrored, little, rng) for _ in range(_WORDINGS))
                wordings[key] = places(made)
            captions = wordings[key]
        else:
            captions = places(clip.captions)
        out.append(_Example(clip, meaning_of(clip), little, core, captions))
    return out


class _Batches:
    """Random clips, cut at random, each with one of its captions, and which of them may count as each other's."""

    def __init__(
        self, dataset: Dataset, examples: list[_Example], texts: Iterable[str], read: Sentences, t: MatchingTraining
    ) -> None:
        self.dataset, self.examples, self.read, self.training = dataset, examples, read, t
        self.styles = [read_caption(text).style for text in texts]
        shares = fair_shares([kind_of(e.clip) for e in examples], [e.meaning.style for e in examples])
        self.weights = torch.from_numpy(shares)

    def cut(self, example: _Example, random: np.random.Generator) -> tuple[int, int]:
        """(first, last + 1) frame of a random stretch that holds the core where it fits."""
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
        chosen = torch.multinomial(self.weights, t.batch, replacement=True, generator=generator).tolist()
        random = np.random.default_rng(int(torch.randint(2**62, (1,), generator=generator)))
        examples = [self.examples[i] for i in chosen]
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

    def _same(self, examples: list[_Example], captions: list[int]) -> Tensor:
        """Pairs that are no mistake: same action and size, and the same style or none said; the same caption."""
        what = [(e.meaning.action, e.little) for e in examples]
        said = [self.styles[c] for c in captions]
        out = torch.zeros(len(examples), len(examples), dtype=torch.bool)
        for i in range(len(examples)):
            for j, other in enumerate(examples):
                alike = what[i] == what[j] and what[i][0] != OTHER and said[i] in ("", other.meaning.style)
                out[i, j] = alike or captions[i] in other.captions
        return out


def matching_losses(model: MatchingModel, batch: dict[str, Tensor], t: MatchingTraining) -> dict[str, Tensor]:
    """Contrastive loss both ways (InfoNCE; van den Oord et al. 2018) without the pairs that are no mistake, and the
    classifiers' cross-entropies."""
    motion, actions, styles = _in_chunks(model, batch["features"], batch["frames"])
    text = model.text(batch["states"], batch["mask"])
    scores = model.sharpness.exp().clamp(max=50.0) * text @ motion.T  # (B, B)
    own = torch.eye(len(scores), dtype=torch.bool, device=scores.device)
    scores = scores.masked_fill(batch["same"] & ~own, -1e4)
    target = torch.arange(len(scores), device=scores.device)
    match = (F.cross_entropy(scores, target) + F.cross_entropy(scores.T, target)) / 2
    action = F.cross_entropy(actions, batch["action"], label_smoothing=0.05)
    style = F.cross_entropy(styles, batch["style"], ignore_index=-1, label_smoothing=0.05)
    hit = (scores.argmax(1) == target).float().mean()
    return {"loss": match + t.classes * (action + style), "match": match, "action": action, "style": style, "hit": hit}


def _in_chunks(model: MatchingModel, features: Tensor, frames: Tensor) -> tuple[Tensor, ...]:
    """The model's answers for motions (B, T, 263), of like lengths together, so that little of the work is padding."""
    order = frames.argsort()
    parts = [model(features[c, : int(frames[c].max())], frames[c]) for c in order.split(_CHUNK)]
    back = order.argsort()
    return tuple(torch.cat(values)[back] for values in zip(*parts, strict=True))


def train_matching(
    data: Path, folder: Path, training: MatchingTraining, config: MatchingConfig | None = None, device: str = "auto"
) -> MatchingModel:
    """Train on a data set's training split and leave `model.pt` in the folder; resumes what it finds there."""
    config = config or MatchingConfig()
    where = choose_device(device)
    whole = load_dataset(data)
    seen = replace(whole, clips=[c for c in whole.clips if not set_apart(c, training.without)])
    dataset = with_composites(seen, training.composites, training.seed)
    texts: dict[str, int] = {}
    rng = random.Random(training.seed)
    examples = _examples(dataset, [c for c in dataset.split("train") if not held_out(c)], texts, rng)
    if not examples:
        raise MotionGPTError(f"No training clip of {data} has words.", "Import it with a table of captions.")
    folder.mkdir(parents=True, exist_ok=True)
    read = kept_sentences(list(texts), folder / "captions.pt")
    batches = _Batches(dataset, examples, texts, read, training)
    torch.manual_seed(training.seed)
    model = MatchingModel(config, len(ACTION_NAMES), len(STYLE_NAMES))
    statistics = compute_statistics(dataset)
    model.motion.mean.copy_(torch.from_numpy(np.asarray(statistics.mean)))
    model.motion.std.copy_(torch.from_numpy(np.asarray(statistics.std)))
    model.to(where)

    def loss_of(generator: torch.Generator) -> dict[str, Tensor]:
        batch = {k: v.to(where) for k, v in batches.draw(generator).items()}
        return matching_losses(model, batch, training)

    settings = {**asdict(training), **asdict(config)}
    schedule = Schedule(training.steps, training.rate, 100, 0.05, averaging=0.995, seed=training.seed)
    average = train(model, loss_of, folder, schedule, settings, "matching model")
    assert isinstance(average, MatchingModel)
    return average


def load_matching(folder: Path) -> MatchingModel:
    """A trained model, ready to judge. Raises MotionGPTError where the folder holds none."""
    try:
        state = torch.load(folder / "model.pt", weights_only=True, map_location="cpu")
    except FileNotFoundError:
        raise MotionGPTError(f"{folder} holds no trained matching model.", "Run `motiongpt train matching`.") from None
    fields = {k: state["config"][k] for k in MatchingConfig.__dataclass_fields__}
    model = MatchingModel(MatchingConfig(**fields), len(ACTION_NAMES), len(STYLE_NAMES))
    model.load_state_dict(state["model"])
    return model.eval()


@torch.no_grad()
def judge_motions(model: MatchingModel, rows: list[Float32s]) -> tuple[Tensor, Tensor, Tensor]:
    """Vectors, action and style scores of motions' features (T, 263), one at a time."""
    out = [model(torch.from_numpy(np.array(r))[None], torch.tensor([len(r)])) for r in rows]
    vectors, actions, styles = zip(*out, strict=True)
    return torch.cat(vectors), torch.cat(actions), torch.cat(styles)
