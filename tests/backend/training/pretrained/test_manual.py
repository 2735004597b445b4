"""The commands of the manual about the papers' models, one after the other, on small data."""

import shlex
from pathlib import Path

import pytest

pytest.importorskip("accelerate")

from support.import_graph import ROOT

from motiongpt.backend.commands.cli import main
from motiongpt.backend.model_folder import find_model

SMALL = {
    "tokenizer": "--steps 1 --batch 4 --threads 1 --set width=16 --set code_width=8 --set depth=1",
    "t5": "--steps 1 --batch 2 --threads 1",
    "lora": "--steps 1 --batch 2 --parts 1 --threads 1",
    "lora-table": "--steps 1 --batch 2 --parts 1 --threads 1 --samples 0",
}
"""What makes a training of the manual one that a test can wait for."""


def section() -> list[list[str]]:
    """The words of the commands below the heading on the papers' models, without those that start several processes."""
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    text = page.split("## The papers' models: T5 and LoRA")[1].split("\n## ")[0]
    lines = [shlex.split(line) for line in text.splitlines() if line.startswith("    motiongpt ")]
    return [words[1:] for words in lines]


@pytest.mark.slow
def test_the_commands_of_the_manual_run(
    clips: Path, t5: Path, llama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    places = {"dataset/": clips, "flan-t5-base/": t5, "SmolLM2-135M/": llama}
    found = section()
    assert {words[1] for words in found} >= {*SMALL, "import"}
    for words in found:
        small = shlex.split(SMALL.get(words[1], "")) if words[0] == "train" else []
        assert main([str(places.get(word, word)) for word in words] + small) == 0, words
    made = [find_model(folder)[1].kind for folder in ("runs/t5/model", "models/walks", "models/more-walks")]
    assert made == ["motiongpt-t5", "motiongpt-causal", "motiongpt-causal"]
