"""A replica as the pool has it: the thread that waits for its replies."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import cast

from ...retarget.errors import MotionGPTError
from ..process import protocol
from ..process.protocol import ModelState, ServerInfo
from ..process.worker import Job, Outcome, internal_error
from ..version import __version__
from .remote import Cluster, Remote, ReplicaDied
from .replica import About, Reply

log = logging.getLogger(__name__)

SILENCE_LIMIT = 30.0
"""Seconds after which a replica that answers no question is ended."""
DIED = "worker_died"
"""Kind of the error of a request whose replica died."""
ASK_INTERVAL = 2.0
"""Seconds between two questions whether it is there."""


class State(Enum):
    """What a replica is doing."""

    LOADING = "loading"
    IDLE = "idle"
    BUSY = "busy"
    GONE = "gone"

    @property
    def answers(self) -> bool:
        """Whether its model is loaded."""
        return self in (State.IDLE, State.BUSY)


@dataclass(frozen=True)
class Group:
    """Jobs that are handed out together. attempt: how often they are begun with this one."""

    jobs: tuple[Job, ...]
    model: str
    attempt: int = 1


class Member:
    """One replica, from its start to its end.

    about: what it said of itself, once it is loaded.  since: when it became idle.  lost: what it had not done when it
    died.  failure: why it could not start.
    """

    def __init__(
        self, cluster: Cluster, model: str, put: Callable[[Sequence[Outcome]], None], changed: Callable[[], None]
    ) -> None:
        self.model = model
        self.state = State.LOADING
        self.about = About(ServerInfo(__version__, model, "", ModelState.LOADING))
        self.since = time.monotonic()
        self.lost: Group | None = None
        self.failure: MotionGPTError | None = None
        self._cluster, self._put, self._changed = cluster, put, changed
        self._remote: Remote | None = None
        self._todo: queue.SimpleQueue[Group | None] = queue.SimpleQueue()
        self._open: dict[int, Job] = {}
        self._told: set[int] = set()
        self._asked = 0.0
        self._ended = False
        self._lock = threading.Lock()  # around what leaves or enters IDLE
        threading.Thread(target=self._run, name="replica", daemon=True).start()

    def give(self, group: Group) -> bool:
        """Have a group answered; only for an idle one. False where it has just ended."""
        with self._lock:
            if self.state is not State.IDLE:
                return False
            self.state = State.BUSY
            self._todo.put(group)
            return True

    def look(self) -> None:
        """Pass on cancels, and end a replica that is stuck. Returns at once."""
        remote = self._remote
        if remote is None or not self.state.answers:
            return
        try:
            for number, job in list(self._open.items()):
                if job.cancelled.is_set() and number not in self._told:
                    self._told.add(number)
                    remote.cancel(number)
            if time.monotonic() - self._asked < ASK_INTERVAL:
                return
            self._asked = time.monotonic()
            if remote.silent() > SILENCE_LIMIT:
                log.warning("A replica has not answered for %.0f seconds; it is ended", SILENCE_LIMIT)
                self._gone(remote)
        except ReplicaDied:
            self._gone(remote)

    def _gone(self, remote: Remote) -> None:
        """End its thread: one that waits for replies sees by itself that there will be none."""
        remote.kill()
        if self.state is State.IDLE:
            self.end()

    def end(self) -> None:
        """End the replica, whatever it does."""
        self._ended = True
        if self._remote is not None:
            self._remote.kill()
        self._todo.put(None)

    def _run(self) -> None:
        try:
            self._remote = self._cluster.start(self.model)
            if self._ended:
                self._remote.kill()
            self.about = _usable(self._remote.about())
            log.info("A replica has loaded %s on %s", self.about.server.model, self.about.server.device)
            while not self._ended:
                with self._lock:
                    self.since, self.state = time.monotonic(), State.IDLE
                self._changed()
                group = self._todo.get()
                if group is None or not self._answered(self._remote, group):
                    break
        except MotionGPTError as error:
            self.failure = error
        except ReplicaDied as error:
            self.failure = MotionGPTError(
                f"A worker of the cluster died while it loaded the model ({error}).",
                "See whether its machine has enough memory.",
                DIED,
            )
        except Exception as error:
            log.exception("A replica failed")
            self.failure = internal_error(error).exception()
        finally:
            if self._remote is not None:
                self._remote.kill()
            with self._lock:
                self._hand_back()
                self.state = State.GONE
            self._changed()

    def _hand_back(self) -> None:
        """What came in while it ended is for another."""
        while self.lost is None:
            try:
                group = self._todo.get_nowait()
            except queue.Empty:
                return
            if group is not None:
                self.lost = Group(group.jobs, group.model, group.attempt - 1)

    def _answered(self, remote: Remote, group: Group) -> bool:
        """Have a group answered; False if the replica died meanwhile."""
        self._told.clear()
        self._open = dict(enumerate(group.jobs))
        requests = [
            (n, protocol.encode(job.id, cast(protocol.Message, job.task), job.motions)) for n, job in self._open.items()
        ]
        try:
            for replies in remote.answer(requests):
                self._put([outcome for reply in replies if (outcome := self._outcome(reply)) is not None])
        except ReplicaDied as error:
            log.warning("A replica died (%s)", error)
        if self._open:
            self.lost = Group(tuple(self._open.values()), group.model, group.attempt)
            self._open = {}
            return False
        return True

    def _outcome(self, reply: Reply) -> Outcome | None:
        """A reply as what came of its job; None where that had its last."""
        number, frames, last, error = reply
        job = self._open.pop(number, None) if last else self._open.get(number)
        return None if job is None else Outcome(job, frames, last, error)


def _usable(about: About) -> About:
    """What a replica says of itself. Raises MotionGPTError where it can't be used."""
    server = about.server
    if server.version != __version__:
        raise MotionGPTError(
            f"A machine of the cluster has version {server.version} of motiongpt, this one {__version__}.",
            "Install the same version on all of them.",
            "protocol",
        )
    if server.state is ModelState.FAILED:
        raise MotionGPTError(server.message, server.cure, "no_model")
    return about
