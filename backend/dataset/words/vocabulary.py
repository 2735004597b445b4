"""Reads the words of captions from the TOML files in this folder; the header of each describes its format."""

import re
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, TypeVar

import msgspec

from ....retarget.errors import MotionGPTError

FOLDER = Path(__file__).parent
OTHER = "other"
"""The action of text that no rule matches."""

Side = Literal["left", "right", "both"]
_Tail = Annotated[str, msgspec.Meta(pattern=r"^(\S+( \S+)*)?$")]  # words, one space apart, or nothing
_Text = Annotated[str, msgspec.Meta(pattern=r"^\S+( \S+)*$")]
_Texts = Annotated[tuple[_Text, ...], msgspec.Meta(min_length=1)]
_Row = Annotated[tuple[_Tail, ...], msgspec.Meta(min_length=2)]
_File = TypeVar("_File")


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table that has these keys and no others."""


class _Action(_Table, frozen=True):
    """An action, see `actions.toml`."""

    wordings: tuple[_Row, ...]
    little: tuple[_Row, ...] = ()
    names: dict[Side, str] = {}
    means: str = ""


class Style(_Table, frozen=True):
    """A style, see `styles.toml`."""

    adverbs: _Texts
    subjects: _Texts
    phrases: _Texts
    adjectives: tuple[_Text, ...] = ()
    people: tuple[_Text, ...] = ()
    nouns: _Texts = ("person", "man", "woman", "guy")
    same: tuple[str, ...] = ()


class Rule(_Table, frozen=True):
    """A rule, see `reading.toml`."""

    words: _Texts
    action: str
    side: str = ""


class _Reading(_Table, frozen=True):
    rules: tuple[Rule, ...]


class Sentences(_Table, frozen=True):
    """See `sentences.toml`."""

    subjects: _Texts
    instructions: _Texts
    questions: _Texts
    owners: dict[str, str]
    sides: dict[Side, dict[str, str]]


class Unknown(_Table, frozen=True):
    """See `unknown.toml`."""

    foreign: _Texts
    beings: _Texts
    other: _Texts
    letters: _Text


class Wording(NamedTuple):
    """A verb in its base form, and what follows it."""

    verb: str
    tail: str


class Actions(NamedTuple):
    """wordings, little: action -> its wordings, and those for clips that do it only a little.  same: name in clips ->
    the action that it is a synonym of.  mirrored: action whose name has no side to swap -> its mirrored action."""

    wordings: dict[str, tuple[Wording, ...]]
    little: dict[str, tuple[Wording, ...]]
    same: dict[str, str]
    mirrored: dict[str, str]


class Vocabulary(NamedTuple):
    """All words of captions, one part for each kind of file."""

    sentences: Sentences
    actions: Actions
    styles: dict[str, Style]
    rules: tuple[Rule, ...]
    unknown: Unknown


def read_vocabulary(folder: Path = FOLDER) -> Vocabulary:
    """Read and check the files. Raises MotionGPTError, naming the file and the place, if one is wrong."""
    sentences, actions = _read(folder / "sentences.toml", Sentences), Actions({}, {}, {}, {})
    for path in (folder / "actions.toml", folder / "gestures.toml"):
        for key, action in _read(path, dict[str, _Action]).items():
            try:
                _add(actions, key, action, sentences.sides)
            except (KeyError, ValueError, IndexError) as error:
                raise _wrong(path, f"{key}: {error}") from error
    path = folder / "reading.toml"
    rules = _read(path, _Reading).rules
    for rule in rules:
        try:
            re.compile("|".join(rule.words))
        except re.error as error:
            raise _wrong(path, f"{rule.words}: {error}") from error
        if rule.action.format(side="left") not in (*actions.wordings, OTHER):
            raise _wrong(path, f"there is no action {rule.action}")
    styles, unknown = _read(folder / "styles.toml", dict[str, Style]), _read(folder / "unknown.toml", Unknown)
    return Vocabulary(sentences, actions, styles, rules, unknown)


def _add(actions: Actions, key: str, action: _Action, sides: dict[Side, dict[str, str]]) -> None:
    """Add an action, or one for each of its sides. Raises KeyError, ValueError or IndexError if it is malformed."""
    each = {name: sides[side] for side, name in action.names.items()} or {key: {}}
    for name, words in each.items():
        if name in actions.wordings:
            raise ValueError(f"there are two actions {name}")
        actions.wordings[name] = _filled(action.wordings, words)
        if action.little:
            actions.little[name] = _filled(action.little, words)
        if action.means:
            actions.same[name] = action.means.format(**words)
    if action.names:
        left, right = action.names["left"], action.names["right"]
        if "left" not in left:
            actions.mirrored[left] = right
        if "right" not in right:
            actions.mirrored[right] = left


def _filled(rows: tuple[tuple[str, ...], ...], words: dict[str, str]) -> tuple[Wording, ...]:
    return tuple(Wording(verb.format(**words), tail.format(**words)) for verb, *tails in rows for tail in tails)


def _read(path: Path, kind: type[_File]) -> _File:
    try:
        return msgspec.toml.decode(path.read_bytes(), type=kind)
    except (OSError, ValueError, RecursionError) as error:
        raise _wrong(path, str(error)) from error


def _wrong(path: Path, what: str) -> MotionGPTError:
    return MotionGPTError(f"{path.name} can't be read ({what}).", "Follow the format in its header.")
