"""The strip in which blocks are drawn: what is where in it, and what the mouse is over. Pixels of a region, no bpy."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ...shot.timing import Timing, snapped

HEIGHT, SCROLLER, MARKERS, SCRUBBING = 20.0, 14.0, 42.0, 24.0
"""Pixels at a scale of 1: of the strip, of what Blender draws below it without and with markers, and of the frame
numbers above the keys."""
_GRIP = 5.0  # on either side of an edge
_MOST_OF_BLOCK = 0.25  # of a narrow block, that its edges take


@dataclass(frozen=True)
class Strip:
    """first: frame at the region's left border.  scale: pixels a frame.  width: of the region.  bottom, height: of the
    strip.  grip: how near to an edge the mouse takes hold of it."""

    first: float
    scale: float
    width: float
    bottom: float
    height: float
    grip: float = _GRIP

    @classmethod
    def of_region(
        cls, frames: tuple[float, float], size: tuple[float, float], markers: bool, scale: float
    ) -> "Strip | None":
        """The strip of a region. frames: at its left and right border.  size: its width and height.  markers: whether
        markers are drawn.  scale: Blender's resolution scale. None where there is no room for it."""
        bottom = (MARKERS if markers else SCROLLER) * scale
        if size[1] < bottom + (HEIGHT + SCRUBBING) * scale or frames[1] <= frames[0] or size[0] <= 0:
            return None
        return cls(
            frames[0], size[0] / (frames[1] - frames[0]), size[0], bottom, HEIGHT * scale, grip=_GRIP * scale
        )  # fmt: skip

    def x(self, frame: float) -> float:
        """Where a frame is."""
        return (frame - self.first) * self.scale

    def frame(self, x: float) -> float:
        """The inverse of `x`."""
        return self.first + x / self.scale


@dataclass(frozen=True)
class Box:
    """The part of a block that can be seen: its number, left and right border."""

    block: int
    left: float
    right: float


def boxes(timing: Timing, strip: Strip) -> Iterator[Box]:
    """What can be seen of the blocks, from left to right."""
    edges = timing.edges
    for i in range(len(timing.lengths)):
        left, right = max(strip.x(edges[i]), 0.0), min(strip.x(edges[i + 1]), strip.width)
        if right > left:
            yield Box(i, left, right)


@dataclass(frozen=True)
class Hit:
    """What the mouse is over: a block, and the number of its edge, as in `Timing.edges`; None for its inside."""

    block: int
    edge: int | None = None


def hit(timing: Timing, strip: Strip, x: float, y: float) -> Hit | None:
    """What is at a place; None outside the blocks."""
    if not strip.bottom <= y < strip.bottom + strip.height or not timing.lengths:
        return None
    edges = timing.edges
    for i in range(len(timing.lengths)):
        left, right = strip.x(edges[i]), strip.x(edges[i + 1])
        grip = min(strip.grip, _MOST_OF_BLOCK * (right - left))
        outer_left, outer_right = (strip.grip if i == 0 else 0.0), (strip.grip if i == len(edges) - 2 else 0.0)
        if left - outer_left <= x < left + grip:
            return Hit(i, i)
        if left + grip <= x < right - grip:
            return Hit(i)
        if right - grip <= x < right + outer_right:
            return Hit(i, i + 1)
    return None


@dataclass(frozen=True)
class Drag:
    """A block, or an edge, in the mouse's hand. timing: as it was when it was taken.  frame: the mouse's then."""

    timing: Timing
    hold: Hit
    frame: float

    def to(self, frame: float, along: bool = False, step: float = 0.0) -> Timing:
        """The timing with the mouse on another frame. along: what follows is moved along.  step: frames to whose whole
        multiples the edge, or the block's beginning, snaps; 0 for every frame."""
        by = round(frame - self.frame)
        edge = self.hold.block if self.hold.edge is None else self.hold.edge
        if step:
            by = snapped(self.timing.edges[edge], by, step)
        if self.hold.edge is None:
            return self.timing.moved(self.hold.block, by, along)
        return self.timing.stretched(self.hold.edge, by, along)


def fitting_text(text: str, width: float, measured: Callable[[str], float]) -> str:
    """As much of a text as is not wider than that, with an ellipsis where it is cut; "" where nothing fits.

    >>> fitting_text("walks forward", 9, len), fitting_text("bows", 9, len), fitting_text("bows", 1, len)
    ('walks fo…', 'bows', '')
    """
    if measured(text) <= width:
        return text
    low, high = 0, len(text) - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measured(text[:middle].rstrip() + "…") <= width else (low, middle - 1)
    return text[:low].rstrip() + "…" if low else ""
