"""Which limbs of a control rig are under IK: as its own switches say on the poses, and what was keyed there."""

from collections.abc import Sequence

import numpy as np

from ...retarget.rigs.control_names import LimbSwitch, limb_switches
from ..action.fcurves import action_curves, key_frames
from ..character.placing import is_number
from ..character.typing import ArmatureObject
from .given import Curves, value_at


def limbs_in_ik(armature_object: ArmatureObject, frames: Sequence[float]) -> frozenset[str]:
    """The first joints of the limbs that IK controls move on these frames.

    Where the switch says as often one as the other, the controls decide that have more keys there.
    """
    action = action_curves(armature_object)
    curves = action.by_bone() if action else {}
    limbs = limb_switches(frozenset(armature_object.pose.bones.keys()))
    return frozenset(limb.chain[0] for limb in limbs if _in_ik(armature_object, limb, frames, curves))


def _in_ik(
    armature_object: ArmatureObject,
    limb: LimbSwitch,
    frames: Sequence[float],
    curves: dict[tuple[str, str], Curves],
) -> bool:
    (holder, prop, fk), pose = limb.to_fk[0], armature_object.pose.bones
    if limb.end is None or limb.pole is None or holder not in pose or not is_number(pose[holder].get(prop)):
        return False
    channel = f'["{prop}"]'
    own = curves.get((holder, channel), {})
    share = np.array([abs(float(value_at(pose[holder], channel, own, at)[0]) - fk) for at in frames])
    if (share > 0.5).mean() != 0.5:
        return bool((share > 0.5).mean() > 0.5)
    return _keys(curves, (limb.end, limb.pole), frames) > _keys(curves, limb.fk, frames)


def _keys(curves: dict[tuple[str, str], Curves], bones: Sequence[str], frames: Sequence[float]) -> int:
    """How many keys these bones have on the frames."""
    of_bones = (curve for (bone, _), group in curves.items() if bone in bones for curve in group.values())
    return sum(int(np.isin(np.round(key_frames(curve)), np.round(frames)).sum()) for curve in of_bones)
