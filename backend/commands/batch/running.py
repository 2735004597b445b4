"""A batch run by worker processes: jobs handed out in groups, answers put into the journal, dead workers replaced.

What does a group is a `Hand`: a process of this machine, or a replica on a cluster (`on_ray`).
"""

import collections
import contextlib
import queue
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from ....retarget.errors import MotionGPTError
from ...engine import MOST_TOGETHER
from ...process.launch import LAUNCHER
from .doing import Done
from .jobs import GENERATE, Job
from .worker import Answer, Group, Settings

_WORKER = "motiongpt.backend.commands.batch.worker"
_ATTEMPTS = 2  # of a job whose worker died


@dataclass(frozen=True)
class Finished:
    """A job is done. draft: its file.  took: seconds since it was handed out, or since the one before it."""

    job: Job
    done: Done
    draft: Path
    took: float


def groups_of(jobs: Sequence[Job], workers: int) -> list[list[Job]]:
    """Jobs as they are handed out: texts together, as one batch, the others one by one."""
    texts = [
        job for job in jobs if job.task == GENERATE and not job.output.lower().endswith((".fbx", ".glb", ".blend"))
    ]
    size = max(1, min(MOST_TOGETHER, len(texts) // (2 * workers) or 1))
    groups = [texts[i : i + size] for i in range(0, len(texts), size)]
    return [*groups, *([job] for job in jobs if job.task != GENERATE)]


class Hand(Protocol):
    """Does one group at a time."""

    def answers(self, group: Sequence[Job], drafts: Sequence[Path]) -> Iterator[Answer]:
        """An answer for each job as soon as its draft is complete; fewer where it dies."""

    def end(self, at_once: bool) -> None:
        """End it; at_once: in the middle of a group."""


def run_groups(
    groups: Sequence[list[Job]], settings: Settings, drafts: Path, make: Callable[[], Hand] | None = None
) -> Iterator[Finished]:
    """Do all jobs; closing the iterator ends the workers. A job whose worker dies is given to another, once.

    drafts: the folder for files that are being written.  make: starts what does them; by default, a process.
    """
    start = make or (lambda: _Process(settings))
    waiting = collections.deque((group, 1) for group in groups)
    come: queue.SimpleQueue[Finished | BaseException | None] = queue.SimpleQueue()
    workers = [_Worker(start, drafts, waiting, come.put) for _ in range(min(settings.workers, len(groups)))]
    try:
        running = len(workers)
        while running:
            event = come.get()
            if event is None:
                running -= 1
            elif isinstance(event, BaseException):
                raise event
            else:
                yield event
    finally:
        waiting.clear()
        for worker in workers:
            worker.end()


class _Worker:
    """A thread with a hand of its own, which it replaces when that dies."""

    def __init__(
        self,
        make: Callable[[], Hand],
        drafts: Path,
        waiting: "collections.deque[tuple[list[Job], int]]",
        put: Callable[[Finished | BaseException | None], None],
    ) -> None:
        self._make, self._drafts, self._waiting, self._put = make, drafts, waiting, put
        self._hand: Hand | None = None
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="batch-worker", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """End the hand and the thread."""
        self._ending = True
        if self._hand is not None:
            self._hand.end(at_once=True)
        self._thread.join(5.0)

    def _run(self) -> None:
        try:
            while not self._ending:
                try:
                    group, attempt = self._waiting.popleft()
                except IndexError:
                    break
                left = self._do(group)
                if left and not self._ending:
                    self._lost(left, attempt)
        except BaseException as error:  # noqa: BLE001 - handed over and raised in `run_groups`
            self._put(error)
        finally:
            if self._hand is not None:
                self._hand.end(at_once=self._ending)
            self._put(None)

    def _do(self, group: list[Job]) -> list[Job]:
        """Have a group done; returns what was left when the hand died."""
        hand = self._hand = self._hand or self._make()
        drafts = [self._drafts / f"{secrets.token_hex(8)}-{job.output}" for job in group]
        open_jobs, since = dict(enumerate(group)), time.monotonic()
        for answer in hand.answers(group, drafts):
            now = time.monotonic()
            job = open_jobs.pop(answer.number)
            self._put(Finished(job, answer.done, drafts[answer.number], now - since))
            since = now
        if open_jobs:
            hand.end(at_once=self._ending)
            self._hand = None
        return list(open_jobs.values())

    def _lost(self, jobs: list[Job], attempt: int) -> None:
        """Jobs whose worker died: the first may be why, so each is tried alone."""
        if attempt < _ATTEMPTS:
            self._waiting.extendleft(([job], attempt + 1) for job in reversed(jobs))
            return
        for job in jobs:
            error = Done(error="Its worker process died, twice.", cure="See whether there is enough memory.")
            self._put(Finished(job, error, self._drafts / "none", 0.0))


class _Process:
    """A process of this machine."""

    def __init__(self, settings: Settings) -> None:
        command = [sys.executable, "-P", str(LAUNCHER), _WORKER]
        try:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except OSError as error:
            raise MotionGPTError(f"A worker could not be started ({error}).", "Use fewer --jobs.") from error
        with contextlib.suppress(OSError):
            self._write(settings)

    def answers(self, group: Sequence[Job], drafts: Sequence[Path]) -> Iterator[Answer]:
        left = len(group)
        stdout = self._process.stdout
        assert stdout is not None
        with contextlib.suppress(OSError, msgspec.DecodeError):
            self._write(Group(list(group), list(map(str, drafts))))
            while left and (line := stdout.readline()):
                left -= 1
                yield msgspec.json.decode(line, type=Answer)

    def end(self, at_once: bool) -> None:
        if at_once:
            self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        try:
            self._process.wait(0.0 if at_once else 10.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _write(self, message: Settings | Group) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(message) + b"\n")
        self._process.stdin.flush()
