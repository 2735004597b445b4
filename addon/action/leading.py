"""Keys for the objects that limbs reach for by IK (`reaching`): wherever the keys of the limbs change, theirs follow.

A new action of the character gives each of them a new one, too, and what they played is stashed; keys between an
animator's own leave those alone. While takes are under review the objects play previews, and what they played before
is remembered in them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import bpy
import numpy as np

from ...retarget.typing import Floats
from ..character.typing import ArmatureObject
from .fcurves import (
    ActionCurves,
    action_curves,
    choice,
    complete,
    data_path,
    key_frames,
    merge,
    new_action_curves,
    read_points,
    select,
    step_points,
    write_points,
)
from .generated import fingerprints, generated_type, give_back_touched, read_record, write_record
from .reaching import Handle, Reach, locations, reaches, where
from .stashing import copy_action, stash_action

PREVIEWED = "motiongpt_before"
"""Custom property of an object while takes are under review: the character, and what the object did before them; and of
the action that it plays then."""


def led_objects(armature_object: ArmatureObject) -> list[bpy.types.Object]:
    """The objects that `lead` may key, or has, for takes."""
    names = [h.name for r in reaches(armature_object) for h in (r.target, r.pole) if h is not None]
    return [bpy.data.objects[name] for name in dict.fromkeys([*names, *(t.name for t in _previewing(armature_object))])]


def lead(armature_object: ArmatureObject, name: str = "", preview: bool = False) -> None:
    """Key what the armature's limbs reach for, so that they are where the keys of their bones have them.

    name: of new actions, which replace the old ones; "" to go on with those.  preview: for a take under review.
    """
    if preview:
        put_back_led(armature_object)
    opened: dict[str, ActionCurves] = {}
    for reach in reaches(armature_object):
        frames = _known_frames(armature_object, reach)
        if not len(frames):
            continue
        points, world = where(armature_object, reach, frames)
        handles = [handle for handle in (reach.target, reach.pole) if handle is not None]
        for handle, at in zip(handles, points, strict=True):
            thing = handle.thing
            if preview and thing.name not in opened:
                _remember(armature_object, thing)
            curves = opened.get(thing.name) or _opened(thing, name, preview)
            opened[thing.name] = curves
            if preview:
                curves.action[PREVIEWED] = True
            _write(curves, handle, frames, locations(armature_object, handle, at, world), anew=bool(name))


def copy_all(armature_object: ArmatureObject, name: str, copy: bpy.types.Action | None = None) -> None:
    """Replace the armature's action with a copy of that name, and those of what its limbs reach for with copies.

    copy: of the armature's action, where it is there already.
    """
    for thing in led_objects(armature_object):
        copy_action(thing, f"{name} {thing.name}"[:60])
    copy_action(armature_object, name, copy=copy)


def put_back_led(armature_object: ArmatureObject) -> None:
    """Give the objects back what they did before the takes that are under review. An action that the animator has
    assigned meanwhile stays assigned."""
    for thing in _previewing(armature_object):
        before, animation = thing[PREVIEWED], thing.animation_data
        preview = animation.action if animation else None
        ours = preview if preview is not None and preview.get(PREVIEWED) is not None else None
        if animation is not None and (ours is not None or preview is None):
            animation.action = before.get("action")
            _choose_slot(animation, str(before["slot"]))
            if not (animation.action or animation.nla_tracks or animation.drivers):
                thing.animation_data_clear()
        if ours is not None:
            bpy.data.actions.remove(ours)
        for handle, place in zip(before["bones"].split("\n"), np.reshape(before["places"], (-1, 3)), strict=True):
            owner: Any = thing.pose.bones.get(handle) if handle and thing.pose else thing
            if owner is not None:
                owner.location = place
        del thing[PREVIEWED]
        thing.update_tag()


def keep_led(armature_object: ArmatureObject, stash: bool) -> None:
    """Accept what the objects play. stash: keep what they played before on a muted NLA track."""
    for thing in _previewing(armature_object):
        before, animation = thing[PREVIEWED].get("action"), thing.animation_data
        preview = animation.action if animation else None
        if preview is not None and preview.get(PREVIEWED) is not None:
            del preview[PREVIEWED]
        if stash and before is not None and preview is not None and animation is not None:
            slot = getattr(animation, "action_slot", None)
            identifier = slot.identifier if slot else ""
            animation.action = before
            _choose_slot(animation, str(thing[PREVIEWED]["slot"]))
            stash_action(animation)
            animation.action = preview
            _choose_slot(animation, identifier)
        del thing[PREVIEWED]


def _previewing(armature_object: ArmatureObject) -> list[bpy.types.Object]:
    found = (t for t in bpy.data.objects if t.get(PREVIEWED) is not None)
    return [thing for thing in found if thing[PREVIEWED].get("character") == armature_object]


def _remember(armature_object: ArmatureObject, thing: bpy.types.Object) -> None:
    animation = thing.animation_data
    slot = getattr(animation, "action_slot", None)
    owners: list[Any] = [thing, *(thing.pose.bones if thing.pose else ())]
    thing[PREVIEWED] = {
        "character": armature_object,
        "slot": slot.identifier if slot else "",
        "bones": "\n".join("" if owner == thing else owner.name for owner in owners),
        "places": [value for owner in owners for value in owner.location],
    } | ({"action": animation.action} if animation and animation.action else {})


def _choose_slot(animation: Any, identifier: str) -> None:
    if identifier and animation.action is not None and identifier in animation.action.slots:
        animation.action_slot = animation.action.slots[identifier]


def _opened(thing: bpy.types.Object, name: str, preview: bool) -> ActionCurves:
    """The curves to write: of the object's own action, a copy of it, or a new one."""
    own = action_curves(thing)
    title = f"{name or 'IK'} {thing.name}"[:60]
    if own is not None and (name or preview):
        copy_action(thing, title, stash=not preview)
        own = action_curves(thing)
    return own or new_action_curves(thing, title)


def _known_frames(armature_object: ArmatureObject, reach: Reach) -> Floats:
    """The frames (F,) on which the limb is where generated keys, or those between which they are, have it: from one
    key to the next of its bones, but not where the animator has keyed the target and not the limb."""
    action = action_curves(armature_object)
    if action is None:
        return np.zeros(0)
    parent = armature_object.data.bones[reach.owner].parent
    limb = {reach.owner, *([parent.name] if parent else [])}
    curves = [c for (bone, ch), own in action.by_bone().items() if bone in limb and "rot" in ch for c in own.values()]
    marks = [_generated_frames(curve) for curve in curves]
    known = np.unique(np.concatenate([np.zeros(0), *(key_frames(curve) for curve in curves)]).round())
    generated = np.unique(np.concatenate([np.zeros(0), *marks]).round())
    theirs = _own_frames(reach.target)
    frames = [generated]
    for first, last in pairwise(known):
        touched = np.isin([first, last], generated).any()
        if touched and not ((theirs > first) & (theirs < last)).any():
            frames.append(np.arange(first, last + 1.0))
    return np.asarray(np.unique(np.concatenate(frames)), dtype=np.float64)


def _generated_frames(curve: bpy.types.FCurve) -> Floats:
    points = read_points(curve)
    return np.asarray(points["co"][points["type"] == choice("type", generated_type()), 0], dtype=np.float64)


def _own_frames(handle: Handle) -> Floats:
    """The frames (n,) on which the animator has keyed a handle."""
    action = action_curves(handle.thing)
    path, frames = data_path(handle.bone, "location"), [np.zeros(0)]
    record = read_record(action.action if action else None)
    for curve in action.fcurves if action else ():
        if curve.data_path == path:
            frames.append(_theirs(curve, record)["co"][:, 0].astype(np.float64))
    return np.unique(np.concatenate(frames).round())


def _theirs(curve: bpy.types.FCurve, record: Any) -> Any:
    points = read_points(curve)
    give_back_touched(curve, points, record)
    return select(points, points["type"] != choice("type", generated_type()))


def _write(curves: ActionCurves, handle: Handle, frames: Floats, values: Floats, anew: bool) -> None:
    """One generated key a frame. anew: in place of all keys; else the animator's own stay."""
    path, record = data_path(handle.bone, "location"), read_record(curves.action)
    there = {curve.array_index: curve for curve in curves.fcurves if curve.data_path == path}
    records = [record]
    for index, column in enumerate(values.T):
        points = complete(step_points(frames, column, "LINEAR"), generated_type())
        curve = there.get(index)
        if curve is None:
            curve = curves.new(handle.bone, "location", index)
        elif not anew:
            old = read_points(curve)
            give_back_touched(curve, old, record)
            old = select(old, old["type"] != choice("type", generated_type()))
            points = select(points, ~np.isin(frames, old["co"][:, 0].round()))
            points = merge(old, points)
        write_points(curve, points)
        generated = points["type"] == choice("type", generated_type())
        records.append(fingerprints(path, index, points["co"][generated, 1]))
    write_record(curves.action, np.concatenate(records))
    handle.thing.update_tag()
