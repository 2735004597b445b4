"""The starter model: motion follows the prompt, is continued and described, and the same seed gives the same bytes."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest
from tokenizers import Tokenizer

from motiongpt.backend.commands import cli
from motiongpt.backend.dataset import kinematics
from motiongpt.backend.engine import Engine, Progress, Result
from motiongpt.backend.engines import load_engine
from motiongpt.backend.evaluation import prompts
from motiongpt.backend.model_folder import default_model, find_file, find_model
from motiongpt.backend.tasks import Continue, Describe, Generate
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.files.npz import load_npz, save_npz
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion.skeleton import CONTACT_JOINTS, REST_OFFSETS


@pytest.fixture(scope="module")
def engine(starter_model) -> Engine:
    return load_engine(str(starter_model))


@pytest.fixture(scope="module")
def walk(engine) -> Motion:
    """Three seconds at a frame rate and on a body that are not the model's."""
    motion = prompts.generate_one(engine, "a person walks forward", 1, 3.0).resample(30.0)
    return Motion(motion.rotations, motion.root_position, 30.0, motion.contacts, REST_OFFSETS * 1.2)


@pytest.fixture(scope="module")
def known_words(starter_model) -> set[str]:
    """Every whole word that a caption can contain."""
    folder, card = find_model(str(starter_model))
    tokenizer = Tokenizer.from_file(str(find_file(folder, card, "tokenizer.json")))
    pieces = card.settings["caption_words"]
    return {word for word in (tokenizer.id_to_token(piece) for piece in pieces) if word.isalpha()}


@pytest.mark.parametrize("check", prompts.CHECKS, ids=lambda c: c.prompt)
def test_motion_follows_the_prompt(engine, check):
    """With most seeds; the model's card has the success rate over more of them."""
    assert sum(check.holds(prompts.generate_one(engine, check.prompt, seed)) for seed in range(3)) >= 2


def test_running_covers_more_ground_than_walking(engine):
    walks = [kinematics.speed(prompts.generate_one(engine, "a person walks forward", seed)) for seed in range(3)]
    runs = [kinematics.speed(prompts.generate_one(engine, "a person runs forward", seed)) for seed in range(3)]
    assert min(runs) > 1.2 * max(walks)


def test_a_walk_alternates_the_knees_and_stays_on_the_floor(engine):
    motion = prompts.generate_one(engine, "a person walks forward", 1)
    bend = np.degrees(2 * np.arccos(np.clip(np.abs(motion.rotations[:, [4, 5], 0]), 0, 1)))  # (T, 2)
    assert bend.max(axis=0).min() > 30  # both knees bend
    lead = np.sign(bend[:, 0] - bend[:, 1])
    assert np.count_nonzero(np.diff(lead[lead != 0])) >= 3  # alternately
    assert motion.joints[..., 1].min() > -0.02


@pytest.mark.parametrize("seconds", [0.5, 2.0, 4.0, 10.0])
def test_length_is_what_was_asked(engine, seconds):
    assert len(prompts.generate_one(engine, "a person walks", 0, seconds)) == round(seconds * 20)


def test_length_may_be_left_to_the_model(engine):
    *_, result = engine.generate(Generate("a person bows", None, seed=2))
    assert isinstance(result, Result)
    assert 0.8 <= result.motions[0].duration <= engine.max_seconds


def test_progress_brings_partial_motion_and_rises(engine):
    events = list(engine.generate(Generate("a person runs", 4.0)))
    fractions = [e.fraction for e in events if isinstance(e, Progress)]
    assert fractions == sorted(fractions)
    assert len({e.fraction for e in events if isinstance(e, Progress) and e.stage == "tokens"}) == 20  # one a token
    assert any(isinstance(e, Progress) and e.motion is not None for e in events)


def test_variations_differ_and_repeat(engine):
    *_, first = engine.generate(Generate("a person dances", 2.0, seed=5, variations=3))
    *_, again = engine.generate(Generate("a person dances", 2.0, seed=5, variations=3))
    for a, b in zip(first.motions, again.motions, strict=True):
        assert np.array_equal(a.rotations, b.rotations)
    assert first.motions[0].meta["tokens"] != first.motions[1].meta["tokens"]


@pytest.mark.parametrize("prompt", ["", "a person walks forward"])
def test_a_continued_motion_keeps_its_frames_and_its_length(engine, walk, prompt):
    *_, result = engine.continue_motion(Continue(1.5, prompt, seed=3, variations=2), walk)
    assert isinstance(result, Result)
    for motion in result.motions:
        assert (len(motion), motion.fps) == (len(walk) + 45, 30.0)
        np.testing.assert_allclose(motion.joints[: len(walk)], walk.joints, atol=1e-9)
        np.testing.assert_allclose(motion.rotations[: len(walk)], walk.rotations, atol=1e-12)
        assert np.isfinite(motion.joints).all()
        leap = np.linalg.norm(np.diff(motion.joints[len(walk) - 1 :], axis=0), axis=-1)
        assert leap.max() < 0.5  # metres per frame: the new part starts where the motion ends
    first, second = result.motions
    assert not np.array_equal(first.joints, second.joints)


def test_a_walk_goes_on_ahead(engine, walk):
    *_, result = engine.continue_motion(Continue(2.0, "a person walks forward"), walk)
    root = result.motions[0].root_position[:, [0, 2]]
    way, more = root[len(walk) - 1] - root[len(walk) - 31], root[-1] - root[len(walk) - 1]
    assert np.linalg.norm(more) > 0.6  # metres in two seconds
    assert way @ more / (np.linalg.norm(way) * np.linalg.norm(more)) > 0.7


@pytest.mark.parametrize("cut", [0, 1, 2, 3, 5, 14])
def test_a_walk_that_is_cut_anywhere_is_not_stopped(engine, walk, cut):
    """Whatever token the cut falls into, the walk goes on at its pace; no joint leaps at the seam."""
    shorter = walk.slice(0, len(walk) - cut)
    *_, result = engine.continue_motion(Continue(2.0, seed=4), shorter)
    root = result.motions[0].root_position[:, [0, 2]]
    pace = np.linalg.norm(root[len(shorter) - 1] - root[len(shorter) - 31])
    after = np.linalg.norm(root[len(shorter) + 29] - root[len(shorter) - 1])
    assert after > 0.5 * pace
    change = np.linalg.norm(np.diff(result.motions[0].joints, 2, axis=0), axis=-1).max(axis=1)
    seam = len(shorter) - 2
    assert change[seam : seam + 2].max() < 1.3 * np.percentile(change[:seam], 99)


def test_the_best_of_several_continuations_is_taken(engine, walk, monkeypatch):
    """The picker judges what follows the seam, and its favourite is the answer."""
    if engine._picker is None:
        pytest.skip("the model has no picker")
    answers, judged = [], []
    for favourite in range(3):

        def scores(_states, motions, favourite=favourite):
            judged.append([len(motion) for motion in motions])
            return np.arange(len(motions)) == favourite

        monkeypatch.setattr(engine._picker, "scores", scores)
        *_, result = engine.continue_motion(Continue(1.0, "a person turns around", seed=3), walk)
        answers.append(result.motions[0].joints)
    assert judged == [[20] * engine.tries] * 3
    assert not np.array_equal(answers[0], answers[1]) and not np.array_equal(answers[1], answers[2])


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_pick_can_be_the_mirror_image_of_its_tokens(engine, monkeypatch, mirrored):
    """The picker's favourite is the first candidate, or its mirror image."""
    if engine._picker is None:
        pytest.skip("the model has no picker")
    read: list[int] = []

    def scores(_states, motions):
        read.append(len(motions))
        if len(read) == 3:  # the swapped text
            return np.zeros(len(motions))
        return (np.arange(len(motions)) == 0) * (0.5 + (len(read) == 1 + mirrored))

    monkeypatch.setattr(engine._picker, "scores", scores)
    *_, result = engine.generate(Generate("a person turns left", 1.0, seed=3))
    (motion,) = result.motions
    plain = engine._codec.decode(motion.meta["tokens"])
    same = (plain.mirror() if mirrored else plain).root_position[: len(motion), 0]
    assert bool(motion.meta.get("mirrored")) is mirrored
    assert read == [engine.tries, engine.tries, 2]
    np.testing.assert_allclose(motion.root_position[:, 0], same, atol=0.05)


def test_feet_do_not_slide_in_what_follows(engine, walk):
    *_, result = engine.continue_motion(Continue(3.0, "a person walks forward", seed=2), walk)
    more = result.motions[0].slice(len(walk), len(walk) + 90)
    feet = more.joints[:, CONTACT_JOINTS][:, :, [0, 2]]
    speed = np.linalg.norm(np.diff(feet, axis=0), axis=-1) * more.fps
    held = (more.contacts[1:] > 0.5) & (more.contacts[:-1] > 0.5)
    assert held.sum() > 30
    assert np.mean(speed[held]) < 0.06  # metres per second


def test_a_caption_is_of_english_words_that_the_model_knows(engine, walk, known_words):
    *_, result = engine.describe(Describe(), walk)
    assert isinstance(result, Result)
    (text,) = result.texts
    words = re.findall("[a-z]+", text)
    assert words and sum(word in known_words for word in words) >= 0.8 * len(words), text


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("a person walks forward", "walk|stroll|stride|step|march"),
        ("a person runs forward", "run|jog|sprint|rush|dash|trot"),
        ("a person bows", "bow|bend|lean"),
    ],
)
def test_captions_say_what_happens(engine, prompt, wanted):
    texts = [engine_caption(engine, prompts.generate_one(engine, prompt, seed)) for seed in range(3)]
    assert sum(bool(re.search(wanted, text)) for text in texts) >= 2, texts


def engine_caption(engine: Engine, motion: Motion) -> str:
    *_, result = engine.describe(Describe(), motion)
    assert isinstance(result, Result)
    return result.texts[0]


def test_the_command_line_continues_and_describes(walk, known_words, tmp_path, capsys):
    save_npz(walk, tmp_path / "walk.npz")
    command = ["continue", str(tmp_path / "walk.npz"), "--seconds", "1", "-o", str(tmp_path / "more.npz"), "--json"]
    assert cli.main(command) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["model"], told["files"][0]["frames"]) == (default_model(), len(walk) + 30)
    more = load_npz(tmp_path / "more.npz")
    np.testing.assert_allclose(more.joints[: len(walk)], walk.joints, atol=1e-5)
    assert cli.main(["describe", str(tmp_path / "walk.npz"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["model"] == default_model() and len(told["texts"]) == 1
    assert set(re.findall("[a-z]+", told["texts"][0])) & known_words


def test_the_same_seed_gives_the_same_bytes_across_restarts(starter_model, tmp_path, repo_root):
    for name in ("a.npz", "b.npz"):
        command = [sys.executable, "-m", "motiongpt", "generate", "a person waves", "--seed", "7", "-o"]
        subprocess.run([*command, str(tmp_path / name)], check=True, cwd=repo_root, capture_output=True)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


@pytest.mark.parametrize(
    ("prompt", "seconds"), [("", 4.0), ("   ", 4.0), ("walks", 0.0), ("walks", -1.0), ("walks", 700.0)]
)
def test_impossible_requests_are_refused_at_once(engine, prompt, seconds):
    with pytest.raises(MotionGPTError) as error:
        engine.generate(Generate(prompt, seconds))
    assert error.value.message.endswith(".")
    assert error.value.cure.endswith(".")


def test_the_card_says_where_the_weights_come_from(starter_model):
    _, card = find_model(str(starter_model))
    assert card.tasks == ("generate", "continue", "inbetween", "caption")
    assert "CC-BY-NC" in card.licence
    assert any("Bandai Namco Research" in source for source in card.sources)
    assert card.training["language_model"]["steps"] > 0
    assert card.measured["tokenizer"]["joint_error_mm"] > 0
    assert set(card.measured["prompts"]) == {check.prompt for check in prompts.CHECKS}
    assert sum((starter_model / name).stat().st_size for name in card.files) < 60e6
