"""In-betweening: exact at every key and smooth around it, for hard keys, other bodies and other frame rates."""

import itertools

import numpy as np
import pytest
from support.answers import finish
from support.motions import wandering

from motiongpt.backend.engine import Engine
from motiongpt.backend.engines import load_engine
from motiongpt.backend.inbetween.request import given_channels
from motiongpt.backend.model_folder import find_model
from motiongpt.backend.tasks import Inbetween
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.joining import on_canonical_body
from motiongpt.retarget.motion.known import WHOLE, Known
from motiongpt.retarget.motion.skeleton import CONTACT_JOINTS, JOINT, REST_OFFSETS


def standing(frames: int, fps: float = 30.0) -> Motion:
    rotations = np.tile(rot.IDENTITY, (frames, 22, 1))
    rotations[:, JOINT["left_shoulder"]] = rot.from_axis_angle((0, 0, 1), -1.2)
    rotations[:, JOINT["right_shoulder"]] = rot.from_axis_angle((0, 0, 1), 1.2)
    still = Motion(rotations, np.zeros((frames, 3)), fps, np.zeros((frames, 4)))
    return still.on_floor()


@pytest.fixture(scope="module")
def engine() -> Engine:
    if "inbetween" not in find_model("starter")[1].tasks:
        pytest.skip("this copy of the starter model has no transition model")
    return load_engine("starter")


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
    """Far from all recorded motion."""
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
    # No step may be much longer than the distance between the keys requires.
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


def test_text_is_followed_after_the_last_key(engine: Engine) -> None:
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


def test_mirrored_motion_is_filled_as_the_mirror_image(engine: Engine) -> None:
    motion, keep = wandering(61, 0.3), (0, 25, 60)
    ours = finish(engine.inbetween(Inbetween(keep), motion)).motions[0].mirror()
    theirs = finish(engine.inbetween(Inbetween(keep), motion.mirror())).motions[0]
    np.testing.assert_allclose(ours.joints, theirs.joints, atol=2e-3)
