"""Runs a module of this package from its own folder: `python -P launch.py MODULE ARGUMENTS`, or in a Blender:
`blender --background --python launch.py -- MODULE ARGUMENTS`.

A checkout, an installation and the extension have the same layout, but their folders have different names, and the
extension's is next to those of other extensions, which must not become importable. So the package is loaded from its
path, under the name `motiongpt`.
"""

import runpy
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

LAUNCHER = Path(__file__).resolve()
NAME = "motiongpt"
ROOT = LAUNCHER.parents[2]


def load_package() -> None:
    """Make `import motiongpt` mean the package around this file."""
    spec = spec_from_file_location(NAME, ROOT / "__init__.py", submodule_search_locations=[str(ROOT)])
    assert spec is not None and spec.loader is not None
    package = module_from_spec(spec)
    sys.modules[NAME] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    load_package()
    in_blender = Path(sys.argv[0]).resolve() != LAUNCHER
    del sys.argv[: sys.argv.index("--") + 1 if in_blender else 1]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
