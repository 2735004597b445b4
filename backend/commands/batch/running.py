"""A batch run by worker processes: jobs handed out in groups, answers put into the journal, dead workers replaced.

What runs groups is behind `run_groups` alone: other machines could be handed them as well.
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


def run_groups(groups: Sequence[list[Job]], settings: Settings, drafts: Path) -> Iterator[Finished]:
    """Do all jobs; closing the iterator ends the workers. A job whose worker dies is given to another, once.

    drafts: the folder for files that are being written.
    """
    waiting = collections.deque((group, 1) for group in groups)
    come: queue.SimpleQueue[Finished | BaseException | None] = queue.SimpleQueue()
    workers = [_Worker(settings, drafts, waiting, come.put) for _ in range(min(settings.workers, len(groups)))]
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
    """A thread with a process of its own, which it replaces when that dies."""

    def __init__(
        self,
        settings: Settings,
        drafts: Path,
        waiting: "collections.deque[tuple[list[Job], int]]",
        put: Callable[[Finished | BaseException | None], None],
    ) -> None:
        self._settings, self._drafts, self._waiting, self._put = settings, drafts, waiting, put
        self._process: subprocess.Popen[bytes] | None = None
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="batch-worker", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """End the process and the thread."""
        self._ending = True
        if self._process is not None:
            self._process.kill()
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
            if self._process is not None:
                self._stop(self._process)
            self._put(None)

    def _do(self, group: list[Job]) -> list[Job]:
        """Have a group done; returns what was left when the process died."""
        process = self._process = self._process or self._started()
        drafts = [self._drafts / f"{secrets.token_hex(8)}-{job.output}" for job in group]
        open_jobs, since = dict(enumerate(group)), time.monotonic()
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(msgspec.json.encode(Group(group, list(map(str, drafts)))) + b"\n")
            process.stdin.flush()
            while open_jobs and (line := process.stdout.readline()):
                answer = msgspec.json.decode(line, type=Answer)
                now = time.monotonic()
                job = open_jobs.pop(answer.number)
                self._put(Finished(job, answer.done, drafts[answer.number], now - since))
                since = now
        except (OSError, msgspec.DecodeError):
            pass
        if open_jobs:
            self._stop(process)
            self._process = None
        return list(open_jobs.values())

    def _lost(self, jobs: list[Job], attempt: int) -> None:
        """Jobs whose worker died: the first may be why, so each is tried alone."""
        if attempt < _ATTEMPTS:
            self._waiting.extendleft(([job], attempt + 1) for job in reversed(jobs))
            return
        for job in jobs:
            error = Done(error="Its worker process died, twice.", cure="See whether there is enough memory.")
            self._put(Finished(job, error, self._drafts / "none", 0.0))

    def _started(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-P", str(LAUNCHER), _WORKER]
        try:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except OSError as error:
            raise MotionGPTError(f"A worker could not be started ({error}).", "Use fewer --jobs.") from error
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.write(msgspec.json.encode(self._settings) + b"\n")
        return process

    def _stop(self, process: "subprocess.Popen[bytes]") -> None:
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        try:
            process.wait(0.0 if self._ending else 10.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
