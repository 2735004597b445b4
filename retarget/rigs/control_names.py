"""Control rigs, by the names of their bones: the controls that an animator keys, and the switches between them.

The deforming bones of such rigs follow controls by constraints. Every limb has two sets of controls: FK, a chain that
is rotated bone by bone, and IK, an end that is placed and a pole that the elbow or knee points at.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from ..motion.skeleton import ARM, JOINT, LEG, SIDES, SPINE

Switch = tuple[str, str, float]
"""Bone, custom property, value."""

_LIMB_JOINTS = (*LEG, "foot", "collar", *ARM)
# The FK controls of these joints, without their side.
_RIGIFY = "thigh_fk shin_fk foot_fk toe_fk shoulder upper_arm_fk forearm_fk hand_fk"
_AUTO_RIG_PRO = "c_thigh_fk c_leg_fk c_foot_fk c_toes_fk c_shoulder c_arm_fk c_forearm_fk c_hand_fk"
_CHAINS = {"arm": ARM, "leg": LEG}
LIMBS = frozenset(f"{side}_{chain[0]}" for side in SIDES for chain in _CHAINS.values())
"""The first joints of all limbs, which stand for them."""
_RIGIFY_MOVES = {
    "hand_ik": ARM, "upper_arm_ik": ARM, "upper_arm_ik_target": ARM, "foot_ik": (*LEG, "foot"), "foot_heel_ik": LEG,
    "foot_spin_ik": LEG, "thigh_ik": LEG, "thigh_ik_target": LEG, "toe_ik": ("foot",),
    "hips": ("pelvis", "spine1", "hip"), "chest": SPINE, "root": ("pelvis", "root"),
}  # fmt: skip
"""Rigify's controls that move a limb or the torso besides the FK controls, without their side -> joints."""
_RIGIFY_LAGGING = r"(thigh|shin|foot|upper_arm|forearm|hand)_fk\.[LR]"
"""Rigify's FK controls, which stay behind while their limb follows IK."""
MARK_OF_IK = "hand_ik.L"
"""A bone in every control rig whose IK controls are known: a cheap look-up for callers that ask often."""


@dataclass(frozen=True)
class LimbSwitch:
    """The IK controls of one limb, and the properties that switch between them and FK.

    chain: the limb's canonical joints, from the body outwards.  fk: their FK controls.  end, pole: IK controls; None
    where none are known.
    toe: the IK control of the toes, a child of the foot's end.
    to_fk, to_ik: what switches the limb to these controls, the IK controls in the space of the rig's root.
    """

    chain: tuple[str, str, str]
    fk: tuple[str, ...]
    end: str | None
    pole: str | None
    toe: str | None
    to_fk: tuple[Switch, ...]
    to_ik: tuple[Switch, ...]


@lru_cache(maxsize=16)
def control_names(names: frozenset[str]) -> tuple[str, dict[str, tuple[str, ...]]] | None:
    """The FK controls of a Rigify or Auto-Rig Pro control rig: its family, and joint or chain -> bones that it has.

    "root" carries everything.

    >>> family, controls = control_names(frozenset({"torso", "thigh_fk.L", "upper_arm_fk.R", "spine_fk.001"}))
    >>> family, controls["left_hip"], controls["spine"], controls["neck"]
    ('rigify', ('thigh_fk.L',), ('spine_fk.001',), ())
    """
    if {"torso", "thigh_fk.L", "upper_arm_fk.R"} <= names:
        limbs = _RIGIFY if "toe_fk.L" in names else _RIGIFY.replace("toe_fk", "toe")  # Rigify has used both names
        spine = sorted(n for n in names if re.fullmatch(r"spine_fk\.\d+", n))
        middle = {"root": ("root",), "pelvis": ("torso",), "spine": tuple(spine), "neck": ("neck",), "head": ("head",)}
        return "rigify", _present(names, limbs, (".L", ".R"), middle)
    if {"c_root_master.x", "c_thigh_fk.l", "c_arm_fk.r"} <= names:
        spine = sorted(n for n in names if re.fullmatch(r"c_spine_\d+\.x", n))
        middle = {"root": ("c_traj",), "pelvis": ("c_root_master.x",), "spine": tuple(spine)}
        middle |= {"neck": ("c_neck.x",), "head": ("c_head.x",)}
        return "auto-rig pro", _present(names, _AUTO_RIG_PRO, (".l", ".r"), middle)
    return None


def _present(
    names: frozenset[str], limbs: str, suffixes: tuple[str, str], middle: dict[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """The controls that the rig has; spine and neck are always there, if only empty."""
    found = {part: tuple(n for n in bones if n in names) for part, bones in middle.items()}
    for side, suffix in zip(SIDES, suffixes, strict=True):
        controls = zip(_LIMB_JOINTS, limbs.split(), strict=True)
        found.update({f"{side}_{kind}": (name + suffix,) for kind, name in controls if name + suffix in names})
    return {part: bones for part, bones in found.items() if bones or part in ("spine", "neck")}


def limb_switches(names: frozenset[str]) -> tuple[LimbSwitch, ...]:
    """The limbs of a control rig that can be switched between FK and IK; none for any other rig."""
    found = control_names(names)
    if found is None:
        return ()
    limbs = [(side, limb) for side in SIDES for limb in _CHAINS]
    if found[0] == "rigify":
        return tuple(_rigify_limb(names, *limb) for limb in limbs)
    return tuple(_auto_rig_pro_limb(*limb) for limb in limbs)


def follow_switches(names: frozenset[str]) -> tuple[Switch, ...]:
    """Switches that make neck and head follow only their own controls: Rigify mixes in half the chest's rotation."""
    found = control_names(names)
    return (("torso", "neck_follow", 0.0), ("torso", "head_follow", 0.0)) if found and found[0] == "rigify" else ()


def joints_of_rigify_control(control: str) -> list[str]:
    """The joints that one of Rigify's controls moves besides the FK controls; "root" is the whole character.

    >>> joints_of_rigify_control("hand_ik.L")
    ['left_shoulder', 'left_elbow', 'left_wrist']
    """
    name, _, side = re.fullmatch(r"(.*?)(\.([LR]))?", control).groups()  # type: ignore[union-attr]
    sides = {"L": ("left",), "R": ("right",)}.get(side, SIDES)
    found = []
    for joint in _RIGIFY_MOVES.get(name, ()):
        found += [joint] if joint in JOINT or joint == "root" else [f"{s}_{joint}" for s in sides]
    return found


def original_bone(control: str) -> str | None:
    """The ORG bone of a Rigify FK control, which is where the limb is, whether FK or IK moves it.

    control: an FK control, which stays behind while the limb follows IK. None for any other bone.

    >>> original_bone("forearm_fk.L"), original_bone("torso")
    ('ORG-forearm.L', None)
    """
    return f"ORG-{control.replace('_fk', '')}" if re.fullmatch(_RIGIFY_LAGGING, control) else None


def deforming_bone(bone: str) -> str:
    """The deforming bone that a bone of Rigify's hidden skeleton stands for, by name; any other bone itself."""
    return bone.replace("ORG-", "DEF-", 1)


def _rigify_limb(names: frozenset[str], side: str, limb: str) -> LimbSwitch:
    suffix = ".L" if side == "left" else ".R"
    parts, end = {
        "arm": (("upper_arm", "forearm", "hand"), "hand_ik"),
        "leg": (("thigh", "shin", "foot"), "foot_ik"),
    }[limb]
    upper = parts[0]
    holder = f"{upper}_parent{suffix}"  # the bone whose properties are the switches
    # In the lists of spaces 1 is the root.
    spaces = [(holder, prop, 1.0) for prop in ("pole_vector", "IK_parent", "pole_parent")]
    toe = next((n for n in (f"toe_ik{suffix}", f"toe{suffix}") if limb == "leg" and n in names), None)
    return LimbSwitch(
        chain=_chain(side, limb),
        fk=tuple(n for n in (f"{part}_fk{suffix}" for part in parts) if n in names),
        end=_if_present(names, end + suffix),
        pole=_if_present(names, f"{upper}_ik_target{suffix}"),
        toe=toe,
        to_fk=((holder, "IK_FK", 1.0),),
        to_ik=((holder, "IK_FK", 0.0), *spaces),
    )


def _auto_rig_pro_limb(side: str, limb: str) -> LimbSwitch:
    holder = {"arm": "c_hand_ik", "leg": "c_foot_ik"}[limb] + (".l" if side == "left" else ".r")
    return LimbSwitch(_chain(side, limb), (), None, None, None, to_fk=((holder, "ik_fk_switch", 1.0),), to_ik=())


def _chain(side: str, limb: str) -> tuple[str, str, str]:
    upper, middle, end = (f"{side}_{kind}" for kind in _CHAINS[limb])
    return upper, middle, end


def _if_present(names: frozenset[str], name: str) -> str | None:
    return name if name in names else None
