"""A character in a window, operated by keys and the mouse, and what is seen of it. `day.py` uses this."""

import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import bpy
import driving
from characters import CHARACTERS, Parts
from driving import picture
from mathutils import Vector

KEYS = {
    "generate": ("F13", {}), "inbetween": ("F14", {}), "redo_gap": ("F15", {}), "continue_motion": ("F16", {}),
    "describe": ("F17", {}), "show_take": ("F18", {"step": 1}), "accept_take": ("F19", {}),
    "mute_overrides": ("F20", {}), "cancel": ("F21", {}),
}  # fmt: skip
STAND = 0.5  # seconds that Blender gets for a key that starts no job

seen: dict[str, object] = {"version": bpy.app.version_string, "presses": []}


class Day:
    """The window, and the character in it."""

    def __init__(self, character: str, folder: str, kind: str) -> None:
        from bl_ext.user_default.motiongpt.addon.jobs import session

        self.session, self.folder, self.kind = session, folder, kind
        self.window, self.area, self.region = driving.viewport()
        for item in list(bpy.data.objects):
            bpy.data.objects.remove(item)
        self.armature: bpy.types.Object
        self.parts: Parts
        with self.override():
            self.armature, self.parts = CHARACTERS[kind](character)
            bpy.context.view_layer.objects.active = self.armature
            self.armature.select_set(True)
        self.scene, self.settings = bpy.context.scene, bpy.context.scene.motiongpt
        self.name = self.armature.name
        keymap = bpy.context.window_manager.keyconfigs.addon.keymaps.new("3D View", space_type="VIEW_3D")
        for operator, (key, given) in KEYS.items():
            item = keymap.keymap_items.new(f"motiongpt.{operator}", key, "PRESS")
            for name, value in given.items():
                setattr(item.properties, name, value)

    def override(self):
        return bpy.context.temp_override(window=self.window, area=self.area, region=self.region)

    def found(self) -> bpy.types.Object:
        """The armature, which undo moves in memory."""
        self.scene, self.settings = bpy.context.scene, bpy.context.scene.motiongpt
        self.armature = bpy.data.objects[self.name]
        return self.armature

    def arranged(self) -> Iterator[float]:
        """Show the whole character from the front, and the panel."""
        self.area.spaces.active.show_region_ui = True
        with self.override():
            bpy.ops.view3d.view_axis(type="FRONT")
            bpy.ops.view3d.view_all()
        yield 1.0
        next(r for r in self.area.regions if r.type == "UI").active_panel_category = "MotionGPT"
        yield driving.SETTLE

    def key(self, kind: str, **held: bool) -> None:
        at = {"x": self.region.x + self.region.width // 3, "y": self.region.y + self.region.height // 3}
        self.window.event_simulate(type="MOUSEMOVE", value="NOTHING", **at)
        for value in ("PRESS", "RELEASE"):
            self.window.event_simulate(type=kind, value=value, **at, **held)

    def click_tallest(self, shot: str) -> None:
        """Click the tallest widget of the sidebar: the button that starts the task."""
        sidebar = next(r for r in self.area.regions if r.type == "UI")
        at = {"x": sidebar.x + 40, "y": tallest(shot, sidebar.x + 40, sidebar.y, sidebar.y + sidebar.height)}
        self.window.event_simulate(type="MOUSEMOVE", value="NOTHING", **at)
        for value in ("PRESS", "RELEASE"):
            self.window.event_simulate(type="LEFTMOUSE", value=value, **at)

    def press(self, operator: str, name: str = "", by_mouse: str = "") -> Iterator[float]:
        """Press the button's key, wait for what it starts, and note what the user reads."""
        now, job = self.session.current(), self.session.current().job
        now.error = ""
        began, worked = time.perf_counter(), time.thread_time()
        if by_mouse:
            self.click_tallest(by_mouse)
        else:
            self.key(KEYS[operator][0])
        end = time.monotonic() + 2.0
        while now.job is job and not now.error and time.monotonic() < end:
            yield 0.02
        while now.running:
            yield 0.02
        said = {"name": name or operator, "error": now.error, "started": now.job is not job}
        if now.job is not job:
            said |= {
                "state": str(now.job.state), "message": now.job.message,
                "overridden": now.job.overridden.message if now.job.overridden else "",
                "ticks": now.job.ticks, "longest": round(now.job.longest_tick, 3),
                "busiest": round(now.job.busiest_tick, 3), "seconds": round(time.perf_counter() - began, 2),
                "worked": round(time.thread_time() - worked, 2),
            }  # fmt: skip
        seen["presses"].append(said)
        print(said, flush=True)
        self.found()
        yield STAND
        if now.error:
            self.key("ESC")  # Blender pops errors up
            yield STAND

    def shot(self, name: str) -> Iterator[float]:
        yield 2.5
        picture(str(Path(self.folder, f"{self.kind}-{name}.png")))

    def note(self, name: str, value: object) -> None:
        seen[name] = value
        print(name, value, flush=True)

    def fresh(self, seconds: float = 4.0, prompt: str = "a person walks forward") -> None:
        """No animation, the default settings, thirty frames a second."""
        armature = self.found()
        if armature.motiongpt_review.takes:
            with self.override():
                bpy.ops.motiongpt.reject_takes()
        if animation := armature.animation_data:  # the rig's drivers stay
            animation.action = None
            for track in list(animation.nla_tracks):
                animation.nla_tracks.remove(track)
        for action in list(bpy.data.actions):
            bpy.data.actions.remove(action)
        for bone in armature.pose.bones:
            bone.matrix_basis.identity()
            if "IK_FK" in bone:
                bone["IK_FK"] = 0.0
        armature.update_tag()  # drivers don't notice what a script sets
        scene, settings = self.scene, self.settings
        scene.render.fps, scene.render.fps_base, scene.frame_start, scene.frame_end = 30, 1.0, 1, 60
        scene.frame_set(1)
        for name in ("poses", "range", "takes", "destination", "after", "use_scene_range"):
            settings.property_unset(name)
        settings.task, settings.prompt, settings.seconds, settings.seed = "generate", prompt, seconds, 1
        with self.override():
            bpy.ops.ed.undo_push(message="fresh")

    def places(self, first: int, last: int) -> dict[str, list[Vector]]:
        """Part -> where its bone is in the world, on each of these frames."""
        armature, now = self.found(), self.scene.frame_current
        out: dict[str, list[Vector]] = {part: [] for part in self.parts}
        for frame in range(first, last + 1):
            self.scene.frame_set(frame)
            posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
            for part, bone in self.parts.items():
                out[part].append(posed.matrix_world @ posed.pose.bones[bone].head)
        self.scene.frame_set(now)
        return out

    def values(self) -> dict[tuple[str, int, float], float]:
        from bl_ext.user_default.motiongpt.addon.action.fcurves import action_curves

        curves = action_curves(self.found())
        found = curves.fcurves if curves else ()
        return {(c.data_path, c.array_index, round(p.co.x, 3)): p.co.y for c in found for p in c.keyframe_points}


def tallest(shot: str, x: int, bottom: int, top: int) -> int:
    """The middle of the tallest run of one colour in a column of a screenshot, in window coordinates (Y up)."""
    import numpy as np

    image = bpy.data.images.load(shot)
    width, height = image.size
    pixels = np.empty(width * height * 4, dtype=np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    column = pixels.reshape(height, width, 4)[bottom:top, x, :3]
    lit = np.linalg.norm(column - np.array([0.33, 0.33, 0.33]), axis=1) < 0.03  # Blender's buttons
    runs, start = [], None
    for row, on in enumerate([*lit, False]):
        if on and start is None:
            start = row
        elif not on and start is not None:
            runs.append((row - start, start))
            start = None
    size, start = max(runs)
    return bottom + start + size // 2


def fastest(places: dict[str, list[Vector]]) -> float:
    """The longest way of any part from one frame to the next, in metres."""
    return max((b - a).length for way in places.values() for a, b in pairwise(way))


def apart(a: dict[str, list[Vector]], b: dict[str, list[Vector]], at: int) -> float:
    """The largest distance of any part between two records on their frame number `at`."""
    return max((a[part][at] - b[part][at]).length for part in a)
