"""*Finetuned LLMs are General-Purpose Motion Generators*: a LLaMA that answers with codes in plain digits.

A grammar allows only digits and commas that can make a valid answer: numbers below 512, as many as asked for, known
codes in their indices. Without it (the card's setting "grammar" is false, as published) the valid part of an answer is
used, and if there is none, the model is asked again at most twice.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ....retarget.errors import MotionGPTError
from ...checkpoints.sentence_pieces import SentencePieces
from ...model_folder import ModelCard
from ...tasks import Task
from ..shared.codec import MotionCodec
from ..shared.devices import make_network
from ..shared.sampling import choose, random_streams
from ..shared.tokens import Codes, Sampling, TokenEngine
from .text import TOKENIZER, Condition, Grammar, State, make_prompt, parse_answer

TEMPERATURE, TOP_K = 0.8, 200
BEGIN_ID, END_ID = 1, 2
MAX_ANSWERS = 3
_PER_CODE = 4
"""Tokens per code at most: three digits and a comma."""


class LlamaEngine(TokenEngine):
    """A model folder of kind "motiongpt-llama"."""

    temperature, top_k = TEMPERATURE, TOP_K
    context_tokens = 1

    def __init__(self, folder: Path, card: ModelCard, device: str, precision: str = "auto") -> None:
        self._network = make_network("llama", folder, card.settings["shape"], device, precision)
        super().__init__(card, MotionCodec(folder), self._network.device, self._network.why)
        self._pieces = SentencePieces(folder / TOKENIZER)
        self._grammar = bool(card.settings.get("grammar", True))
        texts = {i: self._pieces.piece(i) for i in range(len(self._pieces)) if self._pieces.is_text(i)}
        self._digits = {i: text for i, text in texts.items() if re.fullmatch("[0-9,]+", text)}
        self._ids: tuple[int, ...] = (END_ID, *self._digits)

    def text_to_codes(self, text: str, count: int | None, sampling: Sampling) -> Iterator[Codes]:
        yield from self._answers("text", text, [], count, sampling, {})

    def codes_after(self, context: Sequence[int], text: str, count: int, sampling: Sampling) -> Iterator[Codes]:
        first = context[-1]
        for codes in self._answers("initial", text, [first], count + 1, sampling, {0: first}):
            yield [one[1:] for one in codes]

    def codes_between(
        self, codes: Sequence[int], known: Sequence[int], text: str, sampling: Sampling
    ) -> Iterator[Codes]:
        given = {i: code for i, (code, keep) in enumerate(zip(codes, known, strict=True)) if keep}
        condition: Condition = "key"
        if list(given) == [0]:
            condition = "initial"
        elif list(given) == [len(codes) - 1]:
            condition = "last"
        for answer in self._answers(condition, text, list(given.values()), len(codes), sampling, given):
            yield [[given.get(i, code) for i, code in enumerate(one)] for one in answer]

    def check_text(self, task: type[Task], text: str) -> None:
        """The published prompts always have a description."""
        if not text:
            raise MotionGPTError(
                f"The model {self.name} needs a text for this ({task.name()}).", "Say what the person does (--prompt)."
            )

    def _answers(
        self,
        condition: Condition,
        text: str,
        codes: Sequence[int],
        count: int | None,
        sampling: Sampling,
        given: dict[int, int],
    ) -> Iterator[Codes]:
        prompt = self._prompt(condition, text, codes)
        if self._grammar:
            yield from self._constrained(prompt, Grammar(count, self._most, given), count or self._most, sampling)
        else:
            yield from self._free(prompt, count, sampling)

    def _prompt(self, condition: Condition, text: str, codes: Sequence[int]) -> list[int]:
        return [BEGIN_ID, *self._pieces.encode(make_prompt(condition, text, codes))]

    def _constrained(self, prompt: Sequence[int], grammar: Grammar, most: int, sampling: Sampling) -> Iterator[Codes]:
        """Each variation follows the grammar from its own state."""
        batch = sampling.variations
        streams = random_streams(sampling.seed, batch)
        hidden = self._network.start(prompt, batch)
        states: list[State | None] = [grammar.start] * batch
        answers = [""] * batch
        known: dict[State, tuple[list[int], list[State]]] = {}
        for _ in range(most * _PER_CODE):
            assert hidden is not None
            scores = self._network.logits(hidden, self._ids)
            tokens = [self._ids[0]] * batch
            for row, state in enumerate(states):
                if state is None:
                    continue
                if state not in known:
                    known[state] = self._choices(grammar, state)
                indices, after = known[state]
                pick = choose(scores[row, indices], streams[row], sampling.temperature, sampling.top_k, sampling.top_p)
                if indices[pick] == 0:
                    states[row] = None
                    continue
                tokens[row] = self._ids[indices[pick]]
                answers[row] += self._digits[tokens[row]]
                states[row] = after[pick]
            yield [parse_answer(answer, ended=state is None) for answer, state in zip(answers, states, strict=True)]
            if all(state is None for state in states):
                return
            hidden = self._network.step(tokens)
        raise _malformed(self.name)

    def _choices(self, grammar: Grammar, state: State) -> tuple[list[int], list[State]]:
        """Indices into `_ids` of the tokens allowed in a state, and the state after each; that of the end is unused."""
        indices, after = [], []
        if grammar.may_end(state):
            indices.append(0)
            after.append(state)
        for index, text in enumerate(self._digits.values(), start=1):
            if (following := grammar.after(state, text)) is not None:
                indices.append(index)
                after.append(following)
        if not indices:
            raise MotionGPTError(
                f"The tokenizer of {self.name} can't write codes.", "Import the model again.", "no_model"
            )
        return indices, after

    def _free(self, prompt: Sequence[int], count: int | None, sampling: Sampling) -> Iterator[Codes]:
        """As published: any token is allowed; answers without a valid code are sampled again."""
        codes: Codes = [[] for _ in range(sampling.variations)]
        for attempt in range(MAX_ANSWERS):
            streams = [np.random.default_rng([sampling.seed, i, attempt]) for i in range(sampling.variations)]
            for texts, ended in self._free_texts(prompt, (count or self._most) * _PER_CODE, sampling, streams):
                found = [parse_answer(text, end) for text, end in zip(texts, ended, strict=True)]
                yield [old or new or [] for old, new in zip(codes, found, strict=True)]
            codes = [old or new[:count] for old, new in zip(codes, found, strict=True)]
            if all(codes):
                yield codes
                return
        raise _malformed(self.name)

    def _free_texts(
        self, prompt: Sequence[int], most: int, sampling: Sampling, streams: Sequence[np.random.Generator]
    ) -> Iterator[tuple[list[str], list[bool]]]:
        """(answers so far, whether each has ended) after every token."""
        batch = sampling.variations
        hidden = self._network.start(prompt, batch)
        ids: list[list[int]] = [[] for _ in range(batch)]
        ended = [False] * batch
        for _ in range(most):
            assert hidden is not None
            scores = self._network.logits(hidden, None)
            tokens = []
            for row in range(batch):
                token = choose(scores[row], streams[row], sampling.temperature, sampling.top_k, sampling.top_p)
                ended[row] |= token == END_ID
                if not ended[row] and token < len(self._pieces):
                    ids[row].append(token)
                tokens.append(token)
            yield [self._pieces.decode(one) for one in ids], list(ended)
            if all(ended):
                return
            hidden = self._network.step(tokens)


def _malformed(name: str) -> MotionGPTError:
    return MotionGPTError(
        f"The model {name} gave no motion in {MAX_ANSWERS} answers.",
        "Word the text differently, or try another seed.",
        "malformed",
    )
