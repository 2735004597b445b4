"""The one error type that users see: what is wrong, and what to do about it."""


class MotionGPTError(Exception):
    """A failure that the user can fix; anything else is a bug and keeps its traceback.

    message: one sentence that names what is wrong.  cure: one sentence that says what to do, or "".
    kind: a short identifier for programs, such as "bad_input", "no_model", "cancelled" or "not_humanoid".
    """

    def __init__(self, message: str, cure: str = "", kind: str = "bad_input") -> None:
        super().__init__(f"{message} {cure}".strip())
        self.message = message
        self.cure = cure
        self.kind = kind
