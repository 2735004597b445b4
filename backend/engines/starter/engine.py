"""The project's own models on ONNX Runtime: text, poses and motion to motion, and motion to text, without torch.

`backend.training.language.net` defines the network.
"""

import functools
import itertools
import math
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from ....retarget.motion import Motion
from ....retarget.motion.feet import bend_toes, plant_feet, put_down
from ....retarget.motion.joining import on_canonical_body, with_smooth_edges
from ....retarget.typing import Float32s, Ints, Numbers
from ... import limits
from ...dataset.clips import swap_sides
from ...engine import BatchEvents, Events, Progress, Result, Stage
from ...features import motion_to_features
from ...inbetween.transition import TransitionModel
from ...known.doubt import MADE_BY
from ...model_folder import ModelCard, find_file
from ...pieces import longer, within
from ...tasks import Describe, Generate, Inbetween, Task
from ..shared.codec import FRAMES_PER_TOKEN
from ..shared.gaps import fill_gaps, load_transition
from ..shared.lanes import in_lanes, processors
from ..shared.runtime import all_at_once
from ..shared.sampling import choose_each, random_streams
from ..shared.tokens import MIRRORED, Codes, Sampling, TokenEngine, Written, beginning
from .decoder import MOST_ROWS, Decoder, Prompt, ResidualCodec, width_of
from .picker import best_of, change_of_pace, load_picker, pick
from .style import Style
from .sureness import load_judgement, negation_in, without_denials
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
    unpack,
)
from .writing import Answer, Choosing, Writing, rows_are_independent

_CONTEXT = 16  # tokens of a motion that the model sees when it continues it: 3.2 s
_BATCH_ROWS = 96  # of one step: of fewer rows each takes longer, of more none takes less
_DECODED = 6  # candidates in one go, after which a cancel is read
_TEXTS = 64  # whose states are kept: the same text is often asked for again, with another seed
_CAPTION_WORDS = 40
_SENTENCES, _SENTENCE_TEMPERATURE, _SENTENCE_TOP_P = 24, 0.8, 0.9  # candidates for the picker


class MotionLanguageEngine(TokenEngine):
    """Runs a folder of kind "motiongpt-onnx", or a style over one."""

    context_tokens = _CONTEXT

    def __init__(self, folder: Path, card: ModelCard, device: str = "auto", style: Style | None = None) -> None:
        self._levels = int(card.settings.get("levels", LEVELS))
        self._style, self._load = style, functools.partial(Decoder, folder, card, device)
        known = style.known if style else None
        self._decoder, self._poses, self._picker, judgement, self._tokenizer = all_at_once(
            [
                functools.partial(self._load, style.changes if style else None),
                functools.partial(ResidualCodec, folder, device, self._levels),
                functools.partial(load_picker, folder, card, device),
                functools.partial(load_judgement, folder, card, known),
                functools.partial(Tokenizer.from_file, str(find_file(folder, card, "tokenizer.json"))),
            ]
        )
        super().__init__(card, self._poses, "cuda" if device == "cuda" else "cpu")
        self._load_transition = functools.partial(load_transition, folder, card, device)
        self._judgement = judgement if self._picker else None
        self._tokenizer.enable_truncation(TEXT_TOKENS)
        self._tokenizer.no_padding()
        self._unused = tuple(map(int, card.settings.get("unused_codes", ())))
        self._pieces = [int(piece) for piece in card.settings["caption_words"]]
        chosen = card.settings.get("sampling", {})
        self.temperature = float(chosen.get("temperature", 1.0))
        self.top_p = float(chosen.get("top_p", 0.9))
        self._guidance = float(chosen.get("guidance", 1.0))
        self._detail_temperature = float(chosen.get("detail_temperature", 1.0))
        self._detail_guidance = float(chosen.get("detail_guidance", 1.0))
        self.tries = int(chosen.get("candidates", 1)) if self._picker else 1
        """Candidates for each motion."""
        decoder, tokenizer = self._decoder, self._tokenizer  # not self, which would outlive its last use
        self._read = functools.lru_cache(_TEXTS)(lambda text: decoder.read(tokenizer.encode(text).ids))
        """States (L, 384) of a text."""

    def generate(self, task: Generate) -> Events:
        limits.check_prompt(task.prompt)
        if task.seconds is not None:
            limits.check_seconds(task.seconds)
        return super().generate(task)

    def batches(self, task: Task) -> bool:
        """Texts of one piece; more than two variations fill a batch by themselves."""
        if not isinstance(task, Generate) or task.variations > 2:
            return False
        return task.seconds is None or not longer(task.seconds, self.max_seconds)

    def answer_batch(self, tasks: Sequence[Task], dropped: Callable[[int], bool] = lambda number: False) -> BatchEvents:
        texts = [within(task, self.max_seconds) for task in tasks if isinstance(task, Generate)]
        return in_lanes(self._groups(texts), lambda group: self._together(texts, group, dropped), processors())

    def _groups(self, tasks: Sequence[Generate]) -> list[list[int]]:
        """Numbers of the tasks that are decoded in one batch, for every batch."""
        alike: dict[object, list[int]] = {}
        for number, task in enumerate(tasks):
            sampling = self._sampling(task)
            heard = self._heard(task.prompt)
            width = width_of(len(self._tokenizer.encode(heard).ids))
            styled = self._style is not None and self._style.is_asked_for(self._read(heard))
            key = (width, styled, sampling.temperature, sampling.top_p) if self._independent else number
            alike.setdefault(key, []).append(number)
        fitting = self._batch_rows // (2 * self.tries)
        groups = []
        for numbers in alike.values():
            size = min(fitting, math.ceil(len(numbers) / processors()))
            groups += [numbers[i : i + size] for i in range(0, len(numbers), size)]
        return groups

    @functools.cached_property
    def _independent(self) -> bool:
        """Whether requests may share a batch on this machine without a change to any of their bits."""
        return rows_are_independent(self._decoder, 2 * self.tries, 2 * self._batch_rows)

    @property
    def _batch_rows(self) -> int:
        """Rows of a batch, at least those of one task."""
        return max(_BATCH_ROWS, 2 * self.tries)

    def _together(self, tasks: Sequence[Generate], group: Sequence[int], dropped: Callable[[int], bool]) -> BatchEvents:
        """The events of a group of tasks, token by token."""
        begun: dict[int, tuple[Float32s, Answer]] = {}
        for number in group:
            if not dropped(number):
                task = tasks[number]
                begun[number] = self._begun(task.prompt, self._count(task), self._sampling(task))
        if not begun:
            return
        writing = self._written(self._sampling(tasks[group[0]]), [answer for _, answer in begun.values()])
        going: dict[int, Generator[Progress | Result]] = {}
        for place, (number, (states, answer)) in enumerate(begun.items()):
            candidates = writing.follow(answer)
            best = self._best(tasks[number].prompt, states, candidates, self._sampling(tasks[number]))
            going[number] = self.generated(tasks[number], best, place, len(begun))
        while going:
            for number, events in list(going.items()):
                event = None if dropped(number) else _next(events)
                if not isinstance(event, Progress):
                    going.pop(number).close()
                    writing.leave(begun[number][1])
                if event is not None:
                    yield number, event

    @functools.cached_property
    def _transition(self) -> TransitionModel | None:
        """Loaded when there are the first poses to fill between."""
        return self._load_transition()

    def inbetween(self, task: Inbetween, motion: Motion) -> Events:
        """By the transition model where the folder has one, else by the language model's own tokens."""
        if self._transition is None:
            return super().inbetween(task, motion)
        return fill_gaps(self, self._transition, task, motion)

    def polished(self, motion: Motion) -> Motion:
        return bend_toes(plant_feet(put_down(with_smooth_edges(motion, FRAMES_PER_TOKEN))))

    def text_to_codes(self, text: str, count: int | None, sampling: Sampling) -> Written:
        """The best of several candidates for each variation, if the folder has a picker; progress shows the first
        ones."""
        states, answer = self._begun(text, count, sampling)
        return (yield from self._best(text, states, self._written(sampling, [answer]).follow(answer), sampling))

    def candidates(self, task: Generate) -> list[Numbers]:
        """Features (T, 263) of all candidates, of which `generate` keeps the best."""
        sampling = self._sampling(task)
        _, answer = self._begun(task.prompt, self._count(task), sampling)
        *_, codes = self._written(sampling, [answer]).follow(answer)
        features: list[Numbers] = self._poses.all_features(codes)
        return features

    def _begun(self, text: str, count: int | None, sampling: Sampling) -> tuple[Float32s, Answer]:
        """The states of a text, and candidates that are about to be made to it."""
        text = self._heard(text)
        states = self._read(text)
        prompt = self._prompt(states, text, "generate", rows=sampling.variations * self._tries(sampling))
        return states, self._answer(prompt, self._streams(sampling), count)

    def _best(self, text: str, states: Float32s, candidates: Iterator[Codes], sampling: Sampling) -> Written:
        wanted = sampling.variations
        codes: Codes = []
        for codes in candidates:
            yield codes[:wanted]
        if not codes:
            return ()
        features: list[Numbers] = []
        for start in range(0, len(codes), _DECODED):
            features += self._poses.all_features(codes[start : start + _DECODED])
            yield codes[:wanted]
        best, labels = self._picked(text, states, codes, features, wanted, mirrors=True)
        yield best
        return labels

    def codes_after(self, context: Sequence[int], text: str, count: int, sampling: Sampling) -> Written:
        """The best of several candidates: with a text, by the picker; without one, that which goes on most alike."""
        if count >= MAX_TOKENS:
            raise self._too_long(count * FRAMES_PER_TOKEN / self._fps)
        shown = list(context[-(MAX_TOKENS - count) :])
        wanted, tries = sampling.variations, self._tries(sampling)
        heard = self._heard(text)
        states = self._read(heard)
        prompt = self._prompt(states, heard, "generate", rows=wanted * tries)
        given: list[int | None] = [*shown, *[None] * count]
        answer = self._answer(prompt, self._streams(sampling), len(given), given)
        codes: Codes = []
        for codes in self._written(sampling, [answer]).follow(answer):
            yield [one[len(shown) :] for one in codes[:wanted]]
        if not codes:
            return ()
        seam, labels = len(shown) * FRAMES_PER_TOKEN, list[dict[str, object]]()
        features: list[Numbers] = []
        for start in range(0, len(codes), _DECODED):
            features += self._poses.all_features(codes[start : start + _DECODED])
            yield [one[len(shown) :] for one in codes[:wanted]]
        if text.strip():
            judged = [one[seam:] for one in features]
            best, labels = self._picked(text, states, codes, judged, wanted, mirrors=False)
        else:
            best = best_of(codes, np.array([-change_of_pace(one, seam) for one in features]), wanted)
        yield [one[len(shown) :] for one in best]
        return labels

    def _tries(self, sampling: Sampling) -> int:
        """How many candidates there are for each variation."""
        return max(1, min(self.tries, MOST_ROWS // sampling.variations))

    def _streams(self, sampling: Sampling) -> list[np.random.Generator]:
        """Random numbers for all candidates: the first ones of all variations, then the second ones ..."""
        attempts = range(self._tries(sampling))
        return [s for attempt in attempts for s in random_streams(sampling.seed, sampling.variations, attempt)]

    def _picked(
        self, text: str, states: Float32s, codes: Codes, features: Sequence[Numbers], wanted: int, *, mirrors: bool
    ) -> tuple[Codes, list[dict[str, object]]]:
        """For each variation the candidate that fits the text best, and what is to be said of it: how sure that is, a
        negation in the text, and whether the motion is the mirror image of its codes. features: what is judged of each.
        mirrors: whether it may be."""
        best, labels = codes[:wanted], [dict[str, object]() for _ in range(wanted)]
        if self._picker is not None:
            heard = self._heard(text)
            swapped = swap_sides(heard) if mirrors else heard
            other = self._read(swapped) if swapped != heard else None
            picks = pick(self._picker, states, other, features, wanted, self.polished)
            best = [codes[one.number] for one in picks]
            if self._judgement is not None:
                labels = self._judgement.of(states, np.array([one.score for one in picks]))
            labels = [
                label | ({MIRRORED: True} if one.mirrored else {}) for label, one in zip(labels, picks, strict=True)
            ]
        if word := negation_in(text, self._phrases):
            labels = [label | {"unsure": True, "negation": word} for label in labels]
        return best, [label | self._passed_on(states) for label in labels]

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

    def codes_between(self, codes: Sequence[int], known: Sequence[int], text: str, sampling: Sampling) -> Written:
        slots = np.array([unpack(code, self._levels) for code in codes])
        states = self._read(text)
        prompt = self._prompt(states, text, "inbetween", slots, np.array(known), sampling.variations)
        given = [code if kind == MOTION else None for code, kind in zip(codes, known, strict=True)]
        answer = self._answer(prompt, random_streams(sampling.seed, sampling.variations), len(codes), given)
        yield from self._written(sampling, [answer]).follow(answer)
        return [self._passed_on(states) if text.strip() else {}] * sampling.variations

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
                states = self._read(text)
                scores.append(float(self._picker.scores(states, [features])[0]))
                yield Progress(Stage.TOKENS, 1.0)
            texts = [texts[int(np.argmax(scores))]]
        yield Result(texts=(texts[0],))

    def _sentences(self, slots: Ints, rows: int) -> Generator[Progress | Result, None, list[str]]:
        """Yields progress; returns at most `rows` different sentences, the one of the likeliest words first."""
        kinds = np.full(len(slots), MOTION)
        decoding = self._decoder.start(Prompt(self._read(QUESTION), (1.0,), "caption", slots, kinds, rows))
        streams, tokens = random_streams(0, rows), [BEGIN_TEXT] * rows
        pieces: list[list[int]] = [[] for _ in range(rows)]
        for place in range(_CAPTION_WORDS):
            details = [[NO_DETAIL] * rows] * (self._levels - 1)
            logits, _ = decoding.step([tokens, *details], [UNKNOWN_LENGTH] * rows)
            logits[:, :END] = -np.inf
            logits[:, BEGIN:FIRST_WORD] = -np.inf
            drawn = [
                int(logits[0].argmax()),
                *choose_each(logits[1:], streams[1:], _SENTENCE_TEMPERATURE, 0, _SENTENCE_TOP_P).tolist(),
            ]
            tokens = [END if last == END else token for last, token in zip(tokens, drawn, strict=True)]
            for row, token in zip(pieces, tokens, strict=True):
                if token != END:
                    row.append(self._pieces[token - FIRST_WORD])
            yield Progress(Stage.TOKENS, (place + 1) / _CAPTION_WORDS)
            if all(token == END for token in tokens):
                break
        return list(dict.fromkeys(self._tokenizer.decode(row).strip() for row in pieces))

    @property
    def _phrases(self) -> tuple[str, ...]:
        return self._judgement.phrases if self._judgement else ()

    def _heard(self, text: str) -> str:
        """What the model is given of a text: a model of motion shows what is denied."""
        return without_denials(text, self._phrases)

    def _passed_on(self, states: Float32s) -> dict[str, object]:
        """What is to be said of motions to a text of these states: which model made them, where the style left it to
        its base."""
        return {MADE_BY: self._style.base} if self._style and not self._style.is_asked_for(states) else {}

    @functools.cached_property
    def _base(self) -> Decoder:
        """The language model without the style, for all other texts; loaded when there is the first."""
        return self._load()

    def _prompt(
        self,
        states: Float32s,
        text: str,
        task: str,
        slots: Ints | None = None,
        kinds: Ints | None = None,
        rows: int = 1,
    ) -> Prompt:
        """A prompt for `rows` answers; with guidance, each of them is decoded a second time without the text."""
        if slots is None or kinds is None:
            slots, kinds = np.zeros((1, self._levels), np.int64), np.full(1, ABSENT, np.int64)
        keep = ((1.0, 0.0) if self._guidance != 1.0 else (1.0,)) if text.strip() else (0.0,)
        return Prompt(states, keep, task, slots, kinds, rows)

    def _answer(
        self,
        prompt: Prompt,
        streams: Sequence[np.random.Generator],
        count: int | None,
        given: Sequence[int | None] = (),
    ) -> Answer:
        styled = self._style is None or (prompt.keep[0] and self._style.is_asked_for(prompt.states))
        decoder = self._decoder if styled else self._base
        return Answer(decoder.start(prompt), len(prompt.keep), streams, count, given)

    def _written(self, sampling: Sampling, answers: Sequence[Answer]) -> Writing:
        choosing = Choosing(
            sampling.temperature, sampling.top_p, self._guidance, self._detail_temperature, self._detail_guidance,
            self._unused,
        )  # fmt: skip
        return Writing(choosing, answers)


def _next(events: Iterator[Progress | Result]) -> Progress | Result | Exception:
    """The next event of a task, or why there is none."""
    try:
        return next(events)
    except Exception as error:  # noqa: BLE001 - of one task among others, which go on
        return error
