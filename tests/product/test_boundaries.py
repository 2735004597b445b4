"""What may import what, and how large folders and files may be. Every rule is also tried on code that breaks it."""

import re
import subprocess
import sys
import tomllib
from collections import Counter

import pytest
from support.import_graph import PACKAGE, ROOMS, ROOT, ImportGraph, Module, product_graph

GRAPH = product_graph()
BLENDER = {"bpy", "bpy_extras", "bl_ext", "bmesh", "gpu", "mathutils"}
HEAVY = {"onnx", "onnxruntime", "sentence_transformers", "tokenizers", "torch", "transformers"}
TORCH = {"safetensors", "tensorboard", "torch", "transformers"}
CORE = {"PIL", "matplotlib", "msgspec", "numpy", "onnxruntime", "platformdirs", "rich", "tokenizers", "zmq"}
"""What a plain installation brings (PIL comes with matplotlib)."""
IMPORTING = {"huggingface_hub", "onnx"}
"""What importing published checkpoints needs in addition; running them does not."""
TORCH_IS_WELCOME = (
    "backend/training/", "backend/evaluation/", "backend/bench/", "backend/dataset/", "backend/text_encoder/",
    "backend/engines/shared/torch",
)  # fmt: skip
"""Where torch may be imported: code that runs only where it is installed."""
FOR_BLENDER = {
    "backend", "backend.known", "backend.known.doubt", "backend.known.phrases", "backend.limits",
    "backend.model_folder", "backend.output.blender", "backend.process", "backend.process.access",
    "backend.process.access.keys", "backend.process.child", "backend.process.client",
    "backend.process.connection", "backend.process.launch", "backend.process.protocol",
    "backend.process.watching", "backend.process.watching.diagnostics", "backend.process.watching.figures",
    "backend.process.watching.words", "backend.shots", "backend.shots.numbers", "backend.shots.plan",
    "backend.shots.splitting", "backend.tasks", "backend.version",
}  # fmt: skip
"""What the add-on may import of the backend: it runs in Blender's process, and loads no model."""
MODULE_OF = {"onnxruntime-gpu": "onnxruntime"}
IMPORTED_BY_OTHERS = {
    "onnxscript": "torch.onnx.export", "tensorboard": "SummaryWriter", "bitsandbytes": "BitsAndBytesConfig",
}  # fmt: skip
"""Packages that another library imports, where the product uses this of it."""
BOUNDED = {"accelerate", "bitsandbytes", "bpy", "onnxruntime-gpu", "peft", "ray", "smplx", "torch", "transformers"}
"""Those that have changed what they mean from one version to another."""
MOST_MODULES, MOST_LINES = 12, 400


def forbidden(module: Module) -> set[str]:
    """The imports of a module that the design rules out."""
    room = module.name.split(".")[0]
    others = module.others()
    foreign = others - set(sys.stdlib_module_names)
    own = {reached.name for reached in module.imports if reached.own}
    if room == "retarget":
        return foreign - {"numpy"} | outside(own, "retarget")
    if room == "backend":
        if module.path.startswith(TORCH_IS_WELCOME):
            foreign &= BLENDER
        elif module.path.startswith("backend/importers/"):
            foreign -= CORE | IMPORTING
        elif module.path == "backend/cluster/ray_cluster.py":
            foreign -= CORE | {"ray"}
        else:
            foreign -= CORE
        return foreign | outside(own, "backend", "retarget")
    return others & HEAVY | outside(own - FOR_BLENDER, "addon", "retarget") if room == "addon" else foreign


def outside(names: set[str], *rooms: str) -> set[str]:
    return {name for name in names if name.split(".")[0] not in rooms}


@pytest.mark.parametrize("module", GRAPH.modules.values(), ids=lambda module: module.path)
def test_imports_follow_the_design(module: Module) -> None:
    assert forbidden(module) == set()


@pytest.mark.parametrize(
    ("path", "source", "names"),
    [
        ("retarget/bad.py", "import bpy", {"bpy"}),
        ("retarget/bad.py", "def f():\n    from ..backend.process.protocol import hello", {"backend.process.protocol"}),
        ("retarget/bad.py", "from scipy.spatial import transform", {"scipy"}),
        ("retarget/bad.py", "from ..backend.process import protocol", {"backend.process.protocol"}),
        ("backend/bad.py", "from mathutils import Vector", {"mathutils"}),
        ("backend/bad.py", "import torch.nn as nn", {"torch"}),
        ("backend/process/bad.py", "from ...addon.ui import panel", {"addon.ui.panel"}),
        ("backend/cli.py", "def f():\n    import requests", {"requests"}),
        ("backend/training/loop.py", "import torch", set()),
        ("backend/training/loop.py", "import bpy", {"bpy"}),
        ("addon/bad.py", "import onnxruntime", {"onnxruntime"}),
        ("addon/bad.py", "import bpy\nfrom ..retarget.motion import Motion", set()),
        ("addon/bad.py", "from ..backend.process import protocol, server", {"backend.process.server"}),
        ("addon/bad.py", "def f():\n    from ..backend.engines import load_engine", {"backend.engines"}),
    ],
)
def test_the_import_rule_can_fail(path: str, source: str, names: set[str]) -> None:
    assert forbidden(GRAPH.read(path, source)) == names


def absolute(module: Module) -> set[str]:
    """Own packages that are imported by their full name, which differs between the extension and an installation."""
    return module.others() & {PACKAGE, *ROOMS}


def test_own_packages_are_imported_relatively() -> None:
    assert {module.path: absolute(module) for module in GRAPH.modules.values() if absolute(module)} == {}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("from motiongpt.retarget.motion import Motion", {"motiongpt"}),
        ("def f():\n    import retarget.motion", {"retarget"}),
        ("from ..retarget.motion import Motion", set()),
    ],
)
def test_an_absolute_import_is_found(source: str, names: set[str]) -> None:
    assert absolute(GRAPH.read("backend/bad.py", source)) == names


@pytest.mark.parametrize("name", [name for name in GRAPH.modules if name.startswith("addon")])
def test_blender_loads_no_machine_learning(name: str) -> None:
    """What the add-on imports into Blender's process stays light, also indirectly: models run in the backend's."""
    assert GRAPH.loaded_by(name) & HEAVY == set()


def test_the_lightness_rule_can_fail() -> None:
    graph = ImportGraph(
        {
            "addon/panel.py": "from ..backend.server import serve",
            "addon/light.py": "from ..backend.late import run",
            "backend/__init__.py": "",
            "backend/server.py": "from .engines import t5_engine",
            "backend/engines/__init__.py": "",
            "backend/engines/t5_engine.py": "import onnxruntime",
            "backend/late.py": "def run():\n    from .engines import t5_engine",
        }
    )
    assert graph.loaded_by("addon.panel") == {"onnxruntime"}
    assert graph.loaded_by("addon.light") == set()


def test_no_folders_import_each_other() -> None:
    cycles = GRAPH.cycles()
    edges = GRAPH.folder_edges
    assert cycles == [], [edges[a][b] for group in cycles for a in group for b in group if b in edges[a]]


def test_a_cycle_of_folders_is_found() -> None:
    sources = {
        "backend/a/one.py": "from ..b import two",
        "backend/b/two.py": "def f():\n    from ..c.three import late",
        "backend/c/three.py": "from ..a import one",
        "backend/c/below.py": "from ..d import four",
        "backend/d/four.py": "from . import five",
        "backend/d/five.py": "",
        "backend/d/__main__.py": "from ..a import one",
    }
    assert ImportGraph(sources).cycles() == [["backend.a", "backend.b", "backend.c"]]


def crowded(graph: ImportGraph) -> dict[str, int]:
    """Folders with more modules than one person keeps in mind, `__init__` not counted."""
    counts = Counter(module.folder for module in graph.modules.values() if not module.path.endswith("__init__.py"))
    return {folder: count for folder, count in counts.items() if count > MOST_MODULES}


def test_no_folder_is_crowded() -> None:
    assert crowded(GRAPH) == {}


def test_a_crowded_folder_is_found() -> None:
    sources = dict.fromkeys(["addon/__init__.py", "backend/a.py", *(f"addon/m{i}.py" for i in range(12))], "")
    assert crowded(ImportGraph(sources)) == {}
    assert crowded(ImportGraph(sources | {"addon/m12.py": ""})) == {"addon": 13}


def overlong(graph: ImportGraph) -> dict[str, int]:
    """Files of more lines than can be read in one sitting."""
    lines = {module.path: len(module.source.splitlines()) for module in graph.modules.values()}
    return {path: count for path, count in lines.items() if count > MOST_LINES}


def test_no_module_is_overlong() -> None:
    assert overlong(GRAPH) == {}


def test_an_overlong_module_is_found() -> None:
    sources = {"addon/long.py": "a = 1\n" * 401, "addon/short.py": "a = 1\n" * 400}
    assert overlong(ImportGraph(sources)) == {"addon/long.py": 401}


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
        [sys.executable, "-c", IMPORT_ALL, ",".join(sorted(blocked)), *(f"{PACKAGE}.{name}" for name in names)],
        cwd=ROOT.parent, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def module_names(*rooms: str, leave_out: tuple[str, ...] = ()) -> list[str]:
    modules = [m for m in GRAPH.modules.values() if m.path.startswith(rooms) and not m.path.endswith("__main__.py")]
    return [module.name for module in modules if not module.path.startswith(leave_out)]


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


def test_every_package_of_an_extra_is_used() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {k: v for k, v in project["optional-dependencies"].items() if k not in ("dev", "docs", "smplx")}
    listed = {re.split(r"[^\w.-]", one, maxsplit=1)[0]: one for group in extras.values() for one in group}
    imported = set().union(*(module.others() for module in GRAPH.modules.values()))
    text = "".join((ROOT / module.path).read_text(encoding="utf-8") for module in GRAPH.modules.values())
    unused = {
        name
        for name in listed
        if MODULE_OF.get(name, name) not in imported and IMPORTED_BY_OTHERS.get(name, "nowhere at all") not in text
    }
    assert unused == set()
    unbounded = {name for name, one in listed.items() if name in BOUNDED and "<" not in one and "==" not in one}
    assert unbounded == set()
