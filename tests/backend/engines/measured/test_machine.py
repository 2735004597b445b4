"""What names a machine."""

import sys
from pathlib import Path

import pytest

from motiongpt.backend.engines.measured import machine


def test_two_virtual_machines_of_one_name_differ_by_their_instructions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = []
    for flags in ("fpu avx512f avx512_vnni", "fpu avx512f"):
        file = tmp_path / "cpuinfo"
        file.write_text(f"processor\t: 0\nmodel name\t: Some Xeon: 2\nflags\t\t: {flags}\n\nflags\t\t: other\n")
        monkeypatch.setattr(machine, "CPUINFO", file)
        machine.processor.cache_clear()
        machine.instructions.cache_clear()
        monkeypatch.setattr(sys, "platform", "linux")
        names.append(machine.processor())
        assert machine.instructions() == frozenset(flags.split())
    machine.processor.cache_clear()
    machine.instructions.cache_clear()
    assert all(name.startswith("Some Xeon: 2, instructions ") for name in names)
    assert names[0] != names[1]


def test_without_cpuinfo_there_is_still_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "none")
    machine.processor.cache_clear()
    machine.instructions.cache_clear()
    assert machine.processor() and not machine.instructions()
    machine.processor.cache_clear()
    machine.instructions.cache_clear()


def test_library_and_memory() -> None:
    assert machine.library().startswith("onnxruntime")
    assert machine.memory_bytes() == 0 or machine.memory_bytes() > 1 << 28
