"""Paths in the scene: curve objects and waypoints, as points in the world with the frames at which to be there."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import bpy
import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.motion import rotations as rot
from ...retarget.typing import Floats
from ..action.fcurves import all_fcurves
from ..translation.saying import say

FRAME = "frame"
"""Custom property of a waypoint: the frame at which to be there."""
_SPACING = 0.004  # of a path's length between the points that are sent: 250 points show any curve
_DRAWN = ".MotionGPT path"


@dataclass(frozen=True, eq=False)
class Route:
    """places: (K, 3) in the world, K at least 1.  frames: (K,) at which to be there; None for the gait's own pace."""

    places: Floats
    frames: Floats | None = None

    @property
    def length(self) -> float:
        """In Blender's units, over the floor."""
        return float(rot.length(np.diff(self.places * [1.0, 1.0, 0.0], axis=0)).sum())


def curve_route(thing: bpy.types.Object, first: int, last: int) -> Route:
    """The spline of a curve object, of several the last one, with its modifiers, hooks and keys, in its direction; back
    to its beginning if it is cyclic. Where the curve's Evaluation Time is keyed, it says when to be where.

    first, last: the frames that the motion will have.  Raises MotionGPTError for one without a path to follow.
    """
    if thing.type != "CURVE":
        raise MotionGPTError(say('"{curve}" is not a curve.', curve=thing.name), "Choose a curve object as the path.")
    places = _outline(thing)
    apart = np.concatenate([[True], rot.length(np.diff(places, axis=0)) > 1e-9]) if len(places) else np.zeros(0, bool)
    places = places[apart]
    if len(places) < 2:
        raise MotionGPTError(
            say('The curve "{curve}" has no length.', curve=thing.name), "Give it at least two points."
        )
    along = np.concatenate([[0.0], np.cumsum(rot.length(np.diff(places, axis=0)))])
    even = np.linspace(0.0, along[-1], round(1.0 / _SPACING) + 1)
    even = np.unique(np.concatenate([even, along])) if len(along) < len(even) else even
    places = np.stack([np.interp(even, along, places[:, axis]) for axis in range(3)], axis=-1)
    return _timed(thing, Route(places), even / along[-1], first, last)


def _outline(thing: bpy.types.Object) -> Floats:
    """(K, 3) the points of an evaluated curve in the world, without its thickness. A copy is evaluated, in a scene of
    its own, so that the curve itself is not touched."""
    data = cast(bpy.types.Curve, thing.data).copy()
    copy = thing.copy()
    scene = bpy.data.scenes.new(_DRAWN)
    try:
        copy.data = data
        while len(data.splines) > 1:
            data.splines.remove(data.splines[0])
        if not len(data.splines):
            return np.zeros((0, 3))
        data.bevel_depth = data.extrude = data.offset = 0.0
        data.bevel_object = None
        data.bevel_mode, data.dimensions = "ROUND", "3D"  # a flat one is filled
        closed = data.splines[0].use_cyclic_u
        scene.collection.objects.link(copy)
        graph = scene.view_layers[0].depsgraph
        if graph is None:
            scene.frame_set(bpy.context.scene.frame_current if bpy.context.scene else 1)
            graph = scene.view_layers[0].depsgraph
        assert graph is not None
        graph.update()
        evaluated = copy.evaluated_get(graph)
        mesh = evaluated.to_mesh()
        places = np.empty(3 * len(mesh.vertices), dtype=np.float32)
        mesh.vertices.foreach_get("co", places)
        world = np.array(evaluated.matrix_world, dtype=np.float64)
        evaluated.to_mesh_clear()
    finally:
        bpy.data.batch_remove([scene])
        bpy.data.objects.remove(copy)
        bpy.data.curves.remove(data)
    points = places.reshape(-1, 3).astype(np.float64) @ world[:3, :3].T + world[:3, 3]
    return np.concatenate([points, points[:1]]) if closed and len(points) else points


def _timed(thing: bpy.types.Object, route: Route, shares: Floats, first: int, last: int) -> Route:
    """The route with the times that keys of the curve's Evaluation Time give. shares: (K,) of its length."""
    data = cast(bpy.types.Curve, thing.data)
    action = data.animation_data.action if data.animation_data else None
    found = [c for c in all_fcurves(action) if c.data_path == "eval_time"] if action else []
    if not data.use_path or not found or not found[0].keyframe_points:
        return route
    frames = np.arange(first, last + 1)
    reached = np.array([found[0].evaluate(float(frame)) for frame in frames]) / max(data.path_duration, 1)
    reached = np.maximum.accumulate(np.clip(reached, 0.0, 1.0))
    if reached[-1] - reached[0] < 1e-3:
        return route
    inside = (shares >= reached[0] - 1e-9) & (shares <= reached[-1] + 1e-9)
    begins = np.flatnonzero(np.diff(reached, append=reached[-1]) > 0.0)
    steps, ends = begins[0], begins[-1] + 1  # what is stood before and after does not slow the way down
    at = np.interp(shares[inside], reached[steps : ends + 1], frames[steps : ends + 1])
    rising = np.concatenate([[True], np.diff(at) > 1e-3])
    return Route(route.places[inside][rising], at[rising])


def waypoint_route(collection: bpy.types.Collection, first: int) -> Route:
    """The objects of a collection, as places to go to in the order of their names, or of their frames where all have
    one. A place has the frame of its object's custom property "frame", else those of the keys of its location; places
    between two with frames are reached at an even pace.

    Raises MotionGPTError for a collection without objects, and for frames that go back.
    """
    stops = [stop for thing in sorted(collection.objects, key=lambda o: _natural(o.name)) for stop in _stops(thing)]
    if not stops:
        raise MotionGPTError(
            say('The collection "{collection}" holds no waypoints.', collection=collection.name),
            "Add empties with Add Waypoint, or choose another.",
        )
    if all(frame is not None for _, _, frame in stops):
        stops.sort(key=lambda stop: float(stop[2] or 0.0))
    places = np.array([place for _, place, _ in stops])
    given = [(i, float(frame)) for i, (_, _, frame) in enumerate(stops) if frame is not None]
    if not given:
        return Route(places)
    for (i, before), (j, after) in itertools.pairwise(given):
        if after <= before:
            raise MotionGPTError(
                say(
                    'The waypoint "{later}" is at frame {after:g}, "{earlier}" before it at {before:g}.',
                    later=stops[j][0],
                    after=after,
                    earlier=stops[i][0],
                    before=before,
                ),
                "Give them frames that rise in the order of their names.",
            )
    if given[0][1] < first - 1e-6:
        raise MotionGPTError(
            say(
                'The waypoint "{waypoint}" is at frame {frame:g}; the motion begins on {first}.',
                waypoint=stops[given[0][0]][0],
                frame=given[0][1],
                first=first,
            ),
            "Give it a later frame, or go to an earlier one before you generate.",
        )
    return _between(places, given, first)


def _between(places: Floats, given: Sequence[tuple[int, float]], first: int) -> Route:
    """Places (K, 3), of which some have frames, with frames for those before and between; those after the last frame
    go on at the pace before it."""
    along = np.concatenate([[0.0], np.cumsum(np.maximum(rot.length(np.diff(places * [1.0, 1.0, 0.0], axis=0)), 1e-3))])
    if given[0][0] > 0:
        given = [(0, min(float(first), given[0][1] - given[0][0])), *given]
    known, frames = np.array([along[i] for i, _ in given]), np.array([frame for _, frame in given])
    at = np.interp(along, known, frames)
    after = along > known[-1]
    pace = (frames[-1] - frames[-2]) / (known[-1] - known[-2]) if len(frames) > 1 else 24.0
    at[after] = frames[-1] + (along[after] - known[-1]) * pace
    return Route(places, at)


def _stops(thing: bpy.types.Object) -> list[tuple[str, Floats, float | None]]:
    """(name, place (3,), frame or None) of a waypoint: one, or one for each key of its location."""
    place = np.array(thing.matrix_world.translation, dtype=np.float64)
    own = thing.get(FRAME)
    if isinstance(own, int | float):
        return [(thing.name, place, float(own))]
    action = thing.animation_data.action if thing.animation_data else None
    curves = {c.array_index: c for c in all_fcurves(action) if c.data_path == "location"} if action else {}
    keys = sorted({round(float(p.co[0]), 3) for curve in curves.values() for p in curve.keyframe_points})
    if not keys:
        return [(thing.name, place, None)]
    space = np.eye(4)
    if thing.parent:
        space = np.array(thing.parent.matrix_world @ thing.matrix_parent_inverse, dtype=np.float64)
    out: list[tuple[str, Floats, float | None]] = []
    for frame in keys:
        local = np.array([curves[i].evaluate(frame) if i in curves else thing.location[i] for i in range(3)])
        out.append((thing.name, space[:3, :3] @ local + space[:3, 3], float(frame)))
    return out


def _natural(name: str) -> list[tuple[int, int | str]]:
    """A key that sorts "Point 10" after "Point 9"."""
    return [(0, int(part)) if part.isdigit() else (1, part.lower()) for part in re.split(r"(\d+)", name) if part]
