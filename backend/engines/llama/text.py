"""Text of the published LLaMA MotionGPT: its prompts, parsing its answers, and a grammar that constrains them.

An answer is a comma-separated list of codes from 0 to 511.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from ..shared.codec import CODES

TOKENIZER = "tokenizer.model"
Condition = Literal["text", "initial", "last", "key"]
CONDITIONS: tuple[Condition, ...] = ("text", "initial", "last", "key")
_GIVEN: dict[Condition, str] = {
    "text": "",
    "initial": " given the initial token",
    "last": " given the last token",
    "key": " given several key tokens",
}
_PREAMBLE = (
    "Below is an instruction that describes a task, paired with an input that provides further context. "
    "Write a response that appropriately completes the request."
)

_NUMBER = re.compile(r"\s*(\d+)(?:\s*(,))?")


def make_prompt(condition: Condition, text: str, codes: Sequence[int] | str = ()) -> str:
    """The prompt of one of the four published tasks: a description, followed by the codes of given poses, or by their
    text where they are not written in digits."""
    instruction = (
        f"Generate a sequence of motion tokens matching the following human motion description{_GIVEN[condition]}."
    )
    written = codes if isinstance(codes, str) else ",".join(map(str, codes))
    given = f"<Motion Token>{written}</Motion Token>" if written else ""
    return f"{_PREAMBLE}\n\n### Instruction:\n{instruction}\n\n### Input:\n{text}{given}\n\n### Response:"


def parse_answer(answer: str, ended: bool = True) -> list[int]:
    """The codes at the start of an answer, up to whatever is not a code.

    ended: whether the model ended the answer. If not, a last number that may be incomplete is dropped.

    >>> parse_answer("12, 511, 600, 3")
    [12, 511]
    >>> parse_answer("12,51", ended=False)
    [12]
    """
    codes: list[int] = []
    start = 0
    while match := _NUMBER.match(answer, start):
        incomplete = match.end(1) == len(answer) and not ended
        if len(match[1]) > 3 or int(match[1]) >= CODES or incomplete:
            break
        codes.append(int(match[1]))
        start = match.end()
        if not match[2]:
            break
    return codes


State = tuple[int, str]
"""(number of complete codes, digits so far of the next one)."""


class Grammar:
    """Which text may come next in an answer, character by character.

    count: exact number of codes, or None for any number up to `most`; kept as `exact`.  given: index of a code -> the
    code it has to be.

    >>> grammar = Grammar(count=2, most=9, given={1: 40})
    >>> grammar.after(grammar.start, "511,4")
    (1, '4')
    >>> grammar.after(grammar.start, "512") is None  # there are 512 codes, from 0
    True
    """

    start: State = (0, "")

    def __init__(self, count: int | None, most: int, given: Mapping[int, int] | None = None) -> None:
        self.exact, self._most = count, count or most
        self._given = {index: str(code) for index, code in (given or {}).items()}

    def after(self, state: State, text: str) -> State | None:
        """The state after some more characters, or None if the grammar forbids them."""
        done, digits = state
        for character in text:
            if character == ",":
                if not self._complete(done, digits) or done + 1 >= self._most:
                    return None
                done, digits = done + 1, ""
            elif character in "0123456789":
                if digits == "0" or int(digits + character) >= CODES:
                    return None
                digits += character
                if not self._given.get(done, digits).startswith(digits):
                    return None
            else:
                return None
        return done, digits

    def given(self, index: int) -> int | None:
        """The code that a place has to have, if it is known."""
        return int(self._given[index]) if index in self._given else None

    def may_end(self, state: State) -> bool:
        """Whether the answer is complete."""
        done, digits = state
        return self._complete(done, digits) and self.exact in (None, done + 1)

    def _complete(self, index: int, digits: str) -> bool:
        return bool(digits) and self._given.get(index, digits) == digits
