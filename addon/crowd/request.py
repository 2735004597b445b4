"""What one press asks of several characters."""

from collections.abc import Sequence
from dataclasses import dataclass

import bpy

from ...backend import limits
from ...backend.limits import SEED_LIMIT
from ...retarget.errors import MotionGPTError
from ..character.character import Character
from ..character.typing import ArmatureObject, as_armature, full
from ..jobs.context import Request, Target, check_usable, scene_fps
from ..jobs.generate import GenerateRequest, wanted_length
from ..review.state import check_closed
from ..translation.saying import say
from .data import MOST, crowd_of

Part = tuple[ArmatureObject, str, int]
"""A character, its prompt and its seed."""


@dataclass(frozen=True, eq=False)
class CrowdRequest(Request):
    """members: what each character is asked for; the target is the first one's."""

    members: tuple[GenerateRequest, ...]


def selected_armatures(context: bpy.types.Context) -> list[ArmatureObject]:
    """Those that are selected, themselves or by an object that they deform; by name, so that seeds don't depend on the
    order in which they were selected."""
    found: dict[str, ArmatureObject] = {}
    for thing in context.selected_objects:
        armature = thing if thing.type == "ARMATURE" else thing.find_armature()
        if armature is not None:
            found[armature.name] = as_armature(armature)
    return [found[name] for name in sorted(found)]


def parts_of(context: bpy.types.Context) -> list[Part]:
    """Who does what; cheap enough for every redraw. Raises MotionGPTError where that is no one, or can't be made."""
    scene = full(context).scene
    crowd, settings = crowd_of(scene), scene.motiongpt
    if crowd.mode == "SELECTED":
        chosen = selected_armatures(context)
        parts = [(a, settings.prompt.strip(), (settings.seed + i) % (SEED_LIMIT + 1)) for i, a in enumerate(chosen)]
        if not parts:
            raise MotionGPTError("No armature is selected.", "Select the characters in the viewport.")
    else:
        parts = [(as_armature(m.armature), m.prompt.strip(), m.seed) for m in crowd.members if m.armature is not None]
        if not parts:
            raise MotionGPTError("The list holds no characters.", "Select them, and press Add Selected.")
    _check(parts, context)
    return parts


def gather_crowd(context: bpy.types.Context) -> CrowdRequest:
    """The request of one press. Raises MotionGPTError that names the character where one can't be animated."""
    scene = full(context).scene
    parts = parts_of(context)
    seconds, frames, start_frame = wanted_length(scene)
    hands = scene.motiongpt.hands.lower().replace("_", "-")
    members = tuple(
        GenerateRequest(
            Target.of(armature, context), prompt, seed, seconds, frames, start_frame, hands, _read(armature)
        )
        for armature, prompt, seed in parts
    )
    return CrowdRequest(members[0].target, members)


def _check(parts: Sequence[Part], context: bpy.types.Context) -> None:
    scene = full(context).scene
    if len(parts) > MOST:
        raise MotionGPTError(
            say("{count} characters are too many at once.", count=len(parts)), say("Choose at most {most}.", most=MOST)
        )
    seen = set[str]()
    for armature, prompt, _ in parts:
        check_closed(check_usable(armature, scene))
        try:
            limits.check_prompt(prompt)
        except MotionGPTError as error:
            raise MotionGPTError(f"{armature.name}: {say(error.message)}", error.cure, error.kind) from None
        if armature.name in seen:
            raise MotionGPTError(
                say('"{armature}" is in the list twice.', armature=armature.name), "Remove one of its lines."
            )
        seen.add(armature.name)
    seconds = wanted_length(scene)[0]
    limits.check_seconds(seconds)
    limits.check_made(seconds, scene_fps(scene), 1)


def _read(armature: ArmatureObject) -> Character:
    try:
        return Character.read(armature)
    except MotionGPTError as error:
        if armature.name in error.message:
            raise
        raise MotionGPTError(f"{armature.name}: {say(error.message)}", error.cure, error.kind) from None
