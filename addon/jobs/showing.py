"""What else follows a result, so that it shows: the scene's end, and the playhead. Both are undone with the keys."""

from typing import cast

import bpy

from ..character.typing import Scene
from .context import Target


def show_frames(target: Target, first: int, last: int, playhead: int | None = None) -> str:
    """Bring these frames into the scene that the button was pressed in; returns what that changed, as a sentence.

    The scene's end moves where it comes earlier, the playhead where it is outside, or to `playhead`.
    """
    scene, said = find_scene(target), ""
    if scene is None:
        return ""
    if last > scene.frame_end:
        scene.frame_end = last
        said = f" The scene now ends on frame {last}."
    if playhead is None and not first <= scene.frame_current <= last:
        playhead = first
    if playhead is not None and playhead != scene.frame_current:
        scene.frame_current = playhead
    return said


def find_scene(target: Target) -> Scene | None:
    """The scene that the button was pressed in, or None where it was deleted meanwhile."""
    found = next((scene for scene in bpy.data.scenes if scene.session_uid == target.scene_uid), None)
    return cast(Scene, found) if found is not None else None
