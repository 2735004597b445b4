"""What every engine offers: requests in, progress and motion or text out."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

from ..retarget.errors import MotionGPTError
from ..retarget.motion import Motion

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "float32", "bfloat16", "int8")
"""How exactly an imported model computes; "auto" takes int8 on the CPU and bfloat16 on a GPU."""


@dataclass(frozen=True)
class GenerateRequest:
    """Text to motion. seconds: how long, None lets the model decide. temperature, top_p: None takes the model's own."""

    prompt: str
    seconds: float | None = 4.0
    seed: int = 0
    variations: int = 1
    temperature: float | None = None
    top_p: float | None = None


@dataclass(frozen=True)
class ContinueRequest:
    """`seconds` more after a motion of any rate and body. prompt: what happens then, "" where the model knows best."""

    motion: Motion
    seconds: float
    prompt: str = ""
    seed: int = 0
    variations: int = 1
    temperature: float | None = None
    top_p: float | None = None


@dataclass(frozen=True)
class InbetweenRequest:
    """A motion of any rate and body of which the frames `keep` stay exactly, and the others are made anew.

    known: partial poses, one number for each entry of `keep`: bit j (0 to 21) says that the rotation of joint j is
    given there, bit 22 that the root's position is; what is not given is made anew like the other frames, so its
    values in `motion` do not matter. None: every kept pose is whole.
    """

    motion: Motion
    keep: tuple[int, ...]
    prompt: str = ""
    seed: int = 0
    variations: int = 1
    temperature: float | None = None
    top_p: float | None = None
    known: tuple[int, ...] | None = None


@dataclass(frozen=True)
class CaptionRequest:
    """A motion of any rate and body to be put into words."""

    motion: Motion


@dataclass(frozen=True)
class Progress:
    """stage: "text", "tokens" or "motion". fraction: 0 to 1 of the request. motion: the first variation so far."""

    stage: str
    fraction: float
    motion: Motion | None = None


@dataclass(frozen=True)
class Result:
    """What came out, with `meta` of motions filled (text, seed, model, tokens).

    motions: one a variation; of `generate` at the model's own rate, of `continue` and `inbetween` at the rate and on
    the body that came in, whole: the given frames included.  texts: of `caption`, the best first.
    """

    motions: tuple[Motion, ...] = ()
    texts: tuple[str, ...] = ()


class Engine(ABC):
    """A loaded model. Not thread-safe: one request at a time.

    tasks: those of "generate", "continue", "inbetween" and "caption" that the model can do.  max_seconds: its longest
    motion.  Every method yields Progress at least once a token, and a Result last; closing the iterator cancels. Each
    raises MotionGPTError for a request that the model can't serve; checks come before the first yield's work.
    """

    name: str
    device: str
    tasks: tuple[str, ...]
    max_seconds: float

    @abstractmethod
    def generate(self, request: GenerateRequest) -> Iterator[Progress | Result]:
        """Text to motion."""

    def continue_motion(self, request: ContinueRequest) -> Iterator[Progress | Result]:
        """More of a motion."""
        raise unsupported(self, "continue")

    def inbetween(self, request: InbetweenRequest) -> Iterator[Progress | Result]:
        """What lies between frames of a motion."""
        raise unsupported(self, "inbetween")

    def caption(self, request: CaptionRequest) -> Iterator[Progress | Result]:
        """Motion to text."""
        raise unsupported(self, "caption")


def unsupported(engine: Engine, task: str) -> MotionGPTError:
    """The error for a task that a model was not made for."""
    offered = ", ".join(engine.tasks) or "nothing"
    return MotionGPTError(f"The model {engine.name} can't {task}.", f"It can: {offered}.", "unsupported")


def partial_poses_unsupported(engine: Engine) -> MotionGPTError:
    """The error for `InbetweenRequest.known` where a model takes whole poses only."""
    return MotionGPTError(
        f"The model {engine.name} needs every bone of a kept pose.",
        "Key the whole pose, or choose a model that takes partial poses.",
        "unsupported",
    )
