"""Training from packs within a time, as on a GPU, with tiny settings on the processor."""

import json
from pathlib import Path

import pytest
from support.import_graph import ROOT
from support.motions import swinging
from support.scripts import run_script

pytest.importorskip("torch")

from motiongpt.backend.commands.cli import main
from motiongpt.backend.engine import Result
from motiongpt.backend.engines import load_engine
from motiongpt.backend.model_folder import read_card, verify_files
from motiongpt.backend.tasks import Generate
from motiongpt.retarget.files.bvh import write_bvh


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    for index in range(6):
        write_bvh(swinging(index), folder / f"clip_{index}.bvh")
    rows = "\n".join(f"clip_{i}.bvh,a person swings the left arm,ours" for i in range(6))
    (folder / "captions.csv").write_text(f"file,caption,set\n{rows}\n")
    (folder / "sets.toml").write_text('[ours]\nlicence = "CC0, us"\ngroup = "free"\n')
    tables = ("--captions", str(folder / "captions.csv"), "--sets", str(folder / "sets.toml"))
    assert main(["data", "import", str(folder), *tables, "-o", str(folder / "dataset")]) == 0
    return folder / "dataset"


TINY = ("--tiny", "--device", "cpu")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_from_packs_to_models(dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not (ROOT / "backend" / "models" / "text").is_dir():
        pytest.skip("this checkout has no text side for models to share (backend/models/text)")
    assert main(["data", "pack", str(dataset), "-o", str(tmp_path / "motion"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["clips"] == 6
    assert run_script("train_on_gpu", tmp_path / "motion", tmp_path / "first", *TINY) == 0
    check(tmp_path / "first" / "model")
    tokenizer = tmp_path / "first" / "decoder"
    assert main(["data", "pack", str(dataset), "--tokenizer", str(tokenizer), "-o", str(tmp_path / "tokens")]) == 0
    assert run_script("train_on_gpu", tmp_path / "tokens", tmp_path / "second", *TINY) == 0
    check(tmp_path / "second" / "model")
    capsys.readouterr()
    assert run_script("train_on_gpu", tmp_path / "tokens", tmp_path / "second", *TINY) == 0
    assert "language-model: done" in capsys.readouterr().out


def check(model: Path) -> None:
    card = read_card(model)
    verify_files(model, card)
    assert (card.group, card.sources[0]) == ("free", "CC0, us") and set(card.shared) == {"text"}
    *_, result = load_engine(str(model)).generate(Generate("someone swings an arm", 2.0))
    assert isinstance(result, Result) and len(result.motions[0]) == 40


def test_what_is_no_pack_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run_script("train_on_gpu", tmp_path, tmp_path / "out")
    assert "holds no pack" in capsys.readouterr().err
