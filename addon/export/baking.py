"""From sampled poses to the keys of a plain skeleton.

Vertices and bones become x' = C S A x, with A the armature object's rotation and scale, S the program's unit and C the
rotation to its up axis. The object's own movement X(t) away from A becomes R(t) = C X(t) C^-1. A root starts at the
origin, unturned: what it is turned by in the first frame is left to the bones below it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...retarget.motion import rotations as rot
from ...retarget.typing import Floats
from ..action.new_action import Curve
from ..character.placing import OBJECT
from .presets import IK_BONES

_LEAST_MOVE = 1e-5  # of the skeleton's size: bones that move less get no location keys
_LEAST_TURN = 1e-5  # radians
_NEAR_FLOOR = 0.1  # of the skeleton's height: a root bone is no higher


@dataclass(frozen=True, eq=False)
class Sampled:
    """An evaluated clip: poses (T, N, 4, 4) in armature space, and the armature object in the world, (T, 4, 4)."""

    name: str
    poses: Floats
    worlds: Floats


@dataclass(frozen=True, eq=False)
class Skeleton:
    """The exported bones, parents first.

    rests: (N, 4, 4) rigid.  root: index of the bone on the floor that carries the others, if there is one.  added:
    whether that bone is new, so that poses lack it.  root_bone: it carries what the object carries.
    to_data: (4, 4), C S A.  axes: (3, 3), C.  scale: S.  up: index of the up axis.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    rests: Floats
    root: int | None
    added: bool
    root_bone: bool
    to_data: Floats
    axes: Floats
    scale: float
    up: int


def object_base(clips: Sequence[Sampled]) -> Floats:
    """A, (4, 4): the object's rotation and scale, without its place. Of an object that turns, its heading is left out:
    all clips have the same rest pose."""
    worlds = np.concatenate([clip.worlds for clip in clips])
    base = np.eye(4)
    base[:3, :3] = worlds[0, :3, :3]
    turns = rot.from_matrix(unit(worlds[:, :3, :3]))
    if rot.angle_between(turns, turns[:1]).max() > _LEAST_TURN:
        base[:3, :3] = rot.to_matrix(rot.conjugate(_twist(turns[0], 2))) @ base[:3, :3]
    return base


def find_root(parents: Sequence[int], heads: Floats, up: int) -> int | None:
    """The top bone of most bones if it is near the floor and not alone, else None."""
    tops = [top_of(bone, parents) for bone in range(len(parents))]
    top = max(set(tops), key=tops.count)
    heights = heads[:, up] - heads[:, up].min()
    return top if tops.count(top) > 1 and heights[top] <= _NEAR_FLOOR * heights.max() else None


def top_of(bone: int, parents: Sequence[int]) -> int:
    """The bone's topmost parent, or itself."""
    while parents[bone] >= 0:
        bone = parents[bone]
    return bone


def bake_all(clips: Sequence[Sampled], skeleton: Skeleton) -> list[list[Curve]]:
    """The keys of each clip. All clips have the same curves, so that none leaves a bone to another where a player goes
    from clip to clip: those of the top bone and of whatever moves in any clip, and every bone's rotation."""
    baked = [_bake(clip, skeleton) for clip in clips]
    located = {(bone, channel): values for curves in baked for bone, channel, values in curves if channel == "location"}
    turned = any(bone == OBJECT for bone, _ in located)
    for clip, curves in zip(clips, baked, strict=True):
        frames, own = len(clip.worlds), {(bone, channel) for bone, channel, _ in curves}
        if turned and (OBJECT, "location") not in own:
            curves.append((OBJECT, "rotation_quaternion", np.tile(rot.IDENTITY, (frames, 1))))
        curves += [(bone, channel, np.zeros((frames, 3))) for bone, channel in located if (bone, channel) not in own]
    return baked


def _bake(clip: Sampled, skeleton: Skeleton) -> list[Curve]:
    """The keys of all bones and, where it moves, of the object, in data axes."""
    turned = rot.from_matrix(unit(skeleton.to_data[:3, :3] @ clip.poses[..., :3, :3]))  # (T, N, 4)
    heads = clip.poses[..., :3, 3] @ skeleton.to_data[:3, :3].T  # (T, N, 3)
    if skeleton.added and skeleton.root is not None:
        turned = np.insert(turned, skeleton.root, rot.from_matrix(skeleton.rests[skeleton.root, :3, :3]), axis=1)
        heads = np.insert(heads, skeleton.root, 0.0, axis=1)
    turn, shift = _object_track(clip, skeleton)
    curves: list[Curve] = []
    moved = rot.angle_between(rot.IDENTITY, turn).max() > _LEAST_TURN
    if moved or np.abs(shift).max() > _LEAST_MOVE * skeleton.scale:
        if skeleton.root_bone and skeleton.root is not None:
            carried = turn
            heads = rot.rotate(carried[:, None], heads) + shift[:, None]
        else:
            start = _twist(turn[0], skeleton.up)
            carried = np.broadcast_to(start, turn.shape)
            heads = rot.rotate(carried[:, None], heads)
            turn = rot.unflip(rot.multiply(turn, rot.conjugate(start)))
            curves = [(OBJECT, "rotation_quaternion", turn), (OBJECT, "location", shift)]
        turned = rot.multiply(carried[:, None], turned)
    if skeleton.root is not None:
        turned, heads = _start_root(turned, heads, skeleton, skeleton.root)
    _follow(turned, heads, skeleton)
    return _bone_curves(turned, heads, skeleton) + curves


def _object_track(clip: Sampled, skeleton: Skeleton) -> tuple[Floats, Floats]:
    """R(t): turn (T, 4), and shift (T, 3) since the first frame."""
    base = skeleton.axes.T @ skeleton.to_data[:3, :3]  # S A
    turns = unit(clip.worlds[:, :3, :3]) @ unit(base).T
    turn = rot.unflip(rot.from_matrix(skeleton.axes @ turns @ skeleton.axes.T))
    shift = skeleton.scale * (clip.worlds[:, :3, 3] - clip.worlds[0, :3, 3]) @ skeleton.axes.T
    return turn, shift


def _start_root(turned: Floats, heads: Floats, skeleton: Skeleton, root: int) -> tuple[Floats, Floats]:
    """Everything moved along the floor so that the root starts where it rests, and the root alone turned back by its
    first frame's heading."""
    rest = rot.from_matrix(skeleton.rests[root, :3, :3])
    away = rot.multiply(turned[:, root], rot.conjugate(rest))
    unturned = rot.multiply(away, rot.conjugate(_twist(away[0], skeleton.up)))
    turned = turned.copy()
    turned[:, root] = rot.multiply(unturned, rest)
    start = heads[0, root] - skeleton.rests[root, :3, 3]
    start[skeleton.up] = 0.0
    return turned, heads - start


def _follow(turned: Floats, heads: Floats, skeleton: Skeleton) -> None:
    """Put Unreal's IK bones where the bones are that they stand for."""
    index = {name: i for i, name in enumerate(skeleton.names)}
    rests = rot.from_matrix(skeleton.rests[:, :3, :3])
    for follower, leader in IK_BONES.items():
        if follower in index and leader in index:
            f, i = index[follower], index[leader]
            away = rot.multiply(turned[:, i], rot.conjugate(rests[i]))
            turned[:, f] = rot.multiply(away, rests[f])
            heads[:, f] = heads[:, i]


def _bone_curves(turned: Floats, heads: Floats, skeleton: Skeleton) -> list[Curve]:
    """Rotation of each bone relative to its parent and its rest, and the location of the top bone and of others that
    leave theirs."""
    rests, rest_heads = rot.from_matrix(skeleton.rests[:, :3, :3]), skeleton.rests[:, :3, 3]
    least = _LEAST_MOVE * float(np.ptp(rest_heads, axis=0).max() or 1.0)
    curves: list[Curve] = []
    for i, (name, parent) in enumerate(zip(skeleton.names, skeleton.parents, strict=True)):
        turn, offset = turned[:, i], heads[:, i] - rest_heads[i]
        if parent >= 0:
            swung = rot.multiply(turned[:, parent], rot.conjugate(rests[parent]))  # the parent's turn away from rest
            turn = rot.multiply(rot.conjugate(swung), turn)
            offset = rot.rotate(rot.conjugate(swung), heads[:, i] - heads[:, parent])
            offset = offset - (rest_heads[i] - rest_heads[parent])
        basis = rot.normalize(rot.multiply(rot.conjugate(rests[i]), turn))
        curves.append((name, "rotation_quaternion", rot.unflip(basis)))
        if i == 0 or np.abs(offset).max() > least:
            curves.append((name, "location", rot.rotate(rot.conjugate(rests[i]), offset)))
    return curves


def _twist(turn: Floats, axis: int) -> Floats:
    """(4,) the part of a turn (4,) about that axis (swing and twist)."""
    out = np.zeros(4)
    out[0], out[1 + axis] = turn[0], turn[1 + axis]
    return rot.normalize(out) if np.abs(out).max() > 1e-9 else rot.IDENTITY.copy()


def unit(matrices: Floats) -> Floats:
    """Matrices (..., 3, 3) with columns of length one."""
    out: Floats = matrices / np.linalg.norm(matrices, axis=-2, keepdims=True)
    return out
