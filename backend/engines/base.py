"""What every engine offers: requests in, progress and motion out."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

from retarget import Motion


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
class Progress:
    """stage: "text", "tokens" or "motion". fraction: 0 to 1 of the request. motion: the first variation so far."""

    stage: str
    fraction: float
    motion: Motion | None = None


@dataclass(frozen=True)
class Result:
    """One motion a variation, at the model's own rate, with `meta` filled (text, seed, model, tokens)."""

    motions: tuple[Motion, ...]


class Engine(ABC):
    """A loaded model. Not thread-safe: one request at a time."""

    name: str
    device: str
    tasks: tuple[str, ...]
    max_seconds: float

    @abstractmethod
    def generate(self, request: GenerateRequest) -> Iterator[Progress | Result]:
        """Yield Progress at least once a token, and a Result last. Closing the iterator cancels.

        Raises MotionGPTError for a request that the model can't serve; checks come before the first yield's work.
        """
