"""What was measured on this machine, in a file in the user's cache folder.

A record holds for one model on one processor with one version of ONNX Runtime: where any of them is another, or the
file is damaged, it is measured again.
"""

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from . import machine
from .choice import best

CACHE_VARIABLE = "MOTIONGPT_CACHE"
"""The environment's name for the cache folder."""
FILE_NAME = "precisions.json"
MOST = 64
"""Records that are kept, the latest."""
log = logging.getLogger(__name__)
_lock = threading.Lock()
_in_memory: dict[Path | None, tuple["Record", ...]] = {}


class Record(msgspec.Struct, frozen=True):
    """model: its name.  fingerprint: of its files.  seconds: per token, by precision.  precision: what was chosen.
    why: in a sentence.  tried: precisions that could be measured; one that failed has no seconds.

    processor, processors, library: what `machine` says, and how many processors might be used.
    """

    model: str
    fingerprint: str
    processor: str
    processors: int
    library: str
    tried: tuple[str, ...]
    seconds: dict[str, float]
    precision: str
    why: str

    @property
    def line(self) -> str:
        """For people."""
        where = f"{self.processor}, {self.processors} in use, {self.library}"
        return f"{self.model} runs in {self.why}; measured on {where}"


class _File(msgspec.Struct, frozen=True):
    records: tuple[Record, ...]


def cache_file() -> Path | None:
    """The file of records; None if neither the environment nor platformdirs names a folder."""
    if named := os.environ.get(CACHE_VARIABLE):
        return Path(named) / FILE_NAME
    try:
        from platformdirs import user_cache_path
    except ImportError:
        return None
    return user_cache_path("motiongpt", appauthor=False) / FILE_NAME


def records() -> tuple[Record, ...]:
    """All records, the latest last; none from a file that is damaged or not there."""
    path = cache_file()
    if path is not None:
        with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return msgspec.json.decode(path.read_bytes(), type=_File).records
    return _in_memory.get(path, ())


def recorded(
    model: str, fingerprint: str, processors: int, precisions: Sequence[str], measure: Callable[[], dict[str, float]]
) -> Record:
    """The record for a model on this machine; measured now, and kept, unless there is one.

    precisions: those that can run.  measure: seconds per token, by precision; may leave some out, but not all.
    """
    key = (fingerprint, machine.processor(), processors, machine.library())
    with _lock:
        known = next((one for one in reversed(records()) if _key(one) == key), None)
        if known is not None and known.tried == tuple(precisions) and known.precision in precisions:
            return known
        seconds = measure()
        precision, why = best(seconds)
        record = Record(model, *key, tuple(precisions), seconds, precision, why)
        _keep((*(one for one in records() if _key(one) != key), record)[-MOST:])
    log.info("%s", record.line)
    return record


def _key(record: Record) -> tuple[str, str, int, str]:
    return record.fingerprint, record.processor, record.processors, record.library


def _keep(all_records: tuple[Record, ...]) -> None:
    path = cache_file()
    _in_memory[path] = all_records
    if path is None:
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(_File(all_records)), indent=1))
        draft.replace(path)
    except OSError as error:
        log.warning("What was measured can't be kept in %s (%s); the next start measures again.", path, error)
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
