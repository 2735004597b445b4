"""Maps of common rigs: by name, by shape alone, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from support.zoo_extras import decorated, with_raised_arm
from support.zoo_rigs import FAMILIES, build_rig, renamed

from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.rigs.mapping import find_some, map_by_hand, map_rig
from motiongpt.retarget.rigs.rig import Rig


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_maps_by_its_names(name: str) -> None:
    family = FAMILIES[name]
    for blender in (True, False):
        rig, joints = build_rig(family, blender=blender)
        mapping = map_rig(rig)
        assert mapping.found_by == "names"
        assert mapping.bones == joints
        assert mapping.spine == family.spine
        assert mapping.neck == family.neck
        twists = [t.format(s=s) for kind in family.twists.values() for t in kind for s in family.sides]
        assert sorted(b for bones in mapping.twists.values() for b in bones) == sorted(twists)


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_maps_by_its_shape(name: str) -> None:
    family = FAMILIES[name]
    rig, joints = build_rig(family, seed=1)
    nameless, names = renamed(rig)
    mapping = map_rig(nameless)
    assert mapping.found_by == "shape"
    assert mapping.bones == {joint: names[bone] for joint, bone in joints.items()}
    if not family.clavicles_from_neck:  # shape can't tell neck and spine bones apart there
        assert mapping.spine == tuple(names[b] for b in family.spine)
        assert mapping.neck == tuple(names[b] for b in family.neck)


DRESSES = [
    ("hair",),
    ("wings",),
    ("wings", "feathers"),
    ("tail",),
    ("skirt",),
    ("cape",),
    ("hair", "wings", "tail", "skirt", "cape"),
]


@pytest.mark.parametrize("dress", DRESSES, ids="+".join)
@pytest.mark.parametrize("name", FAMILIES)
def test_hair_wings_tails_and_clothes_are_no_limbs(name: str, dress: tuple[str, ...]) -> None:
    family = FAMILIES[name]
    rig, joints = build_rig(replace(family, wears=()), seed=4)
    for thickness in (rig.thickness, None):
        bare = replace(rig, thickness=thickness)
        nameless, names = renamed(decorated(bare, joints, family.chest, *dress), seed=2)
        found = map_rig(nameless)
        assert found.found_by == "shape"
        limbs = {joint: names[bone] for joint, bone in joints.items() if joint != "pelvis"}
        assert {joint: bone for joint, bone in found.bones.items() if joint != "pelvis"} == limbs


@pytest.mark.parametrize("name", [n for n, f in FAMILIES.items() if not f.arms_forward and not f.raised])
def test_one_arm_may_be_raised_at_rest(name: str) -> None:
    family = FAMILIES[name]
    rig, joints = build_rig(family, seed=4)
    for degrees, forward in ((60.0 + family.arms_down, 20.0), (85.0 + family.arms_down, 0.0), (0.0, 80.0)):
        nameless, names = renamed(with_raised_arm(rig, joints, degrees, forward))
        assert map_rig(nameless).bones == {joint: names[bone] for joint, bone in joints.items()}


def test_a_bone_above_the_hips_that_holds_mesh_is_the_pelvis() -> None:
    rig, _ = build_rig(FAMILIES["biped, triangle pelvis"])
    assert map_rig(rig).root_bone == map_rig(rig).bones["pelvis"] == "Bip01"
    held = rig.thickness.copy()
    held[rig.index["Bip01"]] = 0.0
    assert map_rig(replace(rig, thickness=held)).root_bone == "Bip01 Pelvis"
    unknown = map_rig(replace(rig, thickness=None))
    assert (unknown.root_bone, unknown.spine) == ("Bip01 Spine", ("Bip01 Spine1", "Bip01 Spine2"))
    rig, _ = build_rig(FAMILIES["unreal"])  # a root on the floor that holds some mesh is no pelvis
    assert map_rig(replace(rig, thickness=np.full(len(rig.names), 0.1))).root_bone == "pelvis"


def test_deforming_bones_of_mikumikudance_are_chosen_where_they_hold_the_mesh() -> None:
    rig, _ = build_rig(FAMILIES["mmd"])
    legs = [i for i, n in enumerate(rig.names) if n[1:] in ("足", "ひざ", "足首", "つま先")]
    names = [{"つま先": f"{rig.names[b][0]}足先EX"}.get(rig.names[b][1:], f"{rig.names[b]}D") for b in legs]
    index = {name: len(rig.names) + i for i, name in enumerate(names)}
    parents = [index.get(f"{rig.names[rig.parents[bone]]}D", rig.parents[bone]) for bone in legs]
    stacked = {
        k: np.concatenate([getattr(rig, k), getattr(rig, k)[legs]]) for k in ("rest_rotations", "heads", "tails")
    }
    held = np.append(rig.thickness, np.full(len(legs), 0.1))
    full = replace(rig, names=(*rig.names, *names), parents=(*rig.parents, *parents), **stacked)
    assert map_rig(replace(full, thickness=np.append(rig.thickness, np.zeros(len(legs))))).bones["left_hip"] == "左足"
    held[legs] = 0.0
    bones = map_rig(replace(full, thickness=held)).bones
    assert [bones[f"left_{k}"] for k in ("hip", "knee", "ankle", "foot")] == ["左足D", "左ひざD", "左足首D", "左足先EX"]


def test_what_is_found_in_a_rig_that_is_refused_is_a_start() -> None:
    rig, joints = build_rig(FAMILIES["german"])
    broken = replace(rig, names=tuple(f"K{i}" if "Unter" in n else n for i, n in enumerate(rig.names)))
    assert find_some(broken)["left_hip"] == joints["left_hip"] and "left_knee" not in find_some(broken)


def test_a_pelvis_that_does_not_carry_the_body_is_refused() -> None:
    rig, joints = build_rig(FAMILIES["mmd"])
    with pytest.raises(MotionGPTError, match="not above the legs and the chest") as refusal:
        map_by_hand(rig, {**joints, "pelvis": "下半身"})
    assert "腰" in refusal.value.cure


def _joined(*rigs: Rig) -> Rig:
    names, parents = [], []
    for number, rig in enumerate(rigs):
        parents += [p + len(names) if p >= 0 else -1 for p in rig.parents]
        names += [n if number == 0 else f"{n}.{number:03d}" for n in rig.names]
    stack = (np.concatenate([getattr(r, key) for r in rigs]) for key in ("rest_rotations", "heads", "tails"))
    return Rig(tuple(names), tuple(parents), *stack, up=2)


def test_two_characters_are_refused() -> None:
    rig, _ = build_rig(FAMILIES["unreal"])
    other = Rig(rig.names, rig.parents, rig.rest_rotations, rig.heads + [1.5, 0, 0], rig.tails + [1.5, 0, 0], 2)
    with pytest.raises(MotionGPTError, match="two left legs") as refusal:
        map_rig(_joined(rig, other))
    assert refusal.value.kind == "not_humanoid"


def test_a_dog_with_human_names_is_refused() -> None:
    rig, _ = build_rig(FAMILIES["one spine bone"])
    quarter = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])  # on all fours: the spine lies level
    dog = Rig(rig.names, rig.parents, rig.rest_rotations, rig.heads @ quarter.T, rig.tails @ quarter.T, 2)
    with pytest.raises(MotionGPTError, match="not above its hips"):
        map_rig(dog)


def test_a_car_is_refused_with_what_is_missing() -> None:
    names = ["body", *(f"wheel.{s}.{i}" for s in "LR" for i in (1, 2)), *(f"door.{s}" for s in "LR"), *"abcdef"]
    heads = np.random.default_rng(0).uniform(-1, 1, (len(names), 3))
    rig = Rig(tuple(names), (-1, *[0] * (len(names) - 1)), np.tile([1.0, 0, 0, 0], (len(names), 1)), heads,
              heads + [0, 0, 0.2], 2)  # fmt: skip
    with pytest.raises(MotionGPTError, match="no bone for left hip"):
        map_rig(rig)
