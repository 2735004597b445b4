"""Character files read as motion: every kind, every action in it, and what is not there."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from support.ascii_fbx import write_ascii_fbx
from support.command_line import run_json
from support.motions import walking

from motiongpt.backend.commands import cli
from motiongpt.backend.output.blender import CharacterJob, CharacterOptions, export_to_character, read_take
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.files.npz import load_npz
from motiongpt.retarget.files.reading import on_ground, read_motion
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion.skeleton import JOINT

SCENARIO = "import sys\nimport takes_scenarios as scenarios\nemit(getattr(scenarios, sys.argv[1])(*sys.argv[2:]))"
UPPER = [JOINT[n] for n in ("pelvis", "spine3", "head", "left_wrist", "right_wrist", "left_elbow", "right_shoulder")]


@pytest.fixture(scope="module")
def walk() -> Motion:
    return on_ground(walking().resample(30.0))


def on_mannequin(motion: Motion, path: Path, options: CharacterOptions | None = None) -> Path:
    export_to_character([CharacterJob(motion, path, name="Walk")], "mannequin", options=options)
    return path


def check_same(found: Motion, walk: Motion) -> None:
    """The mannequin's feet are set on its own soles, so they differ a little; everything above is the walk's."""
    assert (len(found), found.fps) == (len(walk), 30.0)
    assert np.abs(found.joints[:, UPPER] - walk.joints[:, UPPER]).max() < 0.035
    assert np.abs(found.joints - walk.joints).max() < 0.06


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("walk.fbx", None),
        ("walk.glb", None),
        ("walk.blend", None),
        ("engine.fbx", CharacterOptions(preset="unreal")),
        ("carried.blend", CharacterOptions(root="object")),
    ],
)
def test_what_was_written_is_read(tmp_path: Path, walk: Motion, name: str, options: CharacterOptions | None) -> None:
    found = read_take(on_mannequin(walk, tmp_path / name, options))
    check_same(found, walk)
    assert "Walk" in found.meta["take"] and found.meta["source"] == name


def test_vrm_is_a_motion_and_a_character(tmp_path: Path, walk: Motion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(on_mannequin(walk, tmp_path / "walk.glb"), "hero.vrm")
    assert cli.main(["convert", "hero.vrm", "-o", "walk.npz"]) == 0
    check_same(load_npz("walk.npz"), walk)
    assert cli.main(["retarget", "walk.npz", "--rig", "hero.vrm", "-o", "again.glb"]) == 0
    check_same(read_take(tmp_path / "again.glb"), walk)


def test_takes_are_listed_and_chosen(
    tmp_path: Path, walk: Motion, run_bpy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A soloed track and an action of another object change nothing."""
    monkeypatch.chdir(tmp_path)
    run_bpy(SCENARIO, "several_takes", on_mannequin(walk, tmp_path / "one.blend"), tmp_path / "two.blend")
    code, data = run_json(capsys, "convert", "two.blend", "-o", "a.npz")
    assert code == 2 and not Path("a.npz").exists()
    assert "holds 2 takes: Bow; Walk." in data["error"]["message"] and "--take" in data["error"]["cure"]
    for name in ("Walk", "walk", "wal"):
        check_same(read_take(tmp_path / "two.blend", name), walk)
    assert len(read_take(tmp_path / "two.blend", "Bow")) == 20
    with pytest.raises(MotionGPTError, match=r'No take of two\.blend is called "Run"; there are: Bow; Walk'):
        read_take(tmp_path / "two.blend", "Run")
    assert cli.main(["convert", "a.bvh", "--take", "x", "-o", "b.npz"]) == 2


def test_bvh_that_blender_writes(tmp_path: Path, walk: Motion, run_bpy) -> None:
    run_bpy(SCENARIO, "own_bvh", on_mannequin(walk, tmp_path / "walk.blend"), tmp_path / "walk.bvh")
    found = read_motion(tmp_path / "walk.bvh")
    check_same(found, walk)


def test_a_file_without_motion_and_files_that_are_none(tmp_path: Path, shared_dir: Path) -> None:
    with pytest.raises(MotionGPTError, match="holds no animation of its armature"):
        read_take(shared_dir / "rigs" / "kenney-human.glb")
    for name in ("x.fbx", "x.glb", "x.gltf", "x.vrm", "x.blend"):
        (tmp_path / name).write_bytes(b"no such thing" * 30)
        with pytest.raises(MotionGPTError, match="can't be read"):
            read_take(tmp_path / name)


def test_ascii_fbx_is_a_character_and_a_motion(shared_dir: Path, tmp_path: Path) -> None:
    ascii_fbx = shared_dir / "cases" / "21-ascii-fbx" / "mannequin.fbx"
    walk = read_motion(shared_dir / "cases" / "common" / "walk54.bvh")
    try:
        export_to_character([CharacterJob(walk, tmp_path / "out.fbx")], ascii_fbx)
    except MotionGPTError as error:  # Blender before 4.5
        assert "ASCII" in error.message and "binary FBX" in error.cure
        return
    check_same(read_take(tmp_path / "out.fbx"), walk)


def test_ascii_fbx_of_another_version_with_other_axes_and_units(tmp_path: Path, walk: Motion) -> None:
    """A file that no program wrote, with a mesh and an animation: as a motion, and as a character."""
    other = tmp_path / "other.fbx"
    write_ascii_fbx(other, walk)
    try:
        found = read_take(other)
    except MotionGPTError as error:  # Blender before 4.5
        assert "ASCII" in error.message and "binary FBX" in error.cure
        return
    assert found.meta["take"] == "Stroll" and len(found) == len(walk)
    assert np.abs(found.joints - walk.joints).max() < 0.002
    export_to_character([CharacterJob(walk, tmp_path / "out.fbx")], other)
    again = read_take(tmp_path / "out.fbx")
    assert np.abs(again.joints[:, UPPER] - walk.joints[:, UPPER]).max() < 0.035


def test_takes_of_a_game_character(shared_dir: Path) -> None:
    """One of 76 actions of a real file, against the BVH that its makers' rig gives."""
    idle = read_take(shared_dir / "rigs" / "kaykit-knight.glb", "Idle")
    known = read_motion(shared_dir / "mocap" / "kaykit" / "Idle.bvh")
    assert np.abs(idle.joints - known.joints).max() < 1e-3
