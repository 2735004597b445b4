"""The numbers by which the project's own language model knows motion codes, words and kinds of slots.

The decoder's tokens: motion codes of the tokenizer's first level, END, BEGIN, TELL, then the word pieces that captions
use. A motion token travels as one number, `pack`.
"""

CODES = 512
LEVELS = 2
END, BEGIN, TELL = CODES, CODES + 1, CODES + 2
FIRST_WORD = CODES + 3
NO_DETAIL = CODES
"""Second level of what is no motion."""
MAX_TOKENS = 64
UNKNOWN_LENGTH = MAX_TOKENS + 1
"""Of "how many tokens are left": 0 to 64, or not told."""
TASKS = ("generate", "inbetween", "caption")
"""What the decoder is to write; to continue a motion is to generate with its beginning given."""
ABSENT, HIDDEN, MOTION, POSE = range(4)
"""Kinds of slots: none (padding), to be invented, a known token, a pose that the token passes through."""
TEXT_TOKENS = 40
QUESTION = "describe the motion."
"""What a caption is asked for with; training uses other wordings too."""


def pack(first: int, second: int) -> int:
    """One number for both levels of a token."""
    return first * CODES + second


def unpack(code: int) -> tuple[int, int]:
    """Inverse of `pack`."""
    return divmod(code, CODES)
