"""Output files are complete or not there, and replace others only where they may."""

import os
from pathlib import Path

import pytest

from motiongpt.backend.output.drafts import draft_of
from motiongpt.retarget.errors import MotionGPTError


def test_a_file_that_comes_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    target = tmp_path / "a.bvh"
    with pytest.raises(MotionGPTError) as caught, draft_of(target, replace=False) as draft:
        draft.write_text("new")
        target.write_text("theirs")
    assert caught.value.kind == "exists"
    assert target.read_text() == "theirs" and os.listdir(tmp_path) == ["a.bvh"]


def test_a_new_file_is_written(tmp_path: Path) -> None:
    for replace in (False, True):
        with draft_of(tmp_path / "a.bvh", replace) as draft:
            draft.write_text(str(replace))
        assert (tmp_path / "a.bvh").read_text() == str(replace) and os.listdir(tmp_path) == ["a.bvh"]
