"""The child process that `backend.output.blender` starts: `motiongpt.addon.export JOB`, in a Python with bpy."""

import json
import sys

from ...backend.output.blender import RESULT_MARK

try:
    import bpy  # noqa: F401
except ImportError as error:
    failure = {
        "kind": "no_blender",
        "message": f"Blender's Python module bpy can't be loaded ({error}).",
        "cure": "Install the libraries it needs; on Debian or Ubuntu: apt-get install libxrender1 libxi6 libxkbcommon0 "
        "libsm6 libgl1 libegl1 libgomp1",
    }
    print(RESULT_MARK + json.dumps({"error": failure}))
    sys.exit(1)

from .child import main

main(sys.argv[1])
