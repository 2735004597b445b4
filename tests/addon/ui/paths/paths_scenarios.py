"""What `test_paths.py` runs inside Blender: the sub-panels in their states, and what their buttons make."""

import importlib

import bpy
from support.in_blender.keyed import person, pose
from support.in_blender.panel import RecordingLayout
from support.in_blender.user import MODULE, settings


def paths():
    return bpy.context.scene.motiongpt_paths


def drawn() -> str:
    """The texts and buttons of all three, in one line."""
    panel = importlib.import_module(f"{MODULE}.addon.ui.paths.panel")
    said: list[str] = []

    class Drawn:
        layout = RecordingLayout(said)

    for each in (panel.MOTIONGPT_PT_path, panel.MOTIONGPT_PT_loop, panel.MOTIONGPT_PT_pins):
        each.draw(Drawn(), bpy.context)
    return " ".join(filter(None, said))


def panels() -> object:
    """The panels without anything, with a curve, waypoints, a target and pins; of a motion in place."""
    seen: dict[str, object] = {"empty": drawn()}
    armature = person()
    armature.location = (2.0, 1.0, 0.0)
    bpy.context.view_layer.update()
    settings().prompt = "walks"
    bpy.ops.motiongpt.draw_path()
    curve = paths().travel.curve
    first = curve.data.splines[0].bezier_points[0].co
    seen["curve"] = [drawn(), list(curve.matrix_world @ first), paths().travel.route, settings().armature == armature]
    bpy.context.scene.cursor.location = (1.0, 2.0, 0.0)
    bpy.ops.motiongpt.add_waypoint()
    bpy.context.scene.frame_set(12)
    bpy.context.scene.cursor.location = (1.0, 4.0, 0.0)
    bpy.ops.motiongpt.add_waypoint(timed=True)
    holder = paths().travel.waypoints
    seen["waypoints"] = [drawn(), [[o.name, *o.location[:2], o.get("frame")] for o in holder.objects]]
    paths().travel.facing = "ALONG"
    bpy.ops.motiongpt.add_pin()
    pin = paths().pins[0]
    seen["pin"] = [drawn(), pin.first, list(pin.place), paths().pin]
    bpy.ops.motiongpt.remove_pin()
    seen["removed"] = [len(paths().pins), bpy.ops.motiongpt.remove_pin.poll()]
    seen["greyed"] = [getattr(bpy.ops.motiongpt, n).poll() for n in ("make_loop", "pin", "take_travel_out")]
    pose(armature, 1, 0.0)
    pose(armature, 30, 0.3, move=1.5)
    seen["open"] = [getattr(bpy.ops.motiongpt, n).poll() for n in ("make_loop", "pin", "take_travel_out")]
    bpy.ops.motiongpt.take_travel_out()
    seen["in place"] = drawn()
    return seen
