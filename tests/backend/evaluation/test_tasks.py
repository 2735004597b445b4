"""How well continued motion and captions do."""

import pytest
from support.fake_judge import walking

from motiongpt.backend.dataset.clips import Clip
from motiongpt.backend.dataset.meaning import Meaning
from motiongpt.backend.engine import Result
from motiongpt.backend.evaluation import tasks
from motiongpt.backend.evaluation.cases import Case
from motiongpt.backend.tasks import Generate


def test_caption_scores() -> None:
    some = [
        Case(Clip("a", 0, 80), Meaning("wave-left-hand", "sad"), ("a sad person waves the left hand",)),
        Case(Clip("b", 0, 80), Meaning("walk", "normal"), ("a person walks",)),
        Case(Clip("c", 0, 80), Meaning("walk-turn-left", "angry"), ("a person turns left furiously",)),
    ]
    perfect = tasks.caption_scores([c.prompt for c in some], some)
    assert perfect["bleu4"] == perfect["rouge_l"] == perfect["action"] == perfect["side"] == perfect["style"] == 1.0
    wrong = ["a sad person waves the right hand", "a person bows", "a person turns left sadly"]
    found = tasks.caption_scores(wrong, some)
    assert (found["action"], found["side"], found["style"]) == (pytest.approx(2 / 3), 0.5, 0.5)


def test_long_motions_that_freeze_are_counted() -> None:
    asked: list[Generate] = []

    class Engine:
        def generate(self, request: Generate):
            asked.append(request)
            moving = walking(speed=1.0, frames=200)
            stuck = moving.slice(0, 150).held(50)
            yield Result((moving, stuck if "run" in request.prompt else moving))

    found = tasks.measure_long(Engine(), seeds=2)
    running = sum("run" in prompt for prompt in tasks.MOVING)
    assert found["still"] == pytest.approx(running / 2 / len(tasks.MOVING))
    assert 0 < running < len(tasks.MOVING)
    assert {(r.seconds, r.variations) for r in asked} == {(10.0, 2)}
