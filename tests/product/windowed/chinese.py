"""Runs inside a windowed Blender whose interface is Chinese: the panels in every state, the pies, a refusal, takes,
with pictures of each; what Blender finds in the extension's catalogue.

    blender --python chinese.py -- CHARACTER FOLDER RESULT [VARIABLE=VALUE ...]

CHARACTER: a glTF file. FOLDER: for the pictures. RESULT: a JSON file. Blender quits by itself, whatever happens.
"""

import os
import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parent))
import driving
from driving import SETTLE, picture

CHARACTER, FOLDER, RESULT, *VARIABLES = sys.argv[sys.argv.index("--") + 1 :]
os.environ.update(variable.split("=", 1) for variable in VARIABLES)  # a Blender in a root of its own inherits none
PRINTED = (
    ("Generate Shot", "Operator"),
    ("Generate Shot", "*"),
    ("From Markers", "*"),
    ("Frames {first} to {last}", "*"),
)

seen: dict[str, object] = {"version": bpy.app.version_string}


def in_chinese() -> None:
    view = bpy.context.preferences.view
    view.language = "zh_HANS"
    view.use_translate_interface = view.use_translate_tooltips = view.use_translate_reports = True


def opened() -> None:
    """The panels of the extension, open from the start; but not all that the model knows, which is long."""
    panels, left = list[type](), list(bpy.types.Panel.__subclasses__())
    while left:
        cls = left.pop(0)
        left += cls.__subclasses__()
        ours = cls.__module__.startswith("bl_ext.user_default.motiongpt") and cls.is_registered
        if ours and "DEFAULT_CLOSED" in getattr(cls, "bl_options", ()) and cls.__name__ != "MOTIONGPT_PT_known":
            panels.append(cls)
    for cls in panels:
        bpy.utils.unregister_class(cls)
    for cls in panels:
        cls.bl_options = cls.bl_options - {"DEFAULT_CLOSED"}
        bpy.utils.register_class(cls)


def pages(name: str, override: dict):
    """Pictures of the sidebar from its top to its end."""
    for page in range(4):
        yield SETTLE
        picture(str(Path(FOLDER, f"{name}-{page}.png")))
        with bpy.context.temp_override(**override):
            for _ in range(18):
                bpy.ops.view2d.scroll_down(page=False)
    with bpy.context.temp_override(**override):
        for _ in range(100):
            bpy.ops.view2d.scroll_up(page=False)


def finished():
    from bl_ext.user_default.motiongpt.addon.jobs import session

    while session.current().running:
        yield 0.05
    seen.setdefault("messages", []).append(session.current().job.message)


def steps():
    from bl_ext.user_default.motiongpt.addon.jobs import session

    in_chinese()
    opened()
    yield SETTLE
    seen["found"] = [bpy.app.translations.pgettext(text, context) for text, context in PRINTED]
    window, area, region = driving.viewport()
    with bpy.context.temp_override(window=window, area=area, region=region):
        armature = driving.load_character(CHARACTER)
        scene, settings = bpy.context.scene, bpy.context.scene.motiongpt
        scene.render.fps = 30
        area.spaces.active.show_region_ui = True
        bpy.ops.screen.screen_full_area()
    yield SETTLE
    window, area, region = driving.viewport()
    sidebar = next(r for r in area.regions if r.type == "UI")
    for _ in range(2):  # it has no tabs before it was drawn
        sidebar.active_panel_category = "MotionGPT"
        area.tag_redraw()
        yield SETTLE
    sides = {"window": window, "area": area, "region": sidebar}
    yield from pages("empty", sides)
    with bpy.context.temp_override(window=window, area=area, region=region):
        try:
            bpy.ops.motiongpt.generate()
        except RuntimeError as error:
            seen["refused"] = str(error)
        settings.prompt, settings.seconds, settings.text_takes = "a person walks forward, then waves", 4.0, 2
        bpy.ops.motiongpt.generate()
    yield 1.0
    picture(str(Path(FOLDER, "running.png")))
    yield from finished()
    sidebar.tag_redraw()
    yield from pages("takes", sides)
    for pie in ("MOTIONGPT_MT_pie", "MOTIONGPT_MT_directing_pie"):
        window.cursor_warp(700, 450)
        yield 1.0
        with bpy.context.temp_override(window=window, area=area, region=region):
            bpy.ops.wm.call_menu_pie(name=pie)
        yield 2.0 * SETTLE
        picture(str(Path(FOLDER, f"{pie}.png")))
        window.event_simulate(type="ESC", value="PRESS", x=700, y=450)
        window.event_simulate(type="ESC", value="RELEASE", x=700, y=450)
        yield SETTLE
    seen["status"] = session.current().service.status().text
    for task in ("inbetween", "continue", "caption"):
        settings.task = task
        yield SETTLE
        picture(str(Path(FOLDER, f"task-{task}.png")))
    seen["takes"] = len(armature.motiongpt_review.takes)
    area.ui_type = "DOPESHEET"
    yield SETTLE
    picture(str(Path(FOLDER, "timeline.png")))
    area.ui_type = "PREFERENCES"
    bpy.context.preferences.active_section = "ADDONS"
    bpy.context.window_manager.addon_search = "MotionGPT"
    bpy.ops.preferences.addon_expand(module="bl_ext.user_default.motiongpt")
    yield SETTLE
    picture(str(Path(FOLDER, "preferences.png")))


driving.start(steps(), seen, RESULT, limit=900.0)
