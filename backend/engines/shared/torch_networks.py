"""The language models of `networks` by `transformers`, in half precision or float32: for GPUs, and for models that have
no ONNX graphs.

`generate` of transformers is not used: it draws all rows of a batch from one random generator, so that a variation
would depend on how many there are, and it can't be followed or cancelled token by token without a thread of its own.
Its static cache and compiled step are (see `torch_compiled`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM, T5Config, T5ForConditionalGeneration
from transformers.cache_utils import DynamicCache, EncoderDecoderCache, StaticCache

from ....retarget.typing import Float32s
from ...checkpoints.safetensors_file import SafetensorsFile
from ...checkpoints.tensors import Dtype
from .networks import WEIGHTS, Network
from .torch_compiled import CompiledSteps, is_wanted

_PROMPTS = 32  # a T5's prompts have a multiple of so many tokens
_TYPES: dict[Dtype, torch.dtype] = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def has_cuda() -> bool:
    """Whether torch can use a GPU."""
    return torch.cuda.is_available()


def torch_type(precision: str) -> torch.dtype:
    """torch's type for a precision, "bfloat16", "float16" or "float32"."""
    return {"bfloat16": torch.bfloat16, "float16": torch.float16}.get(precision, torch.float32)


class TransformersNetwork(Network):
    """A model of transformers. What `start` and `step` return are the logits of the whole vocabulary (B, vocabulary),
    of which `logits` picks those asked for. Steps are compiled where that pays, if `compiles`, and where asked for."""

    compiles = True

    def __init__(self, folder: Path, shape: Mapping[str, Any], device: str, precision: str) -> None:
        super().__init__(folder, shape, device, precision)
        self._model: Any = self._load().eval()
        self._steps = CompiledSteps(device) if is_wanted(device if self.compiles else "cpu") else None
        self._past: Any = None
        self._static: StaticCache | None = None
        self._length = 0

    def _load(self) -> torch.nn.Module:
        raise NotImplementedError

    def _output_rows(self, ids: tuple[int, ...] | None) -> Any:
        return slice(None) if ids is None else list(ids)

    def _scores(self, hidden: Float32s, rows: Any) -> Float32s:
        return hidden[:, rows]

    def _begin(self, config: Any, batch: int, length: int) -> bool:
        """Take a static cache for a prompt of a length, if steps are compiled; whether there is one. config: of the
        decoder."""
        self._length = 0
        compiled = self._steps is not None and self._steps.works
        self._static = self._steps.cache(config, batch, length) if self._steps and compiled else None
        return self._static is not None

    def _run(self, count: int, **inputs: Any) -> Float32s:
        """(B, vocabulary) after the last of `count` tokens of each answer; the first ones are never compiled."""
        if self._steps is None or self._static is None or not self._length:
            out = self._model(**inputs, cache=self._past, use_cache=True)
        else:
            out = self._steps(self._model, self._past, self._static, self._length, **inputs, use_cache=True)
        self._length += count
        return self._last(out.logits)

    def _ids(self, tokens: Sequence[Sequence[int]]) -> Tensor:
        return torch.tensor(tokens, device=self.device)

    def _last(self, logits: Tensor) -> Float32s:
        """(B, vocabulary) after the last of the tokens of logits (B, T, vocabulary)."""
        return np.asarray(logits[:, -1].float().cpu().numpy())


class TorchT5(TransformersNetwork):
    """A T5 from a model folder's weights."""

    compiles = False

    def _load(self) -> torch.nn.Module:
        s = self._shape
        gated = s.get("gated", True)
        config = T5Config(
            vocab_size=s["vocabulary"], d_model=s["width"], d_kv=s["head_width"], num_heads=s["heads"],
            d_ff=s["feed_forward"], num_layers=s["encoder_layers"], num_decoder_layers=s["decoder_layers"],
            relative_attention_num_buckets=s["buckets"], relative_attention_max_distance=s["max_distance"],
            layer_norm_epsilon=s["epsilon"], feed_forward_proj="gated-gelu" if gated else "relu",
            tie_word_embeddings=s["tied"], dropout_rate=0.0,
        )  # fmt: skip
        weights = _read(self._folder, self.device, torch_type(self.precision))
        for name in ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight"):
            weights[name] = weights["shared.weight"]
        with torch.device("meta"):
            model: torch.nn.Module = T5ForConditionalGeneration(config)
        model.load_state_dict(weights, assign=True)
        return model

    @torch.inference_mode()
    def start(self, prompt: Sequence[int], batch: int) -> None:
        own: Any = self._static if self._begin(self._model.decoder.config, batch, 0) else DynamicCache()
        ids, mask = self._ids([prompt]), None
        if self._static is not None:  # prompts of few lengths, so that few steps are compiled
            blank = [0] * (-len(prompt) % _PROMPTS)
            ids, mask = self._ids([[*prompt, *blank]]), self._ids([[*[1] * len(prompt), *blank]])
        text = self._model.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        self._text, self._mask = text.expand(batch, -1, -1), None if mask is None else mask.expand(batch, -1)
        self._past = EncoderDecoderCache(own, DynamicCache())

    @torch.inference_mode()
    def step(self, tokens: Sequence[int]) -> Float32s:
        ids = self._ids([[token] for token in tokens])
        return self._run(1, decoder_input_ids=ids, encoder_outputs=(self._text,), attention_mask=self._mask)


class TorchCausal(TransformersNetwork):
    """A causal language model."""

    @torch.inference_mode()
    def start(self, prompt: Sequence[int], batch: int) -> Float32s:
        if self._begin(self._model.config, batch, len(prompt)):
            self._past = self._static
            return self._forward([prompt] * batch)
        self._past = DynamicCache(config=self._model.config)
        logits = self._forward([prompt])
        if batch > 1:
            self._past.batch_repeat_interleave(batch)
        return np.repeat(logits, batch, axis=0)

    @torch.inference_mode()
    def step(self, tokens: Sequence[int]) -> Float32s:
        return self._forward([[token] for token in tokens])

    def _forward(self, tokens: Sequence[Sequence[int]]) -> Float32s:
        return self._run(len(tokens[0]), input_ids=self._ids(tokens), logits_to_keep=1)


class TorchLlama(TorchCausal):
    """LLaMA from a model folder's weights in lit-llama's layout."""

    def _load(self) -> torch.nn.Module:
        s = self._shape
        config = LlamaConfig(
            vocab_size=s["vocabulary"], hidden_size=s["width"], num_attention_heads=s["heads"],
            num_hidden_layers=s["layers"], intermediate_size=s["feed_forward"], rms_norm_eps=s["epsilon"],
            max_position_embeddings=s["context"], tie_word_embeddings=False,
        )  # fmt: skip
        weights = _hugging_face_names(_read(self._folder, self.device, torch_type(self.precision)), s["heads"])
        with torch.device("meta"):
            model: torch.nn.Module = LlamaForCausalLM(config)
        model.load_state_dict(weights, assign=True)
        inner: Any = model.model  # what it computes from the settings is in no file
        inner.rotary_emb = type(inner.rotary_emb)(config).to(self.device)
        return model


_OUTSIDE_LAYERS = {
    "transformer.wte.weight": "model.embed_tokens.weight",
    "transformer.ln_f.scale": "model.norm.weight",
    "lm_head.weight": "lm_head.weight",
}
_LAYER = {
    "attn.c_proj.weight": "self_attn.o_proj.weight",
    "mlp.c_fc1.weight": "mlp.gate_proj.weight",
    "mlp.c_fc2.weight": "mlp.up_proj.weight",
    "mlp.c_proj.weight": "mlp.down_proj.weight",
    "rms_1.scale": "input_layernorm.weight",
    "rms_2.scale": "post_attention_layernorm.weight",
}


def _hugging_face_names(weights: Mapping[str, Tensor], heads: int) -> dict[str, Tensor]:
    """lit-llama's tensors as transformers names and orders them: the rows of query and key by halves of a head instead
    of by neighbouring pairs."""
    out = {theirs: weights[ours] for ours, theirs in _OUTSIDE_LAYERS.items()}
    for name, tensor in weights.items():
        if name in _OUTSIDE_LAYERS:
            continue
        layer, rest = name.removeprefix("transformer.h.").split(".", 1)
        if rest != "attn.c_attn.weight":
            out[f"model.layers.{layer}.{_LAYER[rest]}"] = tensor
            continue
        for kind, part in zip("qkv", tensor.chunk(3), strict=True):
            if kind != "v":
                part = part.unflatten(0, (heads, -1, 2)).transpose(1, 2).flatten(0, 2)
            out[f"model.layers.{layer}.self_attn.{kind}_proj.weight"] = part.contiguous()
    return out


def _read(folder: Path, device: str, dtype: torch.dtype) -> dict[str, Tensor]:
    """All weights of a model folder, moved to the device one by one."""
    out: dict[str, Tensor] = {}
    with SafetensorsFile(folder / WEIGHTS) as file:
        for name, info in file.tensors.items():
            stored = torch.from_numpy(file.read(name)).view(_TYPES[info.dtype])
            out[name] = stored.to(device=device, dtype=dtype)
    return out


TORCH_NETWORKS: dict[str, type[TransformersNetwork]] = {"t5": TorchT5, "llama": TorchLlama}
