"""Maps of common rigs: by name, by shape alone, and what is refused."""

import numpy as np
import pytest
from support.zoo_rigs import FAMILIES, build_rig, renamed

from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.rigs.mapping import map_rig
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
