"""Imported checkpoints give the published code's reference values."""

from pathlib import Path

import pytest

from motiongpt.backend.importers.check import check_folder

pytest.importorskip("onnx", reason="onnx is not installed")


def test_all_reference_values(upstream: Path) -> None:
    rows = list(check_folder(upstream))
    assert len(rows) == 74
    assert [(row.name, row.error) for row in rows if not row.passed] == []


@pytest.mark.slow
def test_all_reference_values_in_pytorch(upstream: Path) -> None:
    pytest.importorskip("transformers", reason="transformers is not installed")
    assert [(row.name, row.error) for row in check_folder(upstream, use_torch=True) if not row.passed] == []
