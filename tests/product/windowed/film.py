"""Runs inside a windowed Blender: an animator directs a shot by the mouse and the keyboard of the screen, and a picture
of each step is taken.

    blender [FILE] --python film.py -- CHARACTER FOLDER PART ...

CHARACTER: a glTF file, or "rigify" for a generated Rigify rig. FOLDER: gets a picture of each step, and `PART.json`
with what was seen and where the editors are in the pictures. PART: functions of this file, in this order; the first
names the JSON file. Blender quits by itself, whatever happens; the part `killed` ends it with SIGKILL.
"""

import json
import os
import signal
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import bpy
from mathutils import Vector

sys.path.insert(0, str(Path(__file__).parent))
import driving
import hands
from driving import SETTLE
from filming import FOLDER, PARTS, Film, arranged, names, seen, shots
from hands import Waits, click, click_at, dragged, press, see, typed, until, xdotool

PROMPT = "a person walks forward, then stops and waves, then turns around, then kicks with the right leg"
TAKES = "a person waves the right hand"


def blocks(film: Film) -> Waits:
    """Four blocks of a text, a fifth from the menu, one typed anew, edges dragged: 12 seconds."""
    film.view((0.0, -1.5, 0.8), (-1.0, 0.35, -0.25), 7.0)
    yield from film.prompt(PROMPT, "9")
    yield from click("From Prompt", film.side, scroll=True)
    yield from until(lambda: len(film.shot.blocks) == 4)
    film.over(film.sheet)
    yield from press("Home")
    yield SETTLE / 2
    yield from click_at(*film.block(3), button=3)
    yield from film.picture("menu")
    yield from click("Add Block")
    yield from until(lambda: len(film.shot.blocks) == 5)
    yield SETTLE / 2
    yield from retyped(film, 4, "a person bows")
    edges = film.timing().edges
    yield from hands.taken([film.place(edges[1]), film.place(edges[1] - 12)])
    yield from film.picture("dragging", 1.0)
    xdotool("mouseup", 1)
    yield 0.8
    film.note("dragged", [list(edges), list(film.timing().edges)])
    yield from dragged([film.place(edges[5]), film.place(361)])
    film.note("blocks", [[b.text, b.frames] for b in film.shot.blocks])
    yield from film.picture("blocks")


def retyped(film: Film, number: int, text: str) -> Waits:
    """Double click a block, and type another text."""
    yield from click_at(*film.block(number))
    yield from until(lambda: film.shot.active == number)
    yield 1.0
    xdotool("click", "--repeat", 2, "--delay", 60, 1)
    yield SETTLE / 2
    yield from film.picture("typing", 0.0)
    xdotool("key", "ctrl+a")
    yield 0.4
    xdotool("type", "--delay", 20, text)
    yield 1.0
    yield from press("Return", "Return")
    yield from until(lambda: film.shot.blocks[number].text == text)
    yield 1.5


def generated(film: Film) -> Waits:
    """All blocks."""
    pressing = click("Generate Shot", film.side, scroll=True)
    yield from film.job("shot", pressing, "making", lambda job: job.block > 0 and film.drawn > 0)
    yield from film.picture("shot")


def one_again(film: Film) -> Waits:
    """One block gets another text and is made again, alone."""
    before, (first, last) = film.values(), film.timing().span(3)
    yield from retyped(film, 3, "a person punches")
    yield from click_at(*film.block(3), button=3)
    yield from film.job("one block", click("Regenerate Block", hands.box_of(film.sheet, "WINDOW")))
    after = film.values()
    outside = [list(k) for k, v in before.items() if not first <= k[2] <= last and after.get(k) != v]
    inside = sum(after.get(k) != v for k, v in before.items() if first <= k[2] <= last)
    film.note("one block", {"outside": outside[:5], "inside": inside})
    yield from film.frame(first + 20)
    yield from film.picture("one-block")


def takes(film: Film) -> Waits:
    """Three takes, flipped by keys while they play; one is accepted."""
    yield from film.frame(1)
    yield from click("Shot", film.side, scroll=True)  # folds the panel
    film.view((0.0, 0.0, 0.9), (-0.5, 1.0, -0.2), 3.6)
    yield from film.prompt(TAKES, "4", "3")
    moving = click("Generate", film.side, scroll=True)
    yield from film.job("takes", moving, "live", lambda job: film.drawn > 0)
    yield from film.picture("takes")
    film.over(film.area)
    yield from press("space")
    order = [film.review.shown]
    for key in ("alt+Right", "alt+Right", "alt+Down", "alt+Down", "alt+Left"):
        before = film.review.shown
        yield from press(key)
        yield from until(lambda before=before: film.review.shown != before)
        order.append(film.review.shown)
    playing = bpy.context.window_manager.windows[0].screen.is_animation_playing
    yield from film.picture("flipped", 1.0)
    film.note("flipped", {"order": order, "playing": playing})
    yield from press("alt+Return")
    yield from until(lambda: not film.review.takes)
    yield from press("space")
    film.note("accepted", {"left": len(film.review.takes), "action": film.armature.animation_data.action.name})
    yield from film.picture("accepted")


def path(film: Film) -> Waits:
    """A curve is drawn over the floor, and followed."""
    yield from film.frame(1)
    film.view((0.3, -2.2, 0.4), (-0.55, 0.75, -0.75), 8.0)
    yield from film.prompt("a person walks", "", "1")
    yield from click("Path and Distance", film.side, scroll=True)
    yield from click("Path:", film.side, scroll=True, at=(90, 0))
    yield from film.picture("path-choice", 1.0)
    yield from click("Curve")
    yield from click("Draw Path", film.side, scroll=True)
    yield from film.picture("path-drawing", 1.0)
    yield from dragged(stroke(film))
    curve = bpy.context.scene.motiongpt_paths.travel.curve
    assert curve is not None, "no path was drawn"
    yield from film.picture("path-drawn")
    yield from film.job("path", click("Generate", film.side, scroll=True))
    action = film.armature.animation_data.action
    film.note("path", followed(curve, film.hips(*map(round, action.frame_range))))
    yield from film.frame(round(sum(action.frame_range) / 2))
    film.over(film.area)
    yield from film.picture("path")
    bpy.context.scene.motiongpt_paths.travel.route = "NONE"


def stroke(film: Film) -> list[tuple[float, float]]:
    """Places on the screen along a bend over the floor, three metres long and more."""
    from bpy_extras.view3d_utils import location_3d_to_region_2d

    ways = [(0.0, 0.0), (0.15, -0.9), (0.8, -1.7), (1.3, -2.6), (1.0, -3.6), (0.1, -4.2)]
    view = film.area.spaces.active.region_3d
    region = next(r for r in film.area.regions if r.type == "WINDOW")
    places = [location_3d_to_region_2d(region, view, Vector((x, y, 0.0))) for x, y in ways]
    return [(region.x + p.x, film.window.height - region.y - p.y) for p in places]


def followed(curve: bpy.types.Object, hips: list[Vector]) -> dict[str, float]:
    """Length of a path, how much of it was gone, and how far the hips were from it."""
    points = along(curve)
    lengths = [0.0]
    for a, b in pairwise(points):
        lengths.append(lengths[-1] + (b - a).length)
    flat = [Vector((p.x, p.y, 0.0)) for p in hips]
    nearest = [min(range(len(points)), key=lambda i, p=p: (points[i] - p).length) for p in flat]
    off = max((points[i] - p).length for i, p in zip(nearest, flat, strict=True))
    return {"length": lengths[-1], "gone": lengths[nearest[-1]] - lengths[nearest[0]], "off": off}


def along(curve: bpy.types.Object) -> list[Vector]:
    """Points on a Bézier curve, a few millimetres apart, on the floor."""
    from mathutils.geometry import interpolate_bezier

    knots, out = curve.data.splines[0].bezier_points, []
    for a, b in pairwise(knots):
        out += interpolate_bezier(a.co, a.handle_right, b.handle_left, b.co, 100)
    places = [curve.matrix_world @ p for p in out]
    return [Vector((p.x, p.y, 0.0)) for p in places]


def loop(film: Film) -> Waits:
    """A walk becomes a cycle, in place and back."""
    yield from click("Path and Distance", film.side, scroll=True)  # folds it
    yield from film.frame(1)
    film.view((0.0, -1.0, 0.8), (-1.0, 0.35, -0.2), 5.0)
    yield from film.prompt("a person walks forward", "4")
    yield from film.job("walk", click("Generate", film.side, scroll=True))
    yield from click("Loop and In Place", film.side, scroll=True)
    yield from film.job("loop", click("Make Loop", film.side, scroll=True))
    curves = film.armature.animation_data.action.fcurves
    cyclic = sum(any(m.type == "CYCLES" for m in c.modifiers) for c in curves)
    scene = bpy.context.scene
    film.note("loop", {"curves": len(curves), "cyclic": cyclic, "range": [scene.frame_start, scene.frame_end]})
    yield from film.picture("loop")
    before = film.values()
    yield from click("Play in Place", film.side, scroll=True)
    yield 1.0
    ends = film.hips(scene.frame_start, scene.frame_end)
    yield from film.picture("in-place")
    yield from click("Put Travel Back", film.side, scroll=True)
    yield 1.0
    film.note("in place", {"moved": (ends[-1] - ends[0]).length, "back": film.values() == before})
    yield from click("Loop and In Place", film.side, scroll=True)
    scene.frame_start, scene.frame_end = 1, 360


def splice(film: Film) -> Waits:
    """A clip before keys that are there: it goes on from where the character stands, and leads into them."""
    yield from film.frame(151)
    yield from film.prompt("a person kicks with the right leg", "3")
    yield from film.job("kick", click("Generate", film.side, scroll=True))
    before = film.values()
    first = min(k[2] for k in before)
    yield from film.frame(61)
    yield from film.prompt(TAKES, "3")
    yield from click("Shot", film.side, scroll=True)
    yield from click("Automatic", film.side, scroll=True)
    yield from film.picture("splice-start", 1.0)
    yield from click("Where It Stands")
    yield from film.job("splice", click("Generate", film.side, scroll=True))
    after, hips = film.values(), film.hips(61, 240)
    film.note("splice", {
        "first": first, "before": [min(k[2] for k in after), max(k[2] for k in after)],
        "changed": [list(k) for k, v in before.items() if after.get(k) != v][:5],
        "step": max((b - a).length for a, b in pairwise(hips)),
    })  # fmt: skip
    film.over(film.sheet)
    yield from press("Home")
    yield from film.picture("splice")
    film.shot.start_from = "AUTO"
    yield from click("Shot", film.side, scroll=True)


def exported(film: Film) -> Waits:
    """FBX by the panel, GLB by Blender's menu."""
    yield from hands.turned(film.side, 60)
    yield from click("Armature", film.side, which=-1)  # the panel; the field above shows the name of one
    yield from click("Export FBX", film.side, scroll=True)
    yield from film.picture("export-fbx")
    yield from press("Return")
    yield from until(lambda: Path(FOLDER, "shot.fbx").is_file(), 60.0)
    yield from click("File")
    yield from click("Export")
    yield from click("glTF 2.0 (.glb/.gltf)")
    yield from film.picture("export-glb")
    yield from press("Return")
    yield from until(lambda: Path(FOLDER, "shot.glb").is_file(), 60.0)
    files = [Path(FOLDER, f"shot.{kind}") for kind in ("fbx", "glb")]
    film.note("exported", [file.stat().st_size if file.is_file() else 0 for file in files])
    yield from film.picture("exported")


def known(film: Film) -> Waits:
    """What the model knows: its phrases, and what is said of a text that it hardly knows."""
    yield from film.frame(1)
    yield from click("What It Knows", film.side, scroll=True)
    yield from see("Search", film.side, scroll=True)
    yield from film.picture("known-groups", 1.0)
    yield from typed("left hand", "Search", film.side)
    yield from hands.turned(film.side, 10)
    film.over(film.area)
    yield from film.picture("known")
    yield from click("What It Knows", film.side, scroll=True)  # folds it
    yield from film.prompt("a horse gallops", "3", "1")
    yield from film.job("doubt", click("Generate", film.side, scroll=True))
    film.note("doubt", film.session.current().job.made.meta.get("unsure"))
    film.over(film.area)
    yield from film.picture("doubt")


def brought(film: Film) -> Waits:
    """The exported file comes back onto the character."""
    yield from click("Retarget", film.side, scroll=True)
    yield from typed("//shot.fbx", "or drop a file into the viewport", film.side, scroll=True)
    yield from until(lambda: not film.session.current().running, 60.0)
    yield from film.job("retarget", click("Retarget", film.side, scroll=True, which=-1))
    film.note("brought", film.armature.animation_data.action.name)
    yield from film.picture("retarget")
    yield from click("Retarget", film.side, scroll=True)


def ways(film: Film) -> Waits:
    """The pie menu, and the second one that it leads to."""
    film.over(film.area)
    yield from press("shift+alt+m")
    yield from film.picture("pie", 2 * SETTLE)  # it opens slowly
    yield from click("Directing", hands.box_of(film.area, "WINDOW"))
    yield from film.picture("directing", 2 * SETTLE)
    yield from press("Escape")


def killed(film: Film) -> Waits:
    """Saved while three takes wait to be chosen, and ended without a word."""
    yield from film.frame(1)
    film.note("names", names())
    film.note("values", len(film.values()))
    yield from film.prompt("a person bows", "3", "3")
    yield from film.job("review", click("Generate", film.side, scroll=True))
    film.over(film.area)
    yield from press("alt+Right")
    yield from until(lambda: film.review.shown == 1)
    yield from press("ctrl+s")
    yield SETTLE
    film.note("review", {"takes": len(film.review.takes), "shown": film.review.shown, "dirty": bpy.data.is_dirty})
    written()
    os.kill(os.getpid(), signal.SIGKILL)


def reopened(film: Film) -> Waits:
    """The file of the killed Blender: the review goes on; rejected, it leaves the file as it was before."""
    yield SETTLE
    film.area.spaces.active.show_region_ui = True
    yield 1.0
    next(r for r in film.area.regions if r.type == "UI").active_panel_category = "MotionGPT"
    yield from film.picture("reopened")
    film.note("reopened", {"takes": len(film.review.takes), "shown": film.review.shown})
    film.over(film.area)
    yield from press("alt+Left")
    yield from until(lambda: film.review.shown == 0)
    film.note("flipped on", film.review.shown)
    yield from click("Reject All", film.side, scroll=True)
    yield from until(lambda: not film.review.takes)
    yield 1.0
    film.note("names", names())
    film.note("values", len(film.values()))
    yield from film.picture("rejected")


def written() -> None:
    """What was seen so far, to the file."""
    Path(FOLDER, f"{PARTS[0]}.json").write_text(json.dumps({"seen": seen, "shots": shots}), encoding="utf-8")


def steps() -> Iterator[float]:
    yield SETTLE
    if PARTS[0] != "reopened":
        yield from arranged()
    film = Film()
    try:
        for part in PARTS:
            yield from globals()[part](film)
    finally:
        driving.picture(str(Path(FOLDER, "last.png")))
        written()


if __name__ == "__main__":
    driving.start(steps(), seen, str(Path(FOLDER, "end.json")), limit=3500.0)
