"""Benchmark of a T5 MotionGPT of the published size, with random weights, against `transformers`."""

import functools
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ...retarget.errors import MotionGPTError
from ..checkpoints.safetensors_file import SafetensorsWriter
from ..checkpoints.tensors import TensorInfo
from ..engines.measured.choice import best
from ..engines.measured.machine import processor
from ..engines.measured.timing import seconds_per_token
from ..engines.shared import devices
from ..engines.shared.codec import CODES
from ..engines.shared.lanes import processors
from ..engines.shared.networks import ONNX_PRECISIONS, WEIGHTS, Network, OnnxT5, decoder_bytes
from ..importers.layouts import T5Shape, t5_shapes
from ..importers.model_writer import write_language_model
from ..importers.onnx_graphs import t5_model

SHAPE = T5Shape(
    vocabulary=32615, width=768, head_width=64, heads=12, feed_forward=2048, encoder_layers=12, decoder_layers=12
)
TOKENS, PADDED, PROMPT = 50, 256, 20
BATCHES = (1, 2, 4, 8, 16, 32)
CODE_IDS = tuple(range(32100, 32100 + CODES))


def measure(runs: int = 3) -> dict[str, Any]:
    """Seconds for 50 motion tokens in every precision, each the median of `runs`; the precision that this machine would
    choose, and the lower bound that memory bandwidth sets for it; on a GPU, where there is one, for 1 to 32 at once.

    Raises MotionGPTError without onnx, torch and transformers.
    """
    try:
        import onnx  # noqa: F401
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ImportError as error:
        raise MotionGPTError(f"The comparison needs {error.name}.", f"Install it: pip install {error.name}") from None
    prompt = list(range(5, 5 + PROMPT - 1)) + [1]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_random_model(folder, SHAPE)
        makes: dict[str, Callable[[], OnnxT5]] = {
            name: functools.partial(OnnxT5, folder, asdict(SHAPE), name) for name in ONNX_PRECISIONS
        }
        chosen, why = best(seconds_per_token(makes))
        ours = {name: _median(functools.partial(_generate, make(), prompt), runs) for name, make in makes.items()}
        per_token = decoder_bytes(folder, chosen)
        on_gpu = in_batches(folder, SHAPE, CODE_IDS, "cuda", runs) if devices.has_gpu() else {}
        errors = {name: logits_error(folder, SHAPE, CODE_IDS, name) for name in makes if name != "float32"}
    bandwidth = _bandwidth()
    theirs = _median(_transformers(prompt), runs)
    return {
        "tokens": TOKENS,
        "processor": processor(),
        "threads": processors(),
        "precision": chosen,
        "why": why,
        "seconds": {name: round(value, 4) for name, value in ours.items()},
        "cuda_seconds": on_gpu,
        "transformers_seconds": round(theirs, 4),
        "times_as_fast": round(theirs / ours[chosen], 2),
        "bytes_per_token": per_token,
        "bandwidth_bytes_per_second": round(bandwidth),
        "floor_seconds": round(TOKENS * per_token / bandwidth, 4),
        "logits_errors": {name: round(value, 4) for name, value in errors.items()},
    }


def write_random_model(folder: Path, shape: T5Shape, seed: int = 0) -> None:
    """Write weights as T5 is initialised for training, in float32, 8 and 4 bits, and the graphs.

    With larger random weights attention would saturate on single words, and any rounding, even to bfloat16, would
    change everything: nothing could be learnt about precision.
    """
    shapes = {n: s for n, s in t5_shapes(shape).items() if "embed_tokens" not in n}
    random = np.random.default_rng(seed)
    infos = {name: TensorInfo("F32", size) for name, size in shapes.items()}
    with SafetensorsWriter(folder / WEIGHTS, infos) as writer:
        for name, size in shapes.items():
            is_norm, scale = "layer_norm" in name, np.float32(_initial_std(name, shape))
            values = np.ones(size, np.float32) if is_norm else random.standard_normal(size, "f4") * scale
            writer.write_array(name, values)
    write_language_model(folder, t5_model(shape))


def _initial_std(name: str, shape: T5Shape) -> float:
    """Standard deviation of a weight at initialisation (Raffel et al. 2020, as Hugging Face initialises T5)."""
    if name in ("shared.weight", "lm_head.weight"):
        return 1.0
    if ".q." in name:
        return float((shape.width * shape.head_width) ** -0.5)
    inputs = {".o.": shape.heads * shape.head_width, ".wo.": shape.feed_forward}
    return float(next((n for part, n in inputs.items() if part in name), shape.width) ** -0.5)


def logits_error(folder: Path, shape: T5Shape, codes: Sequence[int], precision: str) -> float:
    """How far a precision moves the logits of `codes`, relative to their standard deviation: root mean square over 20
    steps of one prompt, with the same tokens forced on it and on float32."""
    random = np.random.default_rng(1)
    prompt = [*random.integers(5, shape.vocabulary, PROMPT).tolist(), 1]
    tokens = [0, *random.choice(codes, 19).tolist()]
    logits = []
    for name in ("float32", precision):
        network = OnnxT5(folder, asdict(shape), name)
        network.start(prompt, 1)
        logits.append(np.concatenate([network.logits(network.step([token]), tuple(codes)) for token in tokens]))
    exact, rounded = logits  # (20, codes)
    spread = exact - exact.mean(axis=1, keepdims=True)
    return float(np.linalg.norm(rounded - exact) / np.linalg.norm(spread))


def _generate(network: Network, prompt: list[int], batch: int = 1, ids: Sequence[int] = CODE_IDS) -> None:
    """Greedy decoding over the codes, as the engine does it."""
    codes, tokens = tuple(ids), [0] * batch
    network.start(prompt, batch)
    for _ in range(TOKENS):
        tokens = [codes[i] for i in network.logits(network.step(tokens), codes).argmax(axis=1)]


def in_batches(
    folder: Path, shape: T5Shape, ids: Sequence[int], device: str, runs: int, sizes: Sequence[int] = BATCHES
) -> dict[str, float]:
    """Median seconds for TOKENS codes of each of 1 to 32 answers by torch on a device, by their number; compiled where
    that is on, and never timed while it compiles."""
    from ..engines.shared.torch_networks import TorchT5

    network = TorchT5(folder, asdict(shape), device, "bfloat16" if device == "cuda" else "float32")
    prompt = [*range(5, 5 + PROMPT - 1), 1]
    return {
        str(size): round(_median(functools.partial(_generate, network, prompt, size, ids), runs), 4) for size in sizes
    }


def _transformers(prompt: list[int]) -> Callable[[], None]:
    """As the published code does it: float32, the prompt padded to 256."""
    import torch
    import transformers

    library: Any = transformers  # its classes take more arguments than their type hints say
    config = library.T5Config(
        vocab_size=SHAPE.vocabulary, d_model=SHAPE.width, d_kv=SHAPE.head_width, d_ff=SHAPE.feed_forward,
        num_layers=SHAPE.encoder_layers, num_decoder_layers=SHAPE.decoder_layers, num_heads=SHAPE.heads,
        feed_forward_proj="gated-gelu", tie_word_embeddings=False, decoder_start_token_id=0,
    )  # fmt: skip
    model = library.T5ForConditionalGeneration(config).eval()
    ids = torch.tensor([prompt + [0] * (PADDED - len(prompt))])
    mask = (ids != 0).long()

    def run() -> None:
        with torch.inference_mode():
            model.generate(
                input_ids=ids, attention_mask=mask, do_sample=False, min_new_tokens=TOKENS, max_new_tokens=TOKENS
            )

    return run


def _median(work: Callable[[], None], runs: int) -> float:
    """Median seconds, after one run to warm up."""
    times = []
    for _ in range(runs + 1):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:])


def _bandwidth() -> float:
    """Bytes per second that all cores read from memory, measured by a matrix-vector product too large for the cache."""
    matrix, vector = np.ones((16384, 8192), np.float32), np.ones(8192, np.float32)
    best = 0.0
    for _ in range(4):
        started = time.perf_counter()
        matrix @ vector
        best = max(best, matrix.nbytes / (time.perf_counter() - started))
    return best
