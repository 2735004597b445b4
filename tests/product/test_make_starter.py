"""How the starter model is made: the script's commands, and the whole chain with tiny settings."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.import_graph import ROOT

pytest.importorskip("torch")

from motiongpt.backend.commands.cli import make_parser
from motiongpt.backend.dataset.clips import Clip
from motiongpt.backend.engine import Result
from motiongpt.backend.engines import load_engine
from motiongpt.backend.model_folder import read_card, verify_files
from motiongpt.backend.tasks import Generate
from motiongpt.backend.text_encoder.sentences import encoder_folder
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.files.bvh import write_bvh
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot

SCRIPT = ROOT / "scripts" / "make_starter.py"


def make(*arguments: object) -> list[list[str]]:
    """Run the script; what it printed about each stage, as (stage, words ...)."""
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    stages = [line.split() for line in done.stdout.splitlines() if ": motiongpt " in line or line.endswith(": done")]
    return [[name.removesuffix(":"), *words] for name, *words in stages]


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> Path:
    """Two test clips and six others of a body that swings its arms while gliding forward."""
    folder = tmp_path_factory.mktemp("clips")
    names = [f"clip_{i}.bvh" for i in range(200)]
    chosen = [[n for n in names if Clip(n, 0, 1).split == split] for split in ("test", "train")]
    for i, name in enumerate((*chosen[0][:2], *chosen[1][:6])):
        phase = np.arange(80) * 0.2 + i
        vectors, root = np.zeros((80, 22, 3)), np.zeros((80, 3))
        vectors[:, 16, 0], vectors[:, 17, 0] = 0.5 * np.sin(phase), -0.5 * np.sin(phase)
        root[:, 1], root[:, 2] = 0.95, np.arange(80) * 0.04
        write_bvh(Motion(rot.from_rotation_vector(vectors), root, 20.0, np.zeros((80, 4))), folder / name)
    rows = [f"{path.name},a person swings the left arm" for path in sorted(folder.glob("*.bvh"))]
    (folder / "captions.csv").write_text("\n".join(["file,caption", *rows]) + "\n")
    return folder


@pytest.mark.parametrize("size", [(), ("--tiny",)])
def test_every_stage_is_a_command_that_exists(clips, tmp_path, size) -> None:
    stages = make(clips, tmp_path / "work", "--dry-run", *size)
    assert [name for name, *_ in stages][:3] == ["dataset", "tokenizer", "decoder"] and len(stages) == 11
    assert not (tmp_path / "work").exists()
    (tmp_path / "work" / "results").mkdir(parents=True)
    for _, program, *words in stages:
        assert program == "motiongpt"
        make_parser().parse_args(words)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_from_clips_to_a_measured_model(clips, tmp_path) -> None:
    try:
        encoder_folder()
    except MotionGPTError as error:
        pytest.skip(str(error))
    card, work = tmp_path / "card.json", tmp_path / "work"
    card.write_text(json.dumps({"name": "tiny", "licence": "CC0-1.0", "sources": ["made here"]}))
    made = make(clips, work, "--tiny", "--card", card, "--stage", "language")
    assert [words[0] for _, *words in made] == ["motiongpt"] * 4
    made = make(clips, work, "--tiny", "--card", card)
    assert [words[0] for _, *words in made] == ["done"] * 4 + ["motiongpt"] * 7
    model = read_card(work / "starter")
    verify_files(work / "starter", model)
    assert {"transition.onnx", "matching.onnx"} <= set(model.files)
    assert model.settings["sampling"]["candidates"] == 2
    assert set(model.measured) == {"tokenizer", "prompts", "inbetween", "evaluation"}
    assert {path.name for path in (work / "results").iterdir()} == {"prompts.md", "inbetween.md", "model.md"}
    *_, result = load_engine(str(work / "starter")).generate(Generate("someone swings an arm", 2.0))
    assert isinstance(result, Result) and len(result.motions[0]) == 40
    assert {words[0] for _, *words in make(clips, work, "--tiny", "--card", card)} == {"done"}
