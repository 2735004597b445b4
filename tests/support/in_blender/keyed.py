"""Keyed poses: set as an animator sets them, and compared bit by bit.

`keyed` records an animator's keys before, and `differ` lists those that are lost or changed after.
"""

import time

import bpy
import numpy as np
from mathutils import Quaternion
from support.in_blender.user import BIPED, make_armature, run_job, settings


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
    """The keys that are lost or have another value."""
    return [[*key, value, after.get(key)] for key, value in before.items() if after.get(key) != value]


def person() -> bpy.types.Object:
    """The plain biped in a scene of 60 frames at 30 a second."""
    scene = bpy.context.scene
    scene.render.fps, scene.frame_start, scene.frame_end = 30, 1, 60
    return make_armature("Person", BIPED)


def pose(
    armature: bpy.types.Object, frame: int, angle: float, bones: list[str] | None = None, move: float = 0.0
) -> None:
    """Key a pose on a frame: every bone (or those given) rotated about its own axis, the hips moved."""
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


def key_turn(armature: bpy.types.Object, bone: str, frame: int, value, location=None) -> None:
    """Key one bone's rotation as it is given, in the bone's own mode, and its location."""
    posed = armature.pose.bones[bone]
    channel = "rotation_quaternion" if posed.rotation_mode == "QUATERNION" else "rotation_euler"
    setattr(posed, channel, value)
    posed.keyframe_insert(channel, frame=frame)
    if location is not None:
        posed.location = location
        posed.keyframe_insert("location", frame=frame)


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


def hero_with_actions() -> bpy.types.Object:
    """A character with the actions Boss and Jump."""
    armature = person()
    for name, angle in (("Boss", 0.3), ("Jump", 0.6)):
        armature.animation_data_create().action = bpy.data.actions.new(name)
        for frame in (1, 30, 60):
            pose(armature, frame, angle * (frame % 7), move=frame * 0.01)
    return armature
