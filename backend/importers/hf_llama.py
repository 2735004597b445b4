"""A LLaMA base model from lit-llama's file or from a Hugging Face folder, under lit-llama's names.

Hugging Face stores query and key for rotating the two halves of a head; lit-llama, like the original weights, for
rotating neighbouring dimensions. Rows are put back: (2, D / 2) -> (D / 2, 2) within each head.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.typing import Numbers
from ..checkpoints.safetensors_file import SafetensorsFile
from ..checkpoints.tensors import DTYPES, PIECE_BYTES, TensorInfo, TensorSource
from ..checkpoints.torch_file import TorchFile

_LAYER = {
    "attn.c_proj.weight": "self_attn.o_proj.weight",
    "mlp.c_fc1.weight": "mlp.gate_proj.weight",
    "mlp.c_fc2.weight": "mlp.up_proj.weight",
    "mlp.c_proj.weight": "mlp.down_proj.weight",
    "rms_1.scale": "input_layernorm.weight",
    "rms_2.scale": "post_attention_layernorm.weight",
}
_ELSEWHERE = {
    "transformer.wte.weight": "model.embed_tokens.weight",
    "transformer.ln_f.scale": "model.norm.weight",
    "lm_head.weight": "lm_head.weight",
}


@contextmanager
def open_llama(base: Path, heads: int | None) -> Iterator[TensorSource]:
    """The tensors of either form. heads: overrides the folder's config.json."""
    if not base.is_dir():
        with TorchFile(base) as file:
            yield file
        return
    with ExitStack() as stack:
        sources: list[TensorSource] = [
            stack.enter_context(SafetensorsFile(p)) for p in sorted(base.glob("*.safetensors"))
        ] or [stack.enter_context(TorchFile(p)) for p in sorted(base.glob("pytorch_model*.bin"))]
        if not sources:
            raise MotionGPTError(f"{base} holds no weights.", "Give a Hugging Face folder of LLaMA, or lit-llama.pth.")
        yield HfLlama(sources, heads or _read_heads(base))


def _read_heads(base: Path) -> int:
    try:
        config = json.loads((base / "config.json").read_bytes())
        heads = int(config["num_attention_heads"])
        if config.get("num_key_value_heads", heads) != heads:
            raise ValueError("grouped heads")
        return heads
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MotionGPTError(f"{base} is no LLaMA folder ({error}).", "Give the folder of LLaMA 7B or 13B.") from error


class HfLlama:
    """A `TensorSource` over the files of a Hugging Face folder."""

    def __init__(self, sources: list[TensorSource], heads: int) -> None:
        self._where = {name: source for source in sources for name in source.tensors}
        self._heads = heads
        self._parts: dict[str, tuple[str, ...]] = {ours: (theirs,) for ours, theirs in _ELSEWHERE.items()}
        layers = {name.split(".")[2] for name in self._where if name.startswith("model.layers.")}
        for layer in sorted(layers, key=lambda text: int(text) if text.isdecimal() else -1):
            ours, theirs = f"transformer.h.{layer}", f"model.layers.{layer}"
            self._parts |= {f"{ours}.{a}": (f"{theirs}.{b}",) for a, b in _LAYER.items()}
            self._parts[f"{ours}.attn.c_attn.weight"] = tuple(f"{theirs}.self_attn.{p}_proj.weight" for p in "qkv")
        self.tensors = {ours: self._info(ours, parts) for ours, parts in self._parts.items()}

    def _info(self, name: str, parts: tuple[str, ...]) -> TensorInfo:
        missing = [part for part in parts if part not in self._where]
        if missing:
            raise MotionGPTError(f"The LLaMA folder lacks {missing[0]}.", "Get the whole folder.", "bad_checkpoint")
        infos = [self._where[part].tensors[part] for part in parts]
        if any(info != infos[0] for info in infos):
            raise MotionGPTError(f"The parts of {name} differ in shape.", "Get the whole folder.", "bad_checkpoint")
        first = infos[0].shape
        return TensorInfo(infos[0].dtype, (len(parts) * first[0], *first[1:]))

    def pieces(self, name: str, size: int = PIECE_BYTES) -> Iterator[bytes]:
        """As `TorchFile.pieces`; of a joined matrix some heads at a time."""
        parts = self._parts[name]
        if len(parts) == 1:
            yield from self._where[parts[0]].pieces(parts[0], size)
            return
        row = self.tensors[name].nbytes // self.tensors[name].shape[0]
        rest = b""
        for piece in self._joined(parts):
            rest += piece
            # Whole rows in every piece, as asked for: the receiver counts on it.
            take = max(size // row, 1) * row
            while len(rest) >= take:
                yield rest[:take]
                rest = rest[take:]
        if rest:
            yield rest

    def _joined(self, parts: tuple[str, ...]) -> Iterator[bytes]:
        for kind, part in zip("qkv", parts, strict=True):
            source = self._where[part]
            if kind == "v":
                yield from source.pieces(part)
                continue
            info = source.tensors[part]
            rows = info.shape[0] // self._heads
            row = info.nbytes // info.shape[0]
            for head in source.pieces(part, rows * row):
                halves = np.frombuffer(head, np.uint8).reshape(2, rows // 2, row)
                yield halves.transpose(1, 0, 2).tobytes()

    def read(self, name: str) -> Numbers:
        """As `TorchFile.read`."""
        info = self.tensors[name]
        return np.frombuffer(b"".join(self.pieces(name)), DTYPES[info.dtype]).reshape(info.shape)
