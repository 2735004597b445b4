"""The one error type that users see: what is wrong, and what to do about it."""

LONGEST = 1000
"""Characters of a sentence; what a damaged file says of itself may have megabytes."""


class MotionGPTError(Exception):
    """A failure that the user can fix; anything else is a bug and keeps its traceback.

    message: one sentence that names what is wrong.  cure: one sentence that says what to do, or "".
    kind: a short identifier for programs, such as "bad_input", "no_model", "cancelled" or "not_humanoid".
    """

    def __init__(self, message: str, cure: str = "", kind: str = "bad_input") -> None:
        self.message, self.cure = _short(message), _short(cure)
        super().__init__(f"{self.message} {self.cure}".strip())
        self.kind = kind


def _short(sentence: str) -> str:
    """A sentence without its middle, where it is too long to be read."""
    if len(sentence) <= LONGEST:
        return sentence
    return f"{sentence[: LONGEST * 3 // 4]} … {sentence[-LONGEST // 5 :]}"
