"""Train Style: actions of a character become clips, and a process beside Blender trains on them."""

import os
import sys
from pathlib import Path

import pytest
from support.extension import FAKE_ENGINE, Scenario
from support.style_clips import write_clips

from motiongpt.backend.commands.train.style_clips import find_sources, read_shown

TRAINER = {"TRAINER": sys.executable} if os.environ.get("BPY_PYTHON") else {}
"""The Python that trains, where that of the tests' Blender has no PyTorch."""


def test_actions_are_written_with_their_words_and_read_as_clips(scenario: Scenario, tmp_path: Path) -> None:
    seen = scenario("written", FAKE_ENGINE | {"FOLDER": str(tmp_path)})
    assert seen["same"] and seen["playing"] == "Jump"
    sources = find_sources([tmp_path / "written"], [], ["for all"])
    assert [(s.take, s.captions) for s in sources] == [
        ("Boss", ("walks like a boss", "for all")), ("Jump", ("for all",)),
    ]  # fmt: skip
    shown, skipped = read_shown(sources)
    assert not skipped and [one.name for one in shown] == ["Boss", "Jump"]
    assert all(len(one.motion) == 60 and one.motion.fps == 30.0 for one in shown)
    assert abs(shown[0].motion.rotations - shown[1].motion.rotations).max() > 0.05


def test_a_training_goes_on_beside_blender_and_is_stopped(scenario: Scenario, tmp_path: Path) -> None:
    pytest.importorskip("peft")
    write_clips(tmp_path / "clips", 1, "")
    (tmp_path / "empty").mkdir()
    seen = scenario("stopped", FAKE_ENGINE | TRAINER | {"FOLDER": str(tmp_path)})
    assert (seen["pressed"], seen["greyed"], seen["drawn"]) == ("", True, True)
    failed, message, arguments = seen["stopped"]
    assert not failed and message.startswith("Stopped. Train Style goes on from there")
    assert arguments[:2] == ["train", "style"] and arguments.count("--words") == 2 and "--propose" not in arguments
    assert arguments[arguments.index("-o") + 1] == str(tmp_path / "models" / "boss")
    failed, message = seen["empty"]
    assert failed and "There is no motion in" in message and "Traceback" not in message
    assert not (tmp_path / "models" / "boss" / "model.json").exists()


@pytest.mark.slow
def test_a_style_is_in_the_menu_of_models_when_it_is_done(scenario: Scenario, tmp_path: Path) -> None:
    pytest.importorskip("peft")
    write_clips(tmp_path / "clips", 1, "")
    failed, message, sheet, chosen = scenario("trained", TRAINER | {"FOLDER": str(tmp_path)})
    assert not failed and message == "The style boss knows: walks like a boss.", message
    assert Path(sheet).is_file() and chosen == "boss"
