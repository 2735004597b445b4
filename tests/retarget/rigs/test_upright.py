"""Which way is up is told by the frames: of standing, lying, crawling, upside-down and hovering people."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.motions import walking

from motiongpt.retarget.files.bvh import write_bvh
from motiongpt.retarget.files.reading import on_ground, read_motion
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.skeleton import JOINT, SIDES

QUARTER = np.pi / 2
NOWHERE = np.zeros(3)
TURNS = {
    "Y": rot.IDENTITY,
    "Z": rot.from_axis_angle((1.0, 0.0, 0.0), QUARTER),
    "X": rot.from_axis_angle((0.0, 0.0, 1.0), -QUARTER),
    "-Y": rot.from_axis_angle((1.0, 0.0, 0.0), 2 * QUARTER),
    "-Z": rot.from_axis_angle((1.0, 0.0, 0.0), -QUARTER),
}
"""Up axis of a file -> the turn of its frames; the rest pose stands along Y."""


def read_back(motion: Motion, path: Path) -> Motion:
    write_bvh(motion, path)
    return read_motion(path)


def apart(a: Motion, b: Motion) -> float:
    """Metres between joints, at most."""
    return float(np.abs(a.joints - b.joints).max())


@pytest.mark.parametrize("up", TURNS)
@pytest.mark.parametrize("place", ["on the floor", "pelvis at the origin", "hovering", "far away", "turned"])
def test_frames_decide_and_not_the_rest_pose(tmp_path: Path, up: str, place: str) -> None:
    walk = walking()
    put = {
        "on the floor": walk,
        "pelvis at the origin": walk.shifted(np.array([0.0, -0.95, 0.0])),
        "hovering": walk.shifted(np.array([0.0, 0.4, 0.0])),
        "far away": walk.shifted(np.array([4e4, 0.0, -7e4])),
        "turned": walk.placed(NOWHERE, rot.from_axis_angle((0.0, 1.0, 0.0), 1.0)),
    }[place]
    back = read_back(put.placed(NOWHERE, TURNS[up]), tmp_path / "m.bvh")
    assert apart(back, on_ground(walk)) < 1e-3


def lying(turn: float, height: float, along: float) -> Motion:
    """Someone on their back or face, straight, moving little."""
    still = walking().at(np.full(40, 3)).placed(NOWHERE, rot.from_axis_angle((1.0, 0.0, 0.0), turn))
    low = float(still.joints[..., 1].min())
    return still.shifted(np.array([0.0, height - low, along - still.root_position[0, 2]]))


@pytest.mark.parametrize("turn", [-QUARTER, QUARTER])
@pytest.mark.parametrize("along", [0.0, 2.0, -3.0])
@pytest.mark.parametrize("height", [0.03, 0.6, 1.0, 1.5])
def test_who_lies_on_the_floor_or_on_a_bed_is_not_stood_up(
    tmp_path: Path, turn: float, height: float, along: float
) -> None:
    back = read_back(lying(turn, height, along), tmp_path / "m.bvh")
    assert np.ptp(back.joints[0, :, 1]) < 1.0  # metres; standing it is 1.6
    assert abs(float(back.joints[0, JOINT["head"], 1] - back.joints[0, 0, 1])) < 0.25


X = (1.0, 0.0, 0.0)
ARMS_DOWN = {f"{side}_shoulder": ((0.0, 0.0, 1.0), sign * 1.3) for side, sign in (("left", -1.0), ("right", 1.0))}
LOW = {
    "crawling": (QUARTER - 0.2, {"hip": -QUARTER, "knee": QUARTER, "shoulder": -QUARTER, "ankle": 0.6}),
    "kneeling": (0.1, {"knee": QUARTER + 0.1, "ankle": 0.7}),
    "sitting back": (-0.3, {"hip": -QUARTER + 0.3, "knee": 0.2}),
    "lying on the side": (0.0, {"hip": -0.6, "knee": 0.9}),
    "lying on the face": (QUARTER, {"ankle": 0.9}),
    "lying on the back, knees up": (-QUARTER, {"hip": -0.8, "knee": 1.7, "ankle": -0.4}),
}
"""Posture -> how far the body leans forward, and how far joints bend about the axis to the left."""


def low(posture: str, height: float, at: tuple[float, float]) -> Motion:
    """Someone in a posture on a surface of that height, breathing and swaying a little."""
    lean, bends = LOW[posture]
    frames, sway = 50, 0.03 * np.sin(np.arange(50) / 8.0)
    rotations = np.tile(rot.IDENTITY, (frames, len(JOINT), 1))
    rotations[:, 0] = rot.multiply(rot.from_axis_angle(X, lean + sway), rot.from_axis_angle((0.0, 1.0, 0.0), sway))
    if posture == "lying on the side":
        rotations[:, 0] = rot.multiply(rot.from_axis_angle((0.0, 0.0, 1.0), QUARTER + sway), rotations[:, 0])
    for joint, turn in ARMS_DOWN.items():
        rotations[:, JOINT[joint]] = rot.from_axis_angle(*turn)
    for side in SIDES:
        for kind, angle in bends.items():
            joint = JOINT[f"{side}_{kind}"]
            rotations[:, joint] = rot.multiply(rot.from_axis_angle(X, angle), rotations[:, joint])
    motion = Motion(rotations, np.zeros((frames, 3)), 20.0, np.zeros((frames, 4)))
    return motion.shifted(np.array([at[0], height - motion.joints[..., 1].min(), at[1]]))


@pytest.mark.parametrize("posture", LOW)
@pytest.mark.parametrize("height", [0.0, 0.45, 1.0, 1.4])
@pytest.mark.parametrize("at", [(0.0, 0.0), (2.0, -3.0)])
def test_who_is_low_on_a_raised_surface_stays_as_they_are(
    tmp_path: Path, posture: str, height: float, at: tuple[float, float]
) -> None:
    motion = low(posture, height, at)
    assert apart(read_back(motion, tmp_path / "m.bvh"), on_ground(motion)) < 1e-3


@pytest.mark.parametrize("height", [0.0, 0.5, 1.0])
def test_a_raised_crawl_of_a_skeleton_without_rest_pose_stays_level(
    shared_dir: Path, tmp_path: Path, height: float
) -> None:
    """On a table, a bed, a wall: the same motion as on the floor."""
    path = shared_dir / "cases" / "26-never-stands" / "crawl.bvh"
    head, values = path.read_text().split("Frame Time:")
    rate, *rows = values.strip().splitlines()
    lifted = [row.split() for row in rows if row.strip()]
    for row in lifted:
        row[1] = str(float(row[1]) + height * 100.0)  # Yposition, centimetres
    other = tmp_path / "raised.bvh"
    other.write_text(f"{head}Frame Time:{rate}\n" + "\n".join(map(" ".join, lifted)) + "\n")
    assert apart(read_motion(other), read_motion(path)) < 1e-3


def test_a_handstand_stays_one(tmp_path: Path) -> None:
    motion = walking().at(np.full(40, 3)).placed(NOWHERE, TURNS["-Y"])
    rotations = motion.rotations.copy()
    for side, sign in zip(SIDES, (1.0, -1.0), strict=True):
        rotations[:, JOINT[f"{side}_shoulder"]] = rot.from_axis_angle((0.0, 0.0, 1.0), sign * 1.4)
        rotations[:, JOINT[f"{side}_elbow"]] = rot.IDENTITY
    back = read_back(replace(motion, rotations=rotations).on_floor(), tmp_path / "m.bvh")
    assert back.joints[0, JOINT["head"], 1] < back.joints[0, 0, 1] < back.joints[0, JOINT["left_ankle"], 1]


def test_a_crawl_of_a_skeleton_without_rest_pose_stays_on_the_floor(shared_dir: Path) -> None:
    path = shared_dir / "cases" / "26-never-stands" / "crawl.bvh"
    motion = read_motion(path)
    torso = motion.joints[:, JOINT["neck"]] - motion.joints[:, 0]
    assert np.degrees(np.arcsin(np.abs(rot.normalize(torso)[:, 1]))).max() < 35.0
    assert motion.joints[:, 0, 1].max() < 0.5
    assert np.ptp(motion.joints[..., 1].min(axis=1)) < 0.15  # on the floor throughout


def test_a_leap_without_ground_keeps_its_height(tmp_path: Path) -> None:
    """Twelve frames in the air of a jump over a hurdle, and the same on a trampoline that no file holds."""
    time = np.arange(12) / 30.0
    leap = walking().resample(30.0).slice(0, 12)
    rise = np.stack([np.zeros(12), 0.4 + 2.0 * time - 4.9 * time**2, np.zeros(12)], axis=1)
    own = leap.shifted(rise).joints[..., 1].min()
    assert read_back(leap.shifted(rise), tmp_path / "leap.bvh").joints[..., 1].min() == pytest.approx(own, abs=0.03)
    assert read_back(leap.at(np.zeros(12, int)), tmp_path / "still.bvh").joints[..., 1].min() == pytest.approx(0.0)
