"""The vocabulary of the project's own language model: motion codes, special tokens, word pieces, and kinds of slots.

The decoder's tokens are the motion codes of the tokenizer's first level, END, BEGIN (of a motion), BEGIN_TEXT (of a
caption), then the word pieces that captions use. A motion token's two codes are passed as one number: see `pack`.
"""

CODES = 512
LEVELS = 2
END, BEGIN, BEGIN_TEXT = CODES, CODES + 1, CODES + 2
FIRST_WORD = CODES + 3
NO_DETAIL = CODES
"""Second-level code of tokens that are not motion."""
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


def pack(first: int, second: int) -> int:
    """Both codes of a motion token as one number."""
    return first * CODES + second


def unpack(code: int) -> tuple[int, int]:
    """The inverse of `pack`: (first level, second level)."""
    return divmod(code, CODES)
