"""The weights of a LLaMA, from lit-llama's file or a Hugging Face folder, in lit-llama's layout.

Hugging Face permutes the rows of query and key so that the rotary embedding rotates the two halves of a head against
each other; in lit-llama, as in the original weights, it rotates adjacent dimensions. The permutation is undone:
(2, D / 2) -> (D / 2, 2) within each head.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from ...retarget.errors import MotionGPTError
from ..checkpoints.safetensors_file import SafetensorsFile
from ..checkpoints.tensors import PIECE_BYTES, TensorInfo, TensorSource
from ..checkpoints.torch_file import TorchFile

_LAYER = {
    "attn.c_proj.weight": "self_attn.o_proj.weight",
    "mlp.c_fc1.weight": "mlp.gate_proj.weight",
    "mlp.c_fc2.weight": "mlp.up_proj.weight",
    "mlp.c_proj.weight": "mlp.down_proj.weight",
    "rms_1.scale": "input_layernorm.weight",
    "rms_2.scale": "post_attention_layernorm.weight",
}
_OUTSIDE_LAYERS = {
    "transformer.wte.weight": "model.embed_tokens.weight",
    "transformer.ln_f.scale": "model.norm.weight",
    "lm_head.weight": "lm_head.weight",
}


@contextmanager
def open_llama(base: Path, heads: int | None) -> Iterator[TensorSource]:
    """The tensors of a file or a folder. heads: overrides the folder's config.json."""
    if not base.is_dir():
        with TorchFile(base) as file:
            yield file
        return
    with ExitStack() as stack:
        sources: list[TensorSource] = [
            stack.enter_context(SafetensorsFile(p)) for p in sorted(base.glob("*.safetensors"))
        ] or [stack.enter_context(TorchFile(p)) for p in sorted(base.glob("pytorch_model*.bin"))]
        if not sources:
            raise MotionGPTError(f"{base} holds no weights.", "Give LLaMA's Hugging Face folder, or lit-llama.pth.")
        yield HuggingFaceLlama(sources, heads or _read_heads(base))


def _read_heads(base: Path) -> int:
    try:
        config = json.loads((base / "config.json").read_bytes())
        heads = int(config["num_attention_heads"])
        if config.get("num_key_value_heads", heads) != heads:
            raise ValueError("it has grouped-query attention")
        return heads
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise MotionGPTError(
            f"{base} is not a folder of LLaMA 1 ({error}).", "Give the folder of LLaMA 7B or 13B."
        ) from error


class HuggingFaceLlama(TensorSource):
    """The tensors in the files of a Hugging Face folder."""

    def __init__(self, sources: list[TensorSource], heads: int) -> None:
        self._where = {name: source for source in sources for name in source.tensors}
        self._heads = heads
        self._parts: dict[str, tuple[str, ...]] = {ours: (theirs,) for ours, theirs in _OUTSIDE_LAYERS.items()}
        layers = {name.split(".")[2] for name in self._where if name.startswith("model.layers.")}
        for layer in sorted(layers, key=lambda text: int(text) if text.isdecimal() else -1):
            ours, theirs = f"transformer.h.{layer}", f"model.layers.{layer}"
            self._parts |= {f"{ours}.{a}": (f"{theirs}.{b}",) for a, b in _LAYER.items()}
            self._parts[f"{ours}.attn.c_attn.weight"] = tuple(f"{theirs}.self_attn.{p}_proj.weight" for p in "qkv")
        self.tensors = {ours: self._info(ours, parts) for ours, parts in self._parts.items()}

    def _info(self, name: str, parts: tuple[str, ...]) -> TensorInfo:
        missing = [part for part in parts if part not in self._where]
        if missing:
            raise MotionGPTError(
                f"The LLaMA folder lacks {missing[0]}.", "Download the whole folder.", "bad_checkpoint"
            )
        infos = [self._where[part].tensors[part] for part in parts]
        if any(info != infos[0] for info in infos):
            raise MotionGPTError(
                f"The parts of {name} differ in shape.", "Download the whole folder.", "bad_checkpoint"
            )
        first = infos[0].shape
        return TensorInfo(infos[0].dtype, (len(parts) * first[0], *first[1:]))

    def pieces(self, name: str, size: int = PIECE_BYTES) -> Iterator[bytes]:
        """A tensor's bytes in row-major order; of a matrix of query, key and value, in whole rows."""
        parts = self._parts[name]
        if len(parts) == 1:
            yield from self._where[parts[0]].pieces(parts[0], size)
            return
        row_bytes = self.tensors[name].nbytes // self.tensors[name].shape[0]
        piece_bytes = max(size // row_bytes, 1) * row_bytes
        buffer = b""
        for piece in self._qkv(parts):
            buffer += piece
            while len(buffer) >= piece_bytes:
                yield buffer[:piece_bytes]
                buffer = buffer[piece_bytes:]
        if buffer:
            yield buffer

    def _qkv(self, parts: tuple[str, ...]) -> Iterator[bytes]:
        for kind, part in zip("qkv", parts, strict=True):
            source = self._where[part]
            if kind == "v":
                yield from source.pieces(part)
                continue
            info = source.tensors[part]
            rows = info.shape[0] // self._heads
            row_bytes = info.nbytes // info.shape[0]
            for head in source.pieces(part, rows * row_bytes):
                halves = np.frombuffer(head, np.uint8).reshape(2, rows // 2, row_bytes)
                yield halves.transpose(1, 0, 2).tobytes()
