"""What the exporter's tests need: a Python with bpy for its child process, and a motion."""

import os
from importlib.util import find_spec

import pytest
from support.motions import walking

from motiongpt.retarget.motion import Motion


@pytest.fixture(autouse=True)
def needs_bpy() -> None:
    if not os.environ.get("BPY_PYTHON") and find_spec("bpy") is None:
        pytest.skip("bpy is not installed")


@pytest.fixture(scope="session")
def walk() -> Motion:
    return walking()
