"""Runs the command line from this file's own place: `python …/backend/launch.py serve …`.

In a checkout `backend` and `retarget` are packages beside each other. In the extension they lie inside the extension's
package, whose `__init__.py` imports bpy and must not run here; a bare package of the same shape takes its place.
"""

import importlib
import sys
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BARE_PACKAGE = "motiongpt_extension"


def import_cli() -> types.ModuleType:
    """`backend.cli`, under the name that its own imports need."""
    # Python put this file's folder first, where `client`, `models` and others would hide packages of those names.
    here = Path(__file__).resolve().parent
    sys.path[:] = [entry for entry in sys.path if not entry or Path(entry).resolve() != here]
    name = here.name
    if (ROOT / "blender_manifest.toml").is_file():  # the built extension
        package = types.ModuleType(BARE_PACKAGE)
        package.__path__ = [str(ROOT)]
        sys.modules[BARE_PACKAGE] = package
        name = f"{BARE_PACKAGE}.{name}"
    else:
        sys.path.insert(0, str(ROOT))
    return importlib.import_module(f"{name}.cli")


if __name__ == "__main__":
    sys.exit(import_cli().main())
