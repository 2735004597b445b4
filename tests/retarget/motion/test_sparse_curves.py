"""Sparse keys: within the tolerance, few of them, extremes kept."""

import numpy as np
import pytest
from support.zoo_rigs import FAMILIES, build_rig

from motiongpt.retarget.files.reading import read_motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.sparse_curves import position_error, quaternion_error, sparse_curve, split_bezier
from motiongpt.retarget.rigs.mapping import map_rig
from motiongpt.retarget.solving.solve import to_bones


def test_a_straight_line_needs_two_keys() -> None:
    line = np.linspace(0.0, 1.0, 50)[:, None] * [1.0, 2.0, 3.0]
    curve = sparse_curve(line, 0.001, position_error)
    assert list(curve.frames) == [0, 49]
    assert np.allclose(curve.evaluate(50), line)


def test_extremes_and_kept_frames_are_keys() -> None:
    wave = np.stack([np.sin(np.arange(81) / 80 * 4 * np.pi), np.zeros(81), np.zeros(81)], axis=-1)
    curve = sparse_curve(wave, 0.005, position_error, np.array([33]))
    assert {0, 10, 30, 33, 50, 70, 80} <= set(curve.frames.tolist())
    assert position_error(wave, curve.evaluate(81)).max() <= 0.005


def test_single_frames_and_noise() -> None:
    assert list(sparse_curve(np.ones((1, 3)), 0.01, position_error).frames) == [0]
    noise = rot.normalize(np.random.default_rng(0).normal(size=(40, 4)))
    curve = sparse_curve(noise, 1.0, quaternion_error)
    assert quaternion_error(noise, curve.evaluate(40)).max() <= 1.0


def test_real_clips_need_a_quarter_of_the_keys(shared_dir) -> None:
    shares = []
    rig, _ = build_rig(FAMILIES["mixamo"])
    mapping = map_rig(rig)
    for clip in ("deepmimic/walk.bvh", "cmu-poser/91_48.bvh", "mesh2motion/throw-ball.bvh"):
        motion = read_motion(shared_dir / "mocap" / clip)
        solved = to_bones(motion, rig, mapping)
        keys = 0
        for name in mapping.driven:
            values = solved.basis[:, rig.index[name]]
            curve = sparse_curve(values, 1.0, quaternion_error)
            assert quaternion_error(values, curve.evaluate(len(values))).max() <= 1.0
            keys += len(curve.frames)
        shares.append(keys / (len(mapping.driven) * len(motion)))
    print(shares)
    assert np.mean(shares) < 0.25


def test_a_split_curve_is_the_same_curve():
    points = np.array([[0.0, 1.0], [4.0, 3.0], [5.0, -2.0], [9.0, 0.5]])
    split = split_bezier(points, 3.7)

    def at(p: np.ndarray, t: np.ndarray) -> np.ndarray:
        s = 1.0 - t
        return (
            (s**3)[:, None] * p[0]
            + (3 * s * s * t)[:, None] * p[1]
            + (3 * s * t * t)[:, None] * p[2]
            + (t**3)[:, None] * p[3]
        )

    assert split[3, 0] == pytest.approx(3.7, abs=1e-9)
    whole = at(points, np.linspace(0.0, 1.0, 4001))
    for piece in (split[:4], split[3:]):
        for time, value in at(piece, np.linspace(0.0, 1.0, 50)):
            assert value == pytest.approx(np.interp(time, whole[:, 0], whole[:, 1]), abs=1e-4)
