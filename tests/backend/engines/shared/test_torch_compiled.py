"""Compiled decoding steps over static caches: on the CPU the same code as on CUDA, switched on by the environment."""

import logging
import shutil
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("peft")

from support.tiny_models import make_llama

from motiongpt.backend.bench.full_size import SHAPE, write_random_model
from motiongpt.backend.engines.shared import torch_compiled
from motiongpt.backend.engines.shared.torch_bases import AdaptedNetwork
from motiongpt.backend.engines.shared.torch_compiled import SWITCH, is_wanted
from motiongpt.backend.engines.shared.torch_networks import TorchT5, TransformersNetwork
from motiongpt.retarget.typing import Float32s

SMALL = replace(
    SHAPE, vocabulary=300, width=64, heads=2, head_width=32, feed_forward=64, encoder_layers=1, decoder_layers=2
)
PROMPT = [5, 6, 7, 8, 9]


@pytest.fixture(scope="module", params=["llama", "t5"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("bases") / str(request.param)
    if request.param == "llama":
        return make_llama(place)
    place.mkdir()
    write_random_model(place, SMALL)
    return place


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    """Torch writes a line of its trace for every operation, if anyone listens."""
    torch._dynamo.reset()
    trace = logging.getLogger("torch")
    before = trace.level
    trace.setLevel(logging.WARNING)
    yield
    trace.setLevel(before)
    torch._dynamo.reset()


def network(folder: Path) -> TransformersNetwork:
    if folder.name == "llama":
        return AdaptedNetwork(folder, None, 0, "cpu", "float32")
    return TorchT5(folder, asdict(SMALL), "cpu", "float32")


def run(made: TransformersNetwork, batch: int, steps: int = 4) -> Float32s:
    """Logits (steps, B, vocabulary) after each of a few tokens, other ones in each answer."""
    made.start(PROMPT, batch)
    return np.stack([made.step([10 * step + row for row in range(batch)]) for step in range(steps)])


def counted(monkeypatch: pytest.MonkeyPatch, backend: Any) -> list[int]:
    """Compile by another backend; returns a list with an entry for each compiled graph."""
    graphs: list[int] = []
    compile_it = torch.compile

    def noted(graph: Any, inputs: Any) -> Any:
        graphs.append(len(graphs))
        return backend(graph, inputs)

    monkeypatch.setattr(torch, "compile", lambda function, mode: compile_it(function, backend=noted))
    return graphs


def test_it_is_on_where_it_pays_and_the_environment_decides_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SWITCH, raising=False)
    assert (is_wanted("cuda"), is_wanted("cpu")) == (True, False)
    monkeypatch.setenv(SWITCH, "0")
    assert not is_wanted("cuda")
    monkeypatch.setenv(SWITCH, "1")
    assert is_wanted("cpu")


def test_steps_over_static_caches_give_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In batches of several sizes, again in a cache that was used before, and past the end of a cache."""
    monkeypatch.delenv(SWITCH, raising=False)
    plain = network(folder)
    monkeypatch.setenv(SWITCH, "1")
    monkeypatch.setattr(torch_compiled, "ROOM", 8)
    graphs = counted(monkeypatch, lambda graph, inputs: graph)
    compiled = network(folder)
    for batch, steps in ((1, 4), (3, 4), (1, 20)):
        assert np.abs(run(compiled, batch, steps) - run(plain, batch, steps)).max() < 1e-4
    assert compiled._steps is not None and compiled._steps.works and plain._steps is None
    before = len(graphs)
    run(compiled, 3)
    assert graphs and len(graphs) == before  # kept


@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("g++") or shutil.which("c++")), reason="torch compiles with a C++ compiler")
def test_torchs_own_compiler_gives_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SWITCH, raising=False)
    expected = run(network(folder), 2)
    monkeypatch.setenv(SWITCH, "1")
    compiled = network(folder)
    assert np.abs(run(compiled, 2) - expected).max() < 1e-4
    assert compiled._steps is not None and compiled._steps.works


def test_without_a_compiler_the_model_runs_as_before(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv(SWITCH, raising=False)
    expected = run(network(folder), 2)
    monkeypatch.setenv(SWITCH, "1")

    def missing(graph: Any, inputs: Any) -> Any:
        raise RuntimeError("No working C++ compiler found")

    counted(monkeypatch, missing)
    compiled = network(folder)
    for _ in range(2):
        assert np.abs(run(compiled, 2) - expected).max() < 1e-4
    assert compiled._steps is not None and not compiled._steps.works
    assert caplog.text.count("Decoding is not compiled") == 1


def test_a_model_that_forgets_keeps_its_own_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers that see only the latest tokens have no static cache that grows."""
    from transformers import MistralConfig, MistralForCausalLM

    config = MistralConfig(
        vocab_size=100, hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=1, sliding_window=4,
    )  # fmt: skip
    MistralForCausalLM(config).save_pretrained(tmp_path)
    monkeypatch.setenv(SWITCH, "1")
    made = AdaptedNetwork(tmp_path, None, 100, "cpu", "float32")
    assert np.isfinite(run(made, 2)).all() and made._steps is not None and not made._steps.works
