"""How the starter model is made: the script's commands, and the whole chain with tiny settings."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.scripts import load_script, run_script
from support.walking import standing_still, walking

pytest.importorskip("torch")

from motiongpt.backend.commands.cli import make_parser
from motiongpt.backend.dataset.clips import Clip
from motiongpt.backend.dataset.sets import read_sets
from motiongpt.backend.engine import Result
from motiongpt.backend.engines import load_engine
from motiongpt.backend.model_folder import read_card, verify_files
from motiongpt.backend.tasks import Generate
from motiongpt.backend.text_encoder.sentences import encoder_folder
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.files.bvh import write_bvh
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot


@pytest.fixture
def make(capfd) -> Callable[..., list[list[str]]]:
    """Run the script; what it printed about each stage, as (stage, words ...)."""

    def run(*arguments: object) -> list[list[str]]:
        capfd.readouterr()
        assert run_script("make_starter", *arguments) == 0
        printed = capfd.readouterr().out.splitlines()
        stages = [line.split() for line in printed if ": motiongpt " in line or line.endswith(": done")]
        return [[name.removesuffix(":"), *words] for name, *words in stages]

    return run


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> Path:
    """Sets of all three groups: someone who stands, walks, and swings the arms while gliding forward."""
    folder = tmp_path_factory.mktemp("clips")
    for name in ("accad", "cmu", "opensim-avatar", "nc-reallusion"):
        (folder / name).mkdir()
    write_bvh(standing_still(6.0), folder / "accad" / "Female1_A01_Stand.bvh")
    write_bvh(walking(np.arange(150) * 0.04), folder / "accad" / "Female1_B03_Walk1.bvh")
    names = [f"cmu/clip_{i}.bvh" for i in range(200)]
    chosen = [[n for n in names if Clip(n, 0, 1).split == split] for split in ("test", "train")]
    others = ["opensim-avatar/clip_1.bvh", "nc-reallusion/clip_1.bvh"]
    for i, name in enumerate((*chosen[0][:2], *chosen[1][:4], *others)):
        phase = np.arange(80) * 0.2 + i
        vectors, root = np.zeros((80, 22, 3)), np.zeros((80, 3))
        vectors[:, 16, 0], vectors[:, 17, 0] = 0.5 * np.sin(phase), -0.5 * np.sin(phase)
        root[:, 1], root[:, 2] = 0.95, np.arange(80) * 0.04
        write_bvh(Motion(rot.from_rotation_vector(vectors), root, 20.0, np.zeros((80, 4))), folder / name)
    rows = [
        f"{path.parent.name}/{path.name},a person swings the left arm" for path in sorted(folder.glob("*/clip*.bvh"))
    ]
    stands = [f"accad/Female1_A01_Stand.bvh,{text}" for text in ("a person stands still", "idle")]
    walks = ["accad/Female1_B03_Walk1.bvh,a person walks forward"]
    (folder / "captions.csv").write_text("\n".join(["file,caption", *rows, *stands, *walks]) + "\n")
    return folder


@pytest.mark.parametrize(("size", "shared", "each"), [((), 4, 15), (("--tiny",), 4, 12), (("--recorded-only",), 2, 13)])
def test_every_stage_is_a_command_that_exists(make, clips, tmp_path, size, shared, each) -> None:
    stages = make(clips, tmp_path / "work", "--dry-run", *size)
    assert len(stages) == shared + 2 * each + 1  # starter's language model is trained in two stages
    assert [name for name, *_ in stages if "/" in name][:3] == ["open/dataset", "open/tokenizer", "open/decoder"]
    assert not (tmp_path / "work").exists()
    for name, program, *words in stages:
        assert program == "motiongpt"
        page = next((Path(words[i + 1]) for i, word in enumerate(words) if word == "--page"), None)
        if page is not None:
            page.parent.mkdir(parents=True, exist_ok=True)
        make_parser().parse_args(words)
        groups = {words[i + 1] for i, word in enumerate(words) if word == "--group"} if "data" in words else set()
        assert not {"share-alike", "non-commercial"} <= groups
        if name == "author":
            assert {words[i + 1] for i, word in enumerate(words) if word == "--without"} == {
                "opensim-avatar",
                "nc-reallusion",
            }
    one = make(clips, tmp_path / "work", "--dry-run", "--model", "starter", *size)
    assert [name for name, *_ in one] == [name for name, *_ in stages if not name.startswith("open/")]


def test_sets_of_other_people_get_those_that_are_made_here(tmp_path) -> None:
    script = load_script("make_starter")
    theirs = tmp_path / "sets.toml"
    theirs.write_text('[walks]\nlicence = "MIT, us"\ngroup = "free"\n')
    known = read_sets(script.with_made_sets(theirs, tmp_path / "work"))
    assert set(known) == {"walks", *script.MADE} and known["derived-nc"].group == "non-commercial"
    assert script.with_made_sets(script.HERE / "sets.toml", tmp_path / "work") == script.HERE / "sets.toml"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_from_clips_to_a_measured_model(make, clips, tmp_path) -> None:
    try:
        encoder_folder()
    except MotionGPTError as error:
        pytest.skip(str(error))
    work = tmp_path / "work"
    options = ("--tiny", "--model", "open", "--captions", clips / "captions.csv")
    made = make(clips, work, *options, "--stage", "open/language")
    assert [words[0] for _, *words in made] == ["motiongpt"] * 8
    made = make(clips, work, *options)
    assert [words[0] for _, *words in made] == ["done"] * 8 + ["motiongpt"] * 8
    model = read_card(work / "models" / "open")
    verify_files(work / "models" / "open", model)
    assert (model.group, model.licence, model.use) == ("share-alike", "CC-BY-SA-4.0", "for any use")
    assert any("ACCAD" in s for s in model.sources) and any("OpenSimulator" in s for s in model.sources)
    assert not any("Reallusion" in s for s in model.sources)
    assert set(model.shared) == {"text", "common"} and not {"words.onnx", "transition.onnx"} & set(model.files)
    assert model.settings["sampling"]["candidates"] == 2
    assert set(model.measured) == {"tokenizer", "stored", "prompts", "inbetween", "evaluation"}
    pages = {path.name for path in (work / "open" / "results").iterdir()}
    assert pages == {"animators.md", "prompts.md", "inbetween.md", "model.md"}
    engine = load_engine(str(work / "models" / "open"))
    *_, result = engine.generate(Generate("someone swings an arm", 2.0))
    assert isinstance(result, Result) and len(result.motions[0]) == 40
    assert {words[0] for _, *words in make(clips, work, *options)} == {"done"}

    first = [
        name
        for name, word, *_ in make(clips, work, *(*options[:2], "starter", *options[3:]), "--stage", "starter/export")
        if word != "done"
    ]
    assert first[-3:] == ["starter/language", "starter/language-2", "starter/export"]
    trained = read_card(work / "models" / "starter").training["language_model"]
    assert trained["steps"] == 2 and trained["before"]["steps"] == 4
