"""Movement that is bent, looped, joined and repeated keeps its feet where they stand and its speed at the seams."""

import numpy as np
import pytest
from support.walking import standing_still, starting, steady, stopping, walking

from motiongpt.backend.dataset.derived.measures import accelerations, sliding
from motiongpt.backend.dataset.derived.motion.counts import count_of, find_peaks, repetition_of
from motiongpt.backend.dataset.derived.motion.journeys import count_steps, journey
from motiongpt.backend.dataset.derived.motion.layers import arm_held, arms_of, tilted
from motiongpt.backend.dataset.derived.motion.manners import MANNERS, with_manner
from motiongpt.backend.dataset.derived.motion.sequences import joined, placed_after, repeated, trimmed
from motiongpt.backend.dataset.derived.motion.specials import hopping, moonwalk, on_stairs
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.feet.footing import feet_of
from motiongpt.retarget.motion.skeleton import JOINT
from motiongpt.retarget.motion.travel.paths import bent, path, turned_on_spot
from motiongpt.retarget.motion.travel.seams import cycle_of, followed, looped
from motiongpt.retarget.motion.travel.track import Track, at_frames, find_steps, straightened

PI = float(np.pi)
SLIDE = 0.05  # metres a second


@pytest.fixture(scope="module")
def walk() -> Track:
    return looped(straightened(walking(steady(5.0))), 8.0)


def _gone(motion: Motion) -> float:
    away = motion.root_position[-1] - motion.root_position[0]
    return float(np.hypot(away[0], away[2]))


def _heading(motion: Motion) -> float:
    """Radians turned from the first frame to the last, to the left."""
    ahead = rot.rotate(motion.rotations[:, 0], np.array([0.0, 0.0, 1.0]))
    angle = np.unwrap(np.arctan2(ahead[:, 0], ahead[:, 2]))
    return float(angle[-1] - angle[0])


def test_frames_between_frames_lie_on_a_curve_not_on_a_line() -> None:
    time = np.arange(20.0)
    place = np.stack([0.0 * time, time**2, 0.0 * time], axis=-1)
    motion = Motion(np.tile(rot.IDENTITY, (20, 22, 1)), place, 30.0, np.zeros((20, 4)))
    between = at_frames(motion, np.array([5.5, 9.25]))
    assert between.root_position[:, 1] == pytest.approx([5.5**2, 9.25**2])


def test_steps_are_found_in_a_walk() -> None:
    steps = [s for s in find_steps(walking(steady(4.0))) if s.point == 1]
    assert 4 <= len(steps) <= 5  # a stride is a metre, the walk four


def test_a_slightly_curved_walk_is_straightened() -> None:
    curved = bent(straightened(walking(steady(6.0))), path((6.0, 0.5)))
    straight = straightened(curved)
    assert np.ptp(curved.root_position[:, 0]) > 0.8
    assert np.abs(straight.motion.root_position[:, 0]).max() < 0.05
    assert straight.distance == pytest.approx(5.95, rel=0.03)


@pytest.mark.parametrize("turn", [2 * PI, -2 * PI])
def test_a_circle_closes_and_its_feet_stand(walk: Track, turn: float) -> None:
    long = looped(walk, 7.0)
    round_trip = long.distance
    motion = bent(long, path((round_trip, turn), ease=0.1))
    radius = round_trip / (2 * PI)
    assert _heading(motion) == pytest.approx(turn, abs=0.15)
    assert _gone(motion) < 0.3
    assert np.ptp(motion.root_position[:, 2]) == pytest.approx(2 * radius, rel=0.1)  # it leans inwards
    assert sliding(motion, long.steps) < SLIDE


def test_an_eight_turns_both_ways(walk: Track) -> None:
    loop = walk.distance / 2
    motion = bent(walk, path((loop, 2 * PI), (loop, -2 * PI)))
    assert _gone(motion) < 0.8
    middle = motion.slice(0, len(motion) // 2)
    assert _heading(middle) > 4.5
    assert abs(_heading(motion)) < 0.5


def test_steps_grow_with_the_scale_and_feet_still_stand(walk: Track) -> None:
    for scale in (0.6, 1.2):
        motion = bent(walk, path((1.0, 0.0)), scale)
        assert _gone(motion) == pytest.approx(walk.distance * scale, rel=0.03)
        assert sliding(motion, walk.steps) < SLIDE


@pytest.mark.parametrize("metres", [1.0, 2.0, 3.0, 6.0])
def test_a_distance_asked_for_is_met(metres: float) -> None:
    begin, end = straightened(walking(starting(5.0))), straightened(walking(stopping(5.0)))
    middle = straightened(walking(steady(4.0))) if metres > 4.0 else None
    track = journey(begin, middle, end, metres)
    assert _gone(track.motion) == pytest.approx(metres, rel=0.05)
    assert sliding(track.motion, track.steps) < SLIDE
    assert abs(count_steps(track) - 2.0 * metres) <= 2  # half a metre a step


def test_a_turn_on_the_spot_stays_there() -> None:
    track = journey(straightened(walking(starting(5.0))), None, straightened(walking(stopping(5.0))), 1.5)
    motion = turned_on_spot(track, PI / 2, 40, len(track) - 40)
    assert _heading(motion) == pytest.approx(PI / 2, abs=0.1)
    assert _gone(motion) < 0.2
    assert sliding(motion, track.steps) < SLIDE


def test_a_loop_neither_jumps_nor_slows_down() -> None:
    source = straightened(walking(steady(5.0, 1.1)))
    start, stop = cycle_of(source)
    long = looped(source, 12.0, (start, stop))
    speed = np.gradient(long.travelled) * 30.0
    assert speed[-60:].mean() == pytest.approx(speed[:60].mean(), rel=0.03)
    usual = np.linalg.norm(np.diff(source.motion.joints, axis=0), axis=-1).max(axis=1)
    made = np.linalg.norm(np.diff(long.motion.joints, axis=0), axis=-1).max(axis=1)
    assert made.max() <= np.percentile(usual, 99) * 1.05


def test_at_a_seam_speed_goes_on() -> None:
    first, second = walking(steady(3.0)), walking(steady(3.0) + 0.2)
    whole = followed(first, placed_after(first, second), 0.4)
    usual = np.linalg.norm(np.diff(first.joints, axis=0), axis=-1).max(axis=1)
    seam = np.linalg.norm(np.diff(whole.joints, axis=0), axis=-1).max(axis=1)[len(first) - 3 : len(first) + 3]
    assert seam.max() <= np.percentile(usual, 99) * 1.05
    assert accelerations(whole).max() < 2.0 * accelerations(first).max() + 20.0


def test_actions_are_joined_where_the_body_is() -> None:
    walk = bent(straightened(walking(stopping(4.0))), path((2.0, PI / 2), (2.0, 0.0)))
    whole = joined([walk, standing_still()], None)
    assert len(whole) == len(walk) + 90
    assert np.linalg.norm(whole.root_position[-1] - walk.root_position[-1]) < 0.15
    assert _heading(whole.slice(len(walk) - 1, len(whole))) == pytest.approx(0.0, abs=0.05)


def test_stillness_around_an_action_is_trimmed() -> None:
    motion = trimmed(walking(starting(4.0)), margin=0.2)
    assert 0.2 <= (120 - len(motion)) / 30.0 <= 1.0


def _arm_raises(count: int) -> Motion:
    """A standing body that lifts both arms overhead so many times, a second each."""
    body = standing_still(count + 1.5)
    time = np.arange(len(body)) / 30.0
    up = np.where((time > 0.5) & (time < count + 0.5), np.cos(2 * PI * time), -1.0) * 1.2 + 0.1
    rotations = body.rotations.copy()
    for side, sign in (("left", 1.0), ("right", -1.0)):
        rotations[:, JOINT[f"{side}_shoulder"]] = rot.from_axis_angle((0.0, 0.0, 1.0), sign * up)
    return Motion(rotations, body.root_position, 30.0, body.contacts)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_what_is_repeated_is_counted_again(count: int) -> None:
    source = _arm_raises(3)
    assert len(count_of(source, "jack")) == 3
    how = repetition_of(source, "jack")
    assert len(count_of(repeated(source, how.unit, how.ends, count), "jack")) == count


def test_a_ripple_is_no_peak() -> None:
    assert find_peaks(np.array([0.0, 1.0, 0.95, 1.0, 0.0, 0.3, 0.0]), 0.5) == [1]


@pytest.mark.parametrize("name", sorted(MANNERS))
def test_a_manner_changes_the_body_but_feet_stand(walk: Track, name: str) -> None:
    made = with_manner(walk, MANNERS[name], np.random.default_rng(3))
    assert sliding(made.motion, made.steps) < SLIDE
    assert made.motion.joints[..., 1].min() > -0.03
    assert made.distance == pytest.approx(walk.distance * MANNERS[name].step, rel=0.02)
    count = min(len(made), len(walk))
    change = np.abs(made.motion.joints[:count] - walk.motion.joints[:count]).max()
    assert change > 0.1


def test_a_spared_leg_bears_weight_for_a_shorter_time(walk: Track) -> None:
    made = with_manner(walk, MANNERS["limp-left"], np.random.default_rng(0))
    stood = [sum(s.stop - s.start for s in made.steps if s.point == toe) for toe in (1, 3)]
    assert stood[0] < 0.93 * stood[1]


def test_stairs_rise_a_riser_a_step(walk: Track) -> None:
    up, down = on_stairs(walk, True), on_stairs(walk, False)
    risen = up.motion.root_position[-15, 1] - up.motion.root_position[15, 1]
    assert risen == pytest.approx(0.17 * 2 * (walk.distance - 1.0), rel=0.15)  # two steps a metre of the walk
    assert down.motion.root_position[-1, 1] < down.motion.root_position[0, 1] - 1.0
    assert down.motion.joints[..., 1].min() > -0.05


@pytest.mark.parametrize(("side", "hops"), [(0, 3), (1, 6)])
def test_hops_are_as_many_as_asked_for(side: int, hops: int) -> None:
    motion = hopping(standing_still(), side, hops, 0.4, np.random.default_rng(1))
    toe = motion.joints[:, JOINT[("left_foot", "right_foot")[side]], 1]
    assert len(find_peaks(toe, 0.05)) == hops
    assert _gone(motion) == pytest.approx(0.4 * hops, rel=0.1)
    other = motion.joints[30:-5, JOINT[("right_foot", "left_foot")[side]], 1]
    assert other.min() > 0.1


def test_the_moonwalk_goes_backwards_on_the_floor() -> None:
    motion = moonwalk(standing_still(), 4.0, 0.3, np.random.default_rng(1))
    assert motion.root_position[-1, 2] < motion.root_position[0, 2] - 1.0
    assert feet_of(motion)[:, [1, 3], 1].max() < 0.08


def test_posture_layers() -> None:
    body = standing_still()
    head = body.joints[:, JOINT["head"], 2]
    assert (tilted(body, forward=30.0).joints[:, JOINT["head"], 2] - head).min() > 0.1
    held = arm_held(body, "left", (0.0, 0.0, 1.0), (0.0, 0.0, 1.0))
    assert (held.joints[:, JOINT["left_wrist"], 2] - body.joints[:, JOINT["left_wrist"], 2]).min() > 0.3
    borrowed = arms_of(body, held.slice(0, 40), ("left",))
    assert len(borrowed) == 40
    assert borrowed.joints[:, JOINT["left_wrist"]] == pytest.approx(held.joints[:40, JOINT["left_wrist"]], abs=1e-6)
