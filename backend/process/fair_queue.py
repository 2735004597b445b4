"""Requests that wait, fair between clients: each client's in order, one of every client in turn."""

import itertools
from collections import deque
from collections.abc import Callable, Iterator

from ...retarget.errors import MotionGPTError
from .. import limits
from .worker import Job


class FairQueue:
    """Of one client `limits.MAX_QUEUE` requests wait at most, of all `limits.MAX_WAITING`; the fuller it is, the fewer
    of one client: as many places as it holds must be left, so that no client keeps another from having its first."""

    def __init__(self) -> None:
        self._clients: dict[bytes, deque[Job]] = {}  # in the order of their turns

    def __len__(self) -> int:
        return sum(map(len, self._clients.values()))

    def __iter__(self) -> Iterator[Job]:
        """All jobs, in the order in which they will run if no more come."""
        for turn in range(max(map(len, self._clients.values()), default=0)):
            yield from (jobs[turn] for jobs in self._clients.values() if turn < len(jobs))

    def put(self, job: Job) -> int:
        """Add a job; returns how many run before it. Raises MotionGPTError ("busy") where there is no place."""
        mine, free = len(self._clients.get(job.peer, ())), limits.MAX_WAITING - len(self)
        held = sum(one.size for one in self)
        if mine >= limits.MAX_QUEUE or free <= mine or (held and held + job.size > limits.MAX_WAITING_BYTES):
            raise MotionGPTError(
                f"Too many requests are waiting already: {len(self)}, {mine} of them yours.",
                "Wait for one to finish, or cancel one.",
                "busy",
            )
        self._clients.setdefault(job.peer, deque()).append(job)
        return list(self).index(job)

    def get(self) -> Job | None:
        """Take the next job; its client's next one comes after everyone else's turn. None if none waits."""
        peer = next(iter(self._clients), None)
        if peer is None:
            return None
        jobs = self._clients.pop(peer)
        job = jobs.popleft()
        if jobs:
            self._clients[peer] = jobs
        return job

    def take(self, fits: Callable[[Job], bool], most: int) -> list[Job]:
        """Take up to `most` jobs that fit, in the order of their turns; none that was sent after another of its client
        that does not fit. Only twice as many are looked at, so that those that don't fit hardly wait longer."""
        held: set[bytes] = set()
        taken: list[Job] = []
        for job in itertools.islice(self, 2 * most):
            if len(taken) < most and job.peer not in held and fits(job):
                taken.append(job)
            else:
                held.add(job.peer)
        for job in taken:
            self.remove(job)
            if job.peer in self._clients:  # its next one comes after everyone else's turn
                self._clients[job.peer] = self._clients.pop(job.peer)
        return taken

    def remove(self, job: Job) -> bool:
        """Take a job out; returns whether it was waiting."""
        jobs = self._clients.get(job.peer)
        if jobs is None or job not in jobs:
            return False
        jobs.remove(job)
        if not jobs:
            del self._clients[job.peer]
        return True
