"""`motiongpt evaluate animators` with an engine that always walks ahead."""

import json
from pathlib import Path

import pytest
from support.motions import walking

from motiongpt.backend import engines
from motiongpt.backend.commands import cli
from motiongpt.backend.engine import Engine, Result
from motiongpt.backend.evaluation.animators.prompts import chosen
from motiongpt.backend.shots.making import make_shot


class Walker(Engine):
    name, device, max_seconds, tasks = "walker", "cpu", 10.0, ("generate",)

    def generate(self, task):
        yield Result((walking(),))

    def shot(self, task, *motions):
        return make_shot(self, task, *motions)


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "load_engine", lambda *_: Walker())


def test_verdicts_sheets_and_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["evaluate", "animators", "--seeds", "1", "--group", "falls", "--sheets", str(tmp_path / "sheets")]
    eye = tmp_path / "eye.csv"
    eye.write_text(f"prompt,seed,verdict\n{chosen(['falls'])[0].text},0,wrong\n")
    page = tmp_path / "page.md"
    assert cli.main([*command, "--verdicts", str(eye), "--page", str(page), "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["all"]["right"] == 0.0 and told["groups"]["falls"]["count"] == len(chosen(["falls"]))
    assert len(told["motions"]) == len(chosen(["falls"]))
    assert list((tmp_path / "sheets").glob("falls-*.png"))
    text = page.read_text()
    assert "agree on 1 of 1" in text and "faints" in text and str(tmp_path) not in text


@pytest.mark.parametrize(
    "wrong",
    [["--seeds", "0"], ["--group", "flying"], ["--verdicts", "none.csv"], ["--physics", "none"], ["--prove", "none"]],
)
def test_wrong_arguments_are_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["evaluate", "animators", "--group", "counts", "--seeds", "1", *wrong]) == 2
    assert "Traceback" not in capsys.readouterr().err
