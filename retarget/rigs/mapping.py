"""Bone mapping: which bone of a rig is which joint, by the bones' names or, failing that, by the rig's shape.

Spine and neck are the bones between the limbs' roots. The result is checked against the rest pose, so that a dog with
human bone names is refused.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass, field, replace

import numpy as np

from ..errors import MotionGPTError
from ..motion.skeleton import ARM, JOINT, LEG, LIMB_BONES, NEXT_JOINT, SIDES
from ..typing import Floats
from .control_names import control_names
from .names import DEFORMING, HEAD_NAMES, LIMB_NAMES, LOWER_OF_TWO, NECK_NAMES, TWIST, split_name
from .rig import Rig
from .shape import find_by_shape

_REQUIRED = ("hip", "knee", "ankle", "shoulder", "elbow")
_Parts = dict[tuple[str, str], list[int]]


@dataclass(frozen=True)
class Mapping:
    """The bones of a rig that are animated.

    bones: canonical joint name -> bone name, for pelvis, head, limbs and collars that the rig has.
    spine: bones from above the pelvis up to the chest, where the arms branch off; one or more.
    neck: bones between chest and head; any number.
    root_bone: the bone whose location moves the character.
    twists: joint name -> bones that share the twist of the limb that starts there.
    found_by: "names", "shape", "user" or the family of a control rig; "controls" for one that no list names.
    """

    bones: dict[str, str]
    spine: tuple[str, ...]
    neck: tuple[str, ...]
    root_bone: str
    twists: dict[str, tuple[str, ...]] = field(default_factory=dict)
    found_by: str = "names"

    @property
    def driven(self) -> tuple[str, ...]:
        """Every bone that is rotated, without duplicates."""
        twists = [bone for bones in self.twists.values() for bone in bones]
        return tuple(dict.fromkeys([*self.bones.values(), *self.spine, *self.neck, *twists]))

    @property
    def spine_places(self) -> Floats:
        """(3,) where the canonical spine's joints are along the pelvis (0) and the bones of `spine` (1, 2 ...)."""
        return np.arange(1, 4) * (len(self.spine) / 3)


def map_rig(rig: Rig) -> Mapping:
    """Find pelvis, spine, neck, head and limbs. Raises MotionGPTError ("not_humanoid") that names what is missing.

    >>> from motiongpt.retarget.motion.skeleton import JOINT_NAMES, PARENTS, rest_joints
    >>> rig = Rig(JOINT_NAMES, PARENTS, np.tile((1.0, 0.0, 0.0, 0.0), (22, 1)), rest_joints(), rest_joints())
    >>> mapping = map_rig(rig)
    >>> mapping.bones["left_hip"], mapping.spine, mapping.neck, mapping.found_by
    ('left_hip', ('spine1', 'spine2', 'spine3'), ('neck',), 'names')
    """
    controls = _controls_of(rig)
    if controls is not None:
        return _from_controls(rig, *controls)
    parts = _split_names(rig)
    found = {**_map_side(rig, parts, "left"), **_map_side(rig, parts, "right")}
    missing = _missing(found)
    if not missing:
        _refuse_two_characters(rig, parts)
        return _assemble(rig, found, parts, "names")
    by_shape = find_by_shape(rig)
    if by_shape is None:
        raise _no_humanoid(
            f"no bone for {missing}",
            "Choose a biped, give its bones common names such as thigh.L and forearm.R, or load a bone map preset.",
        )
    return _assemble(rig, by_shape, parts, "shape")


def find_some(rig: Rig) -> dict[str, str]:
    """Joint -> bone of what can be told by names, where `map_rig` refuses: a start for a map made by hand."""
    parts = _split_names(rig)
    found = {**_map_side(rig, parts, "left"), **_map_side(rig, parts, "right")}
    return {joint: rig.names[bone] for joint, bone in found.items()}


def _split_names(rig: Rig) -> _Parts:
    parts: _Parts = {}
    for bone, name in enumerate(rig.names):
        parts.setdefault(split_name(name), []).append(bone)
    return parts


def _missing(found: Collection[str]) -> str:
    """The required joints that are not in `found`, as a list for a message; "" if none is missing."""
    return ", ".join(f"{side} {kind}" for kind in _REQUIRED for side in SIDES if f"{side}_{kind}" not in found)


def map_by_hand(rig: Rig, bones: dict[str, str]) -> Mapping:
    """The mapping that follows from a user's bone map, joint -> bone ("" for none).

    Raises MotionGPTError for bones that the rig lacks, required joints without a bone, and limbs whose bones are not
    children of each other.
    """
    bones = {joint: bone for joint, bone in bones.items() if bone}
    unknown = [bone for bone in bones.values() if bone not in rig.index]
    if unknown:
        raise MotionGPTError(
            f'The armature has no bone "{unknown[0]}".', "Correct the bone map, or find the bones again.", "bad_map"
        )
    if missing := _missing(bones):
        raise MotionGPTError(f"The bone map has no bone for {missing}.", "Fill it in.", "bad_map")
    if _controls_of(rig) is not None:
        auto = map_rig(rig)
        return Mapping({**auto.bones, **bones}, auto.spine, auto.neck, auto.root_bone, found_by="user")
    found = {joint: rig.index[bone] for joint, bone in bones.items()}
    for side in SIDES:
        for upper, lower in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow")):
            if found[f"{side}_{upper}"] not in rig.ancestors(found[f"{side}_{lower}"])[1:]:
                what = f"The bone of the {side} {lower} is not below that of the {side} {upper}."
                raise MotionGPTError(what, "Correct the bone map.", "bad_map")
    mapping = _assemble(rig, found, {}, "user")
    if "pelvis" in bones and bones["pelvis"] != mapping.bones["pelvis"]:
        pelvis, carried = rig.index[bones["pelvis"]], (mapping.spine[-1], *(bones[f"{side}_hip"] for side in SIDES))
        if any(pelvis not in rig.ancestors(rig.index[bone]) for bone in carried):
            what = f'The bone of the pelvis, "{bones["pelvis"]}", is not above the legs and the chest.'
            raise MotionGPTError(what, f'Choose one that carries both, such as "{mapping.bones["pelvis"]}".', "bad_map")
        return replace(mapping, bones={**mapping.bones, "pelvis": bones["pelvis"]}, root_bone=bones["pelvis"])
    return mapping


def map_to_json(bones: dict[str, str]) -> str:
    """A bone map, joint -> bone, as the text of a preset file."""
    return json.dumps({"motiongpt_bone_map": 1, "bones": bones}, indent=1, sort_keys=True, ensure_ascii=False)


def map_from_json(text: str) -> dict[str, str]:
    """The inverse of `map_to_json`. Raises MotionGPTError for any other text."""
    try:
        content = json.loads(text)
        bones = content["bones"]
        if content["motiongpt_bone_map"] != 1 or not isinstance(bones, dict):
            raise ValueError("another version")
        if not all(isinstance(bone, str) for bone in bones.values()):
            raise ValueError("a bone without a name")
        return {joint: bone for joint, bone in bones.items() if joint in JOINT}
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise MotionGPTError(f"This is not a bone map ({error}).", "Choose a preset that MotionGPT saved.") from error


def _no_humanoid(what: str, cure: str) -> MotionGPTError:
    return MotionGPTError(f"This armature is not recognised as a humanoid: {what}.", cure, "not_humanoid")


def _controls_of(rig: Rig) -> tuple[str, dict[str, tuple[str, ...]]] | None:
    """The controls that a control rig declares, or has by their names, and its family; None for any other rig."""
    return ("controls", rig.declared) if rig.declared is not None else control_names(frozenset(rig.names))


def _from_controls(rig: Rig, family: str, controls: dict[str, tuple[str, ...]]) -> Mapping:
    bones = {joint: names[0] for joint, names in controls.items() if joint in JOINT and joint != "neck"}
    missing = _missing(bones)
    if missing or not controls["spine"]:
        raise _no_humanoid(f"its control rig has no control for {missing or 'the spine'}", "Generate the rig again.")
    # Rigify's spine controls below the pivot turn the hips against the chest: only those that carry the arms count.
    carries = rig.ancestors(rig.index[bones["left_shoulder"]])
    spine = tuple(b for b in controls["spine"] if rig.index[b] in carries) or controls["spine"]
    return Mapping(bones, spine, controls["neck"], bones["pelvis"], found_by=family)


def _assemble(rig: Rig, found: dict[str, int], parts: _Parts, found_by: str) -> Mapping:
    chest, fork = _find_torso(rig, found)
    found["pelvis"] = pelvis = _find_pelvis(rig, found, fork)
    spine = _path(rig, fork, chest)
    _check_upright(rig, found)
    head = found.pop("head") if "head" in found else _find_head(rig, parts, chest)
    neck: list[int] = []
    if head is not None and chest in rig.ancestors(head)[1:]:
        found["head"] = head
        neck = _path(rig, chest, head)[:-1]
    return Mapping(
        bones={joint: rig.names[bone] for joint, bone in found.items()},
        spine=tuple(rig.names[b] for b in spine),
        neck=tuple(rig.names[b] for b in neck),
        root_bone=rig.names[pelvis],
        twists=_find_twists(rig, found),
        found_by=found_by,
    )


def _find_limb(rig: Rig, parts: _Parts, side: str, parent: int | None, kind: str) -> int | None:
    """The bone of that kind and side; with a parent, the nearest below it.

    Without a parent, a bone with children is preferred, because IK targets are named like the bones that they pull;
    among several, the one nearest to the root.
    """
    for name in LIMB_NAMES[kind]:
        below = [b for b in parts.get((side, name), []) if parent is None or parent in rig.ancestors(b)[1:]]
        if name in DEFORMING:
            below = [b for b in below if rig.moves_mesh(b)]
        down = -1 if name in LOWER_OF_TWO else 1
        if below:
            return min(below, key=lambda b: (parent is None and not rig.children[b], down * len(rig.ancestors(b))))
    return None


def _map_side(rig: Rig, parts: _Parts, side: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for chain in ((*LEG, "foot"), ARM):
        parent: int | None = None
        for kind in chain:
            bone = _find_limb(rig, parts, side, parent, kind)
            if bone is not None:
                found[f"{side}_{kind}"] = parent = bone
            elif parent is None:
                break
    shoulder = found.get(f"{side}_shoulder")
    if shoulder is not None:
        above = rig.ancestors(shoulder)[1:]
        collars = [b for name in LIMB_NAMES["collar"] for b in parts.get((side, name), []) if b in above]
        if collars:
            found[f"{side}_collar"] = collars[0]
    return found


def _refuse_two_characters(rig: Rig, parts: _Parts) -> None:
    """Raise MotionGPTError if one side has two complete legs, neither of them below the other."""
    legs = []
    for name in LIMB_NAMES["hip"]:
        for hip in parts.get(("left", name), []):
            knee = _find_limb(rig, parts, "left", hip, "knee")
            if knee is not None and _find_limb(rig, parts, "left", knee, "ankle") is not None:
                legs.append(hip)
    for one in legs:
        for other in legs:
            apart = one not in rig.ancestors(other) and other not in rig.ancestors(one)
            if apart and np.linalg.norm(rig.heads[one] - rig.heads[other]) > 0.05 * _size(rig):
                raise _no_humanoid(
                    f'it has two left legs ("{rig.names[one]}" and "{rig.names[other]}")',
                    "Split the armature so that each character has its own (Edit Mode, Separate).",
                )


def _size(rig: Rig) -> float:
    return float(np.ptp(rig.heads, axis=0).max())


def _common(rig: Rig, bones: list[int]) -> int | None:
    """The nearest common ancestor of `bones`, which may be one of them."""
    shared = set.intersection(*(set(rig.ancestors(bone)) for bone in bones))
    return next((bone for bone in rig.ancestors(bones[0]) if bone in shared), None)


def _find_torso(rig: Rig, found: dict[str, int]) -> tuple[int, int]:
    """(chest, fork): the bones where the arms meet, and where the legs and the chest meet."""
    chest = _common(rig, [found["left_shoulder"], found["right_shoulder"]])
    # Biped's clavicles are children of the neck.
    while chest is not None and split_name(rig.names[chest])[1] in NECK_NAMES and rig.parents[chest] >= 0:
        chest = rig.parents[chest]
    fork = _common(rig, [found["left_hip"], found["right_hip"], chest]) if chest is not None else None
    if chest is None or fork is None or chest == fork:
        raise _no_humanoid("no spine connects its arms and legs", "Parent arms and legs to one chain of spine bones.")
    return chest, fork


def _find_pelvis(rig: Rig, found: dict[str, int], fork: int) -> int:
    """The bone that carries the body: `fork`, or a bone above it if some of the mesh hangs from that one too.

    3ds Max' legs hang from the first bone of the spine, below the pelvis. A root bone on the floor carries its mesh
    itself.
    """
    if rig.thickness is None or _on_floor(rig, found, fork):
        return fork
    above = [bone for bone in rig.ancestors(fork) if not _on_floor(rig, found, bone)]
    holding = {bone for bone in rig.descendants(above[-1]) if rig.moves_mesh(bone)}
    return next(bone for bone in above if holding <= set(rig.descendants(bone)))


def _on_floor(rig: Rig, found: dict[str, int], bone: int) -> bool:
    """Whether a bone above the hips in the hierarchy is a root on the floor: nearer to the ankles' height than half-way
    up to the hips."""
    ankles, hips = (rig.heads[[found[f"{side}_{kind}"] for side in SIDES]].mean(axis=0) for kind in ("ankle", "hip"))
    up = hips - ankles
    return bool((rig.heads[bone] - ankles) @ up < 0.5 * (up @ up))


def _check_upright(rig: Rig, found: dict[str, int]) -> None:
    """Raise MotionGPTError for a four-legged rig: at rest its shoulders are level with its hips, not above them."""
    if rig.up is None:
        return
    heads = {k: 0.5 * (rig.heads[found[f"left_{k}"]] + rig.heads[found[f"right_{k}"]]) for k in ("hip", "shoulder")}
    spine = heads["shoulder"] - heads["hip"]
    if spine[rig.up] < 0.5 * np.linalg.norm(spine):
        raise _no_humanoid(
            "its shoulders are not above its hips", "Only bipeds that stand upright in their rest pose can be animated."
        )


def _path(rig: Rig, top: int, bottom: int) -> list[int]:
    """The bones below `top` down to `bottom`, which is the last."""
    chain = rig.ancestors(bottom)
    return chain[: chain.index(top)][::-1] if top in chain else []


def _find_head(rig: Rig, parts: _Parts, chest: int) -> int | None:
    for name in HEAD_NAMES:
        heads = [b for b in parts.get(("", name), []) if chest in rig.ancestors(b)[1:]]
        if heads:
            pick = max if name in NECK_NAMES else min
            return pick(heads, key=lambda b: len(rig.ancestors(b)))
    # Rigify's metarig calls neck and head spine.004 to spine.006: the end of the middle chain above the chest.
    bone, head = chest, None
    while True:
        middle = [c for c in rig.children[bone] if not split_name(rig.names[c])[0] and "spine" in rig.names[c].lower()]
        if not middle:
            return head
        bone = head = middle[0]


def _find_twists(rig: Rig, found: dict[str, int]) -> dict[str, tuple[str, ...]]:
    """Children of a limb's bone that are called twist or roll and do not lead to its next joint."""
    mapped = set(found.values())
    carries = {a for bone in mapped for a in rig.ancestors(bone)}
    out: dict[str, tuple[str, ...]] = {}
    for side in SIDES:
        for kind in LIMB_BONES:
            limb, end = found.get(f"{side}_{kind}"), found.get(f"{side}_{NEXT_JOINT[kind]}")
            if limb is None or end is None:
                continue
            twists = [b for b in rig.children[limb] if b not in carries and TWIST.search(rig.names[b])]
            if twists:
                out[f"{side}_{kind}"] = tuple(rig.names[b] for b in twists)
    return out
