"""`motiongpt convert` keeps frame rate and frame count."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support.command_line import Capture, run_json, walk

from motiongpt.backend.commands import cli
from motiongpt.backend.output import blender
from motiongpt.retarget.files.npz import load_npz

pytestmark = pytest.mark.usefixtures("place")


def test_convert_keeps_rate_and_frames_without_fps(capsys: Capture) -> None:
    original = walk("a.npz", "--fps", "25", "--seconds", "2")
    assert cli.main(["convert", "a.npz", "-o", "b.bvh"]) == 0
    assert cli.main(["convert", "b.bvh", "-o", "c.npz"]) == 0
    back = load_npz("c.npz")
    assert len(back) == len(original) == 50
    assert back.fps == pytest.approx(25.0, rel=1e-4)
    capsys.readouterr()
    code, data = run_json(capsys, "convert", "a.npz", "-o", "d.npz", "--fps", "50")
    assert (code, data["frames"], data["fps"]) == (0, 100, 50.0)


def test_clips_of_one_new_file_are_named_after_their_motions_and_written_once(
    capsys: Capture, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs: list[blender.CharacterJob] = []

    def export(asked: Sequence[blender.CharacterJob], rig: str, **_: object) -> list[dict[str, Any]]:
        jobs.extend(asked)
        for job in asked:
            assert job.output is not None
            job.output.write_text(str(job.name))
        if meanwhile:
            (place / "moves.fbx").write_text("came meanwhile")
        return [{"notes": ["said"]} for _ in asked]

    monkeypatch.setattr(blender, "check_bpy", lambda: None)
    monkeypatch.setattr(blender, "export_to_character", export)
    for name in ("a.npz", "b.npz"):
        walk(name)
    command = ("retarget", "a.npz", "b.npz", "--rig", "mannequin", "-o", "moves.fbx", "--no-clobber")
    meanwhile = True
    code, data = run_json(capsys, *command)
    assert (code, data["error"]["kind"], (place / "moves.fbx").read_text()) == (2, "exists", "came meanwhile")
    (place / "moves.fbx").unlink()
    meanwhile = False
    code, data = run_json(capsys, *command)
    assert (code, data["clips"], data["notes"]) == (0, ["a", "b"], ["said"])
    assert [job.name for job in jobs] == ["a", "b"] * 2 and jobs[2].output == jobs[3].output
    assert sorted(path.name for path in place.iterdir()) == ["a.npz", "b.npz", "moves.fbx"]


def test_clips_are_bounded_together(capsys: Capture, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blender, "check_bpy", lambda: None)
    monkeypatch.setattr("motiongpt.backend.limits.MAX_FILE_FRAMES", 150)
    walk("a.npz", "--seconds", "2", "--fps", "20")
    assert run_json(capsys, "convert", "a.npz", "-o", "b.npz", "--fps", "50")[0] == 0
    code, data = run_json(capsys, "retarget", "a.npz", "a.npz", "--rig", "mannequin", "-o", "c.fbx", "--fps", "50")
    assert (code, data["error"]["message"]) == (2, "200 frames would be written.")
