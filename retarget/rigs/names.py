"""Bone names in common rigs: splitting a name into side and part, and the names that each joint's bone goes by."""

import re

# Joint, without its side -> names of its bone, without side, prefix, separators and digits; the first one present wins.
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
    """A bone's name as (side, part); the side is "" for bones on the midline.

    >>> split_name("mixamorig:LeftUpLeg"), split_name("thigh.R.001"), split_name("Bip01 Spine2")
    (('left', 'upleg'), ('right', 'thigh'), ('', 'spine'))
    """
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
