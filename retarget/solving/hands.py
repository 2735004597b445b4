"""Hands and a character's own body: kept out of its head and trunk, and on its head where the source's are on theirs.

Rotations alone bring a hand to its own face only on a body of the source's proportions: a big head on short arms is in
the way, a small one is missed.
"""

import numpy as np

from ..motion import Motion
from ..motion import rotations as rot
from ..motion.feet import keep_directions
from ..motion.skeleton import ARM, JOINT, SIDES
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
_HINGES = np.array([[0.0, -1.0, 0.0], [0.0, 1.0, 0.0]])  # elbows bend forwards about them, in the T-pose
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
        pushed = [_deepest(placed, room, side, room.hands[side].points)[0] for side in range(2)]
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
            way, point = _deepest(motion, room, side, whole)
            if not way.any():
                break
            arm = point - motion.joints[:, wrist]
            total += _eased(rot.to_rotation_vector(rot.between(arm, arm + way)), half)
            angle = rot.length(total)
            total *= np.minimum(1.0, _MOST_WRIST / np.maximum(angle, 1e-9))[:, None]
            turned = rot.multiply(rot.from_rotation_vector(total), start.global_rotations[:, wrist])
            motion = start.turned([wrist], turned[:, None])
    return motion


def _eased(pushes: Floats, half: int) -> Floats:
    """Vectors (T, 3) spread over `half` frames on either side, nowhere shorter than they are."""
    direction = moving_mean(moving_mean(pushes, 2 * half + 1), 2 * half + 1)
    return rot.normalize(direction) * smooth_peaks(rot.length(pushes), half)[:, None]


def _move_wrists(motion: Motion, shifts: Floats) -> Motion:
    """The motion with wrists moved by shifts (T, 2, 3), as far as the arms reach; hands keep their orientation."""
    if not shifts.any():
        return motion
    world = motion.global_rotations
    shoulders, elbows, wrists = ([JOINT[f"{side}_{kind}"] for side in SIDES] for kind in ARM)
    start, middle, end = (motion.joints[:, joints] for joints in (shoulders, elbows, wrists))  # (T, 2, 3)
    longest = rot.length(motion.offsets[elbows]) + rot.length(motion.offsets[wrists])
    longest = np.maximum(_REACH * longest, rot.length(end - start))
    turn = bend_limb(
        start, middle, end, reachable(start, end + shifts, longest), rot.rotate(world[:, shoulders], _HINGES)
    )
    still = (rot.length(shifts) < 1e-6)[..., None]
    upper = rot.multiply(np.where(still, rot.IDENTITY, turn.upper), world[:, shoulders])
    lower = rot.multiply(np.where(still, rot.IDENTITY, turn.lower), world[:, elbows])
    arms = np.concatenate([upper, lower, world[:, wrists]], axis=1)
    return motion.turned([*shoulders, *elbows, *wrists], arms)


def _of_volume(motion: Motion, volume: Volume, side: int, points: Floats) -> Floats:
    """(T, 3, K) a hand's points (K, 3) from the volume's centre, in its axes."""
    wrist, world = JOINT[f"{SIDES[side]}_wrist"], motion.global_rotations
    back = rot.conjugate(world[:, volume.joint])
    at = rot.rotate(back, motion.joints[:, wrist] - motion.joints[:, volume.joint]) - volume.centre
    return at[..., None] + rot.rotate_all(rot.multiply(back, world[:, wrist]), points)


def _deepest(motion: Motion, room: BodyRoom, side: int, points: Floats) -> tuple[Floats, Floats]:
    """Of a hand's points (K, 3) the one that is deepest in the head or the trunk: the shortest straight way out (T, 3),
    zero where nothing is inside, and where that point is (T, 3)."""
    out, place = np.zeros((len(motion), 3)), np.zeros((len(motion), 3))
    depth = np.full(len(motion), 1e-4)
    for volume in (room.head, *room.trunk):
        own = _of_volume(motion, volume, side, points)
        scaled = own / volume.radii[:, None]
        far = (scaled * scaled).sum(axis=1)  # (T, K), 1 on the surface
        frames = np.flatnonzero((far < 1.0).any(axis=1))
        if not len(frames):
            continue
        own, far = own[frames].swapaxes(1, 2), np.maximum(np.sqrt(far[frames]), 0.05)  # (n, K, 3), (n, K)
        ways = own * np.maximum(1.0 / far - 1.0, 0.0)[..., None]
        ways = ways * np.maximum(1.0 - _SLACK / np.maximum(rot.length(ways), 1e-9), 0.0)[..., None]
        deep = rot.length(ways)
        worst = np.argmax(deep, axis=1)
        rows = np.flatnonzero(deep.max(axis=1) > depth[frames])
        frames, worst = frames[rows], worst[rows]
        turn = motion.global_rotations[frames, volume.joint]
        centre = motion.joints[frames, volume.joint]
        depth[frames] = deep[rows, worst]
        out[frames] = rot.rotate(turn, ways[rows, worst])
        place[frames] = centre + rot.rotate(turn, volume.centre + own[rows, worst])
    return out, place


def _touch_points(hand: HandRoom | None, side: int) -> Floats:
    """(2, 3) palm and fingertips from the wrist, in the T-pose; None: on the canonical body."""
    length = hand.length if hand else _SOURCE_HAND
    return np.array([[(1.0, -1.0)[side] * length * place, 0.0, 0.0] for place in _PLACES])


def _to_touch(motion: Motion, source: Motion, room: BodyRoom, side: int) -> tuple[Floats, Floats]:
    """(T, 3) that brings a hand as near to the same place of the head as the source's is to its own, where that nearly
    touches it. The distance is scaled by the size of the heads. Also (T,) how sure it is, from 0 to 1, that
    the head is meant."""
    theirs = _of_volume(source, _SOURCE_HEAD, side, _touch_points(None, side)).swapaxes(1, 2)  # (T, 2, 3)
    outward = np.maximum(rot.length(theirs / _SOURCE_HEAD.radii), 1e-6)[..., None]
    surface = theirs / outward
    gap = np.where(outward > 1.0, theirs - surface, 0.0)
    distance = rot.length(gap)  # (T, 2)
    if (distance >= _NEAR).all():
        return np.zeros((len(motion), 3)), np.zeros(len(motion))
    scale = float(np.mean(room.head.radii) / np.mean(_SOURCE_HEAD.radii))
    goal = surface / _SOURCE_HEAD.radii * room.head.radii + scale * gap
    ours = _of_volume(motion, room.head, side, _touch_points(room.hands[side], side)).swapaxes(1, 2)
    way = rot.rotate(motion.global_rotations[:, None, room.head.joint], goal - ours)
    weight = smoothstep((_NEAR - distance) / (_NEAR - _TOUCHING))[..., None]
    shoulder, elbow, wrist = (JOINT[f"{SIDES[side]}_{kind}"] for kind in ARM)
    on_floor = smoothstep((_HANDS_DOWN - source.joints[:, wrist, 1]) / _HANDS_DOWN + 0.5)
    longest = float(np.linalg.norm(motion.offsets[elbow]) + np.linalg.norm(motion.offsets[wrist]))
    far = rot.length(motion.joints[:, None, wrist] + way - motion.joints[:, None, shoulder]) / longest
    weight = weight * smoothstep((_TOO_FAR - far) / (_TOO_FAR - 1.0))[..., None]
    weight = weight * (1.0 - on_floor[:, None, None])
    return (weight * way).sum(axis=1) / np.maximum(weight.sum(axis=1), 1.0), weight.max(axis=(1, 2))
