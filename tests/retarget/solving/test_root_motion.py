"""What carries a character's travel: the pose in the world stays, the carrier is on the floor, and it reads back."""

from dataclasses import replace

import numpy as np
import pytest
from support.zoo_rigs import FAMILIES, build_rig

from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.skeleton import JOINT_COUNT
from motiongpt.retarget.rigs.mapping import Mapping, map_rig
from motiongpt.retarget.rigs.rig import Rig
from motiongpt.retarget.solving.root_motion import carry, find_root
from motiongpt.retarget.solving.solve import to_bones, to_motion


def turning(frames: int = 90) -> Motion:
    """Walks in an arc to the left by 150 degrees, hips swaying at every step."""
    time = np.linspace(0.0, 3.0, frames)
    yaw = np.radians(150.0) * (time / 3.0) ** 2
    sway = np.sin(2.0 * np.pi * 2.0 * time)
    rotations = np.tile(rot.IDENTITY, (frames, JOINT_COUNT, 1))
    rotations[:, 0] = rot.multiply(
        rot.from_axis_angle((0.0, 1.0, 0.0), yaw + 0.1 * sway), rot.from_axis_angle((0.0, 0.0, 1.0), 0.05 * sway)
    )
    heading = np.stack([np.sin(yaw), np.zeros(frames), np.cos(yaw)], axis=-1)
    root = np.cumsum(heading / 30.0 * 1.2, axis=0) + [0.0, 0.95, 0.0]
    root[:, 1] += 0.02 * sway
    return Motion(rotations, root, 30.0, np.zeros((frames, 4)))


def solved(name: str, motion: Motion) -> tuple[Rig, Mapping]:
    rig, _ = build_rig(FAMILIES[name], seed=5)
    return rig, map_rig(rig)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_root_bone_is_the_one_on_the_floor(name: str) -> None:
    rig, mapping = solved(name, turning())
    assert find_root(rig, mapping) == next(iter(FAMILIES[name].above), None)


@pytest.mark.parametrize("destination", ["bone", "object"])
@pytest.mark.parametrize("name", ["unreal", "vrm", "smpl"])
def test_the_pose_in_the_world_stays_and_reads_back(name: str, destination: str) -> None:
    motion = turning()
    rig, mapping = solved(name, motion)
    plain = to_bones(motion, rig, mapping, fit=False)
    carried = carry(plain, rig, mapping, destination)
    driven = [rig.index[bone] for bone in mapping.driven]
    world, heads = carried.global_rotations(rig), carried.heads(rig, mapping.root_bone)
    assert np.degrees(rot.angle_between(world, plain.global_rotations(rig))[:, driven]).max() < 1e-4
    assert np.abs(heads - plain.heads(rig, mapping.root_bone))[:, driven].max() < 1e-9
    back = to_motion(rig, mapping, world, heads, motion.fps)
    assert np.degrees(rot.angle_between(back.global_rotations, motion.global_rotations)).max() < 0.01
    assert np.abs(back.root_position - motion.root_position).max() < 1e-6


@pytest.mark.parametrize("destination", ["bone", "object"])
def test_the_carrier_goes_under_the_hips_without_their_sway(destination: str) -> None:
    motion = turning()
    rig, mapping = solved("unreal", motion)
    carried = carry(to_bones(motion, rig, mapping, fit=False), rig, mapping, destination)
    carrier = carried.carrier
    assert carrier is not None and carrier.bone == ("root" if destination == "bone" else None)
    assert np.abs(carrier.shift[:, 2]).max() == 0.0  # Blender's up
    hips = carried.heads(rig, mapping.root_bone)[:, rig.index[mapping.root_bone]]
    inside = carrier.moved_back(hips) - rig.heads[rig.index[mapping.root_bone]]
    assert np.linalg.norm(inside[:, :2], axis=-1).max() < 0.06
    yaw = np.degrees(np.unwrap(2.0 * np.arctan2(carrier.turn[:, 3], carrier.turn[:, 0])))
    assert yaw[-1] - yaw[0] == pytest.approx(150.0, abs=6.0)
    assert np.abs(np.diff(yaw, n=2)).max() < 1.0  # the pelvis itself: about two degrees a frame squared


def test_a_cartwheel_does_not_spin_the_carrier() -> None:
    """Upside down the heading means nothing; before and after it is the same, and in between it goes nowhere."""
    frames = 60
    over = rot.from_axis_angle((0.0, 0.0, 1.0), np.linspace(0.0, 2.0 * np.pi, frames))
    noise = rot.from_rotation_vector(np.random.default_rng(1).normal(0.0, 0.03, (frames, 3)))
    rotations = np.tile(rot.IDENTITY, (frames, JOINT_COUNT, 1))
    rotations[:, 0] = rot.multiply(over, noise)
    motion = Motion(rotations, np.tile([0.0, 0.9, 0.0], (frames, 1)), 30.0, np.zeros((frames, 4)))
    rig, mapping = solved("unreal", motion)
    carrier = carry(to_bones(motion, rig, mapping, fit=False), rig, mapping, "object").carrier
    assert carrier is not None
    assert np.degrees(rot.angle_between(carrier.turn, rot.IDENTITY)).max() < 30.0


def test_automatic_takes_the_root_bone_where_there_is_one() -> None:
    motion = turning()
    for name, bone in (("unreal", "root"), ("mixamo", None)):
        rig, mapping = solved(name, motion)
        carrier = carry(to_bones(motion, rig, mapping), rig, mapping, "auto").carrier
        assert (carrier.bone if carrier else None) == bone


def test_in_place_keeps_height_and_turn() -> None:
    motion = turning()
    rig, mapping = solved("mixamo", motion)
    plain = to_bones(motion, rig, mapping)
    still = carry(plain, rig, mapping, "in_place")
    assert np.ptp(still.root_translation[:, :2], axis=0).max() == 0.0
    assert np.array_equal(still.root_translation[:, 2], plain.root_translation[:, 2])
    assert np.array_equal(still.basis, plain.basis)


def test_a_rig_without_root_bone_is_refused() -> None:
    motion = turning()
    rig, mapping = solved("mixamo", motion)
    with pytest.raises(MotionGPTError, match="no root bone"):
        carry(to_bones(motion, rig, mapping), rig, mapping, "bone")


def test_a_single_frame_is_carried() -> None:
    motion = turning().slice(0, 1)
    rig, mapping = solved("unreal", motion)
    carried = carry(to_bones(motion, rig, mapping), rig, mapping, "bone")
    assert np.isfinite(carried.basis).all() and replace(carried, carrier=None).carrier is None


def test_the_object_carries_what_hangs_from_no_bone_of_the_body() -> None:
    rig, _ = build_rig(FAMILIES["mixamo"])
    apart = Rig((*rig.names, "Plate"), (*rig.parents, -1), *(
        np.concatenate([v, v[-1:]]) for v in (rig.rest_rotations, rig.heads, rig.tails)), 2,
        thickness=np.append(rig.thickness, 0.1))  # fmt: skip
    mapping = map_rig(apart)
    moved = carry(to_bones(turning(), apart, mapping), apart, mapping, "auto")
    assert moved.carrier is not None and moved.carrier.bone is None
    assert carry(to_bones(turning(), rig, map_rig(rig)), rig, map_rig(rig), "auto").carrier is None
