"""The text that Prometheus reads, over real HTTP."""

import socket
import urllib.error
import urllib.request

import pytest

from motiongpt.backend.process.watching.figures import Figures, ModelFigures, Times
from motiongpt.backend.process.watching.prometheus import CONTENT_TYPE, Exporter, exposition
from motiongpt.retarget.errors import MotionGPTError

MODELS = {"open": ModelFigures(2, 1, Times(0.5)), 't"5': ModelFigures(1, 0, Times(0.25))}
FIGURES = Figures(answered=3, errors={'a"b': 2}, took=Times(0.5, 1.0, 2.0, 4.0), models=MODELS)
TEXT = exposition(FIGURES, 7, True, "my\\model", "cpu")


def test_every_sample_has_a_type_and_labels_are_escaped() -> None:
    lines = TEXT.splitlines()
    typed = {line.split()[2] for line in lines if line.startswith("# TYPE")}
    samples = [line for line in lines if not line.startswith("#")]
    assert {line.split("{")[0].split()[0] for line in samples} <= typed and TEXT.endswith("\n")
    assert 'motiongpt_info{model="my\\\\model",device="cpu"} 1' in lines
    assert 'motiongpt_errors_total{kind="a\\"b"} 2' in lines
    assert 'motiongpt_requests_total{outcome="answered"} 3' in lines and "motiongpt_requests_waiting 7" in lines
    assert 'motiongpt_latency_seconds{quantile="0.95"} 1' in lines
    assert 'motiongpt_model_requests_total{model="open",outcome="failed"} 1' in lines
    assert 'motiongpt_model_requests_total{model="t\\"5",outcome="answered"} 1' in lines
    assert 'motiongpt_model_latency_seconds{model="open",quantile="0.5"} 0.5' in lines


def test_it_is_served_on_this_machine_alone() -> None:
    exporter = Exporter(0, lambda: TEXT)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{exporter.port}/metrics") as answer:
            assert answer.headers["Content-Type"] == CONTENT_TYPE and answer.read().decode() == TEXT
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"http://127.0.0.1:{exporter.port}/else")
        with pytest.raises(MotionGPTError, match="port"):
            Exporter(exporter.port, lambda: TEXT)
    finally:
        exporter.close()
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", exporter.port)):
        pass


@pytest.mark.parametrize("port", [-1, 70_000])
def test_a_port_that_can_not_be_is_refused(port: int) -> None:
    with pytest.raises(MotionGPTError):
        Exporter(port, lambda: TEXT)
