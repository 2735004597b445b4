"""A local Ray cluster of several worker processes, with the starter model; the workers get SIGKILL under load."""

import importlib.util
import os
import random
import secrets
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from motiongpt.backend.cluster import ray_cluster
from motiongpt.backend.cluster.pool import Pool, Size
from motiongpt.backend.cluster.ray_cluster import RayCluster, Share, connect, memory_of
from motiongpt.backend.commands import cli
from motiongpt.backend.process import protocol
from motiongpt.backend.process.client import Client, ask
from motiongpt.backend.process.server import Server
from motiongpt.backend.tasks import Generate
from motiongpt.retarget.errors import MotionGPTError

KILLS = 4
LIMIT = 240.0  # seconds; a busy machine loads slowly


@pytest.mark.parametrize("wrong", [{"cpus": 0.0}, {"gpus": -1.0}, {"gpus": 1.5}, {"cpus": float("nan")}])
def test_a_share_that_no_machine_has_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(MotionGPTError, match="share"):
        Share(**wrong)  # type: ignore[arg-type]


def test_a_larger_model_claims_more_memory(tmp_path: Path) -> None:
    assert memory_of("starter") > ray_cluster.BASE_BYTES
    with pytest.raises(MotionGPTError):
        memory_of("no such model")


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    """A cluster of this machine, with a token of its own, so that nobody else can use it."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed (the extra `ray`)")
    patch = pytest.MonkeyPatch()  # before Ray is imported, which reads the token once
    patch.setenv("RAY_AUTH_MODE", "token")
    patch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    patch.setenv("OMP_NUM_THREADS", "1")
    module = connect("local", processors=2)
    yield module
    ray_cluster.disconnect(module)
    patch.undo()


@pytest.fixture
def client(ray: Any) -> Iterator[Client]:
    """A client of a gateway with two replicas, once both are there."""
    cluster = RayCluster(ray, Share(cpus=1.0, device="cpu"))
    server = Server(None, "starter", workers=lambda wake: Pool(cluster, "starter", Size(2, 2), wake))  # type: ignore[arg-type]
    thread = threading.Thread(target=server.run)
    thread.start()
    client = Client(server.handover)
    deadline = time.monotonic() + LIMIT
    while "2 ×" not in info(client).device:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    yield client
    client.close()
    server.stop()
    thread.join(30.0)


def info(client: Client) -> protocol.ServerInfo:
    return ask(client, protocol.Status(), timeout=LIMIT).message.server  # type: ignore[union-attr, return-value]


def replicas() -> list[int]:
    """Process ids of the replicas that this process has started."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            words = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if process.name.isdecimal() and words.startswith(b"ray::Replica"):
            found.append(int(process.name))
    return found


@pytest.mark.slow
def test_killed_workers_lose_no_job_and_none_is_delivered_twice(client: Client) -> None:
    """The answers are the same to the bit as those of an engine of this process, so none is another's."""
    from motiongpt.backend.engine import last_result
    from motiongpt.backend.engines import load_engine

    chance, found = random.Random(3), Counter[str]()
    asked: dict[str, Generate] = {}
    motions: dict[str, bytes] = {}
    kills, deadline = 0, time.monotonic() + LIMIT
    while (kills < KILLS or len(found) < len(asked)) and time.monotonic() < deadline:
        while kills < KILLS and len(asked) - len(found) < 6:
            task = Generate("a person walks forward", seconds=chance.choice([1.0, 2.0]), seed=len(asked))
            asked[client.send(task)] = task
        client.wait(0.1)
        for packet in client.poll(1000):
            assert not isinstance(packet.message, protocol.Error), packet
            if isinstance(packet.message, protocol.Result):
                found[packet.id] += 1
                motions[packet.id] = packet.motions[0].rotations.tobytes()
        there = replicas()
        if there and kills < KILLS and chance.random() < 0.2:
            os.kill(chance.choice(there), signal.SIGKILL)
            kills += 1
    assert kills == KILLS
    assert set(found) == set(asked)
    assert set(found.values()) == {1}
    engine = load_engine("starter", "cpu")
    for identifier, task in list(asked.items())[:6]:
        assert last_result(engine.generate(task)).motions[0].rotations.tobytes() == motions[identifier]


@pytest.mark.slow
def test_what_no_machine_has_is_said(ray: Any) -> None:
    with pytest.raises(MotionGPTError, match="No machine of the cluster can run starter"):
        RayCluster(ray, Share(cpus=500.0)).start("starter")
    with pytest.raises(MotionGPTError, match="2 GPUs"):
        RayCluster(ray, Share(gpus=2.0)).start("starter")


@pytest.mark.slow
def test_a_cancel_reaches_a_worker(client: Client) -> None:
    identifier = client.send(Generate("a person walks forward", seconds=60.0))
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        client.wait(1.0)
        for packet in client.poll():
            if isinstance(packet.message, protocol.Progress):
                client.send(protocol.Cancel(identifier))
            if isinstance(packet.message, protocol.Error) and packet.id == identifier:
                assert packet.message.code == "cancelled"
                return
    raise AssertionError("no answer")


@pytest.mark.slow
def test_a_batch_on_the_cluster_writes_what_a_batch_here_does(
    ray: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["generate", "a person walks", "--seconds", "1", "-o", "walk.npz"]) == 0
    rows = ["task,prompt,motion,seconds,seed,output", "generate,a person waves,,1,1,wave.npz",
            "generate,a person jumps,,1,2,jump.bvh", "export,,walk.npz,,,walk.bvh"]  # fmt: skip
    Path("jobs.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    monkeypatch.setattr(ray_cluster, "connect", lambda address: ray)
    monkeypatch.setattr(ray_cluster, "disconnect", lambda module: None)
    assert cli.main(["batch", "jobs.csv", "-o", "there", "--ray", "local", "--device", "cpu", "--jobs", "2"]) == 0
    assert cli.main(["batch", "jobs.csv", "-o", "here", "--device", "cpu"]) == 0
    for name in ("jump.bvh", "walk.bvh"):
        assert Path("there", name).read_bytes() == Path("here", name).read_bytes()
    assert Path("there", "wave.npz").is_file()
