"""Comparison of published checkpoints with reference values of the published code: `motiongpt models check`.

The folder holds `T5_FILES`, `LLAMA_FILES` or both, and the logits (N.npy) that their .json files name.
"""

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.typing import Floats
from ..checkpoints.sentence_pieces import SentencePieces
from ..engines.llama import text as llama_text
from ..engines.shared.codec import MotionCodec
from ..engines.shared.devices import make_network
from ..engines.shared.networks import Network
from ..engines.t5 import text as t5_text
from ..features import DIMENSIONS
from .llama import import_llama
from .t5 import import_t5

FEATURES_TOLERANCE, LOGITS_TOLERANCE = 1e-4, 1e-3
T5_FILES = ("motiongpt_tiny.tar", "tiny-t5", "motiongpt_lm.json", "motiongpt_vqvae.npz")
LLAMA_FILES = (
    *("lit-llama-tiny.pth", "lit-llama-lora-tiny.pth", "llama_tokenizer.model", "t2m_vqvae_tiny.pth"),
    *("llama_lora.json", "t2m_vqvae.npz"),
)


@dataclass(frozen=True)
class Row:
    """One comparison. error: the largest difference; of integers and strings, how many differ."""

    name: str
    error: float
    tolerance: float

    @property
    def passed(self) -> bool:
        return bool(self.error <= self.tolerance)


def check_folder(folder: Path, use_torch: bool = False) -> Iterator[Row]:
    """Import the checkpoints of a folder into a temporary one and compare, in ONNX Runtime or PyTorch, in float32.

    Raises MotionGPTError for damaged files.
    """
    systems = [(T5_FILES, _check_t5), (LLAMA_FILES, _check_llama)]
    found = [check for files, check in systems if all((folder / name).exists() for name in files)]
    if not found:
        raise MotionGPTError(
            f"{folder} holds no checkpoints with reference values.",
            f"It needs {', '.join(T5_FILES)}; or {', '.join(LLAMA_FILES)}.",
        )
    try:
        with tempfile.TemporaryDirectory() as scratch:
            statistics = Path(scratch) / "statistics"
            statistics.mkdir()
            # The reference values are normalised features already.
            np.save(statistics / "mean.npy", np.zeros(DIMENSIONS, np.float32))
            np.save(statistics / "std.npy", np.ones(DIMENSIONS, np.float32))
            for check in found:
                yield from check(folder, Path(scratch), use_torch)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise MotionGPTError(
            f"The reference values in {folder} can't be read ({error!r}).", "Download them again."
        ) from error


def _check_t5(folder: Path, scratch: Path, use_torch: bool) -> Iterator[Row]:
    target = scratch / "t5"
    card = import_t5(folder / "motiongpt_tiny.tar", folder / "tiny-t5", scratch / "statistics", target)
    yield from _check_codec("T5 VQ-VAE", MotionCodec(target), folder / "motiongpt_vqvae.npz")
    network = make_network("t5", target, card.settings["shape"], "cpu", "float32", use_torch)
    tokenizer = t5_text.T5Tokenizer(SentencePieces(target / t5_text.TOKENIZER), card.settings["sentinels"])
    for i, case in enumerate(json.loads((folder / "motiongpt_lm.json").read_bytes())["cases"]):
        name = f"T5 {case['task']} {i}"
        yield _count_differences(f"{name}: prompt", [t5_prompt(case)], [case["prompt"]])
        yield _count_differences(f"{name}: ids", tokenizer.encode(case["prompt"]), case["input_ids"])
        expected = case["greedy_output_ids"]
        logits = np.load(folder / case["logits_file"])
        yield _logits_row(name, network, case["input_ids"], expected[: len(logits)], logits)
        greedy = _greedy(network, case["input_ids"], [t5_text.PAD_ID], len(expected), t5_text.EOS_ID)
        yield _count_differences(f"{name}: greedy ids", greedy, expected)
        answer = tokenizer.decode(expected)
        yield _count_differences(f"{name}: text", [answer], [case["decoded_string"]])
        yield _count_differences(f"{name}: codes", t5_text.parse_answer(answer), case["parsed_motion_codes"])


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


def _check_llama(folder: Path, scratch: Path, use_torch: bool) -> Iterator[Row]:
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
    yield _count_differences("LLaMA: LoRA rank", [card.training["lora_r"]], [config["lora_r"]])
    yield from _check_codec("LLaMA VQ-VAE", MotionCodec(target), folder / "t2m_vqvae.npz")
    network = make_network("llama", target, card.settings["shape"], "cpu", "float32", use_torch)
    pieces = SentencePieces(target / llama_text.TOKENIZER)
    for i, case in enumerate(reference["cases"]):
        name, ids = f"LLaMA {case['condition']} {i}", case["input_ids"]
        yield _count_differences(f"{name}: prompt", [llama_prompt(case)], [case["prompt"]])
        encoded = [1, *pieces.encode(case["prompt"])][-case.get("truncated_to", 10**6) :]
        yield _count_differences(f"{name}: ids", encoded, ids)
        logits = np.load(folder / case["logits_file"])
        yield _logits_row(name, network, ids[:1], ids[1:], logits)
        expected = case["greedy_new_ids"]
        yield _count_differences(f"{name}: greedy ids", _greedy(network, ids, [], len(expected)), expected)
        yield _count_differences(f"{name}: text", [pieces.decode(expected)], [case["greedy_text"]])


def llama_prompt(case: dict[str, Any]) -> str:
    """The prompt of a reference case."""
    conditions: dict[str, llama_text.Condition] = {"t2m": "text", "init": "initial", "last": "last", "key": "key"}
    text, _, given = case["input"].partition("<Motion Token>")
    codes = [int(code) for code in given.removesuffix("</Motion Token>").split(",") if code]
    return llama_text.make_prompt(conditions[case["condition"]], text, codes)


def _logits_row(name: str, network: Network, prompt: Sequence[int], tokens: Sequence[int], expected: Floats) -> Row:
    """Logits with teacher forcing, one token at a time through the cache: after the prompt, unless it gives no hidden
    state, and after each of the tokens, as many as are expected."""
    after_prompt = network.start(prompt, 1)
    states = [*([] if after_prompt is None else [after_prompt]), *(network.step([token]) for token in tokens)]
    logits = np.concatenate([network.logits(state, None) for state in states])[: len(expected)]
    return _largest_error(f"{name}: logits", logits, expected, LOGITS_TOLERANCE)


def _greedy(
    network: Network, prompt: Sequence[int], start: Sequence[int], count: int, end: int | None = None
) -> list[int]:
    """Greedy decoding over the whole vocabulary: the ids `start`, then the likeliest, up to `count` ids or the end."""
    hidden = network.start(prompt, 1)
    ids = list(start)
    for token in start:
        hidden = network.step([token])
    while len(ids) < count and end not in ids:
        assert hidden is not None
        ids.append(int(network.logits(hidden, None)[0].argmax()))
        hidden = network.step([ids[-1]])
    return ids


def _check_codec(name: str, codec: MotionCodec, path: Path) -> Iterator[Row]:
    with np.load(path, allow_pickle=False) as reference:
        features, codes, decoded = reference["features"], reference["codes"], reference["decoded"]
        reconstructed = reference.get("reconstructed")
    found = codec.features_to_codes(features)
    yield _count_differences(f"{name}: codes", found.reshape(-1).tolist(), codes.reshape(-1).tolist())
    yield _largest_error(f"{name}: decoded", codec.codes_to_features(codes), decoded, FEATURES_TOLERANCE)
    if reconstructed is not None:
        found_features = codec.codes_to_features(found)
        yield _largest_error(f"{name}: reconstructed", found_features, reconstructed, FEATURES_TOLERANCE)


def _largest_error(name: str, found: Floats, expected: Floats, tolerance: float) -> Row:
    return Row(name, float(np.abs(found - expected).max()), tolerance)


def _count_differences(name: str, found: Sequence[Any], expected: Sequence[Any]) -> Row:
    differences = sum(a != b for a, b in zip(found, expected, strict=False)) + abs(len(found) - len(expected))
    return Row(name, float(differences), 0.0)
