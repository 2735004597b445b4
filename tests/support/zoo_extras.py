"""What characters have besides limbs: hair to the floor, wings, a tail, a skirt, a cape, as bones of a rig."""

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.rigs.rig import Rig

Chain = tuple[str, str, np.ndarray]
"""Name, joint (or bone) it hangs from, points (K + 1, 3) of K bones, metres per metre of height; x to the left."""


def _chains(kind: str) -> Iterator[Chain]:
    """Z up, facing -Y, for a body as high as 1 with its feet at the origin."""
    for side, sign in (("L", 1.0), ("R", -1.0)):
        flip = np.array([sign, 1.0, 1.0])
        if kind == "hair":
            line = [(0.06, 0.03, 0.95), (0.14, 0.06, 0.9), (0.2, 0.08, 0.72), (0.21, 0.08, 0.55), (0.22, 0.08, 0.4),
                    (0.22, 0.08, 0.22), (0.22, 0.08, 0.05)]  # fmt: skip
            yield f"Lock_{side}", "head", np.array(line) * flip
        elif kind == "wings":
            line = [(0.03, 0.06, 0.78), (0.35, 0.09, 0.95), (0.7, 0.12, 0.9), (1.05, 0.14, 0.68)]
            yield f"Plane_{side}", "chest", np.array(line) * flip
        elif kind == "skirt":
            for number, (x, y) in enumerate(((0.05, -0.09), (0.11, -0.05), (0.12, 0.04), (0.05, 0.1))):
                top, low = np.array([x, y, 0.53]), np.array([1.6 * x, 1.6 * y, 0.05])
                yield f"Panel{number}_{side}", "pelvis", np.linspace(top, low, 5) * flip
        elif kind == "cape":
            yield f"Flap_{side}", "chest", np.linspace((0.09, 0.07, 0.82), (0.14, 0.16, 0.06), 6) * flip
        if kind == "feathers":
            for number in range(5):
                tip = np.array([1.05 + 0.1 * number, 0.14, 0.68 - 0.1 * number])
                yield f"Quill{number}_{side}", f"Plane_{side}_2", np.linspace((1.0, 0.14, 0.7), tip, 3) * flip
    if kind == "tail":
        yield "Rear", "pelvis", np.linspace((0.0, 0.05, 0.53), (0.0, 0.5, 0.1), 7)
    if kind == "cape":
        yield "Flap_M", "chest", np.linspace((0.0, 0.08, 0.82), (0.0, 0.17, 0.06), 6)


def decorated(rig: Rig, joints: dict[str, str], chest: str, *kinds: str) -> Rig:
    """The rig (Z up, facing -Y) with these extras. joints: joint -> bone.  chest: the bone from which arms branch."""
    names, parents = list(rig.names), list(rig.parents)
    heads, tails = list(rig.heads), list(rig.tails)
    low = min(rig.heads[:, 2].min(), rig.tails[:, 2].min())
    height = max(rig.heads[:, 2].max(), rig.tails[:, 2].max()) - low
    for kind in kinds:
        for name, joint, line in _chains(kind):
            parent = names.index({**joints, "chest": chest}.get(joint, joint))
            for number, (start, end) in enumerate(itertools.pairwise(line)):
                names.append(f"{name}_{number}")
                parents.append(parent)
                parent = len(names) - 1
                heads.append(start * height + [0.0, 0.0, low])
                tails.append(end * height + [0.0, 0.0, low])
    added = len(names) - len(rig.names)
    if not added:
        return rig
    along = rot.between(np.array([0.0, 1.0, 0.0]), np.array(tails[-added:]) - np.array(heads[-added:]))
    rotations = np.concatenate([rig.rest_rotations, along])
    thickness = None if rig.thickness is None else np.append(rig.thickness, np.full(added, 0.005 * height))
    return replace(rig, names=tuple(names), parents=tuple(parents), rest_rotations=rotations, heads=np.array(heads),
                   tails=np.array(tails), thickness=thickness, low_points=None, low_bones=None)  # fmt: skip


def with_raised_arm(rig: Rig, joints: dict[str, str], degrees: float, forward: float = 20.0) -> Rig:
    """The rig with its left arm turned upwards about the shoulder, and ahead, at rest."""
    arm = rig.descendants(rig.index[joints["left_shoulder"]])
    up = rot.from_axis_angle((0.0, 1.0, 0.0), np.radians(-degrees))
    turn = rot.multiply(rot.from_axis_angle((0.0, 0.0, 1.0), np.radians(-forward)), up)
    start = rig.heads[arm[0]]
    heads, tails, rotations = rig.heads.copy(), rig.tails.copy(), rig.rest_rotations.copy()
    heads[arm] = rot.rotate(turn, rig.heads[arm] - start) + start
    tails[arm] = rot.rotate(turn, rig.tails[arm] - start) + start
    rotations[arm] = rot.multiply(turn, rig.rest_rotations[arm])
    return replace(rig, heads=heads, tails=tails, rest_rotations=rotations)
