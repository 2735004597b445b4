"""What a model can be asked to do: one class per task, made by the panel or command line and run by an engine.

A task's input motions are sent alongside it. Annotations limit what `protocol.decode` accepts from a peer; `check` has
the same limits with readable errors, for values that a person has typed.

This module runs inside Blender too: msgspec and `retarget` only.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from ..retarget.errors import MotionGPTError
from ..retarget.motion import Motion
from ..retarget.motion.known import WHOLE, Known
from . import limits

if TYPE_CHECKING:
    from .engine import Engine, Events

ModelName = Annotated[str, Meta(max_length=1_000)]
Prompt = Annotated[str, Meta(max_length=limits.MAX_TEXT)]
Seconds = Annotated[float, Meta(gt=0, le=limits.MAX_SECONDS)]
Seed = Annotated[int, Meta(ge=0, le=limits.MAX_SEED)]
Variations = Annotated[int, Meta(ge=1, le=limits.MAX_VARIATIONS)]
Temperature = Annotated[float, Meta(ge=0, le=100)]
TopP = Annotated[float, Meta(gt=0, le=1)]
KeptFrame = Annotated[int, Meta(ge=0, lt=limits.MAX_MOTION_FRAMES)]
KeptFrames = Annotated[tuple[KeptFrame, ...], Meta(min_length=1, max_length=limits.MAX_MOTION_FRAMES)]
Metres = Annotated[float, Meta(gt=0, le=limits.MAX_METRES)]
Degrees = Annotated[float, Meta(ge=-limits.MAX_TURN, le=limits.MAX_TURN)]
Coordinate = Annotated[float, Meta(ge=-limits.MAX_METRES, le=limits.MAX_METRES)]
Place = tuple[Coordinate, Coordinate]
Point = Annotated[tuple[Coordinate, ...], Meta(min_length=2, max_length=3)]
Route = Annotated[tuple[Point, ...], Meta(min_length=1, max_length=limits.MAX_POINTS)]
KnownBits = Annotated[int, Meta(gt=0, le=WHOLE.bits)]
KnownPoses = Annotated[tuple[KnownBits, ...], Meta(min_length=1, max_length=limits.MAX_MOTION_FRAMES)]


class Task(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """A request to a model. model: its name; "" means the server's default."""

    model: ModelName = ""

    label: ClassVar[str]
    """What a model can do that supports it, for the user."""
    motion_count: ClassVar[int] = 1
    """Number of input motions: one, unless a task overrides it."""

    @classmethod
    def name(cls) -> str:
        """What messages and model cards call the task."""
        return str(cls.__struct_config__.tag)

    @classmethod
    def ability(cls) -> str:
        """The name of the task that a model must support for this one: itself, unless a task overrides it."""
        return cls.name()

    def check(self) -> None:
        """Raises MotionGPTError for a value outside the limits of one request."""

    def check_motions(self, motions: Sequence[Motion]) -> None:
        """Raises MotionGPTError ("protocol") unless the task has as many input motions as it needs, and for motions of
        which too much would have to be made. Nothing is computed before."""
        if len(motions) != self.motion_count:
            raise MotionGPTError(
                f"The request came with {len(motions)} motions instead of {self.motion_count}.", "", "protocol"
            )
        for motion in motions:
            limits.check_motion(motion)
            self._check_answer(motion)

    def _check_answer(self, motion: Motion) -> None:
        """Raises MotionGPTError for an answer that would be too large."""

    def answer(self, engine: "Engine", motions: Sequence[Motion] = ()) -> "Events":
        """Run the task on an engine. motions: its input.

        Raises MotionGPTError ("unsupported") for a model that does not support the task, and for what `check` and
        `check_motions` refuse.
        """
        self.check()
        self.check_motions(motions)
        if not engine.can(type(self)):
            raise engine.unsupported(type(self))
        return self._ask(engine, *motions)

    def _ask(self, engine: "Engine", *motions: Motion) -> "Events":
        raise NotImplementedError


class Sampled(Task, frozen=True, kw_only=True):
    """A task whose answer is motion, sampled at random.

    variations: how many motions.  temperature, top_p: None means the model's own.
    """

    seed: Seed = 0
    variations: Variations = 1
    temperature: Temperature | None = None
    top_p: TopP | None = None

    def check(self) -> None:
        limits.check_seed(self.seed)
        limits.check_variations(self.variations)


class Generate(Sampled, frozen=True, tag="generate"):
    """Text to motion, at the model's frame rate. seconds: its length; None lets the model decide."""

    prompt: Prompt
    seconds: Seconds | None = 4.0

    label: ClassVar[str] = "make motion from text"
    motion_count: ClassVar[int] = 0

    def check(self) -> None:
        limits.check_prompt(self.prompt)
        super().check()
        if self.seconds is not None:
            limits.check_seconds(self.seconds)
            limits.check_made(self.seconds, 0.0, self.variations)

    def _ask(self, engine: "Engine", *motions: Motion) -> "Events":
        from .pieces import generated  # which needs the engine, and that this module

        return generated(engine, self)


class Block(msgspec.Struct, frozen=True):
    """One action of a shot. seconds: None is what the action usually takes.  seed: None is the shot's.

    distance: metres along the path.  speed: metres a second.  turn: degrees to the left from the first facing to the
    last.  Where they are None, numbers in the prompt count.  path: points (x, z) or (x, z, t): metres to the left and
    ahead of where the shot begins, seconds since the block began.  facing: (x, z) that is faced at its end.  watching:
    points (x, z) or (x, z, t) that are faced all along, as of something that moves.  in_place: without travel.
    """

    prompt: Prompt
    seconds: Seconds | None = None
    seed: Seed | None = None
    distance: Metres | None = None
    speed: Metres | None = None
    turn: Degrees | None = None
    path: Route | None = None
    facing: Place | None = None
    watching: Route | None = None
    in_place: bool = False

    def changed(self, **fields: Any) -> "Block":
        """The block with other values in these fields."""
        return msgspec.structs.replace(self, **fields)

    def check(self) -> None:
        """Raises MotionGPTError for a value outside the limits of one request."""
        limits.check_prompt(self.prompt)
        if self.seconds is not None:
            limits.check_seconds(self.seconds)
        if self.seed is not None:
            limits.check_seed(self.seed)
        limits.check_travel(self.distance, self.speed, self.turn)
        for points in (self.path, self.watching):
            if points is not None:
                limits.check_path(points)


class Shot(Sampled, frozen=True, tag="shot"):
    """Several actions after each other, at the model's frame rate.

    path: points as of a block's, which the whole shot follows; seconds count from its beginning.
    redo: number of the block, from 0, that is made again in the motion that is sent along, a shot made before (its
    `meta` says which frames each block has). All other frames stay as they are, bit for bit, and so do the rate and the
    number of frames. Without `redo`, a motion that is sent along is what the first block goes on from: its frames come
    first in the answer, bit for bit, and the blocks follow at its rate and on its body.
    carry: what follows a block that is made again is moved and turned to where that now ends, instead of staying where
    it is.  blend: seconds in which one block passes over into the next, at most a third of the block; None: as long as
    it takes to get there.
    """

    blocks: Annotated[tuple[Block, ...], Meta(min_length=1, max_length=limits.MAX_BLOCKS)]
    path: Route | None = None
    redo: Annotated[int, Meta(ge=0, lt=limits.MAX_BLOCKS)] | None = None
    carry: bool = False
    blend: Seconds | None = None

    label: ClassVar[str] = "make motion from text"

    @classmethod
    def ability(cls) -> str:
        return Generate.name()

    def check(self) -> None:
        if not self.blocks:
            raise MotionGPTError("The shot has no blocks.", "Give at least one action.")
        limits.check_blocks(len(self.blocks), self.redo)
        for block in self.blocks:
            block.check()
        if self.path is not None:
            limits.check_path(self.path)
        if self.blend is not None:
            limits.check_seconds(self.blend)
        super().check()

    def check_motions(self, motions: Sequence[Motion]) -> None:
        least = 0 if self.redo is None else 1
        if not least <= len(motions) <= 1:
            raise MotionGPTError(f"The request came with {len(motions)} motions instead of {least}.", "", "protocol")
        for motion in motions:
            limits.check_motion(motion)

    def _ask(self, engine: "Engine", *motions: Motion) -> "Events":
        self.check()
        return engine.shot(self, *motions)


class Continue(Sampled, frozen=True, tag="continue"):
    """`seconds` more of a motion. prompt: what happens next; "" if the model needs no text."""

    seconds: Seconds
    prompt: Prompt = ""

    label: ClassVar[str] = "continue a motion"

    def check(self) -> None:
        limits.check_seconds(self.seconds)
        limits.check_optional_prompt(self.prompt)
        super().check()

    def _check_answer(self, motion: Motion) -> None:
        limits.check_made(motion.duration + self.seconds, motion.fps, self.variations)

    def _ask(self, engine: "Engine", *motions: Motion) -> "Events":
        from .pieces import continued

        return continued(engine, self, *motions)


class Inbetween(Sampled, frozen=True, tag="inbetween"):
    """The frames `keep` of a motion stay exactly as they are, the others are generated.

    known: for each entry of `keep` the known channels of its pose, as bits of `retarget.motion.known.Known`. The others
    are generated, as in the other frames; their values in the motion do not matter. None: every kept pose is whole.
    Raises MotionGPTError if `known` does not fit `keep`.
    """

    keep: KeptFrames
    prompt: Prompt = ""
    known: KnownPoses | None = None

    label: ClassVar[str] = "in-between"

    def __post_init__(self) -> None:
        limits.check_known(self.keep, self.known)

    @property
    def poses(self) -> tuple[Known, ...]:
        """The known channels of each kept frame, also where `known` is None."""
        return (WHOLE,) * len(self.keep) if self.known is None else tuple(map(Known, self.known))

    def check(self) -> None:
        limits.check_optional_prompt(self.prompt)
        super().check()

    def _check_answer(self, motion: Motion) -> None:
        limits.check_made(motion.duration, motion.fps, self.variations)

    def _ask(self, engine: "Engine", *motions: Motion) -> "Events":
        return engine.inbetween(self, *motions)


class Describe(Task, frozen=True, tag="caption"):
    """Motion to text."""

    label: ClassVar[str] = "describe a motion"

    def _ask(self, engine: "Engine", *motions: Motion) -> "Events":
        from .pieces import described

        for motion in motions:
            limits.check_described(motion.duration, motion.fps)
        return described(motions[0], engine.max_seconds, lambda motion: engine.describe(self, motion))


AnyTask = Generate | Continue | Inbetween | Describe | Shot
TASKS: dict[str, type[Task]] = {task.name(): task for task in (Generate, Continue, Inbetween, Describe)}
"""What models say that they support, by their names."""


def unsupported(model: str, task: str, supported: Sequence[str]) -> MotionGPTError:
    """The error for a task, named as `TASKS` does, that a model does not support; supported: those that it does."""
    able = ", ".join(TASKS[name].label if name in TASKS else name for name in supported) or "nothing"
    return MotionGPTError(
        f"The model {model} can't {TASKS[task].label}; it can {able}.", "Choose another model.", "unsupported"
    )
