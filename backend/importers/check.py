"""Published checkpoints against reference values of the published code: `motiongpt models check`.

The folder is laid out like this; what is missing is left out of the check:

    motiongpt_tiny.tar, tiny-t5/, motiongpt_lm.json, t5_logits_N.npy, motiongpt_vqvae.npz
    lit-llama-tiny.pth, lit-llama-lora-tiny.pth, llama_tokenizer.model, t2m_vqvae_tiny.pth, llama_lora.json,
    llama_logits_N.npy, t2m_vqvae.npz
"""

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...retarget.errors import MotionGPTError
from ..checkpoints.sentence_pieces import SentencePieces
from ..engines.llama import text as llama_text
from ..engines.shared.codec import MotionCodec
from ..engines.shared.networks import Network, OnnxLlama, OnnxT5
from ..engines.t5 import text as t5_text
from ..features import DIMENSIONS
from ..model_folder import ModelCard
from .llama import import_llama
from .t5 import import_t5

FLOATS, LOGITS = 1e-4, 1e-3
T5_FILES = ("motiongpt_tiny.tar", "tiny-t5", "motiongpt_lm.json", "motiongpt_vqvae.npz")
LLAMA_FILES = (
    "lit-llama-tiny.pth", "lit-llama-lora-tiny.pth", "llama_tokenizer.model", "t2m_vqvae_tiny.pth", "llama_lora.json",
    "t2m_vqvae.npz",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One comparison. error: the largest difference, or how many of integers and strings differ."""

    name: str
    error: float
    tolerance: float

    @property
    def passed(self) -> bool:
        return bool(self.error <= self.tolerance)


def check_folder(folder: Path, precision: str = "float32") -> Iterator[Row]:
    """Import what the folder holds into a temporary one and compare. Raises MotionGPTError for damaged files."""
    systems = [(T5_FILES, _check_t5), (LLAMA_FILES, _check_llama)]
    found = [check for files, check in systems if all((folder / name).exists() for name in files)]
    if not found:
        raise MotionGPTError(
            f"{folder} holds no checkpoints with reference values.",
            f"It needs {', '.join(T5_FILES)}, or {', '.join(LLAMA_FILES)}.",
        )
    try:
        with tempfile.TemporaryDirectory() as scratch:
            statistics = Path(scratch) / "statistics"
            statistics.mkdir()
            # The reference values are normalised features, to which statistics do nothing.
            np.save(statistics / "mean.npy", np.zeros(DIMENSIONS, np.float32))
            np.save(statistics / "std.npy", np.ones(DIMENSIONS, np.float32))
            for check in found:
                yield from check(folder, Path(scratch), precision)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise MotionGPTError(
            f"The reference values in {folder} can't be read ({error!r}).", "Get them again."
        ) from error


def _check_t5(folder: Path, scratch: Path, precision: str) -> Iterator[Row]:
    target = scratch / "t5"
    card = import_t5(folder / "motiongpt_tiny.tar", folder / "tiny-t5", scratch / "statistics", target)
    yield from _check_codec("T5 VQ-VAE", MotionCodec(target), folder / "motiongpt_vqvae.npz")
    network = _make(OnnxT5, "TorchT5", target, card, precision)
    tokenizer = t5_text.T5Tokenizer(SentencePieces(target / "spiece.model"), card.settings["sentinels"])
    for i, case in enumerate(json.loads((folder / "motiongpt_lm.json").read_bytes())["cases"]):
        name = f"T5 {case['task']} {i}"
        yield _same(f"{name}: prompt", [t5_prompt(case)], [case["prompt"]])
        yield _same(f"{name}: ids", tokenizer.encode(case["prompt"]), case["input_ids"])
        expected = case["greedy_output_ids"]
        logits = np.load(folder / case["logits_file"])
        network.start(case["input_ids"], 1)
        rows = [network.logits(network.step([token]), None)[0] for token in expected[: len(logits)]]
        yield Row(f"{name}: logits", float(np.abs(np.stack(rows) - logits).max()), LOGITS)
        yield _same(f"{name}: greedy ids", _greedy_t5(network, case["input_ids"], len(expected)), expected)
        answer = tokenizer.decode(expected)
        yield _same(f"{name}: text", [answer], [case["decoded_string"]])
        yield _same(f"{name}: codes", t5_text.parse_answer(answer), case["parsed_motion_codes"])


def t5_prompt(case: dict[str, Any]) -> str:
    """The prompt of a reference case."""
    frames = case["length_frames"] if case["with_length"] else None
    codes, length = case["codes"] or [], case["length_frames"] or 0
    match case["task"]:
        case "t2m":
            return t5_text.text_to_motion_prompt(case["text"], frames, case["quoted"])
        case "m2t":
            return t5_text.caption_prompt(codes, frames)
        case "pred":
            return t5_text.predict_prompt(t5_text.published_head(codes, length))
        case "inbetween":
            return t5_text.inbetween_prompt(codes, t5_text.published_known(len(codes), length))
    raise ValueError(f"unknown task {case['task']}")


def _greedy_t5(network: Network, prompt: Sequence[int], count: int) -> list[int]:
    """The likeliest ids over the whole vocabulary, from the first padding id on, until the end."""
    network.start(prompt, 1)
    out = [t5_text.PAD_ID]
    while len(out) < count and (len(out) == 1 or out[-1] != t5_text.EOS_ID):
        out.append(int(network.logits(network.step([out[-1]]), None)[0].argmax()))
    return out


def _check_llama(folder: Path, scratch: Path, precision: str) -> Iterator[Row]:
    reference = json.loads((folder / "llama_lora.json").read_bytes())
    config = reference["config"]
    target = scratch / "llama"
    card = import_llama(
        vqvae=folder / "t2m_vqvae_tiny.pth",
        base=folder / "lit-llama-tiny.pth",
        lora=folder / "lit-llama-lora-tiny.pth",
        tokenizer=folder / "llama_tokenizer.model",
        statistics=scratch / "statistics",
        target=target,
        alpha=config["lora_alpha"],
        heads=config["n_head"],
    )
    yield _same("LLaMA: LoRA rank", [card.training["lora_r"]], [config["lora_r"]])
    yield from _check_codec("LLaMA VQ-VAE", MotionCodec(target), folder / "t2m_vqvae.npz")
    network = _make(OnnxLlama, "TorchLlama", target, card, precision)
    pieces = SentencePieces(target / "tokenizer.model")
    for i, case in enumerate(reference["cases"]):
        name, ids = f"LLaMA {case['condition']} {i}", case["input_ids"]
        yield _same(f"{name}: prompt", [llama_prompt(case)], [case["prompt"]])
        yield _same(f"{name}: ids", [1, *pieces.encode(case["prompt"])][-case.get("truncated_to", 10**6) :], ids)
        # Every place of the prompt through the cache, one token at a time.
        hidden = network.start(ids[:1], 1)
        rows = []
        for following in [*ids[1:], None]:
            assert hidden is not None
            rows.append(network.logits(hidden, None)[0])
            if following is not None:
                hidden = network.step([following])
        logits = np.load(folder / case["logits_file"])
        yield Row(f"{name}: logits", float(np.abs(np.stack(rows)[: len(logits)] - logits).max()), LOGITS)
        expected = case["greedy_new_ids"]
        hidden = network.start(ids, 1)
        out: list[int] = []
        while len(out) < len(expected):
            assert hidden is not None
            out.append(int(network.logits(hidden, None)[0].argmax()))
            hidden = network.step([out[-1]])
        yield _same(f"{name}: greedy ids", out, expected)
        yield _same(f"{name}: text", [pieces.decode(expected)], [case["greedy_text"]])


def llama_prompt(case: dict[str, Any]) -> str:
    """The prompt of a reference case."""
    conditions: dict[str, llama_text.Condition] = {"t2m": "text", "init": "initial", "last": "last", "key": "key"}
    text, _, given = case["input"].partition("<Motion Token>")
    codes = [int(code) for code in given.removesuffix("</Motion Token>").split(",") if code]
    return llama_text.make_prompt(conditions[case["condition"]], text, codes)


def _check_codec(name: str, codec: MotionCodec, path: Path) -> Iterator[Row]:
    with np.load(path, allow_pickle=False) as reference:
        features, codes, decoded = reference["features"], reference["codes"], reference["decoded"]
        whole = reference.get("reconstructed")
    found = codec.features_to_codes(features)
    yield _same(f"{name}: codes", found.reshape(-1).tolist(), codes.reshape(-1).tolist())
    yield Row(f"{name}: decoded", float(np.abs(codec.codes_to_features(codes) - decoded).max()), FLOATS)
    if whole is not None:
        yield Row(f"{name}: there and back", float(np.abs(codec.codes_to_features(found) - whole).max()), FLOATS)


def _same(name: str, found: Sequence[Any], expected: Sequence[Any]) -> Row:
    differences = sum(a != b for a, b in zip(found, expected, strict=False)) + abs(len(found) - len(expected))
    return Row(name, float(differences), 0.0)


def _make(on_cpu: type[Any], on_torch: str, folder: Path, card: ModelCard, precision: str) -> Network:
    """precision "float32": ONNX Runtime.  "torch": PyTorch, the same numbers by another way."""
    if precision != "torch":
        made: Network = on_cpu(folder, card.settings["shape"], precision)
        return made
    from ..engines.shared import torch_networks

    other: Network = getattr(torch_networks, on_torch)(folder, card.settings["shape"], "cpu", "float32")
    return other
