"""How fast retargeting is on this machine: solving onto a rig of 60 bones, and writing keys in bulk or one by one.

Times are CPU time, not wall-clock time, so that other programs matter little; ratios come from one run.
"""

import time
from collections.abc import Callable
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

from ...retarget.files.npz import load_npz
from ...retarget.motion import Motion
from ...retarget.rigs.calibration import calibrate_from_rest
from ...retarget.rigs.rig import Rig
from ...retarget.solving.solve import to_bones
from ...retarget.typing import Floats
from ..action.fcurves import new_action_curves, write_points
from ..action.new_action import Curve, NewKeys, keys_of_curves, solve_keys, thin_keys, write_keys
from ..character.character import Character
from ..character.settings import Tolerance
from ..character.typing import ArmatureObject, full
from .mannequin import build_mannequin

BONES = 60


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Measure with the motion of the job's first entry; the report of `motiongpt bench retarget`."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    armature = build_mannequin(full(bpy.context).scene.collection)
    add_bones(armature, BONES - len(armature.data.bones))
    motion = load_npz(job["motions"][0]["motion"])
    character = Character.read(armature)
    rig, mapping = character.rig, character.mapping
    calibration = calibrate_from_rest(rig, mapping)
    # A fresh motion each time: a motion caches its joints' positions and rotations.
    solve = _seconds(lambda: to_bones(motion.slice(0, len(motion)), rig, mapping, calibration), 5)
    solved = to_bones(motion, rig, mapping, calibration)
    curves = _on_every_bone(solve_keys(character, solved), rig, motion)
    write = _seconds(lambda: write_keys(armature, curves, "bulk", 1), 5)
    written = keys_of_curves(curves, 1)
    calls = _seconds(lambda: _make_curves(armature, written), 5)
    few = _seconds(lambda: write_keys(armature, thin_keys(curves, Tolerance(1.0, 0.005)), "few", 1), 1)
    armature.animation_data_clear()
    slow = _seconds(lambda: _insert_one_by_one(armature, rig, solved.basis), 1)
    return {
        "bones": len(rig.names),
        "frames": len(motion),
        "solved_frames_per_second": round(len(motion) / solve),
        "write_seconds": round(write, 4),
        "blender_seconds": round(calls, 4),
        "few_keys_seconds": round(few, 4),
        "keyframe_insert_seconds": round(slow, 4),
        "times_as_fast": round(slow / write, 1),
        "blender": bpy.app.version_string,
    }


def add_bones(armature: ArmatureObject, count: int) -> None:
    """Add `count` finger bones, three per finger, on both hands in turn."""
    full(bpy.context).view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    bones = armature.data.edit_bones
    for number in range(count):
        side, finger, part = ".L" if number % 2 else ".R", number // 6, number // 2 % 3
        hand = bones[f"hand{side}"]
        along = (hand.tail - hand.head).normalized()
        bone = bones.new(f"finger{finger}_{part}{side}")
        bone.head = hand.tail + along * (0.03 * part) + Vector((0.0, 0.02 * finger - 0.04, 0.0))
        bone.tail = bone.head + along * 0.03
        bone.parent = bones[f"finger{finger}_{part - 1}{side}"] if part else hand
    bpy.ops.object.mode_set(mode="OBJECT")


def _seconds(work: Callable[[], object], runs: int) -> float:
    """CPU time of the fastest of several runs."""
    times = []
    for _ in range(runs):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def _on_every_bone(curves: list[Curve], rig: Rig, motion: Motion) -> list[Curve]:
    """Add rotations for the bones that the motion does not drive: both ways of writing then have as many bones."""
    driven = {bone for bone, channel, _ in curves if channel.startswith("rotation")}
    still = np.tile([1.0, 0.0, 0.0, 0.0], (len(motion), 1))
    return curves + [(name, "rotation_quaternion", still) for name in rig.names if name not in driven]


def _make_curves(armature: ArmatureObject, written: list[NewKeys]) -> None:
    """Little more than the calls by which Blender makes these F-curves: what no writing in bulk gets below."""
    curves = new_action_curves(armature, "calls")
    first: dict[tuple[int, int], bpy.types.FCurve] = {}
    for keys in written:
        like = first.get(alike := (keys.index, len(keys.points["co"])))
        if like is None or not curves.can_copy:
            first[alike] = curves.new(keys.bone, keys.channel, keys.index)
            write_points(first[alike], keys.points)
        else:
            curve = curves.copy(like, keys.bone, keys.channel)
            curve.keyframe_points.foreach_set("co", keys.points["co"].ravel())
            curve.update()


def _insert_one_by_one(armature: ArmatureObject, rig: Rig, basis: Floats) -> None:
    """As most scripts do it: set a bone's rotation, insert a key, frame by frame."""
    for frame in range(len(basis)):
        for i, name in enumerate(rig.names):
            bone = armature.pose.bones[name]
            bone.rotation_quaternion = basis[frame, i]
            bone.keyframe_insert("rotation_quaternion", frame=frame + 1)
