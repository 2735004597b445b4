"""Legs, toes and pelvis moved to put the feet where they should be, and to keep the body above the floor."""

import numpy as np

from ...typing import Floats
from .. import Motion
from .. import rotations as rot
from ..skeleton import CONTACT_JOINTS, HIP_JOINTS, JOINT, LEG, PARENTS, SIDES
from ..smoothing import moving_mean, smooth_peaks
from ..two_bone_ik import bend_limb, reachable

FLOOR = -0.003
"""Metres: exact clips lie within millimetres of the floor and are left alone."""
_HIGHEST_HOP = 0.08  # metres by which the body may rise where no foot stands but one is under the floor
_RESTING, _CURB = 0.01, 0.15  # metres: height of a standing toe joint; what stands higher stands on something
_SETTLING = 0.4  # seconds over which the height above the floor is averaged
_DEEPEST_DROP = 0.08  # metres by which the pelvis may drop so that a leg reaches the floor
_TIPS = np.array([[0.0, 0.0, 0.1]])  # metres from the toe joint: the toes' tips where no mesh shows them
_MOST_BENT = np.radians(80.0)  # the furthest that toes bend upwards
_HINGE = np.array([1.0, 0.0, 0.0])  # knees bend forwards about it, in the T-pose
_STRETCH = 0.998  # of a leg's length: an ankle is further from its hip only where it already was


def lift_above_floor(motion: Motion) -> Motion:
    """The motion with the whole body raised, smoothly, where a joint other than the feet's is under the floor."""
    others = [j for j in range(len(PARENTS)) if j not in CONTACT_JOINTS]
    depth = np.maximum(FLOOR - motion.joints[:, others, 1].min(axis=1), 0.0)
    if not depth.any():
        return motion
    return motion.shifted(_upwards(smooth_peaks(depth, max(1, round(0.15 * motion.fps)))))


def put_down(motion: Motion) -> Motion:
    """The motion lowered, smoothly, to where its toes rest on the floor: a generated walk may come off it by a
    centimetre with each step. One whose toes rest higher than a curb climbs something, and is left alone."""
    toes = motion.joints[:, CONTACT_JOINTS[1::2], 1]  # (T, 2)
    resting = motion.contacts[:, 1::2] > 0.5
    frames = np.flatnonzero(resting.any(axis=1))
    heights = np.where(resting, toes, np.inf).min(axis=1)[frames] - _RESTING
    if not len(frames) or heights.max() > _CURB or heights.max() <= 0.0:
        return motion
    over = np.interp(np.arange(len(motion)), frames, np.maximum(heights, 0.0))
    return motion.shifted(_upwards(-moving_mean(over, round(_SETTLING * motion.fps))))


def lower_pelvis(motion: Motion, ankles: Floats) -> Motion:
    """The motion with the pelvis lowered, smoothly and by a few centimetres at most, where a leg is too short to reach
    its ankle's target (T, 2, 3)."""
    away = motion.joints[:, HIP_JOINTS] - ankles  # (T, 2, 3)
    flat = np.sum(away[..., [0, 2]] ** 2, axis=-1)
    limit = _reach_limit(motion)
    needed = away[..., 1] - np.sqrt(np.maximum(limit**2 - flat, 0.0))
    reach = (flat < limit**2) & (needed > 0)
    drop = np.where(reach, np.minimum(needed, _DEEPEST_DROP), 0.0).max(axis=1)  # (T,)
    if not drop.any():
        return motion
    return motion.shifted(_upwards(-smooth_peaks(drop, max(1, round(0.1 * motion.fps)))))


def place_legs(motion: Motion, ankles: Floats, toes: Floats) -> Motion:
    """The motion with both legs bent so that the ankles lie at their targets (T, 2, 3), and the feet pointed so that
    the toes lie at theirs. An ankle out of reach gets as close as its leg allows."""
    world = motion.global_rotations
    hips, knees, own, feet = ([JOINT[f"{side}_{kind}"] for side in SIDES] for kind in (*LEG, "foot"))
    start, middle, end = (motion.joints[:, joints] for joints in (hips, knees, own))  # (T, 2, 3)
    target = reachable(start, ankles, _reach_limit(motion))
    turn = bend_limb(start, middle, end, target, rot.rotate(world[:, hips], _HINGE))
    unmoved = (rot.length(ankles - end) < 1e-9)[..., None]
    upper = rot.multiply(np.where(unmoved, rot.IDENTITY, turn.upper), world[:, hips])
    lower = rot.multiply(np.where(unmoved, rot.IDENTITY, turn.lower), world[:, knees])
    offsets = motion.offsets[feet]  # (2, 3)
    wanted = _above_floor(toes - ankles, turn.end[..., 1], rot.length(offsets))
    foot = rot.multiply(rot.between(rot.rotate(world[:, own], offsets), wanted), world[:, own])
    return motion.turned([*hips, *knees, *own], np.concatenate([upper, lower, foot], axis=1))


def keep_directions(
    motion: Motion, reference: Motion, limit: float | Floats, limb: tuple[str, str, str] = LEG
) -> Motion:
    """The motion with both bones of its legs, or of another limb, within `limit` radians, or (T,) of them, of the
    reference's directions; feet, or hands, keep their orientation.

    Where a body's proportions would bend its legs further than that to keep its feet in place, the feet give way.
    """
    hips, knees, ankles = ([JOINT[f"{side}_{kind}"] for side in SIDES] for kind in limb)
    starts, ends = [*hips, *knees], [*knees, *ankles]
    ours, theirs = (m.joints[:, ends] - m.joints[:, starts] for m in (motion, reference))
    back = rot.to_rotation_vector(rot.between(ours, theirs))  # (T, 4, 3)
    angle = rot.length(back)
    share = np.clip(1.0 - np.expand_dims(limit, -1) / np.maximum(angle, 1e-9), 0.0, 1.0)
    if not share.any():
        return motion
    world = motion.global_rotations
    bones = rot.multiply(rot.from_rotation_vector(back * share[..., None]), world[:, starts])
    return motion.turned([*starts, *ankles], np.concatenate([bones, world[:, ankles]], axis=1))


def _reach_limit(motion: Motion) -> Floats:
    """(T, 2) metres that each ankle may be from its hip: just short of straight, or what the motion already has."""
    lengths = rot.length(motion.offsets)
    leg = np.array([lengths[JOINT[f"{s}_knee"]] + lengths[JOINT[f"{s}_ankle"]] for s in SIDES])
    now = rot.length(motion.joints[:, [JOINT["left_ankle"], JOINT["right_ankle"]]] - motion.joints[:, HIP_JOINTS])
    return np.asarray(np.minimum(np.maximum(now, _STRETCH * leg), leg * (1.0 - 1e-7)))


def _above_floor(directions: Floats, heights: Floats, lengths: Floats) -> Floats:
    """Directions (T, 2, 3), raised where a bone of `lengths` (2,) metres along them from `heights` (T, 2) ends under
    the floor."""
    unit = rot.normalize(directions)
    rise = np.maximum(unit[..., 1], np.clip((FLOOR - heights) / lengths, -1.0, 1.0))
    scale = np.sqrt(1.0 - rise**2) / np.maximum(rot.length(unit[..., [0, 2]]), 1e-9)
    return np.stack([unit[..., 0] * scale, rise, unit[..., 2] * scale], axis=-1)


def bend_toes(motion: Motion, tips: tuple[Floats, Floats] = (_TIPS, _TIPS)) -> Motion:
    """The motion with toes bent upwards where their tips would enter the floor, as when a foot pushes off; mocap with
    one bone per foot lacks that.

    tips: of the left and the right toes, (K, 3) metres from the toe joint in the T-pose.
    """
    feet, turned = [], []
    for side, own in zip(SIDES, tips, strict=True):
        toe = JOINT[f"{side}_foot"]
        if not len(own):
            continue
        world = motion.global_rotations[:, toe]
        up = rot.upwards(world)
        length = np.maximum(rot.length(own), 1e-9)  # (K,)
        pitch = np.arcsin(np.clip(up @ own.T / length, -1.0, 1.0))  # (T, K)
        height = np.maximum(motion.joints[:, toe, 1], 0.0)[:, None]
        least = np.arcsin(np.clip(-height / length, -1.0, 0.0))
        # A tip may always lie as low as it does at rest: a low toe joint alone bends nothing.
        least = np.minimum(least, np.arcsin(np.clip(own[:, 1] / length, -1.0, 1.0)))
        # Toes bend about their own hinge and only so far, and only where the sole faces the floor.
        faces_floor = np.clip(up[:, 1] / 0.2, 0.0, 1.0)
        bend = np.clip((least - pitch).max(axis=1), 0.0, _MOST_BENT) * faces_floor
        if bend.any():
            feet.append(toe)
            turned.append(rot.multiply(world, rot.from_axis_angle((-1.0, 0.0, 0.0), bend)))
    return motion.turned(feet, np.stack(turned, axis=1)) if feet else motion


def lift_feet(motion: Motion, depths: Floats) -> Motion:
    """The motion with both feet raised by depths (T, 2), the metres that they are under the floor.

    The body rises, smoothly, with a foot in contact or, where none is, with both feet; a foot in the air moves with the
    body. The legs do the rest.
    """
    if not depths.any():
        return motion
    standing = np.maximum(motion.contacts[:, [0, 2]], motion.contacts[:, [1, 3]]) > 0.5  # (T, 2)
    in_air = np.minimum(depths.max(axis=1), _HIGHEST_HOP)
    needed = np.where(standing.any(axis=1), (depths * standing).max(axis=1), in_air)
    half = max(1, round(0.1 * motion.fps))
    rise = smooth_peaks(needed, half)
    free = 1.0 - moving_mean(standing.astype(float), half)
    points = motion.joints[:, CONTACT_JOINTS].copy()
    points[..., 1] += np.repeat(depths + free * np.maximum(rise[:, None] - depths, 0.0), 2, axis=1)
    return place_legs(motion.shifted(_upwards(rise)), points[:, [0, 2]], points[:, [1, 3]])


def _upwards(heights: Floats) -> Floats:
    """Heights (T,) as vectors (T, 3)."""
    return np.stack([np.zeros_like(heights), heights, np.zeros_like(heights)], axis=-1)
