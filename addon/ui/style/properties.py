"""What Train Style is set to, stored in the scene."""

from typing import Any

import bpy

from ...character.typing import full
from ...translation.saying import CONTEXT


class MotionGPTStyleAction(bpy.types.PropertyGroup):
    """An action of the character: `name` is its name. use: learn from it.  words: what it shows, besides the words for
    all."""

    use: bpy.props.BoolProperty(name="Use", description="Learn from this action", default=True)
    words: bpy.props.StringProperty(name="Words", description="What this action shows, if not what all show")


class MotionGPTStyle(bpy.types.PropertyGroup):
    """At `scene.motiongpt_style`. actions: of the character, as they were last listed."""

    source: bpy.props.EnumProperty(
        name="From",
        description="What the style is learned from",
        items=(
            ("ACTIONS", "Actions", "Actions of the character"),
            ("FOLDER", "Folder", "A folder of motion files: BVH, FBX, GLB, VRM, .blend, npz or AMASS"),
        ),
    )
    actions: bpy.props.CollectionProperty(type=MotionGPTStyleAction)
    action: bpy.props.IntProperty(name="Action", description="The action whose words are shown")
    folder: bpy.props.StringProperty(
        name="Clips",
        description="The folder of motion files; a table captions.csv in it says what each shows",
        subtype="DIR_PATH",
    )
    words: bpy.props.StringProperty(
        name="Words",
        description="What they all show, as you will ask for it; several ways to say it with semicolons. Empty: the "
        "model proposes words for what has none",
    )
    name: bpy.props.StringProperty(name="Name", description="What the style is called in the menu of models")
    minutes: bpy.props.FloatProperty(
        name="Minutes", translation_context=CONTEXT, description="How long to train at most", default=5.0, min=0.1,
        soft_max=60.0, max=600.0,
    )  # fmt: skip


def style_settings(context: bpy.types.Context) -> Any:
    """The scene's `MotionGPTStyle`."""
    return full(context).scene.motiongpt_style  # type: ignore[attr-defined]


def register() -> None:
    for group in (MotionGPTStyleAction, MotionGPTStyle):
        bpy.utils.register_class(group)
    bpy.types.Scene.motiongpt_style = bpy.props.PointerProperty(  # type: ignore[attr-defined,func-returns-value]
        type=MotionGPTStyle
    )


def unregister() -> None:
    del bpy.types.Scene.motiongpt_style  # type: ignore[attr-defined]
    for group in (MotionGPTStyle, MotionGPTStyleAction):
        bpy.utils.unregister_class(group)
