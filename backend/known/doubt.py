"""What to say where a model hardly knows a text, or a style does not, the same in the panel and the shell."""

from collections.abc import Callable, Mapping
from typing import Any

MADE_BY = "made_by"
"""Entry of a motion's `meta`, or of a block of it: the model that made it, where its style does not know the text."""


def doubt_of(meta: Mapping[str, Any], say: Callable[..., str] = str.format) -> str:
    """A sentence about a motion, by its `meta`; "" where there is nothing to say.

    say: makes a sentence of a template and the values of its fields, in whatever language.

    >>> doubt_of({"text": "moonwalk", "unsure": True, "nearest": ["walks"]})
    'The model hardly knows "moonwalk".'
    """
    text = meta.get("text", "")
    if word := meta.get("negation"):
        said = 'The model does not follow "{word}": it may show what the other words of "{text}" say.'
        return say(said, word=word, text=text)
    return say('The model hardly knows "{text}".', text=text) if meta.get("unsure") else ""


def nearest_in(meta: Mapping[str, Any]) -> tuple[str, ...]:
    """The phrases nearest to an unsure motion's text that the model knows."""
    return tuple(str(phrase) for phrase in meta.get("nearest", ())) if meta.get("unsure") else ()


def passed_on(meta: Mapping[str, Any], say: Callable[..., str] = str.format) -> tuple[str, ...]:
    """A sentence for each text that a style left to the model that it is a style of: that of a motion, or those of a
    shot's blocks.

    >>> passed_on({"text": "waves", "model": "hero", "made_by": "open"})
    ('The style "hero" does not know "waves"; made by the model open.',)
    """
    said = 'The style "{style}" does not know "{text}"; made by the model {base}.'
    parts = meta.get("blocks") or ({**meta, "prompt": meta.get("text", "")},)
    left = {str(part.get("prompt", "")): part[MADE_BY] for part in parts if part.get(MADE_BY)}
    return tuple(say(said, style=meta.get("model", ""), text=text, base=base) for text, base in left.items())
