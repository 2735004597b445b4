"""What the panel says where the model hardly knows a text, with phrases to click that it knows."""

from typing import Any

import bpy

from ..translation.saying import say, together
from .text import draw_text


def draw_doubt(layout: bpy.types.UILayout, meta: dict[str, Any]) -> None:
    """Draw what there is to say about a motion, by its `meta`; nothing where the model knows the text."""
    from ...backend.known.doubt import doubt_of, nearest_in  # not before the panel is drawn: see jobs.service

    said, nearest = doubt_of(meta, say), nearest_in(meta)
    if not said:
        return
    draw_text(layout, together(said, say("Closest that it knows:")) if nearest else said, "QUESTION")
    column = layout.column(align=True)
    for phrase in nearest:
        column.operator("motiongpt.use_as_prompt", text=phrase, translate=False).text = phrase
