"""The starter model on ONNX Runtime: words to motion tokens to motion, without torch."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from retarget import Motion
from retarget.errors import MotionGPTError
from retarget.feet import bend_toes, plant_feet

from ..features import features_to_motion
from ..models import ModelCard
from ..version import __version__
from .base import Engine, GenerateRequest, InbetweenRequest, Progress, Result, unsupported
from .gaps import fill_gaps, load_transition
from .runtime import open_session
from .sampling import choose_each, random_streams

Array = NDArray[np.float32]

# The graphs of text and tokens are so small that threads wait for each other longer than they work.
_THREADS = {"text": 1, "step": 1, "motion": 2}


@dataclass(frozen=True)
class Sampling:
    """How tokens are drawn. guidance: weight of the text against no text (Ho and Salimans 2022); 1 leaves it out."""

    temperature: float = 1.0
    top_p: float = 0.9
    guidance: float = 1.0


class OnnxEngine(Engine):
    """Runs a folder of kind "starter-onnx"."""

    def __init__(self, folder: Path, card: ModelCard, device: str = "auto") -> None:
        self.card = card
        self.name = card.name
        self.device = "cuda" if device == "cuda" else "cpu"
        self.tasks = card.tasks
        self.max_seconds = card.max_seconds
        self._text, self._step, self._motion = (
            open_session(folder / f"{name}.onnx", device, threads) for name, threads in _THREADS.items()
        )
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(int(card.settings["text_tokens"]))
        self._tokenizer.no_padding()
        self._codes = int(card.settings["codes"])
        self.unused_codes = [int(code) for code in card.settings.get("unused_codes", ())]
        self._sampling = Sampling(**card.settings.get("sampling", {}))
        self._transition = load_transition(folder, card, device)

    def generate(self, request: GenerateRequest) -> Iterator[Progress | Result]:
        """Text to motion. Every token of all variations is drawn together."""
        self._check(request)
        return self._generate(request)

    def inbetween(self, request: InbetweenRequest) -> Iterator[Progress | Result]:
        """What lies between keyed poses."""
        if self._transition is None:
            raise unsupported(self, "inbetween")
        return fill_gaps(self, self._transition, request)

    def _check(self, request: GenerateRequest) -> None:
        if not request.prompt.strip():
            raise MotionGPTError("The text is empty.", "Say what should happen, such as: a person walks forward.")
        if request.seconds is not None and not 0 < request.seconds <= self.max_seconds:
            raise MotionGPTError(
                f"{request.seconds:g} seconds can't be made.",
                f"Ask this model for more than 0 and at most {self.max_seconds:g} seconds.",
            )

    def _generate(self, request: GenerateRequest) -> Iterator[Progress | Result]:
        sampling = Sampling(
            self._sampling.temperature if request.temperature is None else request.temperature,
            self._sampling.top_p if request.top_p is None else request.top_p,
            self._sampling.guidance,
        )
        frames = None if request.seconds is None else max(1, round(request.seconds * self.card.fps))
        limit = int(self.card.settings["max_tokens"])
        wanted = limit if frames is None else -(-frames // self.card.frames_per_token)
        yield Progress("text", 0.0)
        decoding = _Decoding(self, request.prompt, request.variations, frames is not None, sampling)
        streams = random_streams(request.seed, request.variations)
        show = 1
        for done in range(1, wanted + 1):
            if not decoding.advance(streams, wanted - done + 1):
                break
            partial = None
            if done == show and done < wanted:
                partial = self.to_motion(decoding.tokens[0])
                show = done * 2  # ever rarer, since each is decoded from the start
            yield Progress("tokens", done / (wanted + 1), partial)
        yield Progress("motion", wanted / (wanted + 1))
        yield Result(tuple(self._finish(request, codes, frames, i) for i, codes in enumerate(decoding.tokens)))

    def _finish(self, request: GenerateRequest, codes: NDArray[np.int64], frames: int | None, index: int) -> Motion:
        motion = bend_toes(plant_feet(self.to_motion(codes)))
        if frames is not None:
            motion = motion.slice(0, frames)
        meta = {
            "text": request.prompt,
            "seed": request.seed,
            "variation": index,
            "model": self.name,
            "version": __version__,
            "tokens": codes.tolist(),
        }
        return replace(motion, meta=meta)

    def to_motion(self, codes: NDArray[np.int64]) -> Motion:
        """Motion of codes (N,), four frames each, as the tokenizer decodes it."""
        features = self._motion.run(None, {"codes": codes[None]})[0][0]
        return features_to_motion(features.astype(np.float64))

    def encode_text(self, prompt: str, rows: int, guided: bool) -> dict[str, Array]:
        """Keys, values and mask of the text for `rows` motions; with guidance as many rows without text follow."""
        ids = np.array([self._tokenizer.encode(prompt).ids], dtype=np.int64)
        keep = np.array([1.0, 0.0] if guided else [1.0], dtype=np.float32)
        ids = np.repeat(ids, len(keep), axis=0)
        mask = np.ones_like(ids)
        cross_k, cross_v = self._text.run(None, {"ids": ids, "mask": mask, "keep": keep})
        return {
            "cross_k": np.repeat(cross_k, rows, axis=1),
            "cross_v": np.repeat(cross_v, rows, axis=1),
            "mask": np.repeat(mask, rows, axis=0),
        }

    def step(self, inputs: dict[str, NDArray[np.generic]]) -> tuple[Array, Array, Array]:
        """Logits (B, 513) and the grown cache."""
        logits, keys, values = self._step.run(None, inputs)
        return logits, keys, values

    @property
    def cache_shape(self) -> tuple[int, int, int]:
        """(layers, heads, head width) of the decoder."""
        s = self.card.settings
        return int(s["layers"]), int(s["heads"]), int(s["head_width"])

    @property
    def unknown_length(self) -> int:
        return int(self.card.settings["unknown_length"])

    @property
    def codes(self) -> int:
        return self._codes


class _Decoding:
    """The state of one batch of motions while their tokens are drawn."""

    def __init__(self, engine: OnnxEngine, prompt: str, rows: int, length_known: bool, sampling: Sampling) -> None:
        self._engine, self._rows, self._length_known, self._sampling = engine, rows, length_known, sampling
        self._guided = sampling.guidance != 1.0
        self._inputs: dict[str, NDArray[np.generic]] = dict(engine.encode_text(prompt, rows, self._guided))
        self._batch = rows * (2 if self._guided else 1)
        layers, heads, width = engine.cache_shape
        self._cache = (np.zeros((layers, self._batch, heads, 0, width), np.float32),) * 2
        self._last = np.full(rows, engine.codes + 1, dtype=np.int64)  # BEGIN
        self._drawn: list[NDArray[np.int64]] = []
        self._ended = np.zeros(rows, dtype=bool)

    @property
    def tokens(self) -> list[NDArray[np.int64]]:
        """What each motion holds so far, up to its end."""
        drawn = np.stack(self._drawn, axis=1)  # (rows, N)
        ends = [int(np.argmax(np.append(row == self._engine.codes, True))) for row in drawn]
        return [row[: max(1, end)] % self._engine.codes for row, end in zip(drawn, ends, strict=True)]

    def advance(self, streams: list[np.random.Generator], left: int) -> bool:
        """Draw one token for every motion, of `left` still to come; False once all have ended by themselves."""
        e = self._engine
        copies = self._batch // self._rows
        remaining = left if self._length_known else e.unknown_length
        logits, keys, values = e.step(
            {
                **self._inputs,
                "token": np.tile(self._last, copies),
                "position": np.full(self._batch, len(self._drawn), np.int64),
                "remaining": np.full(self._batch, remaining, np.int64),
                "past_k": self._cache[0],
                "past_v": self._cache[1],
            }
        )
        self._cache = (keys, values)
        if self._guided:
            with_text, without = np.split(logits, 2)
            logits = without + self._sampling.guidance * (with_text - without)
        logits[:, e.unused_codes] = -np.inf
        if self._length_known or not self._drawn:
            logits[:, e.codes] = -np.inf  # the end comes when it was asked to
        s = self._sampling
        drawn = choose_each(logits, streams, temperature=s.temperature, top_p=s.top_p)
        self._last = np.array(drawn, dtype=np.int64)
        self._last[self._ended] = e.codes
        self._ended |= self._last == e.codes
        self._drawn.append(self._last.copy())
        self._last[self._ended] = 0  # what follows an end is thrown away
        return not self._ended.all()
