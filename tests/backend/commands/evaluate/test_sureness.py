"""`motiongpt evaluate sureness`."""

import json
import shutil

import pytest

from motiongpt.backend.commands import cli
from motiongpt.backend.evaluation import sureness
from motiongpt.backend.evaluation.sureness import Judged
from motiongpt.backend.model_folder import find_model


def test_what_was_fitted_is_put_into_the_card(starter_model, tmp_path, monkeypatch, capsys):
    model = shutil.copytree(starter_model, tmp_path / "model")
    rows = [Judged(f"{i}", 0.9 - 0.6 * (i % 3 == 0), 0.8, i % 3 != 0, i % 2 == 0) for i in range(60)]
    monkeypatch.setattr(sureness, "judge", lambda engine, seeds, say: rows)
    assert cli.main(["evaluate", "sureness", "--model", str(model), "--write", "--json"]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["wrong_flagged"] == 1.0
    assert said["right_flagged"] <= 0.5
    card = find_model(str(model))[1]
    assert card.settings["sureness"] == pytest.approx(said["calibration"])
    assert card.measured["sureness"]["auc"] == 1.0


def test_no_seeds_are_refused(capsys):
    assert cli.main(["evaluate", "sureness", "--seeds", "0"]) != 0
    assert "at least 1" in capsys.readouterr().err
