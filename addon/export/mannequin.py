"""A jointed mannequin, 1.75 m tall, built from scratch: the character of the demo and of `--rig mannequin`.

Metres, Z up, facing -Y as Blender's own rigs do, its left at +X, arms out in a T. Each part of the mesh belongs to one
bone alone, as in an artist's wooden figure, so no pose can tear or pinch it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import cos, pi, sin
from typing import Any, cast

import bmesh
import bpy
from mathutils import Matrix, Vector

from ..character.typing import ArmatureObject, as_armature, full

Point = tuple[float, float, float]

# bone: (parent, head, tail, direction of its Z axis). Only the left side; the right one is its mirror image.
_BONES: dict[str, tuple[str, Point, Point, Point]] = {
    "hips": ("", (0, 0.01, 0.95), (0, 0.01, 1.05), (0, -1, 0)),
    "spine": ("hips", (0, 0.01, 1.05), (0, 0.012, 1.18), (0, -1, 0)),
    "chest": ("spine", (0, 0.012, 1.18), (0, 0.02, 1.31), (0, -1, 0)),
    "upper_chest": ("chest", (0, 0.02, 1.31), (0, 0.03, 1.47), (0, -1, 0)),
    "neck": ("upper_chest", (0, 0.03, 1.47), (0, 0.01, 1.56), (0, -1, 0)),
    "head": ("neck", (0, 0.01, 1.56), (0, 0.01, 1.75), (0, -1, 0)),
    "shoulder.L": ("upper_chest", (0.03, 0.01, 1.43), (0.165, 0.025, 1.435), (0, 0, 1)),
    "upper_arm.L": ("shoulder.L", (0.175, 0.025, 1.43), (0.455, 0.035, 1.43), (0, 0, 1)),
    "forearm.L": ("upper_arm.L", (0.455, 0.035, 1.43), (0.71, 0.025, 1.43), (0, 0, 1)),
    "hand.L": ("forearm.L", (0.71, 0.025, 1.43), (0.885, 0.025, 1.43), (0, 0, 1)),
    "thigh.L": ("hips", (0.095, 0.01, 0.915), (0.1, -0.002, 0.495), (0, -1, 0)),
    "shin.L": ("thigh.L", (0.1, -0.002, 0.495), (0.1, 0.03, 0.085), (0, -1, 0)),
    "foot.L": ("shin.L", (0.1, 0.03, 0.085), (0.105, -0.11, 0.022), (0, 0, 1)),
    "toe.L": ("foot.L", (0.105, -0.11, 0.022), (0.108, -0.19, 0.022), (0, 0, 1)),
}


@dataclass(frozen=True)
class _Part:
    """A rounded solid along a line, of elliptic rings.

    start, end: metres, the ends of the line.  radii: along the line, each (across, deep): half widths in metres, the
    first along `side`.  material: 0 body, 1 joints.
    """

    bone: str
    start: Point
    end: Point
    radii: tuple[tuple[float, float], ...]
    material: int = 0
    side: Point = (1, 0, 0)


def _ball(bone: str, at: Point, radius: float) -> _Part:
    ring = ((radius, radius),)
    return _Part(bone, at, at, ring, 1)


_Y = (0, 1, 0)
_PARTS = (
    _Part("hips", (0, 0.01, 0.90), (0, 0.01, 1.0), ((0.13, 0.10), (0.155, 0.108), (0.14, 0.10))),
    _Part("spine", (0, 0.01, 1.04), (0, 0.012, 1.16), ((0.115, 0.08), (0.112, 0.078), (0.115, 0.08)), 1),
    _Part("chest", (0, 0.012, 1.17), (0, 0.018, 1.29), ((0.12, 0.092), (0.145, 0.105), (0.16, 0.112))),
    _Part("upper_chest", (0, 0.018, 1.29), (0, 0.025, 1.4), ((0.16, 0.112), (0.172, 0.118), (0.15, 0.1), (0.09, 0.07))),
    _Part("neck", (0, 0.028, 1.46), (0, 0.015, 1.55), ((0.055, 0.055), (0.05, 0.05)), 1),
    _Part("head", (0, 0.012, 1.60), (0, 0.0, 1.67), ((0.062, 0.08), (0.075, 0.095), (0.078, 0.098))),
    _Part("head", (0, -0.068, 1.635), (0, -0.068, 1.665), ((0.056, 0.028), (0.058, 0.03)), 1),
    _ball("shoulder.L", (0.175, 0.025, 1.43), 0.062),
    _Part("upper_arm.L", (0.23, 0.027, 1.43), (0.405, 0.033, 1.43), ((0.05, 0.052), (0.05, 0.05), (0.04, 0.04)), 0, _Y),
    _ball("upper_arm.L", (0.455, 0.035, 1.43), 0.043),
    _Part("forearm.L", (0.505, 0.033, 1.43), (0.665, 0.027, 1.43), ((0.04, 0.04), (0.042, 0.04), (0.03, 0.03)), 0, _Y),
    _ball("forearm.L", (0.71, 0.025, 1.43), 0.031),
    _Part("hand.L", (0.755, 0.025, 1.43), (0.86, 0.022, 1.428), ((0.036, 0.02), (0.043, 0.021), (0.034, 0.014)), 0, _Y),
    _Part("hand.L", (0.765, -0.012, 1.425), (0.815, -0.04, 1.42), ((0.015, 0.014), (0.012, 0.011)), 0, _Y),
    _ball("hips", (0.095, 0.01, 0.90), 0.086),
    _Part("thigh.L", (0.096, 0.008, 0.83), (0.1, 0.0, 0.565), ((0.078, 0.082), (0.076, 0.08), (0.056, 0.058))),
    _ball("thigh.L", (0.1, -0.002, 0.495), 0.058),
    _Part("shin.L", (0.1, 0.004, 0.43), (0.1, 0.026, 0.155), ((0.052, 0.056), (0.053, 0.058), (0.034, 0.037))),
    _ball("shin.L", (0.1, 0.03, 0.09), 0.042),
    _Part("foot.L", (0.1, 0.045, 0.044), (0.104, -0.085, 0.034), ((0.036, 0.043), (0.042, 0.042), (0.045, 0.033)), 0),
    _Part("toe.L", (0.105, -0.125, 0.029), (0.107, -0.165, 0.025), ((0.045, 0.027), (0.038, 0.023)), 1),
)  # fmt: skip

_SEGMENTS = 20
_CAP_RINGS = 5
_COLOURS = {"Mannequin body": (0.80, 0.74, 0.66, 1.0), "Mannequin joints": (0.05, 0.16, 0.30, 1.0)}


def build_mannequin(collection: bpy.types.Collection) -> ArmatureObject:
    """Add the mannequin to a collection of the active view layer; returns the armature object, its mesh a child of it.

    The active object changes, as it does when Blender adds anything.
    """
    armature = as_armature(bpy.data.objects.new("Mannequin", bpy.data.armatures.new("Mannequin")))
    collection.objects.link(armature)
    _add_bones(armature)
    data = bpy.data.meshes.new("Mannequin mesh")
    mesh = bpy.data.objects.new("Mannequin mesh", data)
    collection.objects.link(mesh)
    for name, colour in _COLOURS.items():
        data.materials.append(_material(name, colour))
    _add_parts(mesh, data)
    mesh.parent = armature
    cast(bpy.types.ArmatureModifier, mesh.modifiers.new("Armature", "ARMATURE")).object = armature
    return armature


def _mirrored(point: Point) -> Point:
    return (-point[0], point[1], point[2])


def _both_sides(name: str) -> tuple[str, ...]:
    return (name, name.removesuffix(".L") + ".R") if name.endswith(".L") else (name,)


def _add_bones(armature: ArmatureObject) -> None:
    full(bpy.context).view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")  # bones can be created only there
    edit_bones = armature.data.edit_bones
    for left_name, (left_parent, head, tail, z_axis) in _BONES.items():
        for name in _both_sides(left_name):
            mirror = name != left_name
            bone = edit_bones.new(name)
            bone.head, bone.tail = (_mirrored(head), _mirrored(tail)) if mirror else (head, tail)
            bone.align_roll(Vector(z_axis))
            parent = _both_sides(left_parent)[-1 if mirror else 0] if left_parent else ""
            if parent:
                bone.parent = edit_bones[parent]
                bone.use_connect = (bone.head - bone.parent.tail).length < 1e-6
    bpy.ops.object.mode_set(mode="OBJECT")


def _material(name: str, colour: tuple[float, float, float, float]) -> bpy.types.Material:
    material = bpy.data.materials.new(name)
    material.diffuse_color = colour  # what Workbench and the solid viewport show
    if bpy.app.version < (5, 0, 0):  # later every material has nodes, and setting this warns
        material.use_nodes = True
    shader = shader_inputs(material)
    shader["Base Color"].default_value = colour
    shader["Roughness"].default_value = 0.55
    return material


def shader_inputs(material: bpy.types.Material) -> Any:
    """The sockets, by name, of the one shader that a new material has."""
    nodes: Any = material.node_tree
    return next(node for node in nodes.nodes if node.type == "BSDF_PRINCIPLED").inputs


def _add_parts(mesh_object: bpy.types.Object, data: bpy.types.Mesh) -> None:
    """Build every part on both sides, each wholly in its bone's vertex group."""
    shape = bmesh.new()
    weights = shape.verts.layers.deform.verify()
    for part in _PARTS:
        sides = _both_sides(part.bone)
        if len(sides) == 1 and part.start[0] != 0:  # a pair of parts on one middle bone
            sides = (part.bone, part.bone)
        for number, bone in enumerate(sides):
            group = mesh_object.vertex_groups.get(bone) or mesh_object.vertex_groups.new(name=bone)
            _add_solid(shape, part, number == 1, weights, group.index)
    bmesh.ops.recalc_face_normals(shape, faces=list(shape.faces))
    for face in shape.faces:
        face.smooth = True
    shape.to_mesh(data)
    shape.free()


def _profile(part: _Part) -> list[tuple[Vector, float, float]]:
    """Centre and half widths of every ring from one pole to the other; the ends are rounded off."""
    start, end = Vector(part.start), Vector(part.end)
    along = (end - start).normalized() if part.start != part.end else Vector((0, 0, 1))
    middle = [
        (start.lerp(end, i / max(len(part.radii) - 1, 1)), across, deep) for i, (across, deep) in enumerate(part.radii)
    ]
    caps = []
    for (centre, across, deep), outward in ((middle[0], -along), (middle[-1], along)):
        height = min(across, deep)
        angles = [0.5 * pi * (i + 1) / _CAP_RINGS for i in range(_CAP_RINGS)]
        caps.append([(centre + outward * (height * sin(a)), across * cos(a), deep * cos(a)) for a in angles])
    return [*reversed(caps[0]), *middle, *caps[1]]


def _cross(a: Vector, b: Vector) -> Vector:
    product = cast(Vector, a.cross(b))  # a number for 2D vectors, the stubs say
    return product.normalized()


def _add_solid(
    shape: bmesh.types.BMesh,
    part: _Part,
    mirror: bool,
    weights: bmesh.types.BMLayerItem[bmesh.types.BMDeformVert],
    group: int,
) -> None:
    along = Vector(part.end) - Vector(part.start) if part.start != part.end else Vector((0, 0, 1))
    deep_axis = _cross(along, Vector(part.side))
    across_axis = _cross(deep_axis, along)
    reflection = Matrix.Diagonal((-1 if mirror else 1, 1, 1))
    rings = []
    for centre, across, deep in _profile(part):
        pole = across < 1e-6
        ring = []
        for i in range(1 if pole else _SEGMENTS):
            angle = 2 * pi * i / _SEGMENTS
            offset = Vector() if pole else across_axis * (across * cos(angle)) + deep_axis * (deep * sin(angle))
            vert = shape.verts.new(reflection @ (centre + offset))
            cast(Any, vert[weights])[group] = 1.0
            ring.append(vert)
        rings.append(ring)
    for a, b in pairwise(rings):
        for i in range(_SEGMENTS):
            j = (i + 1) % _SEGMENTS
            corners = dict.fromkeys((a[i % len(a)], a[j % len(a)], b[j % len(b)], b[i % len(b)]))
            shape.faces.new(list(corners)).material_index = part.material
