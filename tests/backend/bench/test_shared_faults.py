"""`motiongpt bench faults` on a server that others share: what it refuses, what it says without Ray, a few kills."""

import pytest
from support import fake_engine
from support.command_line import FAKE_PROCESS, run_json

from motiongpt.backend.bench import shared_faults
from motiongpt.backend.commands import bench, cli
from motiongpt.retarget.errors import MotionGPTError

NOTHING = ("failed", "twice", "silent", "wrong", "held", "processes_left")


@pytest.mark.parametrize("wrong", [("--rounds=-1",), ("--rounds=0", "--shared-rounds=0"), ("--shared-rounds=100001",)])
def test_rounds_that_can_not_be_done_are_refused(capsys: pytest.CaptureFixture[str], wrong: tuple[str, ...]) -> None:
    code, data = run_json(capsys, "bench", "faults", *wrong)
    assert (code, data["error"]["kind"]) == (2, "usage")


def test_without_ray_the_rest_is_measured_and_what_was_left_out_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("sent", "answered", "failed", "again", "twice", "silent", "wrong", "held", "processes_left")
    found = dict.fromkeys(names, 0) | {"killed": {"client": 1, "gateway": 2}, "model": "starter", "rounds": 3}
    monkeypatch.setattr(shared_faults, "has_ray", lambda: False)
    monkeypatch.setattr(shared_faults, "measure", lambda rounds, model, on_ray, on_progress: found)
    monkeypatch.setattr(bench, "_faults", lambda args: bench.Report({"rounds": args.rounds}, ("measured",)))
    assert cli.main(["bench", "faults", "--rounds", "1", "--shared-rounds", "3"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "measured" and "server without a cluster" in said[1] and "gateway 2 times" in said[1]
    assert "left out" in said[-1] and "motiongpt-blender[ray]" in said[-1]


def test_a_part_of_ray_is_started_again_before_it_is_given_up() -> None:
    tries: list[int] = []

    def start() -> str:
        tries.append(1)
        if len(tries) < wanted:
            raise Exception("The current node timed out\nduring startup.")
        return "started"

    wanted = shared_faults._STARTS
    assert shared_faults._patiently(start) == "started" and len(tries) == wanted
    tries.clear()
    wanted += 1
    with pytest.raises(MotionGPTError, match="The current node timed out during startup") as caught:
        shared_faults._patiently(start)
    assert caught.value.kind == "no_cluster" and caught.value.cure


@pytest.mark.slow
def test_killed_clients_and_servers_lose_no_request_and_none_is_answered_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", FAKE_PROCESS)
    monkeypatch.setattr(shared_faults, "load_engine", fake_engine.make)
    found = shared_faults.measure(4, "starter", on_ray=False, seed=2)
    assert sum(found["killed"].values()) == 4 and set(found["killed"]) == {"client", "gateway"}
    assert found["again"] >= 1 and found["answered"] > 4
    assert {name: found[name] for name in NOTHING} == dict.fromkeys(NOTHING, 0)


@pytest.mark.slow
def test_killed_parts_of_a_cluster_lose_no_request_and_none_is_answered_twice() -> None:
    if not shared_faults.has_ray():
        pytest.skip("Ray is not installed (the extra `ray`)")
    found = shared_faults.measure(6, "starter", on_ray=True, seed=1)
    assert sum(found["killed"].values()) == 6 and found["answered"] > 6
    assert {name: found[name] for name in NOTHING[1:]} == dict.fromkeys(NOTHING[1:], 0)
