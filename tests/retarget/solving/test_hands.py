"""Hands and the character's own body, on a body whose head is too big for its arms."""

from dataclasses import replace

import numpy as np
import pytest
from support.zoo_headed import headed, room_of
from support.zoo_rigs import FAMILIES, build_rig

from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.skeleton import ARM, JOINT, PARENTS
from motiongpt.retarget.motion.two_bone_ik import bend_limb
from motiongpt.retarget.rigs.mapping import map_rig
from motiongpt.retarget.rigs.rig import Rig
from motiongpt.retarget.solving.fit import fit_to_rig
from motiongpt.retarget.solving.volumes import BodyRoom

FRAMES = 60


def reaching(at: tuple[float, float, float]) -> Motion:
    """Both arms hang; then the left wrist goes to a place (3,) from the head's joint, and back."""
    rotations = np.tile(rot.IDENTITY, (FRAMES, 22, 1))
    for side, sign in (("left", -1.0), ("right", 1.0)):
        rotations[:, JOINT[f"{side}_shoulder"]] = rot.from_axis_angle((0.0, 0.0, 1.0), np.radians(sign * 70.0))
    rotations[:, JOINT["left_elbow"]] = rot.from_axis_angle((0.0, -1.0, 0.0), 0.3)
    motion = Motion(rotations, np.tile((0.0, 0.93, 0.0), (FRAMES, 1)), 30.0, np.zeros((FRAMES, 4)))
    shoulder, elbow, wrist = (JOINT[f"left_{kind}"] for kind in ARM)
    joints, world = motion.joints, motion.global_rotations
    share = np.sin(np.linspace(0.0, np.pi, FRAMES))[:, None] ** 2
    goal = joints[:, wrist] + share * (joints[:, JOINT["head"]] + at - joints[:, wrist])
    hinge = rot.rotate(world[:, shoulder], np.array([0.0, -1.0, 0.0]))
    turn = bend_limb(joints[:, shoulder], joints[:, elbow], joints[:, wrist], goal, hinge)
    upper, lower = rot.multiply(turn.upper, world[:, shoulder]), rot.multiply(turn.lower, world[:, elbow])
    rotations = rotations.copy()
    rotations[:, shoulder] = rot.multiply(rot.conjugate(world[:, PARENTS[shoulder]]), upper)
    rotations[:, elbow] = rot.multiply(rot.conjugate(upper), lower)
    return replace(motion, rotations=rotations)


def gap(motion: Motion, room: BodyRoom) -> np.ndarray:
    """(T,) metres from the nearest of the left hand's points to the surface of the head, negative inside it."""
    wrist, head = JOINT["left_wrist"], room.head
    points = motion.joints[:, None, wrist] + rot.rotate(motion.global_rotations[:, None, wrist], room.hands[0].points)
    own = rot.rotate(rot.conjugate(motion.global_rotations[:, None, head.joint]),
                     points - motion.joints[:, None, head.joint]) - head.centre  # fmt: skip
    far = rot.length(own / head.radii)
    return np.asarray((rot.length(own) * (1.0 - 1.0 / far)).min(axis=1))


def both(clip: Motion, rig: Rig) -> tuple[Motion, Motion]:
    """The clip on a rig whose mesh is not known, and where it is."""
    bare = replace(rig, skin_points=None, skin_bones=None)
    return fit_to_rig(clip, bare, map_rig(bare)), fit_to_rig(clip, rig, map_rig(rig))


def test_without_a_mesh_nothing_changes() -> None:
    rig, _ = build_rig(FAMILIES["mixamo plain"], seed=3)
    assert room_of(rig) is None
    clip = reaching((0.1, 0.0, 0.15))
    assert np.allclose(fit_to_rig(clip, rig, map_rig(rig)).rotations[:, 16:], clip.rotations[:, 16:], atol=1e-6)


@pytest.mark.parametrize("at", [(0.2, 0.1, 0.12), (0.16, 0.17, 0.13), (0.06, 0.16, 0.17)])
def test_hands_stay_out_of_a_big_head_without_a_jump(at: tuple[float, float, float]) -> None:
    rig = headed(0.24)
    room = room_of(rig)
    assert room is not None
    before, after = both(reaching(at), rig)
    assert gap(before, room).min() < -0.03
    assert gap(after, room).min() > -0.02
    wrist = JOINT["left_wrist"]
    steps = [np.linalg.norm(np.diff(m.joints[:, wrist], axis=0), axis=-1).max() for m in (before, after)]
    assert steps[1] < 2.0 * steps[0]
    right = JOINT["right_wrist"]
    assert np.allclose(after.joints[:, right], before.joints[:, right], atol=0.01)


@pytest.mark.parametrize("radius", [0.14, 0.2])
def test_a_hand_that_touches_the_head_touches_one_of_another_size(radius: float) -> None:
    rig = headed(radius)
    room = room_of(rig)
    assert room is not None
    clip = reaching((0.13, 0.05, -0.02))  # the palm lies on the cheek, or the ear
    before, after = both(clip, rig)
    middle = FRAMES // 2
    apart = [abs(float(gap(m, room)[middle])) for m in (before, after)]
    assert apart[1] < 0.035 and apart[1] < apart[0] + 0.01, apart
