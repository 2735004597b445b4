"""What `test_leading.py` runs inside Blender: a leg that reaches for an object, and what happens to that object."""

import importlib

import bpy
from support.in_blender.keyed import curves_of, differ, keyed
from support.in_blender.user import BIPED, MODULE, attempt, make_armature, run_job, settings

writing = importlib.import_module(f"{MODULE}.addon.jobs.generate")


def person() -> tuple[bpy.types.Object, bpy.types.Object]:
    """The biped whose left ankle reaches for an object with an action of its own, "mine"."""
    scene = bpy.context.scene
    scene.render.fps, scene.frame_start, scene.frame_end = 30, 1, 60
    armature, handle = make_armature("Person", BIPED), bpy.data.objects.new("Handle", None)
    scene.collection.objects.link(handle)
    handle.location = (0.3, -0.4, 0.5)
    ik = armature.pose.bones["LeftLeg"].constraints.new("IK")
    ik.target, ik.chain_count = handle, 2
    for frame, height in ((1, 0.5), (50, 0.7)):
        handle.location.z = height
        handle.keyframe_insert("location", frame=frame)
        handle.keyframe_insert("rotation_euler", frame=frame)
    handle.animation_data.action.name = "mine"
    scene.frame_set(1)
    return armature, handle


def state(handle: bpy.types.Object) -> list[object]:
    """What the animator sees of the object: its action, keys, tracks, and what else is in the file."""
    bpy.context.scene.frame_set(bpy.context.scene.frame_current)
    data = handle.animation_data
    return [
        data.action.name, sorted(map(list, keyed(handle).items())), [track.name for track in data.nla_tracks],
        [round(value, 6) for value in handle.location], sorted(action.name for action in bpy.data.actions),
        handle.get("motiongpt_before") is None,
    ]  # fmt: skip


def off(armature: bpy.types.Object) -> float:
    """Metres between where the ankle is and where the keys alone have it, at most."""
    ik, worst = armature.pose.bones["LeftLeg"].constraints[0], 0.0
    for frame in range(1, 61, 4):
        places = []
        for mute in (False, True):
            ik.mute = mute
            bpy.context.scene.frame_set(frame)
            posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
            places.append(posed.matrix_world @ posed.pose.bones["LeftFoot"].head)
        worst = max(worst, (places[0] - places[1]).length)
    ik.mute = False
    bpy.context.scene.frame_set(1)
    return worst


def press(takes: int = 1, seed: int = 0) -> tuple[str, str]:
    settings().prompt, settings().seconds, settings().text_takes, settings().seed = "a person walks", 2.0, takes, seed
    error = attempt()
    job = run_job()
    return error or job.state, job.message


def generated() -> object:
    """One press, undone and done again."""
    armature, handle = person()
    bpy.ops.ed.undo_push(message="start")
    before = state(handle)
    seen: dict[str, object] = {"press": press(), "off": off(armature)}
    seen["action"] = [handle.animation_data.action.name, [t.name for t in handle.animation_data.nla_tracks]]
    after = state(handle)
    bpy.ops.ed.undo()
    seen["undone"] = state(bpy.data.objects["Handle"]) == before
    bpy.ops.ed.redo()
    seen["redone"] = state(bpy.data.objects["Handle"]) == after
    return seen


def failed() -> object:
    """Writing fails after the object has got its keys."""
    _, handle = person()
    before, fail = state(handle), writing.write_origin

    def out_of_memory(*_args: object) -> None:
        raise MemoryError

    writing.write_origin = out_of_memory
    seen: dict[str, object] = {"press": press()}
    writing.write_origin = fail
    return seen | {"same": state(handle) == before}


def taken() -> object:
    """Takes: each is followed, none is left after rejecting, one is after accepting."""
    armature, handle = person()
    before = state(handle)
    seen: dict[str, object] = {"press": press(takes=2)}
    first = keyed(handle)
    shown = [off(armature)]
    bpy.ops.motiongpt.show_take(step=1)
    shown.append(off(armature))
    seen["shown"], seen["differ"] = shown, keyed(handle) != first
    bpy.ops.motiongpt.compare_take()
    seen["compared"] = keyed(handle) == dict(before[1])
    bpy.ops.motiongpt.compare_take()
    bpy.ops.motiongpt.reject_takes()
    seen["rejected"] = state(handle) == before
    press(takes=2)
    handle.animation_data.action = other = bpy.data.actions["mine"].copy()
    bpy.ops.motiongpt.reject_takes()
    seen["assigned"] = handle.animation_data.action == other
    handle.animation_data.action = bpy.data.actions["mine"]
    bpy.data.actions.remove(other)
    press(takes=2)
    kept = keyed(handle)
    bpy.ops.motiongpt.accept_take()
    seen["accepted"] = [keyed(handle) == kept, handle.get("motiongpt_before") is None, off(armature)]
    seen["stash"] = [[t.name, t.mute] for t in handle.animation_data.nla_tracks]
    return seen


def continued() -> object:
    """Continue goes on in the same action: what the animator has keyed of the object stays."""
    armature, handle = person()
    press()
    curve = curves_of(handle)["location", 2]
    point = next(p for p in curve.keyframe_points if p.co.x == 10)
    point.co.y += 0.05
    mine = {("location", 2, 10.0): point.co.y}
    settings().task, settings().prompt, settings().seconds = "continue", "", 1.0
    bpy.context.scene.frame_set(60)
    before = keyed(handle)
    seen: dict[str, object] = {"pressed": list(bpy.ops.motiongpt.continue_motion()), "state": run_job().state}
    after = keyed(handle)
    seen["mine"] = differ(mine, after)
    seen["grown"] = len(after) > len(before)
    seen["off"] = _at(armature, handle, 85)
    return seen


def _at(armature: bpy.types.Object, handle: bpy.types.Object, frame: int) -> float:
    bpy.context.scene.frame_set(frame)
    posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return (posed.matrix_world @ posed.pose.bones["LeftFoot"].head - handle.matrix_world.translation).length
