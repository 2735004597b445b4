"""A user's hands: the mouse and the keyboard of the screen, which go where a label is read. Every function is a
generator that yields the seconds to wait, as `driving.start` takes them."""

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

import bpy
import eyes
import numpy as np
from eyes import Box, Seen

T = TypeVar("T")
Waits = Iterator[float]

PATIENCE = 240.0  # seconds; under software OpenGL, on a busy machine, events may be handled long after they were sent
_NOTCHES, _ALL = 4, 60  # of the wheel between two looks at a sidebar, and to its top


def xdotool(*words: object) -> None:
    subprocess.run(["xdotool", *map(str, words)], check=True)


def until(reached: Callable[[], object], limit: float = PATIENCE) -> Waits:
    """Wait until something is so, or until it has taken too long."""
    end = time.monotonic() + limit
    while not reached() and time.monotonic() < end:
        yield 0.1


def box_of(area: bpy.types.Area, kind: str) -> Box:
    """A region's place on the screen."""
    window = bpy.context.window_manager.windows[0]
    region = next(r for r in area.regions if r.type == kind)
    bottom = window.height - region.y
    return region.x, bottom - region.height, region.x + region.width, bottom


def see(label: str, box: Box | None = None, which: int = 0, scroll: bool = False) -> Iterator[float]:
    """Wait until a label is on the screen; returns the `Seen`. which: of several, from the top; -1 is the last.
    scroll: turn the wheel to look for it, from the top of the box on. Raises LookupError."""
    end, before, down = time.monotonic() + PATIENCE, None, False
    while time.monotonic() < end:
        found = eyes.find(label, box)
        seen = found[which] if len(found) > max(which, 0) else None
        if seen is not None and before is not None and (seen.x, seen.y) == (before.x, before.y):
            return seen  # it stands still
        if seen is None and scroll and box is not None:
            old = eyes.screen(box)
            yield from turned(box, _NOTCHES if down else -_ALL)
            down = not down or not np.array_equal(old, eyes.screen(box))  # at the end, begin again at the top
        before = seen
        yield 0.3
    raise LookupError(f'"{label}" is not on the screen')


def turned(box: Box, notches: int) -> Waits:
    """Turn the wheel over the middle of a box, towards the user for a positive number."""
    move((box[0] + box[2]) // 2, (box[1] + box[3]) // 2)
    xdotool("click", "--repeat", abs(notches), "--delay", 10, 5 if notches > 0 else 4)
    yield from still(box)


def still(box: Box, looks: int = 20) -> Waits:
    """Wait until what is drawn there no longer changes: a busy machine is seconds behind the mouse."""
    before = None
    for _ in range(looks):
        yield 0.6
        now = eyes.screen(box)
        if before is not None and np.array_equal(before, now):
            return
        before = now


def move(x: float, y: float) -> None:
    xdotool("mousemove", round(x), round(y))


def click(
    label: str,
    box: Box | None = None,
    which: int = 0,
    scroll: bool = False,
    button: int = 1,
    at: tuple[int, int] = (0, 0),
) -> Waits:
    """Click a label. at: pixels to the right and down of its middle."""
    seen: Seen = yield from see(label, box, which, scroll)
    yield from click_at(seen.x + at[0], seen.y + at[1], button)


def click_at(x: float, y: float, button: int = 1) -> Waits:
    move(x, y)
    yield 0.4
    xdotool("click", button)
    yield 0.6


def press(*keys: str) -> Waits:
    for each in keys:
        xdotool("key", each)
        yield 0.4


def typed(text: str, field: str, box: Box | None = None, scroll: bool = False, at: tuple[int, int] = (0, 0)) -> Waits:
    """Type into the field that shows this label, in place of what it holds."""
    yield from click(field, box, scroll=scroll, at=at)
    xdotool("key", "ctrl+a")
    yield 0.4
    xdotool("type", "--delay", 20, text)
    yield 0.8
    xdotool("key", "Return")
    yield 0.8


def dragged(places: Sequence[tuple[float, float]], button: int = 1, hold: str = "") -> Waits:
    """Press on the first place, go through the others in small steps, let go. hold: a key that is held meanwhile."""
    yield from taken(places, button)
    xdotool("mouseup", button)
    yield 0.8


def taken(places: Sequence[tuple[float, float]], button: int = 1) -> Waits:
    """The same without letting go."""
    move(*places[0])
    yield 0.5
    xdotool("mousedown", button)
    yield 0.3
    for (x, y), (to_x, to_y) in pairwise(places):
        for share in (0.1, 0.4, 0.7, 1.0):
            move(x + share * (to_x - x), y + share * (to_y - y))
            yield 0.15
