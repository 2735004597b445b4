"""What every engine offers: tasks in, progress and motion or text out."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from ..retarget.errors import MotionGPTError
from ..retarget.motion import Motion
from .tasks import Continue, Describe, Generate, Inbetween, Task

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "float32", "bfloat16", "int8")
"""How exactly an imported model computes; "auto" takes int8 on the CPU and bfloat16 on a GPU."""


class Stage(StrEnum):
    """What an engine is doing."""

    TEXT = "text"
    TOKENS = "tokens"
    MOTION = "motion"

    @property
    def label(self) -> str:
        """For a progress bar."""
        return _LABELS[self]


_LABELS = {
    Stage.TEXT: "Reading the prompt",
    Stage.TOKENS: "Choosing the motion",
    Stage.MOTION: "Building the motion",
}


@dataclass(frozen=True)
class Progress:
    """fraction: 0 to 1 of the task. motion: the first variation so far."""

    stage: Stage
    fraction: float
    motion: Motion | None = None


@dataclass(frozen=True)
class Result:
    """An answer, with `meta` of motions filled (text, seed, model, tokens).

    motions: one a variation; of `Generate` at the model's own rate, of `Continue` and `Inbetween` at the rate and on
    the body of the motion that came along, which they include.  texts: of `Describe`, the best first.
    """

    motions: tuple[Motion, ...] = ()
    texts: tuple[str, ...] = ()


Events = Iterator[Progress | Result]
"""Progress, and a result last."""


class Engine(ABC):
    """A loaded model. Not thread-safe: one task at a time.

    tasks: `Task.name` of those that the model has.  max_seconds: its longest motion.

    Every method yields Progress at least once a token, and a Result last; closing the iterator cancels. Motions may
    have any rate and body. Each method raises MotionGPTError for a task that the model can't do.
    """

    name: str
    device: str
    tasks: tuple[str, ...]
    max_seconds: float

    def can(self, task: type[Task]) -> bool:
        """Whether the model has a task."""
        return task.name() in self.tasks

    @abstractmethod
    def generate(self, task: Generate) -> Events:
        """Text to motion."""

    def continue_motion(self, task: Continue, motion: Motion) -> Events:
        """More of a motion."""
        raise self.unsupported(Continue)

    def inbetween(self, task: Inbetween, motion: Motion) -> Events:
        """What lies between frames of a motion."""
        raise self.unsupported(Inbetween)

    def describe(self, task: Describe, motion: Motion) -> Events:
        """Motion to text."""
        raise self.unsupported(Describe)

    def unsupported(self, task: type[Task]) -> MotionGPTError:
        """The error for a task that the model does not have."""
        offered = ", ".join(self.tasks) or "nothing"
        return MotionGPTError(f"The model {self.name} can't {task.name()}.", f"It can: {offered}.", "unsupported")


def last_result(events: Events, on_progress: Callable[[Progress], None] = lambda progress: None) -> Result:
    """The result at the end of an engine's answer."""
    for event in events:
        if isinstance(event, Result):
            return event
        on_progress(event)
    raise RuntimeError("the engine ended without a result")
