"""What `test_shot.py` runs inside Blender: shots made, made again in part, joined, saved and undone."""

import importlib
import json
import os
import sys
import tempfile
from pathlib import Path

import bpy
import numpy as np
from support.in_blender.keyed import differ, heads, keyed, person, pose, press
from support.in_blender.user import MODULE, attempt, run_job, session, settings

TEXT = "a person walks forward, then stops and waves, then bows"


def shot(armature: bpy.types.Object | None = None):
    return (armature or bpy.data.objects["Person"]).motiongpt_shot


def listed(armature: bpy.types.Object | None = None) -> list:
    """Text, frames, seed, and whether it is as it was made, of each block."""
    data = importlib.import_module(f"{MODULE}.addon.shot.data")
    own = shot(armature)
    return [[b.text, b.frames, b.seed, not stale] for b, stale in zip(own.blocks, data.unmade(own), strict=True)]


def make(text: str = TEXT, seconds: float = 6.0, frame: int = 1, **choices: object) -> dict[str, object]:
    """Press Generate for a text on a frame."""
    bpy.context.scene.frame_set(frame)
    for name, value in choices.items():
        setattr(shot(), name, value)
    settings().prompt, settings().seconds, settings().seed = text, seconds, 3
    error = attempt()
    job = run_job()
    return {"error": error, "state": job.state if job else "", "message": job.message if job else ""}


def from_text() -> object:
    """A text of three actions, then one of a single action; undo and redo; save and reload."""
    armature = person()
    bpy.ops.ed.undo_push(message="start")
    seen: dict[str, object] = {"made": make(), "blocks": listed(), "start": shot().start}
    seen["action"] = [armature.animation_data.action.name, list(armature.animation_data.action.frame_range)]
    bpy.ops.ed.undo()
    seen["undone"] = [len(shot().blocks), len(bpy.data.actions)]
    bpy.ops.ed.redo()
    seen["redone"] = [listed() == seen["blocks"], len(bpy.data.actions)]
    path = str(Path(tempfile.mkdtemp()) / "shot.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=path)
    seen["reopened"] = listed() == seen["blocks"]
    settings().prompt, settings().seconds = "a person walks", 2.0
    attempt()
    seen["single"] = [run_job().message, [b[:3] for b in listed()] == [b[:3] for b in seen["blocks"]]]
    seen["elsewhere"] = [b[3] for b in listed()]
    bpy.data.objects["Person"].animation_data.action = bpy.data.actions[seen["action"][0]]
    seen["there again"] = listed() == seen["blocks"]
    return seen


def outside(keys: dict, first: int, last: int) -> dict:
    return {key: value for key, value in keys.items() if not first <= key[2] <= last}


def again() -> object:
    """Every block of a shot made again by itself: what else has changed, how fast the bones are around the seams."""
    armature = person()
    armature.motiongpt_rig.keys = os.environ.get("KEYS", "EVERY")
    seen: dict[str, object] = {"made": make()["state"], "blocks": {}}
    timing = importlib.import_module(f"{MODULE}.addon.shot.data").timing_of(shot(), 30.0)
    seen["edges"] = list(timing.edges)
    for number in range(3):
        first, last = timing.span(number)
        before, poses = keyed(armature), heads(armature, 1, 180)
        shot().active = number
        state = press("regenerate_block")
        after, new = keyed(armature), heads(armature, 1, 180)
        others = np.r_[0 : first - 1, last:180]
        speeds = np.linalg.norm(np.diff(new, axis=0), axis=-1).max(axis=-1) * 30.0
        seen["blocks"][str(number)] = {
            "state": [state["state"], state["message"]],
            "changed": differ(outside(before, first, last), after),
            "poses": float(np.abs(new[others] - poses[others]).max()),
            "moved": float(np.abs(new[first - 1 : last] - poses[first - 1 : last]).max()),
            "fastest": [float(speeds.max()), float(speeds[[max(0, first - 2), first - 1, min(178, last - 1)]].max())],
            "listed": listed(),
        }
    return seen


def origin_of(armature: bpy.types.Object) -> list:
    """Prompt, seed and seconds that the action says, and text, frames and seed of each of its blocks."""
    action = armature.animation_data.action
    noted = [list(block.values()) for block in json.loads(action["motiongpt_blocks"])]
    return [action["motiongpt_prompt"], action["motiongpt_seed"], round(action["motiongpt_seconds"], 3), noted]


def whole() -> object:
    """What the action and its blocks say: made, one made again, with another text, gone on from."""
    armature = person()
    make()
    seen = [[origin_of(armature), listed()]]
    shot().active = 1
    press("regenerate_block")
    seen.append([origin_of(armature), listed()])
    shot().active, shot().blocks[2].text = 2, "a person jumps"
    press("regenerate_block")
    seen.append([origin_of(armature), listed()])
    make("a person walks, then waves", 3.0, frame=181)
    seen.append([origin_of(armature), listed()])
    settings().text_takes = 2
    make("a person walks, then waves", 3.0, frame=271)
    shot().blocks.clear()
    bpy.ops.motiongpt.show_take(step=1)
    bpy.ops.motiongpt.show_take(step=-1)
    return {"made": seen, "without blocks": [listed(), armature.animation_data.action["motiongpt_prompt"]]}


def changed() -> object:
    """A block is given another text and a later end; both it and the one that gave way are marked, and made again."""
    data = importlib.import_module(f"{MODULE}.addon.shot.data")
    armature = person()
    make()
    seen: dict[str, object] = {"before": listed()}
    timing = data.timing_of(shot(), 30.0)
    shot().blocks[1].text = "jumps"
    data.set_timing(shot(), timing.stretched(2, 10))
    seen["marked"] = listed()
    first, last = data.timing_of(shot(), 30.0).span(1)
    before = keyed(armature)
    shot().active = 1
    seen["one"] = [press("regenerate_block")["state"], differ(outside(before, first, last), keyed(armature)), listed()]
    before = keyed(armature)
    shot().active = 2
    seen["rest"] = [
        press("regenerate_from")["state"],
        differ(outside(before, last + 1, 999), keyed(armature)),
        listed(),
    ]
    return seen | {"tasks": sorted(session().service.info.tasks)}


def joined() -> object:
    """A shot in front of existing keys, after them and between them; other bones' and fingers' keys; Into and Cut."""
    armature = person()
    for frame, angle, move in ((1, 0.0, 0.0), (20, 0.3, 0.2), (40, 0.1, 0.4), (200, 0.4, 1.0), (220, 0.2, 1.2)):
        pose(armature, frame, angle, move=move)
    bone = armature.pose.bones["LeftHand"]
    bone.keyframe_insert("scale", frame=90)
    seen: dict[str, object] = {}
    before, poses = keyed(armature), heads(armature, 1, 220)
    state = make(frame=41, seconds=4.0)
    new = heads(armature, 1, 220)
    others = np.r_[0:40, 160:220]
    speeds = np.linalg.norm(np.diff(new, axis=0), axis=-1).max(axis=-1) * 30.0
    seen["between"] = {
        "state": state["message"], "changed": differ(outside(before, 41, 160), keyed(armature)),
        "scale": [k[2] for k in keyed(armature) if k[0].endswith("scale")], "action": len(bpy.data.actions),
        "poses": float(np.abs(new[others] - poses[others]).max()),
        "joins": [float(speeds[39:42].max()), float(speeds[158:161].max())], "listed": listed(),
    }  # fmt: skip
    seen["cut"] = [make(frame=101, seconds=3.0, after="CUT")["message"], max(k[2] for k in keyed(armature))]
    seen["kept blocks"] = listed()
    settings().destination = "NEW"
    old = armature.animation_data.action
    before = keyed(armature)
    seen["copy"] = make("a person bows, then jumps", frame=150, seconds=2.0)["state"]
    seen["names"] = [old.name, armature.animation_data.action.name]
    armature.animation_data.action = old
    if hasattr(old, "slots"):
        armature.animation_data.action_slot = old.slots[0]
    seen["old"] = keyed(armature) == before
    return seen


def goes_on() -> object:
    """A walk to the side, then a shot from its last frame on: how far the hips and the heading jump where they join,
    how fast the bones are there, and how far the walk of the shot goes."""
    armature = person()
    armature.rotation_euler.z = 0.7
    make("a person walks forward", 3.0, 1)
    poses = heads(armature, 1, 90)
    state = make("a person walks forward, then bows", 5.0, 91, blend=0.4)
    new = heads(armature, 1, 240)
    hips = new[:, list(armature.data.bones.keys()).index("Hips")]
    speeds = np.linalg.norm(np.diff(new, axis=0), axis=-1).max(axis=-1) * 30.0
    ways = [hips[80] - hips[20], hips[140] - hips[100]]
    turn = np.degrees(np.arctan2(*(np.cross(*(w[:2] / np.linalg.norm(w[:2]) for w in ways)), 1.0)))
    return {
        "state": state["message"], "before": float(np.abs(new[:90] - poses).max()),
        "turn": float(turn), "walked": float(np.linalg.norm(ways[1])),
        "speeds": [float(speeds[85:105].max()), float(speeds[:85].max())], "actions": len(bpy.data.actions),
    }  # fmt: skip


def rigify() -> object:
    """On a Rigify rig under FK or IK: a shot, then one block again."""
    sys.path.append(str(Path(__file__).parents[1] / "poses"))
    armature = importlib.import_module("poses_scenarios").load("rigify")
    name, scene = armature.name, bpy.context.scene
    scene.render.fps, scene.frame_start, scene.frame_end = 30, 1, 60
    armature.motiongpt_rig.controls = os.environ["LIMBS"]
    settings().prompt, settings().seconds = "walks forward, then bows, then walks forward", 6.0
    seen: dict[str, object] = {"error": attempt(), "made": run_job().message}
    armature = bpy.data.objects[name]
    data = importlib.import_module(f"{MODULE}.addon.shot.data")
    first, last = data.timing_of(armature.motiongpt_shot, 30.0).span(1)
    before, poses = keyed(armature), heads(armature, 1, 180)
    armature.motiongpt_shot.active = 1
    armature.motiongpt_shot.blocks[1].text = "waves"
    seen["again"] = press("regenerate_block")["state"]
    new = heads(armature, 1, 180)
    others = np.r_[0 : first - 1, last:180]
    steps = np.linalg.norm(np.diff(new, axis=0), axis=-1)
    sudden = steps[1:-1] - np.maximum(steps[:-2], steps[2:])
    return seen | {
        "changed": differ(outside(before, first, last), keyed(armature)),
        "poses": float(np.abs(new[others] - poses[others]).max()),
        "moved": float(np.abs(new[first - 1 : last] - poses[first - 1 : last]).max()),
        "steps": [float(steps[[first - 2, last - 1]].max()), float(sudden.max())],
    }


def stands() -> object:
    """A single action that starts where the character stands, on its unkeyed pose and on a keyed one."""
    armature = person()
    hips = armature.pose.bones["Hips"]
    hips.location = (0.5, 0.0, 1.0)
    armature.pose.bones["LeftArm"].rotation_mode = "QUATERNION"
    armature.pose.bones["LeftArm"].rotation_quaternion = (0.8, 0.6, 0.0, 0.0)
    bpy.context.view_layer.update()
    before = heads(armature, 10, 10)
    seen: dict[str, object] = {"unkeyed": make("a person walks", 2.0, 10, start_from="STANDS")["message"]}
    seen["first"] = float(np.abs(heads(armature, 10, 10) - before).max())
    seen["range"] = list(armature.animation_data.action.frame_range)
    kept = keyed(armature)
    first = heads(armature, 40, 40)
    seen["keyed"] = make("a person bows", 2.0, 40, start_from="STANDS")["state"]
    seen["there"] = float(np.abs(heads(armature, 40, 40) - first).max())
    seen["changed"] = differ(outside(kept, 41, 999), keyed(armature))
    seen["nothing before"] = make("a person bows", 2.0, 2, start_from="MOTION")["error"]
    return seen


def refused() -> object:
    """What can't be made: each a sentence, and nothing changed."""
    armature = person()
    seen = {"no blocks": press("generate_shot")["error"]}
    bpy.ops.motiongpt.add_block(text="walks")
    seen["nothing made"] = press("regenerate_block")["error"]
    bpy.ops.motiongpt.add_block()
    seen["no text"] = press("generate_shot")["error"]
    shot().blocks[1].text, shot().blocks[1].more = "waves", '{"path": [[1.0]]}'
    seen["bad path"] = press("generate_shot")["error"]
    shot().blocks[1].more = ""
    seen["short"] = make("walks, then waves, then bows, then jumps", 1.0)["error"]
    shot().blocks[1].frames = 1
    seen["one frame"] = press("generate_shot")["error"]
    shot().blocks[1].frames = 90
    shot().blocks[1].text = "fail"
    seen["fails"] = press("generate_shot")["message"]
    seen["content"] = [len(bpy.data.actions), listed()]
    shot().blocks[1].text = "slow"
    bpy.ops.motiongpt.generate_shot()
    run_job(until=lambda job: job.block == 1)
    bpy.ops.motiongpt.cancel()
    seen["cancelled"] = [session().job.state, len(bpy.data.actions), bool(armature.animation_data)]
    return seen


def fails() -> object:
    """Writing fails half way: keys, blocks and action are as before."""
    armature = person()
    make()
    before, blocks = keyed(armature), listed()
    shot().active = 1
    module = importlib.import_module(f"{MODULE}.addon.action.keys_between")
    original, left = module.write_points, [5]

    def failing(curve, points) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise MemoryError("no memory")
        original(curve, points)

    module.write_points = failing
    try:
        bpy.ops.motiongpt.regenerate_block()
        job = run_job()
    finally:
        module.write_points = original
    return [job.state, keyed(armature) == before, listed() == blocks]


def takes() -> object:
    """A shot in three takes: flipped, compared, accepted; in review a block again, which is one more take; rejected."""
    armature = person()
    bpy.ops.ed.undo_push(message="start")
    settings().text_takes = 3
    seen: dict[str, object] = {"made": make()}
    flips = []
    for _ in range(3):
        flips.append([armature.motiongpt_review.shown, listed(), keyed(armature)])
        bpy.ops.motiongpt.show_take(step=1)
    entry = bpy.context.scene.motiongpt_history.entries[-1]
    seen["history"] = [entry.name, round(entry.seconds, 3), entry.seed, entry.takes]
    seen["seeds"] = [[one[2] for one in blocks] for _, blocks, _ in flips]
    seen["as made"] = [all(one[3] for one in blocks) for _, blocks, _ in flips]
    seen["differ"] = [bool(differ(flips[0][2], keys)) for _, _, keys in flips]
    bpy.ops.motiongpt.compare_take()
    seen["before"] = [listed(), armature.animation_data is None or armature.animation_data.action is None]
    bpy.ops.motiongpt.pick_take(number=2)
    seen["again shown"] = [listed() == flips[1][1], keyed(armature) == flips[1][2]]
    settings().text_takes = 1
    shot().active, shot().blocks[1].text = 1, "jumps"
    first, last = importlib.import_module(f"{MODULE}.addon.shot.data").timing_of(shot(), 30.0).span(1)
    one = press("regenerate_block")
    keys = keyed(armature)
    seen["one more"] = [
        one["state"], one["message"], len(armature.motiongpt_review.takes), listed()[1],
        differ(outside(flips[1][2], first, last), keys),
    ]  # fmt: skip
    bpy.ops.motiongpt.pick_take(number=2)
    seen["typed text stays"] = [listed()[1][0], keyed(armature) == flips[1][2]]
    bpy.ops.motiongpt.pick_take(number=4)
    seen["accepted"] = [sorted(bpy.ops.motiongpt.accept_take()), keyed(armature) == keys, listed()[1]]
    action = armature.animation_data.action
    seen["origin"] = [action.name, action["motiongpt_task"], len(bpy.data.actions), origin_of(armature)]
    seen["blocks"] = listed()
    settings().text_takes = 2
    before, blocks = keyed(armature), listed()
    shot().active = 2
    again = press("regenerate_block")
    reviewed = armature.motiongpt_review
    seen["two of a block"] = [again["state"], len(reviewed.takes), listed()[2][2] - blocks[2][2]]
    bpy.ops.motiongpt.show_take(step=1)
    seen["neighbours"] = differ(
        outside(before, shot().start + sum(b.frames for b in list(shot().blocks)[:2]), 999), keyed(armature)
    )
    bpy.ops.motiongpt.reject_takes()
    seen["rejected"] = [keyed(armature) == before, listed() == blocks, len(bpy.data.actions), len(reviewed.takes)]
    return seen


def others() -> object:
    """More takes of a whole shot, and of one block of it; their seeds, and what else changes."""
    armature = person()
    settings().text_takes = 2
    seen: dict[str, object] = {"made": make()["state"]}
    takes = armature.motiongpt_review.takes
    bpy.ops.motiongpt.show_take(step=1)
    seen["pressed"] = [sorted(bpy.ops.motiongpt.more_takes()), run_job().state, len(takes)]
    blocks = [json.loads(take.blocks)["blocks"] for take in takes]
    seen["seeds"] = [[block["seed"] - blocks[0][i]["seed"] for i, block in enumerate(one)] for one in blocks]
    bpy.ops.motiongpt.accept_take()
    before = keyed(armature)
    shot().active = 1
    span = importlib.import_module(f"{MODULE}.addon.shot.data").timing_of(shot(), 30.0).span(1)
    seen["block"] = press("regenerate_block")["state"]
    bpy.ops.motiongpt.more_takes()
    seen["others"] = [run_job().state, len(takes)]
    blocks = [json.loads(take.blocks)["blocks"] for take in takes]
    seen["seeds of it"] = [[block["seed"] - blocks[0][i]["seed"] for i, block in enumerate(one)] for one in blocks]
    bpy.ops.motiongpt.pick_take(number=4)
    after = keyed(armature)
    seen["outside"] = differ(outside(before, *span), after)
    seen["inside"] = sum(after.get(key) != value for key, value in before.items())
    return seen


def takes_saved() -> object:
    """Takes of a shot saved and opened again; rejecting them gives back an earlier shot, its blocks and its keys."""
    armature = person()
    make("a person walks, then bows", 4.0)
    before, blocks = keyed(armature), listed()
    settings().text_takes = 2
    make("a person jumps, then waves", 4.0, start_from="ORIGIN")
    bpy.ops.motiongpt.show_take(step=1)
    shown = listed()
    path = str(Path(tempfile.mkdtemp()) / "takes.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=path)
    armature = bpy.data.objects["Person"]
    seen = [listed() == shown, [one[0] for one in shown]]
    bpy.ops.motiongpt.reject_takes()
    return [*seen, listed() == blocks, keyed(armature) == before]
