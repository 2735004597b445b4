"""Text in the sidebar: wrapped by measuring it, as Blender's labels cut what is too long."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import blf
import bpy

from ..character.typing import full
from ..translation.saying import say

_FONT = 0
_MARGIN, _TABS, _ICON = 30, 24, 28  # pixels at a scale of 1: a panel's borders, the tabs beside it, a label's icon
_NARROWEST = 60
_WIDE = "\u2e80-\u9fff\uff00-\uffef"  # Chinese and Japanese characters, and their punctuation
_PART = re.compile(rf"[“（《]*[{_WIDE}][。，；：、！？）”》…]*|[^{_WIDE}]+")


def draw_text(layout: bpy.types.UILayout, text: str, icon: Any = "NONE") -> None:
    """Text that is as wide as the sidebar, one label per line."""
    column = layout.column(align=True)
    column.scale_y = 0.8
    context = bpy.context
    width = text_width(context) - (_ICON * _scale(context) if icon != "NONE" else 0.0)
    for i, line in enumerate(wrap(say(text), width, measure(context))):
        column.label(text=line, icon=icon if i == 0 else "BLANK1" if icon != "NONE" else "NONE")


def text_width(context: bpy.types.Context) -> float:
    """Pixels that a panel of the region that is drawn has for text; those of a default sidebar outside of one."""
    scale, region = _scale(context), context.region
    width = float(region.width) if region is not None and region.type == "UI" else 240.0 * scale
    if region is not None and region.type == "UI":  # panels can be zoomed
        left, right = (region.view2d.region_to_view(x, 0.0)[0] for x in (0.0, width))
        width = right - left
    return max(width - (_MARGIN + _TABS) * scale, _NARROWEST * scale)


def measure(context: bpy.types.Context) -> Callable[[str], float]:
    """A function for the width of a text in pixels, as labels draw it."""
    styles = full(context).preferences.ui_styles
    blf.size(_FONT, (styles[0].widget.points if len(styles) else 11.0) * _scale(context))
    return lambda text: float(blf.dimensions(_FONT, text)[0])


def wrap(text: str, width: float, measured: Callable[[str], float]) -> list[str]:
    """Lines that are at most this wide, cut between words; in a word only where it alone is too wide."""
    lines: list[str] = []
    for paragraph in text.splitlines():
        line = ""
        for space, word in _words(paragraph):
            together = f"{line}{space}{word}" if line else word
            if measured(together) <= width:
                line = together
                continue
            lines += [line] if line else []
            line = word
            while measured(line) > width and len(line) > 1:
                cut = next(n for n in range(len(line) - 1, 0, -1) if n == 1 or measured(line[:n]) <= width)
                lines.append(line[:cut])
                line = line[cut:]
        lines.append(line)
    return [line for line in lines if line]


def _words(paragraph: str) -> Iterator[tuple[str, str]]:
    """What a line may be cut between, each with the space before it: words, and characters of scripts without spaces,
    which keep the punctuation that may not begin a line."""
    for word in paragraph.split():
        space = " "
        for part in _PART.findall(word):
            yield space, part
            space = ""


def _scale(context: bpy.types.Context) -> float:
    return float(full(context).preferences.system.ui_scale) or 1.0
