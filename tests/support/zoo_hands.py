"""Rig families with anatomical hands: knuckles in a row, a thumb below the palm, fingers a little fanned and bent."""

from dataclasses import dataclass, replace

import numpy as np

from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.rigs.rig import Rig

from .zoo_rigs import FAMILIES, build_rig, renamed

FINGERS = ("thumb", "index", "middle", "ring", "little")
# Family -> pattern of a finger's bones, and the names of the five fingers in it.
_NAMES = {
    "mixamo": ("mixamorig:{s}Hand{f}{n}", "Thumb Index Middle Ring Pinky"),
    "unreal": ("{f}_0{n}_{s}", "thumb index middle ring pinky"),
    "unity": ("{s} {f} {n}", "Thumb Index Middle Ring Little"),
    "smpl-x": ("{s}_{f}{n}", "thumb index middle ring pinky"),
    "vrm": ("J_Bip_{s}_{f}{n}", "Thumb Index Middle Ring Little"),
    "character creator": ("CC_Base_{s}_{f}{n}", "Thumb Index Mid Ring Pinky"),
    "daz genesis 8": ("{s}{f}{n}", "Thumb Index Mid Ring Pinky"),
    "mmd": ("{s}{f}{n}", "親指 人指 中指 薬指 小指"),
    "auto-rig pro": ("{f}{n}.{s}", "thumb index middle ring pinky"),
    "rigify": ("{f}.0{n}.{s}", "thumb f_index f_middle f_ring f_pinky"),
    "biped": ("Bip01 {s} Finger{f}{n}", "0 1 2 3 4"),
}
HANDED = tuple(_NAMES)
_BASES = {"rigify": "mixamo plain"}


@dataclass(frozen=True)
class TrueHand:
    """What should be found: bones from index to little finger, the thumb's, and directions (3,) in the rig's axes."""

    fingers: list[tuple[str, ...]]
    thumb: tuple[str, ...]
    palm: np.ndarray
    thumbward: np.ndarray


def handed(
    family: str, fingers: int = 4, bones: int = 3, thumb: bool = True, turned: float = 0.0, metacarpals: str = "",
    curl: float = 0.0, tips: bool = False, props: tuple[str, ...] = (),
) -> tuple[Rig, dict[str, TrueHand]]:  # fmt: skip
    """A family's rig with its fingers replaced.

    turned: degrees by which the hands are turned about the forearm, from palms down.  metacarpals: pattern of bones
    between wrist and knuckle.  curl: degrees by which every finger joint is bent at rest.  tips: end every finger with
    a bone that moves no mesh.  props: patterns of bones beside the fingers.
    """
    base = replace(FAMILIES[_BASES.get(family, family)], fingers="")
    rig, joints = build_rig(base, seed=3)
    pattern, names = _NAMES.get(family, ("{f}{n}.{s}", "thumb index middle ring pinky"))
    rows = [list(column) for column in (rig.names, rig.parents, rig.heads, rig.tails, rig.rest_rotations)]
    thickness = list(rig.thickness if rig.thickness is not None else ())
    random, size = np.random.default_rng(11), float(np.ptp(rig.heads[:, 2])) / 1.5
    truth = {}

    def add(name: str, parent: str, head: np.ndarray, tail: np.ndarray, thick: float = 0.01) -> str:
        roll = rot.from_axis_angle((0.0, 1.0, 0.0), random.uniform(-np.pi, np.pi))
        rest = rot.multiply(rot.between(np.array([0.0, 1.0, 0.0]), tail - head), roll)
        for column, value in zip(rows, (name, rows[0].index(parent), head, tail, rest), strict=True):
            column.append(value)
        thickness.append(thick)
        return name

    for side, word in zip(("left", "right"), base.sides, strict=True):
        elbow, wrist = (rig.heads[rig.index[joints[f"{side}_{k}"]]] for k in ("elbow", "wrist"))
        along = rot.normalize(wrist - elbow)
        ahead = rot.normalize(rot.perpendicular(np.array([0.0, -1.0, 0.0]), along))
        ahead = rot.rotate(rot.from_axis_angle(along, np.radians(turned) * (1.0 if side == "left" else -1.0)), ahead)
        palm = np.cross(along, ahead) * (1.0 if side == "left" else -1.0)
        found: list[tuple[str, ...]] = []
        for number, word_of in enumerate(names.split()[: fingers + 1]):
            if number == 0 and not thumb:
                continue
            hand, chain = joints[f"{side}_wrist"], []
            if number == 0:
                at, way = wrist + size * (0.03 * along + 0.025 * ahead + 0.012 * palm), along + 0.9 * ahead + 0.3 * palm
            else:
                across = 0.03 - 0.02 * (number - 1)
                at, way = wrist + size * (0.095 * along + across * ahead), along + 3.0 * across * ahead + 0.08 * palm
                if metacarpals:
                    root = wrist + size * (0.02 * along + 0.4 * across * ahead)
                    hand = add(metacarpals.format(s=word, f=word_of), hand, root, at)
            parent = hand
            for n in range(1, bones + 1):
                bend = rot.from_axis_angle(np.cross(along, palm), np.radians(curl if number else 0.0))
                way = rot.rotate(bend, rot.normalize(way))
                tail = at + size * (0.036 - 0.006 * n) * way
                parent = add(pattern.format(s=word, f=word_of, n=n), parent, at, tail)
                chain.append(parent)
                at = tail
            if tips:
                add(f"{word_of}_end_{word}", parent, at, at + size * 0.01 * rot.normalize(way), 0.0)
            found.append(tuple(chain[:3]))
        for prop in props:
            add(prop.format(s=word), joints[f"{side}_wrist"], wrist + 0.07 * size * along, wrist + 0.3 * size * ahead)
        truth[side] = TrueHand(found[1:] if thumb else found, found[0] if thumb else (), palm, ahead)
    names_, parents, heads, tails, rest = rows
    return replace(
        rig, names=tuple(names_), parents=tuple(parents), heads=np.array(heads), tails=np.array(tails),
        rest_rotations=np.array(rest), thickness=np.array(thickness),
    ), truth  # fmt: skip


def nameless(rig: Rig, truth: dict[str, TrueHand]) -> tuple[Rig, dict[str, TrueHand]]:
    """The same with every bone called Bone.NNN."""
    renamed_rig, names = renamed(rig)
    return renamed_rig, {
        side: replace(
            hand,
            fingers=[tuple(names[b] for b in finger) for finger in hand.fingers],
            thumb=tuple(names[b] for b in hand.thumb),
        )
        for side, hand in truth.items()
    }


def posed_tips(rig: Rig, hand, basis: dict[str, np.ndarray]) -> np.ndarray:
    """(n, 3) the ends of all fingers, the thumb's last, of a hand whose finger bones have that basis."""
    world, heads = np.empty((len(rig.names), 4)), np.empty((len(rig.names), 3))
    for bone, (name, parent) in enumerate(zip(rig.names, rig.parents, strict=True)):
        local = rot.multiply(rig.rest_local[bone], basis.get(name, rot.IDENTITY))
        world[bone] = rot.multiply(world[parent], local) if parent >= 0 else local
        step = rig.rest_offsets[bone]
        heads[bone] = heads[parent] + rot.rotate(world[parent], step) if parent >= 0 else step
    out = []
    for finger in (*hand.fingers, *([hand.thumb] if hand.thumb else [])):
        last = rig.index[finger.bones[-1]]
        back = rot.conjugate(rig.rest_rotations[last])
        out.append(heads[last] + rot.rotate(world[last], rot.rotate(back, rig.tails[last] - rig.heads[last])))
    return np.array(out)
