"""The characters of a crowd as the scene holds them."""

from typing import Any

import bpy

from ...backend.limits import MAX_TEXT, SEED_LIMIT
from ..character.typing import Scene
from ..translation.saying import CONTEXT

MOST = 32
"""Characters in one go."""


def _is_armature(_member: bpy.types.PropertyGroup, candidate: bpy.types.Object) -> bool:
    return candidate.type == "ARMATURE"


class MotionGPTMember(bpy.types.PropertyGroup):
    """One character with a prompt and a seed of its own."""

    armature: bpy.props.PointerProperty(
        name="Armature", description="The character", type=bpy.types.Object, poll=_is_armature
    )
    prompt: bpy.props.StringProperty(
        name="Prompt", translation_context=CONTEXT, description="What this character does", maxlen=MAX_TEXT
    )
    seed: bpy.props.IntProperty(name="Seed", description="Of this character's motion", min=0, max=SEED_LIMIT)


class MotionGPTCrowd(bpy.types.PropertyGroup):
    """At `scene.motiongpt_crowd`."""

    mode: bpy.props.EnumProperty(
        name="Who",
        description="Which characters get a motion, and from which prompts",
        items=(
            (
                "SELECTED",
                "Selected Armatures",
                "All selected armatures do what the prompt says, each with another seed",
            ),
            ("LIST", "List", "Each character of the list does what its own prompt says"),
        ),
    )
    members: bpy.props.CollectionProperty(type=MotionGPTMember)
    active: bpy.props.IntProperty(name="Character", description="The chosen character of the list")


def crowd_of(scene: Scene) -> Any:
    """The scene's `MotionGPTCrowd`."""
    return scene.motiongpt_crowd  # type: ignore[attr-defined]


def register() -> None:
    for group in (MotionGPTMember, MotionGPTCrowd):
        bpy.utils.register_class(group)
    bpy.types.Scene.motiongpt_crowd = bpy.props.PointerProperty(  # type: ignore[attr-defined,func-returns-value]
        type=MotionGPTCrowd
    )


def unregister() -> None:
    del bpy.types.Scene.motiongpt_crowd  # type: ignore[attr-defined]
    for group in (MotionGPTCrowd, MotionGPTMember):
        bpy.utils.unregister_class(group)
