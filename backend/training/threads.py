"""How many threads a training should use: as many as the machine has cores that nobody else is using."""

import os
import time
from pathlib import Path

import torch

from ...retarget.errors import MotionGPTError

_STAT = Path("/proc/stat")
_WATCHED = 1.0  # seconds


def choose_threads(wanted: int | None) -> int:
    """Set and return the number of threads: `wanted`, else what OMP_NUM_THREADS says, else the free cores.

    Threads beyond the free cores wait for each other at every operation: on a busy machine, two threads have been seen
    to be ten times slower than one. Raises MotionGPTError for a number below 1.
    """
    if wanted is not None and wanted < 1:
        raise MotionGPTError(f"A training needs at least one thread, not {wanted}.", "Leave --threads out.", "usage")
    if wanted is None and "OMP_NUM_THREADS" not in os.environ:
        free = free_cores()
        wanted = None if free is None else max(1, min(torch.get_num_threads(), round(free)))
    if wanted is not None:
        torch.set_num_threads(wanted)
    return torch.get_num_threads()


def free_cores() -> float | None:
    """Cores that were idle during the last second; None where the system doesn't tell."""
    try:
        before = _idle_seconds()
        started = time.monotonic()
        time.sleep(_WATCHED)
        return (_idle_seconds() - before) / (time.monotonic() - started)
    except (OSError, ValueError, IndexError):
        return None


def _idle_seconds() -> float:
    """Idle time of all cores since the system's start; the fourth column of Linux's /proc/stat."""
    return int(_STAT.read_text().splitlines()[0].split()[4]) / os.sysconf("SC_CLK_TCK")
