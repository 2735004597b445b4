"""How fast a T5 MotionGPT of the published size is, with random weights, beside `transformers` on the same machine."""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from retarget.errors import MotionGPTError

from ..checkpoints.safetensors_file import SafetensorsWriter
from ..checkpoints.tensors import TensorInfo
from ..engines.networks import OnnxT5
from ..importers.common import INT8, WEIGHTS, write_graph, write_int8
from ..importers.graphs import T5Shape, head, t5_decoder, t5_encoder, t5_joined
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
        _write_model(folder)
        network = OnnxT5(folder, {key: getattr(SHAPE, key) for key in SHAPE.__dataclass_fields__}, "int8")
        ours = _median(lambda: _generate(network, prompt), runs)
        per_token = network.bytes_per_token()
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
    }


def _write_model(folder: Path) -> None:
    shapes = {n: s for n, s in t5_shapes(SHAPE).items() if "embed_tokens" not in n}
    random = np.random.default_rng(0)
    with SafetensorsWriter(
        folder / WEIGHTS, {name: TensorInfo("F32", shape) for name, shape in shapes.items()}
    ) as writer:
        for name, shape in shapes.items():
            scale = 1.0 if "layer_norm" in name else 0.05
            writer.write_array(name, random.standard_normal(shape, np.float32) * np.float32(scale))
    names = [f"{side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight" for side in ("encoder", "decoder")]
    write_int8(folder, leave=["shared.weight", "lm_head.weight", *names], joined=t5_joined(SHAPE))
    write_graph(folder, "head", [], head)
    write_graph(folder, "encoder-int8", [WEIGHTS, INT8], lambda g: t5_encoder(g, SHAPE))
    write_graph(folder, "decoder-int8", [WEIGHTS, INT8], lambda g: t5_decoder(g, SHAPE))


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
