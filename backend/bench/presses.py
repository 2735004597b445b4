"""Benchmark of the panel's buttons, in a Blender without a window, or in the window of an installed one.

The measuring happens in Blender, by the add-on's `bench.presses`.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ...retarget.errors import MotionGPTError
from ..output.blender import check_bpy
from ..process.launch import LAUNCHER

WANTED = {
    "Text to Motion, first of the session": 3.0,
    "Text to Motion": 0.8,
    "Describe": 1.0,
    "Continue": 1.5,
    "In-Between, four poses, three takes": 1.5,
    "Redo Gap, three takes": 1.5,
}
"""Seconds that a press may take on a quiet machine."""
WANTED_MOVED = 0.3
"""Seconds after which the figure in the viewport may begin to move, once a model is loaded."""
WANTED_TICK = 0.05
"""Seconds that Blender may be blocked."""
_CHILD = "motiongpt.addon.bench"
_EXTENSION = "bl_ext.user_default.motiongpt"
_LIMIT = 1200.0


def measure(blender: str = "") -> list[dict[str, Any]]:
    """What the add-on's `bench.presses.Measured` describes, a dictionary for every press.

    blender: the program of a Blender that has the extension, to measure in its window; "" for one without a window.
    Raises MotionGPTError where there is no Blender, or where a press fails in it.
    """
    with tempfile.TemporaryDirectory(prefix="motiongpt-") as folder:
        output = Path(folder) / "presses.json"
        if blender:
            code = f"import {_EXTENSION}.addon.bench.presses as presses; presses.in_window({str(output)!r})"
            command = [blender, "--window-geometry", "0", "0", "1600", "900", "--python-expr", code]
        else:
            check_bpy()
            python = os.environ.get("MOTIONGPT_BPY_PYTHON", sys.executable)
            command = [python, "-P", str(LAUNCHER), _CHILD, str(output)]
        said = _run(command)
        answer = json.loads(output.read_text(encoding="utf-8")) if output.is_file() else {"error": said}
    if isinstance(answer, dict):
        raise MotionGPTError(f"The presses could not be measured ({answer['error']}).", "Try again.", "internal")
    return list(answer)


def _run(command: list[str]) -> str:
    """Run a Blender to its end; returns the last line that it said. Raises MotionGPTError if it can't be started."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_LIMIT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MotionGPTError(
            f"{command[0]} can't be run ({error}).", "Name the program of a Blender with --blender.", "no_blender"
        ) from error
    return (done.stderr or done.stdout).strip().rpartition("\n")[2] or f"exit status {done.returncode}"
