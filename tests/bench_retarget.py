"""How fast retargeting is: frames a second onto a 60-bone rig, and writing 300 frames beside `keyframe_insert`.

    python -m tests.bench_retarget

Times are of the processor, not of the clock, so that other programs matter little; ratios come from one run.
"""

import json
import os
import sys
import time

from tests import action_scenarios  # makes the add-on's folders the package motiongpt_addon

import bpy  # isort: skip
import numpy as np
from motiongpt_addon.action_writer import Tolerance, plan_keys, solve_keys, write_keys
from motiongpt_addon.retarget.calibration import calibrate_from_rest
from motiongpt_addon.retarget.solve import to_bones

from tests.rig_scenarios import smooth_motion
from tests.zoo_blender import build_skinned

FAMILY, FRAMES = "daz genesis 9", 300


def seconds(work, runs):
    """The best of several runs."""
    times = []
    for _ in range(runs):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def insert_one_by_one(armature, names, basis):
    for frame in range(FRAMES):
        for i, name in enumerate(names):
            bone = armature.pose.bones[name]
            bone.rotation_quaternion = basis[frame, i]
            bone.keyframe_insert("rotation_quaternion", frame=frame + 1)


def main():
    armature = build_skinned(FAMILY)
    rig = action_scenarios.read_rig(armature)
    mapping = action_scenarios.map_rig(rig)
    motion = smooth_motion(FRAMES)
    calibration = calibrate_from_rest(rig, mapping)
    plan = plan_keys(armature, rig, mapping)
    solve = seconds(lambda: to_bones(motion.slice(0, FRAMES), rig, mapping, calibration), 5)
    solved = to_bones(motion, rig, mapping, calibration)
    curves = solve_keys(plan, rig, solved)
    # The same number of bones either way: every bone of the rig, not only those that the motion drives.
    driven = {bone for bone, channel, _ in curves if channel.startswith("rotation")}
    still = np.tile([1.0, 0.0, 0.0, 0.0], (FRAMES, 1))
    curves += [(name, "rotation_quaternion", still) for name in rig.names if name not in driven]
    write = seconds(lambda: write_keys(armature, curves, "bulk", 1), 3)
    few = seconds(lambda: write_keys(armature, curves, "few", 1, Tolerance(1.0, 0.005)), 1)
    armature.animation_data_clear()
    slow = seconds(lambda: insert_one_by_one(armature, rig.names, solved.basis), 1)
    print(json.dumps({
        "bones": len(rig.names), "frames": FRAMES, "solved_frames_per_second": round(FRAMES / solve),
        "write_seconds": round(write, 4), "few_keys_seconds": round(few, 3), "keyframe_insert_seconds": round(slow, 3),
        "write_ratio": round(slow / write, 1), "blender": bpy.app.version_string,
    }))  # fmt: skip
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
