"""An engine in a process of its own on any machine of a cluster. It speaks the protocol's frames; this module does not
import Ray, which only starts it."""

import math
import queue
import time
from collections.abc import Iterator, Sequence
from typing import cast

import msgspec

from ..engines import load_engine
from ..engines.shared import lanes
from ..process import protocol
from ..process.protocol import ModelState, ServerInfo
from ..process.worker import Job, Outcome, Worker
from ..tasks import Generate, Task

LOOK_SECONDS = 0.05
"""Seconds between looks at a model that loads."""

PREVIEW_SECONDS = 0.1
"""Seconds between messages that only show progress: each costs the gateway more than what is in it."""
TOGETHER_SECONDS = 0.02
"""For which an answer waits for those of others of its group, which mostly end with it."""

Request = tuple[int, list[bytes]]
"""The number of a job in its group, and the frames of its request."""
Reply = tuple[int, list[bytes], bool, str]
"""The number of the job, the frames for its client, whether they are the last, and the kind of error they are."""


class About(msgspec.Struct, frozen=True):
    """What a replica says of itself. batches: whether its engine answers texts together."""

    server: ServerInfo
    batches: bool = False


class Replica:
    """One engine. `answer` is called for one group at a time, everything else at any time, on other threads.

    threads: processors that its engine may use; 0: all of the machine's.
    """

    def __init__(self, model: str, device: str, precision: str, threads: int) -> None:
        if threads:
            lanes.limit(threads)
        self._jobs: list[Job] = []
        self._worker = Worker(lambda name: load_engine(name, device, precision), model, device, lambda: None)
        self._worker.start()

    def about(self) -> bytes:
        """Its state (`About`), as soon as its model is loaded or can't be."""
        while self._worker.info.state is ModelState.LOADING:
            time.sleep(LOOK_SECONDS)
        probe = Job(b"", "probe", Generate("a person walks", seconds=1.0), ())
        return msgspec.msgpack.encode(About(self._worker.info, self._worker.batches(probe)))

    def ping(self) -> None:
        """Answers at once."""

    def cancel(self, number: int) -> None:
        """Cancel a job of the group that is being answered; its last reply comes within a token."""
        if number < len(self._jobs):
            self._jobs[number].cancelled.set()

    def answer(self, requests: Sequence[Request]) -> Iterator[list[Reply]]:
        """Replies to a group of requests, those that come at one time together; what can be answered in one batch is.

        Of progress that had no message yet, the latest stands for what came before it.
        """
        packets = [protocol.decode(frames) for _, frames in requests]
        # The gateway has checked that each is a task.
        jobs = [Job(b"", packet.id, cast(Task, packet.message), packet.motions) for packet in packets]
        self._jobs = jobs
        together = [job for job in jobs if self._worker.batches(job)]
        for group in ([together] if together else []) + [[job] for job in jobs if job not in together]:
            self._worker.jobs.put(group)
        numbers = {id(job): number for job, (number, _) in zip(jobs, requests, strict=True)}
        bundle = _Bundle(len(jobs), time.monotonic())
        while bundle.open_jobs:
            while (outcome := self._next(bundle.due - time.monotonic())) is not None:
                bundle.add(numbers[id(outcome.job)], outcome, time.monotonic())
            yield bundle.taken(time.monotonic())

    def _next(self, seconds: float) -> Outcome | None:
        """The next outcome; None after that many seconds."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self._worker.outcomes.get(timeout=max(0.0, min(1.0, deadline - time.monotonic())))
            except queue.Empty:
                if time.monotonic() >= deadline:
                    return None
                if not self._worker.is_alive():
                    raise RuntimeError("the engine's thread has ended") from None


class _Bundle:
    """Replies for one message. open_jobs: how many have no last reply yet.  due: when the message is to be sent."""

    def __init__(self, open_jobs: int, now: float) -> None:
        self.open_jobs = open_jobs
        self.due = math.inf
        self._latest: dict[int, Outcome] = {}
        self._shown: set[int] = set()
        self._sent = now

    def add(self, number: int, outcome: Outcome, now: float) -> None:
        """Take the outcome of a job; last ones and the first that shows motion are sent at once."""
        shows = len(outcome.frames) > 1
        before = self._latest.get(number)
        if before is None or shows or outcome.last or len(before.frames) == 1:
            self._latest[number] = outcome
        if outcome.last or (shows and number not in self._shown):
            due = now + TOGETHER_SECONDS if self.open_jobs > 1 else now
        else:
            due = max(now, self._sent + PREVIEW_SECONDS)
        if shows:
            self._shown.add(number)
        self.open_jobs -= outcome.last
        self.due = min(self.due, due) if self.open_jobs else now

    def taken(self, now: float) -> list[Reply]:
        """What there is, for a message that is sent now."""
        replies = [(number, one.frames, one.last, one.error) for number, one in self._latest.items()]
        self._latest.clear()
        self.due, self._sent = math.inf, now
        return replies
