"""The vocabulary of the project's own language model: motion codes, special tokens, word pieces, and kinds of slots.

The decoder's tokens are the motion codes of the tokenizer's first level, END, BEGIN (of a motion), BEGIN_TEXT (of a
caption), then the word pieces that captions use. A motion token's codes are passed as one number: see `pack`.
"""

import functools
from collections.abc import Iterable

CODES = 512
LEVELS = 2
"""Levels of codes a token has, where a model's card names none."""
MOST_LEVELS = 12
END, BEGIN, BEGIN_TEXT = CODES, CODES + 1, CODES + 2
FIRST_WORD = CODES + 3
NO_DETAIL = CODES
"""Code of the further levels of tokens that are not motion."""
MAX_TOKENS = 64
UNKNOWN_LENGTH = MAX_TOKENS + 1
"""Value of "tokens left" for an open length; otherwise it counts from 0 to 64."""
TASKS = ("generate", "inbetween", "caption")
"""Tasks of the decoder; to continue a motion is to generate one whose beginning is known."""
ABSENT, HIDDEN, MOTION, POSE = range(4)
"""Kinds of slots: padding, a token to be generated, a given token, a token with a given pose."""
TEXT_TOKENS = 40
QUESTION = "describe the motion."
"""The prompt for a caption; training uses other wordings too."""


def detail_name(level: int) -> str:
    """Name of the graph that predicts a further level (1 is the second), and of that level's input to the decoder."""
    return "detail" if level == 1 else f"detail{level}"


def pack(codes: Iterable[int]) -> int:
    """The codes of a motion token, one for each level, as one number; the first level's digits are the highest. Eight
    levels are more than an array's numbers hold: these are Python's own, which have any length."""
    return functools.reduce(lambda number, code: number * CODES + code, codes)


def unpack(number: int, levels: int = LEVELS) -> tuple[int, ...]:
    """The codes of a packed token, one for each level."""
    codes = []
    for _ in range(levels):
        number, code = divmod(number, CODES)
        codes.append(code)
    return tuple(reversed(codes))
