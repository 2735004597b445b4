"""What to say where a model hardly knows a text, the same in the panel and the shell."""

from collections.abc import Mapping
from typing import Any


def doubt_of(meta: Mapping[str, Any]) -> str:
    """A sentence about a motion, by its `meta`; "" where there is nothing to say.

    >>> doubt_of({"text": "moonwalk", "unsure": True, "nearest": ["walks"]})
    'The model hardly knows "moonwalk".'
    """
    text = meta.get("text", "")
    if word := meta.get("negation"):
        return f'The model does not follow "{word}": it may show what the other words of "{text}" say.'
    return f'The model hardly knows "{text}".' if meta.get("unsure") else ""


def nearest_in(meta: Mapping[str, Any]) -> tuple[str, ...]:
    """The phrases nearest to an unsure motion's text that the model knows."""
    return tuple(str(phrase) for phrase in meta.get("nearest", ())) if meta.get("unsure") else ()
