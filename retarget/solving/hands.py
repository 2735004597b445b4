"""Hands and a character's own body: kept out of its head and trunk, and on its head where the source's are on theirs.

Rotations alone bring a hand to its own face only on a body of the source's proportions: a big head on short arms is in
the way, a small one is missed.
"""

from dataclasses import replace

import numpy as np

from ..motion import Motion
from ..motion import rotations as rot
from ..motion.feet import keep_directions
from ..motion.skeleton import ARM, JOINT, PARENTS, SIDES
from ..motion.smoothing import moving_mean, smooth_peaks, smoothstep
from ..motion.two_bone_ik import bend_limb, reachable
from ..typing import Floats
from .volumes import BodyRoom, HandRoom, Volume

_SOURCE_HEAD = Volume(JOINT["head"], np.array([0.0, 0.085, 0.02]), np.array([0.078, 0.125, 0.1]))
"""An adult's head on the canonical body."""
_SOURCE_HAND = 0.18  # metres from an adult's wrist to the fingertips
_PLACES = (0.45, 0.95)  # of a hand's length: the palm and the fingertips, one of which touches
_TOUCHING, _NEAR = 0.02, 0.06  # metres from hand to head: as good as touching, and too far to mean the head
_TOO_FAR = 1.3  # of an arm's length: places that are further from the shoulder are not reached for
_HANDS_DOWN = 0.5  # metres over the floor: lower hands crawl, with a head that hangs beside them
_SLACK = 0.01  # metres that skin and hair give
_REACH = 0.995  # of an arm's length
_SMOOTH = 0.2  # seconds over which hands give way
_PASSES = 4
_MOST_TURNED = np.radians(14.5)  # that an upper arm or a forearm leaves the source's direction to make way
_MOST_TO_TOUCH = np.radians(60.0)  # and to touch the head
_MOST_WRIST = np.radians(70.0)  # that a wrist turns to keep what it holds out of the body


def place_hands(motion: Motion, source: Motion, room: BodyRoom) -> Motion:
    """The motion on its own body, with arms bent where a hand touches the head in the source, or enters head or trunk.

    source: the same frames on the source's body. Hands keep their orientation.
    """
    touches = [_to_touch(motion, source, room, side) for side in range(2)]
    width = max(1, round(_SMOOTH * motion.fps))
    shifts = moving_mean(np.stack([way for way, _ in touches], axis=1), width)  # (T, 2, 3)
    placed = _move_wrists(motion, shifts)
    for _ in range(_PASSES):
        pushed = [_out_of_body(placed, room, _hand_points(placed, side, room.hands[side].points)) for side in range(2)]
        if not np.any(pushed):
            break
        shifts = shifts + np.stack([_eased(push, width // 2) for push in pushed], axis=1)
        placed = _move_wrists(motion, shifts)
    if placed is not motion:
        meant = moving_mean(np.max([weight for _, weight in touches], axis=0), width)  # (T,)
        placed = keep_directions(placed, motion, _MOST_TURNED + meant * (_MOST_TO_TOUCH - _MOST_TURNED), ARM)
    return _turn_hands_away(placed, room, width // 2)


def _turn_hands_away(motion: Motion, room: BodyRoom, half: int) -> Motion:
    """The motion with wrists turned so that hands and what they hold are outside head and trunk, as far as wrists
    turn."""
    for side in range(2):
        wrist, hand = JOINT[f"{SIDES[side]}_wrist"], room.hands[side]
        whole = np.concatenate([hand.points, hand.held])
        start = motion
        total = np.zeros((len(motion), 3))
        for _ in range(_PASSES):
            way, point = _deepest(motion, room, _hand_points(motion, side, whole))
            if not way.any():
                break
            arm = point - motion.joints[:, wrist]
            total += _eased(rot.to_rotation_vector(rot.between(arm, arm + way)), half)
            angle = rot.length(total)
            total *= np.minimum(1.0, _MOST_WRIST / np.maximum(angle, 1e-9))[:, None]
            motion = _turn_wrist(start, wrist, rot.from_rotation_vector(total))
    return motion


def _turn_wrist(motion: Motion, wrist: int, turn: Floats) -> Motion:
    """turn: (T, 4) of the hand in the world."""
    rotations, world = motion.rotations.copy(), motion.global_rotations
    above = rot.conjugate(world[:, PARENTS[wrist]])
    rotations[:, wrist] = rot.multiply(above, rot.multiply(turn, world[:, wrist]))
    return replace(motion, rotations=rot.unflip(rot.normalize(rotations)))


def _eased(pushes: Floats, half: int) -> Floats:
    """Vectors (T, 3) spread over `half` frames on either side, nowhere shorter than they are."""
    direction = moving_mean(moving_mean(pushes, 2 * half + 1), 2 * half + 1)
    return rot.normalize(direction) * smooth_peaks(rot.length(pushes), half)[:, None]


def _move_wrists(motion: Motion, shifts: Floats) -> Motion:
    """The motion with wrists moved by shifts (T, 2, 3), as far as the arms reach; hands keep their orientation."""
    if not shifts.any():
        return motion
    local, world = motion.rotations.copy(), motion.global_rotations
    for side, (name, hinge) in enumerate(zip(SIDES, (-1.0, 1.0), strict=True)):  # elbows bend forwards in the T-pose
        shoulder, elbow, wrist = (JOINT[f"{name}_{kind}"] for kind in ARM)
        start, middle, end = (motion.joints[:, joint] for joint in (shoulder, elbow, wrist))
        longest = rot.length(motion.offsets[elbow]) + rot.length(motion.offsets[wrist])
        longest = np.maximum(_REACH * longest, rot.length(end - start))
        target = reachable(start, end + shifts[:, side], longest)
        turn = bend_limb(start, middle, end, target, rot.rotate(world[:, shoulder], np.array([0.0, hinge, 0.0])))
        still = (rot.length(shifts[:, side]) < 1e-6)[:, None]
        upper = rot.multiply(np.where(still, rot.IDENTITY, turn.upper), world[:, shoulder])
        lower = rot.multiply(np.where(still, rot.IDENTITY, turn.lower), world[:, elbow])
        local[:, shoulder] = rot.multiply(rot.conjugate(world[:, PARENTS[shoulder]]), upper)
        local[:, elbow] = rot.multiply(rot.conjugate(upper), lower)
        local[:, wrist] = rot.multiply(rot.conjugate(lower), world[:, wrist])
    return replace(motion, rotations=rot.unflip(rot.normalize(local)))


def _inside(motion: Motion, volume: Volume, points: Floats) -> Floats:
    """Points (T, K, 3) of the world from the volume's centre, in its axes."""
    turn = rot.conjugate(motion.global_rotations[:, None, volume.joint])
    return rot.rotate(turn, points - motion.joints[:, None, volume.joint]) - volume.centre


def _hand_points(motion: Motion, side: int, points: Floats) -> Floats:
    """(T, K, 3) of a hand's points (K, 3) in the world."""
    wrist = JOINT[f"{SIDES[side]}_wrist"]
    return motion.joints[:, None, wrist] + rot.rotate(motion.global_rotations[:, None, wrist], points)


def _out_of_body(motion: Motion, room: BodyRoom, points: Floats) -> Floats:
    """(T, 3) the shortest straight way out for that of points (T, K, 3) that is deepest in the head or the trunk."""
    return _deepest(motion, room, points)[0]


def _deepest(motion: Motion, room: BodyRoom, points: Floats) -> tuple[Floats, Floats]:
    """That way (T, 3), zero where nothing is inside, and the point (T, 3)."""
    rows = np.arange(len(motion))
    out, place = np.zeros((len(motion), 3)), points[:, 0]
    for volume in (room.head, *room.trunk):
        own = _inside(motion, volume, points)  # (T, K, 3)
        far = np.maximum(rot.length(own / volume.radii), 0.05)  # 1 on the surface
        ways = own * np.maximum(1.0 / far - 1.0, 0.0)[..., None]
        ways = ways * np.maximum(1.0 - _SLACK / np.maximum(rot.length(ways), 1e-9), 0.0)[..., None]
        worst = np.argmax(rot.length(ways), axis=1)
        way = rot.rotate(motion.global_rotations[:, volume.joint], ways[rows, worst])
        deeper = (rot.length(way) > np.maximum(rot.length(out), 1e-4))[:, None]
        out, place = np.where(deeper, way, out), np.where(deeper, points[rows, worst], place)
    return out, place


def _touch_points(hand: HandRoom | None, side: int) -> Floats:
    """(2, 3) palm and fingertips from the wrist, in the T-pose; None: on the canonical body."""
    length = hand.length if hand else _SOURCE_HAND
    return np.array([[(1.0, -1.0)[side] * length * place, 0.0, 0.0] for place in _PLACES])


def _to_touch(motion: Motion, source: Motion, room: BodyRoom, side: int) -> tuple[Floats, Floats]:
    """(T, 3) that brings a hand as near to the same place of the head as the source's is to its own, where that nearly
    touches it. The distance is scaled by the size of the heads. Also (T,) how sure it is, from 0 to 1, that
    the head is meant."""
    theirs = _inside(source, _SOURCE_HEAD, _hand_points(source, side, _touch_points(None, side)))  # (T, 2, 3)
    outward = np.maximum(rot.length(theirs / _SOURCE_HEAD.radii), 1e-6)[..., None]
    surface = theirs / outward
    gap = np.where(outward > 1.0, theirs - surface, 0.0)
    distance = rot.length(gap)  # (T, 2)
    scale = float(np.mean(room.head.radii) / np.mean(_SOURCE_HEAD.radii))
    goal = surface / _SOURCE_HEAD.radii * room.head.radii + scale * gap
    ours = _inside(motion, room.head, _hand_points(motion, side, _touch_points(room.hands[side], side)))
    way = rot.rotate(motion.global_rotations[:, None, room.head.joint], goal - ours)
    weight = smoothstep((_NEAR - distance) / (_NEAR - _TOUCHING))[..., None]
    shoulder, elbow, wrist = (JOINT[f"{SIDES[side]}_{kind}"] for kind in ARM)
    on_floor = smoothstep((_HANDS_DOWN - source.joints[:, wrist, 1]) / _HANDS_DOWN + 0.5)
    longest = float(np.linalg.norm(motion.offsets[elbow]) + np.linalg.norm(motion.offsets[wrist]))
    far = rot.length(motion.joints[:, None, wrist] + way - motion.joints[:, None, shoulder]) / longest
    weight = weight * smoothstep((_TOO_FAR - far) / (_TOO_FAR - 1.0))[..., None]
    weight = weight * (1.0 - on_floor[:, None, None])
    return (weight * way).sum(axis=1) / np.maximum(weight.sum(axis=1), 1.0), weight.max(axis=(1, 2))
