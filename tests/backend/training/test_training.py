"""A tiny training from BVH files to a model folder that the engine runs."""

import json

import numpy as np
import pytest
from support.motions import swinging

torch = pytest.importorskip("torch")

from motiongpt.backend.commands.cli import main
from motiongpt.backend.dataset.clips import load_dataset
from motiongpt.backend.engine import Result
from motiongpt.backend.engines import load_engine
from motiongpt.backend.evaluation.practice.attempts import Attempt, save
from motiongpt.backend.features import motion_to_features
from motiongpt.backend.model_folder import read_card
from motiongpt.backend.tasks import Continue, Describe, Generate, Inbetween
from motiongpt.backend.text_encoder.sentences import encoder_folder
from motiongpt.retarget.errors import MotionGPTError


@pytest.mark.slow
def test_from_clips_to_a_model_that_generates(dataset, tmp_path, capsys):
    try:
        encoder_folder()
    except MotionGPTError as error:
        pytest.skip(str(error))
    tokenizer, language, model = tmp_path / "tokenizer", tmp_path / "language", tmp_path / "model"
    small = ["--set", "width=32", "--set", "code_width=16", "--set", "codes=512", "--batch", "8"]
    assert main(["train", "tokenizer", str(dataset), "-o", str(tokenizer), "--steps", "30", *small]) == 0
    tiny = ["--set", "width=48", "--set", "heads=2", "--set", "feed_forward=48", "--set", "encoder_layers=1"]
    command = ["train", "language-model", str(dataset), "--tokenizer", str(tokenizer), "-o", str(language), *tiny]
    assert main([*command, "--batch", "4", "--steps", "4", "--set", "decoder_layers=1"]) == 0
    # More steps resume the training; other settings are refused.
    assert main([*command, "--batch", "4", "--steps", "6", "--set", "decoder_layers=1"]) == 0
    assert torch.load(language / "checkpoint.pt", weights_only=True)["step"] == 6
    assert main([*command, "--batch", "5", "--steps", "6", "--set", "decoder_layers=1"]) == 2
    for wrong in ("width", "depth=3", "decoder_layers=deep", "text_side=1"):
        capsys.readouterr()
        assert main([*command, "--set", wrong]) == 2
        assert wrong.partition("=")[0] in capsys.readouterr().err
    card = tmp_path / "card.json"
    card.write_text(json.dumps({"name": "tiny", "licence": "CC0-1.0", "sources": ["made here"]}))
    export = ["train", "export", "--tokenizer", str(tokenizer), "--language", str(language), "--card", str(card)]
    assert main([*export, "-o", str(model), "--dataset", str(dataset)]) == 0
    assert not [f.name for f in model.glob("*.onnx") if b"stack_trace" in f.read_bytes()]
    capsys.readouterr()
    engine = load_engine(str(model))
    events = list(engine.generate(Generate("someone swings an arm", 2.0, seed=3, variations=2)))
    result = events[-1]
    assert isinstance(result, Result)
    assert [len(m) for m in result.motions] == [40, 40]
    assert np.isfinite(result.motions[0].joints).all()
    assert not np.array_equal(result.motions[0].joints, result.motions[1].joints)
    check_other_tasks(engine)
    picks = ["train", "matching", str(dataset), "-o", str(tmp_path / "matching"), "--into", str(model)]
    assert main([*picks, "--batch", "4", "--steps", "2"]) == 0
    check_candidates(model, result)
    attempts = tmp_path / "attempts"
    save(((a, f) for a, f in tried(dataset)), attempts)
    further = [*picks[:3], "-o", str(tmp_path / "picker"), "--start", str(tmp_path / "matching"), "--into", str(model)]
    assert main([*further, "--attempts", str(attempts), "--batch", "4", "--steps", "2"]) == 0
    more = ["train", "language-model", str(dataset), "--tokenizer", str(tokenizer), "-o", str(tmp_path / "more")]
    more += ["--start", str(language), "--batch", "4", "--steps", "1"]
    assert main([*more, "--set", "rate=0.0000001"]) == 0
    before, after = (torch.load(f / "model.pt", weights_only=True) for f in (language, tmp_path / "more"))
    assert after["config"]["width"] == 48 and after["config"]["before"] == before["config"]
    assert read_card(model).training["picker"]["before"]["steps"] == 2
    for name, weights in before["model"].items():
        assert torch.allclose(weights, after["model"][name], atol=1e-5)
    for kept in ("sequences.pt", "wordings.pt"):  # not made again
        assert (tmp_path / "more" / kept).read_bytes() == (language / kept).read_bytes()
    capsys.readouterr()
    assert main([*more, "--set", "wordings=1", "--set", "seed=1"]) == 2
    assert "another folder" in capsys.readouterr().err


def tried(dataset):
    """A right and a wrong attempt at a clip's caption."""
    clip = next(c for c in load_dataset(dataset).split("train") if not c.mirrored)
    features = motion_to_features(swinging(3, 60).resample(20.0)).astype(np.float16)
    for i, right in enumerate((True, False)):
        yield (
            Attempt(clip.captions[0], clip.name, False, i * len(features), len(features), right, right, True),
            features,
        )


def check_candidates(folder, alone):
    """A picker keeps the best of four for every variation; the first of them is the result without a picker."""
    engine = load_engine(str(folder))
    asked = []

    def made(scores):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("motiongpt.backend.engines.starter.picker.Picker.scores", scores)
            *_, result = engine.generate(Generate("someone swings an arm", 2.0, seed=3, variations=2))
        return [m.meta["tokens"] for m in result.motions]

    def first(picker, states, motions):
        asked.append((states.shape[1], [m.shape for m in motions]))
        return -np.arange(len(motions))

    tokens = [m.meta["tokens"] for m in alone.motions]
    assert made(first) == tokens
    assert asked == [(384, [(40, 263)] * 8)]
    last = made(lambda picker, states, motions: np.arange(len(motions)))
    assert last[0] != tokens[0] and last[1] != tokens[1] and last[0] != last[1]
    motions = [list(engine.generate(Generate("someone swings an arm", 2.0, seed=3)))[-1] for _ in range(2)]
    assert np.array_equal(motions[0].motions[0].joints, motions[1].motions[0].joints)


def check_other_tasks(engine):
    """What even a barely trained model does: keeps given poses exactly, fits lengths, captions in known words."""
    motion = swinging(9, 60)
    *_, more = engine.continue_motion(Continue(1.0, "someone swings an arm"), motion)
    assert len(more.motions[0]) == 80
    assert np.allclose(more.motions[0].rotations[:60], motion.rotations, atol=1e-12)
    for prompt in ("", "someone swings an arm"):
        *_, between = engine.inbetween(Inbetween((*range(8), 30, 59), prompt), motion)
        made = between.motions[0]
        assert len(made) == 60
        assert np.array_equal(made.rotations[[*range(8), 30, 59]], motion.rotations[[*range(8), 30, 59]])
    *_, told = engine.describe(Describe(), motion)
    assert set(told.texts[0].split()) <= {"a", "person", "swings", "the", "left", "right", "arm"}
