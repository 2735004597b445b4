"""`tokenizer.json`, by the library `tokenizers`, whose bare Exceptions become the project's error."""

from pathlib import Path

from tokenizers import Encoding, Tokenizer

from ...retarget.errors import MotionGPTError


def read_tokenizer_json(path: Path) -> Tokenizer:
    """The tokenizer, which neither cuts nor pads texts. Raises MotionGPTError ("bad_checkpoint") if there is none."""
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:
        raise MotionGPTError(f"{path} can't be read ({error}).", "Download it again.", "bad_checkpoint") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def encode(tokenizer: Tokenizer, text: str, special_tokens: bool = True) -> Encoding:
    """A text's pieces. Raises MotionGPTError ("bad_checkpoint") for one that the vocabulary has no pieces for."""
    try:
        return tokenizer.encode(text, add_special_tokens=special_tokens)
    except Exception as error:
        raise MotionGPTError(
            f"The model's tokenizer.json can't read this text ({error}).", "Download it again.", "bad_checkpoint"
        ) from error
