"""What `test_inbetween.py` runs inside Blender: mistakes, takes, gaps, corrected poses and cancelling."""

import importlib
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import bpy
from mathutils import Quaternion
from support.in_blender.keyed import curves_of, differ, keyed, person, pose, press
from support.in_blender.user import BIPED, MODULE, make_armature, run_job, settings

FRAMES = (1, 20, 48)


@dataclass(frozen=True)
class Mistake:
    """A mistake: the scene when the button is pressed.

    keys, other: frames with keys on the armature, and on another one.  selected: of the armature's keys, or None: all.
    scene: its frame range.  choices: settings other than the defaults, selected poses and the range that they span.
    """

    keys: tuple[int, ...] = FRAMES
    selected: tuple[int, ...] | None = None
    other: tuple[int, ...] = ()
    scene: tuple[int, int] = (1, 60)
    choices: dict[str, str] = field(default_factory=dict)


MISTAKES = {
    "no action": Mistake(keys=()),
    "no keys": Mistake(keys=(), choices={"poses": "ALL"}),
    "another armature": Mistake(keys=(), other=(1,)),
    "none selected": Mistake(selected=()),
    "one pose": Mistake(selected=(20,)),
    "outside": Mistake(scene=(1, 30), choices={"range": "SCENE"}),
    "untouched": Mistake(scene=(100, 150), choices={"range": "SCENE"}),
    "untouched by all": Mistake(scene=(100, 150), choices={"range": "SCENE", "poses": "ALL"}),
    "too long": Mistake(scene=(1, 30000), choices={"range": "SCENE"}),
    "no marker": Mistake(choices={"poses": "MARKED"}),
    "no room": Mistake(keys=(1, 2), other=(1,)),
    "long text": Mistake(choices={"prompt": "x" * 2000}),
}


def refusals() -> object:
    """Every mistake: the sentence, and whether any key, action, scene or pose changed."""
    return {name: attempt(mistake) for name, mistake in MISTAKES.items()}


def attempt(mistake: Mistake) -> list[object]:
    bpy.ops.wm.read_homefile(use_empty=True)
    armature = person()
    other = make_armature("Other", BIPED)
    bpy.context.view_layer.objects.active = armature
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = mistake.scene
    for frame in mistake.other:
        pose(other, frame, 0.2)
    for frame in mistake.keys:
        pose(armature, frame, 0.01 * frame)
    if mistake.keys:
        select(armature, mistake.keys if mistake.selected is None else mistake.selected)
        select(other, ())
    armature.pose.bones["Head"].location = (1.0, 0.0, 0.0)  # not keyed
    before = state(armature, other)
    answer = press(**({"task": "inbetween", "poses": "SELECTED", "range": "KEYS"} | mistake.choices))
    return [answer["error"] or answer["message"], answer["state"], state(armature, other) == before]


def select(armature: bpy.types.Object, frames: tuple[int, ...]) -> None:
    """Select the keys on those frames and no others."""
    for curve in curves_of(armature).values() if armature.animation_data else ():
        for point in curve.keyframe_points:
            point.select_control_point = point.co.x in frames


def state(*armatures: bpy.types.Object) -> object:
    """What a refusal may not change."""
    keys = [keyed(a) if a.animation_data else None for a in armatures]
    places = [(a.matrix_world.copy(), tuple(a.pose.bones["Head"].location)) for a in armatures]
    return keys, len(bpy.data.actions), len(bpy.data.scenes), places


def around() -> object:
    """Takes, a corrected pose as another key, a gap regenerated and lengthened, few keys, a copied action, markers."""
    armature = person()
    for frame, angle in zip(FRAMES, (0.0, 0.5, -0.4), strict=True):
        pose(armature, frame, angle, move=0.01 * frame)
    bpy.context.scene.frame_set(30)
    bpy.ops.ed.undo_push(message="start")
    return takes(armature) | corrected(armature) | gaps(armature) | sparse_and_copied(armature) | marked(armature)


def takes(armature: bpy.types.Object) -> dict[str, object]:
    before = keyed(armature)
    seen: dict[str, object] = {"first": press(task="inbetween", poses="ALL", takes=3)["state"]}
    shown = [keyed(armature)]
    for step in (1, 1, 1):
        bpy.ops.motiongpt.show_take(step=step)
        shown.append(keyed(armature))
    seen["takes"] = [shown[0] != shown[1] != shown[2], shown[3] == shown[0], [differ(before, t) for t in shown]]
    return seen | {"again": [press(poses="ALL")["state"], keyed(armature) == shown[0]]}


def corrected(armature: bpy.types.Object) -> dict[str, object]:
    """The pose on frame 30 is corrected: an arm is turned, the whole body keyed again. The arm is kept."""
    bpy.context.scene.frame_set(30)
    bone = armature.pose.bones["LeftArm"]
    bone.rotation_quaternion = Quaternion((0.0, 0.0, 1.0), 1.0)
    for posed in armature.pose.bones:
        posed.keyframe_insert("rotation_quaternion", frame=30)
    poses = mine(armature, 1, 20, 48)
    now = keyed(armature)
    bpy.ops.motiongpt.show_take(step=1)
    bpy.ops.motiongpt.show_take(step=-1)
    seen: dict[str, object] = {"flip over a correction": keyed(armature) == now}
    seen["corrected"] = [press(poses="ALL", seed=7)["state"], differ(poses, keyed(armature))]
    types: dict[str, set[str]] = {"arm": set(), "others": set()}
    for (path, _), curve in curves_of(armature).items():
        on_frame = (point.type for point in curve.keyframe_points if point.co.x == 30)
        types["arm" if '"LeftArm"' in path else "others"].update(on_frame)
    seen["types"] = {name: sorted(found) for name, found in types.items()}
    again = [mine(armature, 1, 20, 48), press(poses="ALL", seed=8)["state"]]
    return seen | {"corrected again": [again[1], differ(again[0], keyed(armature))]}


def mine(armature: bpy.types.Object, *frames: float) -> dict[tuple[str, int, float], float]:
    """The keys on those frames, and those of the corrected arm."""
    arm = {key: value for key, value in on_frames(armature, 30).items() if '"LeftArm"' in key[0]}
    return on_frames(armature, *frames) | arm


def on_frames(armature: bpy.types.Object, *frames: float) -> dict[tuple[str, int, float], float]:
    """The keys on those frames."""
    return {key: value for key, value in keyed(armature).items() if key[2] in frames}


def gaps(armature: bpy.types.Object) -> dict[str, object]:
    full = keyed(armature)
    bpy.context.scene.frame_set(40)
    takes, seed = armature.motiongpt_review.takes, settings().seed
    count, texts = len(takes), [take.curves for take in takes]
    seen: dict[str, object] = {"gap": press("redo_gap")["state"]}
    again = keyed(armature)
    seen["more takes"] = [count, [take.curves for take in takes][:count] == texts, len(takes)]
    seen["seed"] = settings().seed - seed
    bpy.ops.motiongpt.pick_take(number=count - 2)  # the first of the last press
    seen["earlier take"] = full == keyed(armature)
    bpy.ops.motiongpt.pick_take(number=count + 1)
    seen["newer take"] = again == keyed(armature)
    seen["gap frames"] = sorted({key[2] for key in full if full[key] != again.get(key)})[::16]
    bpy.ops.motiongpt.retime_gap(frames=12)
    later = keyed(armature)
    values = [sorted((*key[:2], value) for key, value in keys.items()) for keys in (again, later)]
    return seen | {"retimed": [max(key[2] for key in later), values[0] == values[1]]}


def sparse_and_copied(armature: bpy.types.Object) -> dict[str, object]:
    """Few keys in the same action, then a key on every frame in a copy."""
    bpy.ops.motiongpt.accept_take()
    settings().takes = 1
    many, kept = len(keyed(armature)), mine(armature, 1, 20, 60)
    armature.motiongpt_rig.keys, armature.motiongpt_rig.degrees = "FEW", 2.0
    seen: dict[str, object] = {"few": press(poses="ALL")["state"]}
    seen["few keys"] = [len(keyed(armature)) / many, differ(kept, keyed(armature))]
    armature.motiongpt_rig.keys = "EVERY"
    old, now = armature.animation_data.action.name, keyed(armature)
    seen["copy"] = press(poses="ALL", destination="NEW", seed=9)["state"]
    action = armature.animation_data.action
    strips = [strip.action.name for track in armature.animation_data.nla_tracks for strip in track.strips]
    seen["copied"] = [action.name != old, strips == [old], differ(kept, keyed(armature)), keyed(armature) != now]
    return seen


def marked(armature: bpy.types.Object) -> dict[str, object]:
    markers = bpy.context.scene.timeline_markers
    markers.new("a", frame=5)
    markers.new("b", frame=40)
    poses = on_frames(armature, 5, 40)
    return {"markers": [press(poses="MARKED", destination="SAME", seed=3)["state"], differ(poses, keyed(armature))]}


def cancelled() -> object:
    """Cancelling while poses are read and while the model works: keys and scenes as before."""
    armature = person()
    for frame, angle in ((1, 0.0), (20, 0.4)):
        pose(armature, frame, angle)
    before, seen = keyed(armature), {}
    importlib.import_module(f"{MODULE}.addon.jobs.motion").READING_SECONDS = 0.0  # one pose per tick
    for stage in ("Reading the poses", "Generating"):
        settings().task, settings().prompt = "inbetween", "slow"
        bpy.ops.motiongpt.inbetween()
        job = run_job(until=lambda job, wanted=stage: job.stage == wanted)
        bpy.ops.motiongpt.cancel()
        seen[stage] = [job.state, keyed(armature) == before, len(bpy.data.scenes)]
    return seen


def on_generated() -> object:
    """Text to Motion, then In-Between on its result: untouched, with one bone corrected, with some of it selected; and
    the same after undo, a copy of the action, saving and loading."""
    armature = person()
    press("generate", prompt="a person walks", seconds=1.0)
    points = [point for curve in curves_of(armature).values() for point in curve.keyframe_points]
    seen: dict[str, object] = {"types": sorted({p.type for p in points})}
    seen["selected"] = any(p.select_control_point or p.select_left_handle or p.select_right_handle for p in points)
    untouched = {"task": "inbetween", "poses": "ALL", "range": "SCENE"}
    bpy.context.scene.frame_end = 30
    seen["untouched"] = press(**untouched)
    for curve in curves_of(armature).values():
        for point in curve.keyframe_points:
            point.select_control_point = True
    seen["all selected"] = press(**(untouched | {"poses": "SELECTED"}))
    select(armature, (1.0, 20.0))
    poses = on_frames(armature, 1.0, 20.0)
    seen["some selected"] = [
        press(**(untouched | {"poses": "SELECTED", "range": "KEYS"}))["state"], differ(poses, keyed(armature)),
    ]  # fmt: skip
    press("generate", task="generate", prompt="a person walks on", seconds=1.0)
    bpy.ops.ed.undo_push(message="before the correction")
    bpy.context.scene.frame_set(12)
    arm = armature.pose.bones["LeftArm"]
    arm.rotation_quaternion = Quaternion((0.0, 0.0, 1.0), 0.8)
    for bone in armature.pose.bones:
        bone.keyframe_insert("rotation_quaternion", frame=12)
    bpy.ops.ed.undo_push(message="correction")
    seen["pinned"] = pinned()
    bpy.ops.ed.undo()
    seen["undone"] = pinned()
    bpy.ops.ed.redo()
    seen["redone"] = pinned()
    animation = bpy.data.objects["Person"].animation_data
    slot = getattr(animation, "action_slot", None)
    copy = animation.action.copy()
    animation.action = copy
    if slot:
        animation.action_slot = copy.slots[slot.identifier]
    seen["copied"] = pinned()
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "file.blend")
        bpy.ops.wm.save_as_mainfile(filepath=file)
        bpy.ops.wm.open_mainfile(filepath=file)
    seen["loaded"] = pinned()
    _rename(lambda name: f"mixamorig:{name}")
    seen["renamed"] = pinned()
    bpy.context.scene.motiongpt.armature = bpy.data.objects["Person"]
    again = {"task": "inbetween", "poses": "ALL", "range": "SCENE", "takes": 1}
    seen["with old takes"] = press(**again)
    bpy.ops.motiongpt.reject_takes()
    seen["made again"] = press(**again)
    _rename(lambda name: name.replace("Left", "L").replace("Right", "R") if "Arm" in name else name)
    seen["renamed again"] = pinned()
    return seen


def _rename(new_name) -> None:
    for bone in bpy.data.objects["Person"].data.bones:
        bone.name = new_name(bone.name)


def pinned() -> list[list[object]]:
    """The poses that "All Keys" keeps: frame, and how many of the 23 parts."""
    keyed_poses = importlib.import_module(f"{MODULE}.addon.poses.keyed")
    character = importlib.import_module(f"{MODULE}.addon.character.character").Character
    armature = bpy.data.objects["Person"]
    try:
        found = keyed_poses.choose_poses(bpy.context.scene, armature, character.read(armature), "ALL", None)
    except Exception as error:
        return [[str(error)]]
    return [[pose.frame, pose.known.bits.bit_count()] for pose in found]
