"""Blender's context, read once when Generate is pressed; past this point plain values travel."""

from dataclasses import dataclass

import bpy

from ...backend import limits
from ...retarget.errors import MotionGPTError
from ..character.armature import read_rig
from ..character.settings import find_mapping
from ..ui.preferences import startup
from .service import Startup


@dataclass(frozen=True, eq=False)
class GenerateContext:
    """One press of Generate.

    seconds, frames: length of the motion, in time and in the scene's frames.  fps: the scene's, may be fractional.
    start_frame: scene frame of the first key.  armature_uid: finds the armature again, even if it was renamed or
    Blender moved it in memory meanwhile (undo does), and finds nothing once it is deleted or another file is open.
    backend: how to start it where it does not run yet.
    """

    prompt: str
    seed: int
    seconds: float
    frames: int
    fps: float
    start_frame: int
    armature_uid: int
    armature_name: str
    backend: Startup


def gather(context: bpy.types.Context) -> GenerateContext:
    """Everything that generating needs. Raises MotionGPTError for what can't work; nothing is changed."""
    check(context)
    settings = context.scene.motiongpt
    armature = chosen_armature(context)
    find_mapping(armature, read_rig(armature))  # raises for what is no biped
    seconds, frames, start_frame = _length(context.scene)
    return GenerateContext(
        prompt=settings.prompt.strip(),
        seed=settings.seed,
        seconds=seconds,
        frames=frames,
        fps=scene_fps(context.scene),
        start_frame=start_frame,
        armature_uid=armature.session_uid,
        armature_name=armature.name,
        backend=startup(context),
    )


def check(context: bpy.types.Context) -> None:
    """What can be seen without reading bones, cheap enough for every redraw. Raises MotionGPTError."""
    check_armature(context)
    limits.check_prompt(context.scene.motiongpt.prompt)
    limits.check_seconds(_length(context.scene)[0])


def check_armature(context: bpy.types.Context) -> None:
    """The armature's part of `check`, which every task needs. Raises MotionGPTError."""
    armature = chosen_armature(context)
    if armature is None:
        raise MotionGPTError("No armature is chosen.", "Select one, or pick one under Armature.")
    if armature.name not in context.scene.objects:
        raise MotionGPTError(f'The armature "{armature.name}" is not in this scene.', "Choose another armature.")
    if armature.library is not None:
        raise MotionGPTError(
            f'The armature "{armature.name}" is linked from another file.', "Make a library override of it first."
        )
    if armature.mode == "EDIT":
        raise MotionGPTError(f'The armature "{armature.name}" is in Edit Mode.', "Leave Edit Mode first.")


def chosen_armature(context: bpy.types.Context) -> bpy.types.Object | None:
    """The picked armature, else the active one, else the one that deforms the active object."""
    picked = context.scene.motiongpt.armature
    if picked is not None:
        return picked
    active = context.view_layer.objects.active
    if active is None or active.type == "ARMATURE":
        return active
    return active.find_armature()


def find_armature(uid: int) -> bpy.types.Object | None:
    """The armature of a GenerateContext, or None where it was deleted meanwhile."""
    return next((o for o in bpy.data.objects if o.session_uid == uid and o.type == "ARMATURE"), None)


def scene_fps(scene: bpy.types.Scene) -> float:
    """Frames a second, as playback counts them."""
    return scene.render.fps / scene.render.fps_base


def _length(scene: bpy.types.Scene) -> tuple[float, int, int]:
    """Seconds, frames and first frame that the settings ask for."""
    settings = scene.motiongpt
    fps = scene_fps(scene)
    if settings.use_scene_range:
        frames = scene.frame_end - scene.frame_start + 1
        return frames / fps, frames, scene.frame_start
    return settings.seconds, max(1, round(settings.seconds * fps)), scene.frame_current
