"""What `test_writing.py` runs inside Blender."""

from pathlib import Path

import bpy
import export_scenarios
import numpy as np
from character_scenarios import walking_round

from motiongpt.addon.action.new_action import write_action
from motiongpt.addon.character.character import Character
from motiongpt.addon.export.loading import load_character
from motiongpt.addon.export.presets import PRESETS, Options, missing_for_unity
from motiongpt.addon.export.writing import write_fbx


def actions(path):
    bpy.ops.wm.open_mainfile(filepath=path)
    armature = next(o for o in bpy.data.objects if o.type == "ARMATURE")
    return {"actions": sorted(a.name for a in bpy.data.actions), "played": armature.animation_data.action.name}


def _animated(name="mannequin"):
    armature, character = load_character(name)
    bpy.context.scene.render.fps = 20
    return armature, write_action(armature, character, character.solve(walking_round(), "hips"), "round", 0)


def _image(name, colour):
    image = bpy.data.images.new(name, 8, 8)
    image.pixels[:] = [*colour, 1.0] * 64
    return image


def _material(name, image):
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    tree = material.node_tree
    texture = tree.nodes.new("ShaderNodeTexImage")
    texture.image = image
    return material, tree, texture, tree.nodes["Principled BSDF"].inputs["Base Color"]


def textures(folder):
    """Materials of many kinds on the mannequin, written as FBX; what comes back, and whether the scene is unchanged."""
    armature, action = _animated()
    folder = Path(folder)
    colours = {
        "mixed.png": (0.9, 0.1, 0.1), "grouped.png": (0.1, 0.8, 0.1), "emitted.png": (0.1, 0.1, 0.7),
        "painted.png": (0.6, 0.6, 0.1), "old.png": (0.1, 0.6, 0.6),
    }  # fmt: skip
    materials = []

    material, tree, texture, socket = _material("mixed", _image("mixed", colours["mixed.png"]))
    texture.image.pack()
    mix = tree.nodes.new("ShaderNodeMix")
    mix.data_type = "RGBA"
    tree.links.new(texture.outputs["Color"], mix.inputs[6])
    tree.links.new(mix.outputs[2], socket)
    materials.append(material)

    material, tree, texture, socket = _material("grouped", None)
    group = bpy.data.node_groups.new("paint", "ShaderNodeTree")
    group.interface.new_socket("Color", in_out="OUTPUT", socket_type="NodeSocketColor")
    inner, out = group.nodes.new("ShaderNodeTexImage"), group.nodes.new("NodeGroupOutput")
    inner.image = _image("grouped", colours["grouped.png"])
    inner.image.pack()
    group.links.new(inner.outputs["Color"], out.inputs[0])
    node = tree.nodes.new("ShaderNodeGroup")
    node.node_tree = group
    tree.links.new(node.outputs[0], socket)
    materials.append(material)

    material, tree, texture, socket = _material("emitted", _image("emitted", colours["emitted.png"]))
    emission = tree.nodes.new("ShaderNodeEmission")
    tree.links.new(texture.outputs["Color"], emission.inputs["Color"])
    tree.links.new(emission.outputs[0], tree.get_output_node("ALL").inputs["Surface"])
    materials.append(material)

    material, tree, texture, socket = _material("painted", _image("painted", colours["painted.png"]))
    tree.links.new(texture.outputs["Color"], socket)  # never saved nor packed
    materials.append(material)

    drawn = _image("drawn", colours["old.png"])
    drawn.filepath_raw, drawn.file_format = str(folder / "old.tga"), "TARGA"
    drawn.save()
    bpy.data.images.remove(drawn)
    material, tree, texture, socket = _material("old", bpy.data.images.load(str(folder / "old.tga")))
    tree.links.new(texture.outputs["Color"], socket)
    materials.append(material)

    gone = _image("missing.png", (0.0, 0.0, 0.0))
    gone.filepath_raw, gone.file_format = str(folder / "missing.png"), "PNG"
    gone.save()
    Path(folder / "missing.png").unlink()
    bpy.data.images.remove(gone)
    material, tree, texture, socket = _material("missing", None)
    image = bpy.data.images.new("missing.png", 1, 1)
    image.source, image.filepath_raw = "FILE", str(folder / "missing.png")
    texture.image = image
    tree.links.new(texture.outputs["Color"], socket)
    materials.append(material)

    body = armature.children[0]
    body.data.materials.clear()
    for material in materials:
        body.data.materials.append(material)
    for number, polygon in enumerate(body.data.polygons):
        polygon.material_index = number % len(materials)
    before = _names()
    lost = write_fbx(armature, str(folder / "textures.fbx"), [(action, "round")], Options())
    unchanged = _names() == before
    export_scenarios.open_file(str(folder / "textures.fbx"))
    found = {
        image.filepath.replace("\\", "/").rsplit("/", 1)[-1]: list(image.pixels[:3])
        for image in bpy.data.images
        if image.packed_file
    }
    return {"lost": lost, "unchanged": unchanged, "images": found, "colours": colours}


def _names():
    kinds = ("objects", "meshes", "materials", "images", "actions", "armatures", "node_groups")
    links = [
        [m.name, sorted((x.from_node.name, x.to_node.name, x.to_socket.name) for x in m.node_tree.links)]
        for m in bpy.data.materials
        if m.node_tree
    ]
    slots = [[s.material.name for s in o.material_slots] for o in bpy.data.objects if o.type == "MESH"]
    return [[sorted(block.name for block in getattr(bpy.data, kind)) for kind in kinds], links, slots]


def ik_bones(path):
    """Unreal's skeleton with IK bones that no one animates."""
    from support.zoo_blender import build_skinned

    armature = build_skinned("unreal")
    empty, mesh = bpy.data.objects.new("holder", None), bpy.data.meshes.new("cup")
    mesh.from_pydata([(0, 0, 0), (0.1, 0, 0), (0, 0.1, 0)], [], [(0, 1, 2)])
    cup = bpy.data.objects.new("cup", mesh)
    for thing in (empty, cup):
        bpy.context.scene.collection.objects.link(thing)
    empty.parent, empty.parent_type, empty.parent_bone, cup.parent = armature, "BONE", "hand_r", empty
    bpy.context.scene.render.fps = 30  # as the scene that the file is read into: no frame lies between keys
    character = Character.read(armature)
    action = write_action(armature, character, character.solve(walking_round(), "hips"), "round", 0)
    write_fbx(armature, path, [(action, "round")], Options(PRESETS["unreal"]))
    export_scenarios.open_file(path)
    read = next(o for o in bpy.data.objects if o.type == "ARMATURE")
    worst, places = 0.0, []
    first, last = map(round, read.animation_data.action.frame_range)
    for frame in range(first, last + 1, 5):
        bpy.context.scene.frame_set(frame)
        for name, at in (("ik_foot_l", "foot_l"), ("ik_hand_gun", "hand_r"), ("ik_hand_l", "hand_l")):
            worst = max(worst, (read.pose.bones[name].head - read.pose.bones[at].head).length * read.scale[0])
        places.append(read.matrix_world @ read.pose.bones["ik_foot_l"].head)
    cups = [o for o in bpy.data.objects if o.name == "cup"]
    return {"worst": worst, "moved": float(np.ptp(places, axis=0).max()), "prop": cups[0].parent_bone if cups else None}


def unity():
    """Unity's required bones that the mannequin lacks, and that it would lack without two of its own."""
    character = load_character("mannequin")[1]
    names = set(character.rig.names)
    without = names - {character.mapping.bones["head"], character.mapping.bones["left_wrist"]}
    return [missing_for_unity(character.mapping, names), missing_for_unity(character.mapping, without)]
