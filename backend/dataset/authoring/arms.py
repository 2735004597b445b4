"""Arms that bring the hands to their places."""

from dataclasses import replace

import numpy as np

from ....retarget.motion import Motion
from ....retarget.motion import rotations as rot
from ....retarget.motion.skeleton import ARM, JOINT, local_rotations
from ....retarget.motion.smoothing import moving_mean, smoothstep
from ....retarget.motion.two_bone_ik import bend_limb, reachable
from ....retarget.typing import Floats
from .body import ARM_LENGTH, OUT, TOUCH, direction_of, heading_of, landmark, needs_other_hand, number, sideways, swivel
from .easing import eased, sway
from .gesture import Hand
from .takes import Take

_ELBOW = (0.55, -1.0, -0.45)  # where elbows point by themselves: out, up, ahead
_LONGEST = 0.985  # of the arm's length
_MOST_BENT = 150.0  # degrees, of an elbow
_DETOURS = 3
_SWAY = 0.004  # metres of noise on a hand
_FOREARM = 0.5  # share of the hand's roll that the forearm takes
_TRUNK_AXIS, _TRUNK = -0.16, np.array([0.17, 0.3])  # metres: z of the axis, half widths across and ahead
_DOWN = np.array([0.0, -1.0, 0.0])  # where palms face in the T-pose


def with_hands(take: Take, base: Motion, motion: Motion, at: Floats, rng: np.random.Generator) -> Motion:
    """`motion` (T, ...) with both hands at the take's places. base: the motion before anything was added, which hands
    at rest follow in the chest's frame."""
    order = sorted(("left", "right"), key=lambda side: _on_other_arm(take, side))
    for side in order:
        if any(side in pose.hand for pose in take.poses):
            motion = _with_hand(take, side, base, motion, at - take.lag, rng)
    return motion


def _on_other_arm(take: Take, side: str) -> bool:
    return any(needs_other_hand(p.hand[side].at) for p in take.poses if side in p.hand)


def _with_hand(take: Take, side: str, base: Motion, motion: Motion, at: Floats, rng: np.random.Generator) -> Motion:
    shoulder, elbow, wrist = (JOINT[f"{side}_{name}"] for name in ARM)
    world, joints = motion.global_rotations.copy(), motion.joints
    chest, origin = world[:, JOINT["spine3"]], joints[:, JOINT["spine3"]]
    hands = [pose.hand.get(side) for pose in take.poses]
    held = np.array([[hand is not None] for hand in hands], np.float64)
    weight = eased(take.times, held, at)[:, 0]
    length = eased(take.times, np.array([[TOUCH[h.touch] if h else 0.0] for h in hands]), at)
    places = np.stack([_place(hand, side, motion) for hand in hands], axis=1)  # (T, K, 3)
    target = _path(take, side, places, chest, origin, at)
    target += _SWAY * weight[:, None] * sway(len(at), motion.fps, 3, rng)
    pole = _directions(take, hands, "elbow", side, chest, at, _default_pole(side, chest))
    limb = joints[:, [shoulder, elbow, wrist]]
    hinge = rot.rotate(world[:, shoulder], np.array([0.0, -OUT[side], 0.0]))
    upper, lower, bent = _reach(limb, length, target, hinge, pole, weight)
    for _ in range(_DETOURS):  # the wrist trails behind the hand and may cross the trunk where the hand does not
        inside = rot.rotate(rot.conjugate(chest), bent - origin)
        clear = moving_mean(_around_trunk(inside) - inside, round(0.2 * motion.fps)) * weight[:, None]
        target = target + rot.rotate(chest, 1.5 * clear)
        upper, lower, bent = _reach(limb, length, target, hinge, pole, weight)
    world[:, shoulder] = rot.multiply(upper, world[:, shoulder])
    world[:, elbow] = rot.multiply(lower, world[:, elbow])
    straight = rot.slerp(motion.rotations[:, wrist], np.tile(rot.IDENTITY, (len(at), 1)), weight)
    world[:, wrist] = rot.multiply(world[:, elbow], straight)
    _roll(take, hands, side, world, weight, at)
    rotations = motion.rotations.copy()
    rotations[:, [shoulder, elbow, wrist]] = local_rotations(world)[:, [shoulder, elbow, wrist]]
    return replace(motion, rotations=rotations)


def _reach(
    limb: Floats, length: Floats, target: Floats, hinge: Floats, pole: Floats, weight: Floats
) -> tuple[Floats, Floats, Floats]:
    """Global turns (T, 4) of upper arm and forearm, and the wrist (T, 3), with what is `length` (T, 1) metres beyond
    the wrist at the target (T, 3). limb: (T, 3, 3), shoulder, elbow and wrist now."""
    start, middle, wrist = (limb[:, i] for i in range(3))
    end = wrist + length * rot.normalize(wrist - middle)
    target = reachable(start, target, _LONGEST * (ARM_LENGTH + length[:, 0]))
    target = _not_too_near(start, target, rot.length(middle - start), rot.length(end - middle))
    turn = bend_limb(start, middle, end, target, hinge)
    elbow = start + rot.rotate(turn.upper, middle - start)
    twist = swivel(start, elbow, turn.end, pole, weight)
    upper, lower = rot.multiply(twist, turn.upper), rot.multiply(twist, turn.lower)
    return upper, lower, start + rot.rotate(upper, middle - start) + rot.rotate(lower, wrist - middle)


def _not_too_near(start: Floats, target: Floats, upper: Floats, lower: Floats) -> Floats:
    """Targets (T, 3) moved away from the shoulder where the elbow would have to bend further than it can."""
    square = upper**2 + lower**2 + 2.0 * upper * lower * np.cos(np.radians(_MOST_BENT))
    away = target - start
    short = np.maximum(1.0, np.sqrt(square) / np.maximum(rot.length(away), 1e-6))
    return np.asarray(start + away * short[:, None])


def _default_pole(side: str, chest: Floats) -> Floats:
    """(T, 3)"""
    return rot.rotate(chest, np.broadcast_to(sideways(np.array(_ELBOW), side), (len(chest), 3)))


def _place(hand: Hand | None, side: str, motion: Motion) -> Floats:
    """(T, 3) where a key wants the hand: its wrist in the base if it is at rest."""
    if hand is None:
        return motion.joints[:, JOINT[f"{side}_wrist"]]
    world = motion.global_rotations
    heading = heading_of(world)
    place = landmark(hand.at, side, motion.joints, world, heading)
    offset = ARM_LENGTH * sideways(np.asarray(hand.offset, np.float64), side)
    frame = heading if hand.at == "floor" else world[:, JOINT["spine3"]]
    return place + rot.rotate(frame, np.broadcast_to(offset, place.shape))


def _path(take: Take, side: str, places: Floats, chest: Floats, origin: Floats, at: Floats) -> Floats:
    """(T, 3) through the places (T, K, 3), in the chest's frame, curved ahead and outwards by each key's arc."""
    back = rot.conjugate(chest)
    inside = rot.rotate(back[:, None], places - origin[:, None])
    path = eased(take.times, inside, at)
    for k, pose in enumerate(take.poses[:-1]):
        after = take.poses[k + 1].hand.get(side) or pose.hand.get(side)
        if after is None or after == pose.hand.get(side):
            continue
        span = take.times[k + 1] - take.times[k]
        t = np.clip((at - take.times[k]) / span, 0.0, 1.0)
        bulge = 64.0 * (t * (1.0 - t)) ** 3
        distance = rot.length(inside[:, k + 1] - inside[:, k])
        path += (number(after.arc) * bulge * distance)[:, None] * rot.normalize(np.array([0.4 * OUT[side], 0.0, 1.0]))
    return origin + rot.rotate(chest, _around_trunk(path))


def _around_trunk(path: Floats) -> Floats:
    """A path (T, 3) in the chest's frame, led around the front of the trunk where it crosses it.

    The trunk's front is an ellipse about an axis behind its middle, so that what is pushed out goes ahead rather than
    sideways."""
    flat = (path[:, [0, 2]] - (0.0, _TRUNK_AXIS)) / _TRUNK
    distance = np.maximum(rot.length(flat), 0.05)
    level = smoothstep((path[:, 1] + 0.6) / 0.1) * smoothstep((0.2 - path[:, 1]) / 0.06)
    ahead = smoothstep((path[:, 2] - _TRUNK_AXIS) / 0.05)
    inside = np.maximum(1.0 / distance - 1.0, 0.0) * level * ahead
    out = path.copy()
    out[:, [0, 2]] += flat * inside[:, None] * _TRUNK
    return out


def _directions(
    take: Take, hands: list[Hand | None], key: str, side: str, chest: Floats, at: Floats, otherwise: Floats
) -> Floats:
    """(T, 3) the direction that keys name, in the chest's frame, or `otherwise` (T, 3) where they name none."""
    each = []
    for hand in hands:
        named = getattr(hand, key) if hand else None
        if named is None:
            each.append(otherwise)
        else:
            each.append(rot.rotate(chest, np.broadcast_to(direction_of(named, side), otherwise.shape)))
    return rot.normalize(eased(take.times, np.stack(each, axis=1), at))


def _roll(take: Take, hands: list[Hand | None], side: str, world: Floats, weight: Floats, at: Floats) -> None:
    """Turn forearm and hand in `world` so that the palm faces where the keys say, then flex the wrist."""
    elbow, wrist = JOINT[f"{side}_elbow"], JOINT[f"{side}_wrist"]
    along = rot.rotate(world[:, elbow], np.broadcast_to([OUT[side], 0.0, 0.0], (len(at), 3)))
    palm = rot.rotate(world[:, wrist], np.broadcast_to(_DOWN, along.shape))
    wanted = rot.perpendicular(_directions(take, hands, "palm", side, world[:, JOINT["spine3"]], at, palm), along)
    now = rot.perpendicular(palm, along)
    angle = np.arctan2(np.sum(rot.cross(now, wanted) * along, axis=-1), np.sum(now * wanted, axis=-1))
    angle = np.unwrap(angle) * np.clip(rot.length(wanted) / 0.3, 0.0, 1.0) * weight
    half, whole = (rot.from_axis_angle(along, angle * share) for share in (_FOREARM, 1.0))
    world[:, elbow] = rot.multiply(half, world[:, elbow])
    world[:, wrist] = rot.multiply(whole, world[:, wrist])
    flex = eased(take.times, np.array([[number(hand.flex) if hand else 0.0] for hand in hands]), at)[:, 0]
    # Bending towards the palm turns the fingers, along OUT, to where the palm faces, down.
    bend = rot.from_axis_angle((0.0, 0.0, 1.0), -OUT[side] * np.radians(flex))
    world[:, wrist] = rot.multiply(world[:, wrist], bend)
