"""Motion fitted to a rig's body: the same on the same body, and on the floor."""

from dataclasses import replace

import numpy as np
from support.motions import stepping, wild
from support.zoo_rigs import FAMILIES, build_rig

from motiongpt.retarget.motion import find_contacts
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.skeleton import JOINT, REST_OFFSETS
from motiongpt.retarget.rigs.mapping import map_rig
from motiongpt.retarget.solving.fit import body_offsets, fit_to_rig, stand_on_floor


def test_fitting_changes_little_on_the_same_body() -> None:
    rig, _ = build_rig(FAMILIES["smpl"])
    mapping, motion = map_rig(rig), wild()
    assert np.allclose(body_offsets(rig, mapping), REST_OFFSETS, atol=0.02)
    raised = replace(motion, root_position=motion.root_position + [0.0, 1.0, 0.0])
    raised = replace(raised, contacts=find_contacts(raised.joints, 30.0))
    difference = rot.angle_between(fit_to_rig(raised, rig, mapping).global_rotations, raised.global_rotations)
    assert np.degrees(difference).max() < 0.1


def test_a_motion_over_the_floor_is_lowered_to_stand_on_it() -> None:
    motion = stepping()
    for height in (0.0, 0.035):
        raised = replace(motion, root_position=motion.root_position + [0.0, height, 0.0])
        flat = (raised.contacts[:, :2] > 0.5).all(axis=1)
        assert flat.any()
        assert abs(np.median(stand_on_floor(raised).joints[flat, JOINT["left_foot"], 1])) < 0.012
    hanging = replace(motion, contacts=np.zeros_like(motion.contacts), root_position=motion.root_position + [0, 1, 0])
    assert np.array_equal(stand_on_floor(hanging).root_position, hanging.root_position)


def test_legs_keep_about_the_sources_directions_on_a_body_with_wide_hips() -> None:
    rig, joints = build_rig(FAMILIES["kaykit"])
    heads, tails = rig.heads.copy(), rig.tails.copy()
    for side, sign in (("left", 1.0), ("right", -1.0)):  # hips as far apart as the legs are long
        leg = rig.descendants(rig.index[joints[f"{side}_hip"]])
        for ends in (heads, tails):
            ends[leg] += [0.2 * sign, 0.0, 0.0]
    wide = replace(rig, heads=heads, tails=tails)
    motion = stepping(120)
    sway = rot.from_axis_angle((0.0, 0.0, 1.0), 0.6 * np.sin(np.arange(120) / 9.0))  # lifts one hip over the other
    rotations = motion.rotations.copy()
    rotations[:, 0] = rot.multiply(sway, rotations[:, 0])
    motion = replace(motion, rotations=rotations).with_contacts()
    fitted = fit_to_rig(motion, wide, map_rig(wide))
    for side in ("left", "right"):
        for joint, end in (("hip", "knee"), ("knee", "ankle")):
            ours, theirs = (
                rot.normalize(m.joints[:, JOINT[f"{side}_{end}"]] - m.joints[:, JOINT[f"{side}_{joint}"]])
                for m in (fitted, motion)
            )
            assert np.degrees(np.arccos(np.clip(np.sum(ours * theirs, axis=-1), -1.0, 1.0))).max() < 15.0
