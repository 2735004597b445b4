"""Hands the gateway's jobs to replicas. Replaces those that die, and lets their number follow the queue.

A job is answered once: its last reply is passed on once, and only what had none when its replica died is done again.
"""

import collections
import logging
import math
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from ...retarget.errors import MotionGPTError
from ..engine import MOST_TOGETHER
from ..process import protocol
from ..process.protocol import ModelState, ServerInfo
from ..process.worker import Job, Outcome, cancelled
from ..tasks import Generate
from ..version import __version__
from .member import DIED, Group, Member, State
from .remote import Cluster

log = logging.getLogger(__name__)

ATTEMPTS = 3
"""How often a job is begun whose replica dies."""
TICK = 0.05
"""Seconds between looks at cancels and replicas, at most."""
PAUSE = 10.0
"""Seconds until another replica is started after one whose model could not be loaded."""
PER_REPLICA = MOST_TOGETHER // 2
"""Requests that may wait for each replica before another is started."""


@dataclass(frozen=True)
class Size:
    """How many replicas there are: at least, at most, and after how many idle seconds one that is not needed ends."""

    least: int = 1
    most: int = 1
    idle_seconds: float = 120.0


class Pool(threading.Thread):
    """What `process.worker.Worker` is to a server, with many engines. `wake` is called after outcomes, under a lock.

    places: how many groups of jobs the server may hand out.  waiting: how many requests wait, told by the server.
    """

    def __init__(self, cluster: Cluster, model: str, size: Size, wake: Callable[[], None]) -> None:
        super().__init__(name="pool", daemon=True)
        self.jobs: queue.SimpleQueue[Sequence[Job] | None] = queue.SimpleQueue()
        self.outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self.info = ServerInfo(__version__, model, "ray", ModelState.LOADING)
        self.places, self.waiting = 1, 0
        self._cluster, self._model, self._size, self._wake = cluster, model, size, wake
        self._members: list[Member] = []
        self._pending: collections.deque[Group] = collections.deque()
        self._lock = threading.Lock()
        self._loading = 0  # groups that wait for a model that no replica has yet
        self._deaths = collections.Counter[str]()  # of replicas that loaded a model, one after another
        self._again_at = 0.0

    def run(self) -> None:
        """Start the replicas, then hand out jobs until None comes."""
        while (jobs := self._next()) is not None:
            if jobs:
                self._pending.append(Group(tuple(jobs), jobs[0].task.model or self._model))
            self._bury()
            self._assign()
            self._scale()
            for member in self._members:
                member.look()
            self._tell()
        for member in self._members:
            member.end()

    def batches(self, job: Job) -> bool:
        """Whether a job may share a group with others: a text, of a model that answers texts together."""
        task = job.task
        model = task.model or self._model
        return (
            isinstance(task, Generate)
            and task.variations <= 2
            and any(m.about.batches for m in list(self._members) if m.model == model and m.state.answers)
        )

    def _next(self) -> Sequence[Job] | None:
        try:
            return self.jobs.get(timeout=TICK)
        except queue.Empty:
            return ()

    def _poke(self) -> None:
        self.jobs.put(())

    def _put(self, outcomes: Sequence[Outcome]) -> None:
        with self._lock:  # ZeroMQ sockets, such as that of `wake`, take one thread at a time
            for outcome in outcomes:
                self.outcomes.put(outcome)
            self._wake()

    def _fail(self, job: Job, error: MotionGPTError) -> None:
        answer = protocol.Error.of(cancelled() if job.cancelled.is_set() else error)
        self._put([Outcome(job, protocol.encode(job.id, answer), last=True, error=answer.code)])

    def _bury(self) -> None:
        """Take out the replicas that are gone, and have their jobs done by others."""
        for member in [m for m in self._members if m.state is State.GONE]:
            self._members.remove(member)
            lost = member.lost
            if lost is not None:
                log.warning("A replica died; %d of its jobs are done by another", len(lost.jobs))
                # The first may be why it died: each is tried alone.
                again = [Group((job,), lost.model, lost.attempt + 1) for job in lost.jobs]
                self._pending.extendleft(reversed(again))
            if member.failure is None:
                continue
            self._deaths[member.model] += 1
            if member.failure.kind != DIED or self._deaths[member.model] >= ATTEMPTS:
                del self._deaths[member.model]
                self._again_at = time.monotonic() + PAUSE
                self._no_model(member.model, member.failure)

    def _no_model(self, model: str, error: MotionGPTError) -> None:
        """A model could not be loaded: what waits for it is answered so, unless another replica has it."""
        if any(m.model == model for m in self._members):
            return
        log.error("The model %s could not be loaded: %s", model, error)
        for group in [g for g in self._pending if g.model == model]:
            self._pending.remove(group)
            for job in group.jobs:
                self._fail(job, error)
        if model == self._model:
            self.info = ServerInfo(__version__, model, "ray", ModelState.FAILED, message=error.message, cure=error.cure)

    def _assign(self) -> None:
        """Give what is pending to idle replicas; start, or exchange, those whose model no replica has."""
        loading = 0
        for group in list(self._pending):
            if group.attempt > ATTEMPTS:
                self._pending.remove(group)
                for job in group.jobs:
                    self._fail(job, _died())
                continue
            if all(job.cancelled.is_set() for job in group.jobs):
                self._pending.remove(group)
                for job in group.jobs:
                    self._fail(job, cancelled())
                continue
            mine = [m for m in self._members if m.model == group.model]
            idle = next((m for m in mine if m.state is State.IDLE), None)
            if idle is not None:
                if idle.give(group):
                    self._pending.remove(group)
            elif not mine:
                loading += self._make_room_for(group)
            else:
                loading += all(m.state is State.LOADING for m in mine)
        self._loading = loading

    def _make_room_for(self, group: Group) -> int:
        """Start a replica with the group's model, in place of an idle one of another where there is no room."""
        if len(self._members) >= self._size.most or (self._members and not self._cluster.room(group.model)):
            wanted = {g.model for g in self._pending}
            idle = [m for m in self._members if m.state is State.IDLE and m.model not in wanted]
            if not idle:
                return 0
            oldest = min(idle, key=lambda m: m.since)
            self._members.remove(oldest)
            oldest.end()
        self._start(group.model)
        return 1

    def _start(self, model: str) -> None:
        self._members.append(Member(self._cluster, model, self._put, self._poke))

    def _scale(self) -> None:
        """As many replicas as the queue needs."""
        now = time.monotonic()
        idle = [m for m in self._members if m.state is State.IDLE]
        busy = sum(m.state is State.BUSY for m in self._members)
        needed = busy + math.ceil((self.waiting + sum(len(g.jobs) for g in self._pending)) / PER_REPLICA)
        wanted = min(self._size.most, max(self._size.least, needed))
        if now >= self._again_at:
            for _ in range(wanted - len(self._members)):
                if len(self._members) >= self._size.least and not self._cluster.room(self._model):
                    self._again_at = now + 5.0
                    break
                self._start(self._model)
        for member in sorted(idle, key=lambda m: m.since)[: max(0, len(self._members) - wanted)]:
            if now - member.since > self._size.idle_seconds:
                self._members.remove(member)
                member.end()

    def _tell(self) -> None:
        """Keep `places` and `info` as they are now."""
        ready = [m for m in self._members if m.state.answers]
        for member in ready:
            self._deaths.pop(member.model, None)
        self.places = max(1, len(ready) + self._loading)
        mine = next((m for m in ready if m.model == self._model), None)
        if mine is not None:
            devices = collections.Counter(m.about.server.device for m in ready)
            device = ", ".join(f"{count} × {device}" for device, count in devices.items())
            self.info = msgspec.structs.replace(mine.about.server, device=f"{device} (Ray)")
        elif self.info.state is ModelState.READY:
            self.info = msgspec.structs.replace(self.info, state=ModelState.LOADING)


def _died() -> MotionGPTError:
    return MotionGPTError(
        f"The request's worker died, {ATTEMPTS} times.", "See the worker's log, and whether it has enough memory.",
        DIED,
    )  # fmt: skip
