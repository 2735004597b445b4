"""Blocks drawn in the Timeline and the Dope Sheet, in a strip of their own below the keys."""

from dataclasses import dataclass
from typing import Any

import blf
import bpy

from ....retarget.errors import MotionGPTError
from ...character.typing import ArmatureObject, full
from ...jobs import session
from ...jobs.context import chosen_armature, scene_fps
from ...shot.data import read_blocks, timing_of, unmade
from ...shot.job import made_for
from ...shot.markers import follow_soon
from ...shot.timing import Timing
from ...translation.saying import say
from .strip import Box, Strip, boxes, fitting_text

Colour = tuple[float, float, float, float]
_GROUND: Colour = (0.09, 0.09, 0.09, 0.9)
_MADE: tuple[Colour, Colour] = (
    (0.20, 0.36, 0.55, 1.0),
    (0.16, 0.30, 0.47, 1.0),
)  # every other block, to tell them apart
_UNMADE: tuple[Colour, Colour] = ((0.33, 0.33, 0.36, 1.0), (0.28, 0.28, 0.31, 1.0))
_MAKING: Colour = (0.25, 0.55, 0.30, 1.0)
_ACTIVE: Colour = (1.0, 0.75, 0.25, 1.0)
_TEXT: Colour = (0.95, 0.95, 0.95, 1.0)
_FONT, _POINTS, _PADDING = 0, 11.0, 5.0


@dataclass(frozen=True)
class Shown:
    """What the strip shows. texts: of the blocks.  unmade: which are not, or no longer, what was made.  active: the
    chosen one, None while others are being made.  making: the one that is being made."""

    timing: Timing
    texts: tuple[str, ...]
    unmade: tuple[bool, ...]
    active: int | None
    making: int | None = None


def shown_blocks(context: bpy.types.Context) -> Shown | None:
    """The blocks of the chosen armature, or those that are being made for it; None where there are none to show."""
    armature = chosen_armature(context)
    if armature is None or not armature.motiongpt_shot.on_timeline:
        return None
    follow_soon(armature, full(context).scene)
    try:
        job, fps = session.current().running, scene_fps(full(context).scene)
    except MotionGPTError:
        return None
    return _being_made(armature, job) or _of_armature(armature, job, fps)


def _being_made(armature: ArmatureObject, job: Any) -> Shown | None:
    """The blocks of a job that replaces the armature's."""
    request = made_for(armature, job)
    if request is None or not request.replaces:
        return None
    blocks = request.blocks
    left = tuple(i in request.making for i in range(len(blocks)))
    timing = Timing(request.begins, tuple(block.frames for block in blocks))
    return Shown(timing, tuple(block.text for block in blocks), left, None, job.block)


def _of_armature(armature: ArmatureObject, job: Any, fps: float) -> Shown | None:
    shot = armature.motiongpt_shot
    if not len(shot.blocks):
        return None
    making = job.block if made_for(armature, job) is not None else None
    texts = tuple(block.text for block in read_blocks(shot))
    return Shown(timing_of(shot, fps), texts, tuple(unmade(shot)), int(shot.active), making)


def strip_of(context: bpy.types.Context, region: bpy.types.Region, space: Any) -> Strip | None:
    """The strip of a Dope Sheet's or Timeline's region; None where there is no room."""
    view, scene = region.view2d, full(context).scene
    frames = tuple(float(view.region_to_view(x, 0.0)[0]) for x in (0.0, float(region.width)))
    action = getattr(space, "action", None)
    marked = bool(len(scene.timeline_markers)) or bool(action and len(action.pose_markers))
    markers = bool(getattr(space, "show_markers", True)) and marked
    scale = float(full(context).preferences.system.ui_scale) or 1.0
    return Strip.of_region((frames[0], frames[1]), (float(region.width), float(region.height)), markers, scale)


def draw() -> None:
    """Draw the strip of the region that is being drawn."""
    context = bpy.context
    shown, region = shown_blocks(context), context.region
    strip = strip_of(context, region, context.space_data) if shown and region else None
    if shown is None or strip is None:
        return
    import gpu

    gpu.state.blend_set("ALPHA")
    _rectangle(0.0, strip.bottom, strip.width, strip.height, _GROUND)
    scale = strip.height / 20.0
    for box in boxes(shown.timing, strip):
        _draw_block(shown, strip, box, scale)
    gpu.state.blend_set("NONE")


def _draw_block(shown: Shown, strip: Strip, box: Box, scale: float) -> None:
    i, thin = box.block, max(1.0, round(scale))
    colour = _MAKING if i == shown.making else (_UNMADE if shown.unmade[i] else _MADE)[i % 2]
    left, width = box.left + 0.5 * thin, box.right - box.left - thin
    _rectangle(left, strip.bottom + thin, width, strip.height - 2.0 * thin, colour)
    if i == shown.active:
        for y in (strip.bottom, strip.bottom + strip.height - 2.0 * thin):
            _rectangle(left, y, width, 2.0 * thin, _ACTIVE)
        for x in (left, left + width - 2.0 * thin):
            _rectangle(x, strip.bottom, 2.0 * thin, strip.height, _ACTIVE)
    blf.size(_FONT, _POINTS * scale)
    said = ("… " if i == shown.making else "") + (shown.texts[i] or say("(no text)"))
    text = fitting_text(said, width - 2.0 * _PADDING * scale, lambda part: float(blf.dimensions(_FONT, part)[0]))
    blf.color(_FONT, *_TEXT)
    blf.position(_FONT, left + _PADDING * scale, strip.bottom + 0.3 * strip.height, 0.0)
    blf.draw(_FONT, text)


def _rectangle(x: float, y: float, width: float, height: float, colour: Colour) -> None:
    import gpu
    from gpu_extras.batch import batch_for_shader

    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    shader.uniform_float("color", colour)
    corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
    batch_for_shader(
        shader,
        "TRIS",
        {"pos": corners},
        indices=((0, 1, 2), (0, 2, 3)),
    ).draw(shader)


_handle: Any = None


def register() -> None:
    global _handle
    if not bpy.app.background:
        _handle = bpy.types.SpaceDopeSheetEditor.draw_handler_add(draw, (), "WINDOW", "POST_PIXEL")


def unregister() -> None:
    global _handle
    if _handle is not None:
        bpy.types.SpaceDopeSheetEditor.draw_handler_remove(_handle, "WINDOW")
    _handle = None
