"""How much a side branch of a rig is like a leg or an arm.

Hair that reaches the floor, wings longer than arms, capes and the panels of a skirt are branches with mirror images
too. Limbs differ in many small ways, none of which is certain: two bones of about equal length, a foot that points
ahead, fingers, a start in the torso's plane rather than in front of it or behind, a thickness that sheets lack. Each
counts about one point.
"""

from dataclasses import dataclass

import numpy as np

from ..typing import Floats, Indices
from .rig import Rig

Limb = dict[str, int]
"""hip, knee, ankle and perhaps foot; or shoulder, elbow and perhaps collar and wrist -> bone."""

_ARM_PER_LEG = 0.68  # length from shoulder to wrist per length from hip to ankle
_THINNEST = 0.35  # an arm's thickness per a leg's, below which it counts less


@dataclass(frozen=True, eq=False)
class Body:
    """A rig seen along its own axes, in its units.

    up, normal: (3,) unit vectors upwards and to the positive side.  side: (N,) signed distances of heads from the plane
    of symmetry.  height, tip_height: (N,) of heads and tails above the lowest of all.  size: the whole height.
    mirror: (N,) indices of the bones' mirror images, -1 where there is none.
    """

    rig: Rig
    up: Floats
    normal: Floats
    side: Floats
    height: Floats
    tip_height: Floats
    size: float
    mirror: Indices

    def distance(self, a: int, b: int) -> float:
        """Between the heads of two bones."""
        return float(np.linalg.norm(self.rig.heads[a] - self.rig.heads[b]))

    def level_distance(self, a: int, b: int) -> float:
        """Between the heads of two bones, seen from above."""
        way = self.rig.heads[b] - self.rig.heads[a]
        return float(np.linalg.norm(way - self.up * (way @ self.up)))

    def ahead(self, way: Floats) -> float:
        """The part of a vector (3,) along the horizontal direction within the plane of symmetry, of either sign."""
        return float(way @ np.cross(self.up, self.normal))


def goes_with(body: Body, leg: Limb, arm: Limb) -> bool:
    """Whether an arm could belong to the body that stands on that leg: it starts higher, and apart from it."""
    start = arm.get("collar", arm["shoulder"])
    apart = start not in body.rig.ancestors(leg["ankle"]) and leg["hip"] not in body.rig.ancestors(start)
    return apart and bool(body.height[arm["shoulder"]] > body.height[leg["hip"]] + 0.05 * body.size)


def leg_likeness(body: Body, leg: Limb) -> float:
    """Points for a leg: more is more alike."""
    hip, knee, ankle = (leg[kind] for kind in ("hip", "knee", "ankle"))
    thigh, shin = body.distance(hip, knee), body.distance(knee, ankle)
    tip = body.rig.heads[leg["foot"]] if "foot" in leg else body.rig.tails[ankle]
    foot = abs(body.ahead(tip - body.rig.heads[ankle])) / (0.15 * (thigh + shin))
    upright = (body.height[hip] - body.height[ankle]) / (thigh + shin)
    return float(
        min(thigh, shin) / max(thigh, shin)
        + upright
        + 1.5 * min(foot, 1.0)
        - 0.2 * max(0, _steps(body.rig, hip, ankle) - 4)
        - 5.0 * max(0.0, body.height[ankle] / body.size - 0.1)
        - 4.0 * max(0.0, abs(body.side[ankle]) / body.size - 0.15)
        - 8.0 * max(0.0, _off_plane(body, hip) - 0.03)
        + _share(body.rig.thickness, hip)
    )


def arm_likeness(body: Body, leg: Limb, arm: Limb) -> float:
    """Points for an arm of the body that stands on that leg: more is more alike."""
    shoulder, elbow, wrist = arm["shoulder"], arm["elbow"], arm.get("wrist")
    upper = body.distance(shoulder, elbow)
    hand = body.rig.tails[elbow] if wrist is None else body.rig.heads[wrist]
    lower = float(np.linalg.norm(hand - body.rig.heads[elbow]))
    legs = body.distance(leg["hip"], leg["knee"]) + body.distance(leg["knee"], leg["ankle"])
    toe = body.rig.heads[leg["foot"]] if "foot" in leg else body.rig.tails[leg["ankle"]]
    front = np.sign(body.ahead(toe - body.rig.heads[leg["ankle"]]))
    behind = -front * body.ahead(hand - body.rig.heads[shoulder]) / (upper + lower)
    odd = max(0.0, abs(np.log((upper + lower) / legs / _ARM_PER_LEG)) - 0.3)
    rise = (body.height[shoulder] - body.height[leg["hip"]]) / body.size
    return float(
        min(upper, lower) / max(upper, lower)
        - 1.5 * odd
        + 1.5 * (wrist is not None and has_fingers(body.rig, wrist)) * max(0.0, 1.0 - 2.0 * odd)  # or a wing's feathers
        + 0.3 * ("collar" in arm)
        + 0.7 * min(1.0, abs(body.side[shoulder]) / (0.08 * body.size))
        - 0.2 * max(0, _steps(body.rig, shoulder, elbow if wrist is None else wrist) - 5)
        - 4.0 * max(0.0, 0.15 - rise)
        - 8.0 * max(0.0, _off_plane(body, shoulder) - 0.03)
        - 2.0 * max(0.0, behind - 0.15)
        + _share(body.rig.thickness, shoulder, leg["hip"])
    )


def has_fingers(rig: Rig, bone: int) -> bool:
    """Whether a bone has several chains below it, or many children; twist bones are children without children."""
    children = rig.children[bone]
    return len(children) >= 4 or sum(1 for c in children if rig.children[c]) >= 2


def _steps(rig: Rig, top: int, bottom: int) -> int:
    """Bones from `top` down to `bottom`."""
    return rig.ancestors(bottom).index(top)


def _off_plane(body: Body, bone: int) -> float:
    """How far in front of or behind the middle bone from which its branch comes a bone starts, per the height."""
    middle = next((b for b in body.rig.ancestors(bone)[1:] if body.mirror[b] in (b, -1)), None)
    return 0.0 if middle is None else abs(body.ahead(body.rig.heads[bone] - body.rig.heads[middle])) / body.size


def _share(thickness: Floats | None, bone: int, other: int | None = None) -> float:
    """From 0 to 1: how thick the mesh around a bone is compared with the thickest, or as an arm with a leg."""
    if thickness is None:
        return 0.0
    whole = float(thickness.max()) if other is None else float(thickness[other]) * 2.0 * _THINNEST
    return min(1.0, 2.0 * float(thickness[bone]) / whole) if whole > 0.0 else 0.0
