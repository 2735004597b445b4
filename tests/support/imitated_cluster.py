"""A cluster in this process: replicas are threads with fake engines, which can be killed, stopped or slow to load."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import msgspec
from support import fake_engine

from motiongpt.backend.cluster import replica as replica_module
from motiongpt.backend.cluster.remote import ReplicaDied
from motiongpt.backend.cluster.replica import About, Replica
from motiongpt.retarget.errors import MotionGPTError


class ImitatedRemote:
    """A replica that dies between two replies when it is told to."""

    def __init__(self, cluster: "ImitatedCluster", model: str) -> None:
        self.cluster, self.model = cluster, model
        self.dead = threading.Event()
        self.stopped_at: float | None = None
        self._replica = Replica(model, "cpu", "auto", 0)

    def _check(self) -> None:
        if self.dead.is_set():
            raise ReplicaDied("killed")

    def about(self) -> About:
        time.sleep(self.cluster.loading)
        if self.model in self.cluster.deadly:
            self.kill()
        self._check()
        return msgspec.msgpack.decode(self._replica.about(), type=About)

    def answer(self, requests: Any) -> Iterator[Any]:
        self._check()
        for reply in self._replica.answer(requests):
            while self.stopped_at is not None and not self.dead.is_set():
                time.sleep(0.01)
            self._check()
            yield reply

    def cancel(self, number: int) -> None:
        self._check()
        self._replica.cancel(number)

    def silent(self) -> float:
        self._check()
        return 0.0 if self.stopped_at is None else time.monotonic() - self.stopped_at

    def kill(self) -> None:
        self.dead.set()
        with self.cluster.lock:
            if self in self.cluster.alive:
                self.cluster.alive.remove(self)


class ImitatedCluster:
    """room_for: how many replicas it has place for.  loading: seconds that a model takes.  deadly:
    models whose replicas die while they load them."""

    def __init__(self, monkeypatch: Any, room_for: int = 100, loading: float = 0.0) -> None:
        self.room_for, self.loading = room_for, loading
        self.alive: list[ImitatedRemote] = []
        self.started: list[str] = []
        self.deadly: set[str] = set()
        self.lock = threading.Lock()
        monkeypatch.setattr(replica_module, "load_engine", self._load)

    @staticmethod
    def _load(name: str, device: str, precision: str) -> Any:
        if name == "broken":
            raise MotionGPTError("The model broken is damaged.", "Install it again.", "no_model")
        return fake_engine.make(name, device)

    def start(self, model: str) -> ImitatedRemote:
        remote = ImitatedRemote(self, model)
        with self.lock:
            self.alive.append(remote)
            self.started.append(model)
        return remote

    def room(self, model: str) -> bool:
        return len(self.alive) < self.room_for

    def close(self) -> None:
        for remote in list(self.alive):
            remote.kill()
