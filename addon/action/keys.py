"""An object's keys as arrays: the F-curves of its action in every Blender, read and written in bulk, values untouched.

Up to Blender 4.3 an action holds F-curves itself; from 4.4 on it holds them for every slot apart.
"""

import re
import zlib
from dataclasses import dataclass
from functools import cache

import bpy
import numpy as np
from numpy.typing import NDArray

from ...retarget.motion.sparse_curves import split_bezier
from ...retarget.typing import Bools, Float32s, Numbers

Points = dict[str, Numbers]
"""All keys of one F-curve, ordered by frame: property of `bpy.types.Keyframe` -> (n,) or (n, 2)."""

_PAIRS = ("co", "handle_left", "handle_right")
_NUMBERS = ("back", "amplitude", "period")
_CHOICES = ("interpolation", "handle_left_type", "handle_right_type", "easing", "type")
_FLAGS = ("select_control_point", "select_left_handle", "select_right_handle")
_BONE = re.compile(r'^pose\.bones\["((?:[^"\\]|\\.)*)"\](?:\.(\w+)|(\["(?:[^"\\]|\\.)*"\]))$')

RECORD = "motiongpt_generated"
"""Custom property of an action: fingerprints of the values that were generated, so that a changed one is noticed."""


@dataclass(frozen=True, eq=False)
class ActionCurves:
    """The F-curves that animate one object.  bag: what owns them, the action itself or a slot's channelbag."""

    action: bpy.types.Action
    bag: object

    @property
    def fcurves(self) -> bpy.types.bpy_prop_collection:
        return self.bag.fcurves

    def new(self, path: str, index: int, group: str) -> bpy.types.FCurve:
        """An F-curve that does not exist yet, in the group of that name."""
        if self.bag == self.action:
            return self.fcurves.new(path, index=index, action_group=group)
        curve = self.fcurves.new(path, index=index)
        curve.group = self.bag.groups.get(group) or self.bag.groups.new(group)
        return curve

    def by_bone(self) -> dict[tuple[str, str], dict[int, bpy.types.FCurve]]:
        """(bone name, property) -> index -> F-curve, of all that animate a pose bone."""
        found: dict[tuple[str, str], dict[int, bpy.types.FCurve]] = {}
        for curve in self.fcurves:
            if channel := bone_channel(curve.data_path):
                found.setdefault(channel, {})[curve.array_index] = curve
        return found


def action_curves(owner: bpy.types.Object) -> ActionCurves | None:
    """The curves of the object's action; None where it has no action, or none of its slots."""
    animation = owner.animation_data
    action = animation.action if animation else None
    if action is None:
        return None
    if not hasattr(action, "slots"):
        return ActionCurves(action, action)
    slot = animation.action_slot
    if slot is None:
        return None
    for layer in action.layers:
        for strip in layer.strips:
            if bag := strip.channelbag(slot):
                return ActionCurves(action, bag)
    return None


def bone_channel(path: str) -> tuple[str, str] | None:
    """Bone name and property of a data path: "location", or '["IK_FK"]' for a custom one; None for other paths."""
    match = _BONE.match(path)
    return (bpy.utils.unescape_identifier(match[1]), match[2] or match[3]) if match else None


def bone_path(bone: str, channel: str) -> str:
    """The inverse of `bone_channel`."""
    return f'pose.bones["{bpy.utils.escape_identifier(bone)}"]{"" if channel.startswith("[") else "."}{channel}'


def read_points(curve: bpy.types.FCurve) -> Points:
    """All keys of a curve."""
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
    """Make these the curve's keys. Values arrive bit for bit; automatic handles are computed anew."""
    target = curve.keyframe_points
    target.clear()
    target.add(len(points["co"]))
    # Types before handles: an automatic handle would not stay where it is put.
    for name in ("co", *_NUMBERS, *_CHOICES, "handle_left", "handle_right", *_FLAGS):
        target.foreach_set(name, np.ascontiguousarray(points[name]).ravel())
    curve.update()


def key_frames(curve: bpy.types.FCurve) -> Float32s:
    """(n,) the frames of a curve's keys."""
    co = np.empty(2 * len(curve.keyframe_points), dtype=np.float32)
    curve.keyframe_points.foreach_get("co", co)
    return co[::2]


def select(points: Points, chosen: Numbers) -> Points:
    """Some of the keys: those that a mask or indices choose."""
    return {name: values[chosen] for name, values in points.items()}


def merge(first: Points, second: Points) -> Points:
    """The keys of both, in order; they have no frame in common."""
    joined = {name: np.concatenate([first[name], second[name]]) for name in first}
    return select(joined, np.argsort(joined["co"][:, 0], kind="stable"))


def with_key(points: Points, frame: float, value: float) -> Points:
    """One more key, generated, between two others, with the curve as it was: its value is the curve's there."""
    right = int(np.searchsorted(points["co"][:, 0], frame))
    left = right - 1
    added = select(points, np.array([left]))
    added["co"] = np.array([[frame, value]], dtype=np.float32)
    added["type"][:] = choice("type", generated_type())
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


def new_points(frames: Numbers, values: Numbers, interpolation: str, handles: str, key_type: str) -> Points:
    """Unselected keys with handles on their values, a third of a frame away."""
    count = len(frames)
    co = np.column_stack([frames, values]).astype(np.float32).reshape(count, 2)
    third = np.array([1.0 / 3.0, 0.0], dtype=np.float32)
    chosen = {"interpolation": interpolation, "handle_left_type": handles, "handle_right_type": handles,
              "easing": "AUTO", "type": key_type}  # fmt: skip
    return {
        "co": co,
        "handle_left": co - third,
        "handle_right": co + third,
        "back": np.full(count, 1.70158, dtype=np.float32),
        "amplitude": np.full(count, 0.8, dtype=np.float32),
        "period": np.full(count, 4.1, dtype=np.float32),
        **{name: np.full(count, choice(name, value), dtype=np.int32) for name, value in chosen.items()},
        **{name: np.zeros(count, dtype=np.bool_) for name in _FLAGS},
    }


@cache
def choice(prop: str, name: str) -> int:
    """The number that a choice of a keyframe's property travels as in bulk."""
    return bpy.types.Keyframe.bl_rna.properties[prop].enum_items[name].value


@cache
def generated_type() -> str:
    """The key type that marks generated keys: "Generated" where Blender has it (from 4.3 on), else the baked one's."""
    return "GENERATED" if "GENERATED" in bpy.types.Keyframe.bl_rna.properties["type"].enum_items else "JITTER"


def fingerprints(path: str, index: int, values: Numbers) -> NDArray[np.uint32]:
    """(n,) numbers that tell values (n,) of an F-curve apart, bit by bit, and from those of other F-curves."""
    seed = zlib.crc32(f"{path}|{index}".encode())
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32).astype(np.uint64)
    return ((bits * 2654435761 + seed) & 0xFFFFFFFF).astype(np.uint32)


def read_record(action: bpy.types.Action) -> NDArray[np.uint32]:
    """Fingerprints of everything that was generated into an action."""
    return np.array(action.get(RECORD, ()), dtype=np.int32).view(np.uint32)


def write_record(action: bpy.types.Action, record: NDArray[np.uint32]) -> None:
    if len(record):  # as numbers: Blender ends bytes at a zero
        action[RECORD] = np.unique(record).view(np.int32).tolist()


def is_generated(curve: bpy.types.FCurve, points: Points, record: NDArray[np.uint32]) -> Bools:
    """(n,): which keys were generated and are as they were then. One that the user has moved or set is the user's.

    Blender leaves a key's type alone when its value is keyed again, so the type by itself does not tell.
    """
    marked = points["type"] == choice("type", generated_type())
    return marked & np.isin(fingerprints(curve.data_path, curve.array_index, points["co"][:, 1]), record)
