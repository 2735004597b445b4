"""Draw Path: a stroke over the floor with the mouse becomes the curve that the character follows."""

from __future__ import annotations

import math
from collections.abc import Sequence

import bpy
import numpy as np
from bpy_extras import view3d_utils
from mathutils import Vector

from ....retarget.motion import rotations as rot
from ....retarget.motion.smoothing import moving_mean
from ....retarget.typing import Floats
from ...character.typing import ArmatureObject, Scene, full
from ...jobs.context import chosen_armature
from ...translation.saying import say
from ..typing import OperatorResult, classes_factory
from .polling import polled
from .properties import paths_settings

_AHEAD = ((0.0, 0.0), (0.0, 1.0), (0.4, 2.0), (0.0, 3.0))  # metres to the left and ahead, of a path to begin with
_PERSON = 1.7  # metres
_APART = 0.4  # metres between the points of a drawn path, of a person
_STEADY = 9  # samples over which a stroke's shake is averaged


class MOTIONGPT_OT_draw_path(bpy.types.Operator):
    """Draw a path over the floor in the viewport: press the left mouse button and drag, Esc stops. It becomes a curve
    that the character follows, with points to move later"""

    bl_idname = "motiongpt.draw_path"
    bl_label = "Draw Path"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polled(cls, context)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Without a mouse, as from a script: a path of three metres ahead."""
        armature = chosen_armature(context)
        if armature is None:
            return {"CANCELLED"}
        turn, size = armature.matrix_world.to_euler().z, _size(armature)
        at = np.array(armature.matrix_world.translation)
        places = []
        for left, ahead in _AHEAD:
            x, y = size * left, -size * ahead
            places.append(at + [x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn), 0.0])
        _choose(context, armature, _new_curve(full(context).scene, armature, np.array(places)))
        return {"FINISHED"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> OperatorResult:
        window = full(context).window_manager
        if context.area is None or context.area.type != "VIEW_3D" or bpy.app.background:
            return self.execute(context)
        self._stroke: list[Vector] | None = None
        self._thing: bpy.types.Object | None = None
        window.modal_handler_add(self)
        _say(context, say("Drag with the left mouse button to draw the path; Esc or the right button: cancel"))
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        armature = chosen_armature(context)
        if event.type in {"ESC", "RIGHTMOUSE"} or armature is None:
            if self._thing is not None:
                bpy.data.curves.remove(self._thing.data)  # type: ignore[arg-type]
            _say(context, None)
            return {"CANCELLED"}
        place = self._floor(context, event, float(armature.matrix_world.translation.z))
        if event.type == "LEFTMOUSE" and event.value == "PRESS" and place is not None:
            self._stroke = [place]
            return {"RUNNING_MODAL"}
        if event.type == "MOUSEMOVE" and self._stroke is not None and place is not None:
            self._stroke.append(place)
            self._show(context, armature)
            return {"RUNNING_MODAL"}
        if event.type == "LEFTMOUSE" and event.value == "RELEASE" and self._stroke is not None:
            if self._thing is None:  # a click, and no stroke
                self._stroke = None
                return {"RUNNING_MODAL"}
            _choose(context, armature, self._thing)
            _say(context, None)
            return {"FINISHED"}
        return {"PASS_THROUGH"} if self._stroke is None else {"RUNNING_MODAL"}

    def _show(self, context: bpy.types.Context, armature: ArmatureObject) -> None:
        """The curve as it has been drawn so far."""
        assert self._stroke is not None
        places = even_points(np.array(self._stroke), _APART * _size(armature))
        if len(places) < 2:
            return
        if self._thing is None:
            self._thing = _new_curve(full(context).scene, armature, places)
        else:
            fill(self._thing.data, places)  # type: ignore[arg-type]

    def _floor(self, context: bpy.types.Context, event: bpy.types.Event, height: float) -> Vector | None:
        """The place on the floor under the mouse; None where there is none."""
        region = next((r for r in context.area.regions if r.type == "WINDOW"), None) if context.area else None
        if region is None or context.area is None:
            return None
        x, y = event.mouse_x - region.x, event.mouse_y - region.y
        if not (0 <= x < region.width and 0 <= y < region.height):
            return None
        view = context.area.spaces.active.region_3d  # type: ignore[union-attr]
        origin = view3d_utils.region_2d_to_origin_3d(region, view, (x, y))
        ray = view3d_utils.region_2d_to_vector_3d(region, view, (x, y))
        if abs(ray.z) < 1e-3 or (height - origin.z) / ray.z < 0.0:
            return None
        return origin + ray * ((height - origin.z) / ray.z)


def even_points(stroke: Floats, apart: float) -> Floats:
    """Points (K, 3) on a stroke (T, 3), its shake averaged out, about as far apart; its ends stay."""
    half = min(_STEADY // 2, len(stroke) - 1)
    if half > 0:
        ends = np.concatenate(
            [2 * stroke[:1] - stroke[half:0:-1], stroke, 2 * stroke[-1:] - stroke[-2 : -half - 2 : -1]]
        )
        stroke = moving_mean(ends, 2 * half + 1)[half : half + len(stroke)]
    along = np.concatenate([[0.0], np.cumsum(rot.length(np.diff(stroke, axis=0)))])
    if along[-1] < 0.5 * apart:
        return stroke[:1]
    at = np.linspace(0.0, along[-1], max(2, round(along[-1] / apart) + 1))
    return np.stack([np.interp(at, along, stroke[:, axis]) for axis in range(3)], axis=-1)


def fill(curve: bpy.types.Curve, places: Sequence[Sequence[float]] | Floats) -> None:
    """Make a curve one smooth spline through these places."""
    curve.splines.clear()
    spline = curve.splines.new("BEZIER")
    spline.bezier_points.add(len(places) - 1)
    for point, place in zip(spline.bezier_points, places, strict=True):
        point.co = Vector(place)
        point.handle_left_type = point.handle_right_type = "AUTO"


def _new_curve(scene: Scene, armature: ArmatureObject, places: Floats) -> bpy.types.Object:
    data = bpy.data.curves.new(f"{armature.name} path", "CURVE")
    data.dimensions = "3D"
    data.bevel_depth = 0.02 * _size(armature)  # so that it is seen
    fill(data, places)
    thing = bpy.data.objects.new(data.name, data)
    thing.hide_render = True
    scene.collection.objects.link(thing)
    return thing


def _choose(context: bpy.types.Context, armature: ArmatureObject, thing: bpy.types.Object) -> None:
    travel = paths_settings(context).travel
    travel.route, travel.curve = "CURVE", thing
    full(context).scene.motiongpt.armature = armature  # which stays chosen whatever becomes active


def _size(armature: ArmatureObject) -> float:
    """How large the character is, of a person."""
    return max(float(armature.dimensions.z), 0.01) / _PERSON


def _say(context: bpy.types.Context, text: str | None) -> None:
    if context.workspace is not None:
        context.workspace.status_text_set(text)


register, unregister = classes_factory(MOTIONGPT_OT_draw_path)
