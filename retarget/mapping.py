"""Which bone of a rig plays which joint: found by the bones' names, the spine and neck by what lies between."""

import re
from dataclasses import dataclass, field

from .errors import MotionGPTError
from .rig import Rig

# Names of a part, as left over once side, prefix, separators and digits are gone; the first that exists wins.
_LIMB_NAMES = {
    "hip": ("thigh", "upleg", "upperleg", "hip"),
    "knee": ("calf", "shin", "lowerleg", "leg", "knee"),
    "ankle": ("foot", "ankle"),
    "foot": ("toebase", "toe", "toes", "ball"),
    "shoulder": ("upperarm", "arm", "uparm", "shldr", "shoulder"),
    "elbow": ("forearm", "lowerarm", "elbow"),
    "wrist": ("wrist", "hand"),
    "collar": ("clavicle", "collar", "shoulder"),
}
_PELVIS_NAMES = ("hips", "hip", "pelvis", "root")
_HEAD_NAMES = ("head", "neck")
_REQUIRED = ("hip", "knee", "ankle", "shoulder", "elbow")
_PREFIX = re.compile(
    r"^(mixamorig\d*[:_]?|cc_base_|def-|joint_|bip\d*[ _]|valvebiped[._]?bip\d*[ _]|.*:)", re.IGNORECASE
)
_SIDE_WORDS = {"l": "left", "left": "left", "r": "right", "right": "right"}


@dataclass(frozen=True)
class Mapping:
    """The bones of a rig that move.

    bones: canonical joint name -> bone name, for pelvis, head, limbs and collars that the rig has.
    spine: bones from above the pelvis up to the chest, where the arms branch off; one to many.
    neck: bones between chest and head; none to many.
    root_bone: the bone whose translation carries the character.
    """

    bones: dict[str, str]
    spine: tuple[str, ...]
    neck: tuple[str, ...]
    root_bone: str
    chains: dict[str, tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "chains", {"spine": self.spine, "neck": self.neck})

    @property
    def driven(self) -> tuple[str, ...]:
        """Every bone that gets rotations, each once."""
        return tuple(dict.fromkeys([*self.bones.values(), *self.spine, *self.neck]))


def split_name(name: str) -> tuple[str, str]:
    """A bone name as (side, part): "mixamorig:LeftUpLeg" -> ("left", "upleg"), "thigh.R.001" -> ("right", "thigh")."""
    core = _PREFIX.sub("", name)
    core = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", core)
    words = [w for w in re.split(r"[^a-zA-Z]+", core.lower()) if w]
    sides = [_SIDE_WORDS[w] for w in words if w in _SIDE_WORDS]
    part = "".join(w for w in words if w not in _SIDE_WORDS)
    if not sides:  # "leftarm", "lhand"
        glued = re.match(r"^(left|right)(.+)$", part)
        if glued:
            return glued[1], glued[2]
    return (sides[0] if sides else "", part)


def _ancestors(rig: Rig, bone: int) -> list[int]:
    out = []
    while bone >= 0:
        out.append(bone)
        bone = rig.parents[bone]
    return out


def _find_limb(
    rig: Rig, parts: dict[tuple[str, str], list[int]], side: str, parent: int | None, kind: str
) -> int | None:
    """The first bone of that kind and side; below `parent` when given, the one nearest to it."""
    for name in _LIMB_NAMES[kind]:
        below = [b for b in parts.get((side, name), []) if parent is None or parent in _ancestors(rig, b)[1:]]
        if below:
            return min(below, key=lambda b: len(_ancestors(rig, b)))
    return None


def _map_side(rig: Rig, parts: dict[tuple[str, str], list[int]], side: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for chain in (("hip", "knee", "ankle", "foot"), ("shoulder", "elbow", "wrist")):
        parent: int | None = None
        for kind in chain:
            bone = _find_limb(rig, parts, side, parent, kind)
            if bone is None:
                break
            found[f"{side}_{kind}"] = parent = bone
    shoulder = found.get(f"{side}_shoulder")
    if shoulder is not None:
        above = set(_ancestors(rig, shoulder)[1:])
        for name in _LIMB_NAMES["collar"]:
            collars = [b for b in parts.get((side, name), []) if b in above]
            if collars:
                found[f"{side}_collar"] = collars[0]
                break
    return found


def _common(rig: Rig, bones: list[int]) -> int | None:
    """The nearest bone that all of `bones` hang from (or are)."""
    shared = [set(_ancestors(rig, b)) for b in bones]
    for bone in _ancestors(rig, bones[0]):
        if all(bone in s for s in shared):
            return bone
    return None


def map_rig(rig: Rig) -> Mapping:
    """Find pelvis, spine, neck, head and limbs. Raises MotionGPTError ("not_humanoid") that names what is missing."""
    parts: dict[tuple[str, str], list[int]] = {}
    for bone, name in enumerate(rig.names):
        parts.setdefault(split_name(name), []).append(bone)
    found = {**_map_side(rig, parts, "left"), **_map_side(rig, parts, "right")}
    missing = [f"{s} {k}" for k in _REQUIRED for s in ("left", "right") if f"{s}_{k}" not in found]
    if missing:
        raise MotionGPTError(
            f"This armature is no humanoid that can be recognised: no bone for {', '.join(missing)}.",
            "Choose a character whose bones carry common names (Mixamo, Unreal, Unity, Rigify).",
            "not_humanoid",
        )
    chest, pelvis = _find_torso(rig, found)
    found["pelvis"] = pelvis
    spine = _path(rig, pelvis, chest)
    head = _find_head(rig, parts, chest)
    if head is not None:
        found["head"] = head
    neck = _path(rig, chest, head)[:-1] if head is not None else []
    return Mapping(
        bones={joint: rig.names[bone] for joint, bone in found.items()},
        spine=tuple(rig.names[b] for b in spine),
        neck=tuple(rig.names[b] for b in neck),
        root_bone=rig.names[pelvis],
    )


def _find_torso(rig: Rig, found: dict[str, int]) -> tuple[int, int]:
    """(chest, pelvis): where the arms meet, and where the legs and the chest do."""
    chest = _common(rig, [found["left_shoulder"], found["right_shoulder"]])
    pelvis = _common(rig, [found["left_hip"], found["right_hip"], chest]) if chest is not None else None
    if chest is None or pelvis is None or chest == pelvis:
        raise MotionGPTError(
            "This armature is no humanoid that can be recognised: no spine joins its arms and legs.",
            "Parent arms and legs to one chain of spine bones.",
            "not_humanoid",
        )
    return chest, pelvis


def _path(rig: Rig, top: int, bottom: int) -> list[int]:
    """Bones below `top` down to and with `bottom`, in order."""
    chain = _ancestors(rig, bottom)
    return chain[: chain.index(top)][::-1] if top in chain else []


def _find_head(rig: Rig, parts: dict[tuple[str, str], list[int]], chest: int) -> int | None:
    for name in _HEAD_NAMES:
        heads = [b for b in parts.get(("", name), []) if chest in _ancestors(rig, b)[1:]]
        if heads:
            return min(heads, key=lambda b: len(_ancestors(rig, b)))
    # Rigify's metarig calls the neck and head spine.004 to spine.006: the end of the middle chain above the chest.
    bone, head = chest, None
    while True:
        middle = [c for c in rig.children[bone] if not split_name(rig.names[c])[0] and "spine" in rig.names[c].lower()]
        if not middle:
            return head
        bone = head = middle[0]
