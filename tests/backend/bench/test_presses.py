"""`motiongpt bench blender`: the Blender that it is to start."""

import pytest

from motiongpt.backend.bench.presses import measure
from motiongpt.retarget.errors import MotionGPTError


def test_a_blender_that_is_not_there_is_named() -> None:
    with pytest.raises(MotionGPTError, match=r"/nowhere/blender can't be run"):
        measure("/nowhere/blender")
