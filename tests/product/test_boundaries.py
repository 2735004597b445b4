"""What may import what, and what no file may hold. Every rule is also shown a text that breaks it."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from motiongpt.backend.version import __version__
from motiongpt.retarget.motion.skeleton import JOINT_NAMES

ROOT = Path(__file__).resolve().parents[2]
OURS = ("addon", "backend", "retarget")
BLENDER = {"bpy", "bpy_extras", "bl_ext", "bmesh", "gpu", "mathutils"}
HEAVY = {"onnx", "onnxruntime", "sentence_transformers", "tokenizers", "torch", "transformers"}
TORCH = {"safetensors", "tensorboard", "torch", "transformers"}
CORE = {"PIL", "matplotlib", "msgspec", "numpy", "onnxruntime", "platformdirs", "rich", "tokenizers", "zmq"}
"""What a plain installation brings (PIL comes with matplotlib)."""
IMPORTING = {"huggingface_hub", "onnx"}
"""What making model folders of published checkpoints needs besides; running them does not."""
TORCH_IS_WELCOME = (
    "backend/training/", "backend/evaluation/", "backend/bench/", "backend/dataset/", "backend/engines/shared/torch",
)  # fmt: skip
"""Where torch may be imported: what runs only for those who installed it."""


def modules(*packages: str) -> dict[str, str]:
    """Path from the root -> source, of every Python file of the packages."""
    found = {}
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            found[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
    return found


def imported(path: str, source: str, at_import_only: bool = False) -> Iterator[str]:
    """Every module that a file names in an import, in full ("backend.engines.base"), relative ones resolved.

    `from a import b` gives "a" and "a.b", as b may be a module. at_import_only: leave out what stands in functions or
    under TYPE_CHECKING and so does not run when the file is imported.
    """
    package = path.removesuffix(".py").removesuffix("/__init__").split("/")
    if not path.endswith("__init__.py"):
        package = package[:-1]
    for node in _statements(ast.parse(source, path), at_import_only):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            yield from (name, *(f"{name}.{alias.name}" for alias in node.names))


def _statements(tree: ast.AST, at_import_only: bool) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if at_import_only:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                continue
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                continue
        yield node
        yield from _statements(node, at_import_only)


def top(name: str) -> str:
    return name.split(".")[0]


def forbidden(path: str, source: str) -> set[str]:
    """The imports of a file that the design rules out."""
    names = {top(name) for name in imported(path, source)}
    if path.startswith("retarget/"):
        return names - set(sys.stdlib_module_names) - {"numpy", "retarget"}
    if path.startswith(TORCH_IS_WELCOME):
        return names & (BLENDER | {"addon"})
    if path.startswith("backend/importers/"):
        return names - set(sys.stdlib_module_names) - CORE - IMPORTING - {"backend", "retarget"}
    if path.startswith("backend/"):
        return names - set(sys.stdlib_module_names) - CORE - {"backend", "retarget"}
    return names & HEAVY


@pytest.mark.parametrize(("path", "source"), modules(*OURS).items(), ids=modules(*OURS))
def test_imports_follow_the_design(path: str, source: str) -> None:
    assert forbidden(path, source) == set()


@pytest.mark.parametrize(
    ("path", "source", "names"),
    [
        ("retarget/bad.py", "import bpy", {"bpy"}),
        ("retarget/bad.py", "def f():\n    from ..backend.protocol import hello", {"backend"}),
        ("retarget/bad.py", "from scipy.spatial import transform", {"scipy"}),
        ("retarget/bad.py", "from ..backend import protocol", {"backend"}),
        ("backend/bad.py", "from mathutils import Vector", {"mathutils"}),
        ("backend/bad.py", "import torch.nn as nn", {"torch"}),
        ("backend/engines/base.py", "from ...addon import panel", {"addon"}),
        ("backend/cli.py", "def f():\n    import requests", {"requests"}),
        ("backend/training/loop.py", "import torch", set()),
        ("backend/training/loop.py", "import bpy", {"bpy"}),
        ("addon/bad.py", "import onnxruntime", {"onnxruntime"}),
        ("addon/bad.py", "import bpy\nfrom ..retarget import Motion", set()),
    ],
)
def test_the_import_rule_can_fail(path: str, source: str, names: set[str]) -> None:
    assert forbidden(path, source) == names


def runs_on_import(start: str, sources: dict[str, str]) -> set[str]:
    """Every module outside the project that importing the file `start` imports, through the project's own files."""
    files = {path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in sources}
    seen: set[str] = set()
    outside: set[str] = set()
    waiting = [start]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for name in imported(path, sources[path], at_import_only=True):
            parts = name.split(".")
            # Importing a.b.c runs a/__init__, a/b/__init__ and c.
            owned = [".".join(parts[:i]) for i in range(1, len(parts) + 1)]
            waiting += [files[n] for n in owned if n in files]
            if parts[0] not in OURS:
                outside.add(parts[0])
    return outside


@pytest.mark.parametrize("path", modules("addon"))
def test_blender_loads_no_machine_learning(path: str) -> None:
    """What the add-on imports into Blender's process stays light all the way down: models run in the backend's."""
    assert runs_on_import(path, modules(*OURS)) & HEAVY == set()


def test_the_lightness_rule_can_fail() -> None:
    sources = {
        "addon/panel.py": "from ..backend.server import serve",
        "addon/light.py": "from ..backend.late import run",
        "backend/__init__.py": "",
        "backend/server.py": "from .engines import t5_engine",
        "backend/engines/__init__.py": "",
        "backend/engines/t5_engine.py": "import onnxruntime",
        "backend/late.py": "def run():\n    from .engines import t5_engine",
    }
    assert runs_on_import("addon/panel.py", sources) == {"onnxruntime"}
    assert runs_on_import("addon/light.py", sources) == set()


IMPORT_ALL = """
import importlib, sys
blocked, names = set(sys.argv[1].split(",")), sys.argv[2:]

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in blocked:
            raise ImportError(name + " is blocked")

sys.meta_path.insert(0, Block())
for name in names:
    importlib.import_module(name)
"""


def import_without(blocked: set[str], names: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, ",".join(sorted(blocked)), *(f"motiongpt.{name}" for name in names)],
        cwd=ROOT.parent, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def module_names(*packages: str, leave_out: tuple[str, ...] = ()) -> list[str]:
    paths = [p for p in modules(*packages) if not p.endswith("__main__.py") and not p.startswith(leave_out)]
    return [path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in paths]


def test_everything_but_the_addon_imports_without_bpy() -> None:
    done = import_without(BLENDER, module_names("backend", "retarget"))
    assert done.returncode == 0, done.stderr


def test_the_default_backend_imports_without_torch() -> None:
    done = import_without(TORCH | BLENDER, module_names("backend", "retarget", leave_out=TORCH_IS_WELCOME))
    assert done.returncode == 0, done.stderr


def test_blocking_an_import_works() -> None:
    done = import_without({"numpy"}, ["retarget.motion.rotations"])
    assert done.returncode != 0
    assert "numpy is blocked" in done.stderr


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
    tables = {path: joint_tables(source) for path, source in modules(*OURS, "tests").items()}
    assert {path for path, lines in tables.items() if lines} == {"retarget/motion/skeleton.py"}


def test_a_second_joint_table_is_found() -> None:
    assert joint_tables(f"a = 1\nNAMES = {list(JOINT_NAMES)}") == [2]
    assert joint_tables(f"TABLE = {dict.fromkeys(JOINT_NAMES, 0)}") == [1]
    assert joint_tables('LIMBS = ("left_hip", "left_knee", "left_ankle")') == []


# Written apart, so that this file does not break its own rule.
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


def tracked_files() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [name for name in listed.stdout.split("\0") if name]


def tracked_text() -> Iterator[tuple[str, str]]:
    attributes = (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()
    binary = {line.split()[0].lstrip("*") for line in attributes if line.endswith(" binary")}
    for name in tracked_files():
        path = ROOT / name
        if path.is_file() and path.suffix not in binary:
            yield name, path.read_text(encoding="utf-8")


def test_files_name_no_machine_and_no_package_index() -> None:
    found = [f"{name}: {m[0]}" for name, text in tracked_text() for m in UNWANTED.finditer(text)]
    assert found == []


def test_graphs_name_no_machine() -> None:
    """An exporter may note where the source lay that it read."""
    graphs = [name for name in tracked_files() if name.endswith(".onnx")]
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
