"""The layouts of published checkpoints: sizes, names and shapes of tensors, and the check against them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ...retarget.errors import MotionGPTError
from ..checkpoints.tensors import TensorInfo, TensorSource
from ..engines.shared.codec import CODES
from ..engines.shared.networks import t5_bias_name
from ..features import DIMENSIONS

Shapes = dict[str, tuple[int, ...]]
DOWNSAMPLINGS = 2
"""Strided convolutions of the motion tokenizer's encoder, each of which halves the frame rate."""
_SHOWN_PROBLEMS = 6


@dataclass(frozen=True)
class T5Shape:
    """Sizes of a T5 (entries of its config.json). tied: whether the output matrix is the embedding, in a T5 1.0 and
    what is made of it.  gated: GELU with a gate, as in T5 1.1 and flan-T5; else ReLU, as in T5 1.0."""

    vocabulary: int
    width: int
    head_width: int
    heads: int
    feed_forward: int
    encoder_layers: int
    decoder_layers: int
    buckets: int = 32
    max_distance: int = 128
    epsilon: float = 1e-6
    tied: bool = False
    gated: bool = True

    @property
    def inner_parts(self) -> tuple[str, ...]:
        """Names of the first matrices of a feed-forward layer."""
        return ("wi_0", "wi_1") if self.gated else ("wi",)


@dataclass(frozen=True)
class LlamaShape:
    """Sizes of a LLaMA."""

    vocabulary: int
    width: int
    heads: int
    layers: int
    feed_forward: int
    epsilon: float = 1e-5
    context: int = 2048


def vqvae_shapes(width: int, code_width: int, depth: int, codes: int = CODES) -> Shapes:
    """The motion tokenizer of both systems, T2M-GPT's VQ-VAE. depth: residual layers in a block."""
    out: Shapes = {}

    def conv(name: str, outputs: int, inputs: int, kernel: int) -> None:
        out[f"{name}.weight"], out[f"{name}.bias"] = (outputs, inputs, kernel), (outputs,)

    def residual(name: str) -> None:
        for i in range(depth):
            conv(f"{name}.model.{i}.conv1", width, width, 3)
            conv(f"{name}.model.{i}.conv2", width, width, 1)

    conv("encoder.model.0", width, DIMENSIONS, 3)
    conv("decoder.model.0", width, code_width, 3)
    for i in range(2, 2 + DOWNSAMPLINGS):
        conv(f"encoder.model.{i}.0", width, width, 4)
        residual(f"encoder.model.{i}.1")
        residual(f"decoder.model.{i}.0")
        conv(f"decoder.model.{i}.2", width, width, 3)
    conv(f"encoder.model.{2 + DOWNSAMPLINGS}", code_width, width, 3)
    conv(f"decoder.model.{2 + DOWNSAMPLINGS}", width, width, 3)
    conv(f"decoder.model.{4 + DOWNSAMPLINGS}", DIMENSIONS, width, 3)
    out["quantizer.codebook"] = (codes, code_width)
    return out


def t5_shapes(shape: T5Shape) -> Shapes:
    """A T5, its one embedding under three names, as Hugging Face stores it."""
    inner = shape.heads * shape.head_width
    embedding = (shape.vocabulary, shape.width)
    out: Shapes = {"shared.weight": embedding, "lm_head.weight": embedding}

    def attention(name: str) -> None:
        for part in "qkv":
            out[f"{name}.{part}.weight"] = (inner, shape.width)
        out[f"{name}.o.weight"] = (shape.width, inner)

    for side, layers in (("encoder", shape.encoder_layers), ("decoder", shape.decoder_layers)):
        out[f"{side}.embed_tokens.weight"] = embedding
        out[f"{side}.final_layer_norm.weight"] = (shape.width,)
        out[t5_bias_name(side)] = (shape.buckets, shape.heads)
        last = 1 if side == "encoder" else 2
        for layer in range(layers):
            block = f"{side}.block.{layer}.layer"
            attention(f"{block}.0.SelfAttention")
            if side == "decoder":
                attention(f"{block}.1.EncDecAttention")
            for i in range(last + 1):
                out[f"{block}.{i}.layer_norm.weight"] = (shape.width,)
            for part in shape.inner_parts:
                out[f"{block}.{last}.DenseReluDense.{part}.weight"] = (shape.feed_forward, shape.width)
            out[f"{block}.{last}.DenseReluDense.wo.weight"] = (shape.width, shape.feed_forward)
    return out


def llama_shapes(shape: LlamaShape) -> Shapes:
    """A LLaMA in lit-llama's layout: query, key and value are one matrix."""
    width, ffn = shape.width, shape.feed_forward
    out: Shapes = {
        "lm_head.weight": (shape.vocabulary, width),
        "transformer.wte.weight": (shape.vocabulary, width),
        "transformer.ln_f.scale": (width,),
    }
    for layer in range(shape.layers):
        block = f"transformer.h.{layer}"
        out |= {
            f"{block}.rms_1.scale": (width,),
            f"{block}.attn.c_attn.weight": (3 * width, width),
            f"{block}.attn.c_proj.weight": (width, width),
            f"{block}.rms_2.scale": (width,),
            f"{block}.mlp.c_fc1.weight": (ffn, width),
            f"{block}.mlp.c_fc2.weight": (ffn, width),
            f"{block}.mlp.c_proj.weight": (width, ffn),
        }
    return out


def lora_shapes(shape: LlamaShape, rank: int) -> Shapes:
    """LoRA matrices of query and value, the two stacked in each tensor."""
    out: Shapes = {}
    for layer in range(shape.layers):
        out[f"transformer.h.{layer}.attn.c_attn.lora_A"] = (2 * rank, shape.width)
        out[f"transformer.h.{layer}.attn.c_attn.lora_B"] = (2 * shape.width, rank)
    return out


def count_layers(names: Iterable[str], prefix: str) -> int:
    """The number of layers, counted by the index that follows `prefix` in the names.

    >>> count_layers(["h.0.weight", "h.1.weight", "norm"], "h.")
    2
    """
    numbers = [name.removeprefix(prefix).split(".")[0] for name in names if name.startswith(prefix)]
    return max((int(number) for number in numbers if number.isdecimal()), default=-1) + 1


def dimension(source: TensorSource, name: str, axis: int, what: str) -> int:
    """The length of one axis of a tensor. Raises MotionGPTError, naming `what` was expected, if there is none."""
    info = source.tensors.get(name)
    if info is None or len(info.shape) <= axis:
        raise MotionGPTError(
            f"The file holds no {what}: {name} is missing.", "Check which file goes where.", "bad_checkpoint"
        )
    return info.shape[axis]


def check_layout(what: str, expected: Shapes, found: Mapping[str, TensorInfo], ignored: tuple[str, ...] = ()) -> None:
    """Raises MotionGPTError that names the missing, unexpected and wrongly shaped tensors.

    ignored: prefixes of tensors that may be present and are not needed.
    """
    problems = [f"{name} is missing" for name in expected if name not in found]
    for name, info in found.items():
        if name not in expected:
            if not name.startswith(ignored):
                problems.append(f"{name} is unexpected")
        elif info.shape != expected[name]:
            problems.append(f"{name} is {_text(info.shape)} instead of {_text(expected[name])}")
        elif info.dtype not in ("F32", "F16", "BF16"):
            problems.append(f"{name} has dtype {info.dtype}")
    if problems:
        more = len(problems) - _SHOWN_PROBLEMS
        shown = "; ".join(problems[:_SHOWN_PROBLEMS]) + (f"; and {more} more" if more > 0 else "")
        raise MotionGPTError(
            f"The {what} in the file differs from the published one: {shown}.",
            "Check that it is the right file.",
            "bad_checkpoint",
        )


def _text(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "a single number"
