"""Checks on motions whose answer is known, and on recordings where they are at hand."""

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.motions import gliding, walking

from motiongpt.backend.evaluation.animators import pages, proof, run
from motiongpt.backend.evaluation.animators.body import Body, counted, peaks, sided, swings
from motiongpt.backend.evaluation.animators.language import parse
from motiongpt.backend.evaluation.animators.physical import Physical
from motiongpt.backend.evaluation.animators.prompts import PARTLY, RIGHT, WRONG, Prompt, chosen, prompts
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.skeleton import JOINT

DATASET = "MOTIONGPT_DATASET"
IDLE = gliding(80)


def holds(text: str, motion: Motion) -> bool:
    return parse(text).holds(Body.of(motion))


def turned(motion: Motion, joint: str, axis: tuple[float, float, float], angles: np.ndarray) -> Motion:
    """A joint turned further, frame by frame."""
    rotations = motion.rotations.copy()
    rotations[:, JOINT[joint]] = rot.multiply(rotations[:, JOINT[joint]], rot.from_axis_angle(axis, angles))
    return replace(motion, rotations=rotations)


def moved(motion: Motion, way: np.ndarray) -> Motion:
    return replace(motion, root_position=motion.root_position + way)


def wave(times: float, degrees: float) -> np.ndarray:
    """(80,) radians."""
    return np.radians(degrees) * np.sin(np.linspace(0.0, 2 * np.pi * times, 80))


def jumping(times: int) -> Motion:
    """Leaves the floor by 30 cm, half a second each."""
    way = np.zeros((80, 3))
    for n in range(times):
        start = 8 + 24 * n
        way[start : start + 10, 1] = 0.3 * np.sin(np.linspace(0.0, np.pi, 10))
    return moved(IDLE, way)


def joined(first: Motion, second: Motion) -> Motion:
    """One after the other, the second where the first ended."""
    shift = (first.root_position[-1] - second.root_position[0]) * (1.0, 0.0, 1.0)
    return replace(
        first,
        rotations=np.concatenate([first.rotations, second.rotations]),
        root_position=np.concatenate([first.root_position, second.root_position + shift]),
        contacts=np.concatenate([first.contacts, second.contacts]),
    )


SHOWN = {
    "nods": turned(IDLE, "head", (1.0, 0.0, 0.0), wave(4, 12)),
    "shakes the head": turned(IDLE, "head", (0.0, 1.0, 0.0), wave(4, 20)),
    "jumps 2 times": jumping(2),
    "jumps 3 times": jumping(3),
    "turns 60 to 120 degrees left": turned(IDLE, "pelvis", (0.0, 1.0, 0.0), np.linspace(0.0, np.pi / 2, 80)),
    "bends forward 40 degrees": turned(IDLE, "spine1", (1.0, 0.0, 0.0), np.abs(wave(0.5, 60))),
    "walks": walking(),
    "goes forward": walking(),
    "goes backward": replace(walking(), root_position=walking().root_position * (1.0, 1.0, -1.0)),
    "both arm points aside": gliding(80, left_shoulder=(0.0, 0.0, 0.0), right_shoulder=(0.0, 0.0, 0.0)),
    "only left arm points aside": gliding(80, left_shoulder=(0.0, 0.0, 0.0)),
    "left hand above head": gliding(80, left_shoulder=(0.0, 0.0, 1.3)),
    "shrugs": turned(
        turned(IDLE, "left_collar", (0.0, 0.0, 1.0), np.abs(wave(1, 25))),
        "right_collar", (0.0, 0.0, 1.0), -np.abs(wave(1, 25)),
    ),
    "walks then stands still": joined(walking(), IDLE),
    "stands still then walks": joined(IDLE, walking()),
}  # fmt: skip


@pytest.mark.parametrize("text", SHOWN)
def test_a_check_sees_what_it_means_and_no_idle(text: str) -> None:
    assert holds(text, SHOWN[text])
    assert not holds(text, IDLE)


@pytest.mark.parametrize(
    "text", ["nods", "shakes the head", "shrugs", "jumps 1 to 9 times", "sits", "walks then stands still"]
)
def test_a_walk_is_none_of_these(text: str) -> None:
    assert not holds(text, walking())


def test_numbers_sides_and_order_count() -> None:
    assert not holds("jumps 2 times", jumping(3)) and not holds("jumps 3 times", jumping(2))
    assert not holds("shakes the head", SHOWN["nods"]) and not holds("nods", SHOWN["shakes the head"])
    assert not holds("right hand above head", SHOWN["left hand above head"])
    assert not holds("only left arm points aside", SHOWN["both arm points aside"])
    assert not holds("stands still then walks", joined(walking(), IDLE))
    assert (
        holds("not: walks", IDLE) and holds("walks or stands still", IDLE) and not holds("walks and stands still", IDLE)
    )


def test_swings_peaks_and_sides() -> None:
    zigzag = np.array([0.0, 1.0, 0.0, 1.0, 0.9, 1.0, 0.0])
    assert swings(zigzag, 0.5) == 4 and swings(zigzag, 2.0) == 0
    assert len(peaks(zigzag, 0.5)) == 2
    assert sided("only left", {"left": True, "right": False}) and not sided("one", {"left": True, "right": True})
    assert counted("either", {"left": 1, "right": 2}, (3, 3)) and not counted("both", {"left": 1, "right": 0}, (1, 9))


def test_an_unknown_check_is_named() -> None:
    with pytest.raises(MotionGPTError, match="juggles"):
        parse("juggles")


def test_the_list_is_long_enough_and_nothing_on_it_is_right_for_a_body_that_does_nothing() -> None:
    groups = Counter(p.group for p in prompts())
    assert len(prompts()) >= 150 and len(groups) >= 15 and min(groups.values()) >= 8
    assert len({p.text for p in prompts()}) == len(prompts())
    body = Body.of(IDLE)
    assert {p.group for p in prompts() if p.judge(body) == RIGHT} == {"stillness"}
    easy = [
        p.text for p in prompts() if p.judge(Body.of(walking())) == RIGHT and p.group not in ("locomotion", "styles")
    ]
    assert len(easy) <= 1, easy


def prompt(*checks: str, partly: tuple[str, ...] = ()) -> Prompt:
    return Prompt("group", "text", 4.0, tuple(map(parse, checks)), tuple(map(parse, partly)))


def test_right_partly_and_wrong() -> None:
    walk = Body.of(walking())
    assert prompt("walks", "goes forward").judge(walk) == RIGHT
    assert prompt("walks", "nods").judge(walk) == PARTLY
    assert prompt("nods", "stays within 90 m").judge(walk) == WRONG  # staying is nothing that was done
    assert prompt("nods", partly=("walks",)).judge(walk) == PARTLY
    assert prompt("walks then sits").judge(walk) == PARTLY
    assert prompt("walks", "nods").failed(walk) == ("nods",)


def test_a_group_is_chosen_by_name() -> None:
    assert {p.group for p in chosen(["falls", "floor"])} == {"falls", "floor"}
    with pytest.raises(MotionGPTError, match="flying"):
        chosen(["flying"])


def answer(verdict: str, seed: int = 0, sure: float | None = None) -> run.Answer:
    return run.Answer(prompts()[0], seed, IDLE, verdict, (), Physical.of(IDLE), sure, sure is not None and sure < 0.5)


def test_shares_flags_and_agreement(tmp_path: Path) -> None:
    answers = [answer(RIGHT, 0, 0.9), answer(RIGHT, 1, 0.2), answer(WRONG, 2, 0.1), answer(PARTLY, 3, 0.6)]
    assert run.shares(answers)[RIGHT] == 0.5
    assert run.flagged(answers) == {WRONG: 1.0, RIGHT: 0.5}
    assert run.flagged([answer(WRONG)]) == {}
    file = tmp_path / "eye.csv"
    file.write_text(f"prompt,seed,verdict\n{prompts()[0].text},0,wrong\n{prompts()[0].text},2,wrong\n")
    found = run.agreement(answers, run.read_verdicts(file))
    assert (found.same, found.looked_at, found.opposite) == (1, 2, 1)
    assert prompts()[0].text in pages.agreement_table(found)
    for wrong in ("prompt,seed,verdict\na,0,good\n", "text,seed\na,0\n", "prompt,seed,verdict\na,x,right\n"):
        file.write_text(wrong)
        with pytest.raises(MotionGPTError):
            run.read_verdicts(file)
    with pytest.raises(MotionGPTError, match="None of these"):
        run.agreement(answers, {("other", 0): RIGHT})


def test_every_check_that_is_to_be_proved_is_one() -> None:
    with pytest.raises(MotionGPTError, match="No recording"):
        proof.prove([proof.Recording("a.bvh", "a.bvh", IDLE, Body.of(IDLE))])


def test_authored_gestures_are_proved_apart_from_recordings() -> None:
    t_pose = replace(IDLE, rotations=np.tile(rot.IDENTITY, (len(IDLE), len(JOINT), 1)))
    body, phrase = Body.of(t_pose), "right arm points aside"
    found = {}
    for authored in (False, True):
        names = ("t-pose-00.bvh", "t-pose-01.bvh", "nod-00.bvh", "wave-00.bvh")
        made = [proof.Recording(name, name, IDLE, body, authored) for name in names]
        made.append(proof.Recording("disco", "disco", IDLE, body))
        found[authored] = next(p for p in proof.prove(made) if p.check == phrase)
    assert (found[False].shown, found[False].others) == (0, 0)
    assert (found[True].shown, found[True].holding, found[True].false) == (1, 1, ("nod-00.bvh",))


@pytest.mark.slow
def test_checks_hold_on_recordings() -> None:
    if DATASET not in os.environ:
        pytest.skip(f"{DATASET} names no data set of recordings with captions")
    proofs = [p for p in proof.prove(proof.recordings(Path(os.environ[DATASET]))) if p.shown]
    assert sum(p.holding for p in proofs) > 0.8 * sum(p.shown for p in proofs)
    assert np.median([p.alarms / p.others for p in proofs]) < 0.05
