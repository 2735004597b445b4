"""The backend's log: a file that rotates, with one line for each message whatever a client has sent."""

import contextlib
import contextvars
import logging
import os
import sys
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

from ..limits import one_line

MAX_BYTES, KEPT = 1_000_000, 3
"""Size at which a log is set aside, and how many of these are kept."""
TAIL = 2_000
"""Characters at the end of a log that say why a backend died."""
NO_REQUEST = "-"
_FORMAT = "%(asctime)s %(levelname)s %(name)s [%(request)s]: %(message)s"
_request: contextvars.ContextVar[str] = contextvars.ContextVar("request", default=NO_REQUEST)


@contextlib.contextmanager
def about(request: str) -> Iterator[None]:
    """Lines logged in the block name the request with that id."""
    token = _request.set(one_line(request)[:64] or NO_REQUEST)
    try:
        yield
    finally:
        _request.reset(token)


class _OneLine(logging.Formatter):
    """A message is one line; only a traceback after it has more."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = one_line(record.message)
        record.request = _request.get()
        return super().formatMessage(record)


def set_up(path: Path | None) -> None:
    """Log to a file that rotates; None, or one that can't be written: to stderr."""
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if path is not None:
        with contextlib.suppress(OSError):
            handler = RotatingFileHandler(path, maxBytes=MAX_BYTES, backupCount=KEPT, encoding="utf-8")
    handler.setFormatter(_OneLine(_FORMAT))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def set_aside(path: Path) -> None:
    """Make way for a new log: PATH becomes PATH.1, that PATH.2 ...; of these, KEPT are kept. Raises OSError."""
    for number in range(KEPT - 1, -1, -1):
        older = path.with_name(f"{path.name}.{number}") if number else path
        if older.exists():
            os.replace(older, path.with_name(f"{path.name}.{number + 1}"))


def read_tail(path: Path, characters: int = TAIL) -> str:
    """The end of a log file; "" if there is none."""
    try:
        with open(path, "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 4 * characters))
            return file.read().decode("utf-8", "replace")[-characters:].strip()
    except OSError:
        return ""
