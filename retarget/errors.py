"""The one error type that users see: what is wrong, and what to do about it."""


class MotionGPTError(Exception):
    """A failure that the user can cure; everything else is a bug and keeps its traceback.

    kind: a short identifier for programs ("bad_input", "no_model", "cancelled", "unwritable", "not_humanoid",
    "protocol", "too_large", "busy", "internal").
    message: one sentence that names what is wrong.  cure: one sentence that says what to do, or "".
    """

    def __init__(self, message: str, cure: str = "", kind: str = "bad_input") -> None:
        super().__init__(f"{message} {cure}".strip())
        self.message = message
        self.cure = cure
        self.kind = kind
