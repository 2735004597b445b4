"""What no file may contain, and what may be written only once. Every rule is also tried on a text that breaks it."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.checkout import files_of_the_checkout
from support.import_graph import ROOMS, ROOT, read_sources

from motiongpt.backend.version import __version__
from motiongpt.retarget.motion.skeleton import JOINT_NAMES


def joint_tables(source: str) -> list[int]:
    """Lines of the literals that name most of the skeleton's joints."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Tuple | ast.List | ast.Set | ast.Dict):
            items = [k for k in node.keys if k] if isinstance(node, ast.Dict) else node.elts
            names = {item.value for item in items if isinstance(item, ast.Constant)}
            if len(names & set(JOINT_NAMES)) > len(JOINT_NAMES) // 2:
                lines.append(node.lineno)
    return lines


def test_joint_names_are_listed_once() -> None:
    tables = {path: joint_tables(source) for path, source in read_sources(*ROOMS, "tests").items()}
    assert {path for path, lines in tables.items() if lines} == {"retarget/motion/skeleton.py"}


def test_a_second_joint_table_is_found() -> None:
    assert joint_tables(f"a = 1\nNAMES = {list(JOINT_NAMES)}") == [2]
    assert joint_tables(f"TABLE = {dict.fromkeys(JOINT_NAMES, 0)}") == [1]
    assert joint_tables('LIMBS = ("left_hip", "left_knee", "left_ankle")') == []


# Written in parts, so that this file does not break its own rule.
UNWANTED = re.compile(
    "|".join(
        [
            r"(?<![\w.~/-])/(?:root|work|opt|home/\w+|Users/\w+)/",  # a folder of one machine
            "py" + r"pi\.org",
            "python" + "hosted",
            r"download\.py" + "torch",
            r"https?://\S+/sim" + r"ple\b",
            "--(?:extra-)?index" + "-url",
        ]
    )
)


def tracked_text() -> Iterator[tuple[str, str]]:
    attributes = (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()
    binary = {line.split()[0].lstrip("*") for line in attributes if line.endswith(" binary")}
    for name in files_of_the_checkout():
        if Path(name).suffix not in binary:
            yield name, (ROOT / name).read_text(encoding="utf-8")


def test_files_name_no_machine_and_no_package_index() -> None:
    found = [f"{name}: {m[0]}" for name, text in tracked_text() for m in UNWANTED.finditer(text)]
    assert found == []


def test_graphs_name_no_machine() -> None:
    """An exporter may record the path of the source file that it read."""
    graphs = [name for name in files_of_the_checkout() if name.endswith(".onnx")]
    assert graphs
    found = [name for name in graphs if UNWANTED.search((ROOT / name).read_bytes().decode("latin-1"))]
    assert found == []


@pytest.mark.parametrize(
    "text",
    ["open('/ro" + "ot/x.npz')", "see /ho" + "me/ann/models", "url = https://py" + "pi.org/x"],
)
def test_a_machine_path_is_found(text: str) -> None:
    assert UNWANTED.search(text)


def test_ordinary_paths_pass() -> None:
    assert not UNWANTED.search("../shared/rigs backend/models ~/work/ https://example.org/home/page and/or")


def test_extension_and_backend_have_one_version() -> None:
    manifest = tomllib.loads((ROOT / "addon" / "blender_manifest.toml").read_text(encoding="utf-8"))
    assert manifest["version"] == __version__
