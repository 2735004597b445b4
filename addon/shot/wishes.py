"""What the scene's settings of travel, loops and pins ask of a shot."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...retarget.errors import MotionGPTError
from ...retarget.solving.pins import Pin
from ..character.character import Character
from ..character.typing import ArmatureObject, Scene
from ..travel.asked import paths_of
from ..travel.floor import Floor
from ..travel.pins import read_pins
from ..travel.wishes import ALL_ALONG, AT_END, NONE, facing_of, in_own_metres, path_of, route_of
from .values import BlockValues

if TYPE_CHECKING:
    from ...backend.tasks import Block

Points = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, eq=False)
class ShotWishes:
    """floor: the scene's, as the shot sees it; None without settings.  path: points that the whole shot follows, as a
    `backend.tasks.Shot` has them.  facing: for each block that is made, fields of a `backend.tasks.Block` that say what
    it faces.  pins: of limbs, on the frames of the request's span."""

    floor: Floor | None = None
    path: Points | None = None
    facing: tuple[dict[str, Any], ...] = ()
    pins: tuple[Pin, ...] = ()

    def asked(self, block: Block, number: int) -> Block:
        """A block as it is asked for. number: among those that are made."""
        if self.floor is not None:
            block = in_own_metres(block, self.floor)
        return block.changed(**self.facing[number]) if self.facing else block


def wishes_of(
    scene: Scene, armature: ArmatureObject, body: Character, made: Sequence[BlockValues], first: int, begin: int,
    last: int, whole: bool, fresh: bool,
) -> ShotWishes:  # fmt: skip
    """What is asked of the blocks that are made.

    first: frame on which they begin.  begin, last: frames of what is solved.  whole: whether these are all of the
    shot's blocks, and not some again, which keep their place.  fresh: whether the shot starts from the origin.
    Raises MotionGPTError for settings that a shot can't meet.
    """
    paths, rate = paths_of(scene), (scene.render.fps, scene.render.fps_base)
    if paths is None:
        return ShotWishes()
    pins = read_pins(paths.pins, armature, begin, last, rate, moves=False) if paths.pin_new else ()
    floor, travel = Floor.read(scene, armature, body), paths.travel
    if not whole:
        return ShotWishes(floor, pins=pins)
    if paths.loop:
        raise MotionGPTError("A shot is not made as a loop.", "Switch Loop off, and press Make Loop afterwards.")
    if not fresh and (travel.route != NONE or travel.facing != NONE):
        raise MotionGPTError(
            "Only a shot that starts from the origin follows a path or faces an object.",
            "Set Start to From the Origin, or switch the path and the object off.",
        )
    path, facing = _travelling(floor, travel, made, first, rate)
    return ShotWishes(floor, path, facing, pins)


def _travelling(
    floor: Floor, travel: Any, made: Sequence[BlockValues], first: int, rate: tuple[int, float]
) -> tuple[Points | None, tuple[dict[str, Any], ...]]:
    """The path that is followed, and what each block faces."""
    ends = [*itertools.accumulate((block.frames for block in made), initial=first)]
    route = route_of(travel, first, ends[-1] - 1)
    path = None if route is None else path_of(route, floor, first, rate[0] / rate[1])
    if travel.facing not in (AT_END, ALL_ALONG):
        return path, ()
    facing = [
        facing_of(travel, floor, start, stop - 1, rate) if travel.facing == ALL_ALONG or stop == ends[-1] else {}
        for start, stop in itertools.pairwise(ends)
    ]
    return path, tuple(facing)
