"""Motions that go elsewhere: distances, turns, paths, in place; and loops."""

import math
from dataclasses import replace

import numpy as np
import pytest
from support.walking import standing_still, steady, walking

from motiongpt.backend.engine import last_result
from motiongpt.backend.engines import load_engine
from motiongpt.backend.tasks import Generate
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion.feet.footing import feet_of
from motiongpt.retarget.motion.travel import seams, steering, track
from motiongpt.retarget.motion.travel.loops import looped, tiled
from motiongpt.retarget.motion.travel.paths import path, path_through
from motiongpt.retarget.motion.travel.steering import Course


def sliding(motion: Motion) -> float:
    """m/s at nine of ten frames of heels and toes that are in contact in two frames."""
    speed = np.linalg.norm(np.diff(feet_of(motion), axis=0), axis=-1) * motion.fps
    both = (motion.contacts[1:] > 0.5) & (motion.contacts[:-1] > 0.5)
    return float(np.quantile(speed[both], 0.9))


@pytest.mark.parametrize("metres", [2.0, 3.0, 4.0])
def test_a_distance_is_met_with_planted_feet(metres: float) -> None:
    motion = steering.with_distance(walking(steady(3.0)), metres)
    assert Course.of(motion).distance == pytest.approx(metres, rel=0.03)
    assert sliding(motion) < 0.15


def test_a_body_that_stands_does_not_slide_a_distance() -> None:
    assert Course.of(steering.with_distance(standing_still(), 3.0)).distance < 0.2


@pytest.mark.parametrize("degrees", [90.0, -60.0, 180.0])
@pytest.mark.parametrize("still", [False, True])
def test_a_turn_is_met(degrees: float, still: bool) -> None:
    motion = steering.with_turn(standing_still() if still else walking(steady(4.0)), math.radians(degrees))
    assert math.degrees(Course.of(motion).turned) == pytest.approx(degrees, abs=4.0)
    assert sliding(motion) < 0.5


def test_a_walk_follows_a_path() -> None:
    points = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 2.0], [2.0, 0.0, 3.0]])
    motion = steering.along(walking(steady(4.0)), path_through(points))
    ground = Course.of(motion).ground
    for point in points:
        assert np.linalg.norm(ground - point, axis=1).min() < 0.12
    assert np.linalg.norm(ground[-1] - points[-1]) < 0.12 and sliding(motion) < 0.3


def test_a_circle_ends_where_it_began() -> None:
    motion = steering.along(walking(steady(6.0)), path((6.0, 2.0 * math.pi)))
    assert np.linalg.norm(Course.of(motion).ground[-1] - Course.of(motion).ground[0]) < 0.3


@pytest.mark.parametrize("more", [-0.6, 0.8])
def test_ends_turn_and_the_way_stays(more: float) -> None:
    walk = walking(steady(6.0))
    less = steering.with_ends_turned(walk, more)
    before, after = Course.of(walk), Course.of(less)
    assert after.turned - before.turned == pytest.approx(-more, abs=0.15)
    middle = slice(len(walk) // 3, -len(walk) // 3)
    assert np.abs(after.facing - before.facing)[middle].max() < 0.01
    assert np.abs(after.ground - before.ground).max() < 0.02 and sliding(less) < 0.3


def test_a_path_through_points_keeps_its_length_when_placed() -> None:
    way = path_through(np.array([[0.0, 0.0, 0.0], [3.0, 0.0, 4.0]]))
    assert way.length == pytest.approx(5.0, abs=0.01)
    placed = way.placed(np.array([1.0, 0.0, 1.0]), 0.5)
    assert placed.length == pytest.approx(5.0, abs=0.01) and placed.places[0].tolist() == [1.0, 0.0, 1.0]


def test_a_motion_is_led_to_a_place() -> None:
    motion = steering.led_to(walking(steady(4.0)), np.array([0.6, 0.0, 3.4]), math.radians(20.0))
    course = Course.of(motion)
    assert np.linalg.norm(course.ground[-1] - [0.6, 0.0, 3.4]) < 0.1
    assert math.degrees(float(course.facing[-1])) == pytest.approx(20.0, abs=8.0)


def test_travel_is_taken_out_and_put_back() -> None:
    motion = walking(steady(3.0))
    still, travel = steering.in_place(motion)
    assert np.ptp(still.root_position[:, 2]) < 0.1
    np.testing.assert_allclose(steering.with_travel(still, travel).root_position, motion.root_position, atol=1e-12)


def test_a_track_is_straight_and_a_seam_keeps_its_speed() -> None:
    straight = track.straightened(walking(steady(3.0)))
    longer = seams.looped(straight, 5.0)
    step = np.linalg.norm(np.diff(longer.motion.root_position, axis=0), axis=1)
    assert longer.motion.duration == pytest.approx(5.0, abs=0.1) and step.max() < 1.3 * np.median(step)


def assert_closed(loop: Motion) -> None:
    """Pose, velocity and contacts meet: the step from the last frame to the first is like those beside it."""
    many, count = tiled(loop, 3), len(loop)
    velocity = np.diff(many.joints, axis=0) * many.fps  # (3 N - 1, 22, 3)
    change = np.linalg.norm(np.diff(velocity, axis=0), axis=-1).max(axis=1)
    inside, seam = change[: count - 3], change[count - 3 : count + 1]
    assert seam.max() < 1.5 * max(inside.max(), 0.3)
    course = Course.of(many)
    assert abs(course.facing[count] - course.facing[0]) < math.radians(0.5)
    assert abs(many.root_position[count, 1] - many.root_position[0, 1]) < 1e-6
    assert np.abs(loop.joints[0] - loop.joints[-1]).max() > 1e-6  # no doubled frame


def test_a_walk_loops_with_the_frames_of_its_strides() -> None:
    loop = looped(walking(steady(5.0)))
    assert loop.meta["loop"]["frames"] == len(loop)
    assert len(loop) % 30 in (0, 1, 29)  # a stride of the walker takes 30 frames
    assert loop.meta["loop"]["travel"][1] == pytest.approx(len(loop) / 30.0, abs=0.05)
    assert_closed(loop)


@pytest.mark.parametrize("turn", [0.0, 1.0])
def test_heading_drift_goes(turn: float) -> None:
    motion = steering.with_turn(walking(steady(5.0)), turn)
    assert_closed(looped(motion))


def test_who_stands_does_not_travel_from_lap_to_lap() -> None:
    body = standing_still()
    drifting = body.shifted(np.arange(len(body))[:, None] * np.array([0.0002, 0.0, 0.0004]))
    loop = looped(replace(drifting, contacts=np.ones_like(body.contacts)))
    assert loop.meta["loop"]["travel"] == [0.0, 0.0]
    assert np.linalg.norm(loop.joints[0] - loop.joints[-1], axis=-1).max() < 0.004


def test_what_is_too_short_for_a_loop_is_said() -> None:
    with pytest.raises(MotionGPTError, match="too short for a loop"):
        looped(walking(steady(0.6)))


@pytest.mark.parametrize(
    "text",
    ["a person walks forward", "a person runs forward", "a person stands still", "a person waves the right hand"],
)
def test_the_starters_motions_loop(text: str) -> None:
    engine = load_engine("starter", "cpu", "auto")
    motion = last_result(engine.generate(Generate(text, 4.0))).motions[0]
    assert_closed(looped(motion.resample(30.0)))


def test_a_cycle_in_place_travels_as_its_standing_foot_says() -> None:
    walk = walking(steady(4.0, 1.2))
    there = np.arange(len(walk))[:, None] * np.array([0.0, 0.0, 1.2 / 30.0])
    made = track.off_treadmill(walk.shifted(-there))
    assert np.linalg.norm(made.root_position[-1] - walk.root_position[-1]) < 0.15  # metres, of 4.8


@pytest.mark.parametrize("moves", [0.0, 3.0])
def test_a_target_is_watched_all_along(moves: float) -> None:
    motion = walking(steady(4.0))
    frames = len(motion)
    x, z = np.full(frames, 2.5), 1.0 + moves * np.arange(frames) / frames
    turned = steering.watching(motion, x, z)
    course = Course.of(turned)
    np.testing.assert_allclose(course.ground, Course.of(motion).ground, atol=0.03)
    wanted = np.arctan2(x - course.ground[:, 0], z - course.ground[:, 2])
    assert np.degrees(np.abs(course.facing - wanted)[5:-5]).max() < 12.0
    assert sliding(turned) < 0.5
