"""How fast a T5 MotionGPT of the published size is, with random weights, beside `transformers` on the same machine."""

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
from ..engines.shared.networks import OnnxT5
from ..importers.common import WEIGHTS, write_graphs, write_int8
from ..importers.graphs import T5Shape, t5_decoder, t5_encoder, t5_joined, t5_tables
from ..importers.layouts import t5_shapes

SHAPE = T5Shape(
    vocabulary=32615, width=768, head_width=64, heads=12, feed_forward=2048, encoder_layers=12, decoder_layers=12
)
TOKENS, PADDED, PROMPT = 50, 256, 20
FIRST_CODE = 32100


def measure(runs: int = 3) -> dict[str, Any]:
    """Seconds for 50 motion tokens, the median of `runs` each, and the floor that memory sets.

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
        network = OnnxT5(folder, asdict(SHAPE), "int8")
        ours = _median(lambda: _generate(network, prompt), runs)
        per_token = network.bytes_per_token()
        moved = int8_error(folder, SHAPE, range(FIRST_CODE, FIRST_CODE + 512))
    bandwidth = _bandwidth()
    theirs = _median(_transformers(prompt), runs)
    return {
        "tokens": TOKENS,
        "seconds": round(ours, 4),
        "transformers_seconds": round(theirs, 4),
        "times_as_fast": round(theirs / ours, 2),
        "bytes_per_token": per_token,
        "bandwidth_bytes_per_second": round(bandwidth),
        "floor_seconds": round(TOKENS * per_token / bandwidth, 4),
        "int8_logits_error": round(moved, 4),
    }


def write_random_model(folder: Path, shape: T5Shape, seed: int = 0) -> None:
    """Weights as T5 begins its training with, in float32 and eight bits, and the graphs of both.

    Larger random weights make a network whose attention picks single words and in which every rounding, bfloat16's
    too, changes everything: nothing can be learnt from it about precision.
    """
    shapes = {n: s for n, s in t5_shapes(shape).items() if "embed_tokens" not in n}
    random = np.random.default_rng(seed)
    infos = {name: TensorInfo("F32", size) for name, size in shapes.items()}
    with SafetensorsWriter(folder / WEIGHTS, infos) as writer:
        for name, size in shapes.items():
            spread = np.float32(_spread(name, shape))
            ones = "layer_norm" in name
            writer.write_array(name, np.ones(size, np.float32) if ones else random.standard_normal(size, "f4") * spread)
    write_int8(folder, leave=t5_tables(), joined=t5_joined(shape))
    write_graphs(folder, {"encoder": lambda g: t5_encoder(g, shape), "decoder": lambda g: t5_decoder(g, shape)})


def _spread(name: str, shape: T5Shape) -> float:
    """Standard deviation of a weight at the start (Raffel et al. 2020, as Hugging Face initialises T5)."""
    if name in ("shared.weight", "lm_head.weight"):
        return 1.0
    if ".q." in name:
        return float((shape.width * shape.head_width) ** -0.5)
    inputs = {".o.": shape.heads * shape.head_width, ".wo.": shape.feed_forward}
    return float(next((n for part, n in inputs.items() if part in name), shape.width) ** -0.5)


def int8_error(folder: Path, shape: T5Shape, codes: Sequence[int]) -> float:
    """How far eight bits move the scores of `codes`, relative to their own spread: the root mean square over 20 steps
    on one prompt, the same tokens given to both."""
    random = np.random.default_rng(1)
    prompt = [*random.integers(5, shape.vocabulary, PROMPT).tolist(), 1]
    tokens = [0, *random.choice(codes, 19).tolist()]
    scores = []
    for precision in ("float32", "int8"):
        network = OnnxT5(folder, asdict(shape), precision)
        network.start(prompt, 1)
        scores.append(np.concatenate([network.logits(network.step([token]), tuple(codes)) for token in tokens]))
    exact, rounded = scores  # (20, codes)
    spread = exact - exact.mean(axis=1, keepdims=True)
    return float(np.linalg.norm(rounded - exact) / np.linalg.norm(spread))


def _generate(network: OnnxT5, prompt: list[int]) -> None:
    """As the engine does it: begin, then the likeliest code each time."""
    codes = tuple(range(FIRST_CODE, FIRST_CODE + 512))
    network.start(prompt, 1)
    token = 0
    for _ in range(TOKENS):
        token = codes[int(network.logits(network.step([token]), codes)[0].argmax())]


def _transformers(prompt: list[int]) -> Callable[[], None]:
    """The published way: float32, the prompt padded to 256."""
    import torch
    import transformers

    library: Any = transformers  # its classes take more than their types say

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
    """Seconds, after one run to warm up."""
    times = []
    for _ in range(runs + 1):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:])


def _bandwidth() -> float:
    """Bytes a second that all cores together read from memory, by a matrix that no cache holds times a vector."""
    matrix, vector = np.ones((16384, 8192), np.float32), np.ones(8192, np.float32)
    best = 0.0
    for _ in range(4):
        started = time.perf_counter()
        matrix @ vector
        best = max(best, matrix.nbytes / (time.perf_counter() - started))
    return best
