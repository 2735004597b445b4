"""The extension in a windowed Blender as a user has it: installed from the zip, nothing else, its buttons pressed."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support.import_graph import ROOT

from motiongpt import build_addon

TOOL = ROOT.parent / "shared" / "tools" / "real-blender"
SEEN = tempfile.gettempdir()
"""The folder that the windowed Blender sees for certain; of any other it may have a stale copy from an earlier run."""

pytestmark = [
    pytest.mark.real_blender,
    pytest.mark.slow,
    pytest.mark.skipif(not TOOL.is_file(), reason="no windowed Blender (../shared/tools/real-blender)"),
    pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() != 0, reason="only root can set up the windowed Blender"),
]


def needs(*arguments: str) -> None:
    """Skip where the tool can't install what it runs, which takes Debian and Python packages."""
    try:
        subprocess.run(["bash", str(TOOL), *arguments], cwd=SEEN, capture_output=True, timeout=300, check=True)
    except subprocess.SubprocessError as error:
        pytest.skip(f"no windowed Blender: {error}")


def real_blender(
    *arguments: object, resources: Path, limit: float = 600.0, ends: int = 0, **settings: str
) -> subprocess.CompletedProcess[str]:
    """ends: the status that it ends with.  settings: of the tool, as environment variables."""
    needs("setup")
    done = subprocess.run(
        ["bash", str(TOOL), *map(str, arguments)], cwd=SEEN, capture_output=True, text=True, timeout=limit, check=False,
        env=os.environ | {"BLENDER_USER_RESOURCES": str(resources)} | settings,
    )  # fmt: skip
    assert done.returncode == ends, done.stdout + done.stderr
    return done


def copied_tests(folder: Path) -> Path:
    """A copy of the tests where Blender can see it."""
    return shutil.copytree(ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))


def copied_character(shared: Path, folder: Path) -> Path:
    """A copy of Mesh2Motion's human where Blender can see it."""
    return Path(shutil.copy(shared / "rigs" / "mesh2motion-human.glb", folder / "character.glb"))


def installed(folder: Path, models: Sequence[str] | None = None) -> Path:
    """Build the extension with these models, or all, and install it for a user of its own; the folder of that user."""
    archive = build_addon.build(build_addon.PLATFORMS["linux-x64"], folder, models)
    resources = folder / "blender"
    resources.mkdir()
    install = ("blender", "--command", "extension", "install-file", "-r", "user_default", "--enable", archive)
    real_blender(*install, resources=resources)
    return resources


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", ["plain", "rigify_fk", "rigify_ik", "unknown"])
def test_an_animators_day(name: str, shared_dir: Path, starter_model: Path, tmp_path: Path) -> None:
    """Every press by key or mouse, on four kinds of rigs, judged by where the deforming bones are."""
    resources = installed(tmp_path)
    character = copied_character(shared_dir, tmp_path)
    script = copied_tests(tmp_path) / "product" / "windowed" / "day.py"
    parts = ("generating", "inbetween", "continuing", "longest", "at_rest", "overridden")
    real_blender(
        "gui", "--enable-event-simulate", "--python-exit-code", 1, "--python", script, "--", character, tmp_path, name,
        *parts, resources=resources, limit=1500,
    )  # fmt: skip
    seen = json.loads((tmp_path / f"{name}.json").read_text())
    print(json.dumps(seen), tmp_path)
    assert "error" not in seen, seen["error"]
    for press in seen["presses"]:
        assert (press["error"], press["state"]) == ("", "DONE"), press
        assert ("Prop" in press["overridden"]) == (press["name"] == "generate under an override"), press
        assert ("Rest Position" in press["overridden"]) == (press["name"] == "generate in Rest Position"), press
    assert (seen["generated"]["end"], seen["undone"]["keys"], seen["undone"]["end"]) == (120, 0, 60)
    assert seen["redone"]["keys"] == seen["generated"]["keys"] > 0
    for step, takes in (("inbetween", 3), ("flipped", 3), ("gap again", 6), ("inbetween over a correction", 3)):
        assert (seen[step]["changed"], seen[step]["takes"]) == ([], takes), step
    assert seen["kept"] and seen["corrected"]["changed"] < 1e-5
    assert seen["corrected"]["free"] > 0.5 * seen["corrected"]["others"]
    for after in ("moved", "cut", "new"):
        found = seen[f"continue, {after}"]
        assert found["before"] < 1e-4 and found["fastest"] < 1.5 * seen["walk"] and seen[f"undone {after}"], after
    assert (seen["longest"]["last"], seen["long range"]["last"]) == (384, 2000)
    assert seen["in rest"] < 1e-6 < 0.5 * seen["walk"] < seen["out of rest"]["fastest"]
    assert seen["can mute"] and seen["muted"]["message"].endswith("What overrode the keys is switched off.")


def test_a_command_of_the_installed_blender_writes_what_it_says(
    shared_dir: Path, starter_model: Path, tmp_path: Path
) -> None:
    resources, rig, made = installed(tmp_path), tmp_path / "rig.blend", tmp_path / "made.blend"
    character = copied_character(shared_dir, tmp_path)
    code = (
        "import bpy; bpy.ops.wm.read_homefile(use_empty=True); "
        f"bpy.ops.import_scene.gltf(filepath={str(character)!r}); "
        f"bpy.context.scene.motiongpt.text_takes = 3; bpy.ops.wm.save_as_mainfile(filepath={str(rig)!r})"
    )
    real_blender("blender", "-b", "--python-exit-code", 1, "--python-expr", code, resources=resources)
    command = ("--command", "motiongpt")
    one = real_blender("blender", rig, *command, "generate", "a person waves", "--save", made, resources=resources)
    assert f'Frames 1 to 96 of Armature, in the action "a person waves". Saved {made}.' in one.stdout
    said = real_blender("blender", made, *command, "describe", resources=resources).stdout
    assert any(word in said for word in ("wav", "hand", "arm"))
    more = real_blender("blender", made, *command, "continue", "--frame", 96, "--seconds", 2, resources=resources)
    assert f"Saved {made}." in more.stdout
    refused = real_blender("blender", made, *command, "generate", " ", resources=resources, ends=1)
    assert "The text is empty." in refused.stderr


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_the_rest_of_the_panel(shared_dir: Path, starter_model: Path, tmp_path: Path) -> None:
    """Waypoints, markers, several characters, assets, presets, history, a batch, a motion file and a pin, by keys."""
    resources = installed(tmp_path)
    character = copied_character(shared_dir, tmp_path)
    script = copied_tests(tmp_path) / "product" / "windowed" / "more.py"
    real_blender(
        "gui", "--enable-event-simulate", "--python-exit-code", 1, "--python", script, "--", character, tmp_path,
        "plain", resources=resources, limit=1000,
    )  # fmt: skip
    seen = json.loads((tmp_path / "plain.json").read_text())
    print(json.dumps(seen), tmp_path)
    assert "error" not in seen, seen["error"]
    for press in seen["presses"]:
        assert (press["error"], press["state"]) == ("", "DONE"), press
    route, places = seen["waypoints"]
    assert route == "WAYPOINTS" and len(places) == 4 and max(seen["passed"]) < 0.1
    assert [frames for _, frames in seen["from markers"]] == [60, 60, 80] and seen["moved marker"] == [69, 51, 80]
    assert seen["crowd"] == [3, True] and seen["crowd undone"] == [False, False, False]
    assert seen["prompts"] == ["a person waves", "a person bows", "a person claps"]
    marked, description, tags = seen["asset"]
    assert marked and "waves the right hand" in description and tags == ["MotionGPT"]
    assert min(seen["preview"][0]) > 0
    assert seen["preset"] == ["a person waves the right hand", 42, "FIST"]
    assert seen["history"] == ["a person walks", 1]
    assert seen["batch"] == [[".batch", "report.csv", "report.html", "walk.npz", "wave.npz"], True]
    assert seen["pinned"] < 0.005
    assert all((tmp_path / f"plain-{name}.png").stat().st_size > 20_000 for name in ("waypoints", "crowd", "batch"))


def run_installed(script: str, with_model: bool, shared: Path, folder: Path, character: str = "") -> Any:
    """Build and install the extension, run a script of this folder on a character, and return its result.

    Without the starter model, `fake_engine` makes the motion. character: what the script calls one of its own.
    """
    resources = installed(folder, None if with_model else [])
    file = copied_character(shared, folder)
    picture, result = folder / "screen.png", folder / "result.json"
    tests = copied_tests(folder)
    fake = (f"PYTHONPATH={tests / 'support' / 'fake_process'}", "PROMPT=slow")
    real_blender(
        "gui", "--python-exit-code", 1, "--python", tests / "product" / "windowed" / script,
        "--", character or file, picture, result, *(() if with_model else fake), resources=resources,
    )  # fmt: skip
    seen = json.loads(result.read_text())
    print(json.dumps(seen), picture)
    assert "error" not in seen, seen["error"]
    assert (seen["pressed"], seen["state"]) == (["FINISHED"], "DONE"), seen
    assert picture.stat().st_size > 20_000  # an empty screen compresses to less
    return seen


@pytest.mark.parametrize("engine", ["fake", "bundled"])
def test_generates_after_install_from_disk(
    engine: str, shared_dir: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if engine == "bundled":
        request.getfixturevalue("starter_model")
    seen = run_installed("generate.py", engine == "bundled", shared_dir, tmp_path)
    assert seen["message"].startswith(f'Frames 1 to 120 of Armature, in the action "{seen["action"]}".')
    assert seen["range"] == [1.0, 120.0]
    assert seen["action"] == ("slow" if engine == "fake" else "a person walks forward")
    assert seen["after_undo"] != seen["action"]


def test_fills_between_keyed_poses(shared_dir: Path, starter_model: Path, tmp_path: Path) -> None:
    """Poses on the frames 1, 20 and 48, selected; the bundled model generates the rest, and no keyed value changes."""
    seen = run_installed("inbetween.py", True, shared_dir, tmp_path)
    assert seen["ghosts"] == 3
    assert seen["changed"] == []
    assert seen["keys"][1] > seen["keys"][0]
    assert (tmp_path / "screen-before.png").stat().st_size > 20_000


@pytest.mark.long
@pytest.mark.parametrize("character", ["", "rigify"])
def test_a_shot_of_five_blocks_by_mouse_and_keyboard(
    character: str, shared_dir: Path, starter_model: Path, tmp_path: Path
) -> None:
    seen = run_installed("blocks.py", True, shared_dir, tmp_path, character)
    texts, frames = zip(*seen["blocks"], strict=True)
    assert len(texts) == 5 and sum(frames) == 360 and texts[4] == "a person bows"
    assert seen["chosen"] == 2
    before, dragging, restored, dragged = seen["lengths"]
    assert before == restored == list(frames)
    moved = [*frames[:1], frames[1] + 15, frames[2] - 15, *frames[3:]]
    assert dragging == dragged == moved
    assert seen["texts"] == [*texts[:3], "a person punches", texts[4]]
    assert seen["started"] and seen["again"][0] == "DONE"
    assert seen["changed"] == [] and seen["inside"] > 1000
    assert seen["undone"] and seen["redone"]
    chosen_still, keys = seen["outside"]
    assert chosen_still and keys > 0
    assert all((tmp_path / f"screen-{name}.png").stat().st_size > 20_000 for name in ("making", "dragging", "menu"))


FILM = ("blocks", "generated", "one_again", "takes", "path", "loop", "splice", "exported", "brought", "killed")


@pytest.mark.long
@pytest.mark.timeout(6000)
@pytest.mark.parametrize("character", ["human", "rigify"])
def test_a_shot_is_directed_by_mouse_and_keyboard(
    character: str, shared_dir: Path, starter_model: Path, tmp_path: Path
) -> None:
    """Every feature for a shot in one sitting, which ends with a killed Blender, and the file afterwards."""
    resources = installed(tmp_path)
    file = copied_character(shared_dir, tmp_path)
    script = copied_tests(tmp_path) / "product" / "windowed" / "film.py"
    words = ("--python", script, "--", "rigify" if character == "rigify" else file, tmp_path)
    size = {"REAL_BLENDER_SIZE": "1400x1000"}
    real_blender("gui", *words, *FILM, resources=resources, limit=3600, ends=137, **size)
    again = ("--enable-autoexec", tmp_path / "shot.blend")  # Blender would ask about the script in Rigify's file
    real_blender("gui", *again, *words, "reopened", resources=resources, limit=1800, **size)
    seen, after = (json.loads((tmp_path / f"{part}.json").read_text())["seen"] for part in (FILM[0], "reopened"))
    print(json.dumps(seen), json.dumps(after), tmp_path)
    check_film(seen, after)


def check_film(seen: Any, after: Any) -> None:
    """What is right in what was seen of the film, and of its file afterwards."""
    assert not {"error"} & (set(seen) | set(after))
    for job in seen["jobs"]:
        assert (job["error"], job["state"]) == ("", "DONE"), job
    texts, frames = zip(*seen["blocks"], strict=True)
    assert len(texts) == 5 and sum(frames) == 360 and texts[4] == "a person bows"
    assert seen["one block"]["outside"] == [] and seen["one block"]["inside"] > 1000
    assert seen["flipped"] == {"order": [0, 1, 2, -1, 2, 1], "playing": True}
    assert seen["accepted"] == {"left": 0, "action": "a person waves the right hand"}
    path = seen["path"]
    assert path["length"] > 3.0 and abs(path["gone"] / path["length"] - 1.0) < 0.05 and path["off"] < 0.25
    assert seen["loop"]["cyclic"] > 0 and seen["in place"]["moved"] < 0.05 and seen["in place"]["back"]
    assert seen["splice"]["first"] == 151 and seen["splice"]["before"] == [61, 240]
    assert seen["splice"]["changed"] == [] and seen["splice"]["step"] < 0.2
    assert all(size > 10_000 for size in seen["exported"])
    assert (seen["review"]["takes"], seen["review"]["shown"], seen["review"]["dirty"]) == (3, 1, False)
    assert (after["reopened"], after["flipped on"]) == ({"takes": 3, "shown": 1}, 0)
    assert after["names"] == seen["names"] and after["values"] == seen["values"]


def test_addon_tests_pass_in_blender_5_2(tmp_path: Path) -> None:
    """Its Python is 3.13, for which the zip holds other wheels than for the Blenders up to 5.0."""
    needs("python", "5.2.3", "-c", "pass")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\ncd "{SEEN}" && exec bash "{TOOL}" python 5.2.3 "$@"\n')
    python.chmod(0o755)
    tests = [ROOT / "tests" / "addon" / name for name in ("test_addon.py", "jobs/test_jobs.py", "ui/test_ui.py")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *map(str, tests)],
        cwd=ROOT, capture_output=True, text=True, timeout=450, check=False,
        env=os.environ | {"BPY_PYTHON": str(python), "BPY_SCENARIOS": str(copied_tests(tmp_path))},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:]


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_the_interface_in_chinese(shared_dir: Path, starter_model: Path, tmp_path: Path) -> None:
    """Blender finds the extension's texts for its own language; pictures show whether they have room."""
    resources = installed(tmp_path)
    character = copied_character(shared_dir, tmp_path)
    script = copied_tests(tmp_path) / "product" / "windowed" / "chinese.py"
    result = tmp_path / "result.json"
    arguments = ("gui", "--enable-event-simulate", "--python-exit-code", 1, "--python", script, "--")
    real_blender(*arguments, character, tmp_path, result, resources=resources, limit=1500)
    seen = json.loads(result.read_text())
    print(json.dumps(seen, ensure_ascii=False), tmp_path)
    assert "error" not in seen, seen["error"]
    assert seen["found"] == ["生成镜头", "生成镜头", "来自标记", "第 {first} 至 {last} 帧"]
    assert "文本为空。" in seen["refused"]
    assert seen["takes"] == 2 and "2 个版本：请接受您想要的那个。" in seen["messages"][0]
