"""README and manual against the tree: folders, links, pictures, the Python example, and the website."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support import documents
from support.import_graph import ROOMS, ROOT

from motiongpt.retarget.files.reading import write_motion
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot

DOCS = ROOT / "docs"
PAGES = [ROOT / name for name in documents.PAGES]
LINK = re.compile(r"\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"")
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


def links(page: Path) -> list[tuple[Path, str]]:
    """(file, anchor) of every link and picture of a page that leads to a file."""
    targets = ["".join(found) for found in LINK.findall(page.read_text(encoding="utf-8"))]
    parts = [target.partition("#") for target in targets if "://" not in target]
    return [(page.parent / path if path else page, anchor) for path, _, anchor in parts]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def source_folders() -> set[str]:
    """Every folder below the three parts that holds a file."""
    files = [file for part in ROOMS for file in (ROOT / part).rglob("*") if file.is_file()]
    return {f"{file.parent.relative_to(ROOT).as_posix()}/" for file in files if "__pycache__" not in file.parts}


def test_architecture_names_every_folder() -> None:
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| `((?:addon|backend|retarget)/[^`]*)` \|", page, re.MULTILINE)
    assert sorted(named) == sorted(source_folders())


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    missing = [str(file) for file, _ in links(page) if not file.exists()]
    lost = [
        f"{file.name}#{anchor}"
        for file, anchor in links(page)
        if anchor and file.suffix == ".md" and file.exists() and anchor not in anchors(file)
    ]
    assert missing + lost == []


@every_page
def test_manual_stays_inside_of_docs(page: Path) -> None:
    """The website has nothing outside of docs/."""
    if DOCS in page.parents:
        outside = [str(file) for file, _ in links(page) if not file.resolve().is_relative_to(DOCS)]
        assert outside == []


@every_page
def test_prose_names_no_commits(page: Path) -> None:
    if page.parent != DOCS / "results":
        prose = re.sub(r"^Measured by .*$", "", page.read_text("utf-8"), flags=re.MULTILINE)
        assert re.findall(r"\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])[0-9a-f]{7,40}\b", prose) == []


def test_pictures_are_used_and_small() -> None:
    used = {file.resolve() for page in PAGES for file, _ in links(page)}
    pictures = set((DOCS / "images").iterdir())
    assert {picture.name for picture in pictures - used} == set()
    assert sum(picture.stat().st_size for picture in pictures) < 4_000_000
    assert (DOCS / "images" / "generate.webp").stat().st_size < 3_000_000


def test_python_example_runs(starter_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (DOCS / "models.md").read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    root = np.linspace((0.0, 0.95, 0.0), (0.0, 0.95, 5.0), 100)
    write_motion(Motion(np.tile(rot.IDENTITY, (100, 22, 1)), root, 20.0, np.zeros((100, 4))), Path("poses.bvh"))
    scope: dict[str, object] = {}
    exec(compile(example, "docs/models.md", "exec"), scope)
    assert Path("walk.bvh").is_file()
    assert len(scope["longer"]) > len(scope["walk"])
    assert len(scope["filled"]) == 100


@pytest.mark.slow
@pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("mkdocs", "material")),
    reason="mkdocs-material is not installed",
)
def test_manual_builds_as_a_website(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    pages = [page.relative_to(DOCS).with_suffix(".html") for page in DOCS.rglob("*.md")]
    assert [page for page in pages if not (tmp_path / "site" / page).is_file()] == []
