"""Text of the published T5 MotionGPT: its tokenizer with motion tokens, its prompts, and parsing its answers.

Ids: SentencePiece's, then 100 sentinels, then 515 motion tokens: codes 0 to 511, begin, end, mask. Text is tokenized as
by the fast T5 tokenizer: normalised as a whole, split at motion tokens and before every word, and encoded part by part.
"""

import re
from collections.abc import Sequence

from ...checkpoints.sentence_pieces import SPACE, SentencePieces
from ..shared.codec import CODES, FRAMES_PER_TOKEN

TOKENIZER = "spiece.model"
SENTINELS = 100
BEGIN, END, MASK = CODES, CODES + 1, CODES + 2
MOTION_TOKENS = CODES + 3
PAD_ID, EOS_ID, UNKNOWN_ID = 0, 1, 2
MAX_INPUT = 256
"""Tokens of a prompt at most; the published code truncates longer ones."""
MAX_CAPTION_TOKENS = 40
PREDICT_SHARE = 5
"""The model is trained to continue the first fifth of a motion."""
INBETWEEN_SHARE = 0.25
"""The model is trained to fill in between the first and the last quarter of a motion."""
_MOTION = re.compile(r"<motion_id_(\d+)>")


class T5Tokenizer:
    """Encodes prompts to ids and decodes ids to text."""

    def __init__(self, pieces: SentencePieces, sentinels: int = SENTINELS) -> None:
        self._pieces = pieces
        self.first_motion = len(pieces) + sentinels
        self.size = self.first_motion + MOTION_TOKENS

    def encode(self, text: str) -> list[int]:
        """Ids of a prompt and the end-of-text id, truncated to MAX_INPUT."""
        text = re.sub(" {2,}", " ", self._pieces.normalize(text).rstrip(" "))
        ids: list[int] = []
        start = 0
        for match in _MOTION.finditer(text):
            if int(match[1]) >= MOTION_TOKENS:
                continue
            ids += self._encode_words(text[start : match.start()])
            ids.append(self.first_motion + int(match[1]))
            start = match.end()
        ids += self._encode_words(text[start:])
        return [*ids[: MAX_INPUT - 1], EOS_ID]

    def _encode_words(self, text: str) -> list[int]:
        if not text:
            return []
        text = text.replace(" ", SPACE)
        if not text.startswith(SPACE):
            text = SPACE + text
        return [i for word in re.findall(f"{SPACE}[^{SPACE}]*", text) for i in self._pieces.encode_pieces(word)]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of an answer; padding, end and sentinel ids are skipped."""
        parts = []
        for i in ids:
            if i >= self.first_motion:
                parts.append(f"<motion_id_{i - self.first_motion}>")
            elif i < len(self._pieces) and i not in (PAD_ID, EOS_ID, UNKNOWN_ID):
                parts.append(self._pieces.piece(i))
        return clean_up("".join(parts).replace(SPACE, " ").removeprefix(" "))

    def motion_ids(self, codes: Sequence[int]) -> list[int]:
        """Ids of codes."""
        return [self.first_motion + code for code in codes]

    def sentinel(self, number: int) -> int | None:
        """The id of the sentinel `<extra_id_N>`, None where there are fewer; they are numbered from the end."""
        return self.first_motion - 1 - number if number < self.first_motion - len(self._pieces) else None

    def text_ids(self) -> list[int]:
        """Ids that a caption may contain, the end id first."""
        return [EOS_ID, *(i for i in range(len(self._pieces)) if self._pieces.is_text(i))]


def clean_up(text: str) -> str:
    """Text without the spaces before punctuation and in contractions, as the published tokenizer cleans it up.

    >>> clean_up("he ca n't walk , he 's tired .")
    "he can't walk, he's tired."
    """
    for spaced in (" .", " ?", " !", " ,", " ' ", " n't", " 'm", " 's", " 've", " 're"):
        text = text.replace(spaced, spaced.strip())
    return text


def motion_string(codes: Sequence[int]) -> str:
    """Codes as motion tokens, between begin and end."""
    return "".join(f"<motion_id_{code}>" for code in (BEGIN, *codes, END))


def text_to_motion_prompt(text: str, frames: int | None = None, quoted: bool = False) -> str:
    """The prompt for a motion. frames: its length.  quoted: in quotation marks, like part of the training texts."""
    text = f'"{text}"' if quoted else text
    return f"Generate motion: {text}" if frames is None else f"Generate motion with {frames} frames: {text}"


def caption_prompt(codes: Sequence[int], frames: int | None = None) -> str:
    """The prompt for a motion's caption."""
    return f"Generate text{'' if frames is None else f' with {frames} frames'}: {motion_string(codes)}"


def predict_prompt(head: Sequence[int]) -> str:
    """The prompt for what follows the codes `head`."""
    return f"Predict motion: {motion_string(head)}"


def published_head(codes: Sequence[int], frames: int) -> list[int]:
    """The part of a motion that the published prediction task shows: the first fifth, the begin token included."""
    head = int(frames / FRAMES_PER_TOKEN / PREDICT_SHARE + 1)
    return list(codes[: head - 1])


def inbetween_prompt(codes: Sequence[int], known: Sequence[bool]) -> str:
    """The prompt for the codes that are not `known`."""
    shown = [code if keep else MASK for code, keep in zip(codes, known, strict=True)]
    return f"Complete the masked motion: {motion_string(shown)}"


def published_known(count: int, frames: int) -> list[bool]:
    """Which of `count` codes the published in-between task shows: both outer quarters, the begin token included."""
    tokens = frames / FRAMES_PER_TOKEN
    head = int(tokens * INBETWEEN_SHARE + 1) - 1
    tail = int(tokens * (1 - INBETWEEN_SHARE) + 1) - 1
    return [not head <= i < tail for i in range(count)]


def parse_answer(answer: str) -> list[int]:
    """Codes between begin and end, as the published code parses an answer; [0] where there are none.

    >>> parse_answer(motion_string([7, 300]))
    [7, 300]
    """
    begin, end = f"<motion_id_{BEGIN}>", f"<motion_id_{END}>"
    start, stop = answer.find(begin), answer.find(end)
    if start < 0 or stop < 0:
        return [0]
    codes = [int(code) for code in _MOTION.findall(answer[start + len(begin) : stop])]
    return [code for code in codes if code < CODES] or [0]
