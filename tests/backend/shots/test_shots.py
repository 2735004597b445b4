"""Shots made on engines: blocks in order, one made again, numbers met."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support import fake_engine
from support.walking import standing_still, steady, walking

from motiongpt.backend.engine import last_result
from motiongpt.backend.engines import load_engine
from motiongpt.backend.evaluation.travel.distances import requests, travel
from motiongpt.backend.process import protocol
from motiongpt.backend.shots import fitting, making, seams, spans
from motiongpt.backend.shots.paths_csv import read_path
from motiongpt.backend.shots.plan import parts_of, seed_of, shares, shot_of, wish_of
from motiongpt.backend.tasks import Block, Shot
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion.travel.steering import Course

THREE = (Block("walks forward", 3.0), Block("waves", 2.0), Block("walks forward", 2.5))


@pytest.fixture(scope="module")
def starter():
    return load_engine("starter", "cpu", "auto")


@pytest.fixture(scope="module")
def shot(starter) -> Motion:
    return made(Shot(THREE), starter)


def made(task: Shot, engine, *motions: Motion) -> Motion:
    task.check_motions(motions)
    return last_result(task.answer(engine, motions)).motions[0]


def joint_speeds(motion: Motion, start: int, stop: int):
    return np.linalg.norm(np.diff(motion.joints[start:stop], axis=0), axis=-1) * motion.fps


def test_blocks_follow_each_other_with_the_seconds_asked_for(shot: Motion) -> None:
    assert [(b["start"], b["stop"]) for b in shot.meta["blocks"]] == [(0, 60), (60, 100), (100, 150)]
    assert Course.of(shot.slice(0, 60)).distance > 1.5 > Course.of(shot.slice(66, 100)).distance
    assert Course.of(shot.slice(100, 150)).distance > 1.0


def test_seams_are_no_faster_than_what_is_around_them(shot: Motion) -> None:
    fastest = max(joint_speeds(shot, 0, 60).max(), joint_speeds(shot, 110, 150).max())
    for start in (60, 100):
        assert joint_speeds(shot, start - 2, start + 12).max() <= 1.2 * fastest


def test_the_same_seed_gives_the_same_shot(starter, shot: Motion) -> None:
    again = made(Shot(THREE), starter)
    np.testing.assert_array_equal(again.rotations, shot.rotations)
    other = made(Shot((THREE[0], Block("waves", 2.0, 5), THREE[2])), starter)
    np.testing.assert_array_equal(other.rotations[:60], shot.rotations[:60])
    assert not np.array_equal(other.rotations[70:90], shot.rotations[70:90])


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_block_made_again_leaves_the_others_bit_for_bit(starter, shot: Motion, index: int) -> None:
    at_scene = spans.at_rate(shot, 30.0)
    blocks = tuple(Block("bows", b.seconds, 3) if i == index else b for i, b in enumerate(THREE))
    new = made(Shot(blocks, redo=index), starter, at_scene)
    start, stop = (new.meta["blocks"][index][key] for key in ("start", "stop"))
    outside = np.r_[0:start, stop : len(at_scene)]
    assert len(new) == len(at_scene) and new.meta["blocks"][index]["prompt"] == "bows"
    for name in ("rotations", "root_position", "contacts"):
        np.testing.assert_array_equal(getattr(new, name)[outside], getattr(at_scene, name)[outside])
    assert not np.array_equal(new.rotations[start:stop], at_scene.rotations[start:stop])
    around = joint_speeds(new, max(0, start - 3), min(len(new), stop + 4))
    assert around.max() < 8.0


def test_carried_along_the_rest_keeps_its_poses(starter, shot: Motion) -> None:
    new = made(Shot((THREE[0], Block("turns 90 degrees left", 2.0), THREE[2]), redo=1, carry=True), starter, shot)
    np.testing.assert_allclose(new.rotations[100:, 1:], shot.rotations[100:, 1:], atol=1e-12)
    steps = [np.linalg.norm(np.diff(m.root_position[100:], axis=0), axis=1) for m in (new, shot)]
    np.testing.assert_allclose(steps[0], steps[1], atol=1e-9)


def test_blocks_without_meta_are_found_by_their_seconds(shot: Motion) -> None:
    bare = Motion(shot.rotations, shot.root_position, shot.fps, shot.contacts)
    assert spans.spans_of(Shot(THREE), bare) == [(0, 60), (60, 100), (100, 150)]
    with pytest.raises(MotionGPTError, match="do not cover"):
        spans.spans_of(Shot(THREE[:2]), bare)


@pytest.mark.parametrize("text", ["walks 2 metres", "runs 6 m", "walks backward 1.5 m", "waves, then walks 3 m"])
def test_distances_are_met(starter, text: str) -> None:
    task = shot_of(text)
    said = made(task, starter).meta["blocks"][-1]
    assert said["distance"] == pytest.approx(wish_of(task.blocks[-1]).distance, rel=0.05)


def test_a_way_in_numbers_keeps_the_length_of_steps(starter) -> None:
    asked = tuple(r for r in requests() if r.text in ("a person walks 4 meters", "runs ten metres"))
    found = travel(starter, asked, 0, lambda done, count: None)
    assert len(found) == 2 and all(0.67 < one.steps < 1.5 for one in found)


@pytest.mark.parametrize("text", ["walks to the left for 3 m", "runs 5 m to the right", "sidesteps right 1.5 m"])
def test_a_way_to_a_side_goes_there(starter, text: str) -> None:
    course = Course.of(made(shot_of(text), starter))
    away, facing = course.ground[-1] - course.ground[0], course.facing[:5].mean()
    wanted = facing + (0.5 if "left" in text else -0.5) * math.pi
    assert abs(math.remainder(math.atan2(away[0], away[2]) - wanted, 2 * math.pi)) < math.radians(35)
    assert course.distance == pytest.approx(wish_of(shot_of(text).blocks[0]).distance, rel=0.05)


def test_turns_are_met(starter) -> None:
    turned = made(shot_of("walks forward, then turns 90 degrees right"), starter)
    assert turned.meta["blocks"][1]["turn"] == pytest.approx(-90.0, abs=6.0)


@pytest.mark.parametrize("model", ["open", "starter"])
def test_a_circle_closes_and_its_body_turns_once(model: str) -> None:
    around = made(shot_of("walks in a circle to the left"), load_engine(model, "cpu", "auto"))
    assert around.duration == pytest.approx(6.0, abs=0.1)
    assert around.meta["blocks"][0]["turn"] == pytest.approx(360.0, abs=12.0)
    assert np.linalg.norm((around.root_position[-1] - around.root_position[0])[[0, 2]]) < 0.35


def test_a_path_with_times_is_followed(starter) -> None:
    points = ((0.0, 0.0, 0.0), (0.0, 2.0, 2.0), (2.0, 3.0, 4.0))
    motion = made(Shot((Block("walks", 4.0, path=points),)), starter)
    for x, z, t in points:
        frame = min(round(t * motion.fps), len(motion) - 1)
        assert np.linalg.norm(motion.root_position[frame, [0, 2]] - (x, z)) < 0.15


def test_a_target_is_faced_at_the_end(starter) -> None:
    motion = made(Shot((Block("walks forward", 3.0, facing=(-3.0, 1.0)),)), starter)
    course = Course.of(motion)
    away = np.array([-3.0, 1.0]) - motion.root_position[-1, [0, 2]]
    assert abs(math.remainder(math.atan2(*away) - course.facing[-5:].mean(), 2 * math.pi)) < math.radians(15)


def test_in_place_does_not_travel(starter) -> None:
    motion = made(Shot((Block("runs", 3.0, in_place=True),)), starter)
    assert np.ptp(motion.root_position[:, [0, 2]], axis=0).max() < 0.35


def test_much_time_for_a_short_way_is_stood_still() -> None:
    walk, rest = parts_of(wish_of(Block("walks 2 m", 8.0)))
    assert walk.seconds < 3.0 and walk.seconds + rest.seconds == pytest.approx(8.0) and rest.block.in_place
    assert len(parts_of(wish_of(Block("walks 2 m", 2.2)))) == len(parts_of(wish_of(Block("walks", 8.0)))) == 1


def test_seconds_are_shared_by_what_actions_take() -> None:
    walk, bow = shares([3.0, 2.0], 10.0)
    assert walk > bow and walk + bow == pytest.approx(10.0)
    with pytest.raises(MotionGPTError, match="too short"):
        shares([3.0, 2.0], 0.9)
    assert seed_of(Shot(THREE), 0, 0) != seed_of(Shot(THREE), 2, 0)


def test_the_candidate_that_needs_least_is_chosen() -> None:
    near, far = walking(steady(3.0, 0.7)), walking(steady(3.0, 1.4))
    assert fitting.best([far, near], wish_of(Block("walks 2 m", 3.0))) is near
    assert fitting.best([far, near], wish_of(Block("walks", 3.0))) is far


def test_without_a_transition_model_blocks_are_eased_into_each_other() -> None:
    engine = fake_engine.make("fake", "cpu")
    motion = made(Shot(THREE[:2]), engine)
    assert len(motion) == 100 and making.CANDIDATES > 1
    assert np.linalg.norm(np.diff(motion.root_position, axis=0), axis=1).max() < 0.3


def test_a_gap_is_longer_between_poses_that_are_further_apart() -> None:
    stand, walk = standing_still(), walking(steady(3.0))
    low = stand.shifted(np.array([0.0, -0.4, 0.0]))
    assert seams.gap_seconds(stand, stand) < seams.gap_seconds(stand, low)
    assert np.linalg.norm(seams.placed_after(walk, walk, 9).root_position[0] - walk.root_position[-1]) > 0.25


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"blocks": ()}, "no blocks"),
        ({"blocks": (Block(""),)}, "empty"),
        ({"blocks": THREE, "redo": 3}, "no block 4"),
        ({"blocks": (Block("walks", -1.0),)}, "can't last"),
        ({"blocks": (Block("walks", distance=math.nan),)}, "distance"),
        ({"blocks": (Block("walks", turn=math.inf),)}, "turn"),
        ({"blocks": (Block("walks", path=((0.0, 0.0), (1.0, 1.0, 1.0))),)}, "don't fit"),
        ({"blocks": (Block("walks", path=((0.0, 0.0, 1.0), (1.0, 1.0, 1.0))),)}, "do not rise"),
        ({"blocks": tuple(Block("walks") for _ in range(65))}, "65 actions"),
    ],
)
def test_what_can_not_be_made_is_said(fields, words: str) -> None:
    with pytest.raises(MotionGPTError, match=words) as error:
        Shot(**fields).check()
    assert error.value.cure


def test_a_shot_goes_over_the_wire() -> None:
    task = Shot((Block("walks", 3.0, 2, path=((0.0, 0.0), (1.0, 2.0)), facing=(1.0, 0.0)), THREE[1]), redo=1)
    assert protocol.decode(protocol.encode("1", task)).message == task


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "x,z\n", "0,0\n1,1,1\n", "nan,0\n1,1\n", "\0"])
def test_a_file_that_is_no_path_is_refused_in_words(tmp_path: Path, text: str) -> None:
    file = tmp_path / "path.csv"
    file.write_text(text)
    with pytest.raises(MotionGPTError) as error:
        read_path(file)
    assert error.value.cure


def test_paths_are_read_with_names_and_without(tmp_path: Path) -> None:
    file = tmp_path / "path.csv"
    for text in ("x,z,t\n0,0,0\n\n1,2,3\n", "0,0,0\n1,2,3"):
        file.write_text(text)
        assert read_path(file) == ((0.0, 0.0, 0.0), (1.0, 2.0, 3.0))


def test_a_shot_goes_on_from_a_motion_that_is_sent_along(starter, shot: Motion) -> None:
    before = spans.at_rate(shot, 30.0).slice(0, 60).placed(np.array([2.0, 0.0, 1.0]), np.array([0.6, 0.0, 0.8, 0.0]))
    new = made(Shot((Block("waves", 2.0), Block("walks forward", 3.0))), starter, before)
    assert (new.fps, len(new)) == (30.0, 60 + 60 + 90)
    for name in ("rotations", "root_position", "contacts"):
        np.testing.assert_array_equal(getattr(new, name)[:60], getattr(before, name))
    assert [(b["start"], b["stop"]) for b in new.meta["blocks"]] == [(60, 120), (120, 210)]
    assert joint_speeds(new, 55, 80).max() < 8.0
    assert Course.of(new.slice(140, 210)).distance > 1.0
    turned = seams.facing_at(new.slice(0, 60), -1) - seams.facing_at(new.slice(60, 90), 0)
    assert abs(math.remainder(turned, 2.0 * math.pi)) < 0.5


def test_a_shot_takes_one_motion_at_most(shot: Motion) -> None:
    with pytest.raises(MotionGPTError, match="2 motions"):
        Shot(THREE).check_motions([shot, shot])


def test_a_stated_blend_is_as_long_as_it_says(starter) -> None:
    short, long = (made(Shot(THREE[:2], blend=seconds), starter) for seconds in (0.1, 0.6))
    same = [k for k in range(60, 100) if np.allclose(short.rotations[k, 16:18], long.rotations[k, 16:18], atol=0.05)]
    assert 68 <= min(same) <= 73  # the wave is the same from about the longer blend's end on
    with pytest.raises(MotionGPTError, match="last -1"):
        made(Shot(THREE, blend=-1.0), starter)


@pytest.mark.parametrize(
    ("task", "motions"),
    [
        (Shot((Block("walks forward", 600.0), Block("waves", 600.0))), ()),
        (Shot((Block("walks 5000 meters"),)), ()),
        (Shot((Block("walks forward", distance=9_000.0, speed=0.01),)), ()),
        (Shot((Block("walks forward", 100.0),) * 3, variations=16), ()),
        (Shot((Block("walks forward", 30.0),)), (replace(standing_still(60.0), fps=1_000.0),)),
    ],
    ids=["many seconds", "a long way in words", "a slow long way", "many takes", "a high rate"],
)
def test_what_a_shot_would_make_is_bounded_before_it_is(task: Shot, motions: tuple[Motion, ...]) -> None:
    engine = fake_engine.make("fake", "cpu")
    with pytest.raises(MotionGPTError) as caught:
        made(task, engine, *motions)
    assert caught.value.kind == "too_large" and caught.value.cure
    assert engine.requests == []
