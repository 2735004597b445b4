"""The phrases that a model was trained on: read from its folder, grouped by what is done, searched by words.

This module runs inside Blender too: numpy and msgspec only.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from ...retarget.errors import MotionGPTError
from ...retarget.files.arrays import READ_ERRORS, read_arrays
from ..shots.verbs import base_of, is_base, is_ing

FILE_NAME = "known.npz"
"""In a model's folder; see `engines.starter.sureness.Known`."""
OTHER = "other"
"""The group of phrases without a verb that is recognised."""


def read_phrases(folder: Path) -> tuple[str, ...]:
    """The phrases in a model's folder, each once, in the order of their letters; none where the folder has no list.

    Raises MotionGPTError ("no_model") for a damaged one.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        return ()
    try:
        found = read_arrays(path, ("phrases",))["phrases"]
    except READ_ERRORS as error:
        raise MotionGPTError(f"{path} is damaged ({error}).", "Install the model again.", "no_model") from error
    return tuple(sorted({str(phrase).strip() for phrase in found} - {""}))


def grouped(phrases: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Phrases by what is done first in them, the groups in the order of their letters, OTHER last.

    >>> grouped(["walks forward", "someone is waving", "slowly walks", "jazz"])
    {'walk': ('walks forward', 'slowly walks'), 'wave': ('someone is waving',), 'other': ('jazz',)}
    """
    found: dict[str, list[str]] = {}
    for phrase in phrases:
        found.setdefault(_verb(phrase), []).append(phrase)
    return {name: tuple(found[name]) for name in sorted(found, key=lambda name: (name == OTHER, name))}


def matching(phrases: Sequence[str], search: str) -> tuple[str, ...]:
    """The phrases that have all words of a search, or their verbs in another form; all of them for an empty one.

    >>> matching(["walks forward", "walks backward", "waves"], "walk for")
    ('walks forward',)
    """
    wanted = search.lower().split()
    return tuple(phrase for phrase in phrases if all(_has(phrase.lower(), word) for word in wanted))


def _verb(phrase: str) -> str:
    """The base form of the first verb: of a listed one, else of a word that has the form of one."""
    words = re.findall(r"[a-z]+", phrase.lower())
    bases = [base_of(word) for word in words]
    listed = (base for base, word in zip(bases, words, strict=True) if base and is_base(base) and not is_base(word))
    return next(listed, "") or next(filter(None, bases), OTHER)


def _has(phrase: str, word: str) -> bool:
    base = base_of(word) if is_ing(word) or word.endswith("s") else ""
    return word in phrase or bool(base and base in phrase)
