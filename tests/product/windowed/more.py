"""Runs inside a windowed Blender: what the sub-panels offer beside shots and takes, each pressed by a key over the
viewport, as a user's own shortcut would.

    blender --enable-event-simulate --python more.py -- CHARACTER FOLDER NAME [PART ...]

CHARACTER: a glTF file.  FOLDER: gets the pictures and `NAME.json`.  NAME: of `characters.CHARACTERS`.  PART: functions
of this file, all where none is named. Blender quits by itself, whatever happens.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import bpy
from mathutils import Vector

sys.path.insert(0, str(Path(__file__).parent))
import driving
from stage import KEYS, STAND, Day, seen

CHARACTER, FOLDER, NAME, *WANTED = sys.argv[sys.argv.index("--") + 1 :]
HELD = {
    "add_waypoint": "F1", "generate_crowd": "F2", "add_characters": "F3", "run_batch": "F4", "mark_asset": "F5",
    "reuse_prompt": "F6", "generate_shot": "F7", "pin": "F8", "add_pin": "F9", "retarget": "F10",
}  # fmt: skip
"""Operator -> its key, with Ctrl and Alt."""


def waypoints(day: Day) -> Iterator[float]:
    """Four places by the 3D cursor, which the hips then pass; a target that is faced at the end."""
    day.fresh(prompt="a person walks")
    places = [(0.0, 0.0), (1.5, -1.5), (3.0, -1.5), (3.0, -4.0)]
    for x, y in places:
        day.scene.cursor.location = (x, y, 0.0)
        yield from tap(day, "add_waypoint")
    travel = day.scene.motiongpt_paths.travel
    day.note("waypoints", [travel.route, [tuple(o.location)[:2] for o in travel.waypoints.objects]])
    target = bpy.data.objects.new("Looked at", None)
    day.scene.collection.objects.link(target)
    target.location = (0.0, -4.0, 1.5)
    travel.facing, travel.target = "END", target
    yield from day.press("generate", "generate along waypoints")
    last = day.scene.frame_end
    hips = day.places(1, last)["hips"]
    day.note("passed", [min((Vector(at) - hip.xy).length for hip in hips) for at in places])
    day.note("ended", [list(hips[-1].xy), last])
    yield from day.shot("waypoints")
    travel.route, travel.facing = "NONE", "NONE"


def markers(day: Day) -> Iterator[float]:
    """Markers as prompts: the shot has their blocks, and follows a marker that is moved and renamed."""
    day.fresh()
    for name, frame in (("a person walks forward", 1), ("a person waves", 61), ("a person bows", 121)):
        day.scene.timeline_markers.new(name, frame=frame)
    day.scene.frame_end = 200
    shot = day.found().motiongpt_shot
    shot.by_markers = True
    yield STAND
    day.note("from markers", [(b.name or b.text, b.frames) for b in shot.blocks])
    day.scene.timeline_markers["a person waves"].frame = 70
    yield STAND
    day.note("moved marker", [b.frames for b in day.found().motiongpt_shot.blocks])
    yield from started(day, "generate_shot")
    yield from day.shot("markers")
    day.scene.timeline_markers.clear()
    day.found().motiongpt_shot.by_markers = False


def crowd(day: Day) -> Iterator[float]:
    """Three characters, selected, by one prompt; then each its own from the list; one undo takes back one press."""
    day.fresh(prompt="a person walks forward")
    armature = day.found()
    others = []
    for number in (1, 2):
        other = armature.copy()
        other.location.x += 1.5 * number
        day.scene.collection.objects.link(other)
        others.append(other.name)
    for name in (armature.name, *others):
        bpy.data.objects[name].select_set(True)
    with day.override():
        bpy.ops.ed.undo_push(message="three")
    yield from started(day, "generate_crowd")
    names = (day.name, *others)
    day.note("crowd", [len({action_of(name) for name in names}), all(action_of(name) for name in names)])
    yield from day.shot("crowd")
    day.key("Z", ctrl=True)
    yield STAND
    day.note("crowd undone", [bool(action_of(name)) for name in names])
    yield from tap(day, "add_characters")
    members = day.scene.motiongpt_crowd.members
    for member, text in zip(members, ("a person waves", "a person bows", "a person claps"), strict=True):
        member.prompt = text
    day.scene.motiongpt_crowd.mode = "LIST"
    yield from started(day, "generate_crowd", "crowd of a list")
    day.note("prompts", [bpy.data.objects[name].animation_data.action["motiongpt_prompt"] for name in names])
    day.scene.motiongpt_crowd.mode = "SELECTED"
    for name in others:
        bpy.data.objects.remove(bpy.data.objects[name])


def kept(day: Day) -> Iterator[float]:
    """A preset, an asset and the history give back what was set."""
    day.fresh(prompt="a person waves the right hand")
    day.settings.seed, day.settings.hands = 42, "FIST"
    with day.override():
        bpy.ops.motiongpt.add_preset(name="waving")
    yield from day.press("generate", "generate for an asset")
    yield from tap(day, "mark_asset")
    day.key("RET")  # its dialog
    yield 2 * STAND
    action = day.found().animation_data.action
    asset = action.asset_data
    day.note("asset", [bool(asset), asset.description if asset else "", [t.name for t in asset.tags] if asset else []])
    day.note("preview", [list(action.preview.image_size) if action.preview else [0, 0]])
    day.settings.prompt, day.settings.seed, day.settings.hands = "", 0, "RELAXED"
    folder = next(Path(p, "motiongpt") for p in bpy.utils.preset_paths("") if Path(p, "motiongpt").is_dir())
    with day.override():
        bpy.ops.script.execute_preset(filepath=str(folder / "waving.py"), menu_idname="MOTIONGPT_PT_presets")
    day.note("preset", [day.settings.prompt, day.settings.seed, day.settings.hands])
    day.settings.prompt, day.settings.seed = "", 0
    yield from tap(day, "reuse_prompt")
    day.note("history", [day.settings.prompt, day.settings.seed])


def batch(day: Day) -> Iterator[float]:
    """A table of prompts beside Blender: its files, its report, and the window that goes on answering."""
    table, out = Path(FOLDER, "jobs.csv"), Path(FOLDER, "clips")
    table.write_text("text,seconds,seed,name\na person walks,2,1,walk\na person waves,2,2,wave\n", encoding="utf-8")
    bring = day.scene.motiongpt_bring
    bring.table, bring.folder = str(table), str(out)
    yield from tap(day, "run_batch")
    end, ticks = time.monotonic() + 120.0, 0
    while time.monotonic() < end and not (out / "report.html").is_file():
        ticks += 1
        yield 0.1
    yield 2 * STAND
    day.note("batch", [sorted(p.name for p in out.iterdir()), ticks > 3])
    yield from day.shot("batch")


def brought(day: Day) -> Iterator[float]:
    """A motion file onto the character, and a hand pinned to an object on some of its frames."""
    day.fresh()
    day.scene.motiongpt_bring.file = str(Path(FOLDER, "clips", "walk.npz"))
    yield from started(day, "retarget")
    hand = day.places(20, 30)["hand.R"]
    held = bpy.data.objects.new("Held", None)
    day.scene.collection.objects.link(held)
    held.location = hand[5] + Vector((0.0, -0.03, 0.05))
    yield from tap(day, "add_pin")
    pin = day.scene.motiongpt_paths.pins[0]
    pin.limb, pin.target, pin.first, pin.last = "RIGHT_HAND", held, 23, 27
    pin.joint = True
    yield from started(day, "pin")
    now = day.places(23, 27)["hand.R"]
    day.note("pinned", max((at - held.location).length for at in now))
    yield from day.shot("pinned")


def tap(day: Day, operator: str) -> Iterator[float]:
    """Press a key of HELD that starts no job."""
    day.key(HELD[operator], ctrl=True, alt=True)
    yield STAND
    day.found()


def started(day: Day, operator: str, name: str = "") -> Iterator[float]:
    """Press a key of HELD, and wait for the job that it starts."""
    KEYS[operator] = (HELD[operator], {})
    held, day.key = day.key, lambda kind, **more: held(kind, ctrl=True, alt=True, **more)
    steps = day.press(operator, name)
    try:
        yield next(steps)  # the press itself
    finally:
        day.key = held
    yield from steps


def action_of(name: str) -> str:
    """The name of the action that an armature plays; "" without one."""
    data = bpy.data.objects[name].animation_data
    return data.action.name if data and data.action else ""


PARTS = (waypoints, markers, crowd, kept, batch, brought)


def steps() -> Iterator[float]:
    yield driving.SETTLE
    day = Day(CHARACTER, FOLDER, NAME)
    keymap = bpy.context.window_manager.keyconfigs.addon.keymaps["3D View"]
    for operator, key in HELD.items():
        keymap.keymap_items.new(f"motiongpt.{operator}", key, "PRESS", ctrl=True, alt=True)
    yield from day.arranged()
    for part in PARTS:
        if not WANTED or part.__name__ in WANTED:
            yield from part(day)


driving.start(steps(), seen, str(Path(FOLDER, f"{NAME}.json")), limit=900.0)
