"""An engine without a model, for tests of everything around one: random but repeatable motion, one Progress a token."""

import importlib
import math
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

TOKENS_A_SECOND = 5
FRAMES_A_TOKEN = 4


def make(name: str, device: str, gate: Callable[[], None] = lambda: None) -> Any:
    """The factory that MOTIONGPT_TEST_ENGINE names. gate: called before every token, on the engine's thread.

    Prompts that do something else: "fail" (an error for the user), "crash" (a bug), "slow" (20 tokens a second).
    """
    # In the extension's layout the backend goes by another name, and so do its classes.
    prefix = "motiongpt_extension." if "motiongpt_extension" in sys.modules else ""
    base = importlib.import_module(f"{prefix}backend.engines.base")
    errors = importlib.import_module(base.Motion.__module__.replace(".motion", ".errors"))

    class FakeEngine(base.Engine):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            self.name = name
            self.device = "cpu"
            self.tasks = ("generate",)
            self.max_seconds = 10.0
            self.tokens = 0
            self.requests: list[Any] = []

        def generate(self, request: Any) -> Iterator[Any]:
            self.requests.append(request)
            if request.prompt == "fail":
                raise errors.MotionGPTError("The engine refuses.", "Ask for something else.", "bad_input")
            count = math.ceil(request.seconds * TOKENS_A_SECOND)
            motions = tuple(self._motion(request, i, count) for i in range(request.variations))
            for token in range(count):
                gate()
                if request.prompt == "crash":
                    raise ZeroDivisionError("a bug")
                if request.prompt == "slow":
                    time.sleep(0.05)
                self.tokens += 1
                so_far = motions[0].slice(0, FRAMES_A_TOKEN * (token + 1))
                yield base.Progress("tokens", token / count, so_far)
            yield base.Result(motions)

        def _motion(self, request: Any, variation: int, tokens: int) -> Any:
            frames = FRAMES_A_TOKEN * tokens
            random = np.random.default_rng([request.seed, variation])
            rotations = np.array([1.0, 0.0, 0.0, 0.0]) + 0.05 * random.standard_normal((frames, 22, 4))
            return base.Motion(
                rotations=rotations / np.linalg.norm(rotations, axis=-1, keepdims=True),
                root_position=np.cumsum(0.01 * random.standard_normal((frames, 3)), axis=0) + [0.0, 0.9, 0.0],
                fps=float(TOKENS_A_SECOND * FRAMES_A_TOKEN),
                contacts=(random.random((frames, 4)) > 0.5).astype(float),
                meta={"text": request.prompt, "seed": request.seed, "variation": variation, "model": self.name},
            )

    return FakeEngine()
