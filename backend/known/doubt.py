"""What to say where a model hardly knows a text, the same in the panel and the shell."""

from collections.abc import Callable, Mapping
from typing import Any


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
