"""What Retarget is set to, stored in the scene."""

from typing import Any

import bpy

from ...character.typing import full


def _other_armature(_settings: bpy.types.PropertyGroup, candidate: bpy.types.Object) -> bool:
    return candidate.type == "ARMATURE"


def _other_file(settings: Any, _context: bpy.types.Context) -> None:
    settings.takes.clear()
    settings.take = 0


class MotionGPTTakeName(bpy.types.PropertyGroup):
    """A take of the file: `name` is that of its action."""


class MotionGPTBring(bpy.types.PropertyGroup):
    """At `scene.motiongpt_bring`. takes: of the file, once it is read; empty for one that holds one motion."""

    source: bpy.props.EnumProperty(
        name="From",
        description="Where the motion comes from",
        items=(
            ("FILE", "File", "A motion file: BVH, FBX, GLB, VRM, .blend, npz or AMASS"),
            ("ARMATURE", "Armature", "What another armature of this scene plays"),
        ),
    )
    file: bpy.props.StringProperty(name="File", description="The motion file", update=_other_file)
    takes: bpy.props.CollectionProperty(type=MotionGPTTakeName)
    take: bpy.props.IntProperty(name="Take", description="Which of the file's takes is used")
    other: bpy.props.PointerProperty(
        name="Armature", description="The armature whose action is used", type=bpy.types.Object, poll=_other_armature
    )
    start_frame: bpy.props.IntProperty(
        name="Start Frame", description="The frame of the scene on which the motion begins", default=1
    )
    body: bpy.props.StringProperty(
        name="Body Files",
        description="The folder with your SMPL-H or SMPL-X body files, which AMASS and SMPL-X files need",
        subtype="DIR_PATH",
    )
    up: bpy.props.EnumProperty(
        name="Up",
        description="Which axis of an AMASS or SMPL-X file points up",
        items=(("z", "Z", "As in AMASS"), ("y", "Y", "As in most other files")),
    )
    table: bpy.props.StringProperty(
        name="Jobs",
        description="A CSV table of jobs (text, seconds, seed, name), or a folder of motion files, which go onto the "
        "character of this file",
        subtype="FILE_PATH",
    )
    folder: bpy.props.StringProperty(
        name="Results",
        description="The folder where the files and the report of a batch are written",
        subtype="DIR_PATH",
    )


def bring_settings(context: bpy.types.Context) -> Any:
    """The scene's `MotionGPTBring`."""
    return full(context).scene.motiongpt_bring  # type: ignore[attr-defined]


def register() -> None:
    for group in (MotionGPTTakeName, MotionGPTBring):
        bpy.utils.register_class(group)
    bpy.types.Scene.motiongpt_bring = bpy.props.PointerProperty(  # type: ignore[attr-defined,func-returns-value]
        type=MotionGPTBring
    )


def unregister() -> None:
    del bpy.types.Scene.motiongpt_bring  # type: ignore[attr-defined]
    for group in (MotionGPTBring, MotionGPTTakeName):
        bpy.utils.unregister_class(group)
