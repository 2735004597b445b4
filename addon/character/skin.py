"""The meshes that follow an armature: the vertices on which it stands, and how thick the mesh is around every bone."""

from collections.abc import Iterator
from dataclasses import dataclass

import bpy
import numpy as np

from ...retarget.motion import rotations as rot
from ...retarget.typing import Bools, Floats, Indices
from .typing import ArmatureObject, full

_LOW_PART = 0.25  # of the height between the joints: contains the feet, whatever the proportions
_MOST_POINTS = 3000  # more vertices than this add little about soles or thickness, and reading weights is slow


@dataclass(frozen=True, eq=False)
class ObjectAxes:
    """The object's part in world axes: turn (4,) wxyz from armature to world, scale in metres per armature unit."""

    turn: Floats
    scale: float


@dataclass(frozen=True, eq=False)
class Skin:
    """As in `retarget.rigs.rig.Rig`."""

    low_points: Floats
    low_bones: Indices
    points: Floats
    bones: Indices
    thickness: Floats


@dataclass(frozen=True, eq=False)
class _Part:
    """One object's V vertices at rest: points (V, 3) in metres, world axes, around the armature's origin.

    groups: vertex group -> bone, -1 for groups of other names.  bone: what the whole object hangs from, or None.
    """

    mesh: bpy.types.Mesh
    points: Floats
    groups: tuple[int, ...]
    bone: int | None

    def weights(self, vertex: int) -> list[tuple[int, float]]:
        """(bone, weight) of one vertex."""
        if self.bone is not None:
            return [(self.bone, 1.0)]
        known = len(self.groups)
        elements = [(g.group, g.weight) for g in self.mesh.vertices[vertex].groups]
        return [(self.groups[i], w) for i, w in elements if i < known and self.groups[i] >= 0 and w > 0.0]


def read_skin(
    armature_object: ArmatureObject, axes: ObjectAxes, names: tuple[str, ...], heads: Floats, tails: Floats
) -> Skin | None:
    """The skin at rest, or None where nothing with vertices follows the armature.

    names: of N bones.  heads, tails: (N, 3) of the bones, metres, world axes, around the armature's origin.
    """
    parts = list(_parts(armature_object, axes, {name: i for i, name in enumerate(names)}))
    count = sum(len(part.points) for part in parts)
    if not count:
        return None
    height = heads[:, 2].min() + _LOW_PART * np.ptp(heads[:, 2])
    low = [part.points[:, 2] < height for part in parts]
    if not any(mask.any() for mask in low):
        lowest = min(float(part.points[:, 2].min()) for part in parts)
        low = [part.points[:, 2] < lowest + _LOW_PART * np.ptp(heads[:, 2]) for part in parts]
    low_points, low_bones = _low(parts, low)
    table, points = _weighted(parts, max(1, count // _MOST_POINTS))
    bones = np.full(len(points), -1)
    for bone, vertex, _ in table[np.argsort(table[:, 2])]:  # the largest weight comes last
        bones[int(vertex)] = int(bone)
    moved = bones >= 0
    return Skin(low_points, low_bones, points[moved], bones[moved], _thickness(table, points, heads, tails))


def _parts(armature_object: ArmatureObject, axes: ObjectAxes, index: dict[str, int]) -> Iterator[_Part]:
    for thing in full(bpy.context).scene.objects:
        mesh = thing.data
        if not isinstance(mesh, bpy.types.Mesh) or not len(mesh.vertices):
            continue
        hangs = thing.parent == armature_object and thing.parent_type == "BONE" and thing.parent_bone in index
        deformed = thing.parent_type != "BONE" and thing.find_armature() == armature_object
        if not hangs and not deformed:
            continue
        local = np.empty(3 * len(mesh.vertices), dtype=np.float32)
        mesh.vertices.foreach_get("co", local)
        if hangs:  # from a posed bone: back to where the bone rests
            posed, bone = armature_object.pose.bones[thing.parent_bone], armature_object.data.bones[thing.parent_bone]
            to_armature = bone.matrix_local @ posed.matrix.inverted() @ armature_object.matrix_world.inverted()
        else:
            to_armature = armature_object.matrix_world.inverted()
        matrix = np.array(to_armature @ thing.matrix_world, dtype=np.float64)
        rest = local.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]
        points = axes.scale * rot.rotate(axes.turn, rest)
        groups = tuple(index.get(group.name, -1) for group in thing.vertex_groups)
        yield _Part(mesh, points, groups, index[thing.parent_bone] if hangs else None)


def _low(parts: list[_Part], low: list[Bools]) -> tuple[Floats, Indices]:
    """The vertices in the masks `low` (V,), at most some thousand, and the bone that moves each most."""
    step = max(1, sum(int(mask.sum()) for mask in low) // _MOST_POINTS)
    points, bones = [np.zeros((0, 3))], []
    for part, mask in zip(parts, low, strict=True):
        chosen = np.flatnonzero(mask)[::step]
        points.append(part.points[chosen])
        for vertex in chosen:
            bones.append(max(part.weights(int(vertex)), key=lambda pair: pair[1], default=(-1, 0.0))[0])
    return np.concatenate(points), np.array(bones, dtype=np.intp)


def _weighted(parts: list[_Part], step: int) -> tuple[Floats, Floats]:
    """Rows (R, 3) of bone, vertex and weight for every `step`-th vertex of each part, and these vertices (V, 3)."""
    rows: list[tuple[int, int, float]] = []
    first = 0
    for part in parts:
        for i, vertex in enumerate(range(0, len(part.points), step)):
            rows.extend((bone, first + i, weight) for bone, weight in part.weights(vertex))
        first += len(part.points[::step])
    return np.array(rows).reshape(-1, 3), np.concatenate([part.points[::step] for part in parts])


def _thickness(table: Floats, points: Floats, heads: Floats, tails: Floats) -> Floats:
    """(N,) the smaller standard deviation, across each bone, of the vertices that it moves, as `_weighted` has them."""
    out = np.zeros(len(heads))
    for bone in np.unique(table[:, 0]).astype(int):
        mine = table[table[:, 0] == bone]
        own, weights = points[mine[:, 1].astype(int)], mine[:, 2:]
        along = rot.normalize(tails[bone] - heads[bone])
        away = own - (own * weights).sum(axis=0) / weights.sum()
        across = away - (away @ along)[:, None] * along
        spread = np.linalg.eigvalsh((across * weights).T @ across / weights.sum())
        out[bone] = max(float(np.sqrt(max(spread[1], 0.0))), 1e-6)  # [0] is along the bone
    return out
