"""What `test_job.py` runs inside Blender: a user who undoes, deletes and edits while a job is at each of its stages."""

import importlib

import bpy
from support.in_blender.user import BIPED, MODULE, attempt, make_armature, run_job, session, settings

STAGES = ("Generating", "Fitting the motion to the armature", "Reading the poses", "Checking that the bones follow")


def _undo(armature: bpy.types.Object) -> None:
    bpy.ops.ed.undo()


def _undo_of_something_else(armature: bpy.types.Object) -> None:
    bpy.data.objects["Prop"].location.x += 1.0
    bpy.ops.ed.undo_push(message="moved")
    bpy.ops.ed.undo()


def _delete(armature: bpy.types.Object) -> None:
    """As the viewport's Delete does it; the picked armature stays in the file, as the setting refers to it."""
    with bpy.context.temp_override(selected_objects=[armature], active_object=armature, object=armature):
        bpy.ops.object.delete(use_global=False)


def _remove(armature: bpy.types.Object) -> None:
    bpy.data.objects.remove(armature)


def _rename_bone(armature: bpy.types.Object) -> None:
    _edit(armature)
    armature.data.edit_bones["LeftLeg"].name = "LeftShin"
    bpy.ops.object.mode_set(mode="OBJECT")


def _delete_bones(armature: bpy.types.Object) -> None:
    _edit(armature)
    for name in ("LeftLeg", "LeftFoot", "LeftToeBase"):
        armature.data.edit_bones.remove(armature.data.edit_bones[name])
    bpy.ops.object.mode_set(mode="OBJECT")


def _edit(armature: bpy.types.Object) -> None:
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")


def _open_file(armature: bpy.types.Object) -> None:
    bpy.ops.wm.read_homefile(use_empty=True)


DOINGS = (_undo, _undo_of_something_else, _delete, _remove, _rename_bone, _delete_bones, _open_file)


def disturbed() -> object:
    """Each doing at each stage: how the job ends, what it says, and whether the character is animated."""
    seen: dict[str, object] = {}
    importlib.import_module(f"{MODULE}.addon.jobs.motion").READING_SECONDS = 0.0  # one pose a step
    for stage in STAGES:
        for doing in DOINGS:
            seen[f"{stage}: {doing.__name__}"] = _disturbed_at(stage, doing)
    return seen


def _disturbed_at(stage: str, doing) -> dict[str, object]:
    bpy.ops.wm.read_homefile(use_empty=True)
    prop = bpy.data.objects.new("Prop", None)
    bpy.context.scene.collection.objects.link(prop)
    armature = make_armature("Person", BIPED)
    settings().prompt, settings().armature = "slow" if stage == STAGES[0] else "a person walks", armature
    settings().seconds = 1.0
    if stage == "Reading the poses":
        _make_action(armature)
        settings().task = "continue"
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.ed.undo_push(message="start")
    if settings().task == "continue":
        bpy.ops.motiongpt.continue_motion()
    else:
        attempt()
    reached = run_job(until=lambda job: job.stage == stage).stage == stage
    ran = session().running is not None
    job, raised = session().job, ""
    doing(bpy.data.objects["Person"])
    try:
        run_job()
    except Exception as error:
        raised = f"{type(error).__name__}: {error}"
    armature = bpy.data.objects.get("Person")
    action = armature.animation_data.action if armature and armature.animation_data else None
    return {
        "reached": reached and ran, "state": str(job.state), "message": job.message,
        "raised": raised, "action": action.name if action else "",
        "helper": [scene.name for scene in bpy.data.scenes if scene.name.startswith(".")],
    }  # fmt: skip


def _make_action(armature: bpy.types.Object) -> None:
    for frame in range(1, 25):
        for bone in armature.pose.bones:
            bone.rotation_quaternion = (1.0, 0.002 * frame, 0.0, 0.0)
            bone.keyframe_insert("rotation_quaternion", frame=frame)
    bpy.context.scene.frame_set(24)


def edited_meanwhile() -> object:
    """Edit Mode, entered while the bones are looked at and left again: no bone was said to stay behind."""
    armature = make_armature("Person", BIPED)
    settings().prompt, settings().seconds = "a person walks", 1.0
    attempt()
    run_job(until=lambda job: job.stage == STAGES[3])
    _edit(armature)
    waited = run_job(until=lambda job: "Edit Mode" in job.stage)
    seen = [waited.state, waited.stage]
    bpy.ops.object.mode_set(mode="OBJECT")
    job = run_job()
    return {"waited": seen, "then": [job.state, job.message]}


def _key_by_hand(armature: bpy.types.Object) -> None:
    hips = armature.pose.bones["Hips"]
    hips.rotation_quaternion = (0.8, 0.6, 0.0, 0.0)
    hips.keyframe_insert("rotation_quaternion", frame=3)


def _nothing(armature: bpy.types.Object) -> None:
    pass


def _cancel(armature: bpy.types.Object) -> None:
    session().cancel()


BESIDE = (_nothing, _undo_of_something_else, _cancel, _key_by_hand, _remove)


def beside() -> object:
    """Each doing while an action's keys are made beside it: what becomes of the action, and of who else means it."""
    module = importlib.import_module(f"{MODULE}.addon.jobs.job")
    module.WRITING_SECONDS = 0.0  # one F-curve a step
    return {
        f"{task}{doing.__name__}": _while_made(doing, task) for task in ("continue", "generate") for doing in BESIDE
    }


def _while_made(doing, task: str) -> dict[str, object]:
    bpy.ops.wm.read_homefile(use_empty=True)
    prop = bpy.data.objects.new("Prop", None)
    bpy.context.scene.collection.objects.link(prop)
    armature = make_armature("Person", BIPED)
    _make_action(armature)
    action = armature.animation_data.action
    action.name, action.use_fake_user, action["mine"] = "Walk", True, 7
    prop.animation_data_create().nla_tracks.new().strips.new("Walk", 1, action)
    settings().armature, settings().task, settings().seconds = armature, task, 1.0
    settings().prompt = "a person walks" if task == "generate" else ""
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.ed.undo_push(message="start")
    before = _keys(armature)
    bpy.ops.motiongpt.generate() if task == "generate" else bpy.ops.motiongpt.continue_motion()
    job = run_job(until=lambda job: any(a.name.startswith(".MotionGPT") for a in bpy.data.actions))
    reached = session().running is not None
    doing(bpy.data.objects["Person"])
    job = run_job()
    seen = {
        "reached": reached, "state": str(job.state), "message": job.message,
        "actions": sorted(a.name for a in bpy.data.actions),
    }  # fmt: skip
    armature = bpy.data.objects.get("Person")
    if armature is None:
        return seen
    now, action = _keys(armature), armature.animation_data.action
    strip = bpy.data.objects["Prop"].animation_data.nla_tracks[0].strips[0]
    return seen | {
        "plays": action.name, "more": len(now) > len(before), "lost": sum(key not in now for key in before),
        "hand": any(abs(value - 0.6) < 1e-6 for (path, _, frame), value in now.items() if frame == 3.0),
        "kept": [bpy.data.actions["Walk"].use_fake_user, bpy.data.actions["Walk"].get("mine"), strip.action.name],
    }  # fmt: skip


def _keys(armature: bpy.types.Object) -> dict[tuple[str, int, float], float]:
    from support.in_blender.keyed import keyed

    return keyed(armature)
