"""The ways to install it: a wheel in an empty environment, and an editable checkout in a folder of any name."""

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from support.checkout import files_of_the_checkout
from support.import_graph import PACKAGE, ROOMS, ROOT

from motiongpt.retarget.files.npz import load_npz

pytestmark = pytest.mark.slow
UNREACHABLE = ("NewConnectionError", "ConnectTimeoutError", "NameResolutionError")


def run(*command: str | Path, cwd: Path) -> str:
    """What a command prints; if it needs the network and there is none, the test is skipped."""
    # Nothing from the environment that runs the tests: neither its modules nor the user's models.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV", "MOTIONGPT"))}
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True, timeout=450, check=False
    )
    if done.returncode != 0 and any(error in done.stdout + done.stderr for error in UNREACHABLE):
        pytest.skip("pip reaches no package index")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def new_environment(folder: Path) -> Path:
    """The programs of a virtual environment with nothing but pip."""
    run(sys.executable, "-m", "venv", folder, cwd=folder.parent)
    return folder / ("Scripts" if os.name == "nt" else "bin")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout, in a folder with the name that a clone of the repository gets: no name for a package."""
    folder = tmp_path_factory.mktemp("clones") / "motiongpt-blender"
    for name in files_of_the_checkout():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    return folder


@pytest.fixture(scope="module")
def wheel(clone: Path) -> Path:
    folder = clone.parent / "wheel"
    run(sys.executable, "-m", "pip", "wheel", ".", "--no-deps", "--wheel-dir", folder, cwd=clone)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_product_and_nothing_else(wheel: Path) -> None:
    """All three rooms with their data files; no setup.py, build_addon.py, tests, documents or scripts."""
    tops = (*ROOMS, "__init__.py", "__main__.py", "py.typed")
    wanted = {f"{PACKAGE}/{name}" for name in files_of_the_checkout() if name.split("/")[0] in tops}
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert (wanted - held, held - wanted) == (set(), set())
    assert f"{PACKAGE}/py.typed" in held and f"{PACKAGE}/backend/models/starter/model.json" in held


def test_the_wheel_generates_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    programs = new_environment(tmp_path / "environment")
    run(programs / "python", "-m", "pip", "install", wheel, cwd=tmp_path)
    here = tmp_path / "here"
    here.mkdir()
    run(programs / "motiongpt", "generate", "a person walks", "--seconds", "1", "-o", "x.npz", cwd=here)
    motion = load_npz(here / "x.npz")
    assert (len(motion), motion.fps) == (30, 30.0)
    assert [path.name for path in here.iterdir()] == ["x.npz"]


@pytest.fixture(scope="module")
def editable(clone: Path) -> Path:
    """The Python of an environment with an editable install of the copy, and the tests' own dependencies."""
    programs = new_environment(clone.parent / "environment")
    run(programs / "python", "-m", "pip", "install", "--no-deps", "--editable", ".", cwd=clone)
    place = run(programs / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=clone).strip()
    # A path of that environment's alone: .pth files in the tests' own environment are not followed from here, so
    # that its `motiongpt` stays out of sight.
    Path(place, "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return programs / "python"


def test_an_editable_installation_is_the_checkout(editable: Path, clone: Path, tmp_path: Path) -> None:
    found = run(editable, "-c", f"import {PACKAGE}.backend as b; print(b.__file__)", cwd=tmp_path).strip()
    assert Path(found) == clone / "backend" / "__init__.py"


def test_pytest_runs_in_a_folder_of_any_name(editable: Path, clone: Path) -> None:
    said = run(editable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/retarget/rigs", cwd=clone)
    assert " passed" in said and "failed" not in said


def test_mypy_runs_in_a_folder_of_any_name(editable: Path, clone: Path) -> None:
    """With the link that `make venv` makes."""
    planned = run("make", "--dry-run", "--always-make", "venv", cwd=clone).splitlines()
    (link,) = [line for line in planned if ".venv/source" in line]
    run("sh", "-c", link, cwd=clone)
    # `make test` already checks types: here only the imports count, so its cached results may be used.
    if (ROOT / ".mypy_cache").is_dir():
        shutil.copytree(ROOT / ".mypy_cache", clone / ".mypy_cache")
    said = run(editable, "-m", "mypy", cwd=clone)
    assert said.startswith("Success"), shlex.quote(said)
