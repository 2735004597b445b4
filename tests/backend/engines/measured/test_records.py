"""What was measured stays in a file, and is measured again where it no longer holds."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from motiongpt.backend.engines.measured import machine, records
from motiongpt.backend.engines.measured.records import CACHE_VARIABLE, FILE_NAME, recorded

BOTH = ("float32", "int8")


class Measured:
    """Counts how often it is measured."""

    def __init__(self, **seconds: float) -> None:
        self.seconds, self.times = seconds or {"float32": 0.03, "int8": 0.01}, 0

    def __call__(self) -> dict[str, float]:
        self.times += 1
        return self.seconds


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(records, "_in_memory", {})
    monkeypatch.setattr(machine, "processor", lambda: "A processor")
    monkeypatch.setattr(machine, "library", lambda: "onnxruntime 1.0")
    return tmp_path / "cache"


def test_it_is_measured_once_and_said_why(folder: Path) -> None:
    measure = Measured()
    first = recorded("t5", "aa", 2, BOTH, measure)
    assert first.precision == "int8"
    assert "8 bits: 10.0 ms a token (float32 30.0 ms)" in first.line and "A processor" in first.line
    assert recorded("t5", "aa", 2, BOTH, measure) == first == records.records()[-1]
    assert measure.times == 1
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.setattr(machine, "processor", lambda: "Another processor"),
        lambda m: m.setattr(machine, "library", lambda: "onnxruntime 1.1"),
    ],
)
def test_another_machine_or_library_measures_again(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[pytest.MonkeyPatch], None]
) -> None:
    recorded("t5", "aa", 2, BOTH, Measured())
    change(monkeypatch)
    again = Measured(float32=0.01, int8=0.05)
    assert recorded("t5", "aa", 2, BOTH, again).precision == "float32"
    assert again.times == 1 and len(records.records()) == 2


def test_another_model_other_processors_or_other_precisions_measure_again() -> None:
    recorded("t5", "aa", 2, BOTH, Measured())
    for fingerprint, processors, precisions in (
        ("bb", 2, BOTH),
        ("aa", 1, BOTH),
        ("aa", 2, (*BOTH, "int4")),
        ("aa", 2, ("float32",)),
    ):
        measure = Measured(float32=0.03)
        recorded("t5", fingerprint, processors, precisions, measure)
        assert measure.times == 1, (fingerprint, processors, precisions)


@pytest.mark.parametrize(
    "broken",
    [b"", b"\xff\xfe\x00", b"{}", b'{"records": [{"model": 3}]}', b'{"records": 5}', b"[" * 2000],
)
def test_a_broken_file_is_measured_again_and_replaced(folder: Path, broken: bytes, monkeypatch: Any) -> None:
    recorded("t5", "aa", 2, BOTH, Measured())
    (folder / FILE_NAME).write_bytes(broken)
    monkeypatch.setattr(records, "_in_memory", {})  # as in another process
    measure = Measured()
    assert recorded("t5", "aa", 2, BOTH, measure).precision == "int8"
    assert measure.times == 1
    assert len(json.loads((folder / FILE_NAME).read_bytes())["records"]) == 1


def test_a_record_of_a_precision_that_there_is_none_of_is_measured_again(folder: Path) -> None:
    recorded("t5", "aa", 2, BOTH, Measured())
    path = folder / FILE_NAME
    path.write_text(path.read_text().replace('"precision": "int8"', '"precision": "int3"'))
    measure = Measured()
    assert recorded("t5", "aa", 2, BOTH, measure).precision == "int8"
    assert measure.times == 1 and len(records.records()) == 1


def test_without_a_place_to_keep_it_each_process_measures_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "file" / "cache"))
    measure = Measured()
    for _ in range(2):
        assert recorded("t5", "aa", 2, BOTH, measure).precision == "int8"
    assert measure.times == 1


def test_old_records_make_room() -> None:
    for number in range(records.MOST + 3):
        recorded("t5", str(number), 2, BOTH, Measured())
    kept = records.records()
    assert len(kept) == records.MOST and kept[-1].fingerprint == str(records.MOST + 2)
