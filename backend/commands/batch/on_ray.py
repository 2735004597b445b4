"""A batch on a Ray cluster: files go to its machines and come back by Ray, so that they need share no folder."""

import contextlib
import functools
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ...cluster.ray_cluster import RayCluster, Share, fetched
from ...cluster.remote import ReplicaDied
from ...engine import Engine
from ...engines import load_engine
from ...engines.shared import lanes
from .doing import do_jobs
from .jobs import Job
from .worker import Answer, Group


class Doer:
    """Does groups of jobs in a temporary folder of its machine; `cluster.ray_cluster` starts it there."""

    def __init__(self, model: str, share: Share) -> None:
        lanes.limit(max(1, int(share.cpus)))

        @functools.cache
        def engine() -> Engine:
            return load_engine(model, share.device, share.precision)

        self._engine = engine

    def do(self, group: bytes, files: dict[str, Any]) -> Iterator[tuple[bytes, bytes | None]]:
        """For each job its answer and its file, None where there is none. group: `Group`, encoded.  files: what the
        jobs read, by the paths that they name."""
        jobs = msgspec.json.decode(group, type=Group).jobs
        with tempfile.TemporaryDirectory(prefix="motiongpt-batch-") as name:
            here = _laid_out(Path(name), files)
            moved = [
                msgspec.structs.replace(
                    job, motion=here.get(job.motion, job.motion), character=here.get(job.character, job.character)
                )
                for job in jobs
            ]
            places: dict[Any, Path] = {job: Path(name) / f"{n}-{job.output}" for n, job in enumerate(moved)}
            for number, done in do_jobs(self._engine, moved, places.__getitem__):
                content = None if done.error else places[moved[number]].read_bytes()
                yield msgspec.json.encode(Answer(number, done)), content


class RayHand:
    """See `running.Hand`. sent: files that are on the cluster already, by path; several hands share it."""

    def __init__(self, cluster: RayCluster, model: str, share: Share, sent: dict[str, Any]) -> None:
        self._cluster, self._sent = cluster, sent
        self._actor = cluster.actor(Doer, model, (model, share))

    def answers(self, group: Sequence[Job], drafts: Sequence[Path]) -> Iterator[Answer]:
        files = {path: self._file(path) for job in group for path in (job.motion, job.character) if _is_file(path)}
        message = msgspec.json.encode(Group(list(group), [""] * len(group)))
        with contextlib.suppress(ReplicaDied):
            for said, content in self._cluster.stream(self._actor.do, message, files):
                answer = msgspec.json.decode(said, type=Answer)
                if content is not None:
                    drafts[answer.number].write_bytes(content)
                yield answer

    def end(self, at_once: bool) -> None:
        self._cluster.kill(self._actor)

    def _file(self, path: str) -> Any:
        if path not in self._sent:
            self._sent[path] = self._cluster.put(Path(path).read_bytes())
        return self._sent[path]


def _is_file(path: str) -> bool:
    return bool(path) and Path(path).is_file()


def _laid_out(folder: Path, files: dict[str, Any]) -> dict[str, str]:
    """Write files into a folder, each into one of its own under its own name; returns where each is."""
    here = {}
    for number, (path, reference) in enumerate(files.items()):
        place = folder / f"input-{number}" / Path(path).name
        place.parent.mkdir()
        place.write_bytes(fetched(reference))
        here[path] = str(place)
    return here
