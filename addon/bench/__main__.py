"""The child process that `backend.bench.presses` starts: `motiongpt.addon.bench OUTPUT`, in a Python with bpy.

In a Blender with a window, `motiongpt.addon.bench.presses.in_window(OUTPUT)` does the same.
"""

import os
import sys
from pathlib import Path

from .. import registration
from .presses import without_window

registration.register()
without_window(Path(sys.argv[1]))
registration.unregister()
sys.stdout.flush()
os._exit(0)  # bpy's own exit crashes or hangs in some versions
