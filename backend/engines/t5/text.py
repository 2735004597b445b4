"""The published T5 MotionGPT's language: its tokenizer with motion tokens, its prompts, and how its answers are read.

Ids: SentencePiece's, then 100 sentinels, then 515 motion tokens: codes 0..511, begin, end, mask. Text is split as
the fast T5 tokenizer does it: the whole text is normalised, cut at motion tokens and before every word, and each
part encoded.
"""

import re
from collections.abc import Sequence

from ...checkpoints.sentence_pieces import SPACE, SentencePieces

SENTINELS = 100
CODES = 512
BEGIN, END, MASK = CODES, CODES + 1, CODES + 2
MOTION_TOKENS = CODES + 3
PAD_ID, EOS_ID, UNKNOWN_ID = 0, 1, 2
MAX_INPUT = 256
"""Tokens of a prompt; the published code cuts longer ones off."""
MAX_CAPTION_TOKENS = 40
PREDICT_SHARE = 5
"""The model was taught to continue the first fifth of a motion."""
INBETWEEN_SHARE = 0.25
_MOTION = re.compile(r"<motion_id_(\d+)>")


class T5Tokenizer:
    """Prompts to ids and answers to text."""

    def __init__(self, pieces: SentencePieces, sentinels: int = SENTINELS) -> None:
        self._pieces = pieces
        self.first_motion = len(pieces) + sentinels
        self.size = self.first_motion + MOTION_TOKENS

    def encode(self, text: str) -> list[int]:
        """Ids of a prompt with the end-of-text id, at most MAX_INPUT."""
        text = re.sub(" {2,}", " ", self._pieces.normalize(text).rstrip(" "))
        ids: list[int] = []
        place = 0
        for match in _MOTION.finditer(text):
            if int(match[1]) >= MOTION_TOKENS:
                continue
            ids += self._words(text[place : match.start()])
            ids.append(self.first_motion + int(match[1]))
            place = match.end()
        ids += self._words(text[place:])
        return [*ids[: MAX_INPUT - 1], EOS_ID]

    def _words(self, text: str) -> list[int]:
        if not text:
            return []
        text = text.replace(" ", SPACE)
        if not text.startswith(SPACE):
            text = SPACE + text
        return [i for word in re.findall(f"{SPACE}[^{SPACE}]*", text) for i in self._pieces.encode_pieces(word)]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of an answer; padding, end and sentinels say nothing."""
        parts = []
        for i in ids:
            if i >= self.first_motion:
                parts.append(f"<motion_id_{i - self.first_motion}>")
            elif i < len(self._pieces) and i not in (PAD_ID, EOS_ID, UNKNOWN_ID):
                parts.append(self._pieces.piece(i))
        return tidy("".join(parts).replace(SPACE, " ").removeprefix(" "))

    def motion_ids(self, codes: Sequence[int]) -> list[int]:
        """The ids of codes."""
        return [self.first_motion + code for code in codes]

    def text_ids(self) -> list[int]:
        """Ids that a caption may consist of, the end included."""
        return [EOS_ID, *(i for i in range(len(self._pieces)) if self._pieces.is_text(i))]


def tidy(text: str) -> str:
    """The spaces before punctuation and inside contractions taken out, as the published tokenizer does."""
    for old, new in ((" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
                     (" 's", "'s"), (" 've", "'ve"), (" 're", "'re")):  # fmt: skip
        text = text.replace(old, new)
    return text


def motion_string(codes: Sequence[int]) -> str:
    """Codes as the model reads them, with begin and end."""
    return "".join(f"<motion_id_{code}>" for code in (BEGIN, *codes, END))


def text_to_motion_prompt(text: str, frames: int | None = None, quoted: bool = False) -> str:
    """frames: length to ask for. quoted: a part of the training's texts stood in quotation marks."""
    text = f'"{text}"' if quoted else text
    return f"Generate motion: {text}" if frames is None else f"Generate motion with {frames} frames: {text}"


def caption_prompt(codes: Sequence[int], frames: int | None = None) -> str:
    """The question for a motion's description."""
    return f"Generate text{'' if frames is None else f' with {frames} frames'}: {motion_string(codes)}"


def predict_prompt(head: Sequence[int]) -> str:
    """The question for what follows codes `head`."""
    return f"Predict motion: {motion_string(head)}"


def published_head(codes: Sequence[int], frames: int) -> list[int]:
    """The part of a motion that the published prediction task shows: the first fifth, begin counted along."""
    head = int(frames / 4 / PREDICT_SHARE + 1)
    return list(codes[: head - 1])


def inbetween_prompt(codes: Sequence[int], known: Sequence[bool]) -> str:
    """The question for the codes that are not known."""
    shown = [code if keep else MASK for code, keep in zip(codes, known, strict=True)]
    return f"Complete the masked motion: {motion_string(shown)}"


def published_known(count: int, frames: int) -> list[bool]:
    """Which of `count` codes the published in-between task shows: both outer quarters, begin counted along."""
    tokens = frames / 4
    head = int(tokens * INBETWEEN_SHARE + 1) - 1
    tail = int(tokens * (1 - INBETWEEN_SHARE) + 1) - 1
    return [not head <= i < tail for i in range(count)]


def parse_answer(answer: str) -> list[int]:
    """The published reading of an answer: codes between begin and end, [0] where there is no such thing."""
    begin, end = f"<motion_id_{BEGIN}>", f"<motion_id_{END}>"
    start, stop = answer.find(begin), answer.find(end)
    if start < 0 or stop < 0:
        return [0]
    codes = [int(code) for code in _MOTION.findall(answer[start + len(begin) : stop])]
    return [code for code in codes if code < CODES] or [0]
