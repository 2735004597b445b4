"""Whether the process that started this one still runs, on every system and however it ended."""

import os
import sys
from collections.abc import Callable

from ...retarget.errors import MotionGPTError

_MOST = 2**31 - 1 if sys.platform != "win32" else 2**32 - 1

if sys.platform == "win32":
    import ctypes

    def watch(pid: int) -> Callable[[], bool]:
        """A function that is true once process `pid` has ended. Raises MotionGPTError for what is no process."""
        if not 0 < pid <= _MOST:
            raise _no_process(pid)
        synchronize, wait_object_0 = 0x00100000, 0
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = ctypes.c_void_p
        kernel.WaitForSingleObject.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
        # As long as the handle is open, Windows does not reuse the PID.
        handle = kernel.OpenProcess(synchronize, False, pid)
        if not handle:
            raise _no_process(pid)
        return lambda: kernel.WaitForSingleObject(handle, 0) == wait_object_0

    def exists(pid: int) -> bool:
        """Whether a process runs."""
        try:
            return not watch(pid)()
        except MotionGPTError:
            return False

else:

    def watch(pid: int) -> Callable[[], bool]:
        """A function that is true once process `pid` has ended. Raises MotionGPTError for what is no process."""
        if not 0 < pid <= _MOST or not exists(pid):
            raise _no_process(pid)
        if os.getppid() == pid:
            return lambda: os.getppid() != pid  # orphans get another parent at once; PIDs may be reused
        return lambda: not exists(pid)

    def exists(pid: int) -> bool:
        """Whether a process runs; a zombie does."""
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except PermissionError:
            return True
        return True


def _no_process(pid: int) -> MotionGPTError:
    return MotionGPTError(
        f"There is no process {pid} to stop with.", "Give the number of one that runs, or leave out --parent-pid."
    )
