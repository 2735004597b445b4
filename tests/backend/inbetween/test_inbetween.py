"""Keyed poses: exact at every key, smooth around them, whatever lies between."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from motiongpt.backend.commands.cli import main
from motiongpt.backend.engine import Engine, Progress, Result
from motiongpt.backend.engines import load_engine
from motiongpt.backend.inbetween.exact import pinned, softened, spread, whole_poses
from motiongpt.backend.inbetween.grid import Grid
from motiongpt.backend.inbetween.interpolation import interpolate
from motiongpt.backend.inbetween.network_input import add_offsets, curves, interpolate_gap, joints_from_root
from motiongpt.backend.inbetween.request import given_channels
from motiongpt.backend.model_folder import find_model
from motiongpt.backend.tasks import Inbetween
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.files.npz import load_npz
from motiongpt.retarget.files.reading import write_motion
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.joining import on_canonical_body
from motiongpt.retarget.motion.known import WHOLE, Known
from motiongpt.retarget.motion.skeleton import CONTACT_JOINTS, JOINT, REST_OFFSETS, global_rotations, local_rotations


def wandering(frames: int, size: float, seed: int = 0, fps: float = 30.0) -> Motion:
    """Random motion that is smooth over a few frames."""
    rng = np.random.default_rng(seed)
    time = np.arange(frames) / 30.0
    waves = np.stack(
        [np.sin(2 * np.pi * f * time + p) for f, p in zip((0.3, 0.7, 1.1), rng.uniform(0, 6, 3), strict=True)], -1
    )
    vectors = (waves @ rng.normal(0, size, (3, 22 * 3))).reshape(frames, 22, 3)
    root = waves @ rng.normal(0, size / 2, (3, 3)) + [0.0, 0.93, 0.0]
    return Motion(rot.from_rotation_vector(vectors), root, fps, np.zeros((frames, 4)))


def standing(frames: int, fps: float = 30.0) -> Motion:
    rotations = np.tile(rot.IDENTITY, (frames, 22, 1))
    rotations[:, JOINT["left_shoulder"]] = rot.from_axis_angle((0, 0, 1), -1.2)
    rotations[:, JOINT["right_shoulder"]] = rot.from_axis_angle((0, 0, 1), 1.2)
    still = Motion(rotations, np.zeros((frames, 3)), fps, np.zeros((frames, 4)))
    return still.on_floor()


def finish(events: object) -> Result:
    last = None
    for last in events:  # type: ignore[attr-defined]
        assert isinstance(last, Progress | Result)
    assert isinstance(last, Result)
    return last


@pytest.fixture(scope="module")
def engine() -> Engine:
    if "inbetween" not in find_model("starter")[1].tasks:
        pytest.skip("this copy of the starter model has no transition model")
    return load_engine("starter")


def test_spread_passes_through_its_values_with_a_continuous_slope() -> None:
    keys = np.array([10, 11, 12, 40, 60, 61])
    values = np.array([0.0, 1.0, 2.0, 3.0, 3.5, 3.4])[:, None]
    fine = spread(keys * 100, values, 8000, 1200.0)[:, 0]
    np.testing.assert_allclose(fine[keys * 100], values[:, 0], atol=1e-12)
    assert np.abs(np.diff(fine, n=2)).max() < 1e-3  # a kink would be as large as the slopes, 1e-2
    assert fine[0] == pytest.approx(fine[100], abs=1e-9)  # the slope has run out


def test_spread_does_not_overshoot_between_keys_that_rise() -> None:
    out = spread(np.array([0, 20, 25, 60]), np.array([0.0, 1.0, 4.0, 4.2])[:, None], 61, 12.0)[:, 0]
    assert np.diff(out).min() > -1e-9


def test_pinned_channels_are_bit_for_bit_and_others_are_left() -> None:
    made, target = wandering(90, 0.1), wandering(90, 0.4, seed=1)
    known = np.zeros((90, 23), dtype=bool)
    known[[0, 1, 2, 30, 32, 89]] = True
    known[60, [3, 6, 9, 20]] = True
    known[:, 15] = False  # the head is nowhere given
    out = softened(pinned(made, target, known), known)
    joints, root = known[:, :22], known[:, 22]
    np.testing.assert_array_equal(out.rotations[joints], target.rotations[joints])
    np.testing.assert_array_equal(out.root_position[root], target.root_position[root])
    assert rot.angle_between(out.rotations[:, 15], made.rotations[:, 15]).max() < 1e-7


def test_pinned_motion_keeps_its_velocity_through_keys() -> None:
    """The same motion with an offset that grows from key to key: no key may show in its second derivative."""
    made = wandering(120, 0.2)
    lift = np.zeros((120, 3))
    lift[:, 1] = np.linspace(0.0, 0.5, 120)
    target = Motion(made.rotations, made.root_position + lift, 30.0, made.contacts)
    out = pinned(made, target, whole_poses(np.array([0, 40, 80, 119]), 120))
    extra = np.diff(out.root_position - made.root_position, n=2, axis=0)
    # A smoothstep between keys stops at each of them and starts again: its bends are 6 * step / gap^2.
    assert np.abs(extra[30:90]).max() < 0.35 * 6 * (0.5 / 3) / 40**2


def test_softened_takes_jerks_away_from_keys() -> None:
    motion = wandering(61, 0.05)
    bent = motion.root_position.copy()
    bent[:, 0] += np.abs(np.arange(61) - 30) * 0.05  # turns round within a frame, 3 m/s at that
    jerky = Motion(motion.rotations, bent, 30.0, motion.contacts)
    known = whole_poses(np.array([0, 30, 60]), 61)
    out = softened(jerky, known)
    before, after = (np.abs(np.diff(m.root_position, n=2, axis=0)).max() for m in (jerky, out))
    assert before > 0.09 and after < 0.04
    np.testing.assert_array_equal(out.root_position[[0, 30, 60]], bent[[0, 30, 60]])


def test_interpolation_goes_channel_by_channel() -> None:
    motion = wandering(41, 0.3)
    known = whole_poses(np.array([0, 40]), 41)
    known[20, 5] = True
    rotations, root = interpolate(motion.rotations, motion.root_position, known)
    np.testing.assert_allclose(root[10], 0.75 * motion.root_position[0] + 0.25 * motion.root_position[40])
    half = rot.slerp(motion.rotations[0], motion.rotations[40], 0.5)
    assert rot.angle_between(rotations[20, 6], half[6]) < 1e-6
    assert rot.angle_between(rotations[20, 5], motion.rotations[20, 5]) < 1e-6


def test_input_kinematics_agree_with_the_skeleton() -> None:
    motion = wandering(5, 0.8)
    np.testing.assert_allclose(global_rotations(motion.rotations), motion.global_rotations, atol=1e-12)
    np.testing.assert_allclose(local_rotations(motion.global_rotations), motion.rotations, atol=1e-12)
    joints = joints_from_root(rot.to_sixd(motion.global_rotations)) + motion.root_position[:, None]
    np.testing.assert_allclose(joints, motion.joints, atol=1e-12)


def test_without_offsets_the_model_says_what_interpolation_says() -> None:
    motion = wandering(2, 0.5)
    a, b = (motion.rotations[:1], motion.rotations[1:]), (motion.root_position[:1], motion.root_position[1:])
    between = interpolate_gap(a, b, np.array([[0.0, 0.25, 1.0]]))
    rotations, root = add_offsets(between, np.zeros((1, 3, 135)))
    assert rot.angle_between(rotations[0], rot.slerp(a[0], a[1], np.array([[0.0], [0.25], [1.0]]))).max() < 1e-6
    np.testing.assert_allclose(root[0, [0, 2]], motion.root_position, atol=1e-12)


@pytest.mark.parametrize("frames", [1, 5, 45, 120])
def test_curves_are_zero_at_both_keys(frames: int) -> None:
    time = np.arange(frames + 2.0)
    values = curves(time, np.full_like(time, frames))
    assert np.abs(values[[0, -1]]).max() < 1e-9 and np.abs(values[1:-1]).max() > 0.1


@pytest.mark.parametrize("fps", [12.0, 24.0, 25.0, 29.97, 30.0, 60.0])
def test_keys_fall_on_the_grid_at_every_rate(fps: float) -> None:
    motion = wandering(100, 0.3, fps=fps)
    known = whole_poses(np.array([0, 1, 2, 3, 4, 5, 37, 39, 98]), 100)
    grid = Grid.of(known, fps, 30.0)
    assert {0, 5, 37, 39, 98} <= set(np.round(grid.times, 9))
    assert (np.diff(grid.times) > 0).all()
    poses, given = grid.poses(motion, known)
    back = grid.to_scene(poses, 100)
    keys = [5, 37, 39, 98]
    assert rot.angle_between(back.rotations[keys], motion.rotations[keys]).max() < 1e-6
    assert given.any(axis=1).sum() >= 5


@pytest.mark.parametrize(
    ("keep", "known"),
    [((), None), ((-1,), None), ((10,), None), ((0, 5), (1,)), ((0,), (0,)), ((0,), (1 << 23,))],
)
def test_requests_that_do_not_fit_are_refused(keep: tuple[int, ...], known: tuple[int, ...] | None) -> None:
    with pytest.raises(MotionGPTError) as caught:
        given_channels(Inbetween(keep, known=known), 10)
    assert caught.value.cure


def reaching(frames: int) -> Motion:
    """Stands; at the end the arms are up."""
    motion = standing(frames)
    rotations = motion.rotations.copy()
    rotations[-1, JOINT["left_shoulder"]] = rot.from_axis_angle((0, 0, 1), 1.2)
    return Motion(rotations, motion.root_position, motion.fps, motion.contacts)


def upside_down(frames: int) -> Motion:
    """Far from anything that was recorded."""
    motion = wandering(frames, 1.5, seed=3)
    return Motion(motion.rotations, motion.root_position + [0.0, 0.8, 0.0], motion.fps, motion.contacts)


def turned_round(frames: int) -> Motion:
    motion = standing(frames)
    rotations = motion.rotations.copy()
    rotations[-1, 0] = rot.from_axis_angle((0, 1, 0), np.pi)
    return Motion(rotations, motion.root_position, motion.fps, motion.contacts)


def five_metres(frames: int) -> Motion:
    motion = standing(frames)
    root = motion.root_position.copy()
    root[:, 2] += np.linspace(0.0, 5.0, frames)
    return Motion(motion.rotations, root, motion.fps, motion.contacts)


def jumping(frames: int) -> Motion:
    motion = standing(frames)
    root = motion.root_position.copy()
    root[frames // 2, 1] += 0.5
    return Motion(motion.rotations, root, motion.fps, motion.contacts)


HARD = {
    "arms up": (reaching(31), (0, 30)),
    "far from anything": (upside_down(61), (0, 20, 40, 60)),
    "two frames apart": (wandering(41, 0.3), (0, 18, 20, 22, 40)),
    "mid-air": (jumping(41), (0, 20, 40)),
    "mirrored": (upside_down(61).mirror(), (0, 20, 40, 60)),
    "turned round": (turned_round(31), (0, 30)),
    "five metres in a second": (five_metres(31), (0, 30)),
}


@pytest.mark.parametrize("name", HARD)
def test_hard_keys_are_exact_and_nothing_jumps(engine: Engine, name: str) -> None:
    motion, keep = HARD[name]
    out = finish(engine.inbetween(Inbetween(keep), motion)).motions[0]
    kept = list(keep)
    assert len(out) == len(motion)
    np.testing.assert_array_equal(out.rotations[kept], motion.rotations[kept])
    np.testing.assert_array_equal(out.root_position[kept], motion.root_position[kept])
    assert np.isfinite(out.joints).all()
    # No step may be much longer than the keys' own distance asks for.
    steps = np.linalg.norm(np.diff(out.joints, axis=0), axis=-1).max(axis=1)
    ways = [
        np.linalg.norm(motion.joints[b] - motion.joints[a], axis=-1).max() / (b - a)
        for a, b in itertools.pairwise(kept)
    ]
    assert steps.max() < 4.0 * max(ways) + 0.1


def test_content_of_free_frames_and_channels_does_not_matter(engine: Engine) -> None:
    motion, other = standing(61), upside_down(61)
    arms = Known.of(JOINT[f"{s}_{k}"] for s in ("left", "right") for k in ("shoulder", "elbow", "wrist"))
    keep, bits = (0, 30, 60), (WHOLE.bits, arms.bits, WHOLE.bits)
    known = given_channels(Inbetween(keep, known=bits), len(motion))
    rotations = np.where(known[:, :22, None], motion.rotations, other.rotations)
    root = np.where(known[:, 22:], motion.root_position, other.root_position)
    mixed = Motion(rotations, root, 30.0, other.contacts)
    a, b = (finish(engine.inbetween(Inbetween(keep, known=bits), m)).motions[0] for m in (motion, mixed))
    np.testing.assert_allclose(a.joints, b.joints, atol=1e-9)
    np.testing.assert_array_equal(b.rotations[known[:, :22]], motion.rotations[known[:, :22]])


def test_only_hands_keyed(engine: Engine) -> None:
    motion = reaching(31)
    bits = Known.of([JOINT["left_shoulder"]]).bits
    out = finish(engine.inbetween(Inbetween((0, 30), known=(bits, bits)), motion)).motions[0]
    shoulder = JOINT["left_shoulder"]
    np.testing.assert_array_equal(out.rotations[[0, 30], shoulder], motion.rotations[[0, 30], shoulder])
    assert np.isfinite(out.joints).all() and out.joints[..., 1].min() > -0.3


def test_feet_that_stand_in_both_keys_stay(engine: Engine) -> None:
    out = finish(engine.inbetween(Inbetween((0, 30)), reaching(31))).motions[0]
    feet = out.joints[:, CONTACT_JOINTS]
    assert np.linalg.norm(feet - feet[:1], axis=-1).max() < 0.01


def test_a_character_on_a_roof_is_treated_as_one_on_the_floor(engine: Engine) -> None:
    low = reaching(31)
    high = Motion(low.rotations, low.root_position + [0.0, 7.0, 0.0], 30.0, low.contacts)
    a, b = (finish(engine.inbetween(Inbetween((0, 30)), m)).motions[0] for m in (low, high))
    np.testing.assert_allclose(a.joints + [0.0, 7.0, 0.0], b.joints, atol=1e-3)


def test_one_key_only_holds(engine: Engine) -> None:
    out = finish(engine.inbetween(Inbetween((50,)), standing(200))).motions[0]
    assert np.abs(out.joints - out.joints[50]).max() < 0.02


def test_takes_differ_and_the_same_seed_is_the_same(engine: Engine) -> None:
    motion = five_metres(91)
    task = Inbetween((0, 90), seed=0, variations=3)
    first, again = (finish(engine.inbetween(task, motion)).motions for _ in range(2))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a.rotations, b.rotations)
    apart = [np.abs(first[i].joints - first[j].joints).max() for i, j in ((0, 1), (0, 2), (1, 2))]
    assert min(apart) > 0.02
    for take in first:
        np.testing.assert_array_equal(take.rotations[[0, 90]], motion.rotations[[0, 90]])


def test_a_text_decides_past_the_last_key(engine: Engine) -> None:
    motion = standing(121)
    still = finish(engine.inbetween(Inbetween((0,)), motion)).motions[0]
    walk = finish(engine.inbetween(Inbetween((0,), "a person walks forward"), motion)).motions[0]
    assert np.linalg.norm(still.root_position[-1] - motion.root_position[0]) < 0.1
    assert np.linalg.norm((walk.root_position[-1] - motion.root_position[0])[[0, 2]]) > 1.0
    assert walk.meta["text_followed"] == 1
    np.testing.assert_array_equal(walk.rotations[0], motion.rotations[0])


@pytest.mark.parametrize("fps", [24.0, 60.0])
def test_other_bodies_and_rates(engine: Engine, fps: float) -> None:
    rng = np.random.default_rng(0)
    offsets = REST_OFFSETS * rng.uniform(0.7, 1.6, (22, 1))
    motion = wandering(100, 0.3, fps=fps)
    motion = Motion(motion.rotations, motion.root_position, fps, motion.contacts, offsets)
    keep = (0, 3, 31, 77, 99)
    out = finish(engine.inbetween(Inbetween(keep), motion)).motions[0]
    assert out.fps == fps and len(out) == 100
    np.testing.assert_array_equal(out.joints[list(keep)], motion.joints[list(keep)])
    assert on_canonical_body(out).offsets is REST_OFFSETS


@pytest.mark.parametrize("ending", [".npz", ".bvh"])
def test_command_line_reproduces_kept_frames(
    engine: Engine, tmp_path: Path, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    offsets = REST_OFFSETS * 1.3
    motion = wandering(76, 0.4)
    clip = tmp_path / f"clip{ending}"
    write_motion(Motion(motion.rotations, motion.root_position, 30.0, motion.contacts, offsets), clip)
    out = tmp_path / "out.npz"
    assert main(["inbetween", str(clip), "--keep", "0,30,75", "-o", str(out), "--json"]) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report["model"] == "starter"
    from motiongpt.retarget.files.reading import read_motion

    before, after = read_motion(clip), load_npz(out)
    assert np.abs(before.joints - after.joints)[[0, 30, 75]].max() < 1e-4


def test_mirrored_motion_is_filled_as_the_mirror_image(engine: Engine) -> None:
    motion, keep = wandering(61, 0.3), (0, 25, 60)
    ours = finish(engine.inbetween(Inbetween(keep), motion)).motions[0].mirror()
    theirs = finish(engine.inbetween(Inbetween(keep), motion.mirror())).motions[0]
    np.testing.assert_allclose(ours.joints, theirs.joints, atol=2e-3)
