"""A small character with a mesh and an animation as ASCII FBX, written by hand: FBX 7.3, Z up, facing -Y, in inches."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion.skeleton import JOINT_NAMES, PARENTS

_INCH = 0.0254
_SECOND = 46186158000  # of FBX's clock
_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])  # from Y up to Z up
_MESH, _GEOMETRY, _SKIN, _STACK, _LAYER = 1, 2, 3, 4, 5
_BONE, _ATTRIBUTE, _CLUSTER, _NODE, _CURVE = 100, 200, 300, 400, 1000  # numbers of objects start here
_HEAD = """; FBX 7.3.0 project file
FBXHeaderExtension:  {
	FBXHeaderVersion: 1003
	FBXVersion: 7300
	Creator: "by hand"
}
GlobalSettings:  {
	Version: 1000
	Properties70:  {
		P: "UpAxis", "int", "Integer", "",2
		P: "UpAxisSign", "int", "Integer", "",1
		P: "FrontAxis", "int", "Integer", "",1
		P: "FrontAxisSign", "int", "Integer", "",-1
		P: "CoordAxis", "int", "Integer", "",0
		P: "CoordAxisSign", "int", "Integer", "",1
		P: "UnitScaleFactor", "double", "Number", "",2.54
		P: "TimeMode", "enum", "", "",6
	}
}
"""


def write_ascii_fbx(path: Path, motion: Motion) -> None:
    """The motion's own skeleton, with a box on every bone, at rest in its T-pose."""
    offsets = motion.offsets @ _UP.T / _INCH  # (22, 3)
    heads = np.zeros_like(offsets)
    for joint, parent in enumerate(PARENTS):
        heads[joint] = offsets[joint] + (heads[parent] if parent >= 0 else 0.0)
    heads[:, 2] -= heads[:, 2].min() - 2.0  # the feet on the floor
    local = offsets.copy()
    local[0] = heads[0]
    objects, links = [*_mesh(heads)], [*_links()]
    for joint in range(len(PARENTS)):
        objects += _bone(joint, local[joint])
    objects += _animation(motion, local)
    body = "".join(f"\t{line}\n" for text in objects for line in text.splitlines())
    joined = "".join(f'\tC: "{kind}",{",".join(map(str, ends))}\n' for kind, *ends in links)
    path.write_text(f"{_HEAD}Objects:  {{\n{body}}}\nConnections:  {{\n{joined}}}\n", encoding="ascii")


def _listed(name: str, values: Sequence[float] | np.ndarray) -> str:
    flat = [f"{v:.7g}" if isinstance(v, float) else str(v) for v in np.ravel(values).tolist()]
    return f"\t{name}: *{len(flat)} {{\n\t\ta: {','.join(flat)}\n\t}}\n"


def _box(head: np.ndarray) -> list[np.ndarray]:
    return [head + 1.5 * np.array([x, y, z]) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]


def _mesh(heads: np.ndarray) -> Iterator[str]:
    faces = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])
    polygons = np.concatenate([faces + 8 * joint for joint in range(len(heads))])
    polygons[:, 3] = -polygons[:, 3] - 1  # the last corner of a face
    points = np.concatenate([_box(head) for head in heads])
    yield (
        f'Geometry: {_GEOMETRY}, "Geometry::Body", "Mesh" {{\n{_listed("Vertices", points)}'
        f"{_listed('PolygonVertexIndex', polygons)}\tGeometryVersion: 124\n}}"
    )
    yield f'Model: {_MESH}, "Model::Body", "Mesh" {{\n\tVersion: 232\n}}'
    yield f'Deformer: {_SKIN}, "Deformer::", "Skin" {{\n\tVersion: 101\n}}'
    for joint, head in enumerate(heads):
        link, away = np.eye(4), np.eye(4)
        link[3, :3], away[3, :3] = head, -head
        yield (
            f'Deformer: {_CLUSTER + joint}, "SubDeformer::", "Cluster" {{\n\tVersion: 100\n'
            f"{_listed('Indexes', np.arange(8 * joint, 8 * joint + 8))}{_listed('Weights', np.ones(8))}"
            f"{_listed('Transform', away)}{_listed('TransformLink', link)}}}"
        )


def _bone(joint: int, place: np.ndarray) -> Iterator[str]:
    yield f'NodeAttribute: {_ATTRIBUTE + joint}, "NodeAttribute::", "LimbNode" {{\n\tTypeFlags: "Skeleton"\n}}'
    yield (
        f'Model: {_BONE + joint}, "Model::{JOINT_NAMES[joint]}", "LimbNode" {{\n\tVersion: 232\n\tProperties70:  {{\n'
        f'\t\tP: "Lcl Translation", "Lcl Translation", "", "A",{",".join(f"{v:.7g}" for v in place)}\n\t}}\n}}'
    )


def _animation(motion: Motion, local: np.ndarray) -> Iterator[str]:
    yield f'AnimationStack: {_STACK}, "AnimStack::Stroll", "" {{\n}}'
    yield f'AnimationLayer: {_LAYER}, "AnimLayer::Base", "" {{\n}}'
    turn = Rotation.from_matrix(_UP)
    times = (np.arange(len(motion)) * _SECOND / motion.fps).round().astype(int)
    channels = [("T", motion.root_position @ _UP.T / _INCH)]
    for joint in range(len(PARENTS)):
        own = Rotation.from_quat(motion.rotations[:, joint, [1, 2, 3, 0]])
        turned = (turn * own * turn.inv()).as_euler("xyz", degrees=True)
        channels.append(("R", np.degrees(np.unwrap(np.radians(turned), axis=0))))
    for number, (kind, values) in enumerate(channels):
        yield (
            f'AnimationCurveNode: {_NODE + number}, "AnimCurveNode::{kind}", "" {{\n\tProperties70:  {{\n'
            + "".join(f'\t\tP: "d|{axis}", "Number", "", "A",0\n' for axis in "XYZ")
            + "\t}\n}"
        )
        for axis in range(3):
            yield (
                f'AnimationCurve: {_CURVE + 3 * number + axis}, "AnimCurve::", "" {{\n\tDefault: 0\n\tKeyVer: 4008\n'
                f"{_listed('KeyTime', times)}{_listed('KeyValueFloat', values[:, axis])}"
                f"{_listed('KeyAttrFlags', [4])}{_listed('KeyAttrDataFloat', [0, 0, 0, 0])}"
                f"{_listed('KeyAttrRefCount', [len(times)])}}}"
            )


def _links() -> Iterator[tuple[object, ...]]:
    yield from (("OO", _MESH, 0), ("OO", _GEOMETRY, _MESH), ("OO", _SKIN, _GEOMETRY), ("OO", _LAYER, _STACK))
    for joint, parent in enumerate(PARENTS):
        yield ("OO", _BONE + joint, _BONE + parent if parent >= 0 else 0)
        yield ("OO", _ATTRIBUTE + joint, _BONE + joint)
        yield ("OO", _CLUSTER + joint, _SKIN)
        yield ("OO", _BONE + joint, _CLUSTER + joint)
    for number in range(len(PARENTS) + 1):
        joint, channel = max(number - 1, 0), "Lcl Rotation" if number else "Lcl Translation"
        yield ("OO", _NODE + number, _LAYER)
        yield ("OP", _NODE + number, _BONE + joint, f' "{channel}"')
        for axis in range(3):
            yield ("OP", _CURVE + 3 * number + axis, _NODE + number, f' "d|{"XYZ"[axis]}"')
