"""Fixtures that all tests share. bpy never runs in pytest's own process: it may crash or hang when the process ends."""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Tiny networks gain nothing from threads, which wait for each other for a long time where other work is going on.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# What tiny models are measured to run best in is of no use to whoever runs the tests.
os.environ.setdefault("MOTIONGPT_CACHE", str(Path(tempfile.gettempdir()) / "motiongpt-tests"))

BPY_PRELUDE = '''\
def emit(value):
    """Hand `value` to the test and end the process at once, past bpy's own clean-up."""
    import json, os, sys
    with open(os.environ["RUN_BPY_RESULT"], "w", encoding="utf-8") as file:
        json.dump(value, file)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)

'''


SCENARIOS = [ROOT / "tests" / "addon" / folder for folder in ("action", "character", "export", "overrides")]
"""Folders of the scripts that `run_bpy` runs, which import each other."""

BPY_FIXTURES = {"extension", "run_bpy"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs in bpy, so that `-m bpy` repeats it in other versions."""
    for item in items:
        if BPY_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker("bpy")


@pytest.fixture(scope="session")
def repo_root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Motion capture, characters and reference values that lie beside the repository and are no part of it."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("no folder of motion capture and characters beside the repository (../shared)")
    return folder


@pytest.fixture(scope="session")
def starter_model() -> Path:
    folder = ROOT / "backend" / "models" / "starter"
    if not (folder / "model.json").is_file():
        pytest.skip("this checkout has no starter model (backend/models/starter)")
    return folder


@pytest.fixture(scope="session")
def package_parent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder from which `motiongpt` can be imported, for a Python in which it is not installed."""
    folder = tmp_path_factory.mktemp("source")
    (folder / "motiongpt").symlink_to(ROOT)
    return folder


@pytest.fixture
def run_bpy(tmp_path: Path, package_parent: Path) -> Callable[..., Any]:
    """run_bpy(script, *arguments, timeout=300): run `script` in a Python with bpy and return what it emits.

    The script ends by calling `emit(value)` with anything that JSON can hold; it finds `arguments` in sys.argv[1:] and
    can import from the repository. Its Blender has settings of its own, kept from call to call within one test. The
    environment's BPY_PYTHON names another Python with bpy than the one that runs the tests.
    """
    python = os.environ.get("BPY_PYTHON", "")
    if not python and importlib.util.find_spec("bpy") is None:
        pytest.skip("bpy is not installed")
    count = 0

    def run(script: str, *arguments: object, timeout: float = 300) -> Any:
        nonlocal count
        count += 1
        source, result = tmp_path / f"bpy_{count}.py", tmp_path / f"bpy_{count}.json"
        source.write_text(BPY_PRELUDE + script, encoding="utf-8")
        environment = os.environ | {
            "RUN_BPY_RESULT": str(result),
            "BLENDER_USER_RESOURCES": str(tmp_path / "blender"),
            "PYTHONPATH": os.pathsep.join(map(str, [package_parent, ROOT / "tests", *SCENARIOS])),
        }
        done = subprocess.run(
            [python or sys.executable, str(source), *map(str, arguments)],
            env=environment,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if done.returncode != 0 or not result.is_file():
            pytest.fail(
                f"the Blender script ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
            )
        return json.loads(result.read_text(encoding="utf-8"))

    return run
