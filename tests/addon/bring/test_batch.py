"""Batches from the panel: by the code of the command line, in a process beside Blender."""

import shutil
from pathlib import Path

from support.extension import FAKE_ENGINE, Scenario
from support.motions import walking

from motiongpt.retarget.files.reading import on_ground, write_motion


def test_a_table_is_done_stopped_and_gone_on_with(scenario: Scenario, tmp_path: Path) -> None:
    seen = scenario("table", FAKE_ENGINE | {"FOLDER": str(tmp_path)})
    assert not seen["greyed"] and "motiongpt.run_batch" in seen["empty"]
    assert (seen["pressed"], seen["running"], seen["drawn"]) == ("", [False, True], True)
    failed, message, files, counts = seen["first"]
    assert not failed and message == f"2 done: {tmp_path / 'clips' / 'report.html'}"
    assert (files, counts) == (["report.csv", "report.html", "run.bvh", "walk.npz"], [2, 2])
    assert "2 done" in seen["after"] and "wm.path_open" in seen["after"]
    assert seen["again"].startswith("2 kept: ")
    failed, message, short = seen["stopped"]
    assert not failed and short and message.startswith("Stopped after ") and "goes on from there" in message
    failed, message = seen["wrong"]
    assert failed and "line 2, column seconds" in message and "Traceback" not in message
    assert "There is no table or folder" in seen["missing"]


def test_a_folder_of_motions_goes_onto_the_character(scenario: Scenario, tmp_path: Path) -> None:
    (tmp_path / "motions").mkdir()
    walk = on_ground(walking().resample(30.0))
    for name in ("walk.bvh", "Walk.npz", "stroll.npz"):
        write_motion(walk, tmp_path / "motions" / name)
    shutil.copy(__file__, tmp_path / "motions" / "notes.txt")
    seen = scenario("folder", FAKE_ENGINE | {"FOLDER": str(tmp_path)})
    assert "The character is not saved yet" in seen["unsaved"]
    failed, message, files = seen["done"]
    assert (seen["pressed"], failed) == ("", False) and message.startswith("3 done: "), message
    assert [name for name in files if name.endswith(".fbx")] == ["Walk_npz.fbx", "stroll.fbx", "walk_bvh.fbx"]
    assert "There is no motion file in" in seen["empty"]
