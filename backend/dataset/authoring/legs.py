"""The pelvis and the feet of whole-body actions."""

from dataclasses import replace

import numpy as np

from ....retarget.motion import Motion
from ....retarget.motion import rotations as rot
from ....retarget.motion.skeleton import JOINT, LEG_LENGTH, SIDES, local_rotations
from ....retarget.motion.two_bone_ik import bend_limb, reachable
from ....retarget.typing import Floats
from .body import direction_of, number, sideways, swivel
from .easing import GRAVITY, eased, eased_turns
from .gesture import Foot, Travel
from .takes import Pose, Take

_LONGEST = 0.995  # of the leg's length
_AHEAD = np.array([0.0, 0.0, 1.0])


def with_legs(take: Take, base: Motion, at: Floats) -> Motion:
    """The base (T, ...) with pelvis and feet where the take has them; the spine and what hangs on it go along."""
    start = int(np.argmin(np.abs(at)))
    moved = _travelled(take, base, at, start)
    heading = rot.multiply(_turn(take, at), np.broadcast_to(rot.yaw(base.rotations[start, 0]), (len(at), 4)))
    motion = _with_pelvis(take, moved, at, heading)
    steps = any(foot.at == "step" for pose in take.poses for foot in pose.foot.values())
    for side in SIDES:
        stands = [_stands(pose, side, base, start, moved) if steps else moved for pose in take.poses]
        motion = _with_foot(take, side, stands, motion, at, heading)
    return motion


def _turn(take: Take, at: Floats) -> Floats:
    degrees = eased(take.times, np.array([[p.travel.turn] for p in take.poses]), at)[:, 0]
    return rot.from_axis_angle((0.0, 1.0, 0.0), np.radians(degrees))


def _travelled(take: Take, base: Motion, at: Floats, start: int) -> Motion:
    """The whole base moved and turned about where it stood when the action began."""
    places = eased(take.times, np.array([[p.travel.left, 0.0, p.travel.ahead] for p in take.poses]), at)
    return _carried(base, start, places, _turn(take, at))


def _carried(base: Motion, start: int, places: Floats, turn: Floats) -> Motion:
    """The base turned by `turn` (T, 4) about where it stood at frame `start`, then moved by places (T, 3), leg lengths
    to the left, up and ahead as it faced there."""
    by = rot.rotate(rot.yaw(base.rotations[start, 0])[None], places * LEG_LENGTH)
    pivot = base.root_position[start] * (1.0, 0.0, 1.0)
    rotations = base.rotations.copy()
    rotations[:, 0] = rot.multiply(turn, rotations[:, 0])
    root = pivot + rot.rotate(turn, base.root_position - pivot) + by
    return replace(base, rotations=rotations, root_position=root)


def _stands(pose: Pose, side: str, base: Motion, start: int, moved: Motion) -> Motion:
    """The base as it stands where a pose has that foot. Where feet step, one that has not yet stepped stays behind."""
    if side in pose.foot and pose.foot[side].at != "step":
        return moved
    return _stepped_to(base, start, pose.stepped.get(side, Travel()))


def _stepped_to(base: Motion, start: int, travel: Travel) -> Motion:
    """The base as it stands where the body has travelled to."""
    count = len(base)
    places = np.tile([travel.left, 0.0, travel.ahead], (count, 1))
    turn = rot.from_axis_angle((0.0, 1.0, 0.0), np.full(count, np.radians(travel.turn)))
    return _carried(base, start, places, turn)


def _with_pelvis(take: Take, moved: Motion, at: Floats, heading: Floats) -> Motion:
    poses = [p.pelvis for p in take.poses]
    high = moved.root_position[:, 1]
    heights = [
        high if p is None or p.height is None else np.full(len(at), number(p.height) * LEG_LENGTH) for p in poses
    ]
    height = eased(take.times, np.stack(heights, axis=1)[..., None], at, take.flights, GRAVITY)
    shifts = np.array([[p.left, 0.0, p.ahead] if p else [0.0, 0.0, 0.0] for p in poses]) * LEG_LENGTH
    root = moved.root_position + rot.rotate(heading, eased(take.times, shifts, at))
    root[:, 1] = height[:, 0]
    angles = np.array([[p.pitch, p.yaw, p.roll] if p else [0.0, 0.0, 0.0] for p in poses])
    pitch, yaw, roll = np.radians(eased(take.times, angles, at)).T
    tilt = rot.from_euler(np.stack([yaw, pitch, -roll], axis=-1), "YXZ")
    rotations = moved.rotations.copy()
    rotations[:, 0] = rot.multiply(rot.multiply(heading, rot.multiply(tilt, rot.conjugate(heading))), rotations[:, 0])
    return replace(moved, rotations=rotations, root_position=root)


def _with_foot(take: Take, side: str, stands: list[Motion], motion: Motion, at: Floats, heading: Floats) -> Motion:
    hip, knee, ankle = (JOINT[f"{side}_{name}"] for name in ("hip", "knee", "ankle"))
    feet = [pose.foot.get(side) for pose in take.poses]
    world, joints = motion.global_rotations.copy(), motion.joints
    turns = [_foot_turn(f, side, stand, world, heading) for f, stand in zip(feet, stands, strict=True)]
    places = [
        _foot_place(f, side, stand, motion, heading, turn) for f, stand, turn in zip(feet, stands, turns, strict=True)
    ]
    target = eased(take.times, np.stack(places, axis=1), at)
    target[:, 1] += _lifts(take, feet, places, at)
    sole = eased_turns(take.times, np.stack(turns, axis=1), at)
    toes = target[:, 1] + rot.rotate(sole, motion.offsets[JOINT[f"{side}_foot"]])[:, 1]
    target[:, 1] += np.maximum(0.0, -np.minimum(toes, target[:, 1]))  # on its way a foot may dip under the floor
    start, middle, end = joints[:, hip], joints[:, knee], joints[:, ankle]
    target = reachable(start, target, np.full(len(at), _LONGEST * LEG_LENGTH))
    turn = bend_limb(start, middle, end, target, rot.rotate(world[:, hip], np.array([1.0, 0.0, 0.0])))
    pole = _pole(take, side, feet, world[:, 0], heading, at)
    active = np.array([[float(p.pelvis is not None or bool(p.foot))] for p in take.poses])
    weight = eased(take.times, active, at)[:, 0]
    twist = swivel(start, start + rot.rotate(turn.upper, middle - start), turn.end, pole, weight)
    world[:, hip] = rot.multiply(rot.multiply(twist, turn.upper), world[:, hip])
    world[:, knee] = rot.multiply(rot.multiply(twist, turn.lower), world[:, knee])
    world[:, ankle] = sole
    local = local_rotations(world)
    rotations = motion.rotations.copy()
    rotations[:, [hip, knee, ankle]] = local[:, [hip, knee, ankle]]
    return replace(motion, rotations=rotations)


def _lifts(take: Take, feet: list[Foot | None], places: list[Floats], at: Floats) -> Floats:
    """(T,) metres that a stepping foot rises between two places on the floor."""
    up = np.zeros(len(at))
    for k, foot in enumerate(feet[1:]):
        far = rot.length(places[k + 1] - places[k]).mean()
        if foot is None or foot.at != "step" or (foot == feet[k] and far < 0.01):
            continue
        t = np.clip((at - take.times[k]) / (take.times[k + 1] - take.times[k]), 0.0, 1.0)
        up += number(foot.lift) * LEG_LENGTH * min(1.0, far / 0.15) * 64.0 * (t * (1.0 - t)) ** 3
    return up


def _pole(take: Take, side: str, feet: list[Foot | None], pelvis: Floats, heading: Floats, at: Floats) -> Floats:
    """(T, 3) where the knee points: where a key says, in the heading's frame, else ahead of heading and pelvis."""
    ahead = np.broadcast_to(_AHEAD, (len(at), 3))
    own = rot.normalize(rot.rotate(heading, ahead) + 1.2 * rot.rotate(pelvis, ahead))
    out = rot.rotate(pelvis, np.broadcast_to(sideways(np.array([0.12, 0.0, 0.0]), side), own.shape))
    each = []
    for foot in feet:
        named = foot.knee if foot else None
        frame = pelvis if foot and foot.at == "pelvis" else heading
        each.append(
            own + out if named is None else rot.rotate(frame, np.broadcast_to(direction_of(named, side), own.shape))
        )
    return rot.normalize(eased(take.times, np.stack(each, axis=1), at))


def _foot_turn(foot: Foot | None, side: str, moved: Motion, world: Floats, heading: Floats) -> Floats:
    """(T, 4) how a key turns the foot in the world."""
    ankle = JOINT[f"{side}_ankle"]
    stands = moved.global_rotations[:, ankle]
    if foot is None:
        return stands
    pitch, yaw = np.radians(number(foot.pitch) + number(foot.heel)), np.radians(number(foot.yaw))
    own = rot.from_euler(np.array([sideways(np.array([yaw, 0.0, 0.0]), side)[0], pitch, 0.0]), "YXZ")
    if foot.at in ("start", "step"):
        own_heading = rot.yaw(moved.rotations[:, 0])
        turned = rot.multiply(rot.multiply(own_heading, own[None]), rot.conjugate(own_heading))
        return rot.multiply(turned, stands)
    frame = world[:, 0] if foot.at == "pelvis" else heading
    return rot.multiply(frame, own[None])


def _foot_place(foot: Foot | None, side: str, moved: Motion, motion: Motion, heading: Floats, turn: Floats) -> Floats:
    """(T, 3) where a key puts the ankle. A lifted heel turns the foot about its toes."""
    hip, ankle, toe = (JOINT[f"{side}_{name}"] for name in ("hip", "ankle", "foot"))
    stands = moved.joints[:, ankle]
    if foot is None:
        return stands
    offset = LEG_LENGTH * sideways(np.asarray(foot.offset, np.float64), side)
    frame = {"pelvis": motion.global_rotations[:, 0], "step": rot.yaw(moved.rotations[:, 0])}.get(foot.at, heading)
    by = rot.rotate(frame, np.broadcast_to(offset, stands.shape))
    if foot.at in ("hip", "pelvis"):
        return motion.joints[:, hip] + by
    to_toe, pitch = motion.offsets[toe], rot.from_axis_angle((1.0, 0.0, 0.0), np.radians(-number(foot.heel)))
    lift = rot.rotate(rot.multiply(turn, pitch), to_toe) - rot.rotate(turn, to_toe)
    if foot.at in ("start", "step"):
        return np.asarray(stands + by + (lift if foot.heel else 0.0))
    sole = np.array([0.0, -float(to_toe[1]), 0.0])
    return np.asarray(motion.joints[:, hip] * (1.0, 0.0, 1.0) + by + sole + lift)
