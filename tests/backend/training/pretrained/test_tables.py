"""`motiongpt train lora-table`: a row for each training, a line for each condition; rows that are there are kept."""

import json
from pathlib import Path

import pytest

pytest.importorskip("accelerate")

from motiongpt.backend.commands.cli import main
from motiongpt.backend.training.pretrained.lora import LoraTraining
from motiongpt.backend.training.pretrained.tables import Plan, rows_of
from motiongpt.retarget.errors import MotionGPTError


def test_each_table_has_its_rows(tmp_path: Path) -> None:
    plan = Plan(tmp_path, tmp_path, (tmp_path / "small", tmp_path / "large"), tmp_path, LoraTraining(), (8, 16), (4,))
    assert [row.name for row in rows_of("pretrained", plan)] == ["small, not pretrained", "small", "large"]
    assert rows_of("pretrained", plan)[0].settings.pretrained == 0
    assert [(r.settings.rank, r.settings.alpha) for r in rows_of("rank", plan)] == [(8, 4.0), (16, 4.0)]
    joint = [row.settings.conditions for row in rows_of("joint", plan)]
    assert joint == ["text", "initial", "last", "key", "text,initial,last,key"]
    assert [row.settings.codes for row in rows_of("codes", plan)] == ["text", "tokens"]
    with pytest.raises(MotionGPTError):
        rows_of("colour", plan)


def test_both_ways_to_write_codes_are_compared_by_steps_and_by_computing(
    tested: Path, codec: Path, llama: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "table"
    command = ["train", "lora-table", str(tested), "--table", "codes", "--tokenizer", str(codec), "-o", str(out)]
    small = ["--base", str(llama), "--batch", "2", "--parts", "1", "--threads", "1", "--samples", "0"]
    assert main([*command, *small, "--steps", "6"]) == 0
    lines = json.loads((out / "table.json").read_text())[::4]
    assert [line["row"] for line in lines] == ["codes as text", "codes as tokens", "codes as tokens, for as long"]
    assert [line["steps"] for line in lines[:2]] == [6, 6]
    text, tokens, long = (line["seconds"] for line in lines)
    assert lines[2]["steps"] == max(1, round(6 * text / tokens)) and long > 0
    assert "| nats | steps | seconds |" in (out / "table.md").read_text()
    capsys.readouterr()
    assert main([*command, *small, "--steps", "6"]) == 0  # the third row's steps are those of before
    assert "begins" not in capsys.readouterr().err


def test_a_table_is_made_and_kept(
    tested: Path, codec: Path, llama: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "table"
    command = ["train", "lora-table", str(tested), "--table", "pretrained", "--tokenizer", str(codec)]
    small = ["-o", str(out), "--base", str(llama), "--steps", "1", "--batch", "2", "--parts", "1", "--threads", "1"]
    small += ["--samples", "0"]
    assert main([*command, *small]) == 0
    lines = json.loads((out / "table.json").read_text())
    assert [(line["row"], line["condition"]) for line in lines][::4] == [
        ("llama, not pretrained", "text"), ("llama", "text"),
    ]  # fmt: skip
    assert len(lines) == 8 and all(line["nats"] > 0 for line in lines)
    assert [path.parent for path in out.rglob("motions-train.npz")] == [out]  # clips become codes once, for all rows
    assert "| llama | key |" in (out / "table.md").read_text()
    capsys.readouterr()
    assert main([*command, *small]) == 0
    assert "..." not in capsys.readouterr().err.replace("dataset ...", "").replace("data ...", "")
    assert main([*command, *small, "--table", "rank", "--ranks", "8,x"]) == 2
