"""The language models in PyTorch, for GPUs in bfloat16 (or float32); the same interface as `networks`."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ....retarget.typing import Float32s
from ...checkpoints.safetensors_file import SafetensorsFile
from ...checkpoints.tensors import Dtype
from .networks import WEIGHTS, Network, decoder_bytes, rotary, t5_buckets

_TYPES: dict[Dtype, torch.dtype] = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def has_cuda() -> bool:
    """Whether a GPU can be used."""
    return torch.cuda.is_available()


def _load(folder: Path, device: str, dtype: torch.dtype) -> dict[str, Tensor]:
    """All weights on the device, one tensor at a time."""
    out: dict[str, Tensor] = {}
    with SafetensorsFile(folder / WEIGHTS) as file:
        for name, info in file.tensors.items():
            stored = torch.from_numpy(file.read(name)).view(_TYPES[info.dtype])
            out[name] = stored.to(device=device, dtype=dtype)
    return out


class _TorchNetwork(Network):
    def __init__(self, folder: Path, shape: dict[str, Any], device: str, precision: str) -> None:
        self.device, self.precision = device, precision
        self._dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        self._w = _load(folder, device, self._dtype)
        self._shape, self._folder = shape, folder
        self._rows: dict[tuple[int, ...] | None, Tensor] = {None: self._w["lm_head.weight"]}
        self._past: list[tuple[Tensor, Tensor]] = []
        self._length = 0

    def logits(self, hidden: Float32s, ids: tuple[int, ...] | None) -> Float32s:
        if ids not in self._rows:
            self._rows[ids] = self._rows[None][torch.tensor(ids, device=self.device)]
        state = torch.from_numpy(hidden).to(self.device, self._dtype)
        return self._out(F.linear(state, self._rows[ids]))

    def bytes_per_token(self) -> int:
        return decoder_bytes(self._folder, self.precision)

    def _out(self, values: Tensor) -> Float32s:
        return np.asarray(values.float().cpu().numpy())

    def _ids(self, tokens: Sequence[Sequence[int]]) -> Tensor:
        return torch.tensor(tokens, device=self.device)

    def _norm(self, x: Tensor, name: str) -> Tensor:
        wide = x.float()
        scaled = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self._shape["epsilon"])
        return scaled.to(x.dtype) * self._w[name]

    def _append(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of a layer with the new ones behind those of the past."""
        if layer < len(self._past):
            k, v = (torch.cat([old, new], dim=2) for old, new in zip(self._past[layer], (k, v), strict=True))
            self._past[layer] = (k, v)
        else:
            self._past.append((k, v))
        return k, v


class TorchT5(_TorchNetwork):
    """T5 1.1 with gated GELU. shape: the card's `settings["shape"]`."""

    def __init__(self, folder: Path, shape: dict[str, Any], device: str, precision: str) -> None:
        super().__init__(folder, shape, device, precision)
        self._text: list[tuple[Tensor, Tensor]] = []

    @torch.inference_mode()
    def start(self, prompt: Sequence[int], batch: int) -> None:
        x = F.embedding(self._ids([prompt]), self._w["shared.weight"])
        place = np.arange(len(prompt))
        bias = self._bias("encoder", place[None] - place[:, None])
        for layer in range(self._shape["encoder_layers"]):
            block = f"encoder.block.{layer}.layer"
            q, k, v = self._project(self._norm(x, f"{block}.0.layer_norm.weight"), f"{block}.0.SelfAttention")
            x = x + self._attend(q, k, v, bias, f"{block}.0.SelfAttention")
            x = x + self._feed_forward(x, f"{block}.1")
        x = self._norm(x, "encoder.final_layer_norm.weight")
        names = [f"decoder.block.{i}.layer.1.EncDecAttention" for i in range(self._shape["decoder_layers"])]
        self._text = [(self._heads(x, f"{name}.k"), self._heads(x, f"{name}.v")) for name in names]
        self._past, self._length = [], 0

    @torch.inference_mode()
    def step(self, tokens: Sequence[int]) -> Float32s:
        x = F.embedding(self._ids([[token] for token in tokens]), self._w["shared.weight"])
        bias = self._bias("decoder", (np.arange(self._length + 1) - self._length)[None])
        for layer, text in enumerate(self._text):
            block = f"decoder.block.{layer}.layer"
            q, k, v = self._project(self._norm(x, f"{block}.0.layer_norm.weight"), f"{block}.0.SelfAttention")
            k, v = self._append(layer, k, v)
            x = x + self._attend(q, k, v, bias, f"{block}.0.SelfAttention")
            q = self._heads(self._norm(x, f"{block}.1.layer_norm.weight"), f"{block}.1.EncDecAttention.q")
            k, v = (part.expand(len(tokens), -1, -1, -1) for part in text)
            x = x + self._attend(q, k, v, None, f"{block}.1.EncDecAttention")
            x = x + self._feed_forward(x, f"{block}.2")
        self._length += 1
        x = self._norm(x, "decoder.final_layer_norm.weight")
        return self._out((x * self._shape["width"] ** -0.5 if self._shape["tied"] else x)[:, 0])

    def _bias(self, side: str, distance: "np.ndarray[Any, Any]") -> Tensor:
        table = self._w[f"{side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"]
        buckets = t5_buckets(distance, side == "encoder", self._shape["buckets"], self._shape["max_distance"])
        bias: Tensor = table[torch.from_numpy(buckets).to(self.device)].permute(2, 0, 1)[None]
        return bias

    def _heads(self, x: Tensor, name: str) -> Tensor:
        made = F.linear(x, self._w[f"{name}.weight"])
        heads: Tensor = made.unflatten(-1, (self._shape["heads"], self._shape["head_width"])).transpose(1, 2)
        return heads

    def _project(self, x: Tensor, name: str) -> tuple[Tensor, ...]:
        return tuple(self._heads(x, f"{name}.{part}") for part in "qkv")

    def _attend(self, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, name: str) -> Tensor:
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=bias, scale=1.0)  # T5 does not scale scores
        return F.linear(mixed.transpose(1, 2).flatten(2), self._w[f"{name}.o.weight"])

    def _feed_forward(self, x: Tensor, name: str) -> Tensor:
        normed = self._norm(x, f"{name}.layer_norm.weight")
        gate, inner = (F.linear(normed, self._w[f"{name}.DenseReluDense.wi_{i}.weight"]) for i in (0, 1))
        return F.linear(F.gelu(gate, approximate="tanh") * inner, self._w[f"{name}.DenseReluDense.wo.weight"])


class TorchLlama(_TorchNetwork):
    """lit-llama's layout, rotary embedding on neighbouring dimensions. shape: the card's `settings["shape"]`."""

    @torch.inference_mode()
    def start(self, prompt: Sequence[int], batch: int) -> Float32s:
        self._past, self._length = [], 0
        hidden = self._forward(self._ids([prompt]))
        if batch > 1:
            self._past = [(k.repeat(batch, 1, 1, 1), v.repeat(batch, 1, 1, 1)) for k, v in self._past]
        return np.repeat(hidden, batch, axis=0)

    @torch.inference_mode()
    def step(self, tokens: Sequence[int]) -> Float32s:
        return self._forward(self._ids([[token] for token in tokens]))

    def _forward(self, ids: Tensor) -> Float32s:
        count, heads = ids.shape[1], self._shape["heads"]
        half = self._shape["width"] // heads // 2
        turn = [
            torch.from_numpy(part).to(self.device)
            for part in rotary(np.arange(self._length, self._length + count), half)
        ]
        x = F.embedding(ids, self._w["transformer.wte.weight"])
        for layer in range(self._shape["layers"]):
            block = f"transformer.h.{layer}"
            joined = F.linear(self._norm(x, f"{block}.rms_1.scale"), self._w[f"{block}.attn.c_attn.weight"])
            q, k, v = (part.unflatten(-1, (heads, 2 * half)).transpose(1, 2) for part in joined.chunk(3, dim=-1))
            k, v = self._append(layer, _turn_pairs(k, *turn), v)
            # A prompt comes at once and alone, so the mask is the plain triangle or none.
            mixed = F.scaled_dot_product_attention(
                _turn_pairs(q, *turn), k, v, is_causal=count > 1, scale=1.0 / math.sqrt(2 * half)
            )
            x = x + F.linear(mixed.transpose(1, 2).flatten(2), self._w[f"{block}.attn.c_proj.weight"])
            normed = self._norm(x, f"{block}.rms_2.scale")
            gate, inner = (F.linear(normed, self._w[f"{block}.mlp.c_fc{i}.weight"]) for i in (1, 2))
            x = x + F.linear(F.silu(gate) * inner, self._w[f"{block}.mlp.c_proj.weight"])
        self._length += count
        return self._out(self._norm(x, "transformer.ln_f.scale")[:, -1])


def _turn_pairs(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Neighbouring dimensions (2i, 2i + 1) of (B, H, T, D) turned together; cos, sin (T, D / 2)."""
    a, b = x.float().unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack([a * cos - b * sin, b * cos + a * sin], dim=-1).flatten(-2).to(x.dtype)
