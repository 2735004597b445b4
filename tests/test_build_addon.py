"""The zips: imports made relative, what lies inside, the same bytes twice, and Blender's own verdict."""

import ast
import tomllib
import zipfile
from pathlib import Path

import pytest

import build_addon


@pytest.mark.parametrize(
    ("before", "depth", "after"),
    [
        ("from retarget import Motion", 1, "from ..retarget import Motion"),
        ("from retarget.errors import A, B", 2, "from ...retarget.errors import A, B"),
        ("    from backend import protocol", 0, "    from .backend import protocol"),
        ("from retarget.motion import (\n    Motion,\n)", 1, "from ..retarget.motion import (\n    Motion,\n)"),
        ("import retarget", 1, "from .. import retarget"),
        ("import retarget.rotations as rot", 1, "from ..retarget import rotations as rot"),
        ("import os, retarget as r", 1, "import os; from .. import retarget as r"),
        ("from . import limits", 1, "from . import limits"),
        ("from retargeting import x", 1, "from retargeting import x"),
        ("import numpy as np  # not retarget", 1, "import numpy as np  # not retarget"),
        ('"""from retarget import Motion"""', 1, '"""from retarget import Motion"""'),
    ],
)
def test_imports_become_relative(before: str, depth: int, after: str) -> None:
    indented = before.startswith(" ")
    source = f"if True:\n{before}" if indented else before
    rewritten = build_addon.rewrite_imports(source, depth)
    assert rewritten == (f"if True:\n{after}" if indented else after)
    ast.parse(rewritten)


@pytest.mark.parametrize(
    "source", ["import retarget.rotations", 'import importlib\nimportlib.import_module("backend.server")']
)
def test_imports_that_cannot_be_kept_are_refused(source: str) -> None:
    with pytest.raises(ValueError, match="line"):
        build_addon.rewrite_imports(source, 1)


def test_no_absolute_import_of_our_own_is_left() -> None:
    files = build_addon.source_files()
    sources = {n: content for n, content in files.items() if n.endswith(".py") and n not in build_addon.SCRIPTS}
    assert {"__init__.py", "retarget/motion.py", "backend/protocol.py"} <= set(sources)
    for name, content in sources.items():
        for node in ast.walk(ast.parse(content)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            assert not [n for n in names if n.split(".")[0] in ("retarget", "backend", "addon")], name


def test_every_relative_import_finds_its_file() -> None:
    """What is left out of the zip must not be needed by what is in it, except inside functions."""
    sources = {name: content for name, content in build_addon.source_files().items() if name.endswith(".py")}
    modules = {name.removesuffix(".py").removesuffix("/__init__") for name in sources}
    for name, content in sources.items():
        package = name.removesuffix(".py").split("/")[:-1]
        for node in ast.parse(content).body:
            if isinstance(node, ast.ImportFrom) and node.level and node.module:
                base = package[: len(package) - node.level + 1]
                assert "/".join([*base, *node.module.split(".")]) in modules, f"{name} imports {node.module}"


def test_manifest_names_wheels_and_model_licence() -> None:
    template = (build_addon.ROOT / "addon" / "blender_manifest.toml").read_text()
    target = build_addon.PLATFORMS["linux-x64"]
    plain = tomllib.loads(build_addon.manifest(template, target, ["wheels/b.whl", "wheels/a.whl"], None))
    assert plain["wheels"] == ["./wheels/a.whl", "./wheels/b.whl"]
    assert plain["platforms"] == ["linux-x64"]
    assert plain["license"] == ["SPDX:GPL-3.0-or-later"]
    assert "files" in plain["permissions"] and "network" not in plain["permissions"]
    model = tomllib.loads(build_addon.manifest(template, target, [], b'{"licence": "CC BY-NC 4.0"}'))
    assert model["license"] == ["SPDX:GPL-3.0-or-later", "SPDX:CC-BY-NC-4.0"]


def test_same_files_same_bytes(tmp_path: Path) -> None:
    files = {"b.py": b"b" * 1000, "a/c.py": b"c", "wheels/x.whl": b"PK"}
    build_addon.write_zip(tmp_path / "1.zip", files)
    build_addon.write_zip(tmp_path / "2.zip", dict(reversed(files.items())))
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "1.zip") as archive:
        assert archive.namelist() == sorted(files)


def test_every_module_of_the_addon_and_the_licence_are_inside() -> None:
    files = build_addon.source_files()
    expected = {p.name for p in (build_addon.ROOT / "addon").glob("*.py")} | {"LICENSE", "blender_manifest.toml"}
    assert expected <= set(files)
    left_out = tuple(f"{folder}/" for folder in build_addon.LEFT_OUT)
    assert not [name for name in files if "__pycache__" in name or name.startswith(left_out)]


def test_blender_refuses_a_broken_manifest(tmp_path: Path) -> None:
    pytest.importorskip("importlib.util").find_spec("bpy") or pytest.skip("bpy is not installed")
    build_addon.write_zip(tmp_path / "bad.zip", {"blender_manifest.toml": b'id = "motiongpt"\n', "__init__.py": b""})
    with pytest.raises(build_addon.BuildError, match="refuses"):
        build_addon.validate(tmp_path / "bad.zip")
