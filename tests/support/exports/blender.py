"""The table's part inside Blender: characters that are built, and where the joints of a .blend are."""

import json
import sys
from pathlib import Path

import bpy  # isort: skip
import numpy as np
from mathutils import Matrix

from tests.support.zoo_blender import build_skinned


def characters(folder: Path) -> None:
    """Mixamo's bones in centimetres under an object scaled to metres, and Unreal's with bones for IK."""
    armature = build_skinned("mixamo")
    for thing in (armature, *armature.children):
        thing.data.transform(Matrix.Scale(100.0, 4))
    armature.scale = (0.01,) * 3
    _paint(armature.children[0])
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "mixamo-centimetres.blend"))

    armature = build_skinned("unreal")
    _paint(armature.children[0])
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "unreal-ik-bones.blend"))


def _paint(body: bpy.types.Object) -> None:
    """A texture behind a node, as many have it, that was never saved to a file."""
    image = bpy.data.images.new("skin of/many colours", 16, 16)
    image.pixels[:] = np.tile([0.8, 0.5, 0.3, 1.0], 256).tolist()
    image.pack()
    material = bpy.data.materials.new("Skin")
    material.use_nodes = True
    tree = material.node_tree
    texture, hue = tree.nodes.new("ShaderNodeTexImage"), tree.nodes.new("ShaderNodeHueSaturation")
    texture.image = image
    tree.links.new(texture.outputs["Color"], hue.inputs["Color"])
    tree.links.new(hue.outputs["Color"], tree.nodes["Principled BSDF"].inputs["Base Color"])
    body.data.uv_layers.new()
    body.data.materials.append(material)


def joints(path: Path) -> None:
    """Write PATH.json: clip -> bone -> heads (T, 3), metres, Y up, of every action in the file."""
    bpy.ops.wm.open_mainfile(filepath=str(path))
    armature = next(o for o in bpy.data.objects if o.type == "ARMATURE" and o.animation_data)
    armature.animation_data.use_nla = False
    out = {}
    for action in bpy.data.actions:
        armature.animation_data.action = action
        if hasattr(action, "slots"):
            armature.animation_data.action_slot = action.slots[0]
        places: dict[str, list] = {bone.name: [] for bone in armature.pose.bones}
        first, last = map(round, action.frame_range)
        for frame in range(first, last + 1):
            bpy.context.scene.frame_set(frame)
            posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
            for bone in posed.pose.bones:
                x, y, z = (posed.matrix_world @ bone.matrix).translation
                places[bone.name].append([x, z, -y])
        out[action.name] = places
    Path(f"{path}.json").write_text(json.dumps(out))


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]))
