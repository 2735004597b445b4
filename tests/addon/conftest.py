"""The extension as a user has it, for the tests of what happens inside Blender."""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.extension import FAKE_ENGINE, TESTS, Scenario, output_of, run_scenario
from support.import_graph import ROOT

from motiongpt import build_addon


@pytest.fixture(scope="session", autouse=True)
def bpy_python() -> Iterator[None]:
    """What exports characters runs in the Python that the tests of Blender use."""
    with pytest.MonkeyPatch.context() as patch:
        if os.environ.get("BPY_PYTHON"):
            patch.setenv("MOTIONGPT_BPY_PYTHON", os.environ["BPY_PYTHON"])
        yield


@pytest.fixture(scope="session")
def extension(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for BLENDER_USER_RESOURCES with the extension installed in it, from a zip built now."""
    if not os.environ.get("BPY_PYTHON") and importlib.util.find_spec("bpy") is None:
        pytest.skip("bpy is not installed")
    folder = tmp_path_factory.mktemp("extension")
    archive = build_addon.build(build_addon.PLATFORMS[build_addon.current_platform()], folder)
    output_of(TESTS / "addon" / "addon_scenarios.py", folder, "install", {"ARCHIVE": str(archive)})
    archive.unlink()
    return folder


@pytest.fixture
def scenario(extension: Path, request: pytest.FixtureRequest) -> Scenario:
    """scenario(name, variables): run it and return what it saw; with `fake_engine` unless the variables say otherwise.

    The scenarios of `test_x.py` are the functions of `x_scenarios.py` beside it.
    """
    folder = TESTS / request.path.parent.relative_to(ROOT / "tests")
    script = folder / f"{request.path.stem.removeprefix('test_')}_scenarios.py"
    return lambda name, variables=FAKE_ENGINE: run_scenario(script, extension, name, variables)
