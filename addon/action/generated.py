"""Which keys were generated: their key type shows it to the animator, a record in the action tells which were changed.

Blender keeps a key's type when its value is keyed again, so the type alone is not enough.
"""

import zlib
from functools import cache

import bpy
import numpy as np
from numpy.typing import NDArray

from ...retarget.typing import Bools, Numbers
from .fcurves import Points, choice, choices

Fingerprints = NDArray[np.uint32]

RECORD = "motiongpt_generated"
"""Custom property of an action: fingerprints of the values that were generated."""


@cache
def generated_type() -> str:
    """The key type that marks generated keys: "Generated" from 4.3 on, before that "Jitter", for baked keys."""
    return "GENERATED" if "GENERATED" in choices("type") else "JITTER"


def fingerprints(path: str, index: int, values: Numbers) -> Fingerprints:
    """(n,) hashes of values (n,) of an F-curve, bit by bit, that differ from those of other F-curves."""
    seed = zlib.crc32(f"{path}|{index}".encode())
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32).astype(np.uint64)
    return ((bits * 2654435761 + seed) & 0xFFFFFFFF).astype(np.uint32)


def generated_among(path: str, index: int, points: Points) -> Fingerprints:
    """Fingerprints of those keys of an F-curve that have the type of generated ones."""
    return fingerprints(path, index, points["co"][points["type"] == choice("type", generated_type()), 1])


def read_record(action: bpy.types.Action | None) -> Fingerprints:
    """Fingerprints of everything that was generated into an action, sorted; none without one."""
    if action is None:
        return np.zeros(0, np.uint32)
    return np.sort(np.array(action.get(RECORD, ()), dtype=np.int32).view(np.uint32))


def write_record(action: bpy.types.Action, record: Fingerprints) -> None:
    """Store the fingerprints in the action, each once."""
    if len(record):  # as a list of integers: Blender cuts bytes off at a zero, and 5.0 can't free arrays of numpy
        action[RECORD] = np.unique(record).view(np.int32).tolist()


def is_generated(curve: bpy.types.FCurve, points: Points, record: Fingerprints) -> Bools:
    """(n,): which keys were generated and not changed since. One whose value or type has changed is the user's.

    record: as `read_record` gives it, sorted: it is large, and is looked through for every F-curve of a rig.
    """
    marked: Bools = points["type"] == choice("type", generated_type())
    if not len(record):
        return np.zeros_like(marked)
    own = fingerprints(curve.data_path, curve.array_index, points["co"][:, 1])
    known: Bools = record[np.minimum(np.searchsorted(record, own), len(record) - 1)] == own
    return marked & known


def give_back_touched(curve: bpy.types.FCurve, points: Points, record: Fingerprints) -> None:
    """Make those of the points that were generated, but changed since, ordinary keys, as which they stay known."""
    marked = points["type"] == choice("type", generated_type())
    points["type"][marked & ~is_generated(curve, points, record)] = choice("type", "KEYFRAME")
