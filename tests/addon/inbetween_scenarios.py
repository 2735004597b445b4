"""What `test_inbetween_addon.py` runs inside Blender, as `addon_scenarios.py` does: NAME [VARIABLE=VALUE ...].

Keys are told apart bit by bit: `keyed` takes what an animator's keys hold before, and looks whether it is there after.
"""

import importlib
import os
import sys
import time

import addon_scenarios as base
import bpy
import numpy as np
from addon_scenarios import BIPED, make_armature, run_job, settings
from mathutils import Quaternion, Vector

FRAMES = (1, 20, 48)


def curves_of(armature: bpy.types.Object) -> dict[tuple[str, int], bpy.types.FCurve]:
    """(data path, index) -> F-curve of the armature's action."""
    action = armature.animation_data.action
    if not hasattr(action, "slots"):
        return {(c.data_path, c.array_index): c for c in action.fcurves}
    bags = [strip.channelbag(armature.animation_data.action_slot) for la in action.layers for strip in la.strips]
    return {(c.data_path, c.array_index): c for bag in bags if bag for c in bag.fcurves}


def keyed(armature: bpy.types.Object) -> dict[tuple[str, int, float], float]:
    """Every key: (data path, index, frame) -> value, as Blender holds both."""
    return {(*k, p.co.x): p.co.y for k, c in curves_of(armature).items() for p in c.keyframe_points}


def differ(before: dict, after: dict) -> list:
    """The keys that are gone or hold another value."""
    return [[*key, value, after.get(key)] for key, value in before.items() if after.get(key) != value]


def pose(
    armature: bpy.types.Object, frame: int, angle: float, bones: list[str] | None = None, move: float = 0.0
) -> None:
    """Key a pose on a frame: every bone (or those) turned about an axis of its own, the hips moved."""
    root = (
        "torso"
        if "torso" in armature.pose.bones
        else next(b.name for b in armature.pose.bones if b.name.lower().endswith("hips") or b.name.lower() == "pelvis")
    )
    for i, bone in enumerate(b for b in armature.pose.bones if bones is None or b.name in bones):
        axis = np.random.default_rng(i).normal(size=3)
        turn = Quaternion(axis, angle * (0.4 + 0.6 * (i % 3) / 2.0))
        if bone.rotation_mode == "QUATERNION":
            bone.rotation_quaternion = turn
            bone.keyframe_insert("rotation_quaternion", frame=frame)
        else:
            bone.rotation_mode = "XYZ" if bone.rotation_mode == "AXIS_ANGLE" else bone.rotation_mode
            bone.rotation_euler = turn.to_euler(bone.rotation_mode)
            bone.keyframe_insert("rotation_euler", frame=frame)
        if bone.name == root and (bones is None or root in bones):
            bone.location = (0.3 * move, 0.02 * move, move)
            bone.keyframe_insert("location", frame=frame)


def press(operator: str = "inbetween", **choices: object) -> dict[str, object]:
    """Choose settings, press a task's button and run the job to its end."""
    for name, value in choices.items():
        setattr(settings(), name, value)
    started = time.thread_time()
    try:
        getattr(bpy.ops.motiongpt, operator)()
    except RuntimeError as error:
        return {"error": str(error).strip(), "state": "REFUSED", "message": ""}
    pressed = time.thread_time() - started
    job = run_job()
    return {"error": "", "state": job.state, "message": job.message, "pressed": pressed}


def heads(armature: bpy.types.Object, first: int, last: int) -> np.ndarray:
    """(T, N, 3) of the end of every bone that shows, in the world, as the scene evaluates it on every frame."""
    out = []
    names = [b.name for b in armature.data.bones if b.use_deform or not b.name.startswith(("MCH-", "ORG-", "VIS_"))]
    if "torso" in names:
        names = [name for name in names if name.startswith("DEF-")]
    for frame in range(first, last + 1):
        bpy.context.scene.frame_set(frame)
        seen = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        out.append([seen.matrix_world @ seen.pose.bones[name].tail for name in names])
    return np.array(out)


def leap(armature: bpy.types.Object, first: int, last: int) -> float:
    """The largest step of any bone's end in a frame, over the median of each frame's largest: frames that jump show."""
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
    scene.frame_set(1)
    before, at_keys = keyed(armature), {f: heads(armature, f, f) for f in FRAMES}
    bpy.ops.ed.undo_push(message="start")
    seen = press(task="inbetween", poses="SELECTED")
    armature = bpy.data.objects[name]
    after = keyed(armature)
    seen |= {"differ": differ(before, after), "empty": sorted(set(range(1, 49)) - {key[2] for key in after})}
    seen["off"] = max(float(np.abs(heads(armature, f, f) - at_keys[f]).max()) for f in FRAMES)
    seen["leap"] = leap(armature, 1, 48)
    points = [point for curve in curves_of(armature).values() for point in curve.keyframe_points]
    seen["types"] = sorted({(round(p.co.x) in FRAMES, p.type) for p in points})
    seen["scenes"] = len(bpy.data.scenes)
    seen["busiest"] = base.busiest_tick
    bpy.ops.ed.undo()
    seen["undone"] = keyed(bpy.data.objects[name]) == before
    return seen


def person() -> bpy.types.Object:
    """The plain biped in a scene of 60 frames at 30 a second."""
    scene = bpy.context.scene
    scene.render.fps, scene.frame_start, scene.frame_end = 30, 1, 60
    return make_armature("Person", BIPED)


def key_turn(armature: bpy.types.Object, bone: str, frame: int, value, location=None) -> None:
    """Key one bone's rotation as it is given, in the bone's own mode, and its location."""
    posed = armature.pose.bones[bone]
    channel = "rotation_quaternion" if posed.rotation_mode == "QUATERNION" else "rotation_euler"
    setattr(posed, channel, value)
    posed.keyframe_insert(channel, frame=frame)
    if location is not None:
        posed.location = location
        posed.keyframe_insert("location", frame=frame)


def one_case(prepare, **choices) -> dict[str, object]:
    """A case on a fresh biped: what became of the user's keys, and the largest step of a frame in metres."""
    bpy.ops.wm.read_homefile(use_empty=True)
    armature = person()
    prepare(armature)
    before = keyed(armature)
    frames = sorted({key[2] for key in before})
    seen = press(task="inbetween", **({"poses": "SELECTED", "range": "KEYS"} | choices))
    after = keyed(armature)
    first, last = int(frames[0]), int(frames[-1])
    steps = np.linalg.norm(np.diff(heads(armature, first, last), axis=0), axis=-1)  # (T - 1, N)
    # The straight way between two keys, in steps of a frame: twice as far is an ease, more would be a jump.
    whole = sorted({round(frame) for frame in frames})
    at_keys = np.array([heads(armature, frame, frame)[0] for frame in whole])
    straight = np.linalg.norm(np.diff(at_keys, axis=0), axis=-1).max(axis=1) / np.diff(whole)
    seen |= {"differ": differ(before, after), "step": float(steps.max()), "straight": float(straight.max())}
    seen |= {"new": len(after) - len(before), "frames": len({key[2] for key in after})}
    return seen


def cases() -> object:
    """Keys close together, partial, mirrored, half turns, values that are written in other ways, between frames."""
    quiet = Quaternion((1.0, 0.0, 0.0, 0.0))

    def close(armature):
        for frame, angle in ((10, 0.0), (12, 0.5), (14, -0.5), (30, 0.2)):
            pose(armature, frame, angle, move=0.01 * frame)

    def upper_body(armature):
        for frame, angle in ((1, 0.2), (25, -0.6), (40, 0.5)):
            pose(armature, frame, angle, ["LeftArm", "LeftForeArm", "RightArm", "Spine1"])

    def mirrored(armature):
        for frame, sign in ((1, 1.0), (31, -1.0)):
            for side, own in (("Left", 1.0), ("Right", -1.0)):
                key_turn(armature, f"{side}Arm", frame, Quaternion((1.0, 0.2 * own, 0.3), 0.9 * sign * own))
                key_turn(armature, f"{side}UpLeg", frame, Quaternion((1.0, 0.0, 0.0), 0.5 * sign * own))
            key_turn(armature, "Hips", frame, quiet, (0.0, 0.0, 0.0))

    def half_turn(armature):
        for frame, angle in ((1, 0.0), (31, np.pi)):
            key_turn(armature, "Hips", frame, Quaternion((0.0, 1.0, 0.0), angle), (0.0, 0.0, 0.0))
            key_turn(armature, "Spine", frame, quiet)

    def other_sign(armature):
        for frame, sign in ((1, 1.0), (16, -1.0), (31, 2.0)):
            turn = Quaternion((0.0, 0.0, 1.0), 0.02 * frame)
            key_turn(armature, "LeftArm", frame, [sign * v for v in turn])
            key_turn(armature, "Hips", frame, quiet, (0.0, 0.0, 0.0))

    def other_euler(armature):
        for order, bone in zip(("XYZ", "ZYX", "YXZ"), ("LeftArm", "RightArm", "Head"), strict=True):
            armature.pose.bones[bone].rotation_mode = order
            for frame, whole in ((1, 0.0), (16, 2.0 * np.pi), (31, -2.0 * np.pi)):
                key_turn(armature, bone, frame, (0.01 * frame, 0.2 + whole, 0.3))
        for frame in (1, 16, 31):
            key_turn(armature, "Hips", frame, quiet, (0.0, 0.0, 0.0))

    def between_frames(armature):
        for frame, angle in ((1, 0.0), (15.4, 0.4), (31, 0.1)):
            pose(armature, frame, angle)

    def one_channel(armature):
        armature.pose.bones["LeftArm"].rotation_mode = "XYZ"
        for frame, angle in ((1, 0.0), (31, 0.8)):
            armature.pose.bones["LeftArm"].rotation_euler.x = angle
            armature.pose.bones["LeftArm"].keyframe_insert("rotation_euler", index=0, frame=frame)
            key_turn(armature, "Hips", frame, quiet, (0.0, 0.0, 0.0))

    def five_metres(armature):
        for frame, far in ((1, 0.0), (31, 5.0)):
            pose(armature, frame, 0.2, move=far)

    found = (close, upper_body, mirrored, half_turn, other_sign, other_euler, between_frames, one_channel, five_metres)
    seen = {case.__name__: one_case(case) for case in found}
    seen["past the keys"] = one_case(mirrored, range="SCENE")
    return seen


def refusals() -> object:
    """Every mistake: the sentence, and whether any key, action or scene changed."""
    armature = person()
    other = make_armature("Other", BIPED)
    bpy.context.view_layer.objects.active = armature
    scene, seen = bpy.context.scene, {}

    def attempt(name: str, **choices: object) -> None:
        keys = [keyed(a) if a.animation_data else None for a in (armature, other)]
        before = (keys, len(bpy.data.actions), len(bpy.data.scenes), armature.matrix_world.copy())
        answer = press(**({"task": "inbetween", "poses": "SELECTED", "range": "KEYS"} | choices))
        keys = [keyed(a) if a.animation_data else None for a in (armature, other)]
        same = (keys, len(bpy.data.actions), len(bpy.data.scenes), armature.matrix_world) == before
        seen[name] = [answer["error"] or answer["message"], answer["state"], same]

    def select(chosen) -> None:
        for curve in curves_of(armature).values():
            for point in curve.keyframe_points:
                point.select_control_point = chosen(point.co.x)

    attempt("no action")
    attempt("no keys", poses="ALL")
    pose(other, 1, 0.2)
    attempt("another armature")
    for frame in (1, 20, 48):
        pose(armature, frame, 0.01 * frame)
    for curve in curves_of(other).values():
        for point in curve.keyframe_points:
            point.select_control_point = False
    select(lambda frame: False)
    attempt("none selected")
    select(lambda frame: frame == 20)
    attempt("one pose")
    select(lambda frame: True)
    scene.frame_start, scene.frame_end = 1, 30
    attempt("outside", range="SCENE")
    scene.frame_start, scene.frame_end = 100, 150
    attempt("untouched", range="SCENE")
    attempt("untouched by all", range="SCENE", poses="ALL")
    scene.frame_start, scene.frame_end = 1, 2000
    attempt("too long", range="SCENE")
    attempt("no marker", poses="MARKED")
    for frame in (1, 2):
        pose(armature, frame, 0.3)
    select(lambda frame: frame < 3)
    attempt("no room")
    select(lambda frame: True)
    armature.pose.bones["Head"].location = (1.0, 0.0, 0.0)  # not keyed
    attempt("long text", prompt="x" * 2000)
    seen["unkeyed pose"] = armature.pose.bones["Head"].location[0]
    return seen


def around() -> object:
    """Takes, a corrected pose as another key, one gap again, a gap longer, few keys, a copy of the action, markers."""
    armature = person()
    scene = bpy.context.scene
    for frame, angle in zip(FRAMES, (0.0, 0.5, -0.4), strict=True):
        pose(armature, frame, angle, move=0.01 * frame)
    before = keyed(armature)
    scene.frame_set(30)
    bpy.ops.ed.undo_push(message="start")
    seen = {"first": press(task="inbetween", poses="ALL", takes=3)["state"]}
    takes = [keyed(armature)]
    for step in (1, 1, 1):
        bpy.ops.motiongpt.show_take(step=step)
        takes.append(keyed(armature))
    seen["takes"] = [takes[0] != takes[1] != takes[2], takes[3] == takes[0], [differ(before, t) for t in takes]]
    seen["again"] = [press(poses="ALL")["state"], keyed(armature) == takes[0]]
    # The generated pose on 30 is corrected: an arm is turned and keyed again. It stays, as a whole.
    scene.frame_set(30)
    bone = armature.pose.bones["LeftArm"]
    bone.rotation_quaternion = Quaternion((0.0, 0.0, 1.0), 1.0)
    bone.keyframe_insert("rotation_quaternion", frame=30)
    corrected = {key: value for key, value in keyed(armature).items() if key[2] in (1.0, 20.0, 30.0, 48.0)}
    try:
        bpy.ops.motiongpt.show_take(step=1)
        seen["flip over a correction"] = ""
    except RuntimeError as error:
        seen["flip over a correction"] = str(error)
    seen["corrected"] = [press(poses="ALL", seed=7)["state"], differ(corrected, keyed(armature))]
    points = [point for curve in curves_of(armature).values() for point in curve.keyframe_points]
    seen["now the user's"] = sorted({point.type for point in points if point.co.x == 30})
    full = keyed(armature)
    scene.frame_set(40)
    seen["gap"] = press("redo_gap")["state"]
    again = keyed(armature)
    seen["gap frames"] = sorted({key[2] for key in full if full[key] != again.get(key)})[::16]
    bpy.ops.motiongpt.retime_gap(frames=12)
    later = keyed(armature)
    values = [sorted((*key[:2], value) for key, value in keys.items()) for keys in (again, later)]
    seen["retimed"] = [max(key[2] for key in later), values[0] == values[1]]
    armature.motiongpt_rig.keys, armature.motiongpt_rig.degrees = "FEW", 2.0
    many = len(later)
    seen["few"] = press(poses="ALL")["state"]
    kept = {k: v for k, v in later.items() if k[2] in (1.0, 20.0, 30.0, 60.0)}
    seen["few keys"] = [len(keyed(armature)) / many, differ(kept, keyed(armature))]
    armature.motiongpt_rig.keys = "EVERY"
    old, now = armature.animation_data.action.name, keyed(armature)
    seen["copy"] = press(poses="ALL", destination="NEW", seed=9)["state"]
    action = armature.animation_data.action
    strips = [strip.action.name for track in armature.animation_data.nla_tracks for strip in track.strips]
    seen["copied"] = [action.name != old, strips == [old], differ(kept, keyed(armature)), keyed(armature) != now]
    scene.timeline_markers.new("a", frame=5)
    scene.timeline_markers.new("b", frame=40)
    marked = {k: v for k, v in keyed(armature).items() if k[2] in (5.0, 40.0)}
    seen["markers"] = [press(poses="MARKED", destination="SAME", seed=3)["state"], differ(marked, keyed(armature))]
    return seen


def context() -> object:
    """Motion before the range goes along; what lies outside the range stays, also the shape of curves."""
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


def tasks() -> object:
    """Continuing and describing; what the model is said to do then, which buttons are open, and the panels."""
    armature = person()
    scene = bpy.context.scene
    for frame, angle in ((1, 0.0), (20, 0.4)):
        pose(armature, frame, angle, move=0.01 * frame)
    before = keyed(armature)
    scene.frame_set(20)
    seen: dict[str, object] = {"continue": press("continue_motion", task="continue", seconds=1.0)}
    after = keyed(armature)
    seen["added"] = [differ(before, after), max(key[2] for key in after)]
    seen["caption"] = press("describe", task="caption")["message"]
    seen["able"] = sorted(base.session().service.info.tasks)
    settings().prompt = "a person walks"
    buttons = ("generate", "inbetween", "continue_motion", "describe")
    seen["open"] = [name for name in buttons if getattr(bpy.ops.motiongpt, name).poll()]
    seen["panels"] = {}
    for task in ("generate", "inbetween", "continue", "caption"):
        settings().task = task
        seen["panels"][task] = base.drawn()
    return seen


def unable() -> object:
    """With a model that only makes motion from text."""
    armature = person()
    for frame, angle in ((1, 0.0), (20, 0.4)):
        pose(armature, frame, angle)
    before = keyed(armature)
    seen: dict[str, object] = {"first": press(task="inbetween"), "same": keyed(armature) == before}
    seen["poll"] = bpy.ops.motiongpt.inbetween.poll()
    try:
        bpy.ops.motiongpt.inbetween()
    except RuntimeError as error:
        seen["why"] = str(error)
    settings().prompt = "a person walks"
    return seen | {"generate": bpy.ops.motiongpt.generate.poll()}


def cancelled() -> object:
    """Cancelling while poses are read and while the model works: keys and scenes as before."""
    armature = person()
    for frame, angle in ((1, 0.0), (20, 0.4)):
        pose(armature, frame, angle)
    before, seen = keyed(armature), {}
    importlib.import_module(f"{base.MODULE}.addon.jobs.motion").READING_SECONDS = 0.0  # one pose a tick
    for stage in ("Reading the poses", "Choosing the motion"):
        settings().task, settings().prompt = "inbetween", "slow"
        bpy.ops.motiongpt.inbetween()
        job = run_job(until=lambda job, wanted=stage: job.stage == wanted)
        bpy.ops.motiongpt.cancel()
        seen[stage] = [job.state, keyed(armature) == before, len(bpy.data.scenes)]
    return seen


if __name__ == "__main__":
    code = base.main(globals())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
