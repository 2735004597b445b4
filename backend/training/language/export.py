"""Trained models as a folder that `MotionLanguageEngine` runs: graphs, the word-piece tokenizer, a card.

Sizes: matrices are stored in 8 bits by blocks (MatMulNBits: activations stay float), the word table in 8 bits by
rows, convolutions in float16.
"""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from ....retarget.errors import MotionGPTError
from ...engines.starter.vocabulary import MAX_TOKENS
from ...features import DIMENSIONS, FPS, Statistics
from ...model_folder import ModelCard, write_card
from ...tasks import Continue, Describe, Generate, Inbetween
from ..tokenizer.net import FRAMES_PER_TOKEN, MotionVqVae
from ..tokenizer.train import tokenizer_record
from .net import TEXT_WIDTH, MotionLanguageModel, PretrainedEncoder, attention_bias
from .sentences import encoder_folder, load_words

_OPSET = 18
_BLOCK = 64
GRAPHS = ("words", "memory", "step", "detail", "motion", "codes")
_SMALL = 4096  # elements; tensors up to this size stay float32


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
        memory, whole = self.model.encode(states, mask, keep, task, slots, kinds)
        pairs = self.model.cross(memory)
        return torch.stack([k for k, _ in pairs]), torch.stack([v for _, v in pairs]), whole


class _StepGraph(nn.Module):
    """One token further: logits (B, vocabulary), the state (B, width) that the second level is chosen from, and the
    grown cache of keys and values (layers, B, heads, t + 1, d)."""

    def __init__(self, model: MotionLanguageModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, token: Tensor, detail: Tensor, position: Tensor, remaining: Tensor, past_k: Tensor, past_v: Tensor,
        cross_k: Tensor, cross_v: Tensor, mask: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:  # fmt: skip
        x = self.model.embed(token[:, None], detail[:, None], position[:, None], remaining[:, None])
        bias = attention_bias(mask)
        keys, values = [], []
        for i, layer in enumerate(self.model.decoder):
            x, (k, v) = layer(x, (cross_k[i], cross_v[i]), bias, (past_k[i], past_v[i]))
            keys.append(k)
            values.append(v)
        hidden = self.model.decoder_norm(x)[:, 0]
        return self.model.head(hidden), hidden, torch.stack(keys), torch.stack(values)


class _DetailGraph(nn.Module):
    """hidden (B, width), first (B,) -> logits (B, 512) of the second level."""

    def __init__(self, model: MotionLanguageModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, hidden: Tensor, first: Tensor) -> Tensor:
        return self.model.detail_logits(hidden, first)


class _MotionGraph(nn.Module):
    """codes (B, N, levels) -> features (B, 4 N, 263), denormalised."""

    mean: Tensor
    std: Tensor

    def __init__(self, tokenizer: MotionVqVae, statistics: Statistics) -> None:
        super().__init__()
        self.tokenizer = tokenizer
        self.register_buffer("mean", torch.from_numpy(np.asarray(statistics.mean, dtype=np.float32)))
        self.register_buffer("std", torch.from_numpy(np.asarray(statistics.std, dtype=np.float32)))

    def forward(self, codes: Tensor) -> Tensor:
        return self.tokenizer.decode(codes) * self.std + self.mean


class _CodesGraph(_MotionGraph):
    """features (B, 4 N, 263) -> codes (B, N, levels)."""

    def forward(self, features: Tensor) -> Tensor:
        return self.tokenizer.encode((features - self.mean) / self.std)


def export_graph(
    module: nn.Module, inputs: dict[str, Tensor], outputs: list[str], axes: dict[str, Any], path: Path
) -> None:
    """One graph with dynamic axes, checked against the module's own outputs' names."""
    program = torch.onnx.export(
        module.eval(),
        (),
        kwargs=inputs,
        input_names=list(inputs),
        output_names=outputs,
        opset_version=_OPSET,
        dynamic_shapes=axes,
        dynamo=True,
        verbose=False,
    )
    assert program is not None
    program.save(str(path))


def store_halves(path: Path) -> None:
    """Keep large float32 constants of a graph as float16, with a Cast that onnxruntime folds away when it loads."""
    model = onnx.load(str(path))
    casts, kept = [], []
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT and np.prod(tensor.dims) > _SMALL:
            half = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name + ".half")
            kept.append(half)
            casts.append(helper.make_node("Cast", [half.name], [tensor.name], to=TensorProto.FLOAT))
        else:
            kept.append(tensor)
    nodes = [*casts, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)
    del model.graph.value_info[:]
    onnx.save(model, str(path))


def quantize_matrices(path: Path) -> None:
    """Store the weights of matrix products in 8 bits, a scale for every 64."""
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    # 4: products of 8 bits by 8 bits. Left out, weights become floats at every step, which takes ten times as long.
    settings = {"block_size": _BLOCK, "is_symmetric": True, "bits": 8, "accuracy_level": 4}
    quantizer = MatMulNBitsQuantizer(onnx.load(str(path)), **settings)
    quantizer.process()
    quantizer.model.save_model_to_file(str(path), False)


def one_file(path: Path) -> None:
    """Constants into the one file, without the exporter's notes: they name the source's folders on this machine."""
    model = onnx.load(str(path))
    graph = model.graph
    for noted in (graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        del noted.metadata_props[:]
    for extra in path.parent.glob(path.name + ".data"):
        extra.unlink()
    onnx.save(model, str(path))


def export_words(words: PretrainedEncoder, folder: Path) -> None:
    """`words.onnx`, the same for every model."""
    words.word = _RowQuantized(words.word.weight.detach())  # type: ignore[assignment]
    text = {"ids": torch.ones(2, 7, dtype=torch.long), "mask": torch.ones(2, 7, dtype=torch.long)}
    axes: dict[str, Any] = {name: {0: _axis("b", 64), 1: _axis("l", 512)} for name in text}
    export_graph(_WordsGraph(words), text, ["states"], axes, folder / "words.onnx")
    shrink(folder / "words.onnx")


def export_language(model: MotionLanguageModel, folder: Path) -> None:
    """`memory.onnx`, `step.onnx` and `detail.onnx`."""
    c = model.config
    batch, length, slots, past = _axis("b", 64), _axis("l", 512), _axis("s", MAX_TOKENS), _axis("t", MAX_TOKENS)
    memory = {
        "states": torch.zeros(2, 7, TEXT_WIDTH),
        "mask": torch.ones(2, 7),
        "keep": torch.ones(2),
        "task": torch.zeros(2, dtype=torch.long),
        "slots": torch.zeros(2, 5, 2, dtype=torch.long),
        "kinds": torch.ones(2, 5, dtype=torch.long),
    }
    axes: dict[str, Any] = {
        **{name: {0: batch, 1: length} for name in ("states", "mask")},
        **{name: {0: batch} for name in ("keep", "task")},
        **{name: {0: batch, 1: slots} for name in ("slots", "kinds")},
    }
    export_graph(_MemoryGraph(model), memory, ["cross_k", "cross_v", "whole"], axes, folder / "memory.onnx")
    head = c.width // c.heads
    cache, cross = (torch.zeros(c.decoder_layers, 2, c.heads, n, head) for n in (3, 7))
    step = {
        **{name: torch.zeros(2, dtype=torch.long) for name in ("token", "detail", "position", "remaining")},
        "past_k": cache,
        "past_v": cache.clone(),
        "cross_k": cross,
        "cross_v": cross.clone(),
        "mask": torch.ones(2, 7),
    }
    axes = {
        **{name: {0: batch} for name in ("token", "detail", "position", "remaining")},
        **{name: {1: batch, 3: past} for name in ("past_k", "past_v")},
        **{name: {1: batch, 3: length} for name in ("cross_k", "cross_v")},
        "mask": {0: batch, 1: length},
    }
    export_graph(_StepGraph(model), step, ["logits", "hidden", "next_k", "next_v"], axes, folder / "step.onnx")
    detail = {"hidden": torch.zeros(2, c.width), "first": torch.zeros(2, dtype=torch.long)}
    axes = {name: {0: batch} for name in detail}
    export_graph(_DetailGraph(model), detail, ["logits"], axes, folder / "detail.onnx")
    for name in ("memory", "step", "detail"):
        shrink(folder / f"{name}.onnx")


def _axis(name: str, most: int) -> Any:
    return torch.export.Dim(name, min=1, max=most)


def shrink(path: Path) -> None:
    """One file, its matrices in 8 bits."""
    one_file(path)
    quantize_matrices(path)
    store_halves(path)


def export_tokenizer(tokenizer: MotionVqVae, statistics: Statistics, folder: Path) -> None:
    """`motion.onnx`: codes to features; `codes.onnx`: the way back."""
    batch, tokens = _axis("b", 64), _axis("n", MAX_TOKENS)
    codes = {"codes": torch.zeros(2, 5, tokenizer.levels, dtype=torch.long)}
    export_graph(
        _MotionGraph(tokenizer, statistics), codes, ["features"], {"codes": {0: batch, 1: tokens}},
        folder / "motion.onnx",
    )  # fmt: skip
    frames = FRAMES_PER_TOKEN * _axis("n", 4 * MAX_TOKENS)
    features = {"features": torch.zeros(2, 5 * FRAMES_PER_TOKEN, DIMENSIONS)}
    export_graph(
        _CodesGraph(tokenizer, statistics), features, ["codes"], {"features": {0: batch, 1: frames}},
        folder / "codes.onnx",
    )  # fmt: skip
    for name in ("motion", "codes"):
        one_file(folder / f"{name}.onnx")
        store_halves(folder / f"{name}.onnx")


def export_model(
    tokenizer: MotionVqVae,
    statistics: Statistics,
    model: MotionLanguageModel,
    out: Path,
    card: dict[str, Any],
) -> ModelCard:
    """Write a model folder. card: name, licence, sources, description, training, measured, sampling defaults in
    settings."""
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        export_words(load_words(card["training"]["language_model"].get("text_side", "pretrained")), work)
        export_language(model, work)
        export_tokenizer(tokenizer, statistics, work)
        shutil.copy(encoder_folder() / "tokenizer.json", work / "tokenizer.json")
        out.mkdir(parents=True, exist_ok=True)
        for file in work.iterdir():
            shutil.copy(file, out / file.name)
    c = model.config
    settings = {
        "layers": c.decoder_layers,
        "heads": c.heads,
        "head_width": c.width // c.heads,
        **card.pop("settings", {}),
    }
    return write_card(
        ModelCard(
            kind="motiongpt-onnx",
            features="true",
            fps=FPS,
            frames_per_token=FRAMES_PER_TOKEN,
            max_seconds=MAX_TOKENS * FRAMES_PER_TOKEN / FPS,
            tasks=tuple(task.name() for task in (Generate, Continue, Inbetween, Describe)),
            files=dict.fromkeys((*(f"{graph}.onnx" for graph in GRAPHS), "tokenizer.json"), "0" * 64),
            settings=settings,
            **card,
        ),
        out,
    )


def read_card_draft(path: Path) -> dict[str, Any]:
    """What a person says of a model: name, licence, sources, description; JSON. Raises MotionGPTError."""
    try:
        draft = json.loads(path.read_text(encoding="utf-8"))
        missing = [k for k in ("name", "licence", "sources") if not draft.get(k)]
    except (OSError, ValueError, AttributeError) as error:
        raise MotionGPTError(f"{path} can't be read as a card ({error}).", "Write it as a JSON object.") from error
    if missing:
        raise MotionGPTError(f"{path} lacks {', '.join(missing)}.", "Say where the clips come from and their licence.")
    return dict(draft)


def training_record(tokenizer: Path, language: Path) -> dict[str, Any]:
    """Settings of both trainings, and the versions that made them."""
    written = torch.load(language / "model.pt", weights_only=True, map_location="cpu")["config"]
    return {"torch": str(torch.__version__), **tokenizer_record(tokenizer), "language_model": written}
