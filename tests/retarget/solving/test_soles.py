"""Soles: found from a mesh, and kept above the floor where a boot is longer and thicker than its joints suggest."""

from dataclasses import replace

import numpy as np
import pytest
from support.motions import stepping
from support.zoo_rigs import FAMILIES, build_rig

from motiongpt.retarget.motion import Motion, find_contacts
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.skeleton import JOINT
from motiongpt.retarget.rigs.calibration import calibrate_from_rest
from motiongpt.retarget.rigs.mapping import map_rig
from motiongpt.retarget.rigs.rig import Rig
from motiongpt.retarget.solving.fit import body_offsets, fit_to_rig, toe_height
from motiongpt.retarget.solving.soles import find_soles, floor_height, lowest_points


def booted(name: str, raised: float = 0.06, behind: float = 0.12, ahead: float = 0.1) -> Rig:
    """A family's rig standing in boots: boxes that reach `raised` below the toe joints, behind ankles and past toes."""
    rig, joints = build_rig(FAMILIES[name], seed=3)
    up = np.array([0.0, 0.0, raised])
    points = [np.random.default_rng(0).uniform(-1.0, 1.0, (50, 3)) * 0.1 + [0.0, 0.0, 0.3]]  # a coat between the legs
    for side in ("left", "right"):
        ankle, toe = (rig.heads[rig.index[joints[f"{side}_{kind}"]]] + up for kind in ("ankle", "foot"))
        along = np.linspace(ankle[1] + behind, toe[1] - ahead, 12)
        box = [(ankle[0] + x, y, z) for y in along for x in (-0.04, 0.04) for z in (0.0, 0.9 * ankle[2])]
        points.append(np.array(box))
    return replace(rig, heads=rig.heads + up, tails=rig.tails + up, low_points=np.concatenate(points))


def over_floor(motion: Motion, rig: Rig) -> np.ndarray:
    """(T,) metres of the lower sole of the fitted motion over the rig's floor."""
    mapping = map_rig(rig)
    cal = calibrate_from_rest(rig, mapping)
    soles = find_soles(rig, mapping, cal)
    assert soles is not None
    height: np.ndarray = lowest_points(fit_to_rig(motion, rig, mapping), soles).min(axis=1)
    return height + toe_height(rig, mapping, cal, body_offsets(rig, mapping))


def test_a_sole_is_the_boots_outline() -> None:
    rig = booted("smpl")
    mapping = map_rig(rig)
    left, right = find_soles(rig, mapping, calibrate_from_rest(rig, mapping))  # type: ignore[misc]
    for sole in (left, right):
        assert sole.heel[:, 2].min() == pytest.approx(-0.12, abs=0.02)
        assert sole.toes[:, 2].max() == pytest.approx(0.1, abs=0.02)
        assert np.ptp(sole.heel[:, 0]) == pytest.approx(0.08, abs=0.01)
        assert sole.toes[:, 1].min() == pytest.approx(-0.06, abs=0.01)


def test_boots_stay_over_the_floor() -> None:
    motion = stepping()
    steep = motion.rotations.copy()
    for side in ("left", "right"):  # heels strike and toes push off at 25 degrees
        pitch = np.radians(25.0) * np.sin(np.arange(len(motion)) * 0.4)
        ankle = JOINT[f"{side}_ankle"]
        steep[:, ankle] = rot.multiply(steep[:, ankle], rot.from_axis_angle((1.0, 0.0, 0.0), pitch))
    motion = replace(motion, rotations=steep).on_floor()
    motion = replace(motion, contacts=find_contacts(motion.joints, motion.fps, speed=0.9))
    rig = booted("smpl")
    bare = replace(rig, low_points=None)
    mapping = map_rig(rig)
    cal = calibrate_from_rest(rig, mapping)
    soles = find_soles(rig, mapping, cal)
    assert soles is not None
    sunk = lowest_points(fit_to_rig(motion, bare, mapping), soles).min(axis=1) + toe_height(
        bare, mapping, cal, body_offsets(bare, mapping)
    )
    assert sunk.min() < -0.03
    assert over_floor(motion, rig).min() > -0.012


def test_a_rig_whose_mesh_does_not_reach_the_feet_has_no_soles() -> None:
    rig = booted("smpl")
    mapping = map_rig(rig)
    cal = calibrate_from_rest(rig, mapping)
    for points in (None, np.zeros((0, 3)), np.array([[0.0, 0.0, 0.5]] * 40)):
        assert find_soles(replace(rig, low_points=points), mapping, cal) is None


def floor_of(rig: Rig, **changes: object) -> float:
    changed = replace(rig, **changes)
    mapping = map_rig(changed)
    cal = calibrate_from_rest(changed, mapping)
    return floor_height(changed, mapping, cal) / cal.scale


def test_the_floor_is_under_the_mesh_of_the_legs() -> None:
    rig = booted("smpl")  # its boots' soles are at 0
    down = np.array([0.0, 0.0, -0.9])
    lowered = replace(rig, heads=rig.heads + down, tails=rig.tails + down, low_points=rig.low_points + down)
    assert floor_of(lowered) == pytest.approx(-0.9, abs=0.01)
    # A sword that hangs through the floor is no leg, where weights are known.
    points = np.concatenate([lowered.low_points, [[-0.6, 0.0, -1.5]]])
    hand = rig.names.index("R_Wrist")
    bones = np.append(np.full(len(lowered.low_points), rig.index["L_Foot"]), hand)
    assert floor_of(lowered, low_points=points, low_bones=bones) == pytest.approx(-0.9, abs=0.01)
    assert floor_of(lowered, low_points=points) == pytest.approx(-1.5)
    # Without a mesh it is at the lowest joint.
    toes = lowered.heads[rig.index["L_Foot"], 2]
    assert floor_of(lowered, low_points=None) == pytest.approx(toes, abs=1e-6)


def test_a_level_just_by_the_soles_is_the_floor() -> None:
    rig = booted("smpl", raised=0.06)
    for sunk, floor in ((0.03, 0.0), (0.5, -0.5)):
        down = np.array([0.0, 0.0, -sunk])
        moved = replace(rig, heads=rig.heads + down, tails=rig.tails + down, low_points=rig.low_points + down)
        assert floor_of(moved) == pytest.approx(floor, abs=0.011)
    assert floor_of(moved, levels=(0.0, -0.48)) == -0.48
