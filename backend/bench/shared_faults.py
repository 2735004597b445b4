"""The parts of a server that others share, killed at random moments while requests are under way: what becomes of the
requests?

There are one gateway and one client and, where Ray is installed, a cluster of this machine: a head without engines, and
two nodes with one engine each. Each is a process of its own, gets SIGKILL, and is started again, as systemd and whoever
runs the cluster would do it. `shared_client` is the client, and notes what it sends and gets.
"""

import contextlib
import importlib.util
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...retarget.errors import MotionGPTError
from ..cluster.ray_cluster import memory_of
from ..engine import last_result
from ..engines import load_engine
from ..engines.shared import lanes
from ..process import protocol
from ..process.access.keys import KeyFile
from ..process.client import Client, ask
from ..process.connection import LOOPBACK, Handover, write_handover
from ..process.launch import LAUNCHER
from ..process.parent import exists
from . import shared_client

PARTS = ("client", "gateway", "worker", "node")
NODES = 2
_MOMENT = 1.5
"""Seconds, at most, between an answer and the next kill."""
_LIMIT = 400.0
"""Seconds without an answer after which what was killed counts as not replaced; a busy machine loads slowly."""
_END_SECONDS = 60.0
_STARTS = 3
_RAY = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_worker_niceness": "0",  # engines would starve beside other programs of a busy machine
}


def has_ray() -> bool:
    """Whether Ray is installed, on a system that tells which processes it has started."""
    return importlib.util.find_spec("ray") is not None and Path("/proc/self/stat").exists()


def measure(
    rounds: int, model: str, on_ray: bool, seed: int = 0, on_progress: Callable[[float], None] = lambda fraction: None
) -> dict[str, Any]:
    """Kill `rounds` times; see `motiongpt bench faults` for what is returned. on_ray: the gateway has a cluster.

    Raises MotionGPTError where what was killed is not replaced.
    """
    chance, killed = random.Random(seed), Counter[str]()
    with tempfile.TemporaryDirectory(prefix="shared-faults-") as name:
        nodes = _Nodes(model, chance) if on_ray else None
        parts = _Parts(Path(name), model, nodes)
        try:
            for number in range(rounds):
                parts.await_answer()
                time.sleep(chance.uniform(0.0, _MOMENT))
                part = chance.choice(PARTS if on_ray else PARTS[:2])
                parts.kill(part)
                killed[part] += 1
                on_progress((number + 1) / rounds)
            parts.await_answer()
            ends = parts.finish()
        finally:
            parts.close()
    return {"rounds": rounds, "killed": dict(killed), "model": model, "on_ray": on_ray, **ends}


class _Nodes:
    """A Ray cluster of this machine, whose nodes and workers can be killed."""

    def __init__(self, model: str, chance: random.Random) -> None:
        self._memory, self._chance = 2 * memory_of(model), chance
        for name, value in {**_RAY, "RAY_AUTH_TOKEN": secrets.token_hex(32)}.items():
            os.environ.setdefault(name, value)  # before Ray is imported; children inherit it
        from ray.cluster_utils import Cluster

        head = {"num_cpus": 0, "include_dashboard": False}
        self._cluster = _patiently(lambda: Cluster(initialize_head=True, head_node_args=head))
        self.address = str(self._cluster.address)
        self._nodes = [self._started() for _ in range(NODES)]

    def _started(self) -> Any:
        return _patiently(lambda: self._cluster.add_node(num_cpus=1, memory=self._memory))

    def kill(self) -> None:
        """Kill a node, and start another."""
        node = self._nodes.pop(self._chance.randrange(len(self._nodes)))
        with contextlib.suppress(ProcessLookupError):
            os.kill(_raylet(node), signal.SIGKILL)
        self._cluster.remove_node(node, allow_graceful=False)
        self._nodes.append(self._started())

    def kill_worker(self) -> bool:
        """Kill an engine's process; False where there is none, as those that were killed are just being replaced."""
        workers = self.workers()
        if workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._chance.choice(workers), signal.SIGKILL)
        return bool(workers)

    def workers(self) -> list[int]:
        """Process ids of the engines: Ray names processes after what they run."""
        mine = os.getpid()  # the parent of the nodes, which are those of workers
        found = [pid for pid in _processes() if _command(pid).startswith(b"ray::Replica")]
        return [pid for pid in found if _parent(_parent(pid)) == mine]

    def close(self) -> None:
        """End all of it."""
        self._cluster.shutdown()


class _Parts:
    """The running gateway and client. folder: of their files.  nodes: of the gateway's cluster."""

    def __init__(self, folder: Path, model: str, nodes: _Nodes | None) -> None:
        self._folder, self._model, self._nodes = folder, model, nodes
        self._port = _free_port()
        self._keys = KeyFile.create(folder / "server-keys.json")
        self._gateways = self._clients = 0
        self._ended: list[Path] = []  # folders of clients that were killed
        self._gateway = self._start_gateway()
        self._client = self._start_client()

    def _start_gateway(self) -> "subprocess.Popen[bytes]":
        self._gateways += 1
        arguments = ["--keys", str(self._keys.path), "--host", LOOPBACK, "--port", str(self._port)]
        arguments += ["--model", self._model, "--device", "cpu", "--parent-pid", str(os.getpid())]
        if self._nodes is not None:
            arguments += ["--ray", self._nodes.address, "--replicas", str(NODES)]
        with open(self._folder / f"gateway-{self._gateways}.log", "wb") as log:
            return _started("motiongpt", "serve", *arguments, output=log)

    def _start_client(self) -> "subprocess.Popen[bytes]":
        self._clients += 1
        folder = self._at = self._folder / f"client-{self._clients}"
        folder.mkdir()
        self._handover = Handover(
            f"tcp://{LOOPBACK}:{self._port}",
            self._keys.keys.server_key,
            *self._keys.add(f"client {self._clients}"),
            protocol.VERSION,
            0,
        )
        write_handover(self._handover, folder / shared_client.KEYS)
        return _started(shared_client.__name__, str(folder), output=None)

    def await_answer(self) -> None:
        """Until the client gets another answer; a gateway that has ended by itself is started again."""
        before, deadline = len(shared_client.noted(self._at, "answer")), time.monotonic() + _LIMIT
        while len(shared_client.noted(self._at, "answer")) == before:
            if self._gateway.poll() is not None:
                self._gateway = self._start_gateway()
            if self._client.poll() is not None or time.monotonic() > deadline:
                last = self._folder / f"gateway-{self._gateways}.log"
                lines = last.read_text("utf-8", "replace").splitlines()[-1:]
                raise MotionGPTError(
                    f"Nothing was answered for {_LIMIT:.0f} seconds after a kill.",
                    f"The gateway's log ends so: {' '.join(lines)}",
                    "internal",
                )
            time.sleep(0.05)

    def kill(self, part: str) -> None:
        """Kill a part, and start it again where nothing else does."""
        match part:
            case "client":
                _kill(self._client)
                self._ended.append(self._at)
                self._client = self._start_client()
            case "gateway":
                _kill(self._gateway)
                self._gateway = self._start_gateway()
            case "worker" if self._nodes is not None:
                while not self._nodes.kill_worker():
                    self.await_answer()
            case "node" if self._nodes is not None:
                self._nodes.kill()

    def finish(self) -> dict[str, Any]:
        """Have the client end; returns what has become of all requests, and what is left."""
        (self._at / shared_client.ENOUGH).touch()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._client.wait(_LIMIT)
        held = self._held()
        workers = [] if self._nodes is None else self._nodes.workers()
        self._gateway.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._gateway.wait(_END_SECONDS)
        deadline = time.monotonic() + _END_SECONDS
        while any(exists(pid) for pid in workers) and time.monotonic() < deadline:
            time.sleep(0.1)
        counts = sum((counted(folder, lived=False) for folder in self._ended), counted(self._at, lived=True))
        left = sum(exists(pid) for pid in workers) + (self._gateway.poll() is None)
        names = ("sent", "answered", "failed", "again", "twice", "silent")
        wrong = self._wrong([*self._ended, self._at])
        return {**{name: counts[name] for name in names}, "wrong": wrong, "held": held, "processes_left": left}

    def _held(self) -> int:
        """Requests that the gateway still has once its clients have ended or got their answers."""
        client, deadline = Client(self._handover), time.monotonic() + _END_SECONDS
        try:
            while True:
                server = getattr(ask(client, protocol.Status(), timeout=_LIMIT).message, "server", None)
                assert isinstance(server, protocol.ServerInfo)
                if not (server.running or server.waiting) or time.monotonic() > deadline:
                    return server.waiting + server.running
                time.sleep(0.2)
        finally:
            client.close()

    def _wrong(self, folders: list[Path]) -> int:
        """Answers that are not, to the bit, what an engine of this process answers: another request's, perhaps."""
        lanes.limit(1)
        engine = load_engine(self._model, "cpu")
        right = {
            str(seed): shared_client.digest(last_result(engine.generate(shared_client.task(seed))).motions[0])
            for seed in range(shared_client.SEEDS)
        }
        answers = [line.split() for folder in folders for line in shared_client.noted(folder, "motion")]
        return sum(right[seed] != digest for seed, digest in answers)

    def close(self) -> None:
        """End all processes."""
        for process in (self._client, self._gateway):
            _kill(process)
        if self._nodes is not None:
            self._nodes.close()


def counted(folder: Path, lived: bool) -> Counter[str]:
    """A client's requests by what became of them; "silent" without an answer or an error, where it lived to get one."""
    answers, failures = shared_client.noted(folder, "answer"), shared_client.noted(folder, "failure")
    sent, ends = shared_client.noted(folder, "sent"), [*answers, *failures]
    counts = Counter(sent=len(sent), answered=len(set(answers)), failed=len(set(failures)))
    counts["twice"] = len(ends) - len(set(ends))
    counts["again"] = len(shared_client.noted(folder, "again"))
    if lived:
        counts["silent"] = len(set(sent) - set(ends))
    return counts


def _patiently(start: Callable[[], Any]) -> Any:
    """Start a part of Ray, which gives up after 30 seconds: too soon on a busy machine. Raises MotionGPTError."""
    for attempt in range(_STARTS):
        try:
            return start()
        except Exception as error:  # of no kind of its own
            if attempt + 1 == _STARTS:
                raise MotionGPTError(
                    f"A part of Ray did not start ({' '.join(str(error).split())[:200]}).",
                    "Measure on a machine that has less to do.",
                    "no_cluster",
                ) from error
    raise AssertionError("unreachable")


def _started(module: str, *arguments: str, output: Any) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-P", str(LAUNCHER), module, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
    )


def _kill(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


def _raylet(node: Any) -> int:
    """The process that is a Ray node: its workers end with it."""
    return int(node.all_processes["raylet"][0].process.pid)


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    except (OSError, ValueError):
        return 0


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as listener:
        return int(listener.getsockname()[1])
