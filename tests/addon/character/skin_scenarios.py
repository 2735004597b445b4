"""What `test_skin.py` runs inside Blender: characters whose origin, mesh and weights are put together in any way."""

import bpy  # isort: skip
import numpy as np
from mathutils import Matrix, Vector
from support.motions import stepping
from support.zoo_blender import build_skinned
from support.zoo_measure import measure

from motiongpt.addon.character.armature import read_rig
from motiongpt.addon.ui import bone_map, properties
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.files.reading import read_motion


def body():
    return next(o for o in bpy.data.objects if o.type == "MESH")


def with_origin_at(armature, place):
    """Move the object's origin (and the mesh's with it), leaving what is seen where it is."""
    shift = Matrix.Translation(-Vector(place))
    armature.data.transform(shift)
    body().data.transform(shift)
    armature.location = place
    armature.data.update_tag()


def origins():
    """The same body with its origin in other places, under parents that are scaled and turned, and with mesh apart."""
    seen = {}
    for name, place in (("feet", (0, 0, 0)), ("hips", (0, 0, 0.93)), ("head", (0, -0.1, 1.6)),
                        ("far", (10, -4, 3)), ("below", (0.1, 0, -10))):  # fmt: skip
        armature = build_skinned("mixamo plain")
        with_origin_at(armature, place)
        seen[name] = measure(armature, stepping())
    armature = build_skinned("mixamo plain")
    with_origin_at(armature, (0, 0, 1.0))
    small = Matrix.Scale(100.0, 4) @ Matrix.Rotation(-np.pi / 2, 4, "X")
    armature.data.transform(small)
    body().data.transform(small)
    parent = bpy.data.objects.new("parent", None)
    bpy.context.scene.collection.objects.link(parent)
    parent.scale, parent.rotation_euler, parent.location = (0.01,) * 3, (np.pi / 2, 0.0, 0.0), (2.0, 1.0, 5.0)
    armature.parent = parent
    seen["parents"] = measure(armature, stepping())
    armature = build_skinned("mixamo plain")
    with_origin_at(armature, (0, 0, 0.93))
    body().data.transform(Matrix.Translation((0, 0, -40)))
    body().location.z += 40
    seen["mesh"] = measure(armature, stepping())
    return seen


def shoes():
    """A body without mesh below the shins, with boots on its foot bones that reach 5 cm below the toes, and a sword."""
    armature = build_skinned("mixamo plain")
    with_origin_at(armature, (0, 0, 0.93))
    for bone, low, high in (
        ("LeftFoot", (0.02, -0.2, -0.05), (0.2, 0.1, 0.1)),
        ("RightFoot", (-0.2, -0.2, -0.05), (-0.02, 0.1, 0.1)),
        ("RightHand", (-0.9, -0.1, -0.4), (-0.8, 0.0, 1.2)),
    ):
        mesh = bpy.data.meshes.new(bone)
        mesh.from_pydata([(x, y, z) for x in np.linspace(low[0], high[0], 4) for y in np.linspace(low[1], high[1], 4)
                          for z in np.linspace(low[2], high[2], 4)], [], [])  # fmt: skip
        thing = bpy.data.objects.new(bone, mesh)
        bpy.context.scene.collection.objects.link(thing)
        thing.parent, thing.parent_type, thing.parent_bone = armature, "BONE", bone
        bpy.context.view_layer.update()
        thing.matrix_world = Matrix()
    bpy.context.view_layer.update()
    armature.pose.bones["LeftFoot"].rotation_mode = "XYZ"
    armature.pose.bones["LeftFoot"].rotation_euler.x = 0.5  # the pose of the moment says nothing about the floor
    bpy.context.view_layer.update()
    rig = read_rig(armature)
    bpy.data.objects.remove(bpy.data.objects["RightHand"])
    return {"lowest": float(rig.low_points[rig.low_bones == rig.index["LeftFoot"]][:, 2].min()) + 0.93,
            **measure(armature, stepping())}  # fmt: skip


def families():
    """Families whose mesh hangs from bones above the hips, with a stray bone of its own, and others."""
    seen = {n: measure(build_skinned(n), stepping()) for n in (
        "biped, triangle pelvis", "body above hips", "mmd", "german, winged", "chinese", "one arm raised")}  # fmt: skip
    armature = build_skinned("french")
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    stray = armature.data.edit_bones.new("Plastron")
    stray.head, stray.tail = (0, -0.15, 1.2), (0, -0.15, 1.4)
    bpy.ops.object.mode_set(mode="OBJECT")
    body().vertex_groups.new(name="Plastron").add(range(12), 1.0, "REPLACE")
    return seen | {"stray": measure(armature, stepping())}


def case(path, motion):
    """A character's file with a motion's."""
    from motiongpt.addon.export.loading import load_character

    try:
        armature = load_character(path)[0]
    except MotionGPTError as error:
        return {"refused": str(error)}
    return measure(armature, read_motion(motion))


def by_hand():
    """Find Bones on an armature that is not recognised, filled in by hand."""
    armature = build_skinned("german")
    names = {b.name: f"K{i}" for i, b in enumerate(armature.data.bones)}
    right = {j: names[b] for j, b in measure(armature, stepping())["bones"].items()}
    for bone in list(armature.data.bones):
        bone.name = names[bone.name]
    for bone in [b for b in armature.data.bones if b.name == right["right_wrist"]]:
        bone.name = "Hand.R"
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    random = np.random.default_rng(1)
    for bone in armature.data.edit_bones:  # no side is the other's image any more
        if bone.name in {b for joint, b in right.items() if joint.startswith("left")}:
            bone.head += Vector(random.uniform(-0.25, 0.25, 3))
    bpy.ops.object.mode_set(mode="OBJECT")
    properties.register()
    bone_map.register()
    bpy.context.scene.motiongpt.armature = armature
    status = bpy.ops.motiongpt.find_bones()
    lines = armature.motiongpt_rig.joints
    seen = {"status": list(status), "lines": {line.name: line.bone for line in lines}}
    for check in ("empty", "filled"):
        try:
            seen[check] = list(bpy.ops.motiongpt.check_bones())
        except RuntimeError as error:
            seen[check] = str(error)
        for joint, bone in right.items():
            if joint in lines:
                lines[joint].bone = bone if joint != "right_wrist" else "Hand.R"
    seen["found_by"] = measure(armature, stepping())["found_by"]
    bone_map.unregister()
    properties.unregister()
    return seen
