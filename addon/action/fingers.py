"""Finger keys in a new action: a hand shape, and what the animator has keyed on fingers, which goes along unchanged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..character.typing import ArmatureObject
from .fcurves import Points, action_curves, read_points
from .generated import is_generated, read_record
from .hands import CharacterHands


@dataclass(frozen=True, eq=False)
class KeptCurve:
    """All keys of one F-curve."""

    bone: str
    channel: str
    index: int
    points: Points


@dataclass(frozen=True, eq=False)
class KeptFingers:
    """sides: the hands whose fingers the animator has keyed.  curves: all that is keyed on them."""

    sides: frozenset[str] = frozenset()
    curves: tuple[KeptCurve, ...] = ()


def keyed_fingers(armature_object: ArmatureObject, hands: CharacterHands, first: int, last: int) -> KeptFingers:
    """The hands with finger keys in the frames first to last of the armature's action that are not generated ones."""
    action = action_curves(armature_object)
    if action is None:
        return KeptFingers()
    record, by_bone = read_record(action.action), action.by_bone()
    sides, kept = set(), []
    for side, hand in hands.hands.items():
        own = []
        for (bone, channel), curves in by_bone.items():
            for index, curve in curves.items() if bone in hand.bones else ():
                points = read_points(curve)
                frames = points["co"][:, 0]
                by_hand = (frames >= first) & (frames <= last) & ~is_generated(curve, points, record)
                if np.any(by_hand):
                    sides.add(side)
                own.append(KeptCurve(bone, channel, index, points))
        kept += own if side in sides else []
    return KeptFingers(frozenset(sides), tuple(kept))
