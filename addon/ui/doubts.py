"""What the panel says where the model hardly knows a text, with phrases to click that it knows; and where a style does
not know it."""

from typing import Any

import bpy

from ..translation.saying import say, together
from .text import draw_text


def draw_doubt(layout: bpy.types.UILayout, meta: dict[str, Any]) -> None:
    """Draw what there is to say about a motion, by its `meta`; nothing where the model knows the text."""
    from ...backend.known import doubt  # not before the panel is drawn: see jobs.service

    for sentence in doubt.passed_on(meta, say):
        draw_text(layout, sentence, "INFO")
    said, nearest = doubt.doubt_of(meta, say), doubt.nearest_in(meta)
    if not said:
        return
    draw_text(layout, together(said, say("Closest that it knows:")) if nearest else said, "QUESTION")
    column = layout.column(align=True)
    for phrase in nearest:
        column.operator("motiongpt.use_as_prompt", text=phrase, translate=False).text = phrase
