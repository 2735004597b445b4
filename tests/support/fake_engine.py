"""An engine without a model, for tests of everything around one: random but repeatable motion, one Progress a token."""

import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from motiongpt.backend.engine import Engine, Progress, Result, Stage
from motiongpt.backend.shots.making import make_shot
from motiongpt.backend.tasks import Generate
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.motion import Motion

TOKENS_A_SECOND = 5
FRAMES_A_TOKEN = 4


def make(name: str, device: str, gate: Callable[[], None] = lambda: None) -> Any:
    """A new engine. gate: called before every token, on the engine's thread.

    Prompts with another effect: "fail" (an error for the user), "crash" (a bug), "slow" (20 tokens a second),
    "unknown" (the engine is unsure), "unstyled" (the style's model made it), "... not ..." (it follows no negation).
    """

    class FakeEngine(Engine):
        def __init__(self) -> None:
            self.name = name
            self.device = "cpu"
            self.precision = "8 bits: 10.0 ms a token (float32 30.0 ms)"
            self.tasks = tuple(os.environ.get("FAKE_TASKS", "generate").split())
            self.max_seconds = 10.0
            self.tokens = 0
            self.requests: list[Any] = []

        def generate(self, request: Any) -> Iterator[Any]:
            self.requests.append(request)
            if request.prompt == "fail":
                raise MotionGPTError("The engine refuses.", "Ask for something else.", "bad_input")
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
                yield Progress(Stage.TOKENS, token / count, so_far)
            yield Result(motions)

        def batches(self, request: Any) -> bool:
            return isinstance(request, Generate) and os.environ.get("FAKE_BATCHES", "") == "1"

        def answer_batch(self, tasks: Any, dropped: Any = lambda number: False) -> Iterator[Any]:
            """All tasks, a token of each in turn."""
            self.batched = len(tasks)
            going = {number: self.generate(task) for number, task in enumerate(tasks)}
            while going:
                for number, events in list(going.items()):
                    if dropped(number):
                        del going[number]
                        continue
                    try:
                        event = next(events)
                    except Exception as error:
                        event = error
                    if not isinstance(event, Progress):
                        del going[number]
                    yield number, event

        def shot(self, request: Any, *motions: Any) -> Iterator[Any]:
            return make_shot(self, request, *motions)

        def inbetween(self, request: Any, motion: Any) -> Iterator[Any]:
            """Kept frames exactly; between them, on every joint and on the root, a wave that depends on the seed."""
            self.requests.append(request)
            keep = np.array(request.keep)
            for token in range(4):
                if request.prompt == "slow":
                    time.sleep(0.25)
                yield Progress(Stage.TOKENS, token / 4)
            yield Result(tuple(self._waved(request, motion, keep, v) for v in range(request.variations)))

        def _waved(self, request: Any, motion: Any, keep: Any, variation: int) -> Any:
            frames = np.arange(len(motion))
            right = np.clip(np.searchsorted(keep, frames), 0, len(keep) - 1)
            left = np.where(keep[right] <= frames, right, np.maximum(right - 1, 0))
            share = np.clip((frames - keep[left]) / np.maximum(keep[right] - keep[left], 1), 0.0, 1.0)
            random = np.random.default_rng([request.seed, variation])
            wave = 0.1 * np.where(np.isin(frames, keep), 0.0, np.sin(np.pi * share) ** 2)[:, None]
            a, b = motion.rotations[keep[left]], motion.rotations[keep[right]]
            b = b * np.where(np.sum(a * b, axis=-1, keepdims=True) < 0, -1.0, 1.0)
            turns = a + (b - a) * share[:, None, None] + wave[..., None] * random.standard_normal((22, 4))
            a, b = motion.root_position[keep[left]], motion.root_position[keep[right]]
            return replace(
                motion, rotations=turns / np.linalg.norm(turns, axis=-1, keepdims=True), contacts=np.zeros((len(a), 4)),
                root_position=a + (b - a) * share[:, None] + wave * random.standard_normal(3),
                meta={"seed": request.seed, "variation": variation},
            )  # fmt: skip

        def continue_motion(self, request: Any, motion: Any) -> Iterator[Any]:
            """The last pose, moving forward at a metre per second."""
            self.requests.append(request)
            yield Progress(Stage.TOKENS, 0.0)
            extra = max(1, round(request.seconds * motion.fps))
            step = np.outer(np.arange(1, extra + 1) / motion.fps, [0.0, 0.0, 1.0])
            yield Result((replace(
                motion,
                rotations=np.concatenate([motion.rotations, np.repeat(motion.rotations[-1:], extra, axis=0)]),
                root_position=np.concatenate([motion.root_position, motion.root_position[-1] + step]),
                contacts=np.concatenate([motion.contacts, np.zeros((extra, 4))]),
            ),))  # fmt: skip

        def describe(self, request: Any, motion: Any) -> Iterator[Any]:
            self.requests.append(request)
            yield Progress(Stage.TOKENS, 0.0)
            yield Result((), (f"a person moves for {motion.duration:.2f} seconds",))

        def _motion(self, request: Any, variation: int, tokens: int) -> Any:
            frames = FRAMES_A_TOKEN * tokens
            random = np.random.default_rng([request.seed, variation])
            rotations = np.array([1.0, 0.0, 0.0, 0.0]) + 0.05 * random.standard_normal((frames, 22, 4))
            return Motion(
                rotations=rotations / np.linalg.norm(rotations, axis=-1, keepdims=True),
                root_position=np.cumsum(0.01 * random.standard_normal((frames, 3)), axis=0) + [0.0, 0.9, 0.0],
                fps=float(TOKENS_A_SECOND * FRAMES_A_TOKEN),
                contacts=(random.random((frames, 4)) > 0.5).astype(float),
                meta={"text": request.prompt, "seed": request.seed, "variation": variation, "model": self.name}
                | ({"unsure": True, "nearest": ["a person walks", "a dog"]} if request.prompt == "unknown" else {})
                | ({"made_by": "open"} if request.prompt == "unstyled" else {})
                | ({"unsure": True, "negation": "not"} if " not " in request.prompt else {}),
            )

    return FakeEngine()
