"""Import of *Finetuned LLMs are General-Purpose Motion Generators*: VQ-VAE, LLaMA, LoRA weights and tokenizer."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ...retarget.errors import MotionGPTError
from ..checkpoints.sentence_pieces import SentencePieces
from ..checkpoints.tensors import PIECE_BYTES, TensorSource, from_float32, with_prefix
from ..checkpoints.torch_file import TorchFile
from ..engines.llama.text import TOKENIZER
from ..model_folder import ModelCard
from ..tasks import Continue, Generate, Inbetween
from .layouts import LlamaShape, check_layout, count_layers, dimension, llama_shapes, lora_shapes
from .llama_weights import open_llama
from .model_writer import Checkpoint, ReportProgress, System, ignore_progress, write_model
from .onnx_graphs import llama_model

SYSTEM = System(
    kind="motiongpt-llama",
    description="MotionGPT: Finetuned LLMs are General-Purpose Motion Generators (LLaMA with LoRA)",
    tasks=tuple(task.name() for task in (Generate, Continue, Inbetween)),
    licence="LLaMA: Meta's licence for non-commercial research. LoRA weights and motion tokenizer: as published by the "
    "authors of MotionGPT (Finetuned LLMs are General-Purpose Motion Generators). Trained on HumanML3D and with it on "
    "AMASS, whose licence is for non-commercial scientific research",
    tokenizer=TOKENIZER,
)
ALPHA = 16.0
"""Of the published training run; the file does not hold it."""
HEAD_WIDTH = 128
"""Of every published LLaMA."""
_IGNORED = ("llama_proj.", "motion_proj.")


def import_llama(
    vqvae: Path,
    base: Path,
    lora: Path,
    tokenizer: Path,
    statistics: Path,
    target: Path,
    alpha: float = ALPHA,
    heads: int | None = None,
    replace: bool = False,
    report: ReportProgress = ignore_progress,
) -> ModelCard:
    """Write a model folder. base: `lit-llama.pth`, or a Hugging Face folder of LLaMA.  heads: if not of 128 dimensions.

    Raises MotionGPTError for files that are not what they should be, before anything is written.
    """
    pieces = SentencePieces(tokenizer)
    with TorchFile(vqvae) as codec_file, TorchFile(lora) as lora_file, open_llama(base, heads) as model:
        shape = find_shape(model, heads)
        check_layout("LLaMA", llama_shapes(shape), model.tensors)
        rank = dimension(lora_file, "transformer.h.0.attn.c_attn.lora_B", 1, "LoRA weights")
        check_layout("LoRA weights", lora_shapes(shape, rank), lora_file.tensors, _IGNORED)
        if len(pieces) > shape.vocabulary:
            raise MotionGPTError(
                f"The weights have {shape.vocabulary} tokens and {tokenizer} has {len(pieces)}.",
                "Give the tokenizer of this LLaMA.",
                "bad_checkpoint",
            )
        checkpoint = Checkpoint(
            llama_model(shape),
            MergedLora(model, lora_file, alpha / rank),
            _find_vqvae(codec_file),
            statistics,
            tokenizer,
            settings={"grammar": True},
            training={"lora_r": rank, "lora_alpha": alpha},
        )
        return write_model(target, SYSTEM, checkpoint, replace, report)


def _find_vqvae(file: TorchFile) -> TensorSource:
    """The motion tokenizer's tensors, in "net" as published, or at the top level."""
    for prefix in ("net.vqvae.", "net.", "vqvae."):
        if any(name.startswith(prefix) for name in file.tensors):
            return with_prefix(file, prefix)
    return file


def find_shape(model: TensorSource, heads: int | None) -> LlamaShape:
    """Sizes from the tensors; unless given, the number of heads from the width."""
    size = partial(dimension, model, what="LLaMA")
    width = size("transformer.wte.weight", 1)
    if heads is None:
        if width % HEAD_WIDTH:
            raise MotionGPTError(
                f"No published LLaMA has a width of {width}.", "Give its number of attention heads (--heads)."
            )
        heads = width // HEAD_WIDTH
    if heads < 1 or width % (2 * heads):
        raise MotionGPTError(f"A LLaMA of width {width} can't have {heads} heads.", "Give the right number.")
    return LlamaShape(
        vocabulary=size("transformer.wte.weight", 0),
        width=width,
        heads=heads,
        layers=count_layers(model.tensors, "transformer.h."),
        feed_forward=size("transformer.h.0.mlp.c_fc1.weight", 0),
    )


class MergedLora(TensorSource):
    """A LLaMA with LoRA weights merged into query and value: W + scale * B A for each of the two."""

    def __init__(self, model: TensorSource, lora: TensorSource, scale: float) -> None:
        self._model, self._lora, self._scale = model, lora, scale
        self.tensors = model.tensors

    def pieces(self, name: str, size: int = PIECE_BYTES) -> Iterator[bytes]:
        if name.endswith("attn.c_attn.weight"):
            return self._merged(name, size)
        return self._model.pieces(name, size)

    def _merged(self, name: str, size: int) -> Iterator[bytes]:
        """The matrix of query, key and value, some rows at a time."""
        info = self.tensors[name]
        width = info.shape[1]
        a = self._lora.read_float32(name.replace("weight", "lora_A"))  # (2 r, width)
        b = self._lora.read_float32(name.replace("weight", "lora_B"))  # (2 width, r)
        rank = b.shape[1]
        row = 0
        for values in self._model.rows(name, max(1, size * info.shape[0] // info.nbytes)):
            for part, start in ((0, 0), (1, 2 * width)):  # query rows come first, value rows last
                first, last = max(row, start), min(row + len(values), start + width)
                if first < last:
                    rows = b[part * width + first - start : part * width + last - start]
                    values[first - row : last - row] += self._scale * (rows @ a[part * rank : (part + 1) * rank])
            row += len(values)
            yield from_float32(values, info.dtype).tobytes()
