"""The menu of models, each with what its licence allows, in words."""

from functools import lru_cache
from pathlib import Path
from typing import Any
from zlib import crc32

import bpy

from ...retarget.errors import MotionGPTError
from ..character.typing import full
from ..jobs.context import EXTENSION
from ..translation.saying import say

_Item = tuple[str, str, str, str, int]


def items(_preferences: object, _context: bpy.types.Context | None) -> tuple[_Item, ...]:
    """What the menu offers: the installed models, the default one first and with the number 0 of an untouched menu."""
    try:
        # Not before the panel is drawn: see jobs.service.
        from ...backend.model_folder import CARD_NAME, default_model, installed_models
    except ImportError:  # the bundled packages don't fit this Blender; the backend's start says so
        return ()
    found = {name: folder / CARD_NAME for name, folder in installed_models().items()}
    names = sorted(found, key=lambda name: name != default_model())
    return _items(tuple((name, found[name], found[name].stat().st_mtime_ns) for name in names))


@lru_cache(maxsize=8)  # Blender keeps no copy of these texts
def _items(models: tuple[tuple[str, Path, int], ...]) -> tuple[_Item, ...]:
    rows = []
    for place, (name, path, _) in enumerate(models):
        label, about = _described(path.parent, name)
        rows.append((name, label, about, "NONE", crc32(name.encode()) >> 1 if place else 0))
    return tuple(rows)


def _described(folder: Path, name: str) -> tuple[str, str]:
    """A model in a menu, and the longer text about it."""
    from ...backend.model_folder import read_card

    try:
        card = read_card(folder)
    except MotionGPTError as error:
        return name, say(error.message)
    about = say("Licence {licence}. {description}", licence=card.licence, description=card.description)
    return f"{name}: {say(card.use or card.licence)}", about[:400]


def draw_model(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Which model is used, and what for: a menu, or the folder that the preferences name."""
    entry = full(context).preferences.addons.get(EXTENSION)  # None where a script enabled the extension for one run
    if entry is None:
        return
    preferences: Any = entry.preferences
    if preferences.model:
        folder = Path(bpy.path.abspath(preferences.model))
        layout.label(text=_described(folder, folder.name)[0], icon="FILE_FOLDER")
    elif items(None, None):
        layout.prop(preferences, "installed", text="")
    else:
        layout.label(text="No model: choose one in Preferences", icon="ERROR")
