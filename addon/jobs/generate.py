"""Text to motion: a new motion from a prompt, as a new action."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import bpy

from ...backend import limits
from ...retarget.motion import Motion
from ..action.all_or_nothing import all_or_nothing
from ..action.fcurves import action_curves
from ..action.fingers import KeptFingers, keyed_fingers
from ..action.hands import CharacterHands
from ..action.new_action import ThinCurve, solve_keys, thin_keys, write_keys
from ..character.character import Character
from ..character.placing import OBJECT
from ..character.settings import key_tolerance, wanted_destination
from ..character.typing import ArmatureObject, Scene, full
from ..overrides.following import Expected, expected_of
from ..travel.asked import finish_of, travelling_block
from ..travel.cycles import make_cyclic, show_cycle
from ..travel.finishing import Finish
from ..travel.pins import missed
from .context import Request, Target, check_armature, check_bones, scene_fps, scene_range, wanted_seconds
from .job import ANSWERED, Job, Stage, Waiting, check_task, in_thread
from .service import Service
from .showing import find_scene, show_frames

if TYPE_CHECKING:
    from ...backend.tasks import Block


@dataclass(frozen=True, eq=False)
class GenerateRequest(Request):
    """What one press of Generate asks for.

    seconds, frames: length of the motion, in time and in the scene's frames.  start_frame: scene frame of the first
    key.  hands: the shape of hands with fingers, of `hand_shapes.SHAPES`.  block: the prompt with the travel that is
    asked for; None where nothing is.  finish: whether it becomes a loop, and what is pinned.
    """

    prompt: str
    seed: int
    seconds: float
    frames: int
    start_frame: int
    hands: str
    block: Block | None = None
    finish: Finish = field(default_factory=Finish)


class GenerateJob(Job[GenerateRequest]):
    task = "generate"
    _frames = 0  # that were written
    _far: Sequence[float] = ()  # how far each pin's target is out of reach

    @classmethod
    def gather(cls, context: bpy.types.Context) -> GenerateRequest:
        scene, armature = full(context).scene, check_armature(context)
        _check_settings(scene)
        character = Character.read(armature)  # raises for anything but a biped
        seconds, frames, start_frame = wanted_length(scene)
        block = travelling_block(scene, armature, character, seconds, start_frame)
        if block is not None and block.seconds is not None and block.seconds != seconds:
            seconds, frames = block.seconds, max(1, round(block.seconds * scene_fps(scene)))
        return GenerateRequest(
            target=Target.gather(context),
            prompt=scene.motiongpt.prompt.strip(),
            seed=scene.motiongpt.seed,
            seconds=seconds,
            frames=frames,
            start_frame=start_frame,
            hands=scene.motiongpt.hands.lower().replace("_", "-"),
            block=block,
            finish=finish_of(scene, armature, start_frame, start_frame + frames - 1),
        )

    @classmethod
    def check(cls, context: bpy.types.Context, service: Service) -> None:
        check_armature(context)
        _check_settings(full(context).scene)
        check_task(service, cls.task)

    def _steps(self) -> Waiting[None]:
        yield from self._backend_ready()
        from ...backend.tasks import Generate, Shot

        request = self.request
        asked: Generate | Shot = Generate(request.prompt, seconds=request.seconds, seed=request.seed)
        if request.block is not None:
            asked = Shot((request.block,), seed=request.seed)
        answer = yield from self._answer(asked)
        if blocks := answer.motions[0].meta.get("blocks"):  # what the model says of the one block, as of any motion
            self.made = replace(answer.motions[0], meta=answer.motions[0].meta | blocks[0])
        curves, kept, character, expected = yield from self._solved(answer.motions[0])
        self._write(curves, kept)
        yield from self._check_overrides(character, expected)

    def _solved(self, motion: Motion) -> Waiting[tuple[Sequence[ThinCurve], KeptFingers, Character, Expected]]:
        self.stage, self.fraction = Stage.TO_ARMATURE, ANSWERED
        yield from self._out_of_edit_mode()
        request, armature = self.request, self._armature()
        fps, start = request.target.fps, request.start_frame
        shaped = yield from in_thread(lambda: request.finish.shaped(motion.resample(fps, request.frames)))
        frames = self._frames = len(shaped) + request.finish.loop  # a loop closes on one more
        character = Character.read(armature)  # as it is now, not as it was when Generate was pressed
        destination = character.root_destination(wanted_destination(armature))
        tolerance = key_tolerance(armature)
        hands = CharacterHands.read(armature, character)
        kept = keyed_fingers(armature, hands, start, start + frames - 1)

        def solve() -> tuple[Sequence[ThinCurve], Expected]:
            solved, self._far = request.finish.solved(character, shaped, destination)
            expected = expected_of(character, solved, start, tolerance.degrees if tolerance else 0.0)
            fingers = hands.shaped(request.hands, kept.sides)
            return thin_keys([*solve_keys(character, solved), *fingers], tolerance), expected

        curves, expected = yield from in_thread(solve)
        return curves, kept, character, expected

    def _write(self, curves: Sequence[ThinCurve], kept: KeptFingers) -> None:
        request = self.request
        armature = self._armature()
        check_bones(armature, (bone for bone, _, _ in curves if bone != OBJECT))
        finish, last = request.finish, request.start_frame + self._frames - 1 - request.finish.loop
        # Blender cuts at 63 bytes; more would only make the list unreadable.
        name = limits.one_line(request.prompt)[:60]
        with all_or_nothing(armature):
            self.action = write_keys(armature, curves, name, request.start_frame, kept.curves).name
            shown = show_frames(request.target, request.start_frame, last)
            self._make_loop(armature)
            bpy.ops.ed.undo_push(message=f"MotionGPT: {name}")
        self.message = (
            f'Frames {request.start_frame} to {last} of {armature.name}, in the action "{self.action}".{shown}'
            f"{missed(finish.pins, self._far)}"
        )

    def _make_loop(self, armature: ArmatureObject) -> None:
        request, curves = self.request, action_curves(armature)
        if not request.finish.loop or curves is None:
            return
        make_cyclic(curves, request.start_frame, self._frames - 1)
        scene = find_scene(request.target)
        if request.finish.show and scene is not None:
            show_cycle(scene, request.start_frame, self._frames - 1)


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
