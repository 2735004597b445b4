"""F-curves: the only module that names, creates, reads and writes them, in bulk, in every supported Blender.

Up to Blender 4.3 an action holds its F-curves itself; from 4.4 on each of its slots has its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, cast

import bpy
import numpy as np

from ...retarget.motion.sparse_curves import SparseCurve, split_bezier
from ...retarget.typing import Float32s, Floats, Numbers
from ..character.placing import OBJECT

Points = dict[str, Numbers]
"""Keys of one F-curve, ordered by frame: property of `bpy.types.Keyframe` -> (n,) or (n, 2). Properties that
are left out have Blender's defaults."""

UNPLAYED = ".MotionGPT"
"""Name of an action that is not shown yet, or no longer."""

_PAIRS = ("co", "handle_left", "handle_right")
_HANDLES = frozenset(_PAIRS[1:])
_NUMBERS = {"back": 1.70158, "amplitude": 0.8, "period": 4.1}  # with Blender's defaults
_CHOICES = ("interpolation", "handle_left_type", "handle_right_type", "easing", "type")
_FLAGS = ("select_control_point", "select_left_handle", "select_right_handle")
_BONE = re.compile(r'^pose\.bones\["((?:[^"\\]|\\.)*)"\](?:\.(\w+)|(\["(?:[^"\\]|\\.)*"\]))$')


def is_switch(channel: str) -> bool:
    """Whether a property is a custom one, as a control rig's switches are: it is stepped, not interpolated."""
    return channel.startswith("[")


def custom_property(channel: str) -> str:
    """The name of the custom property that a channel stands for."""
    return bpy.utils.unescape_identifier(channel[2:-2])


def bone_channel(path: str) -> tuple[str, str] | None:
    """Bone name and property of a data path: "location", or '["IK_FK"]' for a custom one; None for other paths."""
    match = _BONE.match(path)
    return (bpy.utils.unescape_identifier(match[1]), match[2] or match[3]) if match else None


def data_path(bone: str, channel: str) -> str:
    """The inverse of `bone_channel`; for OBJECT in place of a bone, the object's own property."""
    if bone == OBJECT:
        return channel
    return f'pose.bones["{bpy.utils.escape_identifier(bone)}"]{"" if is_switch(channel) else "."}{channel}'


@dataclass(frozen=True, eq=False)
class ActionCurves:
    """The F-curves that animate one object.  bag: what owns them, the action itself or a slot's channelbag."""

    action: bpy.types.Action
    bag: Any  # which of the two depends on Blender's version

    @property
    def fcurves(self) -> bpy.types.ActionChannelbagFCurves:
        fcurves: bpy.types.ActionChannelbagFCurves = self.bag.fcurves
        return fcurves

    def new(self, bone: str, channel: str, index: int) -> bpy.types.FCurve:
        """Create an F-curve that does not exist yet, in the group of its bone."""
        return self._grouped(self.fcurves.new(data_path(bone, channel), index=index), bone)

    def copy(self, like: bpy.types.FCurve, bone: str, channel: str) -> bpy.types.FCurve:
        """Create an F-curve of the same index as another, with that one's keys. Only where `can_copy`."""
        return self._grouped(self.fcurves.new_from_fcurve(like, data_path=data_path(bone, channel)), bone)

    @property
    def can_copy(self) -> bool:
        """Whether this Blender copies F-curves, as 5.0 does."""
        return hasattr(self.bag.fcurves, "new_from_fcurve")

    def _grouped(self, curve: bpy.types.FCurve, bone: str) -> bpy.types.FCurve:
        group = bone if bone != OBJECT else "Object Transforms"
        curve.group = self.bag.groups.get(group) or self.bag.groups.new(group)
        return curve

    def by_bone(self) -> dict[tuple[str, str], dict[int, bpy.types.FCurve]]:
        """(bone name, property) -> index -> F-curve, of all that animate a pose bone."""
        found: dict[tuple[str, str], dict[int, bpy.types.FCurve]] = {}
        for curve in self.fcurves:
            if channel := bone_channel(curve.data_path):
                found.setdefault(channel, {})[curve.array_index] = curve
        return found


def played_action(owner: bpy.types.Object) -> bpy.types.Action | None:
    """The action that the object plays."""
    return owner.animation_data.action if owner.animation_data else None


def all_fcurves(action: Any) -> list[bpy.types.FCurve]:
    """All F-curves of an action, in all of its slots."""
    if not hasattr(action, "slots"):
        return list(action.fcurves)
    strips = (strip for layer in action.layers for strip in layer.strips)
    return [curve for strip in strips for bag in strip.channelbags for curve in bag.fcurves]


def retime(action: bpy.types.Action, factor: float) -> None:
    """Multiply the frames of all keys, handles included."""
    for curve in all_fcurves(action):
        points = curve.keyframe_points
        for name in _PAIRS:
            values = np.empty(2 * len(points), dtype=np.float32)
            points.foreach_get(name, values)
            values[::2] *= factor
            points.foreach_set(name, values)
        curve.update()


def action_curves(owner: bpy.types.Object) -> ActionCurves | None:
    """The curves of the object's action; None where it has no action, or uses none of its slots."""
    action: Any = played_action(owner)
    if action is None:
        return None
    if not hasattr(action, "slots"):
        return ActionCurves(action, action)
    slot = owner.animation_data.action_slot if owner.animation_data else None
    return _curves_of(action, slot) if slot else None


def _curves_of(action: Any, slot: Any) -> ActionCurves | None:
    bags = (strip.channelbag(slot) for layer in action.layers for strip in layer.strips)
    return next((ActionCurves(action, bag) for bag in bags if bag), None)


def unplayed_curves(owner: str) -> ActionCurves:
    """Create an action that nothing plays, for an object of this name, and return its curves."""
    action: Any = bpy.data.actions.new(UNPLAYED)
    if not hasattr(action, "slots"):
        action.id_root = "OBJECT"
        return ActionCurves(action, action)
    slot = action.slots.new(id_type="OBJECT", name=owner)
    return ActionCurves(action, action.layers.new("Layer").strips.new(type="KEYFRAME").channelbag(slot, ensure=True))


def unplayed_copy(owner: bpy.types.Object) -> ActionCurves | None:
    """Copy the object's action, and return the copy's curves; None where `action_curves` finds none."""
    if (curves := action_curves(owner)) is None:
        return None
    copy: Any = curves.action.copy()
    copy.name = UNPLAYED
    slot = getattr(owner.animation_data, "action_slot", None)
    return _curves_of(copy, copy.slots[slot.identifier]) if slot else ActionCurves(copy, copy)


def remove_unplayed(uid: int) -> None:
    """Delete the action of this `session_uid`, unless something plays it, or it is gone."""
    action = next((action for action in bpy.data.actions if action.session_uid == uid), None)
    if action is not None and not action.users:
        bpy.data.actions.remove(action)


def new_action_curves(owner: bpy.types.Object, name: str) -> ActionCurves:
    """Create an action, assign it to the object, and return its curves."""
    curves = unplayed_curves(owner.name)
    curves.action.name = name
    play(owner, curves.action)
    return curves


def play(owner: bpy.types.Object, action: Any) -> None:
    """Assign an action that is the object's alone."""
    animation: Any = owner.animation_data or owner.animation_data_create()
    animation.action = action
    if hasattr(action, "slots"):
        animation.action_slot = action.slots[0]


def read_points(curve: bpy.types.FCurve) -> Points:
    """All keys of a curve, with all their properties."""
    points, count = curve.keyframe_points, len(curve.keyframe_points)
    out: Points = {}
    for names, width, kind in ((_PAIRS, 2, np.float32), (_NUMBERS, 1, np.float32), (_CHOICES, 1, np.int32),
                               (_FLAGS, 1, np.bool_)):  # fmt: skip
        for name in names:
            values = np.empty(count * width, dtype=kind)
            points.foreach_get(name, values)
            out[name] = values.reshape(count, width) if width > 1 else values
    return out


def write_points(curve: bpy.types.FCurve, points: Points) -> None:
    """Replace the curve's keys with these. Values are written bit for bit; Blender computes automatic handles."""
    target, count = curve.keyframe_points, len(points["co"])
    target.clear()
    target.add(count)
    left = _HANDLES if _set_by_update(points) else frozenset()
    # Types before handles: an automatic handle would not stay where it is put.
    for name in ("co", *_NUMBERS, *_CHOICES, "handle_left", "handle_right", *_FLAGS):
        if name in points and name not in left and not _is_new(target, name, points[name]):
            target.foreach_set(name, np.ascontiguousarray(points[name]).ravel())
    curve.update()


def _set_by_update(points: Points) -> bool:
    """Whether Blender computes all handles of these keys; it moves none of a single key."""
    if len(points["co"]) < 2:
        return False
    one, other = choice("handle_left_type", "AUTO"), choice("handle_left_type", "AUTO_CLAMPED")
    for side in _HANDLES:
        kind = points.get(f"{side}_type")
        if kind is None or not ((kind == one) | (kind == other)).all():
            return False
    return True


def _is_new(target: bpy.types.FCurveKeyframePoints, name: str, values: Numbers) -> bool:
    """Whether all of the values are what new keys have already: setting takes longer than looking."""
    if name in _PAIRS or not len(values):
        return False
    new = choice(name, getattr(target[0], name)) if name in _CHOICES else getattr(target[0], name)
    return bool(values[0] == new and (values == new).all())


class NewCurves:
    """Writes the F-curves of a new action. A curve whose keys differ from an earlier one's in their positions alone is
    made as a copy of that, and gets its positions: other properties take six times as long to set."""

    def __init__(self, curves: ActionCurves) -> None:
        self._curves, self._copies = curves, curves.can_copy
        self._written: dict[tuple[object, ...], bpy.types.FCurve] = {}
        self._held: list[tuple[Numbers, ...]] = []

    def write(self, bone: str, channel: str, index: int, points: Points) -> None:
        """Add a curve that does not exist yet, with these keys."""
        others = tuple(values for name, values in points.items() if name not in _PAIRS)
        same = (index, *map(id, others))  # the very arrays of an earlier curve need not be compared
        like = self._written.get(same)
        if like is None and not (self._copies and _set_by_update(points)):
            write_points(self._curves.new(bone, channel, index), points)
            return
        if like is None:
            alike = (index, len(points["co"]), *((n, points[n].tobytes()) for n in sorted(points.keys() - set(_PAIRS))))
            like = self._written.get(alike)
            if like is None:
                like = self._written[alike] = self._curves.new(bone, channel, index)
                write_points(like, points)
                return
            self._written[same] = like
            self._held.append(others)  # so that no other array gets the same id
        curve = self._curves.copy(like, bone, channel)
        curve.keyframe_points.foreach_set("co", points["co"].ravel())
        curve.update()


def key_places(curve: bpy.types.FCurve) -> Float32s:
    """(n, 2) frame and value of a curve's keys."""
    co = np.empty(2 * len(curve.keyframe_points), dtype=np.float32)
    curve.keyframe_points.foreach_get("co", co)
    return co.reshape(-1, 2)


def number_of_keys(curves: ActionCurves) -> int:
    """A number that tells where an action's keys are from other places."""
    return hash(tuple((c.data_path, c.array_index, key_places(c).tobytes()) for c in curves.fcurves))


def key_frames(curve: bpy.types.FCurve) -> Float32s:
    """(n,) the frames of a curve's keys."""
    return np.asarray(key_places(curve)[:, 0])


def step_points(frames: Numbers, values: Numbers, interpolation: str = "CONSTANT") -> Points:
    """Keys (n,) with automatic handles for later edits."""
    co = np.column_stack([frames, values]).astype(np.float32).reshape(len(frames), 2)
    return {"co": co, **_chosen(len(co), interpolation, "AUTO_CLAMPED")}


def dense_points(start: int, values: Floats) -> list[Points]:
    """For each channel of values (T, channels) a key on every frame from `start` on, with linear interpolation. Arrays
    other than positions are shared, and can't be written to."""
    co = np.empty((values.shape[1], len(values), 2), dtype=np.float32)
    co[..., 0], co[..., 1] = start + np.arange(len(values)), values.T
    chosen, handles = _shared(len(values), "LINEAR", "AUTO_CLAMPED"), _short_handles(co)
    return [
        {"co": own, "handle_left": left, "handle_right": right, **chosen}
        for own, left, right in zip(co, *handles.values(), strict=True)
    ]


def sparse_points(start: int, curve: SparseCurve) -> list[Points]:
    """For each channel sparse keys with their fitted handles, which are free: Blender does not move them."""
    at = start + curve.frames.astype(np.float64)
    before, after = np.diff(at, prepend=at[0] - 3.0) / 3.0, np.diff(at, append=at[-1] + 3.0) / 3.0

    def pairs(frames: Floats, values: Floats) -> Float32s:
        return np.column_stack([frames, values]).astype(np.float32)

    return [
        {
            "co": pairs(at, curve.values[:, index]),
            "handle_left": pairs(at - before, curve.left[:, index]),
            "handle_right": pairs(at + after, curve.right[:, index]),
            **_chosen(len(at), "BEZIER", "FREE"),
        }
        for index in range(curve.values.shape[1])
    ]


def _chosen(count: int, interpolation: str, handles: str) -> Points:
    chosen = {"interpolation": interpolation, "handle_left_type": handles, "handle_right_type": handles}
    return {name: np.full(count, choice(name, value), dtype=np.int32) for name, value in chosen.items()}


@lru_cache(maxsize=8)
def _shared(count: int, interpolation: str, handles: str) -> Points:
    return _locked(_chosen(count, interpolation, handles))


def complete(points: Points, key_type: str) -> Points:
    """The keys with all their properties, of that type and deselected."""
    handles = {} if "handle_left" in points else _short_handles(points["co"])
    return {**handles, **_plain(len(points["co"]), key_type), **points}


def complete_shared(points: Points, key_type: str) -> Points:
    """`complete`, where properties that these keys do not have are arrays shared with others, which can't be written
    to."""
    return {**_shared_plain(len(points["co"]), key_type), **points}


def _short_handles(co: Numbers) -> Points:
    """Handles of keys (..., 2) a third of a frame away."""
    third = np.array([1.0 / 3.0, 0.0], dtype=np.float32)
    return {"handle_left": co - third, "handle_right": co + third}


def _plain(count: int, key_type: str) -> Points:
    return {
        **{name: np.full(count, value, dtype=np.float32) for name, value in _NUMBERS.items()},
        "easing": np.full(count, choice("easing", "AUTO"), dtype=np.int32),
        "type": np.full(count, choice("type", key_type), dtype=np.int32),
        **{name: np.zeros(count, dtype=np.bool_) for name in _FLAGS},
    }


@lru_cache(maxsize=8)
def _shared_plain(count: int, key_type: str) -> Points:
    return _locked(_plain(count, key_type))


def _locked(points: Points) -> Points:
    for values in points.values():
        values.flags.writeable = False
    return points


def select(points: Points, chosen: Numbers | slice) -> Points:
    """The keys that a mask, indices or a slice pick."""
    return {name: values[chosen] for name, values in points.items()}


def merge(first: Points, second: Points) -> Points:
    """The keys of both, in order; they have no frame in common."""
    joined = {name: np.concatenate([first[name], second[name]]) for name in first}
    return select(joined, np.argsort(joined["co"][:, 0], kind="stable"))


def with_key(points: Points, frame: float, value: float, key_type: str) -> Points:
    """The keys with one more, of that type, between two others and on the curve, whose shape does not change."""
    right = int(np.searchsorted(points["co"][:, 0], frame))
    left = right - 1
    added = select(points, np.array([left]))
    added["co"] = np.array([[frame, value]], dtype=np.float32)
    added["type"][:] = choice("type", key_type)
    for name in _FLAGS:
        added[name][:] = False
    if points["interpolation"][left] == choice("interpolation", "BEZIER"):
        ends = [points["co"][left], points["handle_right"][left], points["handle_left"][right], points["co"][right]]
        split = split_bezier(np.array(ends), frame).astype(np.float32)
        points["handle_right"][left], points["handle_left"][right] = split[1], split[5]
        added["handle_left"][0], added["handle_right"][0] = split[2], split[4]
        free = choice("handle_left_type", "FREE")
        for name in ("handle_left_type", "handle_right_type"):
            points[name][[left, right]] = added[name][0] = free
    return merge(points, added)


@cache
def choice(prop: str, name: str) -> int:
    """The number of an enum item of a keyframe's property, as `foreach_get` and `foreach_set` use it."""
    number: int = choices(prop)[name].value
    return number


def choices(prop: str) -> Any:
    """The enum items of a keyframe's property, by name."""
    return cast(bpy.types.EnumProperty, bpy.types.Keyframe.bl_rna.properties[prop]).enum_items
