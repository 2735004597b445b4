"""The backend's log: it rotates, and nobody else writes lines into it."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from motiongpt.backend.process import child, log


@pytest.fixture(autouse=True)
def own_handlers() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    for handler in set(root.handlers) - set(before):
        handler.close()
    root.handlers[:], root.level = before, level


def test_a_message_is_one_line_whatever_it_holds(tmp_path: Path) -> None:
    log.set_up(tmp_path / "log.txt")
    logging.getLogger("x").info("Hello from %s", "me\n2026-01-01 INFO all is well\r\x1b[2J\u2028end")
    try:
        raise ValueError("bad")
    except ValueError:
        logging.getLogger("x").exception("It failed")
    lines = (tmp_path / "log.txt").read_text().splitlines()
    assert lines[0].endswith("Hello from me 2026-01-01 INFO all is well [2J end")
    assert lines[1].endswith("It failed") and lines[-1] == "ValueError: bad"


def test_it_rotates_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "MAX_BYTES", 2_000)
    log.set_up(tmp_path / "log.txt")
    for number in range(500):
        logging.getLogger("x").info("line %d", number)
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["log.txt", *(f"log.txt.{n + 1}" for n in range(log.KEPT))]
    assert all(path.stat().st_size <= 2_000 for path in tmp_path.iterdir())
    assert "line 499" in log.read_tail(tmp_path / "log.txt")


def test_a_place_that_can_not_be_written_is_no_reason_to_stop(tmp_path: Path) -> None:
    log.set_up(tmp_path / "missing" / "log.txt")
    assert type(logging.getLogger().handlers[-1]) is logging.StreamHandler


def test_older_logs_are_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    for number in range(6):
        path.write_text(str(number))
        log.set_aside(path)
    kept = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert kept == {"log.txt.1": "5", "log.txt.2": "4", "log.txt.3": "3"}


def test_the_tail(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    assert child.read_tail(path) == ""
    path.write_bytes("ä".encode() * 50_000 + b"\nlast line\n")
    tail = child.read_tail(path, 100)
    assert tail.endswith("ä\nlast line") and len(tail) <= 100
