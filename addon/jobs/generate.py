"""Text to motion: a new motion from a prompt, as a new action."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import bpy

from ...backend import limits
from ...retarget.motion import Motion
from ..action.fcurves import action_curves
from ..action.fingers import KeptFingers, keyed_fingers
from ..action.hands import CharacterHands
from ..action.new_action import ThinCurve, keys_of_curves, solve_keys, thin_keys, write_keys
from ..character.character import Character
from ..character.placing import OBJECT
from ..character.settings import key_tolerance, wanted_destination
from ..character.typing import ArmatureObject, Scene, full
from ..overrides.following import Expected, expected_of
from ..review.origin import Origin, write_origin
from ..review.reviewing import Offer, packed
from ..review.similar import likest, look_of
from ..review.state import check_closed, is_open
from ..translation.saying import say, together
from ..travel.asked import finish_of, travelling_block
from ..travel.cycles import make_cyclic, show_cycle
from ..travel.finishing import Finish
from ..travel.pins import missed
from .context import Request, Target, check_armature, check_bones, find_scene, scene_fps, scene_range, wanted_seconds
from .job import ANSWERED, Job, Stage, Waiting, check_task, in_thread
from .service import Service
from .showing import offer_takes, show_frames

if TYPE_CHECKING:
    from ...backend.tasks import Block


@dataclass(frozen=True, eq=False)
class GenerateRequest(Request):
    """What one press of Generate asks for.

    seconds, frames: length of the motion, in time and in the scene's frames.  start_frame: scene frame of the first
    key.  hands: the shape of hands with fingers, of `hand_shapes.SHAPES`.  takes: how many versions.  like: the look
    of a take (see `similar.look_of`); of `limits.MAX_VARIATIONS` versions those are kept that are most like it.
    body: the character when the button was pressed.  block: the prompt with the travel that is asked for; None where
    nothing is.  finish: whether it becomes a loop, and what is pinned.
    """

    prompt: str
    seed: int
    seconds: float
    frames: int
    start_frame: int
    hands: str
    body: Character
    takes: int = 1
    like: str = ""
    block: Block | None = None
    finish: Finish = field(default_factory=Finish)

    @property
    def last_frame(self) -> int:
        """Scene frame of the last key."""
        return self.start_frame + self.frames - 1


class GenerateJob(Job[GenerateRequest]):
    task = "generate"

    @classmethod
    def gather(cls, context: bpy.types.Context) -> GenerateRequest:
        scene, armature = full(context).scene, check_armature(context)
        _check_settings(scene)
        character = Character.read(armature)  # raises for anything but a biped
        seconds, frames, start_frame = wanted_length(scene)
        block = travelling_block(scene, armature, character, seconds, start_frame)
        if block is not None and block.seconds is not None and block.seconds != seconds:
            seconds, frames = block.seconds, max(1, round(block.seconds * scene_fps(scene)))
        finish = finish_of(scene, armature, start_frame, start_frame + frames - 1)
        if finish.loop:
            check_closed(armature)
        return GenerateRequest(
            target=Target.gather(context),
            prompt=scene.motiongpt.prompt.strip(),
            seed=scene.motiongpt.seed,
            seconds=seconds,
            frames=frames,
            start_frame=start_frame,
            hands=scene.motiongpt.hands.lower().replace("_", "-"),
            body=character,
            takes=1 if finish.loop else scene.motiongpt.text_takes,  # each loop has a length of its own
            block=block,
            finish=finish,
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
        self.body = request.body
        made = limits.MAX_VARIATIONS if request.like else request.takes
        asked: Generate | Shot = Generate(request.prompt, seconds=request.seconds, seed=request.seed, variations=made)
        if request.block is not None:
            asked = Shot((request.block,), seed=request.seed, variations=made)
        answer = yield from self._answer(asked)
        motions = tuple(as_one(motion) for motion in answer.motions)
        self.made = motions[0]
        if request.like:
            motions = tuple(motions[i] for i in likest(motions, request.like, request.takes))
        solved = yield from self._solved(motions)
        if len(motions) > 1 or is_open(self._armature()):
            yield from self._offer(motions, solved)
        else:
            yield from self._write_new(
                solved.takes[0], request.start_frame, solved.kept.curves, self._name(),
                lambda made: self._put(motions[0], solved, made),
            )  # fmt: skip
        yield from self._check_overrides(solved.character, lambda: solved.expected)

    def _solved(self, motions: Sequence[Motion]) -> Waiting[Solved]:
        self.stage, self.fraction = Stage.TO_ARMATURE, ANSWERED
        yield from self._out_of_edit_mode()
        request = self.request
        fps, start, finish = request.target.fps, request.start_frame, request.finish
        shaped = yield from in_thread(lambda: [finish.shaped(m.resample(fps, request.frames)) for m in motions])
        frames = len(shaped[0]) + finish.loop  # a loop closes on one more
        armature = self._armature()
        character = Character.read(armature)  # as it is now, not as it was when Generate was pressed
        destination = character.root_destination(wanted_destination(armature))
        tolerance = key_tolerance(armature)
        hands = CharacterHands.read(armature, character)
        kept = keyed_fingers(armature, hands, start, start + frames - 1)

        def solve() -> Solved:
            fingers = hands.shaped(request.hands, kept.sides)
            solved = [finish.solved(character, motion, destination) for motion in shaped]
            takes = tuple(thin_keys([*solve_keys(character, one), *fingers], tolerance) for one, _ in solved)
            expected = expected_of(character, solved[0][0], start, tolerance.degrees if tolerance else 0.0)
            return Solved(takes, kept, character, expected, frames, missed(finish.pins, solved[0][1]))

        return (yield from in_thread(solve))

    def _origin(self, motion: Motion) -> Origin:
        request = self.request
        frames = (request.start_frame, request.last_frame)
        return Origin.of(motion, self.task, request.prompt, request.seed, request.seconds, frames, request.hands)

    def _offer(self, motions: Sequence[Motion], solved: Solved) -> Waiting[None]:
        """Put the takes before the animator, who accepts one or none."""
        request, name = self.request, self._name()

        def pack() -> list[Offer]:
            return [
                Offer(
                    packed(keys_of_curves(curves, request.start_frame), solved.kept.curves),
                    tuple((bone, channel) for bone, channel, _ in curves), name, self._origin(motion),
                    look=look_of(motion),
                )
                for motion, curves in zip(motions, solved.takes, strict=True)
            ]  # fmt: skip

        offers = yield from in_thread(pack)
        armature = self._armature()
        check_bones(armature, (bone for bone, _ in offers[0].channels if bone != OBJECT))
        self.action, self.message = yield from offer_takes(request.target, self._armature, offers, name)

    def _put(self, motion: Motion, solved: Solved, made: bpy.types.Action | None = None) -> None:
        """Write the action and what goes with it; not the undo step. made: the action, where it is there already."""
        request, name, curves = self.request, self._name(), solved.takes[0]
        armature = self._armature()
        check_bones(armature, (bone for bone, _, _ in curves if bone != OBJECT))
        last = request.start_frame + solved.frames - 1 - request.finish.loop
        action = write_keys(armature, curves, name, request.start_frame, solved.kept.curves, made)
        write_origin(action, self._origin(motion))
        self.action = action.name
        shown = show_frames(request.target, request.start_frame, last)
        self._make_loop(armature, solved.frames - 1)
        done = say(
            'Frames {first} to {last} of {armature}, in the action "{action}".',
            first=request.start_frame, last=last, armature=armature.name, action=self.action,
        )  # fmt: skip
        self.message = together(done, shown, solved.missed)

    def _make_loop(self, armature: ArmatureObject, length: int) -> None:
        request, curves = self.request, action_curves(armature)
        if not request.finish.loop or curves is None:
            return
        make_cyclic(curves, request.start_frame, length)
        scene = find_scene(request.target.scene_uid)
        if request.finish.show and scene is not None:
            show_cycle(scene, request.start_frame, length)

    def _name(self) -> str:
        """Of the action. Blender cuts at 63 bytes; more would only make the list unreadable."""
        return limits.one_line(self.request.prompt)[:60]


@dataclass(frozen=True, eq=False)
class Solved:
    """takes: the curves of each motion.  kept: finger keys of the animator's.  expected: what the first one shows.
    frames: how many have keys.  missed: what the pins of the first one can't reach, as a sentence."""

    takes: tuple[Sequence[ThinCurve], ...]
    kept: KeptFingers
    character: Character
    expected: Expected
    frames: int
    missed: str


def as_one(motion: Motion) -> Motion:
    """A shot of one block as any motion: with what the model says of the block."""
    blocks = motion.meta.get("blocks")
    return replace(motion, meta=motion.meta | blocks[0]) if blocks else motion


def _check_settings(scene: Scene) -> None:
    """Raises MotionGPTError for a prompt or a length that can't be used."""
    limits.check_prompt(scene.motiongpt.prompt)
    seconds = wanted_length(scene)[0]
    limits.check_seconds(seconds)
    limits.check_made(seconds, scene_fps(scene), scene.motiongpt.text_takes)


def wanted_length(scene: Scene) -> tuple[float, int, int]:
    """Seconds, frames and first frame that the settings ask for."""
    settings = scene.motiongpt
    fps = scene_fps(scene)
    if settings.use_scene_range:
        first, last = scene_range(scene)
        return (last - first + 1) / fps, last - first + 1, first
    seconds = wanted_seconds(scene)
    return seconds, max(1, round(seconds * fps)), scene.frame_current
