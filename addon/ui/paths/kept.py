"""The settings of travel, loops and pins as text, for the history of prompts: objects by their names, so that keeping
the settings keeps no object in the file."""

import json
from typing import Any

import bpy

_COLLECTIONS = {"Object": "objects", "Collection": "collections"}
"""Type of what a setting points to -> where the file has it."""


def as_text(settings: bpy.types.PropertyGroup) -> str:
    """All settings of a group, those of its groups and lists with it, as JSON."""
    return json.dumps(_values(settings))


def put_back(settings: bpy.types.PropertyGroup, text: str) -> list[str]:
    """Set a group's settings to those of `as_text`; returns the names of what the file no longer has, and of choices
    that there are none of."""
    gone: list[str] = []
    _set(settings, json.loads(text), gone)
    return gone


def _properties(group: bpy.types.PropertyGroup) -> list[Any]:
    return [each for each in group.bl_rna.properties if each.identifier not in ("rna_type", "name")]


def _values(group: bpy.types.PropertyGroup) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in _properties(group):
        value = getattr(group, each.identifier)
        if each.type == "COLLECTION":
            value = [_values(member) for member in value]
        elif each.type == "POINTER":
            pointed = each.fixed_type.identifier in _COLLECTIONS
            value = (value.name if value else "") if pointed else _values(value)
        elif getattr(each, "is_array", False):
            value = list(value)
        found[each.identifier] = value
    return found


def _set(group: Any, values: dict[str, Any], gone: list[str]) -> None:
    for each in _properties(group):
        name = each.identifier
        if name not in values:
            continue
        value = values[name]
        if each.type == "COLLECTION":
            getattr(group, name).clear()
            for member in value:
                _set(getattr(group, name).add(), member, gone)
        elif each.type == "POINTER" and each.fixed_type.identifier not in _COLLECTIONS:
            _set(getattr(group, name), value, gone)
        elif each.type == "POINTER":
            found = getattr(bpy.data, _COLLECTIONS[each.fixed_type.identifier]).get(value)
            setattr(group, name, found)
            if value and found is None:
                gone.append(value)
        else:
            try:
                setattr(group, name, value)
            except TypeError:  # a choice of another version
                gone.append(str(value))
