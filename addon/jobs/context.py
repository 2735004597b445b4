"""Blender's context, read once when a button is pressed; from there on only plain values are passed."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import bpy

from ...backend import limits
from ...retarget.errors import MotionGPTError
from ..action.bending import Span
from ..action.fcurves import ActionCurves, action_curves, all_fcurves, key_frames, played_action
from ..character.character import Character
from ..character.typing import ArmatureObject, Scene, as_armature, full
from ..poses.keyed import KeyedPose, whole_pose
from ..translation.saying import say
from .service import Startup

EXTENSION = __package__.removesuffix(".addon.jobs")
"""What Blender calls this extension."""


@dataclass(frozen=True)
class Target:
    """The armature that a press is for, and the backend that it needs.

    armature_uid: finds the armature again, even if it was renamed or Blender moved it in memory meanwhile (undo does),
    and finds nothing once it is deleted or another file is open.  scene_uid: of the scene.  rate: the scene's, as
    Blender stores it: frames a second, and the base that divides them.  backend: how to start it if it is not running
    yet.
    """

    armature_uid: int
    armature_name: str
    scene_uid: int
    rate: tuple[int, float]
    backend: Startup

    @property
    def fps(self) -> float:
        """Frames a second, as playback counts them."""
        return self.rate[0] / self.rate[1]

    @classmethod
    def gather(cls, context: bpy.types.Context) -> "Target":
        """Read the context. Raises MotionGPTError for an armature, frame rate or preferences that can't be used."""
        return cls.of(check_armature(context), context)

    @classmethod
    def of(cls, armature: ArmatureObject, context: bpy.types.Context) -> "Target":
        """Of an armature that is checked. Raises MotionGPTError for a frame rate or preferences that can't be used."""
        scene = full(context).scene
        scene_fps(scene)
        return cls(armature.session_uid, armature.name, scene.session_uid, scene_rate(scene), startup(context))


@dataclass(frozen=True, eq=False)
class Request:
    """What one press of a task's button asks for."""

    target: Target


@dataclass(frozen=True, eq=False)
class MotionRequest(Request):
    """A request that sends existing animation. span: the frames to work on.  poses: those that are kept, in order."""

    span: Span
    poses: tuple[KeyedPose, ...]

    @property
    def sent(self) -> list[KeyedPose]:
        """Everything that is read and sent: the motion before the span, and the poses."""
        return [*map(whole_pose, range(self.span.origin, self.span.start)), *self.poses]

    @property
    def read_at(self) -> list[float]:
        """The times at which poses are read: those of everything that is sent, and maybe more after them."""
        return [pose.at for pose in self.sent]

    @property
    def sent_at(self) -> list[int]:
        """The frames of the motion that they are on."""
        return [pose.frame - self.span.origin for pose in self.sent]

    @property
    def sent_frames(self) -> int:
        """Length of the motion that is sent, in frames."""
        return self.sent_at[-1] + 1

    @property
    def run(self) -> int:
        """How many of `read_at`, from the first on, are consecutive frames that need not all be read."""
        return 0

    def check_frames(self) -> None:
        """Raises MotionGPTError for more frames than can be sent; before they are read, which takes long."""
        if self.sent_frames > limits.MAX_MOTION_FRAMES:
            raise MotionGPTError(
                say(
                    "The range has {frames} frames, and at most {most} can be sent.",
                    frames=self.sent_frames,
                    most=limits.MAX_MOTION_FRAMES,
                ),
                "Shorten the range, or do it in parts.",
                "too_large",
            )


def check_armature(context: bpy.types.Context) -> ArmatureObject:
    """The chosen armature, checked without reading bones: cheap enough for every redraw. Raises MotionGPTError."""
    armature = chosen_armature(context)
    if armature is None:
        raise MotionGPTError("No armature is chosen.", "Select one, or pick one under Armature.")
    return check_usable(armature, full(context).scene)


def check_usable(armature: ArmatureObject, scene: Scene) -> ArmatureObject:
    """An armature that can be animated now. Raises MotionGPTError for one that can't."""
    if armature.name not in scene.objects:
        raise MotionGPTError(
            say('The armature "{armature}" is not in this scene.', armature=armature.name), "Choose another armature."
        )
    if armature.library is not None:
        raise MotionGPTError(
            say('The armature "{armature}" is linked from another file.', armature=armature.name),
            "Make a library override of it first.",
        )
    if armature.override_library is not None and armature.override_library.is_system_override:
        raise MotionGPTError(
            say('The armature "{armature}" is a library override that can\'t be edited.', armature=armature.name),
            "Make it editable first (Outliner, Library Override, Make Editable).",
        )
    if armature.mode == "EDIT":
        raise MotionGPTError(
            say('The armature "{armature}" is in Edit Mode.', armature=armature.name), "Leave Edit Mode first."
        )
    return armature


def check_bones(armature: ArmatureObject, names: Iterable[str]) -> None:
    """Raises MotionGPTError where the armature lacks one of these bones."""
    missing = next((name for name in names if name not in armature.pose.bones), None)
    if missing is not None:
        raise MotionGPTError(
            say('"{armature}" no longer has the bone "{missing}".', armature=armature.name, missing=missing),
            "Press the button again.",
        )


def check_animated(armature: ArmatureObject) -> ActionCurves:
    """The curves that animate the armature. Raises MotionGPTError where there are none."""
    curves = action_curves(armature)
    if curves is not None:
        return curves
    action = played_action(armature)
    if action is not None and all_fcurves(action):
        raise MotionGPTError(
            say(
                '"{armature}" uses no slot of its action "{action}" that has keys.',
                armature=armature.name,
                action=action.name,
            ),
            "Choose another slot in the Action Editor.",
        )
    raise MotionGPTError(say('"{armature}" has no animation.', armature=armature.name), "Give it an action first.")


def check_writable(armature: ArmatureObject, as_new: bool) -> None:
    """Raises MotionGPTError for an action that another file holds: what is written there would be gone after loading.

    as_new: whether a copy of it is written.
    """
    action = played_action(armature)
    if action is not None and action.library is not None and not as_new:
        raise MotionGPTError(
            say('The action "{action}" is linked from another file.', action=action.name),
            "Set Into to New Action, or make it local (Object, Relations, Make Local).",
        )


def check_motion(context: bpy.types.Context) -> ArmatureObject:
    """The chosen armature, checked to be a biped with an action. Raises MotionGPTError."""
    armature = check_armature(context)
    Character.read(armature)
    check_animated(armature)
    return armature


def chosen_armature(context: bpy.types.Context) -> ArmatureObject | None:
    """The picked armature, else the active one, else the one that deforms the active object."""
    chosen = full(context).scene.motiongpt.armature or full(context).view_layer.objects.active
    if chosen is not None and chosen.type != "ARMATURE":
        chosen = chosen.find_armature()
    return as_armature(chosen) if chosen is not None else None


def find_scene(uid: int) -> Scene | None:
    """The scene of a request, or None where it was deleted meanwhile."""
    found = (scene for scene in bpy.data.scenes if scene.session_uid == uid)
    return next((cast(Scene, scene) for scene in found), None)


def scene_rate(scene: Scene) -> tuple[int, float]:
    """Frames a second and the base that they are divided by, as in `Target.rate`."""
    return scene.render.fps, scene.render.fps_base


def scene_fps(scene: Scene) -> float:
    """Frames a second, as playback counts them. Raises MotionGPTError for a rate that no motion can have: Blender
    allows 32,767 frames a second, and a base from a hundred-thousandth to a million."""
    fps = scene.render.fps / scene.render.fps_base
    try:
        limits.check_fps(fps)
    except MotionGPTError as error:
        raise MotionGPTError(
            say("The scene plays {fps:.6g} frames a second.", fps=fps),
            say("{cure} (Properties, Output, Frame Rate)", cure=error.cure),
            error.kind,
        ) from None
    return fps


def wanted_seconds(scene: Scene) -> float:
    """The length that is set, in seconds or frames; seconds as they were typed, as Blender keeps them in single
    precision."""
    settings = scene.motiongpt
    if settings.length == "FRAMES":
        return float(settings.frames / scene_fps(scene))
    return round(float(settings.seconds), 4)


def optional_prompt(context: bpy.types.Context) -> str:
    """The prompt, which may be empty. Raises MotionGPTError for one that is too long."""
    prompt: str = full(context).scene.motiongpt.prompt.strip()
    if prompt:
        limits.check_prompt(prompt)
    return prompt


def scene_range(scene: Scene) -> tuple[int, int]:
    """First and last frame that the scene plays."""
    if scene.use_preview_range:
        return scene.frame_preview_start, scene.frame_preview_end
    return scene.frame_start, scene.frame_end


def frames_before(armature: ArmatureObject, start: int, most: float) -> int:
    """How many frames of motion precede `start`, `most` at most; the motion begins on the first key."""
    curves = action_curves(armature)
    frames = [key_frames(curve) for curve in curves.fcurves] if curves else []
    first = min((float(times[0]) for times in frames if len(times)), default=float(start))
    return max(0, min(math.ceil(most), start - math.ceil(first)))


def startup(context: bpy.types.Context) -> Startup:
    """How to start the backend, from the preferences. Raises MotionGPTError for a bad model folder, Python or key
    file."""
    entry = full(context).preferences.addons.get(EXTENSION)  # None where a script enabled the extension for one run
    if entry is None:
        return Startup(log_path())
    wanted = entry.preferences
    if wanted.server:
        from ...backend.process.connection import read_key_file

        key_file = Path(bpy.path.abspath(wanted.server))
        read_key_file(key_file)
        return Startup(log_path(), server=key_file)
    arguments: tuple[str, ...] = ()
    if wanted.model:
        folder = Path(bpy.path.abspath(wanted.model))
        if not (folder / "model.json").is_file():
            raise MotionGPTError(
                say("{folder} holds no model.json.", folder=folder),
                "Choose a model's folder in the preferences, or leave it empty.",
            )
        arguments += ("--model", str(folder))
    elif wanted.installed:  # "" where no model is installed, or the one that was chosen no longer is
        arguments += ("--model", wanted.installed)
    if wanted.device != "auto":
        arguments += ("--device", wanted.device)
    python = bpy.path.abspath(wanted.python) if wanted.python else ""
    if python and not Path(python).is_file():
        raise MotionGPTError(
            say("There is no Python {python}.", python=python), "Choose another in the preferences, or leave it empty."
        )
    return Startup(log_path(), arguments, python)


def server_lines(context: bpy.types.Context) -> tuple[str, ...]:
    """Where the server is to which the preferences lead, and its fingerprint; or what is wrong. Empty without one."""
    entry = full(context).preferences.addons.get(EXTENSION)
    if entry is None or not entry.preferences.server:
        return ()
    from ...backend.process.access.keys import fingerprint
    from ...backend.process.connection import read_key_file

    try:
        handover = read_key_file(Path(bpy.path.abspath(entry.preferences.server)))
    except MotionGPTError as error:
        return error.message, error.cure
    return say("Server: {address}", address=handover.endpoint.removeprefix("tcp://")), say(
        "Fingerprint: {fingerprint}", fingerprint=fingerprint(handover.server_key)
    )


def preloads(context: bpy.types.Context) -> bool:
    """Whether the model is loaded before the first press, as the preferences say."""
    entry = full(context).preferences.addons.get(EXTENSION)
    return entry is not None and bool(entry.preferences.preload)


def log_path() -> Path:
    """The backend's log file; it is kept when the extension is updated."""
    try:
        return Path(bpy.utils.extension_path_user(EXTENSION)) / "backend.log"
    except ValueError:  # run by a script, not installed as an extension
        return Path(bpy.app.tempdir) / "motiongpt-backend.log"
