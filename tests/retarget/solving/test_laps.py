"""Loops on a rig: both sides of the seam alike, whatever carries the travel."""

import numpy as np
import pytest
from support.walking import steady, walking
from support.zoo_rigs import FAMILIES, build_rig

from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.travel.loops import looped
from motiongpt.retarget.rigs.mapping import map_rig
from motiongpt.retarget.rigs.rig import RigMotion
from motiongpt.retarget.solving.laps import solve_loop
from motiongpt.retarget.solving.root_motion import BONE, HIPS, IN_PLACE, OBJECT, carry
from motiongpt.retarget.solving.solve import to_bones


@pytest.mark.parametrize("destination", [HIPS, BONE, OBJECT, IN_PLACE])
def test_the_last_frame_is_the_first_one_moved_on(destination: str) -> None:
    loop = looped(walking(steady(5.0)))
    rig, _ = build_rig(FAMILIES["unreal"], seed=5)
    mapping = map_rig(rig)

    def solve(motion: Motion) -> RigMotion:
        return carry(to_bones(motion, rig, mapping), rig, mapping, destination)

    solved = solve_loop(loop, solve)
    assert len(solved.basis) == len(loop) + 1
    heads = solved.heads(rig, mapping.root_bone)[:, rig.descendants(rig.index[mapping.root_bone])]
    ahead = heads[-1] - heads[0]
    assert np.abs(ahead - ahead[0]).max() < 1e-9  # every bone by as much
    travel = np.linalg.norm(ahead[0])
    assert travel < 1e-9 if destination == IN_PLACE else travel > 0.8
    steps = rot.angle_between(solved.basis[1:], solved.basis[:-1]).mean(axis=1)
    assert steps[-1] < 2.0 * np.median(steps) + 1e-3
    if solved.carrier is not None:
        assert np.allclose(solved.carrier.shift[-1] - solved.carrier.shift[0], ahead[0], atol=1e-3)
