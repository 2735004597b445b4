"""Text to motion: a new motion from a prompt, as a new action."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bpy

from ...backend import limits
from ...retarget.motion import Motion
from ..action.all_or_nothing import all_or_nothing
from ..action.fingers import KeptFingers, keyed_fingers
from ..action.hands import CharacterHands
from ..action.new_action import ThinCurve, solve_keys, thin_keys, write_keys
from ..character.character import Character
from ..character.placing import OBJECT
from ..character.settings import key_tolerance, wanted_destination
from ..character.typing import Scene, full
from ..overrides.following import Expected, expected_of
from .context import Request, Target, check_armature, check_bones, scene_fps, scene_range, wanted_seconds
from .job import ANSWERED, Job, Stage, Waiting, check_task, in_thread
from .service import Service
from .showing import show_frames


@dataclass(frozen=True, eq=False)
class GenerateRequest(Request):
    """What one press of Generate asks for.

    seconds, frames: length of the motion, in time and in the scene's frames.  start_frame: scene frame of the first
    key.  hands: the shape of hands with fingers, of `hand_shapes.SHAPES`.
    """

    prompt: str
    seed: int
    seconds: float
    frames: int
    start_frame: int
    hands: str


class GenerateJob(Job[GenerateRequest]):
    task = "generate"

    @classmethod
    def gather(cls, context: bpy.types.Context) -> GenerateRequest:
        scene, armature = full(context).scene, check_armature(context)
        _check_settings(scene)
        Character.read(armature)  # raises for anything but a biped
        seconds, frames, start_frame = wanted_length(scene)
        return GenerateRequest(
            target=Target.gather(context),
            prompt=scene.motiongpt.prompt.strip(),
            seed=scene.motiongpt.seed,
            seconds=seconds,
            frames=frames,
            start_frame=start_frame,
            hands=scene.motiongpt.hands.lower().replace("_", "-"),
        )

    @classmethod
    def check(cls, context: bpy.types.Context, service: Service) -> None:
        check_armature(context)
        _check_settings(full(context).scene)
        check_task(service, cls.task)

    def _steps(self) -> Waiting[None]:
        yield from self._backend_ready()
        from ...backend.tasks import Generate

        request = self.request
        asked = Generate(request.prompt, seconds=request.seconds, seed=request.seed)
        answer = yield from self._answer(asked)
        curves, kept, character, expected = yield from self._solved(answer.motions[0])
        self._write(curves, kept)
        yield from self._check_overrides(character, expected)

    def _solved(self, motion: Motion) -> Waiting[tuple[Sequence[ThinCurve], KeptFingers, Character, Expected]]:
        self.stage, self.fraction = Stage.TO_ARMATURE, ANSWERED
        yield from self._out_of_edit_mode()
        request, armature = self.request, self._armature()
        fps, frames, start = request.target.fps, request.frames, request.start_frame
        character = Character.read(armature)  # as it is now, not as it was when Generate was pressed
        destination = character.root_destination(wanted_destination(armature))
        tolerance = key_tolerance(armature)
        hands = CharacterHands.read(armature, character)
        kept = keyed_fingers(armature, hands, start, start + frames - 1)

        def solve() -> tuple[Sequence[ThinCurve], Expected]:
            solved = character.solve(motion.resample(fps, frames), destination)
            expected = expected_of(character, solved, start, tolerance.degrees if tolerance else 0.0)
            fingers = hands.shaped(request.hands, kept.sides)
            return thin_keys([*solve_keys(character, solved), *fingers], tolerance), expected

        curves, expected = yield from in_thread(solve)
        return curves, kept, character, expected

    def _write(self, curves: Sequence[ThinCurve], kept: KeptFingers) -> None:
        request = self.request
        armature = self._armature()
        check_bones(armature, (bone for bone, _, _ in curves if bone != OBJECT))
        last = request.start_frame + request.frames - 1
        # Blender cuts at 63 bytes; more would only make the list unreadable.
        name = limits.one_line(request.prompt)[:60]
        with all_or_nothing(armature):
            self.action = write_keys(armature, curves, name, request.start_frame, kept.curves).name
            shown = show_frames(request.target, request.start_frame, last)
            bpy.ops.ed.undo_push(message=f"MotionGPT: {name}")
        self.message = (
            f'Frames {request.start_frame} to {last} of {armature.name}, in the action "{self.action}".{shown}'
        )


def _check_settings(scene: Scene) -> None:
    """Raises MotionGPTError for a prompt or a length that can't be used."""
    limits.check_prompt(scene.motiongpt.prompt)
    seconds = wanted_length(scene)[0]
    limits.check_seconds(seconds)
    limits.check_made(seconds, scene_fps(scene), 1)


def wanted_length(scene: Scene) -> tuple[float, int, int]:
    """Seconds, frames and first frame that the settings ask for."""
    settings = scene.motiongpt
    fps = scene_fps(scene)
    if settings.use_scene_range:
        first, last = scene_range(scene)
        return (last - first + 1) / fps, last - first + 1, first
    seconds = wanted_seconds(scene)
    return seconds, max(1, round(seconds * fps)), scene.frame_current
