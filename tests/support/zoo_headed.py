"""A rig family with a ball for a head and some skin on its hands, as points, and the room that they take up."""

from dataclasses import replace

import numpy as np

from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.rigs.calibration import calibrate_from_rest
from motiongpt.retarget.rigs.mapping import map_rig
from motiongpt.retarget.rigs.rig import Rig
from motiongpt.retarget.solving.fit import body_offsets, tpose
from motiongpt.retarget.solving.volumes import BodyRoom, find_room

from .zoo_rigs import FAMILIES, build_rig


def headed(radius: float, family: str = "mixamo plain") -> Rig:
    """A family's rig with a ball for a head, and boxes for hands and chest, as points of its skin."""
    rig, joints = build_rig(FAMILIES[family], seed=3)
    random = np.random.default_rng(1)
    ball = rot.normalize(random.normal(size=(400, 3)))
    head = rig.index[joints["head"]]
    points, bones = [rig.heads[head] + [0.0, 0.0, 0.9 * radius] + radius * ball], [np.full(400, head)]
    for side in ("left", "right"):
        wrist, elbow = (rig.index[joints[f"{side}_{kind}"]] for kind in ("wrist", "elbow"))
        along = rot.normalize(rig.heads[wrist] - rig.heads[elbow])
        points.append(rig.heads[wrist] + np.linspace(0.0, 0.17, 20)[:, None] * along + 0.02 * ball[:20])
        bones.append(np.full(20, wrist))
    return replace(rig, skin_points=np.concatenate(points), skin_bones=np.concatenate(bones))


def room_of(rig: Rig) -> BodyRoom | None:
    mapping = map_rig(rig)
    cal = calibrate_from_rest(rig, mapping)
    return find_room(rig, mapping, tpose(rig, cal), cal.scale, body_offsets(rig, mapping, cal))
