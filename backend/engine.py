"""What every engine offers: tasks in, progress and motion or text out."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..retarget.errors import MotionGPTError
from ..retarget.motion import Motion
from .tasks import Continue, Describe, Generate, Inbetween, Shot, Task, unsupported

MOST_TOGETHER = 8
"""Tasks that are worth answering together; of more, the first would wait too long."""
DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "float32", "float16", "bfloat16", "int8", "int4")
"""Numerical precision of imported models; "auto" is what a measurement on this machine's CPU was best in, and bfloat16
on a GPU."""


class Stage(StrEnum):
    """What an engine is doing."""

    TEXT = "text"
    TOKENS = "tokens"
    MOTION = "motion"

    @property
    def label(self) -> str:
        """Its text on a progress bar."""
        return _LABELS[self]


_LABELS = {
    Stage.TEXT: "Reading the prompt",
    Stage.TOKENS: "Generating",
    Stage.MOTION: "Building the motion",
}


@dataclass(frozen=True)
class Progress:
    """fraction: how much of the task is done, 0 to 1.  motion: the first variation so far."""

    stage: Stage
    fraction: float
    motion: Motion | None = None


@dataclass(frozen=True)
class Result:
    """The answer to a task. The `meta` of a motion holds its text, seed, model and tokens.

    motions: one per variation. Those of `Generate` have the model's frame rate; those of `Continue` and `Inbetween`
    include the input motion and have its frame rate and body.  texts: of `Describe`, the best first.
    """

    motions: tuple[Motion, ...] = ()
    texts: tuple[str, ...] = ()


Events = Iterator[Progress | Result]
"""Any number of Progress, then one Result."""
BatchEvents = Iterator[tuple[int, Progress | Result | Exception]]
"""Events of several tasks, each with the task's number; the last of a task is a Result, or why it failed."""


class Engine(ABC):
    """A loaded model. Not thread-safe: one task at a time.

    tasks: `Task.name` of every task that the model supports.  max_seconds: length of its longest motion.  precision:
    for people, what its weights are computed in, and why; "" where there is no choice.

    The method of a task yields Progress at least once per token, then a Result; closing the iterator cancels the task.
    Input motions may have any frame rate and body. Raises MotionGPTError for a task that the model does not support.
    """

    name: str
    device: str
    tasks: tuple[str, ...]
    max_seconds: float
    precision: str = ""

    def can(self, task: type[Task]) -> bool:
        """Whether the model supports a task."""
        return task.ability() in self.tasks

    def batches(self, task: Task) -> bool:
        """Whether `answer_batch` takes a task."""
        return False

    def answer_batch(self, tasks: Sequence[Task], dropped: Callable[[int], bool] = lambda number: False) -> BatchEvents:
        """Answer tasks that `batches` accepts together, in less time than one after the other, each to the bit as
        `Task.answer` does. Closing the iterator cancels all of them.

        dropped: asked all the while whether a task, by its number, is cancelled: it then has no more events.
        """
        raise self.unsupported(type(tasks[0]))

    @abstractmethod
    def generate(self, task: Generate) -> Events:
        """Text to motion."""

    def continue_motion(self, task: Continue, motion: Motion) -> Events:
        """A motion, continued."""
        raise self.unsupported(Continue)

    def inbetween(self, task: Inbetween, motion: Motion) -> Events:
        """The frames between kept frames of a motion."""
        raise self.unsupported(Inbetween)

    def describe(self, task: Describe, motion: Motion) -> Events:
        """Motion to text."""
        raise self.unsupported(Describe)

    def shot(self, task: Shot, *motions: Motion) -> Events:
        """Several actions after each other; motions: the shot of which one is made again, if one is."""
        raise self.unsupported(Shot)

    def unsupported(self, task: type[Task]) -> MotionGPTError:
        """The error for a task that the model does not support."""
        return unsupported(self.name, task.ability(), self.tasks)


def last_result(events: Events, on_progress: Callable[[Progress], None] = lambda progress: None) -> Result:
    """The result at the end of an engine's answer."""
    for event in events:
        if isinstance(event, Result):
            return event
        on_progress(event)
    raise RuntimeError("the engine ended without a result")
