"""What `test_continuing.py` runs inside Blender: continuing at the end of a clip and inside it."""

import importlib
import itertools
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
from mathutils import Quaternion, Vector
from support.in_blender.keyed import curves_of, heads, keyed, person, press
from support.in_blender.user import MODULE, settings

NOW, END, LAST = 30, 60, 96


def walk(armature: bpy.types.Object, step: int, mode: str = "QUATERNION") -> None:
    """A walk along a curve from frame 1 to LAST, keyed every so many frames."""
    hips = armature.pose.bones["Hips"]
    hips.rotation_mode = mode
    rest = hips.bone.matrix_local.to_quaternion()
    for frame in (*range(1, LAST, step), LAST):
        angle = 0.01 * frame
        place = Vector((2.0 * (1.0 - math.cos(angle)), -2.0 * math.sin(angle), 0.02 * math.sin(frame)))
        turn = rest.inverted() @ Quaternion((0.0, 0.0, 1.0), angle) @ Quaternion((1.0, 0.0, 0.0), 0.2) @ rest
        hips.location = rest.inverted() @ place
        hips.keyframe_insert("location", frame=frame)
        if mode == "QUATERNION":
            hips.rotation_quaternion = turn
            hips.keyframe_insert("rotation_quaternion", frame=frame)
        else:
            hips.rotation_euler = turn.to_euler(mode, hips.rotation_euler)
            hips.keyframe_insert("rotation_euler", frame=frame)
        for side, sign in (("Left", 1.0), ("Right", -1.0)):
            leg = armature.pose.bones[f"{side}UpLeg"]
            leg.rotation_quaternion = Quaternion((1.0, 0.0, 0.0), 0.4 * sign * math.sin(0.2 * frame))
            leg.keyframe_insert("rotation_quaternion", frame=frame)


CASES: dict[str, Callable[[bpy.types.Object], None]] = {
    "every frame": lambda armature: walk(armature, 1),
    "few keys": lambda armature: walk(armature, 12),
    "Euler": lambda armature: walk(armature, 1, "XYZ"),
    "few Euler keys": lambda armature: walk(armature, 12, "ZYX"),
    "turned and scaled": lambda armature: turned(armature),
}


def turned(armature: bpy.types.Object) -> None:
    walk(armature, 1)
    armature.matrix_world = Quaternion((0.0, 0.0, 1.0), 2.0).to_matrix().to_4x4() * 0.5
    armature.location = (3.0, 1.0, 0.0)


def inside() -> object:
    """Continuing inside a clip, what comes after moved along: jumps, and whether it moved as one."""
    return {name: moved_along(prepare) for name, prepare in CASES.items()}


def moved_along(prepare: Callable[[bpy.types.Object], None]) -> dict[str, object]:
    bpy.ops.wm.read_homefile(use_empty=True)
    armature = person()
    prepare(armature)
    before, old = keyed(armature), heads(armature, 1, LAST)
    bpy.context.scene.frame_set(NOW)
    bpy.ops.ed.undo_push(message="start")
    seen: dict[str, object] = press("continue_motion", task="continue", prompt="", seconds=1.0, after="MOVE")
    new, after = heads(armature, 1, LAST), keyed(armature)
    steps = [np.linalg.norm(np.diff(path, axis=0), axis=-1).max(axis=1) for path in (old, new)]
    seen["steps"] = [float(steps[0].max()), float(steps[1][NOW - 2 : END + 2].max())]
    seen["before"] = float(np.abs(new[: NOW - 1] - old[: NOW - 1]).max())
    seen["apart"] = float(np.linalg.norm(new[END] - old[END], axis=-1).max())  # it did move
    seen["bent"] = shape_error(old[END - 1 :], new[END - 1 :])
    late = [{key[2] for key in keys if key[2] > END + 1} for keys in (before, after)]
    seen["same frames"] = late[0] == late[1]
    bpy.ops.ed.undo()
    seen["undone"] = keyed(bpy.data.objects["Person"]) == before
    return seen


def shape_error(old: np.ndarray, new: np.ndarray) -> float:
    """Metres by which paths (T, N, 3) differ, once one is turned about the vertical and moved onto the other."""
    a, b = old.reshape(-1, 3), new.reshape(-1, 3)
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    turn = np.angle(np.sum((b[:, 0] + 1j * b[:, 1]) * np.conj(a[:, 0] + 1j * a[:, 1])))
    flat = (a[:, 0] + 1j * a[:, 1]) * np.exp(1j * turn)
    return float(np.abs(np.column_stack([flat.real, flat.imag, a[:, 2]]) - b).max())


def cut_and_copied() -> object:
    """What comes after is cut; then into a new action; then at the clip's end."""
    armature = person()
    walk(armature, 12)
    head = armature.pose.bones["Head"]
    for frame in (1, 50, 90):
        head.scale = (1.0 + 0.001 * frame,) * 3
        head.keyframe_insert("scale", frame=frame)
    bpy.context.scene.frame_set(NOW)
    before, action = keyed(armature), armature.animation_data.action.name
    press("continue_motion", task="continue", prompt="", seconds=1.0, after="CUT", destination="NEW")
    strips = [strip.action.name for track in armature.animation_data.nla_tracks for strip in track.strips]
    seen: dict[str, object] = {"new": armature.animation_data.action.name, "stashed": strips == [action]}
    seen["last"] = max(key[2] for key in keyed(armature))
    scale = curves_of(armature)['pose.bones["Head"].scale', 0]
    seen["scale"] = [round(scale.evaluate(f), 4) for f in (50, 60, 90)]
    armature.animation_data.action = bpy.data.actions[action]
    seen["old stays"] = keyed(armature) == before
    bpy.context.scene.frame_set(LAST)
    seen["end"] = press("continue_motion", seconds=0.5, after="MOVE", destination="SAME")["message"]
    return seen


def rigify() -> object:
    """A Rigify rig posed by FK or IK controls: continued inside its clip, what comes after moved along."""
    sys.path.append(str(Path(__file__).parents[1] / "poses"))
    scenarios = importlib.import_module("poses_scenarios")
    armature = scenarios.load("rigify")
    name, limbs = armature.name, os.environ["LIMBS"]
    scene = bpy.context.scene
    scene.render.fps, scene.frame_start, scene.frame_end = 30, 1, 60
    for limb in ("upper_arm_parent.L", "upper_arm_parent.R", "thigh_parent.L", "thigh_parent.R"):
        armature.pose.bones[limb]["IK_FK"] = 1.0 if limbs == "FK" else 0.0
    if limbs == "IK":
        scenarios.ik_poses(armature)
    else:
        for frame, angle in zip(scenarios.FRAMES, (0.0, 0.2, -0.2), strict=True):
            scenarios.pose(armature, frame, angle, scenarios.controls(armature), move=0.01 * frame)
    old = heads(armature, 1, 50)
    scene.frame_set(10)
    seen = press("continue_motion", task="continue", prompt="", seconds=1.0, after="MOVE")
    armature = bpy.data.objects[name]
    new = heads(armature, 1, 50)
    seen["bent"] = shape_error(old[39:], new[39:])
    steps = np.linalg.norm(np.diff(new, axis=0), axis=-1).max(axis=1)
    seen["steps"] = [float(steps[8:41].max()), float(steps[38:41].max())]
    seen["apart"] = float(np.linalg.norm(new[45] - old[45], axis=-1).max())
    return seen


def unknown_rig() -> object:
    """A rig with IK legs that no list names, its feet free, hung from the hips, or hung from what does not weigh now:
    what comes after moves along, and the feet with it."""
    sys.path.append(str(Path(__file__).parents[1] / "overrides"))
    control_rigs = importlib.import_module("control_rigs")
    mannequin = importlib.import_module(f"{MODULE}.addon.export.mannequin")
    seen = {}
    for kind in ("free", "hung", "let go"):
        bpy.ops.wm.read_homefile(use_empty=True)
        armature = mannequin.build_mannequin(bpy.context.scene.collection)
        bpy.context.view_layer.objects.active = armature
        control_rigs.only_ik(armature)
        feet, knees = ("mech_target_leg.L", "mech_target_leg.R"), ("ctl_knee.L", "ctl_knee.R")
        for foot in feet if kind != "free" else ():
            hung = armature.pose.bones[foot].constraints.new("ARMATURE")
            for leader, weight in (("ctl_hips", 1.0), ("ctl_chest", 0.0)) if kind == "hung" else (("ctl_chest", 0.0),):
                entry = hung.targets.new()
                entry.target, entry.subtarget, entry.weight = armature, leader, weight
        for frame in range(1, 71):
            place = Vector((0.3 * math.sin(0.03 * frame), 0.0, 0.02 * frame))  # in the axes of the hips, which lie
            placed = {"free": feet, "hung": knees, "let go": feet + knees}[kind]
            for name in ("ctl_hips", *placed):
                bone = armature.pose.bones[name]
                rest = bone.bone.matrix_local.to_quaternion()
                bone.location = rest.inverted() @ Vector((place.x, -place.z, 0.0))
                bone.keyframe_insert("location", frame=frame)
            hips = armature.pose.bones["ctl_hips"]
            hips.rotation_quaternion = Quaternion((0.0, 1.0, 0.0), 0.004 * frame)
            hips.keyframe_insert("rotation_quaternion", frame=frame)
            if kind == "hung":
                for sign, name in zip((1.0, -1.0), feet, strict=True):
                    armature.pose.bones[name].location.z = 0.1 * sign * math.sin(0.2 * frame)
                    armature.pose.bones[name].keyframe_insert("location", frame=frame)
        old = heads(armature, 1, 70)
        bpy.context.scene.frame_set(10)
        said = press("continue_motion", task="continue", prompt="", seconds=1.0, after="MOVE")
        armature = bpy.data.objects[armature.name]
        new = heads(armature, 1, 70)
        seen[kind] = said | {
            "bent": shape_error(old[39:], new[39:]), "apart": float(np.linalg.norm(new[60] - old[60], axis=-1).max()),
        }  # fmt: skip
    return seen


def fails() -> object:
    """A failure at every stage of writing, for every task: nothing changes, and there is no undo step."""
    fcurves = importlib.import_module(f"{MODULE}.addon.action.fcurves")
    names = ("action.keys_between", "action.new_action", "review.reviewing")
    modules = [importlib.import_module(f"{MODULE}.addon.{name}") for name in names]
    seen = {}
    original, original_new = fcurves.write_points, fcurves.NewCurves.write
    tasks = (("generate", "generate"), ("inbetween", "inbetween"), ("continue", "continue_motion"))
    for (task, operator), takes in itertools.product(tasks, (1, 3)):
        for after in (0, 3, 40):
            bpy.ops.wm.read_homefile(use_empty=True)
            armature = person()
            walk(armature, 12)
            armature.animation_data.action["mine"] = 7
            bpy.context.scene.frame_set(NOW)
            bpy.ops.ed.undo_push(message="start")
            before = state(armature)
            left = [after]

            def fail(left=left) -> None:
                left[0] -= 1
                if left[0] < 0:
                    raise MemoryError("no memory")

            def failing(curve, points, fail=fail) -> None:
                fail()
                original(curve, points)

            def failing_new(self, bone, channel, index, points, fail=fail) -> None:
                fail()
                original_new(self, bone, channel, index, points)

            fcurves.NewCurves.write = failing_new
            for module in modules:
                module.write_points = failing
            try:
                settings().prompt, settings().takes, settings().text_takes = "a person walks", takes, takes
                result = press_broken(operator, task)
            finally:
                fcurves.NewCurves.write = original_new
                for module in modules:
                    module.write_points = original
            now = state(armature)
            seen[f"{task} {takes} {after}"] = [result, [i for i, part in enumerate(before) if now[i] != part]]
    return seen


def press_broken(operator: str, task: str) -> str:
    try:
        answer = press(operator, task=task, poses="ALL", seconds=1.0)
    except MemoryError:
        return "FAILED"
    return str(answer["state"])


def state(armature: bpy.types.Object) -> tuple[object, ...]:
    """Everything that a failure may not change."""
    animation = armature.animation_data
    action = animation.action
    kinds = {k: [(p.type, p.interpolation, *p.handle_left, *p.handle_right) for p in c.keyframe_points]
             for k, c in curves_of(armature).items()}  # fmt: skip
    return (
        keyed(armature), kinds, sorted(a.name for a in bpy.data.actions), action.name, len(animation.nla_tracks),
        {key: str(value) for key, value in action.items()}, [b.matrix_basis.copy() for b in armature.pose.bones],
        animation.action_blend_type, len(armature.motiongpt_review.takes),
    )  # fmt: skip


def not_to_be_written() -> object:
    """An action of another file, also as a new one; and one of whose slots the character uses none with keys."""
    folder = Path(os.environ["PLACE"])
    armature = person()
    walk(armature, 12)
    armature.animation_data.action.name = "Linked"
    bpy.data.libraries.write(str(folder / "walks.blend"), {armature.animation_data.action}, fake_user=True)
    seen: dict[str, object] = {}
    for into in ("SAME", "NEW"):
        bpy.ops.wm.read_homefile(use_empty=True)
        armature = person()
        with bpy.data.libraries.load(str(folder / "walks.blend"), link=True) as (_, wanted):
            wanted.actions = ["Linked"]
        armature.animation_data_create().action = bpy.data.actions["Linked"]
        if hasattr(bpy.data.actions["Linked"], "slots"):
            armature.animation_data.action_slot = bpy.data.actions["Linked"].slots[0]
        bpy.context.scene.frame_set(NOW)
        seen[into] = press("continue_motion", task="continue", prompt="", seconds=1.0, destination=into)
        seen[into] |= {"plays": armature.animation_data.action.library is None}
    bpy.ops.wm.read_homefile(use_empty=True)
    armature = person()
    walk(armature, 12)
    if hasattr(armature.animation_data, "action_slot"):
        armature.animation_data.action_slot = armature.animation_data.action.slots.new(id_type="OBJECT", name="Other")
        bpy.context.scene.frame_set(NOW)
        seen["slot"] = press("continue_motion", task="continue", prompt="", seconds=1.0)
    return seen
