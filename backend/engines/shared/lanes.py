"""Work on several processors: groups of requests, each in a thread of its own."""

import os
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Group = TypeVar("Group")
Event = TypeVar("Event")


share = 1
"""How many processes like this one share the processors."""
most = 0
"""How many processors this process may use, whatever there is; 0: all."""


def limit(processors: int) -> None:
    """Use no more than so many processors in this process from now on."""
    global most
    most = processors


def processors() -> int:
    """How many processors this process may use."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(count // share, most or count))


def in_lanes(groups: Sequence[Group], work: Callable[[Group], Iterator[Event]], lanes: int) -> Iterator[Event]:
    """The events of `work` on every group, as they come; `lanes` groups at a time, each in one thread.

    Closing the iterator ends the work at its next event, and waits for that. Raises what `work` raises.
    """
    if lanes <= 1 or len(groups) <= 1:
        for group in groups:
            yield from work(group)
        return
    left, come, stopping = iter(groups), queue.SimpleQueue[Event | BaseException | None](), threading.Event()
    lock = threading.Lock()

    def lane() -> None:
        try:
            while True:
                with lock:
                    group = next(left, None)
                if group is None:
                    break
                for event in work(group):
                    come.put(event)
                    if stopping.is_set():
                        return
        except BaseException as error:  # noqa: BLE001 - handed over and raised by the consumer
            come.put(error)
        finally:
            come.put(None)

    threads = [threading.Thread(target=lane, name=f"lane-{i}", daemon=True) for i in range(min(lanes, len(groups)))]
    for thread in threads:
        thread.start()
    running = len(threads)
    try:
        while running:
            event = come.get()
            if event is None:
                running -= 1
            elif isinstance(event, BaseException):
                raise event
            else:
                yield event
    finally:
        stopping.set()
        for thread in threads:
            thread.join()
