"""The project's own models on ONNX Runtime: text, poses and motion to motion, and motion to text, without torch.

`backend.training.language.net` defines the network.
"""

import itertools
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from ....retarget.motion import Motion
from ....retarget.motion.feet import bend_toes, plant_feet
from ....retarget.motion.joining import on_canonical_body
from ....retarget.typing import Float32s, Ints, Numbers
from ... import limits
from ...engine import Events, Progress, Result, Stage
from ...features import motion_to_features
from ...model_folder import ModelCard, find_file
from ...tasks import Describe, Generate, Inbetween
from ..shared.codec import FRAMES_PER_TOKEN
from ..shared.gaps import fill_gaps, load_transition
from ..shared.sampling import choose_each, random_streams
from ..shared.tokens import Codes, Sampling, TokenEngine, beginning
from .decoder import MOST_ROWS, Decoder, ResidualCodec
from .picker import best_of, change_of_pace, load_picker
from .sureness import load_judgement, negation_in
from .vocabulary import (
    ABSENT,
    BEGIN,
    BEGIN_TEXT,
    END,
    FIRST_WORD,
    HIDDEN,
    LEVELS,
    MAX_TOKENS,
    MOTION,
    NO_DETAIL,
    POSE,
    QUESTION,
    TEXT_TOKENS,
    UNKNOWN_LENGTH,
    pack,
    unpack,
)

_CONTEXT = 16  # tokens of a motion that the model sees when it continues it: 3.2 s
_CAPTION_WORDS = 40
_SENTENCES, _SENTENCE_TEMPERATURE, _SENTENCE_TOP_P = 24, 0.8, 0.9  # candidates for the picker


class MotionLanguageEngine(TokenEngine):
    """Runs a folder of kind "motiongpt-onnx"."""

    context_tokens = _CONTEXT

    def __init__(self, folder: Path, card: ModelCard, device: str = "auto") -> None:
        self._levels = int(card.settings.get("levels", LEVELS))
        self._poses = ResidualCodec(folder, device, self._levels)
        super().__init__(card, self._poses, "cuda" if device == "cuda" else "cpu")
        self._decoder = Decoder(folder, card, device)
        self._transition = load_transition(folder, card, device)
        self._tokenizer = Tokenizer.from_file(str(find_file(folder, card, "tokenizer.json")))
        self._tokenizer.enable_truncation(TEXT_TOKENS)
        self._tokenizer.no_padding()
        self._unused = [int(code) for code in card.settings.get("unused_codes", ())]
        self._pieces = [int(piece) for piece in card.settings["caption_words"]]
        chosen = card.settings.get("sampling", {})
        self.temperature = float(chosen.get("temperature", 1.0))
        self.top_p = float(chosen.get("top_p", 0.9))
        self._guidance = float(chosen.get("guidance", 1.0))
        self._detail_temperature = float(chosen.get("detail_temperature", 1.0))
        self._picker = load_picker(folder, card, device)
        self._candidates = int(chosen.get("candidates", 1)) if self._picker else 1
        self._judgement = load_judgement(folder, card) if self._picker else None
        self._judged: list[dict[str, object]] = []
        self._negation = ""

    def generate(self, task: Generate) -> Events:
        limits.check_prompt(task.prompt)
        if task.seconds is not None:
            limits.check_seconds(task.seconds)
        return super().generate(task)

    def inbetween(self, task: Inbetween, motion: Motion) -> Events:
        """By the transition model where the folder has one, else by the language model's own tokens."""
        if self._transition is None:
            return super().inbetween(task, motion)
        return fill_gaps(self, self._transition, task, motion)

    def labels(self, variation: int) -> dict[str, object]:
        judged = self._judged[variation] if variation < len(self._judged) else {}
        return judged | ({"unsure": True, "negation": self._negation} if self._negation else {})

    def polished(self, motion: Motion) -> Motion:
        return bend_toes(plant_feet(motion))

    def text_to_codes(self, text: str, count: int | None, sampling: Sampling) -> Iterator[Codes]:
        """The best of several candidates for each variation, if the folder has a picker; progress shows the first
        ones."""
        wanted, tries = sampling.variations, self._tries(sampling)
        self._start(text, "generate", sampling, rows=wanted * tries)
        codes: Codes = []
        for codes in self._write(count, sampling, self._streams(sampling)):
            yield codes[:wanted]
        if codes:
            features: list[Numbers] = []
            for one in codes:
                features.append(self._poses.features(one))
                yield codes[:wanted]
            yield self._picked(codes, features, wanted)

    def codes_after(self, context: Sequence[int], text: str, count: int, sampling: Sampling) -> Iterator[Codes]:
        """The best of several candidates for each variation: with a text, by the picker; without one, that which goes
        on most as the motion was going."""
        if count >= MAX_TOKENS:
            raise self._too_long(count * FRAMES_PER_TOKEN / self._fps)
        shown = list(context[-(MAX_TOKENS - count) :])
        wanted, tries = sampling.variations, self._tries(sampling)
        self._start(text, "generate", sampling, rows=wanted * tries)
        given: list[int | None] = [*shown, *[None] * count]
        codes: Codes = []
        for codes in self._write(len(given), sampling, self._streams(sampling), given):
            yield [one[len(shown) :] for one in codes[:wanted]]
        if codes:
            seam = len(shown) * FRAMES_PER_TOKEN
            features: list[Numbers] = []
            for one in codes:
                features.append(self._poses.features(one))
                yield [one[len(shown) :] for one in codes[:wanted]]
            if text.strip():
                best = self._picked(codes, [one[seam:] for one in features], wanted)
            else:
                best = best_of(codes, np.array([-change_of_pace(one, seam) for one in features]), wanted)
            yield [one[len(shown) :] for one in best]

    def _tries(self, sampling: Sampling) -> int:
        """How many candidates there are for each variation."""
        return max(1, min(self._candidates, MOST_ROWS // sampling.variations))

    def _streams(self, sampling: Sampling) -> list[np.random.Generator]:
        """Random numbers for all candidates: the first ones of all variations, then the second ones ..."""
        attempts = range(self._tries(sampling))
        return [s for attempt in attempts for s in random_streams(sampling.seed, sampling.variations, attempt)]

    def _picked(self, codes: Codes, features: Sequence[Numbers], wanted: int) -> Codes:
        """For each variation the candidate that fits the text best, and how sure that is. features: what is judged of
        each."""
        if self._picker is None:
            return codes[:wanted]
        scores = self._picker.scores(self._decoder.text, features)
        if self._judgement is not None:
            best = np.asarray(scores).reshape(-1, wanted).max(axis=0)
            self._judged = self._judgement.of(self._decoder.text, best)
        return best_of(codes, scores, wanted)

    def given_tokens(self, given: Motion, frames: Sequence[int]) -> tuple[list[int], list[int]]:
        """A token is MOTION if all of its frames are kept, and POSE if only some are."""
        whole = self._codec.encode(given)
        codes, kinds = [0] * len(whole), [HIDDEN] * len(whole)
        poses: dict[int, int] = {}
        for token, inside in itertools.groupby(frames, lambda frame: frame // FRAMES_PER_TOKEN):
            kept = list(inside)
            if len(kept) == FRAMES_PER_TOKEN:
                codes[token], kinds[token] = whole[token], MOTION
            else:
                poses[token], kinds[token] = kept[len(kept) // 2], POSE
        for token, code in zip(poses, self._poses.encode_poses(given, list(poses.values())), strict=True):
            codes[token] = code
        return codes, kinds

    def codes_between(
        self, codes: Sequence[int], known: Sequence[int], text: str, sampling: Sampling
    ) -> Iterator[Codes]:
        slots = np.array([unpack(code, self._levels) for code in codes])
        self._start(text, "inbetween", sampling, slots, np.array(known))
        given = [code if kind == MOTION else None for code, kind in zip(codes, known, strict=True)]
        yield from self._write(len(codes), sampling, given=given)

    def describe(self, task: Describe, motion: Motion) -> Events:
        motion = on_canonical_body(beginning(motion, self.max_seconds)).resample(self._fps)
        codes = self._codec.encode(motion.slice(0, min(len(motion), self._most * FRAMES_PER_TOKEN)))
        slots = np.array([unpack(code, self._levels) for code in codes])
        yield Progress(Stage.TEXT, 0.0)
        texts = yield from self._sentences(slots, _SENTENCES if self._picker else 1)
        if self._picker is not None and len(texts) > 1:
            features = motion_to_features(motion.held(1))
            scores = []
            for text in texts:
                states = self._decoder.read(self._tokenizer.encode(text).ids)[0]
                scores.append(float(self._picker.scores(states, [features])[0]))
                yield Progress(Stage.TOKENS, 1.0)
            texts = [texts[int(np.argmax(scores))]]
        yield Result(texts=(texts[0],))

    def _sentences(self, slots: Ints, rows: int) -> Generator[Progress | Result, None, list[str]]:
        """Yields progress; returns at most `rows` different sentences, the one of the likeliest words first."""
        ids = self._tokenizer.encode(QUESTION).ids
        self._decoder.start(ids, [1.0], "caption", slots, np.full(len(slots), MOTION), rows)
        streams, tokens = random_streams(0, rows), [BEGIN_TEXT] * rows
        pieces: list[list[int]] = [[] for _ in range(rows)]
        for place in range(_CAPTION_WORDS):
            logits, _ = self._decoder.step([tokens, *[[NO_DETAIL] * rows] * (self._levels - 1)], UNKNOWN_LENGTH)
            logits[:, :END] = -np.inf
            logits[:, BEGIN:FIRST_WORD] = -np.inf
            drawn = [
                int(logits[0].argmax()),
                *choose_each(logits[1:], streams[1:], _SENTENCE_TEMPERATURE, 0, _SENTENCE_TOP_P),
            ]
            tokens = [END if last == END else token for last, token in zip(tokens, drawn, strict=True)]
            for row, token in zip(pieces, tokens, strict=True):
                if token != END:
                    row.append(self._pieces[token - FIRST_WORD])
            yield Progress(Stage.TOKENS, (place + 1) / _CAPTION_WORDS)
            if all(token == END for token in tokens):
                break
        return list(dict.fromkeys(self._tokenizer.decode(row).strip() for row in pieces))

    def _start(
        self,
        text: str,
        task: str,
        sampling: Sampling,
        slots: Ints | None = None,
        kinds: Ints | None = None,
        rows: int | None = None,
    ) -> None:
        """Read a prompt; with guidance, a second time without its text. rows: number of answers, by default one per
        variation."""
        if slots is None or kinds is None:
            slots, kinds = np.zeros((1, self._levels), np.int64), np.full(1, ABSENT, np.int64)
        has_text, self._judged = bool(text.strip()), []
        self._negation = negation_in(text, self._judgement.phrases if self._judgement else ())
        self._copies = 2 if has_text and self._guidance != 1.0 else 1
        keep = [1.0, 0.0][: self._copies] if has_text else [0.0]
        ids = self._tokenizer.encode(text).ids
        self._decoder.start(ids, keep, task, slots, kinds, rows or sampling.variations)

    def _write(
        self,
        count: int | None,
        sampling: Sampling,
        streams: Sequence[np.random.Generator] = (),
        given: Sequence[int | None] = (),
    ) -> Iterator[Codes]:
        """Codes after every token. streams: one per answer, by default those of the variations.  given: known codes,
        by position."""
        streams = streams or random_streams(sampling.seed, sampling.variations)
        rows = len(streams)
        last = [[BEGIN] * rows, *[[NO_DETAIL] * rows] * (self._levels - 1)]  # (levels, rows)
        codes: Codes = [[] for _ in range(rows)]
        ended = [False] * rows
        for place in range(count or MAX_TOKENS):
            left = UNKNOWN_LENGTH if count is None else count - place
            logits, hidden = self._decoder.step([level * self._copies for level in last], left)
            if place < len(given) and (code := given[place]) is not None:
                last = [[part] * rows for part in unpack(code, self._levels)]
            else:
                first = self._first(logits, streams, sampling, may_end=count is None and place > 0)
                ended = [was or token == END for was, token in zip(ended, first, strict=True)]
                if all(ended):
                    return
                first = [0 if over else token for over, token in zip(ended, first, strict=True)]
                last = self._further(hidden[:rows], first, streams, sampling)
            for row, over in enumerate(ended):
                if not over:
                    codes[row].append(pack(level[row] for level in last))
            yield [list(one) for one in codes]

    def _first(
        self, logits: Float32s, streams: Sequence[np.random.Generator], sampling: Sampling, may_end: bool
    ) -> list[int]:
        """The first-level code of each row, or END."""
        if self._copies == 2:
            with_text, without = np.split(logits, 2)
            logits = without + self._guidance * (with_text - without)
        logits = logits[:, : END + 1]
        logits[:, self._unused] = -np.inf
        if not may_end:
            logits[:, END] = -np.inf
        return choose_each(logits, streams, temperature=sampling.temperature, top_p=sampling.top_p)

    def _further(
        self, hidden: Float32s, first: list[int], streams: Sequence[np.random.Generator], sampling: Sampling
    ) -> list[list[int]]:
        """The codes (levels, rows) of tokens whose first level is chosen."""
        temperature, chosen = min(sampling.temperature, self._detail_temperature), [first]
        while len(chosen) < self._levels:
            logits = self._decoder.detail(hidden, chosen)
            chosen.append(choose_each(logits, streams, temperature=temperature, top_p=sampling.top_p))
        return chosen
