"""The translations that the extension brings, as Blender and `saying` look them up."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, cast

import bpy

from .saying import CONTEXT, look_up_in

LANGUAGES = {"zh_HANS": ("zh_HANS", "zh_CN")}
"""Each file of this folder, and what versions of Blender call its language."""
_CONTEXTS = ("*", "Operator", CONTEXT)
"""Where Blender looks: for most texts, for the names of operators, for what is ours alone."""


def read(language: str) -> dict[str, str]:
    """English text -> translation, of one of `LANGUAGES`."""
    sections = tomllib.loads((Path(__file__).parent / f"{language}.toml").read_text(encoding="utf-8"))
    return {english: said for section in sections.values() for english, said in section.items()}


def for_blender() -> dict[str, dict[tuple[str, str], str]]:
    """Name of a language -> context and English text -> translation."""
    return {
        name: {(context, english): said for english, said in read(language).items() for context in _CONTEXTS}
        for language, names in LANGUAGES.items()
        for name in names
    }


def _in_interface(text: str) -> str:
    return str(cast(Any, bpy.app.translations.pgettext_iface)(text, CONTEXT))


def register() -> None:
    bpy.app.translations.register(__package__, cast(Any, for_blender()))
    look_up_in(_in_interface)


def unregister() -> None:
    look_up_in(None)
    bpy.app.translations.unregister(__package__)
