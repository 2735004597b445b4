"""An engine in a process of its own on any machine of a cluster. It speaks the protocol's frames; this module does not
import Ray, which only starts it."""

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

    def answer(self, requests: Sequence[Request]) -> Iterator[Reply]:
        """Replies to a group of requests, as they come; what can be answered in one batch is."""
        packets = [protocol.decode(frames) for _, frames in requests]
        # The gateway has checked that each is a task.
        jobs = [Job(b"", packet.id, cast(Task, packet.message), packet.motions) for packet in packets]
        self._jobs = jobs
        together = [job for job in jobs if self._worker.batches(job)]
        for group in ([together] if together else []) + [[job] for job in jobs if job not in together]:
            self._worker.jobs.put(group)
        numbers = {id(job): number for job, (number, _) in zip(jobs, requests, strict=True)}
        open_jobs = len(jobs)
        while open_jobs:
            outcome = self._next()
            open_jobs -= outcome.last
            yield numbers[id(outcome.job)], outcome.frames, outcome.last, outcome.error

    def _next(self) -> Outcome:
        while True:
            try:
                return self._worker.outcomes.get(timeout=1.0)
            except queue.Empty:
                if not self._worker.is_alive():
                    raise RuntimeError("the engine's thread has ended") from None
