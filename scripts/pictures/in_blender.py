"""Runs inside a windowed Blender with the extension installed: operates the panel as a user does, records the screen.

    blender --enable-event-simulate --python in_blender.py -- CHARACTER FOLDER

CHARACTER: a glTF file. FOLDER gets the pictures (PNG, the whole screen) and `shots.json`, which says of each where to
crop it, where the pointer was, and how long it is shown. Blender quits by itself. `make_pictures.py` starts this.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import bpy
from mathutils import Vector

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "tests" / "product" / "windowed"))
import driving
import eyes

CHARACTER, FOLDER, *SCENES = sys.argv[sys.argv.index("--") + 1 :]
SCENES = SCENES or ["generating", "character_settings", "gallery", "between_poses", "installing"]
RATE = 24
SCALE = 1.2  # of Blender's interface, so that the panel can be read in a page
PROMPT = "a person walks and turns left"
SEED = 7
SECONDS = 4.0
GALLERY = (
    ("a person runs forward", 1),
    ("a tired old man walks", 1),
    ("a person waves the right hand", 1),
    ("a person bows", 1),
    ("a person kicks with the right leg", 1),
    ("a person dances", 1),
)
GALLERY_SECONDS = 3.0

# Rows of the panel by what is written in them, and how many widgets' heights below that.
ROWS = {
    "header": ("MotionGPT", 0.0),
    "next header": ("Armature", 0.0),
    "task": ("Text to Motion", 0.0),
    "prompt": ("Text to Motion", 1.3),
    "seconds": ("Seconds", 0.0),
    "seed": ("Seed", 0.0),
    "armature": ("Armature:", 0.0),
    "button": ("Generate", 0.0),
}
NUMBERED = ("armature", "prompt", "seconds", "button")
HIDDEN = (
    "show_bones", "show_cursor", "show_text", "show_object_origins", "show_outline_selected", "show_axis_x",
    "show_axis_y", "show_extras", "show_relationship_lines",
)  # fmt: skip

seen: dict[str, object] = {"shots": []}


class Stage:
    """The window, arranged for pictures: a viewport with the sidebar, a timeline below it, nothing else."""

    def __init__(self) -> None:
        self.window = bpy.context.window_manager.windows[0]
        self.pointer = (300, 300)
        self.viewport = self.areas("VIEW_3D")[0]

    def areas(self, *kinds: str) -> list[bpy.types.Area]:
        return [a for a in self.window.screen.areas if a.type in kinds]

    @property
    def sidebar(self) -> bpy.types.Region | None:
        return next((r for r in self.viewport.regions if r.type == "UI"), None)

    def override(self, area: bpy.types.Area | None = None) -> AbstractContextManager[None]:
        area = area or self.viewport
        region = next(r for r in area.regions if r.type == "WINDOW")
        return bpy.context.temp_override(window=self.window, screen=self.window.screen, area=area, region=region)

    def look(self, at: tuple[float, float, float], towards: tuple[float, float, float], distance: float) -> None:
        """Point the viewport at a place, along a direction, from so many metres away."""
        view = self.viewport.spaces.active.region_3d
        view.view_perspective = "PERSP"
        view.view_location = at
        view.view_rotation = Vector(towards).to_track_quat("-Z", "Y")
        view.view_distance = distance

    def row(self, name: str) -> tuple[int, int]:
        """The middle of a row of the panel, in window coordinates. Raises LookupError where it can't be read."""
        unit, side, (label, below) = 20 * SCALE, self.sidebar, ROWS[name]
        top = self.top()
        found = eyes.find(label, self.sidebar_box())
        if not found:
            raise LookupError(f'"{label}" is not in the panel')
        across = (side.width - unit) / 2  # the tabs at its right side are as wide as a widget is high
        return round(side.x + across), round(top - found[0].y - below * unit)

    def top(self) -> int:
        """The row of the screen that is 0 in the window's coordinates, whose Y is up."""
        return eyes.screen().shape[0] - self.window.y

    def sidebar_box(self) -> eyes.Box:
        """The sidebar's place on the screen."""
        side = self.sidebar
        left, upper = side.x + self.window.x, self.top() - side.y - side.height
        return left, upper, left + side.width, upper + side.height

    def press(self, kind: str, **more: str) -> None:
        for value in ("PRESS", "RELEASE"):
            self.window.event_simulate(type=kind, value=value, x=self.pointer[0], y=self.pointer[1], **more)
            more = {}

    def point(self, place: tuple[int, int]) -> None:
        self.pointer = place
        self.window.event_simulate(type="MOUSEMOVE", value="NOTHING", x=place[0], y=place[1])

    def glide(self, film: str, place: tuple[int, int], shots: int) -> Iterator[float]:
        """Move the pointer there, a picture of the film at each step."""
        start = self.pointer
        for i in range(1, shots + 1):
            share = (i / shots) ** 2 * (3 - 2 * i / shots)
            x, y = (a + (b - a) * share for a, b in zip(start, place, strict=True))
            self.point((round(x), round(y)))
            yield 0.15
            self.shoot(film, 0.05)

    def shoot(self, name: str, seconds: float = 0.0, caption: str = "") -> None:
        """A picture of the screen: a still, or one of the pictures of the film, shown for so many seconds."""
        areas = self.areas("VIEW_3D", "DOPESHEET_EDITOR", "PREFERENCES")
        panel = self.sidebar
        shots = seen["shots"]
        file = f"{len(shots):04d}.png"
        driving.picture(str(Path(FOLDER, file)))
        shots.append({
            "name": name, "file": file, "seconds": seconds, "caption": caption, "pointer": self.pointer,
            "window": [self.window.x, self.window.y], "areas": [[a.x, a.y, a.width, a.height] for a in areas],
            "sidebar": panel and [panel.x, panel.y, panel.width, panel.height],
            "rows": {n: self.row(n) for n in NUMBERED} if name == "panel" else {},
        })  # fmt: skip


def arrange(stage: Stage) -> Iterator[float]:
    """Load the character, dress the viewport."""
    bpy.context.preferences.system.viewport_aa = "FXAA"  # drawn in one go
    view = bpy.context.preferences.view
    view.ui_scale, view.show_tooltips = SCALE, False
    stage.window.screen.show_statusbar = False
    yield 1.0
    timeline = stage.areas("DOPESHEET_EDITOR")[0]
    with stage.override(timeline):
        bpy.ops.screen.area_move(x=timeline.x + 200, y=timeline.y + timeline.height, delta=round(14 * SCALE))
    yield 1.0
    with stage.override():
        armature = driving.load_character(CHARACTER)
        armature.animation_data_clear()
        armature.name = "Hero"
        lay_floor()
        bpy.context.view_layer.objects.active = armature
    dress(stage.viewport.spaces.active)
    scene = bpy.context.scene
    scene.render.fps, scene.frame_end = RATE, round(SECONDS * RATE)
    yield 1.0
    for _ in range(20):  # it has no tabs before it was drawn, which takes its time on a busy machine
        stage.sidebar.active_panel_category = "MotionGPT"
        stage.viewport.tag_redraw()
        yield driving.SETTLE / 2
        if eyes.find("MotionGPT", stage.sidebar_box()):
            return
    driving.picture(str(Path(FOLDER, "last.png")))
    raise LookupError("the panel does not show")


def lay_floor() -> None:
    """A plane that takes the shadows."""
    bpy.ops.mesh.primitive_plane_add(size=60.0, location=(0.0, 0.0, -0.003))
    material = bpy.data.materials.new("Floor")
    material.diffuse_color = (0.16, 0.18, 0.22, 1.0)
    bpy.context.object.data.materials.append(material)
    bpy.context.object.select_set(False)


def dress(space: bpy.types.SpaceView3D) -> None:
    """A calm background, the character's own colours, its creases and shadows; no handles, no bones."""
    space.show_region_ui, space.show_region_toolbar = True, False
    space.show_region_header = space.show_region_tool_header = space.show_gizmo = False
    for name in HIDDEN:
        setattr(space.overlay, name, False)
    shading = space.shading
    shading.light, shading.color_type = "STUDIO", "TEXTURE"
    shading.background_type, shading.background_color = "VIEWPORT", (0.05, 0.06, 0.08)
    shading.show_cavity, shading.cavity_type = True, "BOTH"
    shading.show_shadows, shading.shadow_intensity = True, 0.5


def wait(film: Callable[[], None] | None = None) -> Iterator[float]:
    """Wait until the job that was just started has ended; `film` is called at every poll."""
    from bl_ext.user_default.motiongpt.addon.jobs import session

    now = session.current()
    for _ in range(15):  # the press itself may take a moment, and so may the job
        yield 0.02
        if film:
            film()
    assert now.running or now.job, f"the button was missed: {ROWS}; {now.error}"
    while now.running:
        yield 0.02
        if film:
            film()
    assert not now.error, now.error


def play(stage: Stage, film: str, first: int, last: int) -> Iterator[float]:
    """Every frame of the scene, in the viewport and in the film."""
    for frame in range(first, last + 1):
        bpy.context.scene.frame_set(frame)
        yield 0.12
        stage.shoot(film, 1.0 / RATE)
    seen["shots"][-1]["seconds"] = 0.8


def generating(stage: Stage) -> Iterator[float]:
    """Type what happens, press the button, see the character do it."""
    settings = bpy.context.scene.motiongpt
    settings.seed, settings.seconds = SEED, SECONDS
    stage.look((1.1, -1.6, 0.85), (-0.5, 1.0, -0.28), 7.0)
    yield driving.SETTLE
    stage.shoot("generate", 0.6)
    yield from stage.glide("generate", stage.row("prompt"), 8)
    stage.press("LEFTMOUSE")
    yield 0.5
    for i, letter in enumerate(PROMPT):
        stage.press("SPACE" if letter == " " else letter.upper(), unicode=letter)
        yield 0.15
        if i % 2 or i == len(PROMPT) - 1:
            stage.shoot("generate", 0.09)
    stage.press("RET")
    yield 0.5
    assert settings.prompt == PROMPT, f"typed into the wrong place: {ROWS}"
    yield driving.SETTLE
    stage.shoot("generate", 0.3)
    stage.shoot("panel")
    yield from stage.glide("generate", stage.row("button"), 8)
    stage.press("LEFTMOUSE")
    yield 0.05
    yield from wait(lambda: stage.shoot("generate", 0.15))
    stage.point((300, 200))  # beside the panel, which would highlight what lies below the pointer
    yield 0.5
    yield from play(stage, "generate", 1, bpy.context.scene.frame_end)
    stage.shoot("result")


def character_settings(stage: Stage) -> Iterator[float]:
    """What belongs to one character: the panel below, with the bones that were found."""
    with stage.override():
        bpy.ops.motiongpt.find_bones()
    for header in ("header", "next header"):  # fold the panel above, unfold this one
        stage.point(stage.row(header))
        stage.press("LEFTMOUSE")
        yield driving.SETTLE
    stage.point((300, 200))
    yield driving.SETTLE
    stage.shoot("character")
    stage.point(stage.row("header"))
    stage.press("LEFTMOUSE")
    yield driving.SETTLE


def keyed_poses(armature: bpy.types.Object, frames: tuple[int, ...]) -> None:
    """Leave of the motion only the poses on these frames, as if an animator had set them."""
    scene = bpy.context.scene
    poses = []
    for frame in frames:
        scene.frame_set(frame)
        poses.append({bone.name: bone.matrix_basis.copy() for bone in armature.pose.bones})
    armature.animation_data_clear()
    for frame, pose in zip(frames, poses, strict=True):
        for name, matrix in pose.items():
            if any(other[name] != matrix for other in poses):  # not the fingers
                bone = armature.pose.bones[name]
                bone.matrix_basis = matrix
                bone.keyframe_insert("rotation_quaternion", frame=frame)
                bone.keyframe_insert("location", frame=frame)


def between_poses(stage: Stage) -> Iterator[float]:
    """Three poses, their ghosts and keys; then the frames between."""
    scene, settings, armature = bpy.context.scene, bpy.context.scene.motiongpt, bpy.context.object
    frames = (1, 16, 32)
    scene.frame_set(1)
    settings.prompt, settings.seed, settings.seconds = "a person walks forward", SEED, 4.0
    with stage.override():
        bpy.ops.motiongpt.generate()
    yield from wait()
    keyed_poses(armature, frames)
    scene.frame_start, scene.frame_end = frames[0], frames[-1]
    scene.frame_set(1)
    settings.task, settings.poses, settings.ghosts, settings.prompt = "inbetween", "ALL", True, ""
    with stage.override():
        bpy.ops.screen.area_split(direction="HORIZONTAL", factor=0.3)
    yield 1.0
    below, stage.viewport = sorted(stage.areas("VIEW_3D"), key=lambda a: a.y)
    with stage.override(stage.areas("DOPESHEET_EDITOR")[0]):
        bpy.ops.screen.area_close()
    yield 1.0
    below.ui_type = "DOPESHEET"
    yield 1.0
    with stage.override():
        bpy.ops.object.mode_set(mode="POSE")
    stage.sidebar.active_panel_category = "MotionGPT"
    with stage.override(below):
        below.spaces.active.show_region_ui = False
        bpy.ops.action.view_all()
    stage.look((0.9, -0.9, 0.8), (-1.0, 0.35, -0.2), 4.6)
    yield driving.SETTLE
    stage.shoot("inbetween", 1.5)
    stage.shoot("poses")
    with stage.override():
        bpy.ops.motiongpt.inbetween()
    yield from wait()
    with stage.override(below):
        bpy.ops.action.view_all()
    yield 1.0
    for _ in range(2):
        yield from play(stage, "inbetween", frames[0], frames[-1])
    scene.frame_set(9)
    yield driving.SETTLE
    stage.shoot("between")


def installing(stage: Stage) -> Iterator[float]:
    """Where Blender installs an extension from a zip."""
    stage.viewport.ui_type = "PREFERENCES"
    bpy.context.preferences.active_section = "EXTENSIONS"
    yield driving.SETTLE
    area, unit = stage.viewport, 20 * SCALE
    stage.point((round(area.x + area.width - 0.9 * unit), round(area.y + area.height - 2.25 * unit)))
    stage.press("LEFTMOUSE")
    yield driving.SETTLE
    stage.shoot("install")


def gallery(stage: Stage) -> Iterator[float]:
    """One film a prompt, the viewport following the character."""
    scene, settings, armature = bpy.context.scene, bpy.context.scene.motiongpt, bpy.context.object
    settings.seconds = GALLERY_SECONDS
    stage.viewport.spaces.active.show_region_ui = False
    for i, (prompt, seed) in enumerate(GALLERY):
        scene.frame_set(1)
        settings.prompt, settings.seed = prompt, seed
        with stage.override():
            bpy.ops.motiongpt.generate()
        yield from wait()
        hips = armature.pose.bones["pelvis"]
        for frame in range(1, round(GALLERY_SECONDS * RATE) + 1, 2):
            scene.frame_set(frame)
            place = armature.matrix_world @ hips.head
            stage.look((place.x, place.y, 1.0), (-0.6, 1.0, -0.15), 3.6)
            yield 0.12
            stage.shoot(f"gallery {i}", 2.0 / RATE, prompt)
    stage.viewport.spaces.active.show_region_ui = True


def steps() -> Iterator[float]:
    yield driving.SETTLE
    yield from driving.close_areas("OUTLINER", "PROPERTIES")
    stage = Stage()
    yield from arrange(stage)
    for scene in SCENES:
        yield from globals()[scene](stage)


driving.LIMIT = 3600.0
driving.start(steps(), seen, str(Path(FOLDER, "shots.json")), limit=3500.0)
