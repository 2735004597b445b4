"""The networks of the published systems as ONNX graphs, and what the model folder of a language model consists of.

Decoders take one step with a key-value cache: the past keys and values are inputs, and are output with the new ones
appended. Position biases, rotary embeddings and masks are inputs, so that one graph serves every length.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from onnx import TensorProto

from ..engines.shared.networks import PROBE, t5_bias_name
from ..features import DIMENSIONS
from .layouts import DOWNSAMPLINGS, LlamaShape, T5Shape
from .onnx_builder import OnnxBuilder

PROBE_WEIGHTS = 1 << 27
"""Weights that a measurement of a LLaMA reads: 0.5 GB in float32, more than any processor's cache holds in 4 bits."""


@dataclass(frozen=True)
class LanguageModel:
    """shape: sizes.  graphs: file name without extension -> what builds it.

    unquantized: tensors that are read row by row, and have no int8 form.  fused: groups of weights with the same input,
    which are one product in the int8 form: fewer, larger products are faster.
    """

    shape: T5Shape | LlamaShape
    graphs: Mapping[str, Callable[[OnnxBuilder], None]]
    unquantized: Sequence[str]
    fused: Sequence[tuple[str, ...]]


def t5_model(shape: T5Shape) -> LanguageModel:
    """A T5."""
    encoder = [f"encoder.block.{i}.layer" for i in range(shape.encoder_layers)]
    decoder = [f"decoder.block.{i}.layer" for i in range(shape.decoder_layers)]
    attention = [_t5_qkv(f"{block}.0") for block in encoder + decoder]
    places = [f"{block}.1" for block in encoder] + [f"{block}.2" for block in decoder]
    feed_forward = [_t5_gate(place) for place in places] if shape.gated else []
    return LanguageModel(
        shape,
        {"encoder": lambda g: t5_encoder(g, shape), "decoder": lambda g: t5_decoder(g, shape)},
        ("shared.weight", "lm_head.weight", t5_bias_name("encoder"), t5_bias_name("decoder")),
        attention + feed_forward,
    )


def llama_model(shape: LlamaShape) -> LanguageModel:
    """A LLaMA in lit-llama's layout, whose query, key and value are one matrix already."""
    few = max(1, PROBE_WEIGHTS // (4 * shape.width**2 + 3 * shape.width * shape.feed_forward))
    graphs = {"decoder": lambda g: llama_decoder(g, shape)}
    if few < shape.layers:
        graphs[PROBE] = lambda g: llama_decoder(g, replace(shape, layers=few))
    return LanguageModel(
        shape,
        graphs,
        ("lm_head.weight", "transformer.wte.weight"),
        [_llama_gate(f"transformer.h.{layer}") for layer in range(shape.layers)],
    )


def _t5_qkv(name: str) -> tuple[str, ...]:
    return tuple(f"{name}.SelfAttention.{part}.weight" for part in "qkv")


def _t5_gate(name: str) -> tuple[str, ...]:
    return tuple(f"{name}.DenseReluDense.{part}.weight" for part in ("wi_0", "wi_1"))


def _llama_gate(block: str) -> tuple[str, ...]:
    return tuple(f"{block}.mlp.c_fc{i}.weight" for i in (1, 2))


def t5_encoder(g: OnnxBuilder, shape: T5Shape) -> None:
    """ids (1, S), bias (1, H, S, S) -> cross-attention keys and values (1, H, S, D) of the text, per decoder layer."""
    ids = g.input("ids", (1, "S"), TensorProto.INT64)
    bias = g.input("bias", (1, shape.heads, "S", "S"))
    x = g.op("Gather", g.weight("shared.weight"), ids)
    for layer in range(shape.encoder_layers):
        block = f"encoder.block.{layer}"
        x = _t5_self_attention(g, x, f"{block}.layer.0", shape, bias)[0]
        x = _t5_feed_forward(g, x, f"{block}.layer.1", shape)
    x = g.rms_norm(x, "encoder.final_layer_norm.weight", shape.epsilon)
    for layer in range(shape.decoder_layers):
        for part in "kv":
            projected = g.linear(x, f"decoder.block.{layer}.layer.1.EncDecAttention.{part}.weight")
            size = (1, shape.heads, "S", shape.head_width)
            g.output(g.heads(projected, shape.heads, shape.head_width), f"text_{part}_{layer}", size)


def t5_decoder(g: OnnxBuilder, shape: T5Shape) -> None:
    """ids (B, 1), bias (1, H, 1, P + 1), text and past keys and values -> hidden (B, 1, width), present cache."""
    ids = g.input("ids", ("B", 1), TensorProto.INT64)
    bias = g.input("bias", (1, shape.heads, 1, "T"))
    x = g.op("Gather", g.weight("shared.weight"), ids)
    for layer in range(shape.decoder_layers):
        block = f"decoder.block.{layer}"
        text = [g.input(f"text_{p}_{layer}", ("B", shape.heads, "S", shape.head_width)) for p in "kv"]
        past = [g.input(f"past_{p}_{layer}", ("B", shape.heads, "P", shape.head_width)) for p in "kv"]
        x, present = _t5_self_attention(g, x, f"{block}.layer.0", shape, bias, past)
        for part, value in zip("kv", present, strict=True):
            g.output(value, f"present_{part}_{layer}", ("B", shape.heads, "T", shape.head_width))
        cross = f"{block}.layer.1.EncDecAttention"
        normed = g.rms_norm(x, f"{block}.layer.1.layer_norm.weight", shape.epsilon)
        mixed, _ = g.attention(g.linear(normed, f"{cross}.q.weight"), text[0], text[1], shape.heads, 1.0)
        x = g.op("Add", x, g.linear(mixed, f"{cross}.o.weight"))
        x = _t5_feed_forward(g, x, f"{block}.layer.2", shape)
    x = g.rms_norm(x, "decoder.final_layer_norm.weight", shape.epsilon)
    if shape.tied:
        x = g.op("Mul", x, g.constant(shape.width**-0.5))
    g.output(x, "hidden", ("B", 1, shape.width))


def _t5_self_attention(
    g: OnnxBuilder, x: str, name: str, shape: T5Shape, bias: str, past: list[str] | None = None
) -> tuple[str, list[str]]:
    """(x with the residual of self-attention added, keys and values with the new ones appended)."""
    normed = g.rms_norm(x, f"{name}.layer_norm.weight", shape.epsilon)
    q, k, v = g.linears(normed, _t5_qkv(name))
    mixed, present = g.attention(q, k, v, shape.heads, 1.0, bias, past or ())
    return g.op("Add", x, g.linear(mixed, f"{name}.SelfAttention.o.weight")), present


def _t5_feed_forward(g: OnnxBuilder, x: str, name: str, shape: T5Shape) -> str:
    """x with the residual of a feed-forward layer added: gated GELU in its tanh approximation, in T5 1.0 ReLU."""
    normed = g.rms_norm(x, f"{name}.layer_norm.weight", shape.epsilon)
    if not shape.gated:
        inner = g.op("Relu", g.linear(normed, f"{name}.DenseReluDense.wi.weight"))
        return g.op("Add", x, g.linear(inner, f"{name}.DenseReluDense.wo.weight"))
    gate, values = g.linears(normed, _t5_gate(name))
    hidden = g.op("Mul", g.op("Gelu", gate, approximate="tanh"), values)
    return g.op("Add", x, g.linear(hidden, f"{name}.DenseReluDense.wo.weight"))


def output_layer(g: OnnxBuilder) -> None:
    """The output layer: hidden (B, width), rows (width, N) of the output matrix -> logits (B, N).

    It is a graph of its own because the rows needed change from token to token, and not a numpy product because
    numpy's threads would compete with ONNX Runtime's for the cores.
    """
    scores = g.op("MatMul", g.input("hidden", ("B", "W")), g.input("rows", ("W", "N")))
    g.output(scores, "scores", ("B", "N"))


def llama_decoder(g: OnnxBuilder, shape: LlamaShape) -> None:
    """ids (B, T), cos and sin (T, D / 2), mask (1, 1, T, P + T), past keys and values (B, H, P, D) -> hidden
    (B, T, width), present keys and values (B, H, P + T, D)."""
    half = shape.width // shape.heads // 2
    ids = g.input("ids", ("B", "T"), TensorProto.INT64)
    cos, sin = g.input("cos", ("T", half)), g.input("sin", ("T", half))
    mask = g.input("mask", (1, 1, "T", "A"))
    x = g.op("Cast", g.op("Gather", g.stored("transformer.wte.weight"), ids), to=TensorProto.FLOAT)
    for layer in range(shape.layers):
        block = f"transformer.h.{layer}"
        past = [g.input(f"past_{p}_{layer}", ("B", shape.heads, "P", 2 * half)) for p in "kv"]
        normed = g.rms_norm(x, f"{block}.rms_1.scale", shape.epsilon)
        qkv = g.linear(normed, f"{block}.attn.c_attn.weight")
        parts = g.ops("Split", qkv, outputs=3, axis=2, num_outputs=3)
        q, k, v = (g.heads(part, shape.heads, 2 * half) for part in parts)
        q, k = (_rotate_pairs(g, part, cos, sin, half) for part in (q, k))
        k, v = g.op("Concat", past[0], k, axis=2), g.op("Concat", past[1], v, axis=2)
        for part, value in (("k", k), ("v", v)):
            g.output(value, f"present_{part}_{layer}", ("B", shape.heads, "A", 2 * half))
        mixed = g.masked_attention(q, k, v, mask, 1.0 / math.sqrt(2 * half))
        x = g.op("Add", x, g.linear(mixed, f"{block}.attn.c_proj.weight"))
        normed = g.rms_norm(x, f"{block}.rms_2.scale", shape.epsilon)
        gate, values = g.linears(normed, _llama_gate(block))
        hidden = g.op("Mul", g.op("Mul", gate, g.op("Sigmoid", gate)), values)
        x = g.op("Add", x, g.linear(hidden, f"{block}.mlp.c_proj.weight"))
    g.output(g.rms_norm(x, "transformer.ln_f.scale", shape.epsilon), "hidden", ("B", "T", shape.width))


def _rotate_pairs(g: OnnxBuilder, x: str, cos: str, sin: str, half: int) -> str:
    """Interleaved rotary embedding: each pair of dimensions (2i, 2i + 1) is rotated."""
    pairs = g.op("Reshape", x, g.shape(0, 0, 0, half, 2))
    a, b = (g.op("Gather", pairs, g.constant(i, np.int64), axis=4) for i in (0, 1))
    first = g.op("Sub", g.op("Mul", a, cos), g.op("Mul", b, sin))
    second = g.op("Add", g.op("Mul", b, cos), g.op("Mul", a, sin))
    both = [g.op("Unsqueeze", part, g.constant([-1], np.int64)) for part in (first, second)]
    return g.op("Reshape", g.op("Concat", *both, axis=4), g.shape(0, 0, 0, 2 * half))


def vqvae_encoder(g: OnnxBuilder, depth: int) -> None:
    """Normalised features (B, T, 263) -> latents (B, T / 4, code width). depth: residual layers in a block."""
    x = g.op("Transpose", g.input("features", ("B", "T", DIMENSIONS)), perm=[0, 2, 1])
    x = g.op("Relu", _conv(g, x, "encoder.model.0", padding=1))
    for i in range(DOWNSAMPLINGS):
        x = _conv(g, x, f"encoder.model.{2 + i}.0", padding=1, stride=2)
        x = _residual_blocks(g, x, f"encoder.model.{2 + i}.1", depth)
    x = _conv(g, x, f"encoder.model.{2 + DOWNSAMPLINGS}", padding=1)
    g.output(g.op("Transpose", x, perm=[0, 2, 1]), "latents", ("B", "N", "C"))


def vqvae_decoder(g: OnnxBuilder, depth: int) -> None:
    """Codes (B, N) -> normalised features (B, 4 N, 263)."""
    codes = g.input("codes", ("B", "N"), TensorProto.INT64)
    x = g.op("Transpose", g.op("Gather", g.weight("quantizer.codebook"), codes), perm=[0, 2, 1])
    x = g.op("Relu", _conv(g, x, "decoder.model.0", padding=1))
    for i in range(DOWNSAMPLINGS):
        x = _residual_blocks(g, x, f"decoder.model.{2 + i}.0", depth)
        column = g.op("Unsqueeze", x, g.constant([-1], np.int64))
        doubled = g.op("Reshape", g.op("Concat", column, column, axis=3), g.shape(0, 0, -1))
        x = _conv(g, doubled, f"decoder.model.{2 + i}.2", padding=1)
    x = g.op("Relu", _conv(g, x, f"decoder.model.{2 + DOWNSAMPLINGS}", padding=1))
    x = _conv(g, x, f"decoder.model.{4 + DOWNSAMPLINGS}", padding=1)
    g.output(g.op("Transpose", x, perm=[0, 2, 1]), "features", ("B", "T", DIMENSIONS))


def _conv(g: OnnxBuilder, x: str, name: str, padding: int, stride: int = 1, dilation: int = 1) -> str:
    weights = (g.weight(f"{name}.weight"), g.weight(f"{name}.bias"))
    return g.op("Conv", x, *weights, pads=[padding, padding], strides=[stride], dilations=[dilation])


def _residual_blocks(g: OnnxBuilder, x: str, name: str, depth: int) -> str:
    for i in range(depth):
        dilation = 3 ** (depth - 1 - i)
        inner = _conv(g, g.op("Relu", x), f"{name}.model.{i}.conv1", padding=dilation, dilation=dilation)
        x = g.op("Add", x, _conv(g, g.op("Relu", inner), f"{name}.model.{i}.conv2", padding=0))
    return x
