"""The benchmark that kills a backend and its program, with an engine without a model."""

from pathlib import Path

import pytest
from support.command_line import FAKE_PROCESS

from motiongpt.backend.bench.faults import _counted, measure


@pytest.mark.slow
def test_a_few_rounds_leave_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", FAKE_PROCESS)
    found = measure(4, seed=3)
    assert sum(found["killed"].values()) == 4 and found["sent"] > 0
    left = ("processes_left", "sockets_left", "files_left", "twice", "silent")
    assert {name: found[name] for name in left} == dict.fromkeys(left, 0), found["files"]


def test_what_is_lost_or_delivered_twice_is_counted(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text(
        "pid 1\nsent a\nsent b\nend a\nanswer a\nend a\nanswer a\nsent c\nend c\nfailure c\n"
    )
    assert _counted(tmp_path, "backend") == {"sent": 3, "twice": 1, "answered": 1, "failed": 1, "silent": 1}
    assert _counted(tmp_path, "program")["silent"] == 0  # nobody was left to be told
