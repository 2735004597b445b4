"""Motions onto characters, out of a child process, and back in through Blender's importers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.motions import standing

from motiongpt.backend.output import blender
from motiongpt.backend.output.blender import CharacterJob, export_to_character
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.files.npz import save_npz

SCENARIO = "import sys\nimport export_scenarios as scenarios\nemit(getattr(scenarios, sys.argv[1])(*sys.argv[2:]))"


@pytest.fixture
def inspect(run_bpy, tmp_path, walk):
    """Export the walk at 30 frames a second onto a character, and look at the file in a fresh Blender."""

    def export_and_look(source, output):
        npz = tmp_path / "walk.npz"
        save_npz(walk, npz)
        report = export_to_character([CharacterJob(walk, output)], source, 30.0)[0]
        assert report["output"] == str(output) and report["frames"] == 120 and report["fps"] == 30.0
        assert sorted(tmp_path.glob(".*")) == []  # no partial file is left
        return run_bpy(SCENARIO, "inspect", output, source, npz)

    return export_and_look


def check_walk(seen):
    assert seen["armatures"] == 1
    assert len(seen["actions"]) == 1, seen["actions"]
    assert seen["tracks"] == 0 or len(seen["actions"]) == 1
    assert seen["fps"] == 30.0
    start, end = seen["action range"]
    assert end - start == 119  # 120 frames, of 1/30 s each: 4 s
    assert (
        seen["turn error"] < 1e-3 and seen["root error"] < 1e-3 and seen["moved"] == pytest.approx([0, 0, 0], abs=1e-3)
    )
    assert seen["turning bones"] >= 15
    assert seen["travel"][1] < -1.5 and abs(seen["travel"][0]) < 0.2  # the way the character faces, -Y
    assert seen["ankles alternate"] < -0.5
    assert seen["lowest"] > -0.03


@pytest.mark.parametrize("ending", ["fbx", "glb", "blend"])
def test_mannequin_in_every_format(inspect, tmp_path, ending):
    seen = inspect("mannequin", tmp_path / f"walk.{ending}")
    check_walk(seen)
    assert seen["meshes"] == ["Icosphere", "Mannequin mesh"] if ending == "glb" else ["Mannequin mesh"]
    assert "walks_forward" in seen["actions"][0]
    if ending == "blend":
        assert seen["range"] == [1, 120]
        assert seen["actions"] == ["walks_forward"]


@pytest.mark.parametrize("name", ["kaykit-knight.glb", "kenney-human.glb", "mesh2motion-human.glb"])
def test_characters_as_fbx(inspect, tmp_path, shared_dir, name):
    seen = inspect(str(shared_dir / "rigs" / name), tmp_path / "walk.fbx")
    assert len(seen["actions"]) == 1
    assert seen["turn error"] < 1e-3 and seen["root error"] < 1e-3
    # A root bone starts at the origin, a few centimetres from where the solver puts it.
    assert np.linalg.norm(seen["moved"]) < (1e-3 if "kenney" in name else 0.1) and abs(seen["moved"][2]) < 1e-3
    assert seen["turning bones"] >= 15
    assert seen["travel"][1] < -1.0
    assert "Icosphere" not in seen["meshes"]  # the bones' shape in Blender's viewport
    assert {size for _, size in seen["images"]} == {texture_size(shared_dir / "rigs" / name)}
    assert all(image.partition(".png")[1] for image, _ in seen["images"])


def texture_size(path):
    """Bytes of the only image in a GLB."""
    data = path.read_bytes()
    content = json.loads(data[20 : 20 + int.from_bytes(data[12:16], "little")])
    return content["bufferViews"][content["images"][0]["bufferView"]]["byteLength"]


def test_animated_fbx_as_character(run_bpy, inspect, tmp_path):
    source = tmp_path / "character.fbx"
    run_bpy(SCENARIO, "make_character", source, "animated")
    check_walk(inspect(str(source), tmp_path / "walk.fbx"))


def test_the_armature_that_maps_is_taken(run_bpy, inspect, tmp_path):
    source = tmp_path / "two.blend"
    run_bpy(SCENARIO, "make_character", source, "two")
    output = tmp_path / "walk.blend"
    export_to_character([CharacterJob(standing(), output, "stand")], source)
    seen = run_bpy(SCENARIO, "contents", output)
    # The other objects of a .blend keep their animation; what the armature had is gone.
    assert seen == {"actions": ["spin", "stand"], "holders": {"Mannequin": "stand", "Spinner": "spin"}}


def test_several_motions_pictures_and_a_fractional_rate(tmp_path):
    motion = standing()
    jobs = [
        CharacterJob(motion, tmp_path / "one.blend", "x" * 200),
        CharacterJob(motion, tmp_path / "two.glb", "été — 歩く " * 20),
        CharacterJob(motion, None, None, tmp_path / "pictures", 2),
    ]
    reports = export_to_character(jobs, "mannequin")
    assert [report["fps"] for report in reports] == [23.976] * 3
    assert reports[0]["action"].startswith("xxx") and reports[1]["action"].startswith("été — 歩く")
    assert reports[2]["output"] is None
    for picture in reports[2]["pictures"]:
        from matplotlib.image import imread

        pixels = imread(picture)
        assert pixels.shape[2] >= 3 and pixels[..., :3].std() > 0.02
    assert (tmp_path / "one.blend").stat().st_size > 10_000 and (tmp_path / "two.glb").stat().st_size > 10_000


def refuse(jobs, rig):
    with pytest.raises(MotionGPTError) as caught:
        export_to_character(jobs, rig)
    error = caught.value
    assert error.message.endswith(".") and error.cure.endswith(".") and "Traceback" not in error.message
    return error


def test_refusals(run_bpy, tmp_path):
    motion = standing()
    good = tmp_path / "out.fbx"
    good.write_bytes(b"what was there before")
    damaged, snake = tmp_path / "damaged.glb", tmp_path / "snake.fbx"
    damaged.write_bytes(b"glTF" + bytes(100))
    broken_fbx = tmp_path / "damaged.fbx"
    broken_fbx.write_bytes(b"Kaydara FBX Binary  \x00\x1a\x00" + bytes(64))
    run_bpy(SCENARIO, "make_character", snake, "snake")
    empty = tmp_path / "empty.blend"
    run_bpy(SCENARIO, "make_character", empty, "empty")
    assert "no character file" in refuse([CharacterJob(motion, good)], tmp_path / "missing.fbx").message
    assert "can't be read" in refuse([CharacterJob(motion, good)], damaged).message
    assert "can't be read" in refuse([CharacterJob(motion, good)], broken_fbx).message
    assert "format" in refuse([CharacterJob(motion, good)], tmp_path / "character.obj").message
    assert refuse([CharacterJob(motion, good)], snake).kind == "not_humanoid"
    assert "no armature" in refuse([CharacterJob(motion, good)], empty).message
    assert good.read_bytes() == b"what was there before"
    assert "format" in refuse([CharacterJob(motion, tmp_path / "walk.mov")], "mannequin").message
    assert refuse([CharacterJob(motion, tmp_path / "missing" / "walk.fbx")], "mannequin").kind == "unwritable"
    assert refuse([CharacterJob(motion, Path("/proc/walk.glb"))], "mannequin").kind == "unwritable"
    assert refuse([CharacterJob(motion, Path("/dev/full/walk.fbx"))], "mannequin").kind == "unwritable"
    assert not list(tmp_path.glob(".*")) and not (tmp_path / "missing").exists()


def test_without_bpy_the_cure_is_named(tmp_path):
    """In a Python whose import system knows no bpy."""
    script = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name == "bpy": raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Blocked())
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "bpy" else real(name, *rest)
from motiongpt.backend.output.blender import export_to_character
from motiongpt.retarget.errors import MotionGPTError
try:
    export_to_character([], "mannequin")
except MotionGPTError as error:
    print(error.kind, error.cure)
"""
    environment = {k: v for k, v in os.environ.items() if k != "MOTIONGPT_BPY_PYTHON"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "no_blender Install it with: pip install motiongpt-blender[blender]"


def test_a_child_that_dies_is_reported(monkeypatch, tmp_path, caplog):
    script = tmp_path / "launch.py"
    script.write_text("import os\nprint('half a line', flush=True)\nos._exit(9)")
    monkeypatch.setattr(blender, "LAUNCHER", script)
    error = refuse([CharacterJob(standing(), tmp_path / "out.fbx")], "mannequin")
    assert error.kind == "internal" and "9" in error.message and "half a line" in caplog.text


def test_a_blender_as_the_child(monkeypatch, tmp_path):
    """It is started with factory settings, and with nothing of the user's that it could delete."""
    monkeypatch.setenv("BLENDER_USER_EXTENSIONS", str(tmp_path / "mine"))
    started = tmp_path / "blender"
    started.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        "user = [v for k, v in os.environ.items() if k.startswith('BLENDER_USER_')]\n"
        "print('MOTIONGPT_RESULT ' + json.dumps({'files': [{'takes': [*sys.argv[1:], *user]}]}))\n"
    )
    started.chmod(0o755)
    monkeypatch.setenv(blender.BLENDER, str(started))
    monkeypatch.setenv("PYTHONPATH", "packages")
    (report,) = export_to_character([CharacterJob(standing(), tmp_path / "out.fbx")], "mannequin")
    said = report["takes"]
    assert said[:3] == ["--background", "--factory-startup", "--python-expr"] and "packages" in said[3]
    assert said[said.index("--") + 1] == "motiongpt.addon.export"
    own = [each for each in said if Path(each).parent.name.startswith("motiongpt-")]
    assert len(own) == 2  # the job file, and a folder of its own
    assert str(tmp_path / "mine") not in said
