"""What has been asked for, saved in the scene: texts with their settings, the newest last.

An undo takes back the scene as it was, and with it the entries of what is undone; those are the very ones to look for,
so they are put back after it.
"""

import time
from typing import Any
from uuid import uuid4

import bpy
from bpy.app.handlers import persistent

from ..character.typing import Scene

MOST = 50
"""Entries; older ones are dropped."""
_FIELDS = ("key", "name", "task", "seconds", "seed", "takes", "hands", "model", "when", "armature", "paths")


class MotionGPTEntry(bpy.types.PropertyGroup):
    """One press. name: the text.  when: local date and time.  takes: how many were made.  armature: its name.  paths:
    the settings of travel, loops and pins, as `ui.paths.kept` writes them."""

    key: bpy.props.StringProperty()
    task: bpy.props.StringProperty()
    seconds: bpy.props.FloatProperty()
    seed: bpy.props.StringProperty()
    takes: bpy.props.IntProperty()
    hands: bpy.props.StringProperty()
    model: bpy.props.StringProperty()
    when: bpy.props.StringProperty()
    armature: bpy.props.StringProperty()
    paths: bpy.props.StringProperty()


class MotionGPTHistory(bpy.types.PropertyGroup):
    """At `scene.motiongpt_history`. active: the list's selected line, which means nothing."""

    entries: bpy.props.CollectionProperty(type=MotionGPTEntry)
    active: bpy.props.IntProperty()


_remembered: dict[str, list[dict[str, Any]]] = {}
"""Scene's name -> entries that an undo may not take away."""


def entries_of(scene: Scene) -> Any:
    """The scene's entries, the newest last."""
    return scene.motiongpt_history.entries


def add(scene: Scene, text: str, **settings: Any) -> None:
    """Add an entry for what was asked for just now; the oldest goes where there are MOST.

    settings: fields of `MotionGPTEntry`.
    """
    entry = {"key": uuid4().hex, "name": text, "when": time.strftime("%Y-%m-%d %H:%M"), **settings}
    known = [_read(each) for each in entries_of(scene)]
    _remembered[scene.name] = [*known, entry][-MOST:]
    _write(scene)


def clear(scene: Scene) -> None:
    """Forget everything."""
    entries_of(scene).clear()
    _remembered[scene.name] = []


def _read(entry: Any) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in _FIELDS}


def _write(scene: Scene) -> None:
    entries = entries_of(scene)
    entries.clear()
    for values in _remembered[scene.name]:
        entry = entries.add()
        for name, value in values.items():
            setattr(entry, name, value)


@persistent  # type: ignore[untyped-decorator]
def _undone(*_args: object) -> None:
    for scene in bpy.data.scenes:
        wanted = _remembered.get(scene.name)
        if wanted is not None and [e.key for e in entries_of(scene)] != [e["key"] for e in wanted]:  # type: ignore[arg-type]
            _write(scene)  # type: ignore[arg-type]


@persistent  # type: ignore[untyped-decorator]
def _loaded(*_args: object) -> None:
    _remembered.clear()


_HANDLERS = {"load_post": _loaded, "undo_post": _undone, "redo_post": _undone}


def register() -> None:
    for group in (MotionGPTEntry, MotionGPTHistory):
        bpy.utils.register_class(group)
    bpy.types.Scene.motiongpt_history = bpy.props.PointerProperty(  # type: ignore[attr-defined,func-returns-value]
        type=MotionGPTHistory
    )
    for name, function in _HANDLERS.items():
        getattr(bpy.app.handlers, name).append(function)


def unregister() -> None:
    for name, function in _HANDLERS.items():
        getattr(bpy.app.handlers, name).remove(function)
    del bpy.types.Scene.motiongpt_history  # type: ignore[attr-defined]
    for group in (MotionGPTHistory, MotionGPTEntry):
        bpy.utils.unregister_class(group)
    _remembered.clear()
