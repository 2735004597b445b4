"""What a training on a CPU keeps of a step for the next one: freed memory, and prepared matrix products."""

import ctypes
import os
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


def keep_prepared_products() -> None:
    """Have oneDNN keep the code that it writes for each size of a matrix product; call it before the first one.

    By itself it keeps 1,024 sizes. Batches of other lengths have more than that, so that nearly every product was
    prepared anew, which takes a fifth of the time of a step or more.
    """
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "16384")
