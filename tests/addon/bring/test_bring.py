"""Retarget in the panel: files of every kind, files with several takes, other armatures, and what can't be read."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from support.extension import FAKE_ENGINE, Scenario
from support.motions import walking

from motiongpt.backend.output.blender import CharacterJob, export_to_character
from motiongpt.retarget.files.reading import on_ground, write_motion
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion.skeleton import JOINT

FRAMES = [0, 11, 23, 35]
LIMBS = [("left_knee", "left_ankle"), ("right_knee", "right_ankle"), ("left_elbow", "left_wrist"),
         ("right_elbow", "right_wrist")]  # fmt: skip


@pytest.fixture(scope="module")
def walk() -> Motion:
    return on_ground(walking().resample(30.0))


@pytest.fixture(scope="module")
def folder(walk: Motion, extension: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A walk in every kind of file, and files that are none."""
    place = tmp_path_factory.mktemp("motions")
    for name in ("walk.npz", "walk.bvh"):
        write_motion(walk, place / name)
    for name in ("walk.fbx", "walk.glb", "walk.blend"):
        export_to_character([CharacterJob(walk, place / name, name="Walk")], "mannequin")
    shutil.copy(place / "walk.glb", place / "walk.vrm")
    for name in ("broken.bvh", "broken.fbx", "broken.npz", "notes.txt"):
        (place / name).write_bytes(b"no such thing" * 30)
    np.savez(place / "amass.npz", poses=np.zeros((40, 156)), trans=np.zeros((40, 3)), mocap_framerate=np.array(30.0))
    return place


@pytest.fixture
def seen(scenario: Scenario, folder: Path):
    return lambda name: scenario(name, FAKE_ENGINE | {"FOLDER": str(folder)})


def degrees(a: object, b: object) -> float:
    """The largest angle between directions."""
    cos = np.sum(np.array(a) * np.array(b), axis=-1)
    return float(np.degrees(np.arccos(np.clip(cos, -1.0, 1.0))).max())


def directions(motion: Motion) -> np.ndarray:
    """As `limbs` of the scenarios: the scene's axes are (x, -z, y) of the motion's."""
    ends = np.array([[motion.joints[f, JOINT[b]] - motion.joints[f, JOINT[a]] for a, b in LIMBS] for f in FRAMES])
    turned = ends[..., [0, 2, 1]] * [1.0, -1.0, 1.0]
    return turned / np.linalg.norm(turned, axis=-1, keepdims=True)


def test_every_kind_of_file_becomes_the_same_action(seen, walk: Motion) -> None:
    found = seen("files")
    wanted = directions(walk)
    way = walk.root_position[35, 2] - walk.root_position[0, 2]
    for name, one in found.items():
        assert (one["error"], one["state"]) == ("", "DONE"), (name, one)
        assert one["action"] == ("walk" if name in ("walk.npz", "walk.bvh") else "Walk"), name
        first = 11 if name == "walk.bvh" else 1
        assert one["range"] == [first, first + len(walk) - 1], name
        assert one["message"].startswith(f"Frames {first} to {first + len(walk) - 1} of Person, in the action")
        if name not in ("walk.npz", "walk.bvh"):  # which may be read within a step
            assert "Reading the file" in one["stages"], name
        assert degrees(one["limbs"], wanted) < 8.0, name  # soles are set on the floor
        assert degrees(one["limbs"], found["walk.npz"]["limbs"]) < 3.0, name
        assert -1.25 * way < one["travel"][1] < -0.75 * way, (name, one["travel"], way)
        assert one["packages"], name
        assert one["objects"] and one["undone"] and one["takes"] == [], name


def test_takes_of_a_file_are_listed_and_chosen(seen) -> None:
    found = seen("takes")
    assert (found["pressed"], found["first"]) == ("", "two.blend holds 2 takes: choose one, then press Retarget.")
    assert (sorted(found["listed"]), found["actions"]) == (["Bow", "Walk"], 0)
    assert "takes" not in found["panel"].split() and "motiongpt.retarget" in found["panel"]
    assert found["bow"] == ["", "Bow", [1.0, 20.0]]
    assert found["walk"] == ["", "Walk", ["Bow"]]
    assert found["by name"] == ["", "Bow.001"]
    assert 'No take of two.blend is called "Run"' in found["wrong name"]
    assert found["opened"] == ["", "walk.bvh holds one motion: press Retarget.", 0]
    assert found["listed one"][0] == "" and len(found["listed one"][1]) == 1


def test_another_armature_is_copied_onto_a_smaller_one(seen) -> None:
    found = seen("armatures")
    assert found["error"] == "" and "of Target" in found["message"]
    assert degrees(found["limbs"], found["wanted"]) < 8.0
    source, target = np.array(found["travel"])
    assert np.allclose(target[:2], 0.5 * source[:2], atol=0.06)
    moving = np.array(found["moving"])
    assert np.allclose(moving[:2], 0.5 * (source[:2] + [0.0, 1.0]), atol=0.08)
    assert found["source"] and found["scenes"] == 1
    assert "is the character itself" in found["itself"]
    assert '"Still" has no animation' in found["still"]
    assert 'The armature "Source" was deleted' in found["deleted"]


def test_what_can_not_be_read_is_said_and_changes_nothing(seen) -> None:
    found = seen("refused")
    for name, words in (
        ("none", "No motion file is chosen."),
        ("missing.bvh", "There is no file"),
        ("notes.txt", "is no motion file"),
        ("broken.bvh", "broken.bvh"),
        ("broken.fbx", "can't be read"),
        ("broken.npz", "broken.npz"),
        ("still.blend", "holds no animation"),
        ("amass.npz", "body"),
    ):
        assert words in found[name] and "Traceback" not in found[name], (name, found[name])
    assert found["unchanged"]
    operator, endings = found["handler"]
    assert operator == "motiongpt.retarget"
    assert {".bvh", ".fbx", ".glb", ".vrm", ".npz"} <= set(endings.split(";"))
    assert found["cancelled"] == ["CANCELLED", True, False]
