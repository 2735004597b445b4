"""The motion that a shot is sent with, and the answer on the scene's frames: plain values only, for any thread."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...retarget.motion import Motion
from ...retarget.solving.keyed_poses import spread_poses
from ...retarget.typing import Floats
from ..character.character import Character
from ..jobs.motion import read_motion
from ..poses.reader import ReadPoses
from .request import ShotRequest, Start

STANDING = 0.5
"""Seconds for which a lone first pose is held, so that it has a speed: none."""
Frames = tuple[int, int]
"""Frames from, to (not included)."""


@dataclass(frozen=True, eq=False)
class Around:
    """What the new frames lie between, on the rig's own body. before: what they go on from.  after: what they lead
    into.  place: one frame, where they start if there is nothing before."""

    before: Motion | None = None
    after: Motion | None = None
    place: Motion | None = None

    @classmethod
    def of(cls, request: ShotRequest, character: Character, read: ReadPoses) -> Around:
        """From the poses that were read for a request."""
        count, stands = request.lead_in, request.start is Start.STANDS

        def motion(rows: Sequence[int], frames: int = 0) -> Motion | None:
            if not rows:
                return None
            poses = read_motion(request, character, read, np.asarray(rows))
            return spread_poses(poses, np.arange(len(rows)), max(frames, len(rows)))

        alone = [count] if stands else []
        later = count + len(alone)  # the row of the first pose after
        rest = later + (1 if request.after else 0)
        place = [rest] if request.start is Start.PLACE else []
        rest += len(place)
        after = [later, *range(rest, rest + request.after - 1)] if request.after else []
        before = motion(alone, round(STANDING * request.target.fps)) if stands else motion(range(count))
        return cls(before, motion(after), motion(place))


def with_room(before: Motion | None, around: Around, frames: int) -> tuple[Motion, list[Frames], int]:
    """A motion with room for a block that is made in it: which frames its parts have, and which of them the block is.

    before: what the block goes on from; None for the place alone.
    """
    held = before if before is not None else around.place
    assert held is not None
    room = held.at(np.full(frames, len(held) - 1))
    parts = [part for part in (before, room, around.after) if part is not None]
    ends = np.cumsum([0, *map(len, parts)]).tolist()
    spans = list(itertools.pairwise(ends))
    motion = replace(
        room,
        rotations=np.concatenate([part.rotations for part in parts]),
        root_position=np.concatenate([part.root_position for part in parts]),
        contacts=np.concatenate([part.contacts for part in parts]),
        meta={"blocks": [{"start": start, "stop": stop} for start, stop in spans]},
    )
    return motion, spans, 0 if before is None else 1


def lengths_asked(request: ShotRequest) -> list[int]:
    """Frames of each block that is made, without a first frame that stays."""
    lengths = [block.frames for block in request.made]
    if request.start is Start.STANDS:
        lengths[0] -= 1
    return lengths


def on_scene_frames(request: ShotRequest, motion: Motion, spans: Sequence[Frames]) -> Motion:
    """An answer on the frames of the request's span, those before it included, at the scene's rate.

    spans: the frames of the answer that each block has. They are stretched to the frames that the block has in the
    scene, from which rounding to the model's rate keeps them.
    """
    fps, begin = request.target.fps, spans[0][0]
    before = [float(begin - 1)] if request.start is Start.STANDS else np.arange(begin - request.lead_in, begin)
    times: list[Floats] = [np.asarray(before, np.float64)]
    for (start, stop), frames in zip(spans, lengths_asked(request), strict=True):
        times.append(start + np.arange(frames) * ((stop - start) / frames))
    if request.after:
        times.append(np.array([float(spans[-1][1])]))
    return motion.sampled(np.concatenate(times), fps)
