"""Control rigs by their bones' names: the controls that an animator keys, and the switches that choose between them.

The deforming bones of such rigs follow controls by constraints. Every limb has two sets of controls: FK, a chain that
is turned bone by bone, and IK, an end that is placed with a pole that the elbow or knee points at.
"""

import re
from dataclasses import dataclass

from ..motion.skeleton import JOINT

Switch = tuple[str, str, float]
"""Bone, custom property, value."""

_RIGIFY = {
    "hip": "thigh_fk", "knee": "shin_fk", "ankle": "foot_fk", "foot": "toe_fk",
    "collar": "shoulder", "shoulder": "upper_arm_fk", "elbow": "forearm_fk", "wrist": "hand_fk",
}  # fmt: skip
_AUTO_RIG_PRO = {
    "hip": "c_thigh_fk", "knee": "c_leg_fk", "ankle": "c_foot_fk", "foot": "c_toes_fk",
    "collar": "c_shoulder", "shoulder": "c_arm_fk", "elbow": "c_forearm_fk", "wrist": "c_hand_fk",
}  # fmt: skip
_CHAINS = {"arm": ("shoulder", "elbow", "wrist"), "leg": ("hip", "knee", "ankle")}
MARK_OF_IK = "hand_ik.L"
"""A bone that every control rig has whose IK controls are known: one look-up for what asks often."""
_ARM, _LEG, _SPINE = _CHAINS["arm"], _CHAINS["leg"], ("spine1", "spine2", "spine3")
# Rigify's controls that move a limb or the torso besides the FK controls: name without side -> joints.
_RIGIFY_MOVERS = {
    "hand_ik": _ARM, "upper_arm_ik": _ARM, "upper_arm_ik_target": _ARM, "foot_ik": _LEG, "foot_heel_ik": _LEG,
    "foot_spin_ik": _LEG, "thigh_ik": _LEG, "thigh_ik_target": _LEG, "toe_ik": ("foot",),
    "hips": ("pelvis", "spine1", "hip"), "chest": _SPINE, "root": ("pelvis", "root"),
}  # fmt: skip
_RIGIFY_LIMB_CONTROL = re.compile(r"(thigh|shin|foot|upper_arm|forearm|hand)_fk\.[LR]")


@dataclass(frozen=True)
class LimbSwitch:
    """The IK controls of one limb, and what chooses between them and FK.

    chain: the limb's canonical joints, from the body outwards.  end, pole: IK controls; None where none are known.
    toe: the IK control of the toes, which hang from the foot's end.
    to_fk, to_ik: what brings the limb under these controls, with IK controls in the space of the rig's root.
    """

    chain: tuple[str, str, str]
    end: str | None
    pole: str | None
    toe: str | None
    to_fk: tuple[Switch, ...]
    to_ik: tuple[Switch, ...]


def control_names(names: frozenset[str]) -> tuple[str, dict[str, tuple[str, ...]]] | None:
    """The FK controls of Rigify's or Auto-Rig Pro's control rig: family, and joint or chain -> bones, where they exist.

    "root" carries all of it. The toe's control has had two names in Rigify's history.
    """
    if {"torso", "thigh_fk.L", "upper_arm_fk.R"} <= names:
        limbs = dict(_RIGIFY, foot="toe_fk" if "toe_fk.L" in names else "toe")
        spine = sorted(n for n in names if re.fullmatch(r"spine_fk\.\d+", n))
        middle = {"root": ("root",), "pelvis": ("torso",), "spine": tuple(spine), "neck": ("neck",), "head": ("head",)}
        return "rigify", _present(names, limbs, (".L", ".R"), middle)
    if {"c_root_master.x", "c_thigh_fk.l", "c_arm_fk.r"} <= names:
        spine = sorted(n for n in names if re.fullmatch(r"c_spine_\d+\.x", n))
        middle = {"root": ("c_traj",), "pelvis": ("c_root_master.x",), "spine": tuple(spine), "neck": ("c_neck.x",),
                  "head": ("c_head.x",)}  # fmt: skip
        return "auto-rig pro", _present(names, _AUTO_RIG_PRO, (".l", ".r"), middle)
    return None


def _present(
    names: frozenset[str], limbs: dict[str, str], suffixes: tuple[str, str], middle: dict[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Of these controls those that the rig has; spine and neck always, if empty."""
    found = {part: tuple(n for n in bones if n in names) for part, bones in middle.items()}
    for side, suffix in zip(("left", "right"), suffixes, strict=True):
        found.update({f"{side}_{kind}": (name + suffix,) for kind, name in limbs.items() if name + suffix in names})
    return {part: bones for part, bones in found.items() if bones or part in ("spine", "neck")}


def limb_switches(names: frozenset[str]) -> tuple[LimbSwitch, ...]:
    """The limbs of a control rig that can be switched; none for any other rig."""
    found = control_names(names)
    if found is None:
        return ()
    limbs = [(side, limb) for side in ("left", "right") for limb in ("arm", "leg")]
    if found[0] == "rigify":
        return tuple(_rigify_limb(names, *limb) for limb in limbs)
    return tuple(_auto_rig_pro_limb(*limb) for limb in limbs)


def follow_switches(names: frozenset[str]) -> tuple[Switch, ...]:
    """What makes a control rig's neck and head follow one control alone: Rigify mixes the chest's turn in by halves."""
    found = control_names(names)
    return (("torso", "neck_follow", 0.0), ("torso", "head_follow", 0.0)) if found and found[0] == "rigify" else ()


def moved_joints(control: str) -> tuple[str, ...]:
    """The joints that one of Rigify's controls moves, where it is not itself mapped; "root" for the whole character."""
    name, _, suffix = control.rpartition(".")
    sides = {"L": ["left_"], "R": ["right_"]}.get(suffix, [])
    if not sides:
        name, sides = control, ["left_", "right_"]
    whole = (*JOINT, "root")
    moved = _RIGIFY_MOVERS.get(name, ())
    return tuple(found for joint in moved for found in ([joint] if joint in whole else [s + joint for s in sides]))


def limb_bone(control: str) -> str | None:
    """The bone that lies where the limb of one of Rigify's FK controls is: the control itself stays behind while the
    limb follows IK. None for other bones."""
    return f"ORG-{control.replace('_fk', '')}" if _RIGIFY_LIMB_CONTROL.fullmatch(control) else None


def deforming_bone(bone: str) -> str:
    """The deforming bone that a bone of Rigify's hidden skeleton stands for, by name; any other bone itself."""
    return bone.replace("ORG-", "DEF-", 1)


def _rigify_limb(names: frozenset[str], side: str, limb: str) -> LimbSwitch:
    suffix = ".L" if side == "left" else ".R"
    upper, end = {"arm": ("upper_arm", "hand_ik"), "leg": ("thigh", "foot_ik")}[limb]
    holder = f"{upper}_parent{suffix}"
    toe = next((n for n in (f"toe_ik{suffix}", f"toe{suffix}") if limb == "leg" and n in names), None)
    return LimbSwitch(
        chain=_chain(side, limb),
        end=_if_there(names, end + suffix),
        pole=_if_there(names, f"{upper}_ik_target{suffix}"),
        toe=toe,
        to_fk=((holder, "IK_FK", 1.0),),
        # 1 is the root in both lists of spaces.
        to_ik=(
            (holder, "IK_FK", 0.0), (holder, "pole_vector", 1.0), (holder, "IK_parent", 1.0),
            (holder, "pole_parent", 1.0),
        ),
    )  # fmt: skip


def _auto_rig_pro_limb(side: str, limb: str) -> LimbSwitch:
    holder = {"arm": "c_hand_ik", "leg": "c_foot_ik"}[limb] + (".l" if side == "left" else ".r")
    return LimbSwitch(_chain(side, limb), None, None, None, to_fk=((holder, "ik_fk_switch", 1.0),), to_ik=())


def _chain(side: str, limb: str) -> tuple[str, str, str]:
    upper, middle, end = (f"{side}_{kind}" for kind in _CHAINS[limb])
    return upper, middle, end


def _if_there(names: frozenset[str], name: str) -> str | None:
    return name if name in names else None
