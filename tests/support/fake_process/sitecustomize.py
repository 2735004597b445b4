"""Python's start-up hook, for processes with this folder in PYTHONPATH: the backend there runs `fake_engine`.

Such a process is real in everything but the model: `load_engine` always returns the fake engine.
"""

import sys
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

ENGINES = "motiongpt.backend.engines"


class _FakeEngines:
    """Finds `motiongpt.backend.engines` as Python does, and replaces its `load_engine` once it is loaded."""

    def find_spec(self, name: str, path: object = None, _target: object = None) -> ModuleSpec | None:
        if name != ENGINES:
            return None
        spec = PathFinder.find_spec(name, path)
        load = spec.loader.exec_module

        def load_and_replace(module: ModuleType) -> None:
            load(module)
            import fake_engine

            module.load_engine = lambda name, device="auto", precision="auto": fake_engine.make(name, device)

        spec.loader.exec_module = load_and_replace
        return spec


sys.path.append(str(Path(__file__).resolve().parents[1]))
sys.meta_path.insert(0, _FakeEngines())
