"""`motiongpt train`: what it refuses, and that a refused run spoils nothing."""

import json
import shutil
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from motiongpt.backend.commands.cli import main

SMALL = ("--set", "width=16", "--set", "code_width=8", "--set", "codes=16", "--batch", "4", "--threads", "1")


def tokenizer(dataset: Path, out: Path, *options: str) -> int:
    return main(["train", "tokenizer", str(dataset), "-o", str(out), *SMALL, *options])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--steps", "0"), "steps can't be 0"),
        (("--batch", "0"), "batch can't be 0"),
        (("--set", "width=-3"), "width can't be -3"),
        (("--set", "rate=0"), "rate can't be 0"),
        (("--set", "velocity=-1"), "velocity can't be -1"),
        (("--set", "width=true"), "not of type int"),
        (("--threads", "0"), "at least one thread"),
    ],
)
def test_numbers_that_no_training_can_use_are_refused(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], message: str
) -> None:
    assert tokenizer(dataset, tmp_path / "run", *options) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run" / "statistics.npz").exists()


def test_a_refused_run_leaves_a_finished_one_as_it_was(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert tokenizer(dataset, run, "--steps", "2", "--set", "velocity=0") == 0
    said = capsys.readouterr()
    assert "Training in" in said.err and "step 1 of 2" in said.out
    assert json.loads((run / "log.jsonl").read_text().splitlines()[0])["step"] == 1
    kept = {p.name: p.read_bytes() for p in run.iterdir() if p.suffix in (".pt", ".npz")}
    other = tmp_path / "other"
    shutil.copytree(dataset, other)
    clips = json.loads((other / "clips.json").read_text())
    (other / "clips.json").write_text(json.dumps(clips[:-2]))
    for data, options, message in (
        (other, ("--set", "velocity=0"), "a training on another data set"),
        (dataset, ("--set", "velocity=1"), "other settings (velocity)"),
    ):
        assert tokenizer(data, run, "--steps", "3", *options) == 2
        assert message in capsys.readouterr().err
    assert kept == {p.name: p.read_bytes() for p in run.iterdir() if p.suffix in (".pt", ".npz")}
    # New captions alone don't make it another data set for a tokenizer; a data set may also be moved.
    (other / "clips.json").write_text(json.dumps([{**clip, "captions": ["new"]} for clip in clips]))
    assert tokenizer(other, run, "--steps", "3", "--set", "velocity=0") == 0


def test_a_tokenizer_is_not_refined_over_itself(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert tokenizer(dataset, run, "--steps", "1") == 0
    again = ["train", "tokenizer", str(dataset), "--refine", str(run), "-o", str(run), "--steps", "1", "--threads", "1"]
    assert main(again) == 2
    assert "would be lost" in capsys.readouterr().err


def test_a_missing_data_set_is_not_overlooked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for stage in (("tokenizer",), ("language-model", "--tokenizer", str(tmp_path)), ("matching",), ("transition",)):
        command = ["train", *stage, str(tmp_path / "nodata"), "-o", str(tmp_path / "run"), "--threads", "1"]
        assert main(command) == 2
        assert "is not a data set" in capsys.readouterr().err
