"""Actions that play as loops: cyclic modifiers on their F-curves, the frames of a cycle, the scene's range."""

import bpy
import numpy as np

from ..action.fcurves import ActionCurves, key_frames
from ..character.typing import Scene

LOOP = "motiongpt_loop"
"""Custom property of an action: the frames of its cycle."""
_SAME = 1e-5  # Blender units by which a location may differ at both ends of a cycle


def make_cyclic(curves: ActionCurves, first: int, frames: int) -> None:
    """Let the F-curves that have keys on `first` and `frames` later, where the cycle closes, go on for ever: locations
    that have moved on by then with an offset, all others again as they were."""
    last = first + frames
    for curve in curves.fcurves:
        times = key_frames(curve)
        if len(times) < 2 or abs(times[0] - first) > 0.01 or abs(times[-1] - last) > 0.01:
            continue
        values = [curve.evaluate(frame) for frame in (first, last)]
        moves = curve.data_path.endswith("location") and abs(values[1] - values[0]) > _SAME
        modifier = next((m for m in curve.modifiers if m.type == "CYCLES"), None) or curve.modifiers.new("CYCLES")
        modifier.mode_before = modifier.mode_after = "REPEAT_OFFSET" if moves else "REPEAT"  # type: ignore[attr-defined]
        curve.update()
    action = curves.action
    action.use_frame_range = True
    action.frame_start, action.frame_end = float(first), float(last)
    action.use_cyclic = True
    action[LOOP] = frames


def is_loop(action: bpy.types.Action) -> bool:
    """Whether an action plays as a loop over its own frame range, whoever said so."""
    return bool(action.use_frame_range and action.use_cyclic)


def last_frame(action: bpy.types.Action) -> int:
    """The last frame that shows something new: of a loop the one before it closes."""
    return round(float(action.frame_range[1])) - (1 if is_loop(action) else 0)


def show_cycle(scene: Scene, first: int, frames: int) -> None:
    """Make the scene play one cycle, without its first frame twice."""
    scene.use_preview_range = False
    scene.frame_start, scene.frame_end = first, first + frames - 1
    if not first <= scene.frame_current < first + frames:
        scene.frame_current = first


def cycle_of(action: bpy.types.Action) -> int:
    """Frames of the action's cycle; 0 where it is no loop of this add-on."""
    return int(np.clip(action.get(LOOP, 0), 0, 10**6)) if is_loop(action) else 0
