"""`motiongpt bench ray`: what it refuses, and a short run on a real local cluster."""

import importlib.util

import pytest
from support.command_line import run_json

from motiongpt.backend.bench import cluster


@pytest.mark.parametrize("wrong", [("--engines", "1"), ("--engines", "65"), ("--minutes", "0"), ("--minutes", "nan")])
def test_what_can_not_be_measured_is_said(capsys: pytest.CaptureFixture[str], wrong: tuple[str, str]) -> None:
    code, data = run_json(capsys, "bench", "ray", *wrong)
    assert (code, data["error"]["kind"]) == (2, "usage")


def test_without_ray_the_cure_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    if importlib.util.find_spec("ray") is not None:
        pytest.skip("Ray is installed")
    code, data = run_json(capsys, "serve", "--handover", "never.json", "--ray", "local")
    assert code == 2
    assert "pip install" in data["error"]["cure"]


@pytest.mark.slow
def test_one_engine_and_two_answer_and_every_hop_has_a_time() -> None:
    if importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed (the extra `ray`)")
    seen = cluster.measure(3.0, 2, "starter")
    assert len(seen["per_second"]) == 2
    assert all(value > 0 for value in seen["hops_ms"].values())
    assert seen["hops_ms"]["whole request"] > seen["hops_ms"]["client to gateway and back"]
    assert seen["replies"] >= 2
