"""Where a shot's blocks lie on the timeline, and what dragging, splitting and sorting do to them. Whole frames, no bpy.

Blocks lie end to end. Where one takes frames, its neighbours give way: the next one first, then the one after it, each
down to the shortest length; the ends of the shot stay where they are. With `along`, what follows is moved instead.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ...retarget.errors import MotionGPTError
from ..translation.saying import say


@dataclass(frozen=True)
class Timing:
    """start: the shot's first frame.  lengths: frames of each block.  shortest: what none is dragged below."""

    start: int
    lengths: tuple[int, ...]
    shortest: int = 1

    @property
    def edges(self) -> tuple[int, ...]:
        """(N + 1) the first frame of every block, and the frame after the last."""
        out = [self.start]
        for length in self.lengths:
            out.append(out[-1] + length)
        return tuple(out)

    def span(self, index: int) -> tuple[int, int]:
        """First and last frame of a block."""
        edges = self.edges
        return edges[index], edges[index + 1] - 1

    def block_at(self, frame: float) -> int | None:
        """The block that a frame is in."""
        edges = self.edges
        return next((i for i in range(len(self.lengths)) if edges[i] <= frame < edges[i + 1]), None)

    def stretched(self, edge: int, by: int, along: bool = False) -> "Timing":
        """With an edge, numbered as in `edges`, moved by some frames.

        >>> Timing(1, (30, 30, 30), 10).stretched(1, 5).lengths, Timing(1, (30, 30, 30), 10).stretched(1, 35).lengths
        ((35, 25, 30), (65, 10, 15))
        >>> Timing(1, (30, 30), 10).stretched(1, 5, along=True).lengths, Timing(1, (30, 30), 10).stretched(0, 5)
        ((35, 30), Timing(start=6, lengths=(25, 30), shortest=10))
        """
        before, after = range(edge - 1, -1, -1), range(edge, len(self.lengths))
        if along and edge:
            by = max(by, min(0, self.shortest - self.lengths[edge - 1]))
            after = range(0)
        by = self._allowed(by, before, after)
        start = self.start + (by if edge == 0 else 0)
        return replace(self, start=start, lengths=self._given((before, by), (after, -by)))

    def moved(self, index: int, by: int, along: bool = False) -> "Timing":
        """With a block moved by some frames, as long as it is: the one before it gets longer or gives way, the one
        after it does the opposite. The shot's first block takes its start along, its last one its end.

        >>> Timing(1, (30, 30, 30), 10).moved(1, 5).lengths, Timing(1, (30, 30, 30), 10).moved(1, -25).lengths
        ((35, 30, 25), (10, 30, 50))
        >>> Timing(1, (30, 30), 10).moved(0, 5), Timing(1, (30, 30), 10).moved(0, 5, along=True)
        (Timing(start=6, lengths=(30, 25), shortest=10), Timing(start=6, lengths=(30, 30), shortest=10))
        """
        before, after = range(index - 1, -1, -1), range(0 if along else index + 1, 0 if along else len(self.lengths))
        by = self._allowed(by, before, after)
        start = self.start + (by if index == 0 else 0)
        return replace(self, start=start, lengths=self._given((before, by), (after, -by)))

    def split(self, frame: int) -> tuple[int, int]:
        """The block that a frame is in, and how many frames of it come before. Raises MotionGPTError where one of the
        parts would be too short."""
        index = self.block_at(frame)
        if index is None:
            raise MotionGPTError(
                say("Frame {frame} is in no block.", frame=frame), "Move the playhead into the block to split."
            )
        first, last = self.span(index)
        if frame - first < self.shortest or last + 1 - frame < self.shortest:
            raise MotionGPTError(
                say(
                    "A part of block {number} would have fewer than {fewest} frames.",
                    number=index + 1,
                    fewest=self.shortest,
                ),
                "Move the playhead further into the block.",
            )
        return index, frame - first

    def _allowed(self, by: int, before: range, after: range) -> int:
        """How far something between blocks can be moved: as far as those in its way can give."""
        if by > 0 and after:
            return min(by, self._spare(after))
        return max(by, -self._spare(before)) if by < 0 and before else by

    def _spare(self, blocks: range) -> int:
        return sum(max(0, self.lengths[i] - self.shortest) for i in blocks)

    def _given(self, *changes: tuple[range, int]) -> tuple[int, ...]:
        """The lengths, with frames for the first of some blocks, or, where negative, from them, one after the other."""
        lengths = list(self.lengths)
        for blocks, frames in changes:
            if frames > 0 and blocks:
                lengths[blocks[0]] += frames
            for i in blocks if frames < 0 else ():
                taken = min(-frames, max(0, lengths[i] - self.shortest))
                lengths[i], frames = lengths[i] - taken, frames + taken
        return tuple(lengths)


def snapped(frame: int, by: int, step: float) -> int:
    """How far to move what is at a frame, so that it comes to a whole multiple of `step` frames, the nearest one."""
    return round(round((frame + by) / step) * step) - frame


def shared_out(usual: Iterable[float], frames: int) -> tuple[int, ...]:
    """Whole numbers of frames that add up to `frames`, in proportion to seconds.

    >>> shared_out([3.0, 2.2, 2.0], 100)
    (42, 30, 28)
    """
    parts, done, out = list(usual), 0.0, list[int]()
    for part in parts:
        done += part
        out.append(round(frames * done / sum(parts)) - sum(out))
    return tuple(out)
