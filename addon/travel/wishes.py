"""From the settings of a path, a distance and a target to a block's values, in the motion's own axes and metres.

`settings` is a `ui.paths.properties.MotionGPTTravel`: the scene's own, or that of one block of a shot.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.typing import Floats
from .floor import Floor
from .moving import matrices
from .routes import Route, curve_route, waypoint_route

if TYPE_CHECKING:
    from ...backend.tasks import Block

NONE, CURVE, WAYPOINTS = "NONE", "CURVE", "WAYPOINTS"
AT_END, ALL_ALONG = "END", "ALONG"
_SEEN = 5  # frames between those on which a moving target is read


def asks(settings: Any) -> bool:
    """Whether anything is asked for."""
    numbers = settings.use_distance or settings.use_speed or settings.use_turn
    return bool(numbers or settings.route != NONE or settings.facing != NONE)


def own_pace(settings: Any) -> bool:
    """Whether the way decides how long the motion is, and not the seconds."""
    return bool(settings.own_pace and (settings.route != NONE or settings.use_distance))


def travelling(block: Block, settings: Any, floor: Floor, first: int, last: int, rate: tuple[int, float]) -> Block:
    """The block with what its settings ask for; distances and speeds that its text gives in numbers are those of the
    scene, too, and not of the model's body.

    first, last: the frames that it will have.  rate: the scene's, frames a second and their base.
    Raises MotionGPTError for a path or target that can't be used.
    """
    block, changes = in_own_metres(block, floor), dict[str, Any]()
    if settings.use_distance:
        changes["distance"] = settings.distance * floor.scale
    if settings.use_speed:
        changes["speed"] = settings.speed * floor.scale
    if settings.use_turn:
        changes["turn"] = math.degrees(settings.turn)
    fps = rate[0] / rate[1]
    route = route_of(settings, first, last)
    if route is not None:
        changes |= {"path": path_of(route, floor, first, fps), "distance": None}
    if own_pace(settings):
        frames = route.frames if route is not None else None
        changes["seconds"] = None if frames is None else max(float(frames[-1] - first + 1) / fps, 0.5)
    if settings.facing != NONE:
        changes |= facing_of(settings, floor, first, last, rate)
    return block.changed(**changes)


def in_own_metres(block: Block, floor: Floor) -> Block:
    """The block with the distance and the speed that it, or else its text, gives in the scene's metres in those of the
    motion."""
    from ...backend.shots.numbers import read_numbers

    said = read_numbers(block.prompt)
    distance, speed = block.distance or said.distance, block.speed or (None if said.in_words else said.speed)
    return block.changed(
        distance=None if distance is None else floor.own(distance), speed=None if speed is None else floor.own(speed)
    )


def route_of(settings: Any, first: int, last: int) -> Route | None:
    """The path that is chosen; None for none. Raises MotionGPTError for one that can't be followed."""
    if settings.route == CURVE:
        if settings.curve is None:
            raise MotionGPTError("No curve is chosen as the path.", "Choose one, or press Draw Path.")
        return curve_route(settings.curve, first, last)
    if settings.route == WAYPOINTS:
        if settings.waypoints is None:
            raise MotionGPTError("No collection of waypoints is chosen.", "Choose one, or press Add Waypoint.")
        return waypoint_route(settings.waypoints, first)
    return None


def path_of(route: Route, floor: Floor, first: int, fps: float) -> tuple[tuple[float, ...], ...]:
    """The points of a block's path: x and z, and the seconds where the route has frames."""
    ground = floor.ground(route.places)
    if route.frames is None:
        return tuple(map(tuple, ground.tolist()))
    seconds = np.maximum(route.frames - first, 0.0) / fps
    rising = np.concatenate([[True], np.diff(seconds) > 1e-6])
    return tuple(map(tuple, np.column_stack([ground, seconds])[rising].tolist()))


def facing_of(settings: Any, floor: Floor, first: int, last: int, rate: tuple[int, float]) -> dict[str, Any]:
    """A block's `facing` or `watching`. first, last: its frames. Raises MotionGPTError where no target is chosen."""
    if settings.target is None:
        raise MotionGPTError("No object is chosen to face.", "Choose one, or set Face to Nothing.")
    if settings.facing == AT_END:
        ((x, z),) = _seen(settings, floor, [last], rate)
        return {"facing": (float(x), float(z))}
    frames = sorted({*range(first, last + 1, _SEEN), last})
    ground = _seen(settings, floor, frames, rate)
    if np.ptp(ground, axis=0).max() < 1e-6:
        return {"watching": (tuple(ground[0].tolist()),)}
    seconds = (np.array(frames) - first) * rate[1] / rate[0]
    return {"watching": tuple(map(tuple, np.column_stack([ground, seconds]).tolist()))}


def _seen(settings: Any, floor: Floor, frames: list[int], rate: tuple[int, float]) -> Floats:
    return floor.ground(matrices(settings.target, frames, rate)[:, :3, 3])
