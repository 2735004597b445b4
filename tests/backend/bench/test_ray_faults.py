"""`motiongpt bench faults` on a Ray cluster: what it refuses, what it says without Ray, and a few kills."""

import importlib.util

import pytest
from support.command_line import run_json

from motiongpt.backend.bench import ray_faults
from motiongpt.backend.commands import bench, cli


@pytest.mark.parametrize("wrong", [("--rounds=-1",), ("--rounds=0", "--ray-rounds=0"), ("--ray-rounds=100001",)])
def test_rounds_that_can_not_be_done_are_refused(capsys: pytest.CaptureFixture[str], wrong: tuple[str, ...]) -> None:
    code, data = run_json(capsys, "bench", "faults", *wrong)
    assert (code, data["error"]["kind"]) == (2, "usage")


def test_without_ray_the_rest_is_measured_and_what_was_left_out_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_faults, "possible", lambda: False)
    monkeypatch.setattr(bench, "_faults", lambda args: bench.Report({"rounds": args.rounds}, ("measured",)))
    assert cli.main(["bench", "faults", "--rounds", "1"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "measured" and "left out: a Ray cluster" in said[1] and "motiongpt-blender[ray]" in said[1]


@pytest.mark.slow
def test_a_few_kills_of_every_part_lose_nothing() -> None:
    if importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed (the extra `ray`)")
    found = ray_faults.measure(6, "starter", seed=1)
    assert sum(found["killed"].values()) == 6 and found["answered"] > 6
    names = ("twice", "silent", "wrong", "held", "processes_left")
    assert {name: found[name] for name in names} == dict.fromkeys(names, 0)
