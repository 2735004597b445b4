"""Stages 2 and 3: train the language model that reads and writes motion tokens, all tasks in one model."""

import math
import time
import zlib
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ....retarget.errors import MotionGPTError
from ....retarget.typing import Ints
from ...dataset.captions import VOCABULARY
from ...dataset.clips import Clip, checksum, load_dataset
from ...dataset.composites import with_composites
from ...engines.starter.vocabulary import CODES, END, FIRST_WORD, LEVELS, MAX_TOKENS, MOST_LEVELS
from ...text_encoder.sentences import load_text_tokenizer, load_words
from ..ahead import Ahead, workers_for
from ..folder import check_settings, copied, is_fresh, note_source
from ..loop import (
    Processes,
    Schedule,
    autocast,
    choose_device,
    load_trained,
    save_atomically,
    settings_of,
    start_of,
    train,
)
from ..tokenizer.train import load_tokenizer, tokenizer_checksum
from .data import IGNORED, Batches, LanguageTraining
from .net import LanguageConfig, MotionLanguageModel
from .packed import is_pack, read_made_from, read_pack
from .sequences import TokenSequence, tokenize
from .wordings import Wordings, key_of, make_wordings

_ROWS = 256
"""Sizes of the losses' matrix products are multiples of this."""


def language_loss(model: MotionLanguageModel, batch: dict[str, Tensor], detail: float) -> dict[str, Tensor]:
    """loss: of all levels, the further ones weighted by `detail` over their number to the power of the network's
    `falls`; accuracy: of the first. Motion is chosen among the codes and END, as when it is written, captions among all
    tokens."""
    memory, memory_mask = model.encode(*(batch[k] for k in ("states", "mask", "keep", "task", "slots", "kinds")))
    hidden = model.decode(memory, memory_mask, *(batch[k] for k in ("tokens", "details", "remaining")))
    targets, details = batch["targets"], batch["detail_targets"]
    wanted = targets != IGNORED
    choices = END + 1 if int(targets.max()) <= END else None
    read, count = _rows(hidden, wanted)
    logits = F.linear(read, model.head.weight[:choices])[:count].float()  # (n, choices)
    loss = F.cross_entropy(logits, targets[wanted])
    accuracy = (logits.argmax(-1) == targets[wanted]).float().mean()
    fine = details[..., 0] != IGNORED
    if fine.any():
        read, count = _rows(hidden, fine)
        codes, _ = _rows(torch.cat([targets[..., None], details], dim=-1), fine)  # (n, levels)
        for level, found in enumerate(model.further_logits(read, codes), 1):
            lost = F.cross_entropy(found[:count].float(), codes[:count, level])
            loss = loss + detail / level**model.config.falls * lost
    return {"loss": loss, "accuracy": accuracy}


def _rows(values: Tensor, mask: Tensor) -> tuple[Tensor, int]:
    """The rows of values (B, L, ...) where the mask (B, L) holds, with copies of the first up to a multiple of _ROWS,
    and how many are no copies. A CPU prepares a product of each new size, which takes it longer than the copies."""
    places = mask.flatten().nonzero()[:, 0]
    copies = places[:1].expand(-len(places) % _ROWS)
    return values.flatten(0, 1)[torch.cat([places, copies])], len(places)


def train_language_model(
    data: Path,
    tokenizer: Path,
    folder: Path,
    training: LanguageTraining,
    config: LanguageConfig | None = None,
    device: str = "auto",
    start: Path | None = None,
) -> MotionLanguageModel:
    """Train on a data set and a trained motion tokenizer, or on packed sequences, and leave `model.pt` in the folder;
    resumes from a checkpoint there.

    start: folder of a model to train further, whose sizes are kept; of words that its captions did not have it learns
    to write anew. Raises MotionGPTError for one that was trained with another tokenizer.
    """
    began, where = time.monotonic(), choose_device(device)
    begun, more = start_of(start, "language model", "language-model")
    if is_pack(data):
        made_from = read_made_from(data)
        training = replace(training, composites=made_from["composites"])
        sources = {name: made_from[name] for name in ("dataset", "tokenizer")}
    else:
        sources = {"dataset": checksum(data), "tokenizer": tokenizer_checksum(tokenizer)}
    if begun and sources["tokenizer"] != begun["config"]["tokenizer"]:
        raise MotionGPTError(f"{start} was trained with another tokenizer.", "Train it further with the same.")
    check_settings(folder, {**asdict(training), **sources, **more})
    folder.mkdir(parents=True, exist_ok=True)
    processes = Processes(where)
    with processes.leader_first():
        sequences = _cached_sequences(data, tokenizer, folder, training, sources, start)
        wordings = _cached_wordings(sequences, folder, training, sources, start)
    draw = Ahead(Batches(sequences, wordings, training, processes).draw, workers_for(where))
    levels = sequences[0].phases[0].shape[1]
    own = settings_of(LanguageConfig, begun["config"]) if begun else config or LanguageConfig()
    config = replace(own, words=len(wordings.vocabulary), levels=levels)
    torch.manual_seed(training.seed)
    model = MotionLanguageModel(config)
    if begun and start:
        model.load_state_dict(_rewritten(begun["model"], caption_words(start), wordings.vocabulary, model))
    model.to(where)
    read = replace(wordings, states=wordings.states.to(where))

    def loss_of(generator: torch.Generator) -> dict[str, Tensor]:
        batch = draw(generator)
        states, mask = read.gather(batch["sentences"].tolist())
        batch = {k: v.to(where) for k, v in batch.items()} | {"states": states, "mask": mask}
        with autocast(where):
            return language_loss(model, batch, training.detail)

    settings = {**asdict(training), **asdict(config), **sources, **more}
    schedule = Schedule(training.steps, training.rate, 300, 0.05, minutes=training.minutes).after(
        time.monotonic() - began
    )
    return train(model, loss_of, folder, schedule, settings, "language model")


def _rewritten(
    weights: dict[str, Tensor], known: list[int], words: list[int], model: MotionLanguageModel
) -> dict[str, Tensor]:
    """Weights of a model that writes the `known` word pieces (ids, in the order of its rows) for one that writes
    `words`; rows of pieces that are new are the given model's."""
    row = {piece: FIRST_WORD + i for i, piece in enumerate(known)}
    kept = [(FIRST_WORD + i, row[piece]) for i, piece in enumerate(words) if piece in row]
    to, source = [list(places) for places in zip(*kept, strict=True)] if kept else ([], [])
    out = dict(weights)
    for name in ("token.weight", "head.weight"):
        table = model.state_dict()[name].clone()
        table[:FIRST_WORD], table[to] = weights[name][:FIRST_WORD], weights[name][source]
        out[name] = table
    return out


def _cached_wordings(
    sequences: list[TokenSequence],
    folder: Path,
    training: LanguageTraining,
    sources: dict[str, int],
    start: Path | None,
) -> Wordings:
    """The clips' sentences through the pretrained encoder, cached in the folder."""
    path = folder / "wordings.pt"
    made_from = {k: getattr(training, k) for k in ("wordings", "text_side", "composites", "seed")} | sources
    made_from["words"] = zlib.crc32(repr(VOCABULARY).encode())
    if not is_fresh(path, made_from) and not copied(path, made_from, start):
        clips = ((s.clip, s.little) for s in sequences)
        words = load_words(training.text_side)
        make_wordings(clips, training.wordings, load_text_tokenizer(), words, training.seed).save(path)
        note_source(path, made_from)
    return Wordings.load(path)


def _cached_sequences(
    data: Path,
    tokenizer: Path,
    folder: Path,
    training: LanguageTraining,
    sources: dict[str, int],
    start: Path | None,
) -> list[TokenSequence]:
    """Tokens of the training clips and of composites, cached in the folder, since computing them takes minutes."""
    path = folder / "sequences.pt"
    made_from = {"composites": training.composites, "seed": training.seed, **sources}
    if not is_fresh(path, made_from) and not copied(path, made_from, start):
        _store(read_pack(data) if is_pack(data) else tokenized(data, tokenizer, training), path)
        note_source(path, made_from)
    return _stored(path)


def _store(sequences: list[TokenSequence], path: Path) -> None:
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
    save_atomically(plain, path)


def _stored(path: Path) -> list[TokenSequence]:
    return [_sequence(s) for s in torch.load(path, weights_only=True)]


def tokenized(data: Path, tokenizer: Path, training: LanguageTraining) -> list[TokenSequence]:
    """Tokens of the training clips of a data set and of composites. Raises MotionGPTError for a tokenizer with fewer or
    more levels of codes than the language model takes."""
    model, statistics = load_tokenizer(tokenizer)
    if not 2 <= model.levels <= MOST_LEVELS:
        raise MotionGPTError(
            f"The tokenizer has {model.levels} levels of codes, and the language model takes 2 to {MOST_LEVELS}.",
            f"Train it with --set levels={LEVELS}.",
        )
    dataset = with_composites(load_dataset(data), training.composites, training.seed)
    return tokenize(model, statistics, dataset)


def _sequence(stored: dict[str, Any]) -> TokenSequence:
    """One sequence, as `_store` wrote it."""
    phases, poses = (tuple(p.numpy() for p in stored[k]) for k in ("phases", "poses"))
    return TokenSequence(Clip(**stored["clip"]), phases, poses, tuple(stored["core"]), stored["little"])


def trained_on(folder: Path, count: int) -> list[tuple[Tensor, Ints]]:
    """Some of what a model in that folder was trained on: states (L, 384) of a text, and codes (N, levels) of the
    motion."""
    sequences = _stored(folder / "sequences.pt")
    wordings = Wordings.load(folder / "wordings.pt")
    out = []
    for sequence in sequences[:: math.ceil(len(sequences) / count)]:
        states, mask = wordings.gather(wordings.of[key_of(sequence.clip, sequence.little)][:1])
        out.append((states[0][mask[0] > 0].float(), sequence.phases[0][:MAX_TOKENS].astype(np.int64)))
    return out


def unused_codes(folder: Path) -> list[int]:
    """First-level codes in none of the sequences that a model was trained on; sampling one would give motion that no
    clip shows."""
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
    """A trained model, in evaluation mode."""
    state = load_trained(folder, "language model", "language-model")
    model = MotionLanguageModel(settings_of(LanguageConfig, state["config"]))
    model.load_state_dict(state["model"])
    return model.eval()
