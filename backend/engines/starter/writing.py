"""Tokens of one or more requests' answers, chosen in one batch.

A request's tokens are the same alone and beside others: each answer has its own random numbers, and what the graphs
compute for a row depends on no other row. `rows_are_independent` tries the latter on the machine at hand.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ....retarget.typing import Bools, Float32s, Ints
from ..shared.sampling import choose_each
from ..shared.tokens import Codes
from .decoder import Decoder, Decoding, Prompt
from .vocabulary import ABSENT, BEGIN, CODES, END, MAX_TOKENS, NO_DETAIL, UNKNOWN_LENGTH, pack, unpack


@dataclass(frozen=True)
class Choosing:
    """How tokens are chosen. guidance: how far answers are pushed from what they would be without the text.
    detail_temperature: of further levels, where it is lower.  detail_guidance: of further levels, where it is not 1.
    unused: codes that are never chosen."""

    temperature: float
    top_p: float
    guidance: float
    detail_temperature: float
    detail_guidance: float = 1.0
    unused: tuple[int, ...] = ()


class Answer:
    """The answers to one request, as they grow, and how their decoding begins.

    copies: how often each is decoded: with the text and without.  streams: random numbers, a generator for each answer.
    count: tokens of each; None: they end by themselves.  given: known codes, by position.
    """

    def __init__(
        self,
        start: Decoding,
        copies: int,
        streams: Sequence[np.random.Generator],
        count: int | None,
        given: Sequence[int | None] = (),
    ) -> None:
        self.start, self.copies, self.streams = start, copies, streams
        self.count, self.given, self.place = count, given, 0
        self.codes: Codes = [[] for _ in streams]
        begin = [BEGIN, *[NO_DETAIL] * (start.levels - 1)]
        self.last = np.repeat(np.array(begin)[:, None], len(streams), axis=1)  # (levels, rows)
        self.ended = np.zeros(len(streams), bool)

    @property
    def done(self) -> bool:
        """Whether all tokens are chosen."""
        return self.place >= (self.count or MAX_TOKENS) or bool(self.ended.all())

    @property
    def left(self) -> int:
        """Tokens left, as the decoder takes it."""
        return UNKNOWN_LENGTH if self.count is None else self.count - self.place

    @property
    def known(self) -> int | None:
        """The code that comes next, where it is given."""
        return self.given[self.place] if self.place < len(self.given) else None

    def add(self, chosen: Ints, ended: Bools | None = None) -> None:
        """Add a token to each answer. chosen (levels, rows): its codes.  ended (rows,): which answers end before it."""
        if ended is not None:
            self.ended = ended
        self.last = chosen
        self.place += 1
        for row, codes, over in zip(self.codes, chosen.T.tolist(), self.ended.tolist(), strict=True):
            if not over:
                row.append(pack(codes))


class Writing:
    """Requests in one batch: where one is followed, the others get on too.

    answers: of as many copies each, whose decodings are of one decoder and have the same width.
    """

    def __init__(self, choosing: Choosing, answers: Sequence[Answer]) -> None:
        self._decoder, self._choosing = answers[0].start.decoder, choosing
        self._answers = list(answers)
        self._copies = answers[0].copies
        self._decoding: Decoding | None = None
        self._left: set[int] = set()

    def follow(self, answer: Answer) -> Iterator[Codes]:
        """The codes of a request after every token."""
        seen = 0
        while seen < answer.place or not answer.done:
            if seen == answer.place:
                self._advance()
            seen = answer.place
            if answer.ended.all():
                return
            yield [list(one) for one in answer.codes]

    def leave(self, answer: Answer) -> None:
        """A request is followed no more; the others go on without it."""
        self._left.add(id(answer))

    def _advance(self) -> None:
        """A token more of every request that is not done."""
        decoding = self._going_on()
        last = np.concatenate([a.last for a in self._answers] * self._copies, axis=1)
        left = [a.left for a in self._answers for _ in a.streams] * self._copies
        logits, hidden = decoding.step(last, left)
        logits = logits[:, : END + 1]  # of some graphs there are those of words, too
        rows = len(logits) // self._copies
        if self._copies == 2:
            logits = _pushed(logits[:rows], logits[rows:], self._choosing.guidance)
        self._choose(logits, hidden[:rows], hidden[rows:] if self._copies == 2 else None)

    def _going_on(self) -> Decoding:
        """The batch, without what is done or followed no more. Its rows: all answers, then their second copies."""
        stay = [id(a) not in self._left and not a.done for a in self._answers]
        if self._decoding is None:
            self._decoding = Decoding.of_all([a.start for a in self._answers])
            copy = np.concatenate([np.repeat(np.arange(self._copies), len(a.streams)) for a in self._answers])
            if len(self._answers) > 1:
                self._decoding.keep(np.argsort(copy, kind="stable"))
        if not all(stay):
            rows = np.repeat(stay, [len(a.streams) for a in self._answers])
            self._decoding.keep(np.flatnonzero(np.tile(rows, self._copies)))
            self._answers = [a for a, stays in zip(self._answers, stay, strict=True) if stays]
        return self._decoding

    def _choose(self, logits: Float32s, hidden: Float32s, textless: Float32s | None) -> None:
        """Choose the next token of requests, or take the one that is given. logits, hidden: of all answers.  textless:
        their states without the text."""
        free = [a for a in self._answers if a.known is None]
        if len(free) < len(self._answers):
            unknown = np.repeat([a.known is None for a in self._answers], [len(a.streams) for a in self._answers])
            logits, hidden = logits[unknown], hidden[unknown]
            textless = None if textless is None else textless[unknown]
        for answer in self._answers:
            if (code := answer.known) is not None:
                token = np.array(unpack(code, self._decoder.levels))
                answer.add(np.repeat(token[:, None], len(answer.streams), axis=1))
        if not free:
            return
        c, streams = self._choosing, [stream for a in free for stream in a.streams]
        may_end = np.repeat([a.count is None and a.place > 0 for a in free], [len(a.streams) for a in free])
        if c.unused:
            logits[:, list(c.unused)] = -np.inf
        logits[~may_end, END] = -np.inf
        first = choose_each(logits, streams, temperature=c.temperature, top_p=c.top_p)
        over = (first == END) | np.concatenate([a.ended for a in free])
        chosen = np.zeros((self._decoder.levels, len(streams)), np.int64)
        chosen[0] = np.where(over, 0, first)
        details = self._decoder.details(hidden)
        plain = None if textless is None or c.detail_guidance == 1.0 else self._decoder.details(textless)
        for level in range(1, 1 if over.all() else self._decoder.levels):
            further = details.after(chosen[level - 1])
            if plain is not None:
                further = _pushed(further, plain.after(chosen[level - 1]), c.detail_guidance)
            chosen[level] = choose_each(further, streams, min(c.temperature, c.detail_temperature), top_p=c.top_p)
        at = 0
        for answer in free:
            rows = slice(at, at := at + len(answer.streams))
            answer.add(chosen[:, rows], over[rows])


def _pushed(logits: Float32s, without: Float32s, guidance: float) -> Float32s:
    """Logits, away from what they are without the text."""
    pushed: Float32s = without + guidance * (logits - without)
    return pushed


def rows_are_independent(decoder: Decoder, rows: int, most: int) -> bool:
    """Whether `rows` answers come out to the bit as they do among `most`, by what computes the graphs on this machine:
    libraries may multiply matrices in another way for another number of rows."""
    slots, kinds = np.zeros((1, decoder.levels), np.int64), np.full(1, ABSENT, np.int64)
    states, codes = decoder.read([1, 2, 3]), np.random.default_rng(0).integers(0, CODES, (3, decoder.levels, most))

    def results(begin: int, end: int) -> list[Float32s]:
        decoding = decoder.start(Prompt(states, (1.0,), "generate", slots, kinds, end - begin))
        found = []
        for step in codes[:, :, begin:end]:
            logits, hidden = decoding.step(step, [MAX_TOKENS] * (end - begin))
            details = decoder.details(hidden)
            found.append(np.concatenate([logits, hidden, *map(details.after, step[:-1])], axis=1))
        return found

    whole = results(0, most)
    for begin, end in ((0, rows), (most - rows, most), (rows, min(3 * rows, most)), (0, most // 2)):
        if not all(map(np.array_equal, results(begin, end), [one[begin:end] for one in whole])):
            return False
    return True
