"""Import of *Finetuned LLMs are General-Purpose Motion Generators*: VQ-VAE, LLaMA, LoRA weights and tokenizer.

The LoRA change of query and value is merged into the base: W + alpha / r * B A, for each of the two.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...retarget.errors import MotionGPTError
from ..checkpoints.sentence_pieces import SentencePieces
from ..checkpoints.tensors import DTYPES, PIECE_BYTES, TensorSource, below, from_float32, read_float32, to_float32
from ..checkpoints.torch_file import TorchFile
from ..model_folder import ModelCard
from ..tasks import Continue, Generate, Inbetween
from . import graphs
from .common import (
    Report,
    check_vqvae,
    free_space,
    new_folder,
    read_statistics,
    silent,
    write_graphs,
    write_int8,
    write_published_card,
    write_vqvae,
    write_weights,
)
from .graphs import LlamaShape
from .hf_llama import open_llama
from .layouts import check_layout, count_layers, llama_shapes, lora_shapes, size

KIND = "motiongpt-llama"
TOKENIZER = "tokenizer.model"
TASKS = tuple(task.name() for task in (Generate, Continue, Inbetween))
DESCRIPTION = "MotionGPT: Finetuned LLMs are General-Purpose Motion Generators (LLaMA with LoRA)"
ALPHA = 16.0
"""Of the published run; the file does not say."""
HEAD_WIDTH = 128
"""Of every published LLaMA."""
LICENCE = (
    "LLaMA: Meta's licence for non-commercial research. LoRA weights and motion tokenizer: as published by the "
    "authors of MotionGPT (Finetuned LLMs are General-Purpose Motion Generators). Trained on HumanML3D and with it on "
    "AMASS, whose licence is for non-commercial scientific research"
)
_UNUSED = ("llama_proj.", "motion_proj.")
_HEADS = ("lm_head.weight", "transformer.wte.weight")


def import_llama(
    vqvae: Path,
    base: Path,
    lora: Path,
    tokenizer: Path,
    statistics: Path,
    target: Path,
    alpha: float = ALPHA,
    heads: int | None = None,
    licence: str = LICENCE,
    replace: bool = False,
    report: Report = silent,
) -> ModelCard:
    """Write a model folder. base: `lit-llama.pth`, or a Hugging Face folder of LLaMA.  heads: only for odd sizes.

    Raises MotionGPTError for files that are not what they should be, before anything is written.
    """
    pieces = SentencePieces(tokenizer)
    numbers = read_statistics(statistics)
    with TorchFile(vqvae) as codec_file, TorchFile(lora) as changes, open_llama(base, heads) as model:
        codec = _find_vqvae(codec_file)
        check_vqvae(codec)
        shape = find_shape(model, heads)
        check_layout("LLaMA", llama_shapes(shape), model.tensors)
        rank = size(changes, "transformer.h.0.attn.c_attn.lora_B", 1, "LoRA weights")
        check_layout("LoRA weights", lora_shapes(shape, rank), changes.tensors, _UNUSED)
        if len(pieces) > shape.vocabulary:
            raise MotionGPTError(
                f"The weights know {shape.vocabulary} tokens and {tokenizer} has {len(pieces)}.",
                "Give the tokenizer of this LLaMA.",
                "bad_checkpoint",
            )
        free_space(target, int(1.6 * sum(info.nbytes for info in model.tensors.values())))
        with new_folder(target, replace) as folder:
            write_weights(folder, model.tensors, lambda n: _pieces(model, n, changes, alpha / rank), report)
            write_vqvae(codec, numbers, folder)
            shutil.copyfile(tokenizer, folder / TOKENIZER)
            write_int8(folder, report, leave=_HEADS, joined=graphs.llama_joined(shape))
            write_graphs(folder, {"decoder": lambda g: graphs.llama(g, shape)})
            return write_published_card(
                folder, shape, {"grammar": True}, name=target.name, kind=KIND, tasks=TASKS, licence=licence,
                description=DESCRIPTION, training={"lora_r": rank, "lora_alpha": alpha},
            )  # fmt: skip


def _find_vqvae(file: TorchFile) -> TensorSource:
    """The tokenizer's tensors, under "net" as published or bare."""
    for prefix in ("net.vqvae.", "net.", "vqvae."):
        if any(name.startswith(prefix) for name in file.tensors):
            return below(file, prefix)
    return file


def find_shape(model: TensorSource, heads: int | None) -> LlamaShape:
    """Sizes by the tensors; the number of heads by the width unless given."""
    width = size(model, "transformer.wte.weight", 1, "LLaMA")
    if heads is None:
        if width % HEAD_WIDTH:
            raise MotionGPTError(
                f"A LLaMA of width {width} is no published one.", "Say how many heads it has (--heads)."
            )
        heads = width // HEAD_WIDTH
    if heads < 1 or width % (2 * heads):
        raise MotionGPTError(f"A LLaMA of width {width} can't have {heads} heads.", "Give the right number.")
    return LlamaShape(
        vocabulary=size(model, "transformer.wte.weight", 0, "LLaMA"),
        width=width,
        heads=heads,
        layers=count_layers(model.tensors, "transformer.h."),
        feed_forward=size(model, "transformer.h.0.mlp.c_fc1.weight", 0, "LLaMA"),
    )


def _pieces(model: TensorSource, name: str, changes: TensorSource, scale: float) -> Iterator[bytes]:
    if name.endswith("attn.c_attn.weight"):
        return merged(model, name, changes, scale)
    return model.pieces(name)


def merged(model: TensorSource, name: str, changes: TensorSource, scale: float) -> Iterator[bytes]:
    """A joined matrix of query, key and value with the change added, some rows at a time."""
    info = model.tensors[name]
    width = info.shape[1]
    bottom = read_float32(changes, name.replace("weight", "lora_A"))  # (2 r, width)
    top = read_float32(changes, name.replace("weight", "lora_B"))  # (2 width, r)
    rank = top.shape[1]
    row = 0
    row_bytes = info.nbytes // info.shape[0]
    for piece in model.pieces(name, max(1, PIECE_BYTES // row_bytes) * row_bytes):
        values = to_float32(np.frombuffer(piece, DTYPES[info.dtype]), info.dtype).reshape(-1, width)
        for part, start in ((0, 0), (1, 2 * width)):  # query rows come first, value rows last
            first, last = max(row, start), min(row + len(values), start + width)
            if first < last:
                rows = top[part * width + first - start : part * width + last - start]
                values[first - row : last - row] += scale * (rows @ bottom[part * rank : (part + 1) * rank])
        row += len(values)
        yield from_float32(values, info.dtype).tobytes()
