"""Runs one scenario in Blender: `run.py SCRIPT NAME [VARIABLE=VALUE ...]`; a script's functions are its scenarios.

The built extension is installed by then (NAME "install" does that, with the zip in ARCHIVE); bpy comes from the wheel.
Every scenario returns its result, which is printed as JSON; then the process ends without bpy's exit. Variables are
set here, because a Blender in a root of its own does not inherit the environment.
"""

import importlib
import json
import os
import sys
import traceback
from pathlib import Path

import bpy

import addon_utils  # isort: skip - bpy makes it importable

TESTS = Path(__file__).resolve().parents[2]


def install(archive: str) -> None:
    """Install the zip as a user would, into the folder that BLENDER_USER_RESOURCES names."""
    bpy.ops.extensions.package_install_files(
        filepath=archive, repo="user_default", enable_on_install=True, overwrite=True
    )
    if importlib.import_module(f"{MODULE}.addon.jobs.session").current() is None:
        raise RuntimeError("the extension was installed but is not enabled")


def main(script: str, name: str, *variables: str) -> int:
    os.environ |= dict(variable.split("=", 1) for variable in variables)
    try:
        if name == "install":
            install(os.environ["ARCHIVE"])
            return 0
        bpy.ops.wm.read_homefile(use_empty=True)
        addon_utils.enable(MODULE, default_set=True)
        sys.path.insert(0, str(Path(script).parent))
        result = getattr(importlib.import_module(Path(script).stem), name)()
        print("RESULT " + json.dumps(result), flush=True)  # Blender prints lines of its own
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        addon_utils.disable(MODULE, default_set=True)
    return 0


if __name__ == "__main__":
    sys.path[0] = str(TESTS)
    from support.in_blender.user import MODULE

    code = main(*sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # bpy's own exit crashes or hangs in some versions
