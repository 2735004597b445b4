"""Freed memory is kept for the next step of a training."""

import ctypes
import sys

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4  # malloc.h of glibc
_NEVER = -1
_AHEAD = 1 << 28  # bytes that the heap grows by


def keep_freed_memory() -> bool:
    """Have glibc keep what is freed; returns whether it does.

    By itself it asks the system for every tensor of more than 32 MB, and gives it back after its use: the system then
    clears the pages again for the next one. With the logits of a vocabulary, that was half of the time of a step.
    """
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # another libc
        return False
    return all(mallopt(what, value) for what, value in ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, _NEVER), (_TOP_PAD, _AHEAD)))
