"""The T5 of the bench at a tenth of its width: what eight bits cost, and what they save."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx", reason="onnx is not installed")

from motiongpt.backend.bench.full_size import SHAPE, in_batches, logits_error, write_random_model
from motiongpt.backend.engines.shared.networks import OnnxT5, decoder_bytes

SMALL = replace(
    SHAPE, vocabulary=2000, width=256, heads=4, head_width=64, feed_forward=512, encoder_layers=4, decoder_layers=4
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("t5")
    write_random_model(place, SMALL)
    return place


def test_eight_bits_keep_the_scores(folder: Path) -> None:
    error = logits_error(folder, SMALL, range(1000, 1512), "int8")
    assert 0.0 < error < 0.05


def test_eight_bits_are_less_to_read(folder: Path) -> None:
    assert 3.4 < decoder_bytes(folder, "float32") / decoder_bytes(folder, "int8") < 4.0
    assert decoder_bytes(folder, "bfloat16") * 2 == decoder_bytes(folder, "float32")


@pytest.mark.parametrize("precision", ["float32", "int8", "int4"])
def test_batches_change_nothing(folder: Path, precision: str) -> None:
    """Three answers at once score as each does alone."""
    network = OnnxT5(folder, {name: getattr(SMALL, name) for name in SMALL.__dataclass_fields__}, precision)
    prompt, ids = [7, 8, 9, 1], tuple(range(1000, 1512))
    rows = [[0, 11, 12], [0, 1001, 1002], [0, 55, 1100]]
    alone = []
    for row in rows:
        network.start(prompt, 1)
        alone.append([network.logits(network.step([token]), ids)[0] for token in row])
    network.start(prompt, 3)
    together = [network.logits(network.step(list(tokens)), ids) for tokens in zip(*rows, strict=True)]
    single = np.array(alone)  # (answers, steps, ids)
    assert np.abs(np.stack(together, axis=1) - single).max() < 1e-2 * single.std()


def test_batches_are_timed_as_on_a_gpu(folder: Path) -> None:
    pytest.importorskip("transformers")
    seconds = in_batches(folder, SMALL, range(1000, 1512), "cpu", 1, (1, 4))
    assert list(seconds) == ["1", "4"] and min(seconds.values()) > 0
