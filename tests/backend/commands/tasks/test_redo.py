"""Texts of several actions from the shell, one of them again, paths and loops; what is wrong with arguments."""

from pathlib import Path

import numpy as np
import pytest
from support.command_line import Capture, run_json

from motiongpt.backend.commands import cli
from motiongpt.retarget.files.npz import load_npz

pytestmark = pytest.mark.usefixtures("place")


def test_a_text_of_several_actions_is_done_in_its_order(capsys: Capture) -> None:
    code, data = run_json(capsys, "generate", "walks forward, then stops and waves", "-o", "a.npz", "--seconds", "6")
    assert code == 0
    (file,) = data["files"]
    assert [b["prompt"] for b in file["blocks"]] == ["walks forward", "stops and waves"]
    assert (
        file["frames"] == 180 == file["blocks"][1]["stop"] and file["blocks"][0]["stop"] == file["blocks"][1]["start"]
    )


def test_blocks_have_their_seconds(capsys: Capture) -> None:
    _, data = run_json(capsys, "generate", "--block", "walks:3", "--block", "waves:2", "-o", "a.bvh")
    assert [(b["start"], b["stop"]) for b in data["files"][0]["blocks"]] == [(0, 90), (90, 150)]


def test_redo_leaves_the_other_blocks_as_they_are(capsys: Capture) -> None:
    assert cli.main(["generate", "--block", "walks:3", "--block", "waves:2", "-o", "a.npz"]) == 0
    code, data = run_json(capsys, "redo", "a.npz", "2", "--prompt", "bows", "--seed", "4", "-o", "b.npz")
    assert code == 0 and data["text"] == "walks, then bows"
    first, second = load_npz("a.npz"), load_npz("b.npz")
    np.testing.assert_array_equal(second.rotations[:90], first.rotations[:90])
    assert len(second) == len(first) and not np.array_equal(second.rotations[90:], first.rotations[90:])
    assert second.meta["blocks"][1]["seed"] == 4


def test_a_path_is_followed_and_travel_left_out() -> None:
    Path("path.csv").write_text("x,z\n0,0\n0,2\n2,3\n")
    assert cli.main(["generate", "walks", "--path", "path.csv", "-o", "a.npz"]) == 0
    assert np.linalg.norm(load_npz("a.npz").root_position[-1, [0, 2]] - (2.0, 3.0)) < 0.2
    assert cli.main(["generate", "walks", "--in-place", "-o", "b.npz"]) == 0
    assert np.ptp(load_npz("b.npz").root_position[:, 2]) < 0.3


def test_a_loop_has_the_frames_of_its_cycle() -> None:
    assert cli.main(["generate", "walks", "--loop", "-o", "a.npz"]) == 0
    motion = load_npz("a.npz")
    assert motion.meta["loop"]["frames"] == len(motion) < 120


@pytest.mark.parametrize(
    "arguments",
    [
        ["generate", "-o", "x.npz"],
        ["generate", "walks", "--block", "waves", "-o", "x.npz"],
        ["generate", "--block", "walks:x", "-o", "x.npz"],
        ["generate", "--block", "walks:-1", "-o", "x.npz"],
        ["generate", "--block", "walks", "--seconds", "3", "-o", "x.npz"],
        ["generate", "walks, then bows", "--seconds", "0.6", "-o", "x.npz"],
        ["generate", "walks", "--path", "missing.csv", "-o", "x.npz"],
        ["generate", "walks", "--loop", "--seconds", "0.5", "-o", "x.npz"],
        ["redo", "plain.npz", "1", "-o", "x.npz"],
        ["redo", "shot.npz", "3", "-o", "x.npz"],
        ["redo", "shot.npz", "1", "--fps", "24", "-o", "x.npz"],
    ],
)
def test_wrong_arguments_are_said_in_words(arguments: list[str], capsys: Capture) -> None:
    cli.main(["generate", "walks", "-o", "plain.npz"])
    cli.main(["generate", "walks, then bows", "-o", "shot.npz"])
    code, data = run_json(capsys, *arguments)
    assert code == 2 and data["error"]["message"] and data["error"]["cure"]
    assert not Path("x.npz").exists()
