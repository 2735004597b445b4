"""What `test_poses.py` runs inside Blender: poses keyed on many rigs and in many ways, the frames between generated."""

import importlib
import os
from collections.abc import Callable

import bpy
import numpy as np
from mathutils import Quaternion, Vector
from support.in_blender import user
from support.in_blender.keyed import curves_of, differ, heads, key_turn, keyed, person, pose, press
from support.in_blender.user import BIPED, MODULE, make_armature

FRAMES = (1, 20, 48)


def leap(armature: bpy.types.Object, first: int, last: int) -> float:
    """The largest step of any bone's tail in a frame, over the median of each frame's largest: jumps stand out."""
    steps = np.linalg.norm(np.diff(heads(armature, first, last), axis=0), axis=-1).max(axis=1)
    return float(steps.max() / np.median(steps))


def load(source: str) -> bpy.types.Object:
    """An armature in the scene: "rigify" (its control rig), "person", a glTF file, or a rig's arrays in .npz."""
    if source == "person":
        return make_armature("Person", BIPED)
    if source == "rigify":
        bpy.ops.preferences.addon_enable(module="rigify")
        bpy.ops.object.armature_human_metarig_add()
        metarig = bpy.context.object
        bpy.ops.pose.rigify_generate()
        armature = next(o for o in bpy.data.objects if o.type == "ARMATURE" and o != metarig)
        bpy.data.objects.remove(metarig)
    elif source.endswith(".npz"):
        armature = from_arrays(np.load(source))
    else:
        bpy.ops.import_scene.gltf(filepath=source)
        armature = next(o for o in bpy.data.objects if o.type == "ARMATURE")
        armature.animation_data_clear()
    bpy.context.view_layer.objects.active = armature
    return armature


def from_arrays(rig) -> bpy.types.Object:
    armature = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    bpy.context.scene.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    names = [str(name) for name in rig["names"]]
    for i, name in enumerate(names):
        bone = armature.data.edit_bones.new(name)
        bone.head, bone.tail = rig["heads"][i], rig["tails"][i]
        bone.align_roll(Quaternion(rig["rest"][i]) @ Vector((0.0, 0.0, 1.0)))
        bone.parent = armature.data.edit_bones[names[rig["parents"][i]]] if rig["parents"][i] >= 0 else None
    bpy.ops.object.mode_set(mode="OBJECT")
    return armature


def ik_poses(armature: bpy.types.Object) -> None:
    """Rigify posed as animators do: limbs by their IK controls, the body by torso, hips and chest."""
    for limb in ("upper_arm_parent.L", "upper_arm_parent.R", "thigh_parent.L", "thigh_parent.R"):
        armature.pose.bones[limb]["IK_FK"] = 0.0
    # In the armature's axes, within the limbs' reach: FK controls can't hold a stretched limb.
    moves = {"hand_ik.L": (-0.2, -0.2, 0.15), "hand_ik.R": (0.25, -0.1, 0.2), "foot_ik.L": (0.0, -0.15, 0.2),
             "foot_ik.R": (0.0, 0.1, 0.1), "torso": (0.03, 0.0, -0.1)}  # fmt: skip
    for frame, share in zip(FRAMES, (0.5, 1.0, 0.3), strict=True):
        for name, move in moves.items():
            rest = armature.data.bones[name].matrix_local.to_quaternion()
            armature.pose.bones[name].location = rest.inverted() @ (Vector(move) * share)
            armature.pose.bones[name].keyframe_insert("location", frame=frame)
        turned = {"chest": (1.0, 0.3, 0.5), "hips": (0.2, 1.0, 0.0), "neck": (1.0, 0.0, 0.0), "head": (0.0, 1.0, 0.2)}
        for name, axis in (turned | dict.fromkeys(("shoulder.L", "shoulder.R"), (0.0, 0.0, 1.0))).items():
            bone = armature.pose.bones[name]
            if bone.rotation_mode == "QUATERNION":
                bone.rotation_quaternion = Quaternion(axis, 0.3 * share)
                bone.keyframe_insert("rotation_quaternion", frame=frame)
            else:
                bone.rotation_euler = Quaternion(axis, 0.3 * share).to_euler(bone.rotation_mode)
                bone.keyframe_insert("rotation_euler", frame=frame)


def controls(armature: bpy.types.Object) -> list[str]:
    """The bones that an animator would key: of Rigify the FK controls, else all."""
    names = [b.name for b in armature.pose.bones]
    if "torso" not in names:
        return names
    return [
        "torso",
        "head",
        "neck",
        *(n for n in names if "_fk" in n and n.count("-") == 0),
        "shoulder.L",
        "shoulder.R",
    ]


def character() -> object:
    """Poses on 1, 20 and 48 of a real character, all selected."""
    armature = load(os.environ["RIG"])
    name = armature.name
    scene = bpy.context.scene
    scene.render.fps, scene.frame_start, scene.frame_end = 30, 1, 60
    for limb in ("upper_arm_parent.L", "upper_arm_parent.R", "thigh_parent.L", "thigh_parent.R"):
        if limb in armature.pose.bones:
            armature.pose.bones[limb]["IK_FK"] = 1.0
    if os.environ.get("LIMBS") == "IK":
        ik_poses(armature)
    else:
        for frame, angle in zip(FRAMES, (0.0, 0.5, -0.4), strict=True):
            pose(armature, frame, angle, controls(armature), move=0.01 * frame)
    armature.motiongpt_rig.controls = os.environ.get("SETTING", "FK")
    scene.frame_set(1)
    before, at_keys = keyed(armature), {f: heads(armature, f, f) for f in FRAMES}
    bpy.ops.ed.undo_push(message="start")
    seen = press(task="inbetween", poses="SELECTED")
    armature = bpy.data.objects[name]
    after = keyed(armature)
    seen |= {"differ": differ(before, after), "empty": sorted(set(range(1, 49)) - {key[2] for key in after})}
    seen["frames"] = [min(key[2] for key in after), max(key[2] for key in after)]
    keyed_bones = {path.split('"')[1] for path, _, _ in after}
    seen["moved by FK"] = sorted(name for name in keyed_bones if name.endswith(("_fk.L", "_fk.R")))
    seen["moved by IK"] = sorted(name for name in keyed_bones if name.startswith(("hand_ik", "foot_ik")))
    seen["switches"] = sorted({key[0] for key in after if key[0].endswith('"]') and "IK_FK" in key[0]})
    seen["new keys"] = len(after) - len(before)
    seen["off"] = max(float(np.abs(heads(armature, f, f) - at_keys[f]).max()) for f in FRAMES)
    seen["leap"] = leap(armature, 1, 48)
    points = [point for curve in curves_of(armature).values() for point in curve.keyframe_points]
    seen["types"] = sorted({(round(p.co.x) in FRAMES, p.type) for p in points})
    seen["scenes"] = len(bpy.data.scenes)
    seen["ticks"] = user.ticks
    bpy.ops.ed.undo()
    seen["undone"] = keyed(bpy.data.objects[name]) == before
    return seen


Prepare = Callable[[bpy.types.Object], None]
QUIET = Quaternion((1.0, 0.0, 0.0, 0.0))


def posed(*poses: tuple[float, float, float], bones: list[str] | None = None) -> Prepare:
    """A function that keys poses: (frame, angle, metres that the hips move)."""

    def prepare(armature: bpy.types.Object) -> None:
        for frame, angle, move in poses:
            pose(armature, frame, angle, bones, move)

    return prepare


def hips_at_rest(armature: bpy.types.Object, *frames: int) -> None:
    for frame in frames:
        key_turn(armature, "Hips", frame, QUIET, (0.0, 0.0, 0.0))


def mirrored(armature: bpy.types.Object) -> None:
    for frame, sign in ((1, 1.0), (31, -1.0)):
        for side, own in (("Left", 1.0), ("Right", -1.0)):
            key_turn(armature, f"{side}Arm", frame, Quaternion((1.0, 0.2 * own, 0.3), 0.9 * sign * own))
            key_turn(armature, f"{side}UpLeg", frame, Quaternion((1.0, 0.0, 0.0), 0.5 * sign * own))
    hips_at_rest(armature, 1, 31)


def half_turn(armature: bpy.types.Object) -> None:
    for frame, angle in ((1, 0.0), (31, np.pi)):
        key_turn(armature, "Hips", frame, Quaternion((0.0, 1.0, 0.0), angle), (0.0, 0.0, 0.0))
        key_turn(armature, "Spine", frame, QUIET)


def other_sign(armature: bpy.types.Object) -> None:
    for frame, sign in ((1, 1.0), (16, -1.0), (31, 2.0)):
        turn = Quaternion((0.0, 0.0, 1.0), 0.02 * frame)
        key_turn(armature, "LeftArm", frame, [sign * v for v in turn])
    hips_at_rest(armature, 1, 16, 31)


def other_euler(armature: bpy.types.Object) -> None:
    for order, bone in zip(("XYZ", "ZYX", "YXZ"), ("LeftArm", "RightArm", "Head"), strict=True):
        armature.pose.bones[bone].rotation_mode = order
        for frame, whole in ((1, 0.0), (16, 2.0 * np.pi), (31, -2.0 * np.pi)):
            key_turn(armature, bone, frame, (0.01 * frame, 0.2 + whole, 0.3))
    hips_at_rest(armature, 1, 16, 31)


def one_channel(armature: bpy.types.Object) -> None:
    armature.pose.bones["LeftArm"].rotation_mode = "XYZ"
    for frame, angle in ((1, 0.0), (31, 0.8)):
        armature.pose.bones["LeftArm"].rotation_euler.x = angle
        armature.pose.bones["LeftArm"].keyframe_insert("rotation_euler", index=0, frame=frame)
    hips_at_rest(armature, 1, 31)


UPPER_BODY = ["LeftArm", "LeftForeArm", "RightArm", "Spine1"]
CASES: dict[str, tuple[Prepare, str]] = {
    "close": (posed((10, 0.0, 0.1), (12, 0.5, 0.12), (14, -0.5, 0.14), (30, 0.2, 0.3)), "KEYS"),
    "upper_body": (posed((1, 0.2, 0.0), (25, -0.6, 0.0), (40, 0.5, 0.0), bones=UPPER_BODY), "KEYS"),
    "mirrored": (mirrored, "KEYS"),
    "half_turn": (half_turn, "KEYS"),
    "other_sign": (other_sign, "KEYS"),
    "other_euler": (other_euler, "KEYS"),
    "between_frames": (posed((1, 0.0, 0.0), (15.4, 0.4, 0.0), (31, 0.1, 0.0)), "KEYS"),
    "one_channel": (one_channel, "KEYS"),
    "five_metres": (posed((1, 0.2, 0.0), (31, 0.2, 5.0)), "KEYS"),
    "past the keys": (mirrored, "SCENE"),
}
"""Name -> how its poses are keyed, and the range that is filled: keys close together, partial, mirrored, half turns,
rotations written in other ways, keys between frames."""


def cases() -> object:
    return {name: one_case(prepare, range) for name, (prepare, range) in CASES.items()}


def one_case(prepare: Prepare, range: str) -> dict[str, object]:
    """A case on a fresh biped: what happened to the user's keys, and the largest step of a frame in metres."""
    bpy.ops.wm.read_homefile(use_empty=True)
    armature = person()
    prepare(armature)
    before = keyed(armature)
    frames = sorted({key[2] for key in before})
    seen = press(task="inbetween", poses="SELECTED", range=range)
    after = keyed(armature)
    first, last = int(frames[0]), int(frames[-1])
    steps = np.linalg.norm(np.diff(heads(armature, first, last), axis=0), axis=-1)  # (T - 1, N)
    # The straight line between two keys, in steps of a frame: twice as far is an ease, more would be a jump.
    whole = sorted({round(frame) for frame in frames})
    at_keys = np.array([heads(armature, frame, frame)[0] for frame in whole])
    straight = np.linalg.norm(np.diff(at_keys, axis=0), axis=-1).max(axis=1) / np.diff(whole)
    seen |= {"differ": differ(before, after), "step": float(steps.max()), "straight": float(straight.max())}
    seen |= {"new": len(after) - len(before), "frames": len({key[2] for key in after})}
    return seen


def context() -> object:
    """Motion before the range is sent too; everything outside the range stays, including the curves' shape."""
    armature = person()
    for frame in (1, 10, 20, 40, 50):
        pose(armature, frame, 0.3 * np.sin(frame), move=0.02 * frame)
    for curve in curves_of(armature).values():
        for point in curve.keyframe_points:
            point.select_control_point = point.co.x in (20.0, 40.0)
    early, late = np.arange(1, 19.6, 0.5), np.arange(40.5, 50, 0.5)
    outside = {key: [c.evaluate(f) for f in (*early, *late)] for key, c in curves_of(armature).items()}
    before = keyed(armature)
    seen = press(task="inbetween", poses="SELECTED")
    after = {key: [curves_of(armature)[key].evaluate(f) for f in (*early, *late)] for key in outside}
    seen["differ"] = differ(before, keyed(armature))
    seen["outside"] = max(float(np.abs(np.subtract(after[key], outside[key])).max()) for key in outside)
    bpy.context.scene.frame_start, bpy.context.scene.frame_end = 15, 45
    inside = {key: value for key, value in keyed(armature).items() if key[2] in (20.0, 40.0)}
    seen["wider"] = press(range="SCENE")["state"]
    after = {key: [curves_of(armature)[key].evaluate(f) for f in early[:27]] for key in outside}
    seen["wider differ"] = differ(inside, keyed(armature))
    seen["wider outside"] = max(float(np.abs(np.subtract(after[key], outside[key][:27])).max()) for key in outside)
    return seen


def few_poses() -> object:
    """Reading some frames of a run and filling in the others, against reading all; and whether Blender draws for it."""
    reader = importlib.import_module(f"{MODULE}.addon.poses.reader")
    character = importlib.import_module(f"{MODULE}.addon.character.character")
    armature = person()
    for frame in range(1, 91):
        angle = 0.5 * np.sin(2 * np.pi * frame / 30)  # a step takes half a second
        pose(armature, frame, angle, move=0.02 * frame)
    read = character.Character.read(armature)
    calls: list[int] = []
    armature.pose.bones["LeftArm"].rotation_quaternion = (0.8, 0.6, 0.0, 0.0)  # not keyed
    before = [tuple(map(tuple, bone.matrix_basis)) for bone in armature.pose.bones]
    bpy.app.handlers.frame_change_post.append(lambda *_: calls.append(1))

    def poses(rows):
        own = reader.PoseReader(armature, read.rig, read.keyed)
        for _ in own.read([float(row + 1) for row in rows], (30, 1.0)):
            pass
        return own.poses()

    seen = {}
    for count in (90, 61, 8, 1):
        rows = reader.few_rows(count, 30.0)
        few, every = poses(rows).filled_in(rows, count), poses(range(count))
        turn = np.abs(np.sum(few.rotations * every.rotations, axis=-1)).clip(0, 1)
        last = max(1, count - 9)
        seen[str(count)] = [
            len(rows), len(few.heads), float(np.degrees(2 * np.arccos(turn)).max()),
            float(np.abs(few.heads - every.heads).max()),
            float(np.abs(few.heads - every.heads)[last:].max(initial=0.0)),
            float(max(np.abs(few.location[name] - every.location[name]).max() for name in few.location)),
        ]  # fmt: skip
    seen["pose stays"] = before == [tuple(map(tuple, bone.matrix_basis)) for bone in armature.pose.bones]
    seen["rates"] = [len(reader.few_rows(120, fps)) for fps in (12.0, 24.0, 30.0, 60.0, 120.0)]
    return seen | {"frames set": len(calls), "dotted": reader.SCENE.startswith(".")}
