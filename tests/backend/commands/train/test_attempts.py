"""`motiongpt train attempts`."""

import json

import pytest
from support.motions import standing, walking

from motiongpt.backend.commands.cli import main
from motiongpt.backend.evaluation.practice.attempts import Attempts
from motiongpt.retarget.files.bvh import write_bvh


@pytest.fixture
def poses(tmp_path):
    """A data set of T poses and a walk."""
    clips, rows = tmp_path / "clips", ["file,caption"]
    clips.mkdir()
    for i in range(4):
        write_bvh(standing(72) if i else walking(), clips / f"t-pose-0{i}.bvh")
        rows.append(f"t-pose-0{i}.bvh,a person stands in a T pose")
    (clips / "captions.csv").write_text("\n".join(rows) + "\n")
    out = tmp_path / "dataset"
    assert main(["data", "import", str(clips), "--captions", str(clips / "captions.csv"), "-o", str(out)]) == 0
    return out


def test_a_model_tries_what_its_clips_show(poses, starter_model, tmp_path, capsys):
    out = tmp_path / "attempts"
    command = ["train", "attempts", str(poses), "--model", str(starter_model), "-o", str(out)]
    capsys.readouterr()
    assert main([*command, "--each", "2", "--json"]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    made = Attempts.load(out).made
    assert said["captions"] == 2 and said["kinds"] == 1
    assert said["attempts"] == len(made) >= 12
    assert said["right"] == pytest.approx(sum(a.right for a in made) / len(made))
    assert {a.text for a in made} == {"a person stands in a T pose"}
    assert {a.frames for a in made} == {60}
    assert main([*command, "--each", "0"]) == 2
    assert "at least 1" in capsys.readouterr().err


def test_only_models_that_choose_among_candidates_can_try(poses, tmp_path, capsys):
    assert main(["train", "attempts", str(poses), "--model", "fake", "-o", str(tmp_path / "attempts")]) == 2
    assert "fake" in capsys.readouterr().err
    assert not (tmp_path / "attempts").exists()
