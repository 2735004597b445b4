"""The base of engines with a language model over motion tokens.

Each engine writes its own prompts and yields codes; the rest of a task (frame rates, bodies, exact keys, joins,
progress) is the same for all of them and is done here.
"""

import functools
import math
import time
from abc import abstractmethod
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from ....retarget.errors import MotionGPTError
from ....retarget.motion import Motion
from ....retarget.motion.feet import followed_by
from ....retarget.motion.joining import (
    ending,
    floor_height,
    on_body_of,
    on_canonical_body,
    placed_at,
    standing_on_body_of,
    standing_on_canonical_body,
)
from ....retarget.motion.known import WHOLE
from ...engine import Engine, Events, Progress, Result, Stage
from ...inbetween.exact import pinned, softened
from ...inbetween.interpolation import interpolate
from ...inbetween.request import given_channels
from ...interruptible import interruptible
from ...model_folder import ModelCard
from ...shots.making import make_shot
from ...tasks import Continue, Generate, Inbetween, Sampled, Shot, Task
from .codec import FRAMES_PER_TOKEN

PREVIEW_SECONDS = 0.3
"""Seconds between previews at least; nor do previews take more than a fifth of the time, those of all requests that are
answered together."""


@dataclass(frozen=True)
class Sampling:
    """How tokens are sampled. temperature 0: always the likeliest.  top_k 0: all."""

    seed: int
    variations: int
    temperature: float
    top_k: int
    top_p: float


Codes = list[list[int]]
"""One list of codes for each variation."""
Labels = Sequence[dict[str, object]]
"""What else the `meta` of each motion says, such as how sure the model is; may be empty."""
MIRRORED = "mirrored"
"""The label of a motion that is the mirror image of its codes."""
Written = Generator[Codes, None, Labels]
"""Codes after every token, the last ones complete; it returns their labels."""


class Codec(Protocol):
    """A motion tokenizer."""

    def encode(self, motion: Motion) -> list[int]:
        """Codes of a motion on the canonical body at the model's rate; its end is held to fill the last token."""

    def encode_all_but_last(self, motion: Motion) -> list[int]:
        """Codes of a motion of 4 N + 1 frames without its last frame, which only says how fast the one before is."""

    def decode(self, codes: Sequence[int]) -> Motion:
        """The motion of codes, from the origin facing +Z, on the floor."""


class TokenEngine(Engine):
    """An engine that generates motion codes. temperature, top_k, top_p: the model's defaults."""

    temperature = 1.0
    top_k = 0
    top_p = 1.0
    context_tokens = 1
    """Tokens of a motion that the model sees when it continues it."""

    def __init__(self, card: ModelCard, codec: Codec, device: str, precision: str = "") -> None:
        self.name, self.device, self.precision = card.name, device, precision
        self.tasks, self.max_seconds = card.tasks, card.max_seconds
        self._fps, self._codec = card.fps, codec
        self._most = int(card.max_seconds * card.fps) // FRAMES_PER_TOKEN

    @abstractmethod
    def text_to_codes(self, text: str, count: int | None, sampling: Sampling) -> Iterator[Codes]:
        """Codes after every token, the last ones complete; a generator may return their labels. count: how many codes;
        None lets the model decide."""

    @abstractmethod
    def codes_after(self, context: Sequence[int], text: str, count: int, sampling: Sampling) -> Iterator[Codes]:
        """Codes that follow `context`, without it."""

    @abstractmethod
    def codes_between(
        self, codes: Sequence[int], known: Sequence[int], text: str, sampling: Sampling
    ) -> Iterator[Codes]:
        """As many codes as given, the known ones unchanged. codes, known: as `given_tokens` returns them."""

    def check_text(self, task: type[Task], text: str) -> None:
        """Raises MotionGPTError if the model can't use a text for a task, or needs one. text: "" if there is none."""

    def generate(self, task: Generate) -> Events:
        return self.generated(task, self.text_to_codes(task.prompt, self._count(task), self._sampling(task)))

    def generated(
        self, task: Generate, answers: Iterator[Codes], place: int = 0, beside: int = 1
    ) -> Generator[Progress | Result]:
        """The answer to a task whose codes come from `text_to_codes`. place, beside: its place among how many that are
        answered together, whose previews take turns."""
        codes, labels = yield from self._watch(answers, self._count(task) or self._most, (), place, beside)
        frames = None if task.seconds is None else max(1, round(task.seconds * self._fps))
        motions = []
        for i, one in enumerate(codes):
            motion = self._codec.decode(one)
            if i < len(labels) and labels[i].get(MIRRORED):
                motion = motion.mirror()
            motion = self.polished(motion)
            motions.append(motion.slice(0, min(len(motion), frames or len(motion))))
            yield Progress(Stage.MOTION, 0.99)
        yield Result(tuple(self._labelled(task, motions, codes, labels)))

    def _count(self, task: Generate) -> int | None:
        """How many codes a task asks for."""
        return None if task.seconds is None else self._tokens(task.seconds)

    def polished(self, motion: Motion) -> Motion:
        """A generated motion after clean-up, such as planting the feet."""
        return motion

    def given_tokens(self, given: Motion, frames: Sequence[int]) -> tuple[list[int], list[int]]:
        """Codes of a motion at the model's frame rate, and whether each is known: 0 if none of its frames is among the
        kept `frames`."""
        codes = self._codec.encode(given)
        known = [0] * len(codes)
        for frame in frames:
            known[frame // FRAMES_PER_TOKEN] = 1
        return codes, known

    def continue_motion(self, task: Continue, motion: Motion) -> Events:
        self.check_text(Continue, task.prompt.strip())
        count = self._tokens(task.seconds)
        context = yield from interruptible(lambda: self._context(motion), Progress(Stage.TEXT, 0.0))
        answers = self.codes_after(context, task.prompt, count, self._sampling(task))
        codes, labels = yield from self._watch(answers, count, context)
        extra = max(1, round(task.seconds * motion.fps))
        motions: list[Motion] = []
        for one in codes:
            follow = functools.partial(self._followed, motion, context, one, extra)
            motions.append((yield from interruptible(follow, Progress(Stage.MOTION, 0.99))))
        yield Result(tuple(self._labelled(task, motions, codes, labels)))

    def inbetween(self, task: Inbetween, motion: Motion) -> Events:
        self.check_text(Inbetween, task.prompt.strip())
        known_channels = given_channels(task, len(motion))
        if any(pose != WHOLE for pose in task.poses):
            raise MotionGPTError(
                f"The model {self.name} needs every bone of a kept pose.",
                "Key the whole pose, or choose a model that takes partial poses.",
                "unsupported",
            )
        if motion.duration > self.max_seconds + FRAMES_PER_TOKEN / self._fps:
            raise self._too_long(motion.duration)
        source = on_canonical_body(motion)
        # Frames that are not kept must not matter: the tokenizer sees interpolation there.
        rotations, root = interpolate(source.rotations, source.root_position, known_channels)
        given = replace(source, rotations=rotations, root_position=root).resample(self._fps)
        keep = np.flatnonzero(known_channels.any(axis=1)).tolist()
        at_rate = {min(round(frame * self._fps / motion.fps), len(given) - 1) for frame in keep}
        codes_in, known = self.given_tokens(given, sorted(at_rate))
        if len(codes_in) > self._most:
            raise self._too_long(motion.duration)
        answers = self.codes_between(codes_in, known, task.prompt, self._sampling(task))
        codes, labels = yield from self._watch(answers, len(codes_in))
        motions: list[Motion] = []

        def meeting_keys(one: Sequence[int]) -> Motion:
            made = self._codec.decode(one).resample(motion.fps, len(motion))
            made = on_body_of(placed_at(made, keep[0], source, keep[0]), motion)
            return softened(pinned(made, motion, known_channels), known_channels)

        for one in codes:
            finish = functools.partial(meeting_keys, one)
            motions.append((yield from interruptible(finish, Progress(Stage.MOTION, 0.99))))
        yield Result(tuple(self._labelled(task, motions, codes, labels)))

    def shot(self, task: Shot, *motions: Motion) -> Events:
        return make_shot(self, task, *motions)

    def _context(self, motion: Motion) -> list[int]:
        """The codes of a motion's end. They stop one frame before its last, so that no frame is held to fill them: a
        model that saw the end held would go on with someone who has stopped."""
        tokens = max(1, math.floor((motion.duration - 1.0 / motion.fps) * self._fps / FRAMES_PER_TOKEN + 1e-6))
        tokens = min(tokens, self.context_tokens)
        standing = motion.shifted(np.array([0.0, -floor_height(motion), 0.0]))
        end = ending(standing_on_canonical_body(standing), self._fps, tokens * FRAMES_PER_TOKEN + 1)
        return self._codec.encode_all_but_last(end)

    def _followed(self, motion: Motion, context: Sequence[int], codes: Sequence[int], extra: int) -> Motion:
        """A motion with `extra` frames appended. The context is decoded along with the new codes, so that the motion
        does not stop at the join."""
        made = standing_on_body_of(self.polished(self._codec.decode([*context, *codes])), motion)
        # One frame more at either end: the velocity where the two meet, and something to interpolate with.
        start = len(context) * FRAMES_PER_TOKEN
        times = start + np.arange(-1, extra + 1) * (self._fps / motion.fps)
        return followed_by(motion, made.sampled(np.clip(times, 0.0, len(made) - 1.0), motion.fps), 1)

    def _watch(
        self, answers: Iterator[Codes], count: int, context: Sequence[int] = (), place: int = 0, beside: int = 1
    ) -> Generator[Progress | Result, None, tuple[Codes, Labels]]:
        """Yields progress for every token, sometimes with the motion so far; returns the last codes and their
        labels."""
        codes: Codes = []
        due, started = place * PREVIEW_SECONDS, time.monotonic()
        yield Progress(Stage.TEXT, 0.0)
        while True:
            try:
                codes = next(answers)
            except StopIteration as end:
                return codes, end.value or ()
            preview = None
            now = time.monotonic()
            if 0 < len(codes[0]) < count and now - started >= due:
                preview = self._codec.decode([*context, *codes[0]])
                took = time.monotonic() - now
                due = now - started + beside * max(PREVIEW_SECONDS, 5 * took)
            yield Progress(Stage.TOKENS, min(0.99, len(codes[0]) / max(count, 1)), preview)

    def _tokens(self, seconds: float) -> int:
        count = max(1, math.ceil(seconds * self._fps / FRAMES_PER_TOKEN - 1e-6))
        if count > self._most:
            raise self._too_long(seconds)
        return count

    def _too_long(self, seconds: float) -> MotionGPTError:
        return MotionGPTError(
            f"{seconds:g} seconds is too long for the model {self.name}.",
            f"Ask for at most {self.max_seconds:g}.",
            "too_large",
        )

    def _sampling(self, task: Sampled) -> Sampling:
        temperature = self.temperature if task.temperature is None else task.temperature
        top_p = self.top_p if task.top_p is None else task.top_p
        return Sampling(task.seed, task.variations, temperature, self.top_k, top_p)

    def _labelled(
        self, task: Generate | Continue | Inbetween, motions: Sequence[Motion], codes: Codes, labels: Labels
    ) -> Iterator[Motion]:
        for i, (motion, one) in enumerate(zip(motions, codes, strict=True)):
            meta = {"text": task.prompt, "seed": task.seed, "variation": i, "model": self.name, "tokens": one}
            yield replace(motion, meta=motion.meta | meta | (labels[i] if i < len(labels) else {}))


def beginning(motion: Motion, seconds: float) -> Motion:
    """The first seconds of a motion and a little more, which is all that a model reads of it."""
    return motion.slice(0, min(len(motion), math.ceil((seconds + 1.0) * motion.fps)))
