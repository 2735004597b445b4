"""What `test_action.py` runs inside Blender. Every scenario returns what it saw, as JSON can hold it.

The add-on's modules are imported from the repository.
"""

from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix

from motiongpt.addon.action import fcurves, new_action
from motiongpt.addon.action.fcurves import action_curves
from motiongpt.addon.action.fingers import keyed_fingers
from motiongpt.addon.action.hands import CharacterHands
from motiongpt.addon.action.new_action import solve_keys, thin_keys, write_action, write_keys
from motiongpt.addon.character.armature import read_rig
from motiongpt.addon.character.character import Character
from motiongpt.addon.character.settings import Tolerance
from motiongpt.addon.export.loading import load_character
from motiongpt.addon.export.mannequin import build_mannequin
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.rigs.mapping import map_rig
from motiongpt.retarget.rigs.rig import RigMotion

FRAMES = 24


def wild_motion(rig, mapping, frames=FRAMES, seed=0):
    """Every driven bone turns far, about its own axis, more than half around and back; the root travels on all axes."""
    rng = np.random.default_rng(seed)
    basis = np.tile(rot.IDENTITY, (frames, len(rig.names), 1))
    time = np.linspace(0, 2 * np.pi, frames)
    for name in mapping.driven:
        axis = rot.normalize(rng.normal(size=3))
        angle = 3.6 * np.sin(time * rng.uniform(0.5, 1.0) + rng.uniform(0, 6))
        basis[:, rig.index[name]] = rot.from_axis_angle(axis, angle)
    signs = np.where(rng.random((frames, len(rig.names), 1)) < 0.5, -1.0, 1.0)  # q and -q are the same rotation
    return RigMotion(basis * signs, rng.normal(size=(frames, 3)).cumsum(axis=0) * 0.3, 30.0)


def pose_error(armature, rig, mapping, rig_motion, start):
    """Largest differences between the evaluated pose and the wanted one: any matrix element, and metres of the root."""
    wanted = rot.to_matrix(rig_motion.global_rotations(rig))  # (T, N, 3, 3)
    turn = worst = moved = 0.0
    for frame in range(len(wanted)):
        bpy.context.scene.frame_set(start + frame)
        evaluated = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        world = evaluated.matrix_world
        for name in mapping.driven:
            matrix = np.array((world @ evaluated.pose.bones[name].matrix).to_3x3())
            matrix /= np.linalg.det(matrix) ** (1 / 3)
            turn = np.abs(matrix - wanted[frame, rig.index[name]]).max()
            worst = max(worst, float(turn))
        root = mapping.root_bone
        head = np.array(world @ evaluated.pose.bones[root].head - world.translation)
        goal = rig.heads[rig.index[root]] + rig_motion.root_translation[frame]
        moved = max(moved, float(np.abs(head - goal).max()))
    return [worst, moved]


def write_wild(armature, start=7, seed=0, frames=FRAMES, name="wild"):
    rig = read_rig(armature)
    mapping = map_rig(rig)
    rig_motion = wild_motion(rig, mapping, frames, seed)
    action = write_action(armature, Character.read(armature), rig_motion, name, start)
    return rig, mapping, rig_motion, action


def written_error(armature, start=7):
    rig, mapping, rig_motion, _ = write_wild(armature, start)
    return pose_error(armature, rig, mapping, rig_motion, start)


def curves_of(action):
    if hasattr(action, "slots"):
        return [c for layer in action.layers for s in layer.strips for bag in s.channelbags for c in bag.fcurves]
    return list(action.fcurves)


def character(source):
    return written_error(load_character(source)[0])


def turned_object():
    """As FBX importers leave it: lying down, scaled by 1/100, under a rotated, moved empty; the bones undo it."""
    armature = load_character("mannequin")[0]
    plain = read_rig(armature)
    undo = Matrix.Rotation(np.pi / 2, 4, "X").inverted() @ Matrix.Scale(100.0, 4)
    armature.data.transform(undo)
    armature.rotation_euler.x, armature.scale = np.pi / 2, (0.01, 0.01, 0.01)
    same = read_rig(armature)
    parent = bpy.data.objects.new("parent", None)
    bpy.context.scene.collection.objects.link(parent)
    parent.location, parent.scale = (3.0, -2.0, 1.0), (1.5, 1.5, 1.5)
    parent.rotation_euler.z = 0.7
    armature.parent = parent
    placed = read_rig(armature)
    spun = 1.5 * rot.rotate(rot.from_axis_angle((0, 0, 1), 0.7), plain.heads)
    return {
        "heads": float(np.abs(plain.heads - same.heads).max()),
        "tails": float(np.abs(plain.tails - same.tails).max()),
        "rotations": float(rot.angle_between(plain.rest_rotations, same.rest_rotations).max()),
        "placed": float(np.abs(placed.heads - spun).max()),
        "pose": written_error(armature),
    }


def rotation_modes():
    """Every rotation mode on every bone; the largest step between neighbouring keys, radians or quaternion distance."""
    seen = {}
    for mode in ("QUATERNION", "AXIS_ANGLE", "XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX"):
        armature = load_character("mannequin")[0]
        for bone in armature.pose.bones:
            bone.rotation_mode = mode
        rig, mapping, rig_motion, action = write_wild(armature, frames=120)
        curves = {}
        for curve in curves_of(action):
            if "rotation" in curve.data_path:
                values = [point.co.y for point in curve.keyframe_points]
                curves.setdefault(curve.data_path, []).append(values)
        steps = [np.linalg.norm(np.diff(np.array(values).T, axis=0), axis=1).max() for values in curves.values()]
        paths = {path.rsplit(".", 1)[1] for path in curves}
        error = pose_error(armature, rig, mapping, rig_motion, 7)
        seen[mode] = {
            "pose": error,
            "step": float(max(steps)),
            "median": float(np.median(steps)),
            "paths": sorted(paths),
        }
    return seen


def bone_flags():
    """Bones that don't inherit rotation, a root bone that moves in the armature's axes, one that is connected."""
    seen = {}
    armature = load_character("mannequin")[0]
    for name in ("head", "upper_arm.L", "shin.R"):
        armature.data.bones[name].use_inherit_rotation = False
    seen["free rotation"] = written_error(armature)
    armature = load_character("mannequin")[0]
    armature.data.bones["hips"].use_local_location = False
    seen["object axes"] = written_error(armature)
    for connected in (False, True):
        armature = load_character("mannequin")[0]
        bpy.context.view_layer.objects.active = armature
        bpy.ops.object.mode_set(mode="EDIT")
        bones = armature.data.edit_bones
        root = bones.new("root")
        root.head, root.tail, root.roll = (0.0, 0.3, 0.0), bones["hips"].head, 0.6
        bones["hips"].parent, bones["hips"].use_connect = root, connected
        bpy.ops.object.mode_set(mode="OBJECT")
        seen[f"connected {connected}"] = written_error(armature)
        armature.data.bones["hips"].use_local_location = False
        seen[f"connected {connected}, object axes"] = written_error(armature)
    return seen


def keys():
    armature = load_character("mannequin")[0]
    armature.pose.bones["hand.L"].rotation_mode = "XYZ"
    _, mapping, _, action = write_wild(armature, start=-3)
    curves = curves_of(action)
    points = [point for curve in curves for point in curve.keyframe_points]
    return {
        "bones": sorted({curve.data_path.split('"')[1] for curve in curves}),
        "driven": sorted(mapping.driven),
        "located": sorted({c.data_path.split('"')[1] for c in curves if c.data_path.endswith("location")}),
        "root": mapping.root_bone,
        "groups": all(curve.group.name == curve.data_path.split('"')[1] for curve in curves),
        "frames": sorted({point.co.x for point in points}),
        "counts": sorted({len(curve.keyframe_points) for curve in curves}),
        "interpolation": sorted({point.interpolation for point in points}),
        "handles": sorted({kind for p in points for kind in (p.handle_left_type, p.handle_right_type)}),
        "valid": all(curve.is_valid for curve in curves),
        "name": action.name,
    }


def stash():
    """Three generations, then one after an artist assigned the first action again: nothing is stashed twice."""
    armature = load_character("mannequin")[0]
    animation = armature.animation_data_create()
    names = []
    for seed, name in enumerate(("first", "second", "third")):
        rig, mapping, rig_motion, action = write_wild(armature, seed=seed, name=name)
        names.append(action.name)
    error = pose_error(armature, rig, mapping, rig_motion, 7)
    first = bpy.data.actions["first"]
    animation.action = first
    write_wild(armature, seed=4, name="fourth")
    tracks = list(animation.nla_tracks)
    strips = [track.strips[0] for track in tracks]
    return {
        "names": names,
        "pose": error,
        "tracks": [track.name for track in tracks],
        "muted": all(track.mute for track in tracks),
        "actions": [strip.action.name for strip in strips],
        "slots": all(strip.action_slot is not None for strip in strips) if hasattr(first, "slots") else True,
        "active": animation.action.name,
        "active slot": animation.action_slot is not None if hasattr(first, "slots") else True,
        "starts": [strip.frame_start for strip in strips],
    }


def left_over_pose():
    """An older action moved a mapped bone off its place, and blended additively: neither shows in the new one."""
    armature = load_character("mannequin")[0]
    bone = armature.pose.bones["thigh.L"]
    bone.location = (0.5, 0.2, 0.1)
    bone.keyframe_insert("location", frame=1)
    animation = armature.animation_data
    animation.action_blend_type, animation.action_influence = "ADD", 0.5
    armature.pose.bones["hand.L"].scale = (2.0, 2.0, 2.0)
    rig, mapping, rig_motion, _ = write_wild(armature)
    bpy.context.scene.frame_set(7)
    hip = rig.index["thigh.L"]
    parent = rig_motion.global_rotations(rig)[0, rig.parents[hip]]
    hips = rig.heads[rig.index["hips"]] + rig_motion.root_translation[0]
    goal = hips + rot.rotate(parent, rig.rest_offsets[hip])
    return {
        "pose": pose_error(armature, rig, mapping, rig_motion, 7),
        "hip": float(np.abs(np.array(_at(armature, 7, "thigh.L").translation) - goal).max()),
        "scale kept": armature.pose.bones["hand.L"].scale[0],
    }


def _at(armature, frame, bone):
    bpy.context.scene.frame_set(frame)
    return armature.matrix_world @ armature.pose.bones[bone].matrix


def modes():
    """The object's mode before and after, and whether something else stays selected and active."""
    seen = {}
    for mode in ("OBJECT", "POSE", "EDIT"):
        armature = load_character("mannequin")[0]
        bpy.context.view_layer.objects.active = armature
        bpy.ops.object.mode_set(mode=mode)
        write_wild(armature)
        seen[mode] = armature.mode
    return seen


def _refusal(call):
    try:
        call()
    except MotionGPTError as error:
        return [error.message, error.cure, error.kind]
    return None


def refusals(folder):
    seen = {}
    for name, scale in (
        ("negative", (1, -1, 1)),
        ("two negative", (-1, -1, 1)),
        ("uneven", (1, 1, 1.1)),
        ("zero", (0, 0, 0)),
    ):
        armature = load_character("mannequin")[0]
        armature.scale = scale
        seen[name] = _refusal(lambda a=armature: read_rig(a))
    armature = load_character("mannequin")[0]
    armature.scale = (1.001, 1.0, 1.0)  # rounding in an export
    seen["nearly even"] = _refusal(lambda: read_rig(armature))
    seen["mesh"] = _refusal(lambda: read_rig(bpy.data.objects["Mannequin mesh"]))
    seen["none"] = _refusal(lambda: read_rig(None))
    empty = bpy.data.objects.new("empty", bpy.data.armatures.new("empty"))
    bpy.context.scene.collection.objects.link(empty)
    seen["no bones"] = _refusal(lambda: read_rig(empty))
    armature.scale = (1.0, 1.0, 1.0)
    file = str(Path(folder) / "library.blend")
    bpy.ops.wm.save_as_mainfile(filepath=file)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(file, link=True) as (_, to):
        to.objects = ["Mannequin"]
    linked = to.objects[0]
    bpy.context.scene.collection.objects.link(linked)
    seen["linked"] = _refusal(lambda: write_wild(linked))
    seen["linked untouched"] = len(bpy.data.actions) == 0
    return seen


def speed():
    """CPU seconds to write a minute of motion at 30 frames a second."""
    import time

    armature = load_character("mannequin")[0]
    rig = read_rig(armature)
    mapping = map_rig(rig)
    rig_motion = wild_motion(rig, mapping, 1800)
    started = time.process_time()
    write_action(armature, Character.read(armature), rig_motion, "long", 1)
    return time.process_time() - started


def fingers(path):
    """Hands that are shaped, then generated again over a hand whose fingers the animator has keyed."""
    armature, character = load_character(path)
    hands = CharacterHands.read(armature, character)
    rig = character.rig
    motion = wild_motion(rig, character.mapping)

    def generate(shape):
        kept = keyed_fingers(armature, hands, 1, FRAMES)
        keys = [*solve_keys(character, motion), *hands.shaped(shape, kept.sides)]
        return write_keys(armature, thin_keys(keys, Tolerance(1.0, 0.01)), shape, 1, kept.curves)

    def curves(side):
        own = action_curves(armature).by_bone()
        return {
            b: [len(c.keyframe_points) for c in own[b, ch].values()] for b, ch in own if b in hands.hands[side].bones
        }

    def tip(side):
        bpy.context.scene.frame_set(FRAMES)
        bone, wrist = (
            armature.pose.bones[n]
            for n in (hands.hands[side].fingers[0].bones[-1], character.mapping.bones[f"{side}_wrist"])
        )
        return (wrist.matrix.inverted() @ bone.tail).length

    seen = {}
    generate("relaxed")
    seen["relaxed"] = {side: curves(side) for side in ("left", "right")}
    seen["length"] = {"relaxed": [tip(side) for side in ("left", "right")]}
    generate("fist")
    seen["length"]["fist"] = [tip(side) for side in ("left", "right")]
    first = hands.hands["left"].fingers[0].bones[0]
    armature.pose.bones[first].rotation_mode = "QUATERNION"
    armature.pose.bones[first].rotation_quaternion = (0.8, 0.6, 0.0, 0.0)
    armature.pose.bones[first].keyframe_insert("rotation_quaternion", frame=10)
    generate("flat")
    seen["kept"] = {side: curves(side) for side in ("left", "right")}
    bpy.context.scene.frame_set(10)
    seen["own"] = list(armature.pose.bones[first].rotation_quaternion)
    seen["length"]["flat"] = [tip(side) for side in ("left", "right")]
    generate("as-they-are")
    seen["as they are"] = {side: curves(side) for side in ("left", "right")}
    return seen


def every_property_by_hand(curve, points):
    """Keys written one property after the other, with none left to Blender."""
    target = curve.keyframe_points
    target.clear()
    target.add(len(points["co"]))
    for name in ("co", *fcurves._NUMBERS, *fcurves._CHOICES, "handle_left", "handle_right", *fcurves._FLAGS):
        if name in points:
            target.foreach_set(name, np.ascontiguousarray(points[name]).ravel())
    curve.update()


def random_points(random, handles, easings):
    """Keys (0 to 30) with random handles of these kinds, random interpolations, and these easings."""
    count = int(random.integers(0, 6)) if random.random() < 0.5 else int(random.integers(2, 30))
    values = random.standard_normal(count) * random.choice([1.0, 1e-7, 100.0])
    points = fcurves.complete(fcurves.step_points(random.integers(1, 5, count).cumsum(), values), "KEYFRAME")
    chosen = {
        "handle_left_type": handles,
        "handle_right_type": handles,
        "interpolation": ["BEZIER", "LINEAR", "CONSTANT", "BOUNCE"],
        "easing": easings,
    }
    for name, kinds in chosen.items():
        drawn = random.choice(kinds, count)
        points[name] = np.array([fcurves.choice(name, str(kind)) for kind in drawn], np.int32)
    for name in ("handle_left", "handle_right"):
        points[name] = points[name] + random.standard_normal((count, 2)).astype(np.float32)
    return points


def keys_that_differ():
    """Properties in which keys written in the quick ways differ from those written one property after the other."""
    armature = build_mannequin(bpy.context.scene.collection)
    curves = fcurves.new_action_curves(armature, "both ways")
    here, there = (curves.new("hand.L", "location", index) for index in range(2))
    differ = set()
    kinds = (["AUTO_CLAMPED"], ["AUTO", "AUTO_CLAMPED"], ["FREE", "ALIGNED", "VECTOR", "AUTO", "AUTO_CLAMPED"])
    for seed in range(300):
        random = np.random.default_rng(seed)
        points = random_points(random, kinds[seed % 3], ["AUTO", "EASE_IN"] if seed % 2 else ["AUTO"])
        every_property_by_hand(here, points)
        fcurves.write_points(there, points)
        seen, expected = fcurves.read_points(there), fcurves.read_points(here)
        differ |= {name for name in expected if not np.array_equal(seen[name], expected[name])}
    return sorted(differ)


def copied_curves_that_differ():
    """F-curves of an action that are not as they would be if each were written by itself; and how many there are."""
    armature = build_mannequin(bpy.context.scene.collection)
    random = np.random.default_rng(0)
    names = [bone.name for bone in armature.pose.bones]
    curves = [(name, "rotation_quaternion", random.standard_normal((9, 4))) for name in names]
    curves += [(names[0], "location", random.standard_normal((9, 3)))]
    curves += [(names[1], "scale", random.standard_normal((1, 3)))]
    quick = described(write_keys(armature, curves, "quick", 3))
    alone = fcurves.new_action_curves(armature, "alone")
    for keys in new_action.keys_of_curves(curves, 3):
        every_property_by_hand(alone.new(keys.bone, keys.channel, keys.index), keys.points)
    expected = described(alone.action)
    return [sorted(map(str, name)) for name in expected if quick.get(name) != expected[name]], len(quick), len(expected)


def described(action):
    """(data path, index) -> everything that an F-curve has."""
    others = ("extrapolation", "color_mode", "mute", "lock", "hide", "auto_smoothing")
    return {
        (curve.data_path, curve.array_index): (
            {name: values.tobytes() for name, values in fcurves.read_points(curve).items()},
            curve.group.name,
            *(getattr(curve, name) for name in others),
        )
        for curve in fcurves.all_fcurves(action)
    }
