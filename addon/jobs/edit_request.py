"""What a task needs that works on the animation that is there: which poses stay, which frames come out anew."""

import math
from dataclasses import dataclass, replace

import bpy

from ...backend import limits
from ...retarget.errors import MotionGPTError
from ...retarget.motion.known import WHOLE
from ...retarget.rigs.mapping import Mapping
from ..action.keys import action_curves, key_frames
from ..action.new_action import plan_keys
from ..character.armature import read_rig
from ..character.settings import find_mapping
from ..poses.keyed import ALL, KeyedPose, choose_poses, gap_around
from ..ui.preferences import startup
from .context import check_armature, chosen_armature, scene_fps
from .service import Startup

INBETWEEN, CONTINUE, CAPTION = "inbetween", "continue", "caption"
"""The tasks, as `ServerInfo.tasks` names them."""

CONTEXT_SECONDS = 1.0 / 3.0
"""Motion before the range that goes along, so that speed carries over."""
HISTORY_SECONDS = 4.0
"""The same before a motion that is continued."""


@dataclass(frozen=True, eq=False)
class EditRequest:
    """One press of the button of such a task.

    start, end: first and last scene frame of the range.  before: frames of motion before it that go along.
    poses: what stays in the range, in order.  fps: of the scene; rate: the same as Blender keeps it, rate and base.
    variations: how many takes.  as_new: whether the result becomes an action of its own.
    armature_uid, armature_name, backend: as in `gather.GenerateContext`.
    """

    task: str
    prompt: str
    seed: int
    variations: int
    fps: float
    rate: tuple[int, float]
    start: int
    end: int
    before: int
    poses: tuple[KeyedPose, ...]
    as_new: bool
    armature_uid: int
    armature_name: str
    backend: Startup

    @property
    def origin(self) -> int:
        """Scene frame of the motion's first frame."""
        return self.start - self.before

    @property
    def frames(self) -> int:
        """Frames of the motion, those before the range included."""
        return self.end - self.origin + 1

    @property
    def read_at(self) -> list[float]:
        """The times at which the armature is read, and `kept` the frames of the motion that they are."""
        last = self.end if self.task == CAPTION else self.start - 1
        return [*map(float, range(self.origin, last + 1)), *(pose.at for pose in self.poses)]

    @property
    def kept(self) -> list[int]:
        last = self.end if self.task == CAPTION else self.start - 1
        return [f - self.origin for f in (*range(self.origin, last + 1), *(pose.frame for pose in self.poses))]

    @property
    def known(self) -> tuple[int, ...] | None:
        """`Inbetween.known`, or None where every kept frame gives the whole pose."""
        known = [WHOLE] * (len(self.kept) - len(self.poses)) + [pose.known for pose in self.poses]
        return None if all(pose == WHOLE for pose in known) else tuple(pose.bits for pose in known)

    def check_length(self, most: float) -> None:
        """Raises MotionGPTError where the range is over the model's limit of so many seconds."""
        seconds = (self.frames if self.task == INBETWEEN else self.end - self.start) / self.fps
        if self.task != CAPTION and most and seconds > most + 1e-6:
            raise MotionGPTError(
                f"The range lasts {seconds:.3g} seconds, and the model makes at most {most:g}.",
                "Shorten the range, or do it in parts.",
                "too_large",
            )


def gather_inbetween(context: bpy.types.Context, gap_only: bool = False) -> EditRequest:
    """What in-betweening needs. Raises MotionGPTError for what can't work; nothing is changed.

    gap_only: only the gap around the current frame, between the animator's own keys.
    """
    scene = context.scene
    settings = scene.motiongpt
    armature, mapping, carriers = _character(context)
    how = ALL if gap_only else settings.poses
    given_range = None if gap_only or settings.range == "KEYS" else scene_range(scene)
    poses = choose_poses(scene, armature, mapping, carriers, how, given_range)
    frames = [pose.frame for pose in poses]
    if gap_only:
        first, last = gap_around(frames, scene.frame_current)
    else:
        first, last = given_range or (frames[0], frames[-1])
    poses = [pose for pose in poses if first <= pose.frame <= last]
    _check_room(poses, first, last)
    seconds = (last - first + 1) / scene_fps(scene)
    limits.check_seconds(seconds)
    return replace(
        _request(context, INBETWEEN, armature),
        start=first,
        end=last,
        before=_frames_before(armature, first, CONTEXT_SECONDS * scene_fps(scene)),
        poses=tuple(poses),
        variations=1 if gap_only else settings.takes,
        as_new=settings.destination == "NEW" and not gap_only,
    )


def gather_continue(context: bpy.types.Context) -> EditRequest:
    """What continuing the motion after the current frame needs. Raises MotionGPTError; nothing is changed."""
    scene = context.scene
    armature, *_ = _character(context)
    _need_keys(armature)
    limits.check_seconds(scene.motiongpt.seconds)
    fps, now = scene_fps(scene), scene.frame_current
    return replace(
        _request(context, CONTINUE, armature),
        start=now,
        end=now + max(1, round(scene.motiongpt.seconds * fps)),
        before=_frames_before(armature, now, HISTORY_SECONDS * fps),
        poses=(KeyedPose(now, float(now), WHOLE, whole=True),),
    )


def gather_caption(context: bpy.types.Context) -> EditRequest:
    """What describing the motion in the scene's range needs. Raises MotionGPTError."""
    scene = context.scene
    armature, *_ = _character(context)
    _need_keys(armature)
    first, last = scene_range(scene)
    limits.check_seconds((last - first + 1) / scene_fps(scene))
    return replace(_request(context, CAPTION, armature), start=first, end=last)


def own_frames(context: bpy.types.Context) -> list[int]:
    """The frames on which the animator has keyed poses of the chosen armature. Raises MotionGPTError for none."""
    armature, mapping, carriers = _character(context)
    return [pose.frame for pose in choose_poses(context.scene, armature, mapping, carriers, ALL, None)]


def scene_range(scene: bpy.types.Scene) -> tuple[int, int]:
    """First and last frame that the scene plays."""
    if scene.use_preview_range:
        return scene.frame_preview_start, scene.frame_preview_end
    return scene.frame_start, scene.frame_end


def _character(context: bpy.types.Context) -> tuple[bpy.types.Object, Mapping, str]:
    """Armature, mapping, and the bone whose location carries the character. Raises MotionGPTError."""
    check_armature(context)
    armature = chosen_armature(context)
    rig = read_rig(armature)
    mapping = find_mapping(armature, rig)
    return armature, mapping, plan_keys(armature, rig, mapping).carriers


def _request(context: bpy.types.Context, task: str, armature: bpy.types.Object) -> EditRequest:
    settings, render = context.scene.motiongpt, context.scene.render
    prompt = settings.prompt.strip()
    if prompt:
        limits.check_prompt(prompt)
    return EditRequest(
        task=task, prompt=prompt, seed=settings.seed, variations=1, fps=scene_fps(context.scene),
        rate=(render.fps, render.fps_base), start=0, end=0, before=0, poses=(), as_new=False,
        armature_uid=armature.session_uid, armature_name=armature.name, backend=startup(context),
    )  # fmt: skip


def _check_room(poses: list[KeyedPose], first: int, last: int) -> None:
    """Raises MotionGPTError where nothing is left to be made."""
    if len(poses) == 1 and first == last:
        raise MotionGPTError(
            "One pose alone spans no frames.", "Choose another pose too, or the scene's frame range under Range."
        )
    if sum(pose.known == WHOLE for pose in poses) == last - first + 1:
        raise MotionGPTError("No frame lies between the chosen poses.", "Choose poses with frames between them.")


def _need_keys(armature: bpy.types.Object) -> None:
    if action_curves(armature) is None:
        raise MotionGPTError(f'"{armature.name}" has no animation.', "Give it an action first.")


def _frames_before(armature: bpy.types.Object, start: int, most: float) -> int:
    """How many frames of motion lie before a frame, at most so many: keys say where it begins."""
    curves = action_curves(armature)
    frames = [key_frames(curve) for curve in curves.fcurves] if curves else []
    first = min((float(times[0]) for times in frames if len(times)), default=float(start))
    return max(0, min(math.ceil(most), start - math.ceil(first)))
