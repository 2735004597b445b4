"""*Human Motion as a Foreign Language*: a T5 that reads and writes motion tokens among words; all four tasks.

Only valid tokens are scored: codes, then the end, so an answer can't be malformed. With a length asked for, it has
exactly as many codes as fill that length.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ....retarget.errors import MotionGPTError
from ....retarget.motion import Motion
from ....retarget.motion.joining import on_canonical_body
from ...engine import Events, Progress, Result, Stage
from ...model_folder import ModelCard
from ...tasks import Describe, Task
from ..shared.codec import CODES, FRAMES_PER_TOKEN, MotionCodec
from ..shared.devices import make_network
from ..shared.sampling import choose_each, random_streams
from ..shared.tokens import Codes, Sampling, TokenEngine, beginning
from . import text as text_format
from .text import BEGIN, END, EOS_ID, MAX_CAPTION_TOKENS, PAD_ID, PREDICT_SHARE
from .tokenizers import read_tokenizer, tokenizer_file

TOP_K = 50
"""The default of the published code's `generate`."""


class T5Engine(TokenEngine):
    """A model folder of kind "motiongpt-t5"."""

    top_k = TOP_K

    def __init__(self, folder: Path, card: ModelCard, device: str, precision: str = "auto") -> None:
        self._network = make_network("t5", folder, card.settings["shape"], device, precision)
        super().__init__(card, MotionCodec(folder), self._network.device, self._network.why)
        self._tokenizer = read_tokenizer(tokenizer_file(folder), card.settings["sentinels"])
        self.context_tokens = max(1, self._most // PREDICT_SHARE)
        codes = self._tokenizer.motion_ids(range(CODES))
        self._code_ids, self._open_ids = tuple(codes), (*codes, *self._tokenizer.motion_ids([END]))
        self._words = tuple(self._tokenizer.text_ids())

    def text_to_codes(self, text: str, count: int | None, sampling: Sampling) -> Iterator[Codes]:
        frames = None if count is None else count * FRAMES_PER_TOKEN
        yield from self._codes(text_format.text_to_motion_prompt(text, frames), count, sampling)

    def codes_after(self, context: Sequence[int], text: str, count: int, sampling: Sampling) -> Iterator[Codes]:
        yield from self._codes(text_format.predict_prompt(context), count, sampling)

    def codes_between(
        self, codes: Sequence[int], known: Sequence[int], text: str, sampling: Sampling
    ) -> Iterator[Codes]:
        given = [code if keep else None for code, keep in zip(codes, known, strict=True)]
        yield from self._codes(
            text_format.inbetween_prompt(codes, [bool(one) for one in known]), len(codes), sampling, given
        )

    def check_text(self, task: type[Task], text: str) -> None:
        """The published prompts of these tasks have no place for a text."""
        if text:
            raise MotionGPTError(
                f"The model {self.name} does this without a text ({task.name()}).", "Leave the text out.", "unsupported"
            )

    def describe(self, task: Describe, motion: Motion) -> Events:
        motion = self._shortened(on_canonical_body(beginning(motion, self.max_seconds)).resample(self._fps))
        codes = self._codec.encode(motion)
        self._network.start(self._tokenizer.encode(text_format.caption_prompt(codes)), 1)
        yield Progress(Stage.TEXT, 0.0)
        answer: list[int] = []
        token = PAD_ID
        for i in range(MAX_CAPTION_TOKENS):
            scores = self._network.logits(self._network.step([token]), self._words)[0]
            token = self._words[int(scores.argmax())]
            if token == EOS_ID:
                break
            answer.append(token)
            yield Progress(Stage.TOKENS, (i + 1) / MAX_CAPTION_TOKENS)
        yield Result(texts=(self._tokenizer.decode(answer).strip(),))

    def _shortened(self, motion: Motion) -> Motion:
        """The motion, cut off at the model's longest."""
        return motion.slice(0, min(len(motion), self._most * FRAMES_PER_TOKEN))

    def _codes(
        self, prompt: str, count: int | None, sampling: Sampling, given: Sequence[int | None] = ()
    ) -> Iterator[Codes]:
        """Codes after every step. given: known codes, by position."""
        batch = sampling.variations
        network, streams = self._network, random_streams(sampling.seed, batch)
        network.start(self._tokenizer.encode(prompt), batch)
        network.step([PAD_ID] * batch)
        tokens = self._tokenizer.motion_ids([BEGIN]) * batch
        codes: Codes = [[] for _ in range(batch)]
        open_rows = set(range(batch))
        settings = sampling.temperature, sampling.top_k, sampling.top_p
        for place in range(count or self._most):
            hidden = network.step(tokens)
            if place < len(given) and (code := given[place]) is not None:
                chosen = [code] * batch
            else:
                # Without a length asked for, the answer may end after at least one code.
                ids = self._code_ids if count is not None or place == 0 else self._open_ids
                chosen = choose_each(network.logits(hidden, ids), streams, *settings).tolist()
            open_rows -= {row for row in open_rows if chosen[row] >= CODES}
            if not open_rows:
                return
            for row in open_rows:
                codes[row].append(chosen[row])
            tokens = [self._code_ids[code % CODES] for code in chosen]
            yield [list(one) for one in codes]
