"""A trained tokenizer and language model as a folder that the starter model's engine runs: graphs, the word-piece
tokenizer, a card. The word embeddings are stored in 8 bits, one scale a row."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...engines.starter.sureness import Known
from ...engines.starter.vocabulary import MAX_TOKENS, detail_name
from ...features import FPS, Statistics
from ...known.phrases import FILE_NAME as KNOWN
from ...model_folder import ModelCard, SharedCard, write_card
from ...tasks import Continue, Describe, Generate, Inbetween
from ...text_encoder.net import TEXT_WIDTH, PretrainedEncoder, attention_bias
from ...text_encoder.sentences import TEXT_SIDE as BUNDLED_TEXT
from ...text_encoder.sentences import encoder_folder, load_words
from ..graphs import axis, export_graph
from ..sharing import same_bytes, same_graph, share
from ..storage import Packed, eight_bits
from ..tokenizer.export import export_tokenizer
from ..tokenizer.net import FRAMES_PER_TOKEN, MotionVqVae
from .net import MotionLanguageModel

GRAPHS = ("memory", "step", "motion", "codes")
TEXT_SIDE = ("words.onnx", "tokenizer.json")
"""What models with the same pretrained encoder have in common."""
_STORED = Packed(6)
ENCODER = "sentence-transformers/all-MiniLM-L6-v2, Apache-2.0"


class _RowQuantized(nn.Module):
    """An embedding table in 8 bits, one scale a row."""

    table: Tensor
    scale: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        scale = weight.abs().amax(dim=1, keepdim=True).clamp(min=1e-8) / 127.0
        self.register_buffer("table", (weight / scale).round().to(torch.int8))
        self.register_buffer("scale", scale)

    def forward(self, ids: Tensor) -> Tensor:
        return self.table[ids].float() * self.scale[ids]


class _WordsGraph(nn.Module):
    """ids, mask (B, L) -> the pretrained encoder's states (B, L, 384)."""

    def __init__(self, words: PretrainedEncoder) -> None:
        super().__init__()
        self.words = words

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        out: Tensor = self.words(ids, mask)
        return out


class _MemoryGraph(nn.Module):
    """What `MotionLanguageModel.encode` takes -> keys and values of the decoder's attention to it, (layers, B, heads,
    M, d), and the memory's mask (B, M)."""

    def __init__(self, model: MotionLanguageModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, states: Tensor, mask: Tensor, keep: Tensor, task: Tensor, slots: Tensor, kinds: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        memory, memory_mask = self.model.encode(states, mask, keep, task, slots, kinds)
        pairs = self.model.cross(memory)
        return torch.stack([k for k, _ in pairs]), torch.stack([v for _, v in pairs]), memory_mask


class _StepGraph(nn.Module):
    """One decoding step: logits (B, vocabulary), the hidden state (B, width) that the second level is predicted from,
    and of each layer the cache of keys and values, one longer (B, heads, t + 1, d): stacked, all of it would be copied
    twice at every step."""

    def __init__(self, model: MotionLanguageModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, token: Tensor, position: Tensor, remaining: Tensor, past_k: list[Tensor], past_v: list[Tensor],
        cross_k: list[Tensor], cross_v: list[Tensor], mask: Tensor, further: dict[str, Tensor],
    ) -> tuple[Tensor, ...]:  # fmt: skip
        details = torch.stack(list(further.values()), dim=-1)[:, None]
        x = self.model.embed(token[:, None], details, position[:, None], remaining[:, None])
        bias = attention_bias(mask)
        keys, values = [], []
        for i, layer in enumerate(self.model.decoder):
            x, (k, v) = layer(x, (cross_k[i], cross_v[i]), bias, (past_k[i], past_v[i]))
            keys.append(k)
            values.append(v)
        hidden = self.model.decoder_norm(x)[:, 0]
        return self.model.head(hidden), hidden, *keys, *values


class _DetailGraph(nn.Module):
    """The state hidden (B, width), the code chosen last (B,) and the sum (B, width) of the vectors of those chosen
    before -> logits (B, 512) of a further level, and that sum with the last code's."""

    def __init__(self, model: MotionLanguageModel, level: int) -> None:
        super().__init__()
        self.model, self.level = model, level

    def forward(self, hidden: Tensor, last: Tensor, chosen: Tensor | None = None) -> tuple[Tensor, Tensor]:
        vector = self.model.chosen[self.level - 1](last)
        grown = vector if chosen is None else chosen + vector
        return self.model.next_detail(self.level, hidden, grown), grown


def export_words(words: PretrainedEncoder, folder: Path) -> None:
    """`words.onnx`, the same for every model."""
    words.word = _RowQuantized(words.word.weight.detach())  # type: ignore[assignment]
    text = {"ids": torch.ones(2, 7, dtype=torch.long), "mask": torch.ones(2, 7, dtype=torch.long)}
    axes: dict[str, Any] = {name: {0: axis("b", 64), 1: axis("l", 512)} for name in text}
    export_graph(_WordsGraph(words), text, ["states"], axes, folder / "words.onnx", eight_bits)


def export_language(model: MotionLanguageModel, folder: Path) -> None:
    """`memory.onnx`, `step.onnx`, and `detail.onnx` and its like for each further level."""
    c = model.config
    batch, length, slots, past = axis("b", 64), axis("l", 512), axis("s", MAX_TOKENS), axis("t", MAX_TOKENS)
    memory = {
        "states": torch.zeros(2, 7, TEXT_WIDTH),
        "mask": torch.ones(2, 7),
        "keep": torch.ones(2),
        "task": torch.zeros(2, dtype=torch.long),
        "slots": torch.zeros(2, 5, c.levels, dtype=torch.long),
        "kinds": torch.ones(2, 5, dtype=torch.long),
    }
    axes: dict[str, Any] = {
        **{name: {0: batch, 1: length} for name in ("states", "mask")},
        **{name: {0: batch} for name in ("keep", "task")},
        **{name: {0: batch, 1: slots} for name in ("slots", "kinds")},
    }
    export_graph(_MemoryGraph(model), memory, ["cross_k", "cross_v", "whole"], axes, folder / "memory.onnx", _STORED)
    head = c.width // c.heads
    layers = range(c.decoder_layers)

    def caches(length: int) -> list[Tensor]:  # each its own: the exporter takes the same tensor for the same input
        return [torch.zeros(2, c.heads, length, head) for _ in layers]

    step: dict[str, Any] = {
        **{name: torch.zeros(2, dtype=torch.long) for name in ("token", "position", "remaining")},
        "past_k": caches(3),
        "past_v": caches(3),
        "cross_k": caches(7),
        "cross_v": caches(7),
        "mask": torch.ones(2, 7),
    }
    further = [detail_name(level) for level in range(1, c.levels)]
    step["further"] = {name: torch.zeros(2, dtype=torch.long) for name in further}
    axes = {
        **{name: {0: batch} for name in ("token", "position", "remaining")},
        "further": {name: {0: batch} for name in further},
        **{name: [{0: batch, 2: past} for _ in layers] for name in ("past_k", "past_v")},
        **{name: [{0: batch, 2: length} for _ in layers] for name in ("cross_k", "cross_v")},
        "mask": {0: batch, 1: length},
    }
    grown = [f"{name}{layer}" for name in ("next_k", "next_v") for layer in layers]
    export_graph(_StepGraph(model), step, ["logits", "hidden", *grown], axes, folder / "step.onnx", _STORED)
    detail = {"hidden": torch.zeros(2, c.width), "last": torch.zeros(2, dtype=torch.long)}
    for level, name in enumerate(further, 1):
        axes = {given: {0: batch} for given in detail}
        outputs = ["logits", "grown"]
        export_graph(_DetailGraph(model, level), detail, outputs, axes, folder / f"{name}.onnx", _STORED)
        detail["chosen"] = torch.zeros(2, c.width)


def export_model(
    tokenizer: MotionVqVae,
    statistics: Statistics,
    model: MotionLanguageModel,
    known: Known,
    out: Path,
    card: dict[str, Any],
    text: Path | None = None,
) -> ModelCard:
    """Write a model folder. known: the phrases that the model was trained on.  card: name, licence, sources,
    description, training, measured, sampling defaults in settings.  text: a folder for TEXT_SIDE that models share.

    Raises MotionGPTError if other models need another text side in that folder.
    """
    shared: dict[str, dict[str, str]] = {}
    c = model.config
    further = [detail_name(level) for level in range(1, c.levels)]
    graphs = [f"{graph}.onnx" for graph in (*GRAPHS, *further)]
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        _text_side(card["training"]["language_model"].get("text_side", "pretrained"), work)
        export_language(model, work)
        export_tokenizer(tokenizer, statistics, work)
        known.save(work / KNOWN)
        if text is not None:
            shared = _share_text_side(work, text, out)
        out.mkdir(parents=True, exist_ok=True)
        for file in work.iterdir():
            if text is None or file.name not in TEXT_SIDE:
                shutil.copy(file, out / file.name)
    settings = {
        "levels": c.levels,
        "layers": c.decoder_layers,
        "heads": c.heads,
        "head_width": c.width // c.heads,
        **card.pop("settings", {}),
    }
    files = (*graphs, *TEXT_SIDE, KNOWN)
    return write_card(
        ModelCard(
            kind="motiongpt-onnx",
            features="true",
            fps=FPS,
            frames_per_token=FRAMES_PER_TOKEN,
            max_seconds=MAX_TOKENS * FRAMES_PER_TOKEN / FPS,
            tasks=tuple(task.name() for task in (Generate, Continue, Inbetween, Describe)),
            files={file: "" for file in files if text is None or file not in TEXT_SIDE},
            shared=shared,
            settings=settings,
            **card,
        ),
        out,
    )


def _text_side(side: str, work: Path) -> None:
    """TEXT_SIDE: of the pretrained encoder, or where its package is missing, as the bundled models share it."""
    words = load_words(side)
    if isinstance(words, PretrainedEncoder):
        export_words(words, work)
        shutil.copy(encoder_folder() / "tokenizer.json", work / "tokenizer.json")
    else:
        for name in TEXT_SIDE:
            shutil.copy(BUNDLED_TEXT / name, work / name)


def _share_text_side(work: Path, text: Path, model: Path) -> dict[str, dict[str, str]]:
    """Put TEXT_SIDE of the exported files into a folder that models share; returns the entry of a model's card."""
    sample = {"ids": np.array([[101, 1037, 2711, 7365, 102]]), "mask": np.ones((1, 5), np.int64)}
    about = "Reads English for the models beside it: the pretrained encoder, its word embeddings in 8 bits."
    card = SharedCard(name=text.name, licence="Apache-2.0", files={}, description=about, sources=(ENCODER,))
    return share({work / "words.onnx": same_graph(sample), work / "tokenizer.json": same_bytes}, text, card, model)
