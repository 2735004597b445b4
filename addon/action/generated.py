"""Which keys were generated: their key type shows it to the animator, a record in the action tells which were changed.

Blender keeps a key's type when its value is keyed again, so the type alone is not enough. Renaming a bone renames its
F-curves: their keys are looked up under the names that are gone.
"""

import zlib
from collections.abc import Sequence
from functools import cache

import bpy
import numpy as np
from numpy.typing import NDArray

from ...retarget.typing import Bools, Numbers
from .fcurves import Points, all_fcurves, bone_channel, choice, choices, data_path, read_points

Fingerprints = NDArray[np.uint32]

RECORD = "motiongpt_generated"
"""Custom property of an action: fingerprints of the values that were generated."""
_BONES = RECORD + "_bones"
"""The names, a line each, that its bones had when `RECORD` was written."""
_LOOKED_AT = 16  # keys of a renamed bone's F-curve


@cache
def generated_type() -> str:
    """The key type that marks generated keys: "Generated" from 4.3 on, before that "Jitter", for baked keys."""
    return "GENERATED" if "GENERATED" in choices("type") else "JITTER"


def fingerprints(path: str, index: int, values: Numbers) -> Fingerprints:
    """(n,) hashes of values (n,) of an F-curve, bit by bit, that differ from those of other F-curves."""
    return _hashed(values, np.array(_seed(path, index)))


def fingerprints_of_all(path: str, values: Sequence[Numbers]) -> Fingerprints:
    """`fingerprints` (channels, n) of a property's F-curves, of values (n,) each."""
    return _hashed(np.array(values), np.array([[_seed(path, index)] for index in range(len(values))]))


def _seed(path: str, index: int) -> int:
    return zlib.crc32(f"{path}|{index}".encode())


def _hashed(values: Numbers, seeds: Numbers) -> Fingerprints:
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    return np.asarray(bits * np.uint32(2654435761) + seeds.astype(np.uint32))  # wraps around


def generated_among(path: str, index: int, points: Points) -> Fingerprints:
    """Fingerprints of those keys of an F-curve that have the type of generated ones."""
    return fingerprints(path, index, points["co"][points["type"] == choice("type", generated_type()), 1])


def read_record(action: bpy.types.Action | None) -> Fingerprints:
    """Fingerprints of everything that was generated into an action, ascending; none without one."""
    if action is None:
        return np.zeros(0, np.uint32)
    record = np.array(action.get(RECORD, ()), dtype=np.int32).view(np.uint32)
    renamed = _under_new_names(action, record) if len(record) else []
    return np.unique(np.concatenate([record, *renamed])) if renamed else record


def write_record(action: bpy.types.Action, record: Fingerprints) -> None:
    """Store the fingerprints in the action, each once."""
    if len(record):  # as a list of integers: Blender cuts bytes off at a zero, and 5.0 can't free arrays of numpy
        action[RECORD] = np.unique(record).view(np.int32).tolist()
        action[_BONES] = "\n".join(_by_bone(action))


def _by_bone(action: bpy.types.Action) -> dict[str, list[tuple[str, bpy.types.FCurve]]]:
    """Bone -> the property and the F-curve of everything that animates it."""
    found: dict[str, list[tuple[str, bpy.types.FCurve]]] = {}
    for curve in all_fcurves(action):
        if channel := bone_channel(curve.data_path):
            found.setdefault(channel[0], []).append((channel[1], curve))
    return found


def _under_new_names(action: bpy.types.Action, record: Fingerprints) -> list[Fingerprints]:
    """Fingerprints, under their present names, of the generated keys of bones that were renamed since."""
    before = str(action.get(_BONES, "")).split("\n")
    now = _by_bone(action)
    gone = [name for name in before if name and name not in now]
    found = []
    for bone in [name for name in now if name not in before] if gone else ():
        marked = [(channel, curve, values) for channel, curve in now[bone] if len(values := _marked(curve))]
        if marked and (old := _old_name(marked, gone, record)):
            for channel, curve, values in marked:
                were = _among(fingerprints(data_path(old, channel), curve.array_index, values), record)
                found.append(fingerprints(curve.data_path, curve.array_index, values[were]))
    return found


def _old_name(marked: list[tuple[str, bpy.types.FCurve, Numbers]], gone: list[str], record: Fingerprints) -> str:
    """Of these names the one under which most of a bone's keys are known; "" where few are."""
    known = np.zeros(len(gone))
    for channel, curve, values in marked:
        few = values[:: max(1, len(values) // _LOOKED_AT)]
        under = np.array([fingerprints(data_path(name, channel), curve.array_index, few) for name in gone])
        known += _among(under, record).mean(axis=1)
    best = int(known.argmax())
    return gone[best] if known[best] > 0.5 * len(marked) else ""


def _marked(curve: bpy.types.FCurve) -> Numbers:
    """(n,) values of an F-curve's keys that have the type of generated ones."""
    points = read_points(curve)
    values: Numbers = points["co"][points["type"] == choice("type", generated_type()), 1]
    return values


def is_generated(curve: bpy.types.FCurve, points: Points, record: Fingerprints) -> Bools:
    """(n,): which keys were generated and not changed since. One whose value or type has changed is the user's.

    record: as `read_record` returns it.
    """
    marked: Bools = points["type"] == choice("type", generated_type())
    return marked & _among(fingerprints(curve.data_path, curve.array_index, points["co"][:, 1]), record)


def _among(prints: Fingerprints, record: Fingerprints) -> Bools:
    """Which fingerprints (...) are in an ascending record: `np.isin`, which would sort it anew for every F-curve."""
    if not len(record):
        return np.zeros(prints.shape, dtype=bool)
    return np.asarray(record[np.minimum(np.searchsorted(record, prints), len(record) - 1)] == prints)


def give_back_touched(curve: bpy.types.FCurve, points: Points, record: Fingerprints) -> None:
    """Make those of the points that were generated, but changed since, ordinary keys, as which they stay known."""
    marked = points["type"] == choice("type", generated_type())
    points["type"][marked & ~is_generated(curve, points, record)] = choice("type", "KEYFRAME")
