"""Which page of the manual says what about a button or a setting: for the help buttons, and for Blender's Online Manual
in every right-click menu."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import bpy

from ...retarget.errors import MotionGPTError
from ..translation.saying import told

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "manual"
"""The zip brings the pages as HTML; beside the source they are Markdown."""
_OPERATORS = {
    "between-poses": ("inbetween", "redo_gap", "retime_gap"),
    "bringing-motion": (
        "retarget", "open_motion", "generate_crowd", "add_characters", "remove_character", "run_batch", "stop_batch",
    ),
    "characters": ("find_bones", "check_bones", "clear_bones", "save_bones", "load_bones"),
    "continuing": ("continue_motion", "describe"),
    "exporting": ("export_fbx",),
    "first-motion": ("generate", "cancel", "random_seed", "copy_text"),
    "loops": ("make_loop",),
    "overrides": ("mute_overrides",),
    "paths": ("draw_path", "add_waypoint", "pin", "add_pin", "remove_pin", "take_travel_out", "put_travel_back"),
    "shots": (
        "generate_shot", "regenerate_block", "regenerate_from", "add_block", "remove_block", "move_block",
        "split_block", "blocks_from_prompt", "block_text", "drag_block", "type_block", "block_menu",
    ),
    "styles": ("list_style_actions", "train_style", "stop_style"),
    "takes": (
        "show_take", "pick_take", "compare_take", "accept_take", "reject_takes", "more_takes", "like_take",
        "reuse_prompt", "clear_history", "mark_asset", "open_known", "try_phrase", "use_as_prompt",
    ),
    "troubleshooting": ("diagnostics",),
    "ways-in": ("add_preset", "open_manual"),
}  # fmt: skip
_SETTINGS = {
    "MotionGPTSettings.poses": "between-poses",
    "MotionGPTSettings.range": "between-poses",
    "MotionGPTSettings.takes": "takes",
    "MotionGPTSettings.text_takes": "takes",
    "MotionGPTSettings.ghosts": "between-poses",
    "MotionGPTSettings.after": "continuing",
    "MotionGPTSettings.length": "ways-in",
    "MotionGPTSettings.hands": "characters",
    "MotionGPTSettings.*": "first-motion",
    "MotionGPTPaths.loop*": "loops",
    "MotionGPTPaths.*": "paths",
    "MotionGPTTravel.*": "paths",
    "MotionGPTPin.*": "paths",
    "MotionGPTRig.*": "characters",
    "MotionGPTJoint.*": "characters",
    "MotionGPTBlock.*": "shots",
    "MotionGPTShot.*": "shots",
    "MotionGPTMember.*": "bringing-motion",
    "MotionGPTCrowd.*": "bringing-motion",
    "MotionGPTBring.*": "bringing-motion",
    "MotionGPTKnown.*": "takes",
    "MotionGPTTake.*": "takes",
    "MotionGPTReview.*": "takes",
    "MotionGPTEntry.*": "takes",
    "MotionGPTHistory.*": "takes",
    "MotionGPTStyle*": "styles",
    "MotionGPTPreferences.*": "installing",
}
"""Class and property -> page; the first that fits counts."""


def file_of(page: str) -> Path:
    """A page's file. Raises MotionGPTError where the installation has none."""
    found = next((file for kind in ("html", "md") if (file := FOLDER / f"{page}.{kind}").is_file()), None)
    if found is None:
        raise MotionGPTError("This installation has no manual.", "Install the extension from its zip.")
    return found


def manual_map() -> tuple[str, tuple[tuple[str, str], ...]]:
    """What Blender looks its Online Manual up in: the address of the pages, and names -> page, the special ones first.

    Without pages the list is empty, so that Blender says that it knows none.
    """
    try:
        kind = file_of("first-motion").suffix
    except MotionGPTError:
        return "", ()
    rows = [(f"bpy.ops.motiongpt.{name}", page) for page, names in _OPERATORS.items() for name in names]
    rows += [(f"bpy.types.{name}", page) for name, page in _SETTINGS.items()]
    return FOLDER.as_uri() + "/", tuple((name.lower(), f"{page}{kind}") for name, page in rows)


class MOTIONGPT_OT_open_manual(bpy.types.Operator):
    """Open the manual's page about this panel in the web browser; nothing is sent or loaded from elsewhere"""

    bl_idname = "motiongpt.open_manual"
    bl_label = "Manual"
    bl_options = {"INTERNAL"}

    page: bpy.props.StringProperty(
        name="Page", description="The page's name", default="first-motion", options={"SKIP_SAVE"}
    )

    def execute(self, _context: bpy.types.Context) -> set[Any]:
        try:
            bpy.ops.wm.url_open(url=file_of(self.page).as_uri())
        except MotionGPTError as error:
            self.report({"ERROR"}, told(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class HasManual:
    """A panel with a help button in its header. manual: its page."""

    manual: ClassVar[str]

    def draw_header_preset(self: Any, _context: bpy.types.Context) -> None:
        draw_help(self.layout, self.manual)


def draw_help(layout: Any, page: str) -> None:
    """The help button in a panel's header."""
    layout.operator("motiongpt.open_manual", text="", icon="HELP", emboss=False).page = page
    layout.separator()


_factory: Callable[..., Any] = bpy.utils.register_classes_factory
_register, _unregister = _factory((MOTIONGPT_OT_open_manual,))


def register() -> None:
    _register()
    bpy.utils.register_manual_map(manual_map)


def unregister() -> None:
    bpy.utils.unregister_manual_map(manual_map)
    _unregister()
