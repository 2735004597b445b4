"""The two files that a T5's tokenizer may come in, behind one interface: SentencePiece's, and that of `tokenizers`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from tokenizers import AddedToken

from ....retarget.errors import MotionGPTError
from ...checkpoints.sentence_pieces import SentencePieces
from ...checkpoints.tokenizer_json import encode, read_tokenizer_json
from .text import EOS_ID, MAX_INPUT, MOTION_TOKENS, SENTINELS, TOKENIZER, T5Tokenizer, clean_up

FILE = "tokenizer.json"


class PromptTokenizer(Protocol):
    """Text with motion tokens to ids and back.

    size: of the vocabulary.  first_motion: id of the first of the motion tokens.
    """

    size: int
    first_motion: int

    def encode(self, text: str) -> list[int]:
        """Ids of a prompt and the end-of-text id, truncated to MAX_INPUT."""

    def decode(self, ids: Sequence[int]) -> str:
        """The text of an answer."""

    def motion_ids(self, codes: Sequence[int]) -> list[int]:
        """Ids of codes."""

    def text_ids(self) -> list[int]:
        """Ids that a caption may contain, the end id first."""

    def sentinel(self, number: int) -> int | None:
        """The id of the sentinel `<extra_id_N>`, None where there are fewer."""


def motion_token(number: int) -> str:
    """The text of a motion token: codes 0 to 511, begin, end, mask."""
    return f"<motion_id_{number}>"


class FileTokenizer:
    """A `tokenizer.json`; the motion tokens are appended unless they are there."""

    def __init__(self, path: Path) -> None:
        self._tokenizer = read_tokenizer_json(path)
        if self._tokenizer.token_to_id(motion_token(0)) is None:
            tokens = [AddedToken(motion_token(i), normalized=False) for i in range(MOTION_TOKENS)]
            self._tokenizer.add_tokens(tokens)
        self.first_motion = self._number(motion_token(0), path)
        if self._number(motion_token(MOTION_TOKENS - 1), path) != self.first_motion + MOTION_TOKENS - 1:
            raise MotionGPTError(f"The motion tokens in {path} are not in order.", "Give another T5.", "bad_checkpoint")
        self.size = max(self._tokenizer.get_vocab_size(), self.first_motion + MOTION_TOKENS)
        if self._tokenizer.token_to_id("</s>") != EOS_ID:
            raise MotionGPTError(f"{path} is no tokenizer of a T5.", "Give the folder of a T5.", "bad_checkpoint")

    def _number(self, token: str, path: Path) -> int:
        number = self._tokenizer.token_to_id(token)
        if number is None:
            raise MotionGPTError(f"{path} lacks {token}.", "Give another T5.", "bad_checkpoint")
        return int(number)

    def encode(self, text: str) -> list[int]:
        ids = [i for i in encode(self._tokenizer, text, special_tokens=False).ids if i != EOS_ID]
        return [*ids[: MAX_INPUT - 1], EOS_ID]

    def decode(self, ids: Sequence[int]) -> str:
        return clean_up(self._tokenizer.decode(list(ids), skip_special_tokens=True)).strip()

    def motion_ids(self, codes: Sequence[int]) -> list[int]:
        return [self.first_motion + code for code in codes]

    def text_ids(self) -> list[int]:
        added = set(self._tokenizer.get_added_tokens_decoder())
        return [EOS_ID, *(i for i in range(self.first_motion) if i > EOS_ID + 1 and i not in added)]

    def sentinel(self, number: int) -> int | None:
        found = self._tokenizer.token_to_id(f"<extra_id_{number}>")
        return None if found is None else int(found)

    def save(self, path: Path) -> None:
        """Write the tokenizer with its motion tokens."""
        self._tokenizer.save(str(path))


def tokenizer_file(folder: Path) -> Path:
    """The tokenizer of a T5's folder. Raises MotionGPTError if it holds none."""
    for name in (TOKENIZER, FILE):
        if (folder / name).is_file():
            return folder / name
    raise MotionGPTError(
        f"{folder} holds neither {TOKENIZER} nor {FILE}.", "Download the whole folder of the T5.", "bad_checkpoint"
    )


def read_sentinels(folder: Path) -> int:
    """How many sentinels follow SentencePiece's vocabulary, by the folder's settings."""
    try:
        settings = json.loads((folder / "tokenizer_config.json").read_bytes())
        return int(settings.get("extra_ids", SENTINELS))
    except FileNotFoundError:
        return SENTINELS
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise MotionGPTError(
            f"{folder / 'tokenizer_config.json'} can't be read ({error}).", "Download it again.", "bad_checkpoint"
        ) from error


def read_tokenizer(path: Path, sentinels: int) -> PromptTokenizer:
    """The tokenizer in a file. sentinels: as `read_sentinels` finds them; `tokenizer.json` has its own."""
    return FileTokenizer(path) if path.name == FILE else T5Tokenizer(SentencePieces(path), sentinels)
