"""Sentences for the user, in the language of Blender's interface. No bpy: English until `register` of `catalogue`.

A sentence with values is a template with named fields, so that a translation can put them in another order. What has no
translation is said in English.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...retarget.errors import MotionGPTError

CONTEXT = "MotionGPT"
"""In Blender's catalogue the context of sentences, and of names that Blender itself has in another sense: a "Face"
there is one of a mesh."""
_CLOSED = "。！？；：，、）”…"
"""After these marks no space follows."""


def _as_it_is(text: str) -> str:
    return text


_lookup: Callable[[str], str] = _as_it_is


def look_up_in(lookup: Callable[[str], str] | None) -> None:
    """Use a function from an English text to its translation; None for English."""
    global _lookup
    _lookup = lookup or _as_it_is


def say(template: str, **values: Any) -> str:
    """A text in the interface's language, with its values.

    >>> say("Frames {first} to {last}", first=1, last=30)
    'Frames 1 to 30'
    """
    return _lookup(template).format(**values) if values else _lookup(template)


def together(*sentences: str) -> str:
    """Sentences that follow each other, without those that are empty.

    >>> together("It is done.", "", "It moves."), together("完成了。", "它在动。")
    ('It is done. It moves.', '完成了。它在动。')
    """
    out = ""
    for sentence in filter(None, sentences):
        out += ("" if not out or out[-1] in _CLOSED else " ") + sentence
    return out


def told(error: Exception) -> str:
    """What is wrong and what to do about it, in the interface's language; other errors as they are."""
    if not isinstance(error, MotionGPTError):
        return str(error)
    return together(say(error.message), say(error.cure) if error.cure else "")
