"""A worker of a batch: `python -m motiongpt.backend.commands.batch.worker`, a process that reads jobs from its stdin.

A line of JSON is a group of jobs; it writes a line for each as soon as its file is complete. It ends when its stdin
does, so it never outlives the batch for longer than it needs for a group.
"""

import functools
import os
import sys
from pathlib import Path
from typing import Any

import msgspec

from ...engine import Engine
from ...engines import load_engine
from ...engines.shared import lanes
from .doing import Done, do_jobs
from .jobs import Job


class Settings(msgspec.Struct, frozen=True):
    """model, device, precision: as `load_engine` takes them.  workers: how many there are on this machine."""

    model: str
    device: str
    precision: str
    workers: int


class Group(msgspec.Struct, frozen=True):
    """Jobs to do, and where each writes its file."""

    jobs: list[Job]
    drafts: list[str]


class Answer(msgspec.Struct, frozen=True):
    """One job of a group is done. number: in the group."""

    number: int
    done: Done


def _main() -> None:
    # What libraries print must not come between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    settings = msgspec.json.decode(sys.stdin.buffer.readline(), type=Settings)
    lanes.share = max(1, settings.workers)

    @functools.cache
    def engine() -> Engine:
        return load_engine(settings.model, settings.device, settings.precision)

    parent = os.getppid()
    for line in sys.stdin.buffer:
        group = msgspec.json.decode(line, type=Group)
        places: dict[Any, Path] = {job: Path(draft) for job, draft in zip(group.jobs, group.drafts, strict=True)}
        for number, done in do_jobs(engine, group.jobs, places.__getitem__):
            if os.name != "nt" and os.getppid() != parent:
                return
            answers.write(msgspec.json.encode(Answer(number, done)) + b"\n")
            answers.flush()


if __name__ == "__main__":
    _main()
