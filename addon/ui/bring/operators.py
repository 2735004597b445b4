"""The buttons of Retarget, and what a file dropped into the viewport does."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import bpy
from bpy_extras.io_utils import ImportHelper

from ....retarget.errors import MotionGPTError
from ...bring.armatures import OtherArmature
from ...bring.files import SUFFIXES, MotionFile
from ...bring.job import RetargetJob, RetargetRequest
from ...character.typing import as_armature, full
from ...jobs import session
from ...jobs.context import Target, check_armature
from ...translation.saying import say
from ..operators.tasks import StartsJob
from ..typing import classes_factory
from .properties import bring_settings

_DROPPED = tuple(suffix for suffix in SUFFIXES if suffix != ".blend")
"""Blender opens a .blend file itself."""


class MOTIONGPT_OT_retarget(StartsJob):
    """Put the motion of a file, or of another armature, onto the character as a new action; the old one is stashed"""

    bl_idname = "motiongpt.retarget"
    bl_label = "Retarget"
    job = RetargetJob

    filepath: bpy.props.StringProperty(
        name="File", description="A motion file in place of what is set", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    take: bpy.props.StringProperty(
        name="Take", description="The name of one of its takes, or a part of it", options={"SKIP_SAVE"}
    )

    def gather(self, context: bpy.types.Context) -> RetargetRequest:
        if self.filepath:
            _choose(context, self.filepath)
        return _request(context, self.take)


class MOTIONGPT_OT_open_motion(StartsJob, ImportHelper):  # type: ignore[misc]
    """Choose a motion file, and list its takes"""

    bl_idname = "motiongpt.open_motion"
    bl_label = "Open Motion"
    job = RetargetJob

    filter_glob: bpy.props.StringProperty(default=";".join(f"*{s}" for s in SUFFIXES), options={"HIDDEN"})
    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})

    def gather(self, context: bpy.types.Context) -> RetargetRequest:
        _choose(context, self.filepath)
        return _request(context, only_list=True)


class MOTIONGPT_FH_motion(bpy.types.FileHandler):
    """Motion files dropped into the viewport go onto the character."""

    bl_idname = "MOTIONGPT_FH_motion"
    bl_label = "Retarget onto the Character"
    bl_import_operator = "motiongpt.retarget"
    bl_file_extensions = ";".join(_DROPPED)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """Where it can't be retargeted, Blender's own importers have it for themselves."""
        area = context.area
        return area is not None and area.type == "VIEW_3D" and not session.refused(RetargetJob, context)


def _choose(context: bpy.types.Context, path: str) -> None:
    """Set the file; its takes stay known if it is the one that was set."""
    settings = bring_settings(context)
    settings.source = "FILE"
    if settings.file != path:
        settings.file = path


def _request(context: bpy.types.Context, take: str = "", only_list: bool = False) -> RetargetRequest:
    """What the settings ask for. Raises MotionGPTError."""
    scene, settings = full(context).scene, bring_settings(context)
    RetargetJob.check(context, session.current().service)
    source = _other(context) if settings.source == "ARMATURE" else _file(settings, take)
    name = scene.name

    def listed(takes: Sequence[str]) -> None:
        now = cast(Any, bpy.data.scenes.get(name))
        if now is not None:
            _list(now.motiongpt_bring, takes)

    hands = scene.motiongpt.hands.lower().replace("_", "-")
    return RetargetRequest(Target.gather(context), source, settings.start_frame, hands, listed, only_list)


def _file(settings: Any, take: str) -> MotionFile:
    if not settings.file:
        raise MotionGPTError("No motion file is chosen.", "Choose one, or drop one into the viewport.")
    if not take and 0 <= settings.take < len(settings.takes):
        take = settings.takes[settings.take].name
    body = Path(bpy.path.abspath(settings.body)) if settings.body else None
    file = MotionFile(Path(bpy.path.abspath(settings.file)), take, body, settings.up)
    file.check()
    return file


def _other(context: bpy.types.Context) -> OtherArmature:
    other = bring_settings(context).other
    if other is None:
        raise MotionGPTError("No armature is chosen to take the motion from.", "Choose one under From.")
    if other == check_armature(context):
        raise MotionGPTError(
            say('"{other}" is the character itself.', other=other.name),
            "Choose another armature, or pick the character under Armature.",
        )
    return OtherArmature.of(as_armature(other))


def _list(settings: Any, takes: Sequence[str]) -> None:
    settings.takes.clear()
    for take in takes:
        settings.takes.add().name = take
    settings.take = 0


register, unregister = classes_factory(MOTIONGPT_OT_retarget, MOTIONGPT_OT_open_motion, MOTIONGPT_FH_motion)
