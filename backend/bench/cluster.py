"""Engines on a local Ray cluster: how throughput grows with their number, and what each hop on the way costs.

The gateway is a process of its own, as in use; every engine has one thread.
"""

import contextlib
import math
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import zmq

from ...retarget.errors import MotionGPTError
from ..cluster.ray_cluster import RayCluster, Share, connect
from ..engine import last_result
from ..engines import load_engine
from ..engines.shared import lanes
from ..process import child, protocol
from ..process.child import BackendProcess, State
from ..process.client import Client, ask
from ..process.connection import Handover
from ..tasks import Generate

PROMPT = "a person walks forward"
CLIENTS = 6
WAITING = 4
"""Requests that each client has at a time."""
SHARE = Share(cpus=1.0, device="cpu")
_LIMIT = 600.0
_IDLE = 3.0


def measure(
    seconds: float, engines: int, model: str, on_progress: Callable[[float], None] = lambda fraction: None
) -> dict[str, Any]:
    """Load a cluster with one engine for that long, then one with `engines`, then measure the hops.

    Raises MotionGPTError where Ray is missing or does not start.
    """
    rates, costs = [], []
    for step, count in enumerate((1, engines)):
        with _gateway(model, count) as (handover, process):
            _wait_for(handover, process, count)
            idle = _cpu_seconds(process.pid)
            time.sleep(_IDLE)
            before = _cpu_seconds(process.pid)
            idle = (before - idle) / _IDLE
            rates.append(_throughput(handover, seconds))
            loaded = seconds + _warm_up(seconds)
            spent = _cpu_seconds(process.pid) - before - idle * loaded
            costs.append(1000.0 * max(0.0, spent) / max(1.0, rates[-1] * loaded))
        on_progress((step + 1) / 3)
    return {
        "model": model,
        "engines": engines,
        "seconds": seconds,
        "per_second": [round(rate, 3) for rate in rates],
        "gateway_cpu_ms": round(costs[-1], 2),
        "times": round(rates[1] / rates[0], 3) if rates[0] else 0.0,
        **_hops(model),
    }


@contextlib.contextmanager
def _gateway(model: str, count: int) -> Iterator[tuple[Handover, BackendProcess]]:
    """A gateway with so many engines, in a process of its own."""
    arguments = ["--model", model, "--ray", "local", "--replicas", str(count), "--device", "cpu"]
    with tempfile.TemporaryDirectory(prefix="ray-bench-") as name:
        process = child.start(Path(name) / "gateway.log", arguments)
        try:
            deadline = time.monotonic() + _LIMIT
            while (state := process.poll()) is not State.READY or process.handover is None:
                if state is State.DEAD or time.monotonic() > deadline:
                    raise process.failure()
                time.sleep(0.1)
            yield process.handover, process
        finally:
            process.stop()
            process.wait(60.0)


def _wait_for(handover: Handover, process: BackendProcess, count: int) -> None:
    """Until all engines have loaded their model."""
    client, deadline = Client(handover), time.monotonic() + _LIMIT
    try:
        while process.poll() is State.READY and time.monotonic() < deadline:
            server = getattr(ask(client, protocol.Status(), timeout=_LIMIT).message, "server", None)
            if server is not None and server.state is protocol.ModelState.FAILED:
                raise MotionGPTError(server.message, server.cure, "no_model")
            if server is not None and f"{count} ×" in server.device:
                ask(client, Generate(PROMPT, 1.0), timeout=_LIMIT)
                return
            time.sleep(0.2)
        raise process.failure()
    finally:
        client.close()


def _throughput(handover: Handover, seconds: float) -> float:
    """Answers a second, while so many wait that no engine is ever without work."""
    clients = [Client(handover) for _ in range(CLIENTS)]
    poller: zmq.Poller = zmq.Poller()
    for client in clients:
        poller.register(client.socket, zmq.POLLIN)
    seed = 0

    def more(client: Client) -> None:
        nonlocal seed
        seed += 1
        client.send(Generate(PROMPT, 4.0, seed=seed))

    for client in clients:
        for _ in range(WAITING):
            more(client)
    warm, ends = time.monotonic() + _warm_up(seconds), []
    while (now := time.monotonic()) < warm + seconds:
        ready = dict(poller.poll(100))
        for client in clients:
            for packet in client.poll() if client.socket in ready else ():
                if isinstance(packet.message, protocol.Result):
                    ends.append(now)
                    more(client)
                elif isinstance(packet.message, protocol.Error):
                    raise packet.message.exception()
    for client in clients:
        client.close()
    counted = [end for end in ends if end >= warm]
    return len(counted) / seconds


def _warm_up(seconds: float) -> float:
    return min(5.0, seconds / 4)


def _cpu_seconds(pid: int) -> float:
    """Seconds that a process has used of a processor; 0 where the system does not tell."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError):
        return 0.0


def _hops(model: str, runs: int = 20) -> dict[str, Any]:
    """Milliseconds (medians) of what a request passes on its way, and of the same request without it."""
    lanes.limit(1)
    here = load_engine(model, "cpu")
    ray = connect("local", 2)
    cluster = RayCluster(ray, SHARE)
    replica = cluster.start(model)
    try:
        about = replica.about()
        task = Generate(PROMPT, 4.0, seed=1)
        requests = [(0, protocol.encode("bench", task))]
        in_process = _median(lambda: last_result(here.generate(task)), runs)
        frames = protocol.encode("bench", protocol.Result(), last_result(here.generate(task)).motions)
        on_replica = _median(lambda: list(replica.answer(requests)), runs)
        replies = sum(1 for _ in replica.answer(requests))
        question = _median(lambda: _asked(replica), 5 * runs)
        codec = _median(lambda: protocol.decode(frames), 5 * runs)
    finally:
        replica.kill()
        cluster.close()
    with _gateway(model, 1) as (handover, process):
        _wait_for(handover, process, 1)
        client = Client(handover)
        status = _median(lambda: ask(client, protocol.Status()), 5 * runs)
        whole = _median(lambda: ask(client, task, timeout=_LIMIT), runs)
        client.close()
    return {
        "device": about.server.device,
        "hops_ms": {
            "client to gateway and back": status,
            "gateway to replica and back": question,
            "reading an answer's frames": codec,
            "engine in this process": in_process,
            "engine on a replica": on_replica,
            "whole request": whole,
        },
        "replies": replies,
        "answer_bytes": sum(map(len, frames)),
    }


def _asked(replica: Any) -> None:
    replica.silent()
    while replica.silent() > 0.0:
        time.sleep(0.0002)


def _median(call: Callable[[], Any], runs: int) -> float:
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    value = 1000.0 * statistics.median(times)
    return round(value, max(0, 2 - math.floor(math.log10(value)))) if value > 0 else 0.0
