"""What `test_export.py` runs inside Blender: files that the command line wrote, opened as any user would open them."""

import sys

import action_scenarios
import bpy
import numpy as np

load_character, read_rig, rot = action_scenarios.load_character, action_scenarios.read_rig, action_scenarios.rot


def open_file(path):
    if path.endswith(".blend"):
        bpy.ops.wm.open_mainfile(filepath=path)
        return
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = 30
    if path.endswith(".fbx"):
        bpy.ops.import_scene.fbx(filepath=path, anim_offset=0.0)
    else:
        bpy.ops.import_scene.gltf(filepath=path)


def poses(armature, names, frames):
    """Bones' rotations away from rest (T, N, 4) and heads (T, N, 3), in world axes; both independent of bone axes."""
    rig = read_rig(armature)
    rest = np.array([rig.rest_rotations[rig.index[name]] for name in names])
    turned, heads = [], []
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        evaluated = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        world = [evaluated.matrix_world @ evaluated.pose.bones[name].matrix for name in names]
        turned.append([matrix.to_quaternion() for matrix in world])
        heads.append([matrix.translation for matrix in world])
    return rot.multiply(np.array(turned), rot.conjugate(rest)), np.array(heads)


def lowest_vertex(frames):
    """The lowest point of all meshes over those frames, metres."""
    lowest = np.inf
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        graph = bpy.context.evaluated_depsgraph_get()
        for thing in bpy.context.scene.objects:
            if thing.type == "MESH" and thing.find_armature():
                evaluated = thing.evaluated_get(graph)
                mesh = evaluated.to_mesh()
                lowest = min(lowest, min((evaluated.matrix_world @ v.co).z for v in mesh.vertices))
    return float(lowest)


def inspect(path, source, npz):
    """An exported file against the solver's result for the same character."""
    from motiongpt.retarget.files.npz import load_npz
    from motiongpt.retarget.solving.solve import to_bones

    _, character = load_character(source)
    rig, mapping = character.rig, character.mapping
    wanted = to_bones(load_npz(npz).resample(30.0), rig, mapping)
    names = list(mapping.driven)
    index = [rig.index[name] for name in names]
    goal = rot.multiply(wanted.global_rotations(rig)[:, index], rot.conjugate(rig.rest_rotations[index]))
    root = rig.heads[rig.index[mapping.root_bone]] + wanted.root_translation

    open_file(path)
    armatures = [thing for thing in bpy.context.scene.objects if thing.type == "ARMATURE"]
    animation = armatures[0].animation_data
    first = round(animation.action.frame_range[0])
    turned, heads = poses(armatures[0], names, range(first, first + len(goal)))
    moved = heads[:, names.index(mapping.root_bone)] - root
    travel = heads[-1, names.index(mapping.bones["pelvis"])] - heads[0, names.index(mapping.bones["pelvis"])]
    swing = rot.angle_between(turned[:1], turned).max(axis=0)
    knees = heads[:, [names.index(mapping.bones[f"{side}_ankle"]) for side in ("left", "right")], 2]
    return {
        "armatures": len(armatures),
        "armature": armatures[0].name,
        "actions": [action.name for action in bpy.data.actions],
        "action range": list(animation.action.frame_range),
        "tracks": len(animation.nla_tracks),
        "fps": bpy.context.scene.render.fps / bpy.context.scene.render.fps_base,
        "meshes": sorted(thing.name for thing in bpy.context.scene.objects if thing.type == "MESH"),
        "turn error": float(rot.angle_between(goal, turned).max()),
        "root error": float(np.ptp(moved, axis=0).max()),
        "moved": moved[0].tolist(),
        "turning bones": int((swing > 0.02).sum()),
        "travel": travel.tolist(),
        "ankles alternate": float(np.corrcoef(knees.T)[0, 1]),
        "lowest": lowest_vertex(range(first, first + len(goal), 8)),
        "range": [bpy.context.scene.frame_start, bpy.context.scene.frame_end],
        "images": [[image.name, len(image.packed_file.data)] for image in bpy.data.images if image.packed_file],
    }


def make_character(path, kind):
    """Files to choose characters from."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    if kind in ("two", "animated"):
        load_character("mannequin")
        action_scenarios.write_wild(bpy.data.objects["Mannequin"], name="old")
        action_scenarios.write_wild(bpy.data.objects["Mannequin"], name="older")
        spinner = bpy.data.objects.new("Spinner", None)
        bpy.context.scene.collection.objects.link(spinner)
        spinner.rotation_euler.z = 1.0
        spinner.keyframe_insert("rotation_euler", frame=3)
        spinner.animation_data.action.name = "spin"
    if kind in ("two", "snake"):
        snake = bpy.data.objects.new("A snake", bpy.data.armatures.new("A snake"))
        bpy.context.scene.collection.objects.link(snake)
        bpy.context.view_layer.objects.active = snake
        bpy.ops.object.mode_set(mode="EDIT")
        for number in range(40):
            bone = snake.data.edit_bones.new(f"part {number}")
            bone.head, bone.tail = (0.0, number, 0.0), (0.0, number + 1.0, 0.0)
        bpy.ops.object.mode_set(mode="OBJECT")
    if path.endswith(".blend"):
        bpy.ops.wm.save_as_mainfile(filepath=path)
    else:
        bpy.ops.export_scene.fbx(filepath=path, add_leaf_bones=False)
    return sys.argv[1]


def contents(path):
    """Actions of a .blend and the objects that use them."""
    bpy.ops.wm.open_mainfile(filepath=path)
    holders = {
        o.name: o.animation_data.action.name for o in bpy.data.objects if o.animation_data and o.animation_data.action
    }
    return {"actions": sorted(action.name for action in bpy.data.actions), "holders": holders}


def by_operator(path, preset):
    """The sidebar's export of an animated character in a scene with other things, and whether the scene stays."""
    from character_scenarios import walking_round

    from motiongpt.addon.action.new_action import write_action
    from motiongpt.addon.ui import properties
    from motiongpt.addon.ui.operators import export as fbx_operator
    from motiongpt.retarget.solving.root_motion import carry
    from motiongpt.retarget.solving.solve import to_bones

    armature, character = load_character("mannequin")
    rig, mapping = character.rig, character.mapping
    armature.location, armature.name = (2.0, 1.0, 0.0), "Armature"
    cube = bpy.data.objects.new("root", None)
    bpy.context.scene.collection.objects.link(cube)
    cube.select_set(True)
    bpy.context.scene.render.fps = 20
    solved = carry(to_bones(walking_round(), rig, mapping), rig, mapping, "object" if preset == "unreal" else "hips")
    write_action(armature, character, solved, "goes round", 5)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="POSE")
    bpy.context.scene.frame_set(11)
    properties.register()
    fbx_operator.register()
    before = _scene_state()
    bpy.ops.motiongpt.export_fbx(filepath=path, preset=preset)
    same = _scene_state() == before
    armature.animation_data_clear()
    refused = bpy.ops.motiongpt.export_fbx.poll()
    fbx_operator.unregister()
    properties.unregister()
    return {"same": same, "before": before, "after": _scene_state(), "poll": refused}


def _scene_state():
    scene = bpy.context.scene
    armature = bpy.data.objects["Armature"]
    kinds = ("meshes", "armatures", "actions", "scenes")
    return {
        "objects": sorted(o.name for o in bpy.data.objects),
        "data": [sorted(block.name for block in getattr(bpy.data, kind)) for kind in kinds],
        "selected": sorted(o.name for o in bpy.context.view_layer.objects if o.select_get()),
        "scene": [scene.name, scene.frame_start, scene.frame_end, scene.frame_current],
        "unit": scene.unit_settings.scale_length,
        "mode": [bpy.context.mode, bpy.context.view_layer.objects.active.name],
        "place": [round(v, 5) for row in armature.matrix_world for v in row],
    }  # fmt: skip


def rigify_fbx(path):
    """Rigify's control rig, animated by its IK controls, written for Unreal; where its deforming bones were."""
    from character_scenarios import walking_round
    from support.zoo_blender import rigify

    from motiongpt.addon.action.new_action import write_action
    from motiongpt.addon.character.character import Character
    from motiongpt.addon.export.presets import PRESETS, Options
    from motiongpt.addon.export.writing import write_fbx
    from motiongpt.retarget.solving.root_motion import carry
    from motiongpt.retarget.solving.solve import to_bones

    armature = rigify()[1]
    character = Character.read(armature, ik=True)
    rig, mapping = character.rig, character.mapping
    bpy.context.scene.render.fps = 20
    solved = carry(to_bones(walking_round(), rig, mapping), rig, mapping, "bone")
    action = write_action(armature, character, solved, "round", 0)
    write_fbx(armature, path, [(action, "round")], Options(PRESETS["unreal"]))
    places = {}
    for frame in (0, 20, 39):
        bpy.context.scene.frame_set(frame)
        start = places.setdefault("start", list(100.0 * armature.pose.bones["root"].matrix.translation))
        for name in ("DEF-hand.L", "DEF-foot.R", "DEF-spine.006", "root"):
            place = 100.0 * armature.pose.bones[name].matrix.translation
            places[f"{name} {frame}"] = [place.x - start[0], place.y - start[1], place.z]
    places.pop("start")
    return places


def header(path):
    """Axes and unit that an FBX file states."""
    import addon_utils

    addon_utils.enable("io_scene_fbx")
    from io_scene_fbx import parse_fbx

    root, _ = parse_fbx.parse(path)
    settings = next(e for e in root.elems if e.id == b"GlobalSettings")
    values = {e.props[0].decode(): e.props[-1] for block in settings.elems for e in block.elems}
    return {name: values[name] for name in ("UpAxis", "UpAxisSign", "FrontAxis", "FrontAxisSign", "UnitScaleFactor")}
