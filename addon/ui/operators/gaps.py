"""Making a gap between two poses longer or shorter."""

import bpy
import numpy as np

from ....retarget.errors import MotionGPTError
from ....retarget.typing import Floats
from ...action.fcurves import ActionCurves, read_points, write_points
from ...character.typing import full
from ...jobs import session
from ...jobs.context import check_animated, check_armature
from ...jobs.inbetween import own_frames
from ...poses.keyed import gap_around
from ...translation.saying import say, told
from ..typing import OperatorResult, classes_factory


class MOTIONGPT_OT_retime_gap(bpy.types.Operator):
    """Make the gap around the current frame longer or shorter: all later keys move, no value changes"""

    bl_idname = "motiongpt.retime_gap"
    bl_label = "Change Gap"
    bl_options = {"REGISTER", "UNDO"}

    frames: bpy.props.IntProperty(
        name="Frames", description="How many frames to move the next pose later; earlier if negative", default=5,
        options={"SKIP_SAVE"},
    )  # fmt: skip

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        try:
            check_armature(context)
            session.check_idle()
        except MotionGPTError as error:
            cls.poll_message_set(told(error))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        try:
            first, last = gap_around(own_frames(context), full(context).scene.frame_current)
            left = last - first + self.frames
            if left < 1:
                raise MotionGPTError(
                    say(
                        "The gap has {frames} frames and can't be shortened by {less}.",
                        frames=last - first,
                        less=-self.frames,
                    ),
                    "Shorten it by less.",
                )
            _retime(check_animated(check_armature(context)), first, last, last + self.frames)
        except MotionGPTError as error:
            self.report({"ERROR"}, told(error))
            return {"CANCELLED"}
        self.report(
            {"INFO"},
            say("The gap from {first} has {left} frames; redo it to fit the new length.", first=first, left=left),
        )
        return {"FINISHED"}


def _retime(curves: ActionCurves, first: int, last: int, new_last: int) -> None:
    """Move all keys from `last` on, so that they start at `new_last`; keys in the gap are stretched to fit."""
    knots, moved = np.array([first, last], dtype=np.float64), np.array([first, new_last], dtype=np.float64)

    def later(times: Floats) -> Floats:
        inside = np.interp(times, knots, moved)
        return np.where(times <= first, times, np.where(times >= last, times + new_last - last, inside))

    for curve in curves.fcurves:
        points = read_points(curve)
        for name in ("co", "handle_left", "handle_right"):
            points[name][:, 0] = later(points[name][:, 0])
        write_points(curve, points)
    for marker in curves.action.pose_markers:
        marker.frame = round(float(later(np.array(float(marker.frame)))))


register, unregister = classes_factory(MOTIONGPT_OT_retime_gap)
