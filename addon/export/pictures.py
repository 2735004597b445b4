"""Rendering frames of the open scene's character with Cycles, which needs no display and no OpenGL."""

from math import radians
from pathlib import Path
from typing import Any, cast

import bpy
from mathutils import Vector

from ..character.typing import ArmatureObject, full
from .mannequin import shader_inputs

WIDTH, HEIGHT = 280, 360
SAMPLES = 10


def render_pictures(armature_object: ArmatureObject, hips: str, folder: Path, count: int) -> list[str]:
    """Render `count` frames spread over the scene's range as PNG; the camera follows the bone `hips`.

    The floor's squares measure half a metre, so that travel shows. Adds camera, lights and floor to the scene: call it
    after saving. Returns the paths in order of time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    scene = full(bpy.context).scene
    camera = _build_stage(scene)
    height = _height(armature_object)
    paths = []
    for number in range(count):
        frame = scene.frame_start + (scene.frame_end - scene.frame_start) * number / max(count - 1, 1)
        scene.frame_set(int(frame), subframe=frame % 1.0)
        at = armature_object.matrix_world @ armature_object.pose.bones[hips].head
        target = Vector((at.x, at.y, 0.56 * height))
        camera.location = target + height * Vector((0.95, -1.75, 0.42))
        camera.rotation_euler = (target - camera.location).to_track_quat("-Z", "Y").to_euler()
        path = folder / f"{number:03d}.png"
        scene.render.filepath = str(path)
        bpy.ops.render.render(write_still=True)
        paths.append(str(path))
    return paths


def _height(armature_object: ArmatureObject) -> float:
    """Metres from the floor to the top of the character at rest: of its skin, or of its bones where it has none."""
    skins = [o for o in full(bpy.context).scene.objects if o.type == "MESH" and o.find_armature() == armature_object]
    tops = [(skin.matrix_world @ Vector(corner)).z for skin in skins for corner in skin.bound_box]
    return max(tops or [(armature_object.matrix_world @ bone.tail_local).z for bone in armature_object.data.bones])


def _build_stage(scene: bpy.types.Scene) -> bpy.types.Object:
    """Camera, light, floor and render settings; returns the camera."""
    light = cast(bpy.types.SunLight, bpy.data.lights.new("Sun", "SUN"))
    light.energy, light.angle = 2.6, radians(6)
    sun = bpy.data.objects.new("Sun", light)
    sun.rotation_euler = (radians(38), radians(14), radians(-20))
    lens = bpy.data.cameras.new("Camera")
    lens.lens, lens.sensor_fit = 35, "VERTICAL"
    camera = bpy.data.objects.new("Camera", lens)
    mesh = bpy.data.meshes.new("Floor")
    mesh.from_pydata([(x, y, 0.0) for x, y in ((-60, -60), (60, -60), (60, 60), (-60, 60))], [], [(0, 1, 2, 3)])
    mesh.materials.append(_checker())
    floor = bpy.data.objects.new("Floor", mesh)
    for thing in (sun, camera, floor):
        scene.collection.objects.link(thing)
    scene.camera = camera
    scene.world = bpy.data.worlds.new("Sky")
    if bpy.app.version < (5, 0, 0):
        scene.world.use_nodes = True
    cast(Any, scene.world.node_tree).nodes["Background"].inputs["Color"].default_value = (0.50, 0.56, 0.64, 1.0)
    scene.render.engine = cast(Any, "CYCLES")  # an engine that an add-on brings
    cycles: Any = scene.cycles
    cycles.samples, cycles.use_denoising = SAMPLES, False
    scene.render.resolution_x, scene.render.resolution_y = WIDTH, HEIGHT
    scene.render.resolution_percentage = 100
    scene.render.image_settings.file_format = "PNG"
    scene.render.use_persistent_data = True  # the next frame differs in the pose only
    return camera


def _checker() -> bpy.types.Material:
    material = bpy.data.materials.new("Floor")
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = True
    shader, tree = shader_inputs(material), cast(Any, material.node_tree)
    nodes, links = tree.nodes, tree.links
    shader["Roughness"].default_value = 0.9
    place, checker = nodes.new("ShaderNodeTexCoord"), nodes.new("ShaderNodeTexChecker")
    checker.inputs["Scale"].default_value = 2.0
    checker.inputs["Color1"].default_value = (0.30, 0.32, 0.35, 1.0)
    checker.inputs["Color2"].default_value = (0.48, 0.50, 0.53, 1.0)
    links.new(place.outputs["Object"], checker.inputs["Vector"])
    links.new(checker.outputs["Color"], shader["Base Color"])
    return material
