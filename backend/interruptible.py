"""Long computations of an engine that yield all the while, so that a cancel takes effect at once.

Fitting 20,000 frames takes a minute of numpy without a token in between. Such a computation runs in a thread of its own
while the engine's generator goes on yielding; when that is closed, the thread is interrupted.
"""

import ctypes
import threading
from collections.abc import Callable, Generator
from typing import TypeVar

from .engine import Progress, Result

T = TypeVar("T")
INTERVAL = 0.05
"""Seconds between two yields."""


class _Interrupted(BaseException):
    """Ends a computation that nobody waits for any more."""


def interruptible(compute: Callable[[], T], progress: Progress) -> Generator[Progress | Result, None, T]:
    """Yields `progress` until `compute` is done; returns what it returns, or raises what it raises.

    compute: may only read what other threads have, and hold no resources: it is broken off anywhere in its Python code
    where the generator is closed. A call of a library is finished first.
    """
    outcome: list[T] = []
    failure: list[BaseException] = []
    done = threading.Event()

    def run() -> None:
        try:
            outcome.append(compute())
        except BaseException as error:  # noqa: BLE001 - handed over and raised by the generator
            failure.append(error)
        finally:
            done.set()

    thread = threading.Thread(target=run, name="computation", daemon=True)
    thread.start()
    try:
        while not done.wait(INTERVAL):
            yield progress
    finally:
        if not done.is_set() and thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(_Interrupted))
    if failure:
        raise failure[0]
    return outcome[0]
