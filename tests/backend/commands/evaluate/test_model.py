"""`motiongpt evaluate model` from end to end, with an engine whose answers are known."""

import json
from pathlib import Path

import numpy as np
import pytest

from motiongpt.backend.commands import cli
from motiongpt.backend.dataset.clips import Clip, Dataset
from motiongpt.backend.engine import Engine, Result
from motiongpt.backend.evaluation.report import report as reporting
from motiongpt.backend.evaluation.report.pages import REAL
from motiongpt.backend.features import motion_to_features
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.skeleton import rest_joints


def gliding(frames: int, speed: float) -> Motion:
    """An upright body that moves forward at `speed` m/s."""
    root = np.zeros((frames, 3))
    root[:, 1] = -rest_joints()[:, 1].min()
    root[:, 2] = np.arange(frames) * speed / 20.0
    return Motion(np.tile(rot.IDENTITY, (frames, 22, 1)), root, 20.0, np.zeros((frames, 4)))


class KnownEngine(Engine):
    """Glides forward for every prompt; leaves input motion as it is, and continues it at 1 m/s."""

    name, device, max_seconds = "known", "cpu", 10.0
    tasks = ("generate", "continue", "inbetween", "caption")

    def generate(self, request):
        yield Result(tuple(gliding(round(request.seconds * 20), 1.0) for _ in range(request.variations)))

    def continue_motion(self, request, given):
        more = gliding(round(request.seconds * 20), 1.0)
        root = np.concatenate([given.root_position, more.root_position + given.root_position[-1] * [1, 0, 1]])
        root[len(given) :, 2] += 0.05
        parts = [np.concatenate(pair) for pair in ((given.rotations, more.rotations), (given.contacts, more.contacts))]
        yield Result((Motion(parts[0], root, 20.0, parts[1]),))

    def inbetween(self, request, motion):
        yield Result((motion,))

    def describe(self, request, motion):
        yield Result(texts=("a person walks forward",))


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Gliding walks and runs; two test clips of each with their mirrored copies, and training clips."""
    clips, rows, start = [], [], 0
    for action, speed in (("walk", 1.0), ("run", 3.0)):
        names = [f"{action}/{i}.bvh" for i in range(200)]
        test = [n for n in names if Clip(n, 0, 1).split == "test"][:2]
        train = [n for n in names if Clip(n, 0, 1).split == "train"][:5]
        for name in (*test, *train):
            for mirrored in (False, True):
                features = motion_to_features(gliding(61, speed)).astype(np.float32)
                tags = {"content": action, "style": "sad" if name == test[0] else "active"}
                clips.append(Clip(name, start, len(features), [], tags, mirrored))
                rows.append(features)
                start += len(features)
    folder = tmp_path / "dataset"
    folder.mkdir()
    np.save(folder / "features.npy", np.concatenate(rows))
    (folder / "clips.json").write_text(json.dumps([vars(c) for c in clips]))
    return folder


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "load_engine", lambda *_: KnownEngine())
    monkeypatch.setattr(
        reporting, "text_states", lambda texts: [np.full((3, 384), len(t), np.float32) / 40 for t in texts]
    )
    monkeypatch.setattr(reporting, "nearest_clips", lambda dataset, prompts, work: [_trained(dataset) for _ in prompts])


def _trained(dataset: Dataset) -> list[int]:
    return [i for i, c in enumerate(dataset.clips) if c.split == "train" and c.tags["content"] == "run"]


def test_the_whole_table(dataset, engine, starter_model, tmp_path, capsys) -> None:
    out = tmp_path / "evaluation"
    command = ["evaluate", "model", str(dataset), "--model", str(starter_model), "--runs", "2", "--seeds", "1"]
    assert cli.main([*command, "--limit", "8", "--others", "4", "-o", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told == json.loads((out / "table.json").read_text())
    name = next(n for n in told["rows"] if n not in (REAL, reporting.NEAREST))
    ours, real, nearest = (told["rows"][n] for n in (name, REAL, reporting.NEAREST))
    assert told["test_clips"] == 8
    assert real["fid"][0] == pytest.approx(0.0, abs=1e-6)
    assert ours["fid"][0] > 0.01  # half of the real motion runs
    assert ours["multimodality"] == [0.0, 0.0]
    assert ours["length"] == [0.0, 0.0]
    assert "multimodality" not in real
    assert ours["action"][0] + nearest["action"][0] <= 1.0  # one only glides slowly, the other only fast
    tasks = told["tasks"][name]
    assert tasks["inbetween"]["ade"] == 0.0  # the real motion came back
    assert tasks["inbetween"]["linear_ade"] == pytest.approx(0.0, abs=1e-5)  # it is a straight line
    assert tasks["poses"] == dict.fromkeys(("first_recon", "first_vel", "last_recon", "last_vel", "dist"), 0.0)
    # Half of the clips run at 3 m/s and are continued at 1: 48 frames further they lag 4.8 m, the walks nothing.
    assert tasks["prediction"]["fde"] == pytest.approx(4.8 / 2, abs=0.01)
    assert tasks["prediction"]["hold_fde"] == pytest.approx((48 * 0.15 + 48 * 0.05) / 2, abs=0.01)
    assert tasks["captions"]["action"] == 0.5
    page = (out / "table.md").read_text()
    assert REAL in page and "Prediction:" in page and "Against the aims:" in page
    assert told["unseen"][name]["pair"]["motions"] > 0


def test_motions_are_generated_once(dataset, engine, starter_model, tmp_path, monkeypatch, capsys) -> None:
    command = ["evaluate", "model", str(dataset), "--model", str(starter_model), "--runs", "2", "--seeds", "0"]
    command += ["--others", "0", "-o", str(tmp_path)]
    assert cli.main(command) == 0

    def never(self, request):
        raise AssertionError("made again")

    monkeypatch.setattr(KnownEngine, "generate", never)
    assert cli.main(command) == 0


@pytest.mark.parametrize(
    "wrong", [["--runs", "0"], ["--limit", "1"], ["--seeds", "-1"], ["--others", "-1"], ["--judge", "nowhere"]]
)
def test_wrong_arguments_are_refused(dataset, engine, starter_model, tmp_path, capsys, wrong) -> None:
    command = ["evaluate", "model", str(dataset), "--model", str(starter_model)]
    assert cli.main([*command, *wrong]) == 2
    assert cli.main(["evaluate", "model", str(tmp_path / "none"), "--model", str(starter_model)]) == 2


@pytest.mark.slow
def test_the_nearest_caption_finds_its_clips(dataset) -> None:
    pytest.importorskip("torch")
    from motiongpt.backend.dataset.clips import load_dataset
    from motiongpt.backend.evaluation.texts import nearest_clips
    from motiongpt.backend.text_encoder.sentences import encoder_folder

    try:
        encoder_folder()
    except MotionGPTError as error:
        pytest.skip(str(error))
    data = load_dataset(dataset)
    found = nearest_clips(data, ["somebody jogs energetically", "an energetic man walks ahead"])
    for places, action in zip(found, ("run", "walk"), strict=True):
        assert places
        assert {data.clips[i].tags["content"] for i in places} == {action}
        assert {data.clips[i].split for i in places} == {"train"}
