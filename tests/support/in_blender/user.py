"""A user's actions in Blender, by script: an armature, the buttons, and waiting for the job."""

import importlib
import time

import bpy

MODULE = "bl_ext.user_default.motiongpt"
# Mixamo's names for the joints of the project's skeleton, with parents and rest positions (metres, Z up, facing -Y).
BIPED = {
    "Hips": (None, (0.0, 0.0, 0.95)),
    "Spine": ("Hips", (0.0, 0.0, 1.07)),
    "Spine1": ("Spine", (0.0, 0.0, 1.2)),
    "Spine2": ("Spine1", (0.0, 0.0, 1.3)),
    "Neck": ("Spine2", (0.0, 0.0, 1.48)),
    "Head": ("Neck", (0.0, 0.0, 1.57)),
} | {
    f"{side}{name}": (parent if parent in ("Hips", "Spine2") else f"{side}{parent}", (sign * x, y, z))
    for side, sign in (("Left", 1.0), ("Right", -1.0))
    for name, parent, (x, y, z) in (
        ("UpLeg", "Hips", (0.09, 0.0, 0.9)),
        ("Leg", "UpLeg", (0.09, -0.01, 0.49)),
        ("Foot", "Leg", (0.09, 0.02, 0.09)),
        ("ToeBase", "Foot", (0.09, -0.12, 0.02)),
        ("Shoulder", "Spine2", (0.06, 0.0, 1.42)),
        ("Arm", "Shoulder", (0.17, 0.0, 1.42)),
        ("ForeArm", "Arm", (0.43, 0.0, 1.42)),
        ("Hand", "ForeArm", (0.68, 0.0, 1.42)),
    )
}


def make_armature(name: str, bones: dict[str, tuple[str | None, tuple[float, float, float]]]) -> bpy.types.Object:
    """An armature in the scene, active, each bone ending at its first child."""
    armature = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    bpy.context.scene.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    for bone_name, (parent, head) in bones.items():
        bone = armature.data.edit_bones.new(bone_name)
        bone.head = head
        child = next((at for p, at in bones.values() if p == bone_name), None)
        bone.tail = child if child else (head[0], head[1], head[2] + 0.1)
        bone.parent = armature.data.edit_bones[parent] if parent else None
    bpy.ops.object.mode_set(mode="OBJECT")
    return armature


ticks: list[float] = []
"""Seconds of work in each call that `run_job` made."""


def session():
    """The add-on's session object."""
    return importlib.import_module(f"{MODULE}.addon.jobs.session").current()


def settings():
    return bpy.context.scene.motiongpt


def run_job(until=lambda job: False, limit: float = 120.0):
    """Call the timer's function by hand, as background has no event loop, until the job ends or `until` is true."""
    now = session()
    end = time.monotonic() + limit
    while now.running and not until(now.running):
        if time.monotonic() > end:
            raise TimeoutError(f"the job is still at {now.job.stage!r} after {limit} s")
        started = time.thread_time()
        now.tick()
        ticks.append(time.thread_time() - started)
        time.sleep(0.01)
    return now.job


def attempt() -> str:
    """Press Generate; returns the error that the user sees, or ""."""
    try:
        bpy.ops.motiongpt.generate()
    except RuntimeError as error:
        return str(error).strip()
    return ""


def content() -> dict[str, object]:
    """State that a failed generation must not change."""
    return {
        "actions": sorted(a.name for a in bpy.data.actions),
        "animated": sorted(o.name for o in bpy.data.objects if o.animation_data and o.animation_data.action),
        "objects": sorted(o.name for o in bpy.data.objects),
        "running": bool(session().running),
        "backend": session().service.pid(),
    }


def key_frames(action: bpy.types.Action) -> tuple[int, float, float]:
    """Number of F-curves, first and last key."""
    curves = list(action.fcurves) if hasattr(action, "fcurves") else [
        c for layer in action.layers for strip in layer.strips for bag in strip.channelbags for c in bag.fcurves
    ]  # fmt: skip
    return len(curves), *action.frame_range
