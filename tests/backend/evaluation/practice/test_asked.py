"""Captions of clips, and the checks that they ask for."""

import numpy as np
import pytest
from support.motions import standing, walking

from motiongpt.backend.dataset.clips import Clip, Dataset
from motiongpt.backend.evaluation.practice.asked import asked, checks_of, kind_of, kinds_among
from motiongpt.backend.features import motion_to_features
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.motion import Motion


def dataset_of(*shown: tuple[str, list[str], Motion]) -> Dataset:
    """Training clips by name, captions and motion."""
    clips, rows = [], []
    for name, captions, motion in shown:
        features = motion_to_features(motion.resample(20.0)).astype(np.float32)
        clips.append(Clip(name, sum(map(len, rows)), len(features), captions, assigned="train"))
        rows.append(features)
    return Dataset(np.concatenate(rows), clips)


@pytest.mark.parametrize(
    ("kind", "caption", "checks"),
    [
        ("wave", "waves the left hand", ["left hand waves", "right hand stays below chest"]),
        ("wave", "wave", ["either hand waves"]),
        ("wave", "waves with the right, then with the left hand", []),
        ("jab", "a quick jab", ["either hand punches 1 to 12 times"]),
        ("jab", "Jab_L_2x", ["only left hand punches 2 times"]),
        ("point-side", "points to the side", ["either arm points aside", "stays within 1 m"]),
        ("look-side", "glances over", ["looks left or looks right", "stays within 0.7 m"]),
        ("jumping-jacks", "five jumping jacks", ["jacks 4 to 6 times"]),
        ("count", "jump_4x", ["jumps 4 times"]),
        ("sequence", "waves the left hand and then sits", ["left hand waves then sits"]),
        ("sequence", "sits down after waving", []),
        ("sequence", "After waving, a man sits", ["either hand waves then sits"]),
        ("sequence", "runs and runs", ["runs or moves at 1.6 to 9 m/s"]),
        ("while", "walks while waving the right hand", ["walks or goes forward", "right hand waves"]),
        ("dance", "dances", []),
    ],
)
def test_a_caption_asks_for_sides_counts_and_orders(kind, caption, checks):
    assert checks_of(kind, caption) == checks


def test_every_template_is_a_check_with_and_without_a_side_and_a_count():
    from motiongpt.backend.evaluation.animators.language import parse
    from motiongpt.backend.evaluation.practice.asked import _filled, _table

    kinds, _, acts = _table()
    templates = [template for _, checks in kinds for template in checks] + [check for _, check in acts]
    assert len(templates) > 150
    for template in templates:
        for text in ("one", "left three", "right", "moves"):
            filled = _filled(template, text)
            if filled:
                parse(filled)


def test_kinds_are_names_without_sets_and_numbers():
    assert kind_of(Clip("derived-share-alike/arrive-then_007.bvh", 0, 1)) == "arrive-then"
    assert kind_of(Clip("turn-90-04.bvh", 0, 1)) == "turn-90"
    assert kind_of(Clip("look-around-11.bvh", 0, 1)) == "look-around"


def test_what_a_clip_does_not_show_itself_is_not_asked():
    pose = standing(60)
    shown = [
        ("t-pose-01.bvh", ["stands in a T pose", "arms held out"], pose),
        ("t-pose-02.bvh", ["T pose, arms out to the sides"], pose),  # one of the animators' prompts
        ("t-pose-03.bvh", ["a T pose"], walking()),
        ("sit-idle-01.bvh", ["sits"], pose),
        ("unheard-of-01.bvh", ["juggles"], pose),
    ]
    found = asked(dataset_of(*shown))
    assert sorted(one.prompt.text for one in found) == ["arms held out", "stands in a T pose"]
    assert kinds_among(found) == 1
    assert {one.prompt.group for one in found} == {"t-pose"}
    assert {one.prompt.seconds for one in found} == {2.5}
    assert len(asked(dataset_of(*shown), most=1)) == 1


def test_a_data_set_of_which_nothing_can_be_checked_is_said():
    with pytest.raises(MotionGPTError, match="can be checked"):
        asked(dataset_of(("sit-idle-01.bvh", ["sits"], standing(60))))
