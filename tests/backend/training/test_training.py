"""A tiny training from BVH files to a model folder that the engine runs."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from motiongpt.backend.commands.cli import main
from motiongpt.backend.dataset.captions import ACTIONS, LITTLE, STYLES, describe
from motiongpt.backend.dataset.clips import Clip, load_dataset, swap_sides
from motiongpt.backend.engine import CaptionRequest, ContinueRequest, GenerateRequest, InbetweenRequest, Result
from motiongpt.backend.engines import load_engine
from motiongpt.backend.engines.starter.vocabulary import HIDDEN, MOTION, POSE
from motiongpt.backend.training.language.sentences import encoder_folder
from motiongpt.backend.training.language.sequences import MIN_TOKENS, TokenSequence, crop
from motiongpt.backend.training.language.train import keep_kinds
from motiongpt.backend.training.tokenizer.train import (
    encode_clip,
    fair_weights,
    kinematic_joints,
    load_tokenizer,
    tokenizer_config,
    tokenizer_record,
)
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.files.bvh import write_bvh
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot


def walking(seed: int, frames: int = 90) -> Motion:
    """Swinging arms and legs that travel, so that there is something to learn."""
    rng = np.random.default_rng(seed)
    phase = np.arange(frames) * 0.2 + rng.uniform(0, 6)
    vectors = np.zeros((frames, 22, 3))
    for joint, sign in ((1, 1), (2, -1), (16, -1), (17, 1)):
        vectors[:, joint, 0] = sign * 0.5 * np.sin(phase)
    vectors[:, 16, 2], vectors[:, 17, 2] = -1.2, 1.2
    root = np.zeros((frames, 3))
    root[:, 1] = 0.95
    root[:, 2] = np.arange(frames) * 0.04
    return Motion(rot.from_rotation_vector(vectors), root, 20.0, np.zeros((frames, 4)))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """A data set made by the command from six small clips."""
    folder = tmp_path_factory.mktemp("clips")
    for index in range(6):
        write_bvh(walking(index), folder / f"clip_{index}.bvh")
    rows = "\n".join(f"clip_{i}.bvh,a person swings the left arm" for i in range(6))
    (folder / "captions.csv").write_text(f"file,caption\n{rows}\n")
    out = folder / "dataset"
    assert main(["data", "import", str(folder), "--captions", str(folder / "captions.csv"), "-o", str(out)]) == 0
    return out


def test_import_mirrors_clips_and_their_words(dataset):
    clips = load_dataset(dataset).clips
    assert len(clips) == 12
    assert {(c.mirrored, c.captions[0]) for c in clips} == {
        (False, "a person swings the left arm"),
        (True, "a person swings the right arm"),
    }
    assert all(len({c.split for c in clips if c.name == name}) == 1 for name in {c.name for c in clips})


def test_kinematics_of_features_are_their_positions(dataset):
    """Forward kinematics of true features gives the positions that the same features hold."""
    data = load_dataset(dataset)
    rows = torch.from_numpy(np.array(data.of(data.clips[0])))
    joints = kinematic_joints(rows)
    assert torch.allclose(joints[:, 1:].flatten(1), rows[:, 4:67], atol=2e-5)


def test_refining_changes_what_codes_look_like_and_no_code(dataset, tmp_path, capsys):
    first, second = tmp_path / "first", tmp_path / "second"
    small = ["--set", "width=32", "--set", "code_width=16", "--set", "codes=64", "--batch", "8"]
    assert main(["train", "tokenizer", str(dataset), "-o", str(first), "--steps", "40", *small]) == 0
    refine = ["train", "tokenizer", str(dataset), "-o", str(second), "--batch", "8"]
    assert main([*refine, "--refine", str(first), "--steps", "60", "--set", "rate=0.002"]) == 0
    (old, statistics), (new, _) = load_tokenizer(first), load_tokenizer(second)
    data = load_dataset(dataset)
    rows = [np.asarray(data.of(clip)) for clip in data.split("train")]
    codes = [encode_clip(old, statistics, r) for r in rows]
    assert all(np.array_equal(c, encode_clip(new, statistics, r)) for c, r in zip(codes, rows, strict=True))

    def error(model):
        found = [model.decode(torch.from_numpy(c)[None])[0].detach().numpy() for c in codes]
        return np.mean([np.abs(statistics.normalize(r[: len(f)]) - f).mean() for r, f in zip(rows, found, strict=True)])

    assert error(new) < error(old)
    assert tokenizer_config(second).steps == 60 and tokenizer_config(second).width == 32
    record = tokenizer_record(second)  # a card tells how both came about
    assert (record["tokenizer"]["steps"], record["decoder"]["steps"]) == (40, 60)
    assert tokenizer_record(first) == {"tokenizer": record["tokenizer"]}
    capsys.readouterr()
    assert main([*refine, "--refine", str(second), "--steps", "60", "--set", "rate=0.002"]) == 2  # of another one
    assert "settings" in capsys.readouterr().err
    assert main([*refine, "--refine", str(tmp_path / "nothing")]) == 2
    assert "no trained tokenizer" in capsys.readouterr().err


def test_fair_weights_show_rare_styles_as_often():
    """Half of the draws: of a content, every style alike."""
    kinds = ["normal"] * 9 + ["angry"]
    clips = [Clip(str(i), 0, 100, [], {"content": "walk", "style": style}) for i, style in enumerate(kinds)]
    assert fair_weights(clips) == pytest.approx([(0.5 / 9 + 0.1) / 2] * 9 + [(0.5 + 0.1) / 2])


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
    # Going on with more steps is resuming; other settings are refused.
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
    events = list(engine.generate(GenerateRequest("someone swings an arm", 2.0, seed=3, variations=2)))
    result = events[-1]
    assert isinstance(result, Result)
    assert [len(m) for m in result.motions] == [40, 40]
    assert np.isfinite(result.motions[0].joints).all()
    assert not np.array_equal(result.motions[0].joints, result.motions[1].joints)
    check_other_tasks(engine)
    picks = ["train", "matching", str(dataset), "-o", str(tmp_path / "matching"), "--into", str(model)]
    assert main([*picks, "--batch", "4", "--steps", "2"]) == 0
    check_candidates(model, result)


def check_candidates(folder, alone):
    """A picker keeps the best of four for every variation; the first of them is what is made without a picker."""
    engine = load_engine(str(folder))
    asked = []

    def made(scores):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("motiongpt.backend.engines.starter.picker.Picker.scores", scores)
            *_, result = engine.generate(GenerateRequest("someone swings an arm", 2.0, seed=3, variations=2))
        return [m.meta["tokens"] for m in result.motions]

    def first(picker, states, motions):
        asked.append((states.shape[1], [m.shape for m in motions]))
        return -np.arange(len(motions))

    tokens = [m.meta["tokens"] for m in alone.motions]
    assert made(first) == tokens
    assert asked == [(384, [(40, 263)] * 8)]
    last = made(lambda picker, states, motions: np.arange(len(motions)))
    assert last[0] != tokens[0] and last[1] != tokens[1] and last[0] != last[1]
    motions = [list(engine.generate(GenerateRequest("someone swings an arm", 2.0, seed=3)))[-1] for _ in range(2)]
    assert np.array_equal(motions[0].motions[0].joints, motions[1].motions[0].joints)


def check_other_tasks(engine):
    """What a barely trained model does already: the given stays exactly, lengths fit, captions are of known words."""
    motion = walking(9, 60)
    *_, more = engine.continue_motion(ContinueRequest(motion, 1.0, "someone swings an arm"))
    assert len(more.motions[0]) == 80
    assert np.allclose(more.motions[0].rotations[:60], motion.rotations, atol=1e-12)
    for prompt in ("", "someone swings an arm"):
        *_, between = engine.inbetween(InbetweenRequest(motion, (*range(8), 30, 59), prompt))
        made = between.motions[0]
        assert len(made) == 60
        assert np.array_equal(made.rotations[[*range(8), 30, 59]], motion.rotations[[*range(8), 30, 59]])
    *_, told = engine.caption(CaptionRequest(motion))
    assert set(told.texts[0].split()) <= {"a", "person", "swings", "the", "left", "right", "arm"}


def test_slots_are_given_in_every_way_that_the_papers_name():
    import random

    rng = random.Random(0)
    layouts = [tuple(keep_kinds(12, rng)) for _ in range(400)]
    only = [tuple(POSE if i in at else HIDDEN for i in range(12)) for at in ((0,), (11,), (0, 11))]
    assert all(layout in layouts for layout in only)  # initial, last, both
    assert any(layout.count(POSE) > 2 for layout in layouts)  # several
    assert any(layout[0] == layout[-1] == MOTION and HIDDEN in layout for layout in layouts)  # the middle is missing


def test_every_action_and_style_has_words():
    import random

    rng = random.Random(0)
    for content in (*ACTIONS, *LITTLE):
        for style in STYLES:
            for little in (False, True):
                sentence = describe(content, style, False, little, rng)
                assert sentence.strip() and "  " not in sentence


def test_sides_swap_both_ways():
    text = "raises the left hand, turns right"
    assert swap_sides(text) == "raises the right hand, turns left"
    assert swap_sides(swap_sides(text)) == text


def test_crops_keep_the_core(dataset):
    clip = load_dataset(dataset).clips[0]
    tokens = np.repeat(np.arange(40)[:, None], 2, axis=1)
    sequence = TokenSequence(clip, (tokens,), (tokens + 100,), (22, 29), False)
    generator = torch.Generator().manual_seed(0)
    for _ in range(200):
        cut, poses = crop(sequence, generator)
        assert len(cut) >= MIN_TOKENS
        assert cut[0, 0] <= 22 and cut[-1, 0] >= 28
        assert np.array_equal(poses, cut + 100)


def test_transition_model_is_trained_into_a_model_folder_and_measured(dataset, tmp_path, capsys):
    import shutil

    from motiongpt.backend.engine import InbetweenRequest
    from motiongpt.backend.model_folder import find_model, read_card, verify_files

    folder = tmp_path / "model"
    shutil.copytree(find_model("starter")[0], folder)
    small = ["--set", "gaps=24", "--set", "width=32", "--set", "blocks=1", "--device", "cpu"]
    command = ["train", "transition", str(dataset), "-o", str(tmp_path / "run"), *small]
    assert main([*command, "--steps", "3"]) == 0
    assert main([*command, "--steps", "5", "--into", str(folder)]) == 0  # goes on
    card = read_card(folder)
    verify_files(folder, card)
    assert "inbetween" in card.tasks and card.training["transition"]["steps"] == 5
    motion = walking(0)
    *_, last = load_engine(str(folder)).inbetween(InbetweenRequest(motion, (0, 40, 89)))
    assert isinstance(last, Result)
    np.testing.assert_array_equal(last.motions[0].rotations[[0, 40, 89]], motion.rotations[[0, 40, 89]])
    capsys.readouterr()
    assert main(["evaluate", "inbetween", str(dataset), "--model", str(folder), "--windows", "2", "--json"]) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report["table"]["context"]["5"]["real"]["l2p"] == 0.0
    assert set(report["shares"]) == {"context", "poses"}


def test_transition_model_needs_poses(dataset, tmp_path):
    import shutil

    older = tmp_path / "older"
    shutil.copytree(dataset, older)
    (older / "poses.npy").unlink()
    assert main(["train", "transition", str(older), "-o", str(tmp_path / "run")]) != 0
