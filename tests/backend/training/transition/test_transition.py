"""The transition model, trained into a model folder."""

import json

import numpy as np
import pytest
from support.motions import swinging

torch = pytest.importorskip("torch")

from motiongpt.backend.commands.cli import main
from motiongpt.backend.engine import Result
from motiongpt.backend.engines import load_engine
from motiongpt.backend.tasks import Inbetween


def test_transition_model_is_trained_into_a_model_folder_and_measured(dataset, tmp_path, capsys):
    import shutil

    from motiongpt.backend.model_folder import find_model, read_card, verify_files

    folder = tmp_path / "model"
    shutil.copytree(find_model("starter")[0], folder)
    small = ["--set", "gaps=24", "--set", "width=32", "--set", "blocks=1", "--device", "cpu"]
    command = ["train", "transition", str(dataset), "-o", str(tmp_path / "run"), *small]
    assert main([*command, "--steps", "3"]) == 0
    assert main([*command, "--steps", "5", "--into", str(folder)]) == 0  # resumes
    card = read_card(folder)
    verify_files(folder, card)
    assert "inbetween" in card.tasks and card.training["transition"]["steps"] == 5
    motion = swinging(0)
    *_, last = load_engine(str(folder)).inbetween(Inbetween((0, 40, 89)), motion)
    assert isinstance(last, Result)
    np.testing.assert_array_equal(last.motions[0].rotations[[0, 40, 89]], motion.rotations[[0, 40, 89]])
    capsys.readouterr()
    assert main(["evaluate", "inbetween", str(dataset), "--model", str(folder), "--windows", "2", "--json"]) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report["table"]["context"]["5"]["real"]["l2p"] == 0.0
    assert set(report["shares"]) == {"context", "poses"}


def test_transition_model_needs_poses(dataset, tmp_path):
    import shutil

    older = tmp_path / "older"
    shutil.copytree(dataset, older)
    (older / "poses.npy").unlink()
    assert main(["train", "transition", str(older), "-o", str(tmp_path / "run")]) != 0
