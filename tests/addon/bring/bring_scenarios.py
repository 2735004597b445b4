"""What `test_bring.py` runs inside Blender: motion from files and other armatures put onto a character.

FOLDER holds the files that the test has written.
"""

import importlib
import os
from pathlib import Path

import bpy
import numpy as np
from support.in_blender.keyed import curves_of, person
from support.in_blender.panel import drawn
from support.in_blender.user import BIPED, MODULE, content, make_armature, run_job, session, settings

FRAMES = (1, 12, 24, 36)


def bring():
    return bpy.context.scene.motiongpt_bring


def file(name: str) -> str:
    return str(Path(os.environ.get("FOLDER", ""), name))


def press(operator: str = "retarget", **values: object) -> str:
    """Press a button and run its job; returns the error that the user sees, or ""."""
    try:
        getattr(bpy.ops.motiongpt, operator)(**values)
    except RuntimeError as error:
        return str(error).strip()
    job = run_job()
    return "" if job.state == "DONE" else job.message


def limbs(armature: bpy.types.Object, frames=FRAMES) -> list:
    """(F, 4, 3) directions of shins and forearms in the world."""
    out = []
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        seen = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        bones = [seen.pose.bones[n] for n in ("LeftLeg", "RightLeg", "LeftForeArm", "RightForeArm")]
        out.append([list((seen.matrix_world.to_3x3() @ (b.tail - b.head)).normalized()) for b in bones])
    return out


def hips(armature: bpy.types.Object, frame: int) -> list:
    bpy.context.scene.frame_set(frame)
    seen = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return list(seen.matrix_world @ seen.pose.bones["Hips"].head)


def write_takes() -> None:
    """two.blend with a second action, and still.blend with none."""
    bpy.ops.wm.open_mainfile(filepath=file("walk.blend"))
    armature = next(o for o in bpy.data.objects if o.type == "ARMATURE")
    armature.animation_data.action.use_fake_user = True
    armature.animation_data.action = bpy.data.actions.new("Bow")
    bone = next(b for b in armature.pose.bones if "spine" in b.name.lower())
    bone.rotation_mode = "XYZ"
    for frame, angle in ((1, 0.0), (20, 0.6)):
        bone.rotation_euler.x = angle
        bone.keyframe_insert("rotation_euler", frame=frame)
    bpy.ops.wm.save_as_mainfile(filepath=file("two.blend"))
    for action in list(bpy.data.actions):
        bpy.data.actions.remove(action)
    bpy.ops.wm.save_as_mainfile(filepath=file("still.blend"))
    bpy.ops.wm.read_homefile(use_empty=True)


def files() -> object:
    """One motion in every kind of file; each is an action of its own, from the frame that is set on, and one undo
    step."""
    packages = Path(os.environ["BLENDER_USER_RESOURCES"], "extensions", ".local")
    brought = sorted(str(path) for path in packages.rglob("*.dist-info"))
    seen: dict[str, object] = {}
    for name in ("walk.npz", "walk.bvh", "walk.fbx", "walk.glb", "walk.vrm", "walk.blend"):
        bpy.ops.wm.read_homefile(use_empty=True)
        armature = person()
        bring().start_frame = 11 if name == "walk.bvh" else 1
        bpy.ops.ed.undo_push(message="start")
        before = content()
        stages: list[str] = []

        def note(job, stages=stages) -> bool:
            stages.append(f"{job.stage}")
            return False

        error = ""
        try:
            bpy.ops.motiongpt.retarget(filepath=file(name))
            run_job(note)
        except RuntimeError as failure:
            error = str(failure)
        job = session().job
        action = armature.animation_data.action if armature.animation_data else None
        first = int(action.frame_range[0]) if action else 0
        seen[name] = {
            "error": error, "state": job.state, "message": job.message, "action": action and action.name,
            "range": list(action.frame_range) if action else [], "stages": list(dict.fromkeys(stages)),
            "limbs": limbs(armature, [first - 1 + f for f in FRAMES]),
            "travel": (np.array(hips(armature, first + 35)) - hips(armature, first)).tolist(),
            "objects": content()["objects"] == before["objects"], "takes": [t.name for t in bring().takes],
        }  # fmt: skip
        bpy.ops.ed.undo()
        seen[name]["undone"] = content()["actions"] == before["actions"]
        # Another Blender that reads a file must leave alone what this one's extensions have brought.
        seen[name]["packages"] = bool(brought) and brought == sorted(
            str(path) for path in packages.rglob("*.dist-info")
        )
    return seen


def takes() -> object:
    """A file with two takes: listed, none written; the chosen one is; also by its name alone."""
    write_takes()
    armature = person()
    seen: dict[str, object] = {"pressed": press(filepath=file("two.blend")), "first": session().job.message}
    seen["listed"] = [t.name for t in bring().takes]
    seen["actions"] = len(bpy.data.actions)
    panel = importlib.import_module(f"{MODULE}.addon.ui.bring.panel")
    seen["panel"] = drawn(panel.MOTIONGPT_PT_retarget)
    bring().take = seen["listed"].index("Bow")
    seen["bow"] = [press(), armature.animation_data.action.name, list(armature.animation_data.action.frame_range)]
    bring().take = seen["listed"].index("Walk")
    seen["walk"] = [press(), armature.animation_data.action.name, [t.name for t in armature.animation_data.nla_tracks]]
    seen["by name"] = [press(filepath=file("two.blend"), take="bow"), armature.animation_data.action.name]
    seen["wrong name"] = press(filepath=file("two.blend"), take="Run")
    seen["opened"] = [press("open_motion", filepath=file("walk.bvh")), session().job.message, len(bring().takes)]
    seen["listed one"] = [press("open_motion", filepath=file("walk.glb")), [t.name for t in bring().takes]]
    return seen


def armatures() -> object:
    """Another armature's action, its object turned and moving; itself, one without an action, one that is deleted."""
    source = person()
    source.name = "Source"
    press(filepath=file("walk.npz"))
    wanted, travel = limbs(source), (np.array(hips(source, 36)) - hips(source, 1)).tolist()
    target = make_armature("Target", {n: (p, tuple(0.5 * c for c in at)) for n, (p, at) in BIPED.items()})
    target.location = (3.0, 0.0, 0.0)
    settings().armature = target
    bring().source, bring().other = "ARMATURE", source
    keys = {k: [tuple(p.co) for p in c.keyframe_points] for k, c in curves_of(source).items()}
    seen: dict[str, object] = {"error": press(), "message": session().job.message}
    seen["limbs"], seen["wanted"] = limbs(target), wanted
    seen["travel"] = [travel, (np.array(hips(target, 36)) - hips(target, 1)).tolist()]
    seen["source"] = keys == {k: [tuple(p.co) for p in c.keyframe_points] for k, c in curves_of(source).items()}
    seen["scenes"] = len(bpy.data.scenes)
    source.rotation_euler.z = 0.0
    for frame, y in ((1, 0.0), (36, 1.0)):
        source.location.y = y
        source.keyframe_insert("location", frame=frame)
    press()
    seen["moving"] = (np.array(hips(target, 36)) - hips(target, 1)).tolist()
    bring().other = target
    seen["itself"] = press()
    bring().other = make_armature("Still", BIPED)
    seen["still"] = press()
    bring().other = source
    source.pose.bones["Head"].keyframe_insert("location", frame=3000)  # long enough to be deleted meanwhile
    try:
        bpy.ops.motiongpt.retarget()
        run_job(lambda job: job.fraction > 0.0)
        bpy.data.objects.remove(source)
    except RuntimeError as error:
        seen["pressed"] = str(error)
    seen["deleted"] = run_job().message
    return seen


def refused() -> object:
    """What can't be read: one sentence each, and nothing changes."""
    write_takes()
    person()
    before = content()
    seen: dict[str, object] = {"none": press()}
    for name in ("missing.bvh", "notes.txt", "broken.bvh", "broken.fbx", "broken.npz", "still.blend", "amass.npz"):
        seen[name] = press(filepath=file(name))
    seen["unchanged"] = content() == before
    handler = importlib.import_module(f"{MODULE}.addon.ui.bring.operators").MOTIONGPT_FH_motion
    seen["handler"] = [handler.bl_import_operator, handler.bl_file_extensions]
    bpy.ops.motiongpt.retarget(filepath=file("two.blend"))
    run_job(lambda job: job.stage == "Reading the file")
    bpy.ops.motiongpt.cancel()
    seen["cancelled"] = [session().job.state, content() == before, bool(session().running)]
    return seen
