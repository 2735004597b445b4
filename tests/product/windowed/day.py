"""Runs inside a windowed Blender: an animator's day with one character. Every button is pressed by a key over the
viewport, as a user's own shortcut would, and after each press the deforming bones are looked at.

    blender --enable-event-simulate --python day.py -- CHARACTER FOLDER NAME [PART ...]

CHARACTER: a glTF file.  FOLDER: gets the pictures and `NAME.json`.  NAME: of `characters.CHARACTERS`.  PART: functions
of this file, all where none is named. Blender quits by itself, whatever happens.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import bpy
from mathutils import Matrix, Quaternion, Vector

sys.path.insert(0, str(Path(__file__).parent))
import driving
from characters import POSES
from stage import KEYS, STAND, Day, apart, fastest, seen

CHARACTER, FOLDER, NAME, *WANTED = sys.argv[sys.argv.index("--") + 1 :]


def generating(day: Day) -> Iterator[float]:
    """Text to Motion in Object Mode by the mouse; the scene's end; undo and redo."""
    day.fresh()
    yield from day.shot("start")
    yield from day.press("generate", by_mouse=str(Path(FOLDER, f"{NAME}-start.png")))
    yield from day.shot("generated")
    day.note(
        "generated", {"end": day.scene.frame_end, "fastest": fastest(day.places(1, 120)), "keys": len(day.values())}
    )
    day.key("Z", ctrl=True)
    yield STAND
    day.note("undone", {"keys": len(day.values()), "end": bpy.context.scene.frame_end})
    day.key("Z", ctrl=True, shift=True)
    yield STAND
    day.note("redone", {"keys": len(day.values()), "end": bpy.context.scene.frame_end})
    day.settings.task = "caption"
    yield from day.press("describe")
    yield from day.shot("described")


def key_poses(day: Day) -> None:
    """Key the character's poses on its controls, as an animator would, and select those keys."""
    armature = day.found()
    switches, poses = POSES[NAME]
    with day.override():
        bpy.ops.object.mode_set(mode="POSE")
    touched = {name for pose in poses.values() for name in pose}
    for frame, pose in poses.items():
        day.scene.frame_set(frame)
        for (bone, prop), value in switches.items():
            armature.pose.bones[bone][prop] = value
            armature.pose.bones[bone].keyframe_insert(f'["{prop}"]', frame=frame)
        for name in touched:
            bone = armature.pose.bones[name]
            axes = bone.bone.matrix_local.to_3x3()
            shift, (axis, degrees) = pose.get(name, ((0, 0, 0), ("X", 0)))
            turn, rest = Quaternion(Vector([float(axis == a) for a in "XYZ"]), degrees / 57.29578), axes.to_quaternion()
            bone.rotation_mode = "QUATERNION"
            bone.rotation_quaternion = rest.inverted() @ turn @ rest
            bone.location = shifting(bone.bone).inverted() @ Vector(shift)
            bone.keyframe_insert("rotation_quaternion", frame=frame)
            if any(other.get(name, ((0, 0, 0),))[0] != (0, 0, 0) for other in poses.values()):
                bone.keyframe_insert("location", frame=frame)
    day.scene.frame_set(1)


def shifting(bone: bpy.types.Bone) -> Matrix:
    """The axes in which a bone's location is, where nothing above it is turned."""
    if bone.use_local_location:
        return bone.matrix_local.to_3x3()
    return bone.parent.matrix_local.to_3x3() if bone.parent else Matrix.Identity(3)


def inbetween(day: Day) -> Iterator[float]:
    """In-Between of selected poses: three takes, flipped; Redo Gap, Accept, a bone corrected by hand, again."""
    day.fresh(prompt="")
    key_poses(day)
    yield STAND
    first, *_, last = frames = sorted(POSES[NAME][1])
    keyed, before = day.values(), day.places(first, last)
    day.settings.task, day.settings.ghosts = "inbetween", True
    yield from day.shot("posed")
    yield from day.press("inbetween")
    yield from day.shot("inbetween")
    yield from shown(day, "inbetween", keyed, before, frames)
    for _ in range(2):
        day.key(KEYS["show_take"][0])
        yield STAND
        yield from shown(day, "flipped", keyed, before, frames)
    day.scene.frame_set((frames[0] + frames[1]) // 2)
    yield from day.press("redo_gap")
    yield from shown(day, "gap again", keyed, before, frames)
    yield from day.shot("takes")
    day.key(KEYS["accept_take"][0])
    yield STAND
    day.note("kept", takes_of(day) == 0)
    yield from corrected(day, keyed, before, frames)


def shown(day: Day, name: str, keyed, before, frames) -> Iterator[float]:
    """Note how the poses are kept, and how the rest moves."""
    keys, now = day.values(), day.places(frames[0], frames[-1])
    day.note(name, {
        "changed": [str(k) for k, v in keyed.items() if abs(keys.get(k, 1e9) - v) > 1e-5][:5],
        "kept": max(apart(before, now, frame - frames[0]) for frame in frames),
        "moved": apart(before, now, (frames[0] + frames[1]) // 2 - frames[0]), "fastest": fastest(now),
        "takes": takes_of(day),
    })  # fmt: skip
    yield 0.05


def takes_of(day: Day) -> int:
    """How many takes are under review."""
    return len(day.found().motiongpt_review.takes)


def corrected(day: Day, keyed, before, frames) -> Iterator[float]:
    """Turn one bone on a generated frame and key it: it stays, and nothing else is pinned."""
    middle = (frames[1] + frames[2]) // 2
    armature = day.found()
    day.scene.frame_set(middle)
    control = armature.pose.bones[next(name for name in POSES[NAME][1][frames[1]] if name in ARMS)]
    control.rotation_quaternion = control.rotation_quaternion @ Quaternion((1, 0, 0), 0.7)
    control.keyframe_insert("rotation_quaternion", frame=middle)
    with day.override():
        bpy.ops.ed.undo_push(message="corrected")
    path = control.path_from_id("rotation_quaternion")
    mine = {k: v for k, v in day.values().items() if k[0] == path and k[2] == middle}
    others = {k: v for k, v in day.values().items() if k[0] != path and k[2] == middle}
    day.settings.poses, day.settings.seed = "ALL", 7
    yield from day.press("inbetween", "inbetween over a correction")
    keys = day.values()
    day.note("corrected", {
        "changed": max(abs(keys.get(k, 1e9) - v) for k, v in mine.items()),
        "free": sum(k not in keys or abs(keys[k] - v) > 1e-4 for k, v in others.items()), "others": len(others),
    })  # fmt: skip
    yield from shown(day, "inbetween over a correction", keyed, before, frames)
    yield from day.shot("corrected")
    day.key(KEYS["accept_take"][0])
    yield STAND


ARMS = {"upperarm_l", "upper_arm_fk.L", "hand_ik.L", "q007"}


def continuing(day: Day) -> Iterator[float]:
    """Continue inside a walk: moved along, cut, into a new action; undone each time."""
    day.fresh()
    yield from day.press("generate")
    before, keys = day.places(1, 120), day.values()
    day.note("walk", fastest(before))
    day.settings.task, day.settings.prompt, day.settings.seconds = "continue", "", 2.0
    for name, after, into in (("moved", "MOVE", "SAME"), ("cut", "CUT", "SAME"), ("new", "MOVE", "NEW")):
        day.scene.frame_set(48)
        day.settings.after, day.settings.destination = after, into
        actions = {action.name for action in bpy.data.actions}
        with day.override():
            bpy.ops.ed.undo_push(message="before")
        yield from day.press("continue_motion", f"continue, {name}")
        now = day.places(1, 120)
        steps = [max((w[i + 1] - w[i]).length for w in now.values()) for i in range(119)]
        day.note(f"continue, {name}", {
            "before": max(apart(before, now, i) for i in range(48)), "fastest": max(steps),
            "fastest on": steps.index(max(steps)) + 1, "last key": max(k[2] for k in day.values()),
            "apart at the end": apart(before, now, 119),
            "actions": sorted({action.name for action in bpy.data.actions} - actions),
        })  # fmt: skip
        yield from day.shot(f"continued-{name}")
        day.key("Z", ctrl=True)
        yield STAND
        day.note(f"undone {name}", day.values() == keys)


def limits(day: Day) -> Iterator[float]:
    """Ranges of one and two frames, rates of 1 and 1000, a length over the model's."""
    for last in (1, 2):
        day.fresh()
        day.settings.use_scene_range, day.scene.frame_end = True, last
        yield from day.press("generate", f"generate frames 1 to {last}")
        day.settings.task = "caption"
        yield from day.press("describe", f"describe frames 1 to {last}")
        day.settings.task, day.settings.range = "inbetween", "SCENE"
        yield from day.press("inbetween", f"inbetween frames 1 to {last}")
        day.fresh()
        key_poses(day)
        day.settings.task, day.settings.range, day.settings.poses = "inbetween", "SCENE", "ALL"
        day.scene.frame_start, day.scene.frame_end = 20, 19 + last
        yield from day.press("inbetween", f"inbetween of poses, frames 20 to {19 + last}")
        day.settings.task, day.settings.seconds = "continue", last / 30.0
        day.scene.frame_set(40)
        yield from day.press("continue_motion", f"continue by {last}")
    for fps, seconds in ((1, 4.0), (1000, 1.0), (32767, 1.0)):
        day.fresh(seconds)
        day.scene.render.fps = fps
        yield from day.press("generate", f"generate at {fps} a second")
        frames = max(1, round(fps * seconds))
        if fps < 2000:
            yield from day.shot(f"rate-{fps}")
            day.note(f"rate {fps}", {"keys": len(day.values()), "fastest": fastest(day.places(1, min(frames, 300)))})
        day.settings.task, day.settings.seconds = "continue", 1.0
        day.scene.frame_set(min(frames, 500))
        yield from day.press("continue_motion", f"continue at {fps} a second")
        day.settings.task = "caption"
        yield from day.press("describe", f"describe at {fps} a second")
    day.fresh(24.0)
    yield from day.shot("long-before")
    yield from day.press("generate", "generate 24 s")
    day.note("long", {"last": max(k[2] for k in day.values()), "fastest": fastest(day.places(1, 720))})


def failing(day: Day) -> Iterator[float]:
    """Writing fails half-way: nothing is left, and undo takes back the step before."""
    from bl_ext.user_default.motiongpt.addon.action import fcurves, keys_between, new_action

    day.fresh()
    yield from day.press("generate")
    for operator, module in (("generate", new_action), ("continue_motion", keys_between)):
        day.scene.frame_set(60)
        day.settings.task = "generate" if operator == "generate" else "continue"
        with day.override():
            bpy.ops.ed.undo_push(message="mine")
        keys, actions, calls = day.values(), sorted(a.name for a in bpy.data.actions), [0]

        def failing_write(curve, points, calls=calls):
            calls[0] += 1
            if calls[0] > 30:
                raise MemoryError("no memory is left")
            return fcurves.write_points(curve, points)

        module.write_points = failing_write
        yield from day.press(operator, f"{operator}, out of memory")
        module.write_points = fcurves.write_points
        day.note(f"{operator} failed", {
            "calls": calls[0], "same keys": day.values() == keys,
            "same actions": sorted(a.name for a in bpy.data.actions) == actions,
        })  # fmt: skip
    yield from day.shot("failed")


def overridden(day: Day) -> Iterator[float]:
    """A deforming hand copies another object: said, and switched off by one press."""
    day.fresh()
    other = bpy.data.objects.new("Prop", None)
    day.scene.collection.objects.link(other)
    other.rotation_euler = (1.0, 2.0, 0.5)
    hand = day.found().pose.bones[day.parts["upper_arm.L"]]
    left = hand.constraints.new("COPY_ROTATION")
    left.target = other
    yield from day.press("generate", "generate under an override")
    yield from day.shot("overridden")
    day.note("can mute", day.session.current().job.overridden and day.session.current().job.overridden.can_mute)
    day.key(KEYS["mute_overrides"][0])
    yield STAND
    day.found()
    job = day.session.current().job
    hand = day.found().pose.bones[day.parts["upper_arm.L"]]
    day.note("muted", {"message": job.message, "left": [c.name for c in hand.constraints if not c.mute]})
    yield from day.shot("muted")


def longest(day: Day) -> Iterator[float]:
    """The longest length that is made in one piece, typed into the panel; and a scene's range that is far longer."""
    day.fresh(12.8)
    yield from day.press("generate", "generate 12.8 s")
    day.note("longest", {"last": max(k[2] for k in day.values()), "fastest": fastest(day.places(1, 384))})
    yield from day.shot("longest")
    day.fresh()
    day.settings.use_scene_range, day.scene.frame_end = True, 2000
    yield from day.press("generate", "generate a long range")
    day.note("long range", {"last": max(k[2] for k in day.values()), "fastest": fastest(day.places(1, 2000))})
    yield from day.shot("long-range")


def at_rest(day: Day) -> Iterator[float]:
    """The armature is in Rest Position: said, and put right by one press."""
    day.fresh()
    day.found().data.pose_position = "REST"
    yield from day.press("generate", "generate in Rest Position")
    day.note("in rest", fastest(day.places(1, 120)))
    yield from day.shot("rest")
    day.key(KEYS["mute_overrides"][0])
    yield STAND
    day.note("out of rest", {"fastest": fastest(day.places(1, 120)), "message": day.session.current().job.message})
    yield from day.shot("rest-muted")
    day.found().data.pose_position = "POSE"


PARTS = (generating, inbetween, continuing, limits, failing, longest, at_rest, overridden)


def steps() -> Iterator[float]:
    yield driving.SETTLE
    day = Day(CHARACTER, FOLDER, NAME)
    yield from day.arranged()
    for part in PARTS:
        if not WANTED or part.__name__ in WANTED:
            yield from part(day)
            with day.override():
                bpy.ops.object.mode_set(mode="OBJECT")


driving.start(steps(), seen, str(Path(FOLDER, f"{NAME}.json")), limit=1500.0)
