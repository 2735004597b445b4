"""A window in which a shot is directed by mouse and keyboard: what is where in it, and what is seen of it. `film.py`
uses this."""

import sys
import time
from pathlib import Path
from typing import Any

import bpy
from mathutils import Vector

sys.path.insert(0, str(Path(__file__).parent))
import driving
import hands
from characters import rigify
from driving import SETTLE
from hands import Waits, box_of, dragged, typed

CHARACTER, FOLDER, *PARTS = sys.argv[sys.argv.index("--") + 1 :]
HIPS = ("pelvis", "DEF-spine")  # of a file's character, and of Rigify's
FPS = 30.0
TAB = 24  # pixels at a scale of 1 that the sidebar's tabs take

seen: dict[str, Any] = {"jobs": []}
shots: list[dict[str, Any]] = []


class Film:
    """The window: a viewport with the sidebar, a Dope Sheet below it, a character."""

    def __init__(self) -> None:
        from bl_ext.user_default.motiongpt.addon.jobs import session

        self.session = session
        self.window, self.area, self.region = driving.viewport()
        self.sheet = next(a for a in self.window.screen.areas if a.type == "DOPESHEET_EDITOR")
        armature = bpy.context.view_layer.objects.active
        self.name = armature.name if armature else ""
        self.drawn = self.most_drawn = 0  # how often the live figure was drawn in the running job
        bpy.types.SpaceView3D.draw_handler_add(self._drawing, (), "WINDOW", "POST_VIEW")

    @property
    def armature(self) -> bpy.types.Object:
        """The character, which undo moves in memory."""
        return bpy.data.objects[self.name]

    @property
    def shot(self) -> Any:
        return self.armature.motiongpt_shot

    @property
    def settings(self) -> Any:
        return bpy.context.scene.motiongpt

    @property
    def review(self) -> Any:
        return self.armature.motiongpt_review

    @property
    def side(self) -> hands.Box:
        """The sidebar without its tabs."""
        left, top, right, bottom = box_of(self.area, "UI")
        return left, top, right - TAB, bottom

    def override(self, area: bpy.types.Area | None = None):
        area = area or self.area
        region = next(r for r in area.regions if r.type == "WINDOW")
        return bpy.context.temp_override(window=self.window, screen=self.window.screen, area=area, region=region)

    def over(self, area: bpy.types.Area) -> None:
        """Put the mouse over an editor, which the keys then go to."""
        left, top, right, bottom = box_of(area, "WINDOW")
        hands.move(left + (right - left) // 4, top + (bottom - top) // 2)

    def view(self, at: tuple[float, float, float], towards: tuple[float, float, float], distance: float) -> None:
        """Point the viewport at a place, along a direction, from so many metres away."""
        view = self.area.spaces.active.region_3d
        view.view_perspective, view.view_location = "PERSP", at
        view.view_rotation, view.view_distance = Vector(towards).to_track_quat("-Z", "Y"), distance

    def _drawing(self) -> None:
        from bl_ext.user_default.motiongpt.addon.ui.takes import live

        figure = live.current()
        self.drawn = self.drawn + 1 if figure and figure.shown is not None else 0
        self.most_drawn = max(self.most_drawn, self.drawn)

    def picture(self, name: str, settle: float = SETTLE / 2) -> Waits:
        yield settle
        file = f"{len(shots):02d}-{name}.png"
        driving.picture(str(Path(FOLDER, file)))
        areas = {"viewport": box_of(self.area, "WINDOW"), "sidebar": box_of(self.area, "UI")}
        shots.append({"name": name, "file": file} | areas | {"sheet": box_of(self.sheet, "WINDOW")})

    def note(self, name: str, value: object) -> None:
        seen[name] = value
        print(name, value, flush=True)

    def job(self, name: str, pressing: Waits, during: str = "", when: Any = None) -> Waits:
        """Press something, wait for the job that it starts, and note how that went. during: name of a picture to take
        as soon as `when` is so."""
        from bl_ext.user_default.motiongpt.addon.ui.takes import live

        now, before = self.session.current(), self.session.current().job
        yield from pressing
        end = time.monotonic() + hands.PATIENCE
        while now.job is before and not now.error and time.monotonic() < end:
            yield 0.005
        began, self.most_drawn = time.perf_counter(), 0
        while now.running:
            if during and when(now.running):
                yield from self.picture(during, 0.0)
                during = ""
            yield 0.01
        job, figure = now.job, live.current()
        said = {"name": name, "error": now.error, "started": job is not before}
        if said["started"]:
            moved = figure.first_moved - began if figure and figure.first_moved > began else 0.0
            said |= {
                "state": str(job.state), "message": job.message, "seconds": round(time.perf_counter() - began, 2),
                "moved": round(moved, 3), "drawn": self.most_drawn, "ticks": job.ticks,
                "longest": round(job.longest_tick, 3), "busiest": round(job.busiest_tick, 3),
            }  # fmt: skip
        seen["jobs"].append(said)
        print(said, flush=True)
        yield 0.5

    def prompt(self, text: str, seconds: str = "", takes: str = "") -> Waits:
        """Type into the fields of Text to Motion."""
        yield from typed(text, "Text to Motion", self.side, scroll=True, at=(0, 26))
        if seconds:
            yield from typed(seconds, "Seconds", self.side)
        if takes:
            yield from typed(takes, "Takes", self.side)

    def frame(self, number: int) -> Waits:
        """Put the playhead on a frame."""
        bpy.context.scene.frame_set(number)
        yield 0.5

    def place(self, frame: float) -> tuple[int, int]:
        """Where a frame of the strip of blocks is on the screen."""
        from bl_ext.user_default.motiongpt.addon.ui.blocks.drawing import strip_of

        region = next(r for r in self.sheet.regions if r.type == "WINDOW")
        with self.override(self.sheet):
            strip = strip_of(bpy.context, region, self.sheet.spaces.active)
        x, y = strip.x(frame), strip.bottom + strip.height / 2
        return round(region.x + x), round(self.window.height - region.y - y)

    def timing(self) -> Any:
        from bl_ext.user_default.motiongpt.addon.shot.data import timing_of

        return timing_of(self.shot, FPS)

    def block(self, number: int) -> tuple[int, int]:
        """The middle of a block on the screen."""
        return self.place(sum(self.timing().span(number)) / 2)

    def values(self) -> dict[tuple[str, int, float], float]:
        """Data path, index and frame of every key -> its value."""
        from bl_ext.user_default.motiongpt.addon.action.fcurves import action_curves

        curves = action_curves(self.armature)
        return {(c.data_path, c.array_index, p.co.x): p.co.y for c in curves.fcurves for p in c.keyframe_points}

    def hips(self, first: int, last: int) -> list[Vector]:
        """Where the hips are in the world, on each of these frames."""
        out, now, bone = [], bpy.context.scene.frame_current, HIPS[CHARACTER == "rigify"]
        for frame in range(first, last + 1):
            bpy.context.scene.frame_set(frame)
            posed = self.armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
            out.append(posed.matrix_world @ posed.pose.bones[bone].head)
        bpy.context.scene.frame_set(now)
        return out


def names() -> dict[str, list[str]]:
    """The names of all data blocks of the file that are saved with it, and of the NLA tracks."""
    found = {}
    for kind in dir(bpy.data):
        blocks = getattr(bpy.data, kind)
        if isinstance(blocks, bpy.types.bpy_prop_collection):
            found[kind] = sorted(item.name for item in blocks if item.users or item.use_fake_user)
    tracks = [t.name for o in bpy.data.objects if o.animation_data for t in o.animation_data.nla_tracks]
    return found | {"tracks": sorted(tracks)}


def arranged() -> Waits:
    """Close what is not needed, load the character, open the sidebar's tab."""
    bpy.context.preferences.view.filebrowser_display_type = "SCREEN"  # a second window can't be seen without a manager
    yield from driving.close_areas("OUTLINER", "PROPERTIES")
    film = Film()
    x, y = film.sheet.x + 300, film.window.height - film.sheet.y - film.sheet.height
    hands.move(x, y + 8)
    yield 0.5
    yield from dragged([(x, y), (x, y - 120)])
    film.sheet.ui_type = "DOPESHEET"
    with film.override():
        if CHARACTER == "rigify":
            for item in list(bpy.data.objects):
                bpy.data.objects.remove(item)
            armature, _ = rigify("")
        else:
            armature = driving.load_character(CHARACTER)
            armature.animation_data_clear()
        bpy.data.orphans_purge(do_recursive=True)  # what the objects that are gone had is not saved
        bpy.ops.object.select_all(action="DESELECT")
        armature.select_set(True)
        bpy.context.view_layer.objects.active = armature
    scene, space = bpy.context.scene, film.area.spaces.active
    scene.render.fps, scene.frame_start, scene.frame_end = round(FPS), 1, 360
    space.show_region_ui, space.show_region_toolbar = True, False
    film.sheet.spaces.active.dopesheet.show_only_selected = False  # keys of all bones
    scene.frame_set(1)
    bpy.ops.wm.save_as_mainfile(filepath=str(Path(FOLDER, "shot.blend")))
    yield 1.0
    next(r for r in film.area.regions if r.type == "UI").active_panel_category = "MotionGPT"
    yield SETTLE
