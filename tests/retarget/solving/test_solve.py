"""Motion onto every family of rigs and back: limbs, feet, twist and flips, in numpy alone."""

import numpy as np
import pytest
from support.motions import wild
from support.zoo_rigs import FAMILIES, build_rig

from motiongpt.retarget.files.reading import read_motion
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.feet import find_spans
from motiongpt.retarget.motion.skeleton import CONTACT_JOINTS, JOINT, JOINT_COUNT, REST_OFFSETS
from motiongpt.retarget.rigs.mapping import Mapping, map_rig
from motiongpt.retarget.rigs.rig import Rig, RigMotion
from motiongpt.retarget.solving.fit import fit_to_rig
from motiongpt.retarget.solving.solve import to_bones, to_motion


def posed(rig: Rig, mapping: Mapping, rig_motion: RigMotion) -> tuple[np.ndarray, np.ndarray]:
    """Global rotations (T, N, 4) and heads (T, N, 3)."""
    return rig_motion.global_rotations(rig), rig_motion.heads(rig, mapping.root_bone)


@pytest.mark.parametrize("name", FAMILIES)
def test_there_and_back(name: str) -> None:
    rig, _ = build_rig(FAMILIES[name], seed=2)
    mapping, motion = map_rig(rig), wild()
    back = to_motion(rig, mapping, *posed(rig, mapping, to_bones(motion, rig, mapping, fit=False)), motion.fps)
    joints = [JOINT[joint] for joint in mapping.bones]
    angle = rot.angle_between(back.global_rotations, motion.global_rotations)[:, joints]
    assert np.degrees(angle).max() < 0.01
    assert np.abs(back.root_position - motion.root_position).max() < 1e-6


@pytest.mark.parametrize("name", FAMILIES)
def test_limbs_point_where_the_source_points(name: str) -> None:
    rig, _ = build_rig(FAMILIES[name], seed=3)
    mapping, motion = map_rig(rig), wild()
    _, heads = posed(rig, mapping, to_bones(motion, rig, mapping, fit=False))
    for side in ("left", "right"):
        for start, end in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist")):
            bones = [rig.index[mapping.bones[f"{side}_{kind}"]] for kind in (start, end)]
            limb = heads[:, bones[1]] - heads[:, bones[0]]
            limb = limb[:, [0, 2, 1]] * (1.0, 1.0, -1.0)  # Blender's axes to the canonical ones
            source = motion.joints[:, JOINT[f"{side}_{end}"]] - motion.joints[:, JOINT[f"{side}_{start}"]]
            cosine = np.sum(rot.normalize(limb) * rot.normalize(source), axis=-1)
            assert np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))).max() < 0.1


def test_feet_stand_where_the_source_stands(shared_dir) -> None:
    for clip in ("cmu-poser/91_48.bvh", "deepmimic/walk.bvh"):
        motion = read_motion(shared_dir / "mocap" / clip)
        source = motion.joints[:, CONTACT_JOINTS]
        spans = find_spans(motion.contacts, source, motion.fps)
        assert spans
        for family in FAMILIES.values():
            rig, _ = build_rig(family)
            fitted = fit_to_rig(motion, rig, map_rig(rig))
            points = fitted.joints[:, CONTACT_JOINTS]
            assert points[..., 1].min() > -0.01
            for span in spans:
                paths = [p[span.start : span.stop, span.point] for p in (points, source)]
                slides = [np.linalg.norm(path - path[0], axis=-1).max() for path in paths]
                assert slides[0] < slides[1] + 0.01, family.name


def test_twist_is_shared_along_a_limb() -> None:
    rig, _ = build_rig(FAMILIES["unreal"])
    mapping = map_rig(rig)
    frames = 61
    angle = np.linspace(0.0, np.radians(170.0), frames)
    rotations = np.tile(rot.IDENTITY, (frames, JOINT_COUNT, 1))
    axis = rot.normalize(REST_OFFSETS[JOINT["left_wrist"]])
    rotations[:, JOINT["left_wrist"]] = rot.from_axis_angle(axis, angle)
    motion = Motion(rotations, np.tile([0.0, 1.0, 0.0], (frames, 1)), 30.0, np.zeros((frames, 4)))
    basis = to_bones(motion, rig, mapping, fit=False).basis
    turned = [np.degrees(rot.angle_between(basis[:, rig.index[b]], rot.IDENTITY)) for b in mapping.twists["left_elbow"]]
    assert np.allclose(turned[0], np.degrees(angle) / 3, atol=0.1)
    assert np.allclose(turned[1], np.degrees(angle) * 2 / 3, atol=0.1)


@pytest.mark.parametrize("name", FAMILIES)
def test_no_bone_flips(name: str) -> None:
    rig, _ = build_rig(FAMILIES[name], seed=4)
    mapping, motion = map_rig(rig), wild(120)
    rig_motion = to_bones(motion, rig, mapping)
    step = np.degrees(rot.angle_between(rig_motion.basis[1:], rig_motion.basis[:-1])).max()
    source = np.degrees(rot.angle_between(motion.global_rotations[1:], motion.global_rotations[:-1])).max()
    assert step < source + 45.0
