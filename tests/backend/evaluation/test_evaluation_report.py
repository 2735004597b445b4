"""Sets of judged motions, rows, and the page they become."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from motiongpt.backend.dataset.clips import Clip, Dataset
from motiongpt.backend.dataset.meaning import ACTION_NAMES, STYLE_NAMES, Meaning
from motiongpt.backend.engine import GenerateRequest, Result
from motiongpt.backend.evaluation import sets, tasks, unseen
from motiongpt.backend.evaluation.cases import Case, UnseenPrompt, cases_of
from motiongpt.backend.evaluation.report import pages, table
from motiongpt.backend.evaluation.report.pages import REAL
from motiongpt.backend.features import motion_to_features
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot

WALK, RUN = ACTION_NAMES.index("walk"), ACTION_NAMES.index("run")
SAD, OLD = STYLE_NAMES.index("sad"), STYLE_NAMES.index("elderly")


def walking(frames: int = 81, speed: float = 1.0, turn: float = 0.0) -> Motion:
    """Upright and stiff, `speed` metres a second ahead, turned to the left by `turn` radians over the whole."""
    root = np.zeros((frames, 3))
    root[:, 1] = 0.97
    root[:, 2] = np.arange(frames) * speed / 20.0
    rotations = np.tile(rot.IDENTITY, (frames, 22, 1))
    rotations[:, 0] = rot.from_axis_angle((0.0, 1.0, 0.0), np.linspace(0.0, turn, frames))
    return Motion(rotations, root, 20.0, np.zeros((frames, 4)))


class FakeJudge:
    """Takes what travels fast for a run; everything is sad."""

    fingerprint = "0" * 12

    def features(self, rows: np.ndarray) -> SimpleNamespace:
        speed = float(np.abs(rows[:, 2]).mean()) * 20.0
        actions = np.zeros(len(ACTION_NAMES))
        actions[RUN if speed > 1.6 else WALK] = 1.0
        styles = np.eye(len(STYLE_NAMES))[SAD]
        return SimpleNamespace(
            vector=np.array([speed, 1.0]), actions=actions, styles=styles,
            action=ACTION_NAMES[int(actions.argmax())], style="sad",
        )  # fmt: skip

    def motion(self, motion: Motion) -> SimpleNamespace:
        return self.features(motion_to_features(motion))


def cases(count: int = 4) -> list[Case]:
    """Half walks, half runs, half of them sad, half old."""
    out = []
    for i in range(count):
        meaning = Meaning("walk" if i < count // 2 else "run", "sad" if i % 2 == 0 else "elderly")
        clip = Clip(f"clip {i}", 0, 80, [], {"content": meaning.action, "style": meaning.style})
        out.append(Case(clip, meaning, (f"someone {meaning.action}s", "a person moves")))
    return out


def judged(actions: list[int], styles: list[int], runs: int = 2) -> sets.JudgedSet:
    n = len(actions)
    vectors = np.zeros((n, runs, 3))
    vectors[..., 0] = np.arange(n)[:, None]
    flat = np.zeros((n, runs))
    deep, still = (flat + np.array(values)[:, None] for values in ([0.0, 0.04, 0.0, 0.0], [0.0, 0.0, 2.0, 0.0]))
    return sets.JudgedSet(
        vectors, np.tile(np.array(actions)[:, None], runs), np.tile(np.array(styles)[:, None], runs),
        flat + 0.05, deep, flat + 1.0, still, flat + 78,
    )  # fmt: skip


def test_a_row_counts_what_it_should() -> None:
    found = judged([WALK, WALK, RUN, WALK], [SAD, OLD, OLD, OLD])
    text = np.zeros((4, 3))
    text[:, 0] = np.arange(4)
    row = table.row_of(found, found, text, cases(), [80] * 4, runs=3)
    assert row["r1"] == (1.0, 0.0)
    assert row["mm_dist"] == (0.0, 0.0)
    assert row["fid"][0] == pytest.approx(0.0, abs=1e-9)
    assert row["action"] == (0.75, 0.0)  # the last is asked to run and walks
    assert row["style"] == (0.75, 0.0)  # the third is asked to be sad
    assert row["sliding"][0] == pytest.approx(5.0)
    assert row["deep"] == (0.25, 0.0)
    assert row["frozen"] == (0.25, 0.0)
    assert row["length"] == (2.0, 0.0)
    assert row["multimodality"] == (0.0, 0.0)
    single = judged([WALK] * 4, [SAD] * 4, runs=1)
    assert "multimodality" not in table.row_of(single, found, text, cases(), [80] * 4, runs=3)


def test_shares_by_action() -> None:
    found = judged([WALK, RUN, RUN, RUN], [SAD] * 4)
    assert table.by_action(found, cases(), {"walk", "run", "bow"}) == {"run": 1.0, "walk": 0.5}


def test_frequent_actions_leave_mirrored_copies_out() -> None:
    def clips(action: str, count: int, mirrored: bool) -> list[Clip]:
        names = [f"{action} {i}" for i in range(count * 2)]
        train = [n for n in names if Clip(n, 0, 1).split == "train"][:count]
        return [Clip(n, 0, 80, [], {"content": action, "style": "normal"}, mirrored) for n in train]

    everything = [*clips("walk", 21, False), *clips("run", 20, False), *clips("run", 20, True)]
    assert table.frequent_actions(Dataset(np.zeros((0, 263), np.float32), everything)) == {"walk"}


def test_what_loses_to_a_baseline_is_marked() -> None:
    rows = {
        REAL: {"r1": [0.9, 0.0], "fid": [0.0, 0.0], "diversity": [1.0, 0.0]},
        "ours": {"r1": [0.6, 0.01], "fid": [0.3, 0.01], "diversity": [0.9, 0.01]},
        "other": {"r1": [0.5, 0.01], "fid": [0.1, 0.01], "diversity": [0.89, 0.01]},
    }
    lines = {line.split("|")[1].strip(): line for line in pages.main_table(rows, "ours").splitlines()}
    assert pages.LOST in lines["FID ↓"]
    assert pages.LOST not in lines["R-Precision top 1 ↑"]  # real motion is better, but no baseline
    assert pages.LOST not in lines["Diversity →"]  # within the intervals
    rows["other"]["diversity"] = [1.05, 0.01]
    assert pages.loses(rows, "ours", "diversity", "real")


def test_what_was_made_survives_its_file(tmp_path) -> None:
    made = []

    def make() -> list[np.ndarray]:
        made.append(1)
        return [np.full((2, 40 + i, 263), i, np.float32) for i in range(12)]

    path = tmp_path / "set.npz"
    first, second = sets.cached_motions(path, make), sets.cached_motions(path, make)
    assert len(made) == 1
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    sets.cached_motions(None, make)
    assert len(made) == 2


def test_motions_are_judged_by_what_they_are() -> None:
    found = sets.judge_sets(FakeJudge(), [[motion_to_features(walking(speed=s))] for s in (1.0, 3.0)])
    assert found.actions[:, 0].tolist() == [WALK, RUN]
    assert found.vectors[:, 0, 0] == pytest.approx([1.0, 3.0])
    assert found.frames[:, 0].tolist() == [80, 80]
    assert (found.penetration == 0).all()


def test_unseen_prompts_are_counted() -> None:
    class Engine:
        def generate(self, request):
            from motiongpt.backend.engine import Result

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


def test_cases_take_the_kept_captions_else_the_clips_own() -> None:
    names = [n for n in (f"mine/{i}.bvh" for i in range(200)) if Clip(n, 0, 1).split == "test"]
    kept = "bandai-train/dataset-1_dash_giant_001.bvh"
    clips = [
        Clip(names[0], 0, 80, ["a person walks"]),
        Clip(names[1], 0, 80),  # without words
        Clip(names[2], 0, 10, ["too short"]),
        Clip(kept, 0, 80, [], {"content": "dash", "style": "giant"}),
    ]
    found = cases_of(Dataset(np.zeros((80, 263), np.float32), clips))
    assert [c.clip.name for c in found] == [names[0], kept]
    assert found[0].prompt == "a person walks"
    assert "giant" in found[1].prompt and found[1].meaning == Meaning("run", "giant")
    assert len(cases_of(Dataset(np.zeros((80, 263), np.float32), clips * 4), limit=3)) == 3


def test_long_motions_that_freeze_are_counted() -> None:
    asked: list[GenerateRequest] = []

    class Engine:
        def generate(self, request: GenerateRequest):
            asked.append(request)
            moving = walking(speed=1.0, frames=200)
            stuck = moving.slice(0, 150).held(50)
            yield Result((moving, stuck if "run" in request.prompt else moving))

    found = tasks.measure_long(Engine(), seeds=2)
    running = sum("run" in prompt for prompt in tasks.MOVING)
    assert found["still"] == pytest.approx(running / 2 / len(tasks.MOVING))
    assert 0 < running < len(tasks.MOVING)
    assert {(r.seconds, r.variations) for r in asked} == {(10.0, 2)}
