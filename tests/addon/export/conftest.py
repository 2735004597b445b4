"""What the exporter's tests need: a Python with bpy for its child process, and a motion."""

import os
from importlib.util import find_spec

import pytest
from support.motions import walking

from motiongpt.retarget.motion import Motion


@pytest.fixture(autouse=True)
def bpy_python(monkeypatch):
    """The Python that the tests of Blender use; skips where there is none."""
    if os.environ.get("BPY_PYTHON"):
        monkeypatch.setenv("MOTIONGPT_BPY_PYTHON", os.environ["BPY_PYTHON"])
    elif find_spec("bpy") is None:
        pytest.skip("bpy is not installed")


@pytest.fixture(scope="session")
def walk() -> Motion:
    return walking()
