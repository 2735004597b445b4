"""What `test_links.py` runs inside Blender: pages opened by buttons and by Blender's Online Manual."""

import importlib
import inspect
import webbrowser

import bpy
from support.in_blender.panel import drawn
from support.in_blender.user import MODULE

opened: list[str] = []


def _opens(url: str, *_args: object, **_keywords: object) -> bool:
    opened.append(url.replace("\\", "/").rpartition("/")[2])
    return True


def opening() -> object:
    """What a button opens, what right-click menus open, and what is said without pages."""
    links = importlib.import_module(f"{MODULE}.addon.manual.links")
    webbrowser.open = _opens
    bpy.ops.motiongpt.open_manual(page="paths")
    for name in ("motiongpt.make_loop", "MotionGPTSettings.prompt", "MotionGPTPin.limb"):
        bpy.ops.wm.doc_view_manual(doc_id=name)
    pages = sorted(file.name for file in links.FOLDER.glob("*.html"))
    text = (links.FOLDER / "takes.html").read_text(encoding="utf-8")
    images = sorted(file.name for file in (links.FOLDER.parent / "images").iterdir())
    rows = links.manual_map()[1]
    links.FOLDER = links.FOLDER / "nowhere"
    try:
        bpy.ops.motiongpt.open_manual(page="paths")
        said = ""
    except RuntimeError as error:
        said = str(error)
    return {"opened": opened, "pages": pages, "takes": text, "images": images, "rows": rows, "without": said,
            "left": list(links.manual_map())}  # fmt: skip


def classes() -> object:
    """All operators and settings, as Blender names them when it looks for a page."""
    found = [f"bpy.ops.{cls.bl_idname}" for cls in _registered(bpy.types.Operator)]
    for cls in (*_registered(bpy.types.PropertyGroup), *_registered(bpy.types.AddonPreferences)):
        found += [f"bpy.types.{cls.__name__}.{name}" for name in inspect.get_annotations(cls)]
    return found


def headers() -> object:
    """The page of each panel, and whether its header has the button."""
    panels = [cls for cls in _registered(bpy.types.Panel) if "presets" not in cls.__name__]
    return {cls.__name__: [cls.manual, "motiongpt.open_manual" in drawn(_header(cls))] for cls in panels}


def _header(cls: type) -> type:
    def draw(drawing: object, context: bpy.types.Context) -> None:
        drawing.manual = cls.manual
        cls.draw_header_preset(drawing, context)

    return type("Header", (), {"draw": staticmethod(draw)})


def _registered(kind: type) -> list[type]:
    found, left = [], list(kind.__subclasses__())
    while left:
        cls = left.pop()
        left += cls.__subclasses__()
        if cls.__module__.startswith(MODULE) and cls.is_registered:
            found.append(cls)
    return found
