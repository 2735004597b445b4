"""What bones are called in the rigs that people have: a name taken apart into side and part, and parts into joints."""

import re

# Names of a part, as left over once side, prefix, separators and digits are gone; the first that exists wins.
LIMB_NAMES = {
    "hip": ("thighbend", "thighstretch", "thigh", "upleg", "upperleg", "legupper", "hip", "femur", "thightwist"),
    "knee": ("calf", "shin", "legstretch", "lowerleg", "leglower", "loleg", "leg", "knee", "tibia"),
    "ankle": ("ankle", "foot"),
    "foot": ("toebase", "toe", "toes", "ball", "foot"),
    "shoulder": (
        "shldrbend", "armstretch", "upperarm", "armupper", "arm", "uparm", "shldr", "shoulder", "humerus",
    ),
    "elbow": ("forearmbend", "forearmstretch", "forearm", "lowerarm", "armlower", "loarm", "elbow"),
    "wrist": ("wrist", "hand"),
    "collar": ("clavicle", "collar", "collarbone", "shoulder"),
}  # fmt: skip
HEAD_NAMES = ("head", "neck")
TWIST = re.compile(r"twist|roll", re.IGNORECASE)

_PREFIX = re.compile(
    r"^(.*:|mixamorig\d*_?|cc_base_|def-|joint_|j_bip_|[fm]_avg_|bip\d*[ _.]|valvebiped[._]?bip\d*[ _]|c_|b_|bn_)",
    re.IGNORECASE,
)
_SIDE_WORDS = {"l": "left", "left": "left", "lt": "left", "r": "right", "right": "right", "rt": "right"}
_MIDDLE_WORDS = {"c", "x", "m", "fk", "jnt", "bind", "jt", "bone"}


def split_name(name: str) -> tuple[str, str]:
    """A bone name as (side, part): "mixamorig:LeftUpLeg" -> ("left", "upleg"), "thigh.R.001" -> ("right", "thigh")."""
    core = name
    while (shorter := _PREFIX.sub("", core)) != core and shorter:
        core = shorter
    core = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", core)
    words = [w for w in re.split(r"[^a-zA-Z]+", core.lower()) if w]
    sides = [_SIDE_WORDS[w] for w in words if w in _SIDE_WORDS]
    part = "".join(w for w in words if w not in _SIDE_WORDS and w not in _MIDDLE_WORDS)
    if not sides:  # "leftarm"
        glued = re.match(r"^(left|right)(.+)$", part)
        if glued:
            return glued[1], glued[2]
    return (sides[0] if sides else "", part)


# Controls that an animator keys, of rigs whose deforming bones are driven by constraints. "" is for both sides' suffix.
_RIGIFY_LIMBS = {
    "hip": "thigh_fk", "knee": "shin_fk", "ankle": "foot_fk", "foot": "toe_fk",
    "collar": "shoulder", "shoulder": "upper_arm_fk", "elbow": "forearm_fk", "wrist": "hand_fk",
}  # fmt: skip
_ARP_LIMBS = {
    "hip": "c_thigh_fk", "knee": "c_leg_fk", "ankle": "c_foot_fk", "foot": "c_toes_fk",
    "collar": "c_shoulder", "shoulder": "c_arm_fk", "elbow": "c_forearm_fk", "wrist": "c_hand_fk",
}  # fmt: skip


def control_names(names: frozenset[str]) -> tuple[str, dict[str, tuple[str, ...]]] | None:
    """The FK controls of Rigify's or Auto-Rig Pro's control rig: family, and joint or chain -> bones, where they exist.

    The toe's control has had two names in Rigify's history.
    """
    if {"torso", "thigh_fk.L", "upper_arm_fk.R"} <= names:
        limbs = dict(_RIGIFY_LIMBS, foot="toe_fk" if "toe_fk.L" in names else "toe")
        spine = sorted(n for n in names if re.fullmatch(r"spine_fk\.\d+", n))
        return "rigify", _controls(names, limbs, (".L", ".R"), "torso", tuple(spine), ("neck",), "head")
    if {"c_root_master.x", "c_thigh_fk.l", "c_arm_fk.r"} <= names:
        spine = sorted(n for n in names if re.fullmatch(r"c_spine_\d+\.x", n))
        return "auto-rig pro", _controls(
            names, _ARP_LIMBS, (".l", ".r"), "c_root_master.x", tuple(spine), ("c_neck.x",), "c_head.x"
        )
    return None


def _controls(
    names: frozenset[str],
    limbs: dict[str, str],
    suffixes: tuple[str, str],
    pelvis: str,
    spine: tuple[str, ...],
    neck: tuple[str, ...],
    head: str,
) -> dict[str, tuple[str, ...]]:
    found = {"pelvis": (pelvis,), "spine": spine, "neck": tuple(n for n in neck if n in names)}
    if head in names:
        found["head"] = (head,)
    for side, suffix in zip(("left", "right"), suffixes, strict=True):
        for kind, name in limbs.items():
            if name + suffix in names:
                found[f"{side}_{kind}"] = (name + suffix,)
    return found
