"""The language models of `networks` in PyTorch, in bfloat16 or float32: for GPUs."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ....retarget.typing import Float32s, Ints
from ...checkpoints.safetensors_file import SafetensorsFile
from ...checkpoints.tensors import Dtype
from .networks import WEIGHTS, Network, rotary, t5_bias_name, t5_buckets

_TYPES: dict[Dtype, torch.dtype] = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def has_cuda() -> bool:
    """Whether torch can use a GPU."""
    return torch.cuda.is_available()


def _load(folder: Path, device: str, dtype: torch.dtype) -> dict[str, Tensor]:
    """All weights, moved to the device one by one."""
    out: dict[str, Tensor] = {}
    with SafetensorsFile(folder / WEIGHTS) as file:
        for name, info in file.tensors.items():
            stored = torch.from_numpy(file.read(name)).view(_TYPES[info.dtype])
            out[name] = stored.to(device=device, dtype=dtype)
    return out


class _TorchNetwork(Network):
    def __init__(self, folder: Path, shape: Mapping[str, Any], device: str, precision: str) -> None:
        super().__init__(folder, shape, device, precision)
        self._dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        self._weights = _load(folder, device, self._dtype)
        self._past: list[tuple[Tensor, Tensor]] = []
        self._length = 0

    def _output_rows(self, ids: tuple[int, ...] | None) -> Tensor:
        output = self._weights["lm_head.weight"]
        return output if ids is None else output[torch.tensor(ids, device=self.device)]

    def _scores(self, hidden: Float32s, rows: Tensor) -> Float32s:
        return self._out(F.linear(torch.from_numpy(hidden).to(self.device, self._dtype), rows))

    def _out(self, values: Tensor) -> Float32s:
        return np.asarray(values.float().cpu().numpy())

    def _ids(self, tokens: Sequence[Sequence[int]]) -> Tensor:
        return torch.tensor(tokens, device=self.device)

    def _rms_norm(self, x: Tensor, name: str) -> Tensor:
        exact = x.float()
        scaled = exact * torch.rsqrt(exact.pow(2).mean(-1, keepdim=True) + self._shape["epsilon"])
        return scaled.to(x.dtype) * self._weights[name]

    def _append(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Append keys and values to a layer's cache; returns all of them."""
        if layer < len(self._past):
            k, v = (torch.cat([old, new], dim=2) for old, new in zip(self._past[layer], (k, v), strict=True))
            self._past[layer] = (k, v)
        else:
            self._past.append((k, v))
        return k, v


class TorchT5(_TorchNetwork):
    """T5 1.1 (gated GELU) in PyTorch."""

    def __init__(self, folder: Path, shape: Mapping[str, Any], device: str, precision: str) -> None:
        super().__init__(folder, shape, device, precision)
        self._text: list[tuple[Tensor, Tensor]] = []

    @torch.inference_mode()
    def start(self, prompt: Sequence[int], batch: int) -> None:
        x = F.embedding(self._ids([prompt]), self._weights["shared.weight"])
        positions = np.arange(len(prompt))
        bias = self._position_bias("encoder", positions, positions)
        for layer in range(self._shape["encoder_layers"]):
            block = f"encoder.block.{layer}.layer"
            q, k, v = self._project(self._rms_norm(x, f"{block}.0.layer_norm.weight"), f"{block}.0.SelfAttention")
            x = x + self._attend(q, k, v, bias, f"{block}.0.SelfAttention")
            x = x + self._feed_forward(x, f"{block}.1")
        x = self._rms_norm(x, "encoder.final_layer_norm.weight")
        names = [f"decoder.block.{i}.layer.1.EncDecAttention" for i in range(self._shape["decoder_layers"])]
        self._text = [(self._heads(x, f"{name}.k"), self._heads(x, f"{name}.v")) for name in names]
        self._past, self._length = [], 0

    @torch.inference_mode()
    def step(self, tokens: Sequence[int]) -> Float32s:
        x = F.embedding(self._ids([[token] for token in tokens]), self._weights["shared.weight"])
        bias = self._position_bias("decoder", np.array([self._length]), np.arange(self._length + 1))
        for layer, text in enumerate(self._text):
            block = f"decoder.block.{layer}.layer"
            q, k, v = self._project(self._rms_norm(x, f"{block}.0.layer_norm.weight"), f"{block}.0.SelfAttention")
            k, v = self._append(layer, k, v)
            x = x + self._attend(q, k, v, bias, f"{block}.0.SelfAttention")
            q = self._heads(self._rms_norm(x, f"{block}.1.layer_norm.weight"), f"{block}.1.EncDecAttention.q")
            k, v = (part.expand(len(tokens), -1, -1, -1) for part in text)
            x = x + self._attend(q, k, v, None, f"{block}.1.EncDecAttention")
            x = x + self._feed_forward(x, f"{block}.2")
        self._length += 1
        x = self._rms_norm(x, "decoder.final_layer_norm.weight")
        return self._out((x * self._shape["width"] ** -0.5 if self._shape["tied"] else x)[:, 0])

    def _position_bias(self, side: str, queries: Ints, keys: Ints) -> Tensor:
        """(1, heads, T, S) for queries at positions (T,) and keys at (S,)."""
        buckets = torch.from_numpy(t5_buckets(side, queries, keys, self._shape)).to(self.device)
        return self._weights[t5_bias_name(side)][buckets].permute(2, 0, 1)[None]

    def _heads(self, x: Tensor, name: str) -> Tensor:
        """(B, T, width) projected and split: (B, heads, T, head width)."""
        projected = F.linear(x, self._weights[f"{name}.weight"])
        return projected.view(*x.shape[:2], self._shape["heads"], -1).transpose(1, 2)

    def _project(self, x: Tensor, name: str) -> tuple[Tensor, ...]:
        return tuple(self._heads(x, f"{name}.{part}") for part in "qkv")

    def _attend(self, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, name: str) -> Tensor:
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=bias, scale=1.0)  # T5 does not scale the scores
        return F.linear(mixed.transpose(1, 2).flatten(2), self._weights[f"{name}.o.weight"])

    def _feed_forward(self, x: Tensor, name: str) -> Tensor:
        normed = self._rms_norm(x, f"{name}.layer_norm.weight")
        gate, inner = (F.linear(normed, self._weights[f"{name}.DenseReluDense.wi_{i}.weight"]) for i in (0, 1))
        return F.linear(F.gelu(gate, approximate="tanh") * inner, self._weights[f"{name}.DenseReluDense.wo.weight"])


class TorchLlama(_TorchNetwork):
    """LLaMA in PyTorch, in lit-llama's layout: rotary embedding of adjacent dimensions."""

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
        positions = np.arange(self._length, self._length + count)
        cos, sin = (torch.from_numpy(part).to(self.device) for part in rotary(positions, half))
        x = F.embedding(ids, self._weights["transformer.wte.weight"])
        for layer in range(self._shape["layers"]):
            block = f"transformer.h.{layer}"
            qkv = F.linear(self._rms_norm(x, f"{block}.rms_1.scale"), self._weights[f"{block}.attn.c_attn.weight"])
            q, k, v = (part.unflatten(-1, (heads, 2 * half)).transpose(1, 2) for part in qkv.chunk(3, dim=-1))
            k, v = self._append(layer, _rotate_pairs(k, cos, sin), v)
            # A prompt is read in one step with an empty cache, so the mask is either plainly causal or absent.
            mixed = F.scaled_dot_product_attention(
                _rotate_pairs(q, cos, sin), k, v, is_causal=count > 1, scale=1.0 / math.sqrt(2 * half)
            )
            x = x + F.linear(mixed.transpose(1, 2).flatten(2), self._weights[f"{block}.attn.c_proj.weight"])
            normed = self._rms_norm(x, f"{block}.rms_2.scale")
            gate, inner = (F.linear(normed, self._weights[f"{block}.mlp.c_fc{i}.weight"]) for i in (1, 2))
            x = x + F.linear(F.silu(gate) * inner, self._weights[f"{block}.mlp.c_proj.weight"])
        self._length += count
        return self._out(self._rms_norm(x, "transformer.ln_f.scale")[:, -1])


def _rotate_pairs(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Each pair of dimensions (2i, 2i + 1) of (B, H, T, D) rotated; cos, sin (T, D / 2)."""
    a, b = x.float().unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack([a * cos - b * sin, b * cos + a * sin], dim=-1).flatten(-2).to(x.dtype)


TORCH_NETWORKS: dict[str, type[_TorchNetwork]] = {"t5": TorchT5, "llama": TorchLlama}
