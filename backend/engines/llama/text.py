"""The published LLaMA MotionGPT's language: its prompt, codes as text, and a grammar for its answers.

An answer is codes from 0 to 511 with commas between them and nothing else.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Literal

CODES = 512
Condition = Literal["text", "initial", "last", "key"]
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


def make_instruction(condition: Condition) -> str:
    """What the model is told to do."""
    return f"Generate a sequence of motion tokens matching the following human motion description{_GIVEN[condition]}."


def make_input(text: str, codes: Sequence[int] = ()) -> str:
    """The description, and the codes of the given poses behind it."""
    return text if not codes else f"{text}<Motion Token>{','.join(map(str, codes))}</Motion Token>"


def make_prompt(condition: Condition, text: str, codes: Sequence[int] = ()) -> str:
    """The whole prompt of one of the four published conditions."""
    instruction = make_instruction(condition)
    return f"{_PREAMBLE}\n\n### Instruction:\n{instruction}\n\n### Input:\n{make_input(text, codes)}\n\n### Response:"


def parse_answer(answer: str, ended: bool = True) -> list[int]:
    """The codes at the beginning of an answer, up to the first thing that is none.

    ended: whether the model came to an end by itself; a last number that may be cut off is left out otherwise.
    """
    codes: list[int] = []
    place = 0
    while match := _NUMBER.match(answer, place):
        cut_off = match.end(1) == len(answer) and not ended
        if len(match[1]) > 3 or int(match[1]) >= CODES or cut_off:
            break
        codes.append(int(match[1]))
        place = match.end()
        if not match[2]:
            break
    return codes


State = tuple[int, str]
"""(codes finished, digits of the code being written)."""


class Grammar:
    """Which texts may follow which, character by character, in an answer of exactly `count` codes, or of any number.

    most: how many codes there may be.  given: codes that have to stand at certain places.
    """

    start: State = (0, "")

    def __init__(self, count: int | None, most: int, given: Mapping[int, int] | None = None) -> None:
        self._exact, self._most = count, count or most
        self._given = {place: str(code) for place, code in (given or {}).items()}

    def after(self, state: State, text: str) -> State | None:
        """The state after some more characters, or None where they may not come."""
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

    def may_end(self, state: State) -> bool:
        """Whether the answer is complete."""
        done, digits = state
        return self._complete(done, digits) and self._exact in (None, done + 1)

    def _complete(self, place: int, digits: str) -> bool:
        return bool(digits) and self._given.get(place, digits) == digits
