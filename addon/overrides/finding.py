"""What may override a character's keys: constraints, drivers, the NLA, scale, and an armature shown at rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import bpy

from ..action.fcurves import action_curves, bone_channel
from ..character.character import Character
from ..character.leaders import BoneGraph, driven_constraints, targets_of, works
from ..character.typing import ArmatureObject, full
from ..translation.saying import say

_MOST_NAMES, _MOST_KINDS = 4, 3
_TRANSFORM = ("rotation", "location", "scale")


@dataclass(frozen=True, eq=False)
class Override:
    """One thing that overrides keys, as long as no other file is opened.

    what: as part of a sentence, "Copy Rotation".  bone: on which, or on which object; "" for the whole armature.
    mute: switches it off; None where only the user can.
    """

    what: str
    bone: str
    mute: Callable[[], None] | None


def whole_overrides(armature_object: ArmatureObject) -> list[Override]:
    """What keeps all of the armature's keys from showing, or a part of them from counting."""
    return [
        *_of_data(armature_object),
        *_of_animation(armature_object),
        *_muted_channels(armature_object),
        *_of_meshes(armature_object),
    ]


def object_overrides(armature_object: ArmatureObject) -> list[Override]:
    """What may keep the armature object itself from where its keys put it."""
    found = [
        Override(
            _constraint_name(armature_object, constraint),
            armature_object.name,
            partial(setattr, constraint, "mute", True),
        )
        for constraint in armature_object.constraints
        if works(constraint)
    ]
    animation = armature_object.animation_data
    for driver in animation.drivers if animation else ():
        if driver.data_path.startswith(_TRANSFORM) and not driver.mute:
            found.append(Override(say("a driver"), armature_object.name, partial(setattr, driver, "mute", True)))
    return found


def bone_overrides(armature_object: ArmatureObject, character: Character, bones: Iterable[str]) -> list[Override]:
    """What may keep these deforming bones from where their keys put them, on them or on what they hang from."""
    graph = BoneGraph(armature_object)
    by_ik = {name for limb in character.places.limbs for name in limb.chain}
    led = {name for name in by_ik if graph.leaders(name)}  # which are keyed only for when their IK is off
    looked_at: set[str] = set()
    found: list[Override] = []
    for bone in bones:
        for name in _responsible(graph, character, bone):
            if name not in looked_at:
                looked_at.add(name)
                found += _of_bone(armature_object, name, keyed=name in character.modes.keys() - led)
    return found


def describe(overrides: Iterable[Override]) -> str:
    """'Copy Rotation on thigh.L and shin.L; a driver on head', the first few kinds of many."""
    bones: dict[str, list[str]] = {}
    for override in overrides:
        bones.setdefault(override.what, []).append(override.bone)
    said = [
        say("{what} on {bones}", what=what, bones=listed(names)) if any(names) else what
        for what, names in bones.items()
    ]
    more = [say("{count} more", count=len(said) - _MOST_KINDS)] if len(said) > _MOST_KINDS else []
    return "; ".join(said[:_MOST_KINDS] + more)


def listed(names: Iterable[str]) -> str:
    """'a, b and c', or the first few of many."""
    unique = list(dict.fromkeys(name for name in names if name))
    if len(unique) > _MOST_NAMES:
        names = ", ".join(unique[:_MOST_NAMES])
        return say("{names} and {count} more", names=names, count=len(unique) - _MOST_NAMES)
    if len(unique) > 1:
        return say("{names} and {last}", names=", ".join(unique[:-1]), last=unique[-1])
    return "".join(unique)


def _of_data(armature_object: ArmatureObject) -> Iterator[Override]:
    data = armature_object.data
    if data.pose_position == "REST":
        yield Override(
            say("Rest Position"), "", partial(setattr, data, "pose_position", "POSE") if data.is_editable else None
        )


def _of_animation(armature_object: ArmatureObject) -> Iterator[Override]:
    animation = armature_object.animation_data
    if animation is None:
        return
    for track in animation.nla_tracks:
        if track.is_solo:
            yield Override(
                say('the soloed NLA track "{track}"', track=track.name), "", partial(setattr, track, "is_solo", False)
            )
    if animation.action_influence < 1.0:
        yield Override(say("the action's influence below 1"), "", partial(setattr, animation, "action_influence", 1.0))
    if animation.action_blend_type != "REPLACE":
        blending = animation.bl_rna.properties["action_blend_type"].enum_items[animation.action_blend_type].name  # type: ignore[attr-defined]
        yield Override(
            say("the action's blending ({blending})", blending=blending),
            "",
            partial(setattr, animation, "action_blend_type", "REPLACE"),
        )
    if getattr(getattr(armature_object, "als", None), "turn_on", False):
        yield Override(say("the add-on Animation Layers, which plays its own layers"), "", None)


def _muted_channels(armature_object: ArmatureObject) -> Iterator[Override]:
    curves = action_curves(armature_object)
    for curve in curves.fcurves if curves else ():
        channel = bone_channel(curve.data_path)
        group: Any = curve.group
        if channel and curve.mute:
            yield Override(say("muted channels"), channel[0], partial(setattr, curve, "mute", False))
        elif channel and group is not None and getattr(group, "mute", False):
            yield Override(say("muted channels"), channel[0], partial(setattr, group, "mute", False))


def _of_meshes(armature_object: ArmatureObject) -> Iterator[Override]:
    """Armature modifiers that are off, or not there, where no mesh is deformed by the armature."""
    off, without = [], []
    for thing in full(bpy.context).scene.objects:
        if thing.type != "MESH":
            continue
        modifiers: list[Any] = [m for m in thing.modifiers if getattr(m, "object", None) == armature_object]
        if thing.parent == armature_object and thing.parent_type in ("ARMATURE", "BONE"):
            return
        if modifiers and any(modifier.show_viewport for modifier in modifiers):
            return
        off += [(thing.name, modifier) for modifier in modifiers]
        if thing.parent == armature_object and not thing.modifiers and _is_weighted(thing, armature_object):
            without.append(thing.name)
    for name, modifier in off:
        if modifier.type == "ARMATURE":
            yield Override(
                say("an Armature modifier that is switched off"),
                name,
                partial(setattr, modifier, "show_viewport", True),
            )
    for name in without:
        yield Override(say("a missing Armature modifier"), name, None)


def _is_weighted(thing: bpy.types.Object, armature_object: ArmatureObject) -> bool:
    bones = armature_object.data.bones
    return any(group.name in bones and bones[group.name].use_deform for group in thing.vertex_groups)


def _responsible(graph: BoneGraph, character: Character, bone: str) -> Iterator[str]:
    """The bone, and all that may move it up to those that are keyed."""
    steps = graph.upstream([bone])
    keyed = {name for name in steps if name in character.modes}
    beyond = {name for start in keyed for name in graph.upstream([start]) if name != start}
    for name in steps:
        if name == bone or name not in beyond or name in keyed:
            yield name


def _of_bone(armature_object: ArmatureObject, name: str, keyed: bool) -> Iterator[Override]:
    bone = armature_object.pose.bones[name]
    driven = driven_constraints(armature_object)
    for constraint in bone.constraints:
        targets = targets_of(constraint)
        own = any(thing == armature_object for thing, _ in targets)
        switched = (name, constraint.name) in driven and (own or not (keyed or targets))
        if not works(constraint) or switched:
            continue
        # A control rig is made of such constraints: without them bones that are not keyed would follow nothing.
        part_of_rig = not keyed and own
        mute = None if part_of_rig else partial(setattr, constraint, "mute", True)
        yield Override(_constraint_name(armature_object, constraint), name, mute)
    animation = armature_object.animation_data
    for driver in animation.drivers if animation else ():
        channel = bone_channel(driver.data_path)
        if channel and channel[0] == name and channel[1].startswith(_TRANSFORM) and not driver.mute:
            yield Override(say("a driver"), name, partial(setattr, driver, "mute", True))
    curves = action_curves(armature_object)
    for (owner, _), group in curves.by_bone().items() if curves and keyed else ():
        for curve in group.values() if owner == name else ():
            for modifier in curve.modifiers:
                if modifier.type != "CYCLES" and not modifier.mute:
                    yield Override(say("F-curve modifiers"), name, partial(setattr, modifier, "mute", True))
    if any(abs(part - 1.0) > 1e-3 for part in bone.scale[:]):
        yield Override(say("scale"), name, partial(setattr, bone, "scale", (1.0, 1.0, 1.0)))


def _constraint_name(armature_object: ArmatureObject, constraint: bpy.types.Constraint) -> str:
    """Its kind as the user reads it, and the object that it follows where that is another one."""
    kind: str = constraint.bl_rna.properties["type"].enum_items[constraint.type].name  # type: ignore[attr-defined]
    others = listed(thing.name for thing, _ in targets_of(constraint) if thing not in (None, armature_object))
    return say('{kind} (of "{others}")', kind=kind, others=others) if others else kind
