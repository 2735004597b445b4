"""Prompts in unseen words, judged on joints."""

import json

import pytest
from support.fake_judge import FakeJudge, walking

from motiongpt.backend.engine import Result
from motiongpt.backend.evaluation import unseen
from motiongpt.backend.evaluation.cases import UnseenPrompt
from motiongpt.retarget.motion import Motion


def test_unseen_prompts_are_counted() -> None:
    class Engine:
        def generate(self, request):

            speed = 3.0 if "sprints" in request.prompt else 1.0
            yield Result(tuple(walking(round(request.seconds * 20), speed) for _ in range(request.variations)))

    asked = [
        UnseenPrompt("he sprints", ("sprints",), ("run",), (), "word"),
        UnseenPrompt("he sprints in tears", ("sprints", "tears"), ("run",), ("sad",), "word"),
        UnseenPrompt("she strolls", ("strolls",), ("walk",), ("elderly",), "word"),
        UnseenPrompt("a giant hollers", (), ("call",), ("giant",), "pair"),
    ]
    answers = unseen.answer_prompts(Engine(), FakeJudge(), asked, 3, lambda done, total: None)
    assert len(answers) == 12
    words = unseen.shares([a for a in answers if a.kind == "word"])
    assert words == {"motions": 9.0, "action": 1.0, "style": 0.5, "all_asked": pytest.approx(2 / 3), "joints": 1.0}
    pairs = unseen.shares([a for a in answers if a.kind == "pair"])
    assert pairs["action"] == 0.0 and "joints" not in pairs
    assert json.dumps(unseen.to_plain(answers))


@pytest.mark.parametrize(
    ("action", "motion", "holds"),
    [
        ("walk", walking(), True),
        ("walk", walking(turn=1.6), False),
        ("walk-back", walking(speed=-0.5), True),
        ("walk-back", walking(), False),
        ("run", walking(speed=2.5), True),
        ("run", walking(), False),
        ("walk-turn-left", walking(turn=1.6), True),
        ("walk-turn-right", walking(turn=1.6), False),
        ("walk-turn-right", walking(turn=-1.6), True),
        ("raise-up-left-hand", walking(), False),
    ],
)
def test_joints_show_actions(action: str, motion: Motion, holds: bool) -> None:
    assert unseen.JOINT_CHECKS[action](motion) is holds
