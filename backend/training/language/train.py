"""Stages 2 and 3: train the language model that reads and writes motion tokens, all tasks in one model."""

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ....retarget.errors import MotionGPTError
from ....retarget.typing import Numbers
from ...dataset.clips import Clip, fair_shares, kind_of, load_dataset
from ...dataset.composites import is_composite, with_composites
from ...engines.starter.vocabulary import (
    ABSENT,
    BEGIN,
    BEGIN_TEXT,
    CODES,
    END,
    HIDDEN,
    LEVELS,
    MOTION,
    NO_DETAIL,
    POSE,
    TASKS,
    UNKNOWN_LENGTH,
)
from ..loop import Processes, Schedule, autocast, choose_device, save_whole, train
from ..tokenizer.train import load_tokenizer
from .net import LanguageConfig, MotionLanguageModel
from .sentences import load_text_tokenizer, load_words
from .sequences import TokenSequence, crop, tokenize
from .wordings import QUESTION, Wordings, caption_tokens, key_of, make_wordings

_IGNORED = -100
_POOL = 4  # batches drawn at once and sorted by length, so that little of one is padding


@dataclass(frozen=True)
class LanguageTraining:
    """Settings of the training.

    inbetween, caption: share of batches of these tasks, the rest being text to motion, whose beginnings also teach to
    continue.  hide_text, hide_length: share of examples that are shown without.  hide_text_between: likewise where
    slots are given.  hide_words: share of which only the sentence's mean is shown, which words that no caption holds
    reach best.  corrupt: share of input tokens replaced by others.  detail: weight of the second level's loss.
    wordings: sentences for every kind of clip.  text_side: see `sentences.load_words`.  composites: for every action in
    a style that no clip shows it in (see `composites`), drawn with the weight `composed`.
    """

    batch: int = 64
    steps: int = 4000
    rate: float = 8e-4
    seed: int = 0
    inbetween: float = 0.16
    caption: float = 0.1
    hide_text: float = 0.1
    hide_text_between: float = 0.5
    hide_words: float = 0.25
    hide_length: float = 0.15
    corrupt: float = 0.1
    detail: float = 0.5
    wordings: int = 48
    text_side: str = "pretrained"
    composites: int = 8
    composed: float = 0.4


def _pad(rows: Sequence[Numbers | list[int]], length: int, filling: int) -> Tensor:
    """(B, length) of rows at most as long."""
    out = torch.full((len(rows), length), filling)
    for row, values in zip(out, rows, strict=True):
        row[: len(values)] = torch.as_tensor(np.asarray(values))
    return out


def keep_kinds(length: int, rng: random.Random) -> list[int]:
    """Which slots of a motion are given, and how: the conditions of both papers, and anything between."""
    kinds = [HIDDEN] * length
    layout = rng.random()
    if layout < 0.6:  # poses: first, last, both, some
        places = rng.choice(
            ([0], [length - 1], [0, length - 1], rng.sample(range(length), min(length, rng.randint(1, 5))))
        )
        for place in places:
            kinds[place] = POSE
    elif layout < 0.85:  # both ends known, the middle to be made
        first = rng.randint(1, max(1, length // 2))
        last = rng.randint(0, max(0, length - first - 1))
        kinds[:first] = [MOTION] * first
        kinds[length - last :] = [MOTION] * last
    else:
        share = rng.random()
        kinds = [MOTION if rng.random() < share else HIDDEN for _ in kinds]
    return kinds


class _Batches:
    """Sentences and stretches of motion tokens of random clips, one task a batch."""

    def __init__(
        self, sequences: list[TokenSequence], wordings: Wordings, training: LanguageTraining, processes: Processes
    ) -> None:
        self.sequences, self.wordings, self.training = sequences, wordings, training
        self.processes = processes
        shares = fair_shares([kind_of(s.clip) for s in sequences], [s.clip.tags.get("style", "") for s in sequences])
        trust = np.array([training.composed if is_composite(s.clip) else 1.0 for s in sequences])
        self.weights = torch.from_numpy(trust * shares)

    def draw(self, generator: torch.Generator) -> dict[str, Tensor]:
        """What the model takes, and targets: see `_generate`."""
        t, together = self.training, self.processes
        # All processes take their share of the same draw, so that none waits long for another.
        generator = torch.Generator().manual_seed(together.shared_seed(generator))
        rng = random.Random(int(torch.randint(2**62, (1,), generator=generator)))
        size = t.batch * together.count
        count = size * _POOL
        chosen = torch.multinomial(self.weights, count, replacement=True, generator=generator).tolist()
        drawn = [(self.sequences[i], *crop(self.sequences[i], generator)) for i in chosen]
        drawn.sort(key=lambda one: len(one[1]))
        first = rng.randrange(_POOL) * size
        rows = drawn[first : first + size][together.rank :: together.count]
        task = rng.random()
        if task < t.caption:
            batch = self._caption(rows, rng)
        else:
            between = task < t.caption + t.inbetween
            batch = self._write(rows, rng, generator, between)
        return self._corrupted(batch, generator)

    def _text(self, rows: list[Any], rng: random.Random, hidden: float) -> dict[str, Tensor]:
        sentences = [self.wordings.draw(key_of(s.clip, s.little), rng) for s, _, _ in rows]
        states, mask = self.wordings.gather(sentences)
        words = self.training.hide_words
        keep = torch.tensor([0.0 if rng.random() < hidden else 1.0 + (rng.random() < words) for _ in rows])
        return {"states": states, "mask": mask, "keep": keep}

    def _write(
        self, rows: list[Any], rng: random.Random, generator: torch.Generator, between: bool
    ) -> dict[str, Tensor]:
        """Text, and with `between` some slots, to motion."""
        t = self.training
        text = self._text(rows, rng, t.hide_text_between if between else t.hide_text)
        codes = [c for _, c, _ in rows]
        longest = max(map(len, codes))
        levels = [_pad([c[:, level] for c in codes], longest + 1, _IGNORED) for level in (0, 1)]
        targets = levels[0].clone()
        targets[torch.arange(len(rows)), torch.tensor([len(c) for c in codes])] = END
        shifted = [torch.cat([torch.full((len(rows), 1), _IGNORED), level[:, :-1]], dim=1) for level in levels]
        tokens = torch.where(shifted[0] == _IGNORED, BEGIN, shifted[0])
        details = torch.where(shifted[1] == _IGNORED, NO_DETAIL, shifted[1])
        left = [np.arange(len(c), -1, -1) for c in codes]
        remaining = _pad(left, longest + 1, 0)
        if between:
            slots, kinds = self._slots(rows, longest, rng)
            known = F.pad(kinds == MOTION, (0, 1))
            targets, levels[1] = targets.masked_fill(known, _IGNORED), levels[1].masked_fill(known, _IGNORED)
        else:
            slots, kinds = torch.zeros(len(rows), 1, 2, dtype=torch.long), torch.full((len(rows), 1), ABSENT)
            untold = torch.rand(len(rows), generator=generator) < t.hide_length
            remaining = remaining.masked_fill(untold[:, None], UNKNOWN_LENGTH)
        return {
            **text, "task": torch.full((len(rows),), TASKS.index("inbetween" if between else "generate")),
            "slots": slots, "kinds": kinds, "tokens": tokens, "details": details, "remaining": remaining,
            "targets": targets, "detail_targets": levels[1],
        }  # fmt: skip

    def _slots(self, rows: list[Any], longest: int, rng: random.Random) -> tuple[Tensor, Tensor]:
        """Codes (B, N, 2) and kinds (B, N)."""
        kinds = [keep_kinds(len(codes), rng) for _, codes, _ in rows]
        given = [
            np.where((np.asarray(kind) == POSE)[:, None], poses, codes)
            for kind, (_, codes, poses) in zip(kinds, rows, strict=True)
        ]
        slots = torch.stack([_pad([g[:, level] for g in given], longest, 0) for level in (0, 1)], dim=-1)
        return slots, _pad(kinds, longest, ABSENT)

    def _caption(self, rows: list[Any], rng: random.Random) -> dict[str, Tensor]:
        """Motion to text."""
        longest = max(len(codes) for _, codes, _ in rows)
        slots = torch.stack([_pad([c[:, level] for _, c, _ in rows], longest, 0) for level in (0, 1)], dim=-1)
        kinds = _pad([np.full(len(c), MOTION) for _, c, _ in rows], longest, ABSENT)
        answers = [caption_tokens(self.wordings, self.wordings.draw(key_of(s.clip, s.little), rng)) for s, _, _ in rows]
        states, mask = self.wordings.gather([self.wordings.draw(QUESTION, rng) for _ in rows])
        most = max(map(len, answers)) + 1
        return {
            "states": states, "mask": mask, "keep": torch.ones(len(rows)),
            "task": torch.full((len(rows),), TASKS.index("caption")), "slots": slots, "kinds": kinds,
            "tokens": _pad([[BEGIN_TEXT, *a] for a in answers], most, END),
            "details": torch.full((len(rows), most), NO_DETAIL),
            "remaining": torch.full((len(rows), most), UNKNOWN_LENGTH),
            "targets": _pad([[*a, END] for a in answers], most, _IGNORED),
            "detail_targets": torch.full((len(rows), most), _IGNORED),
        }  # fmt: skip

    def _corrupted(self, batch: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """The decoder's motion tokens, a share of them replaced by others."""
        tokens, details = batch["tokens"], batch["details"]
        noise = (torch.rand(tokens.shape, generator=generator) < self.training.corrupt) & (tokens < CODES)
        other = torch.randint(CODES, (2, *tokens.shape), generator=generator)
        return batch | {
            "tokens": torch.where(noise, other[0], tokens),
            "details": torch.where(noise, other[1], details),
        }


def language_loss(model: MotionLanguageModel, batch: dict[str, Tensor], detail: float) -> dict[str, Tensor]:
    """loss: of both levels, the second weighted by `detail`; accuracy: of the first."""
    memory, whole = model.encode(*(batch[k] for k in ("states", "mask", "keep", "task", "slots", "kinds")))
    hidden = model.decode(memory, whole, *(batch[k] for k in ("tokens", "details", "remaining")))
    targets, details = batch["targets"], batch["detail_targets"]
    wanted = targets != _IGNORED
    logits = model.head(hidden[wanted]).float()  # (n, vocabulary)
    loss = F.cross_entropy(logits, targets[wanted])
    accuracy = (logits.argmax(-1) == targets[wanted]).float().mean()
    fine = details != _IGNORED
    if fine.any():
        found = model.detail_logits(hidden[fine], targets[fine]).float()
        loss = loss + detail * F.cross_entropy(found, details[fine])
    return {"loss": loss, "accuracy": accuracy}


def train_language_model(
    data: Path,
    tokenizer: Path,
    folder: Path,
    training: LanguageTraining,
    config: LanguageConfig | None = None,
    device: str = "auto",
) -> MotionLanguageModel:
    """Train on a data set and a trained motion tokenizer, and leave `model.pt` in the folder; resumes what it finds
    there."""
    where = choose_device(device)
    folder.mkdir(parents=True, exist_ok=True)
    processes = Processes(where)
    with processes.leader_first():
        sequences = _cached_sequences(data, tokenizer, folder, training)
        wordings = _cached_wordings(sequences, folder, training)
    batches = _Batches(sequences, wordings, training, processes)
    config = replace(config or LanguageConfig(), words=len(wordings.vocabulary))
    torch.manual_seed(training.seed)
    model = MotionLanguageModel(config).to(where)

    def loss_of(generator: torch.Generator) -> dict[str, Tensor]:
        batch = {k: v.to(where) for k, v in batches.draw(generator).items()}
        with autocast(where):
            return language_loss(model, batch, training.detail)

    settings = {**asdict(training), **asdict(config)}
    average = train(
        model, loss_of, folder, Schedule(training.steps, training.rate, 300, 0.05), settings, "language model"
    )
    assert isinstance(average, MotionLanguageModel)
    return average


def _cached_wordings(sequences: list[TokenSequence], folder: Path, training: LanguageTraining) -> Wordings:
    """What the clips' sentences are to the pretrained encoder, kept in the folder."""
    path = folder / "wordings.pt"
    if not path.exists():
        clips = ((s.clip, s.little) for s in sequences)
        words = load_words(training.text_side)
        make_wordings(clips, training.wordings, load_text_tokenizer(), words, training.seed).save(path)
    return Wordings.load(path)


def _cached_sequences(data: Path, tokenizer: Path, folder: Path, training: LanguageTraining) -> list[TokenSequence]:
    """Tokens of the training clips and of composites, kept in the folder, since making them takes minutes."""
    path = folder / "sequences.pt"
    if path.exists():
        return [_sequence(s) for s in torch.load(path, weights_only=True)]
    model, statistics = load_tokenizer(tokenizer)
    if model.levels != LEVELS:
        raise MotionGPTError(
            f"The tokenizer has {model.levels} levels of codes, and the language model takes {LEVELS}.",
            f"Train it with --set levels={LEVELS}.",
        )
    dataset = with_composites(load_dataset(data), training.composites, training.seed)
    sequences = tokenize(model, statistics, dataset)
    plain = [
        {
            "clip": asdict(s.clip),
            "phases": [torch.from_numpy(p) for p in s.phases],
            "poses": [torch.from_numpy(p) for p in s.poses],
            "core": list(s.core),
            "little": s.little,
        }
        for s in sequences
    ]
    save_whole(plain, path)
    return sequences


def _sequence(stored: dict[str, Any]) -> TokenSequence:
    """What `_cached_sequences` wrote of one."""
    phases, poses = (tuple(p.numpy() for p in stored[k]) for k in ("phases", "poses"))
    return TokenSequence(Clip(**stored["clip"]), phases, poses, tuple(stored["core"]), stored["little"])


def unused_codes(folder: Path) -> list[int]:
    """First-level codes that none of the sequences a model was trained on holds; drawn, they would bring what no clip
    shows."""
    used = {
        code
        for s in torch.load(folder / "sequences.pt", weights_only=True)
        for p in s["phases"]
        for code in p[:, 0].tolist()
    }
    return [code for code in range(CODES) if code not in used]


def caption_words(folder: Path) -> list[int]:
    """The word pieces that a model in that folder can write, in the order of its head."""
    return Wordings.load(folder / "wordings.pt").vocabulary


def load_language_model(folder: Path) -> MotionLanguageModel:
    """A trained model, ready to write."""
    state = torch.load(folder / "model.pt", weights_only=True, map_location="cpu")
    fields = {k: state["config"][k] for k in LanguageConfig.__dataclass_fields__}
    model = MotionLanguageModel(LanguageConfig(**fields))
    model.load_state_dict(state["model"])
    return model.eval()
