"""The tokenizer of any causal language model, from its `tokenizer.json`, and how motion codes are written in it: in
digits and commas, as the paper has them, or as one added token each."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from tokenizers import AddedToken, Tokenizer

from ....retarget.errors import MotionGPTError
from ...checkpoints.tokenizer_json import encode, read_tokenizer_json
from ..shared.codec import CODES
from .text import Condition, make_prompt

FILE = "tokenizer.json"
Writing = Literal["text", "tokens"]
WRITINGS: tuple[Writing, ...] = ("text", "tokens")


class CausalTokenizer:
    """Prompts and answers as ids.

    end: id that ends an answer.  first_code: id of the first code, where codes are tokens.  size: of the vocabulary
    with the codes, used or not, so that adapters of either kind fit one base.  digits: id -> text of every token of
    digits and commas.
    """

    def __init__(self, folder: Path, codes: Writing) -> None:
        self.codes = codes
        self._tokenizer = _read(folder / FILE)
        self.end = _end(folder, self._tokenizer)
        known = self._tokenizer.get_vocab(with_added_tokens=True)
        first = self._tokenizer.token_to_id(_token(0))
        self.first_code = max(known.values()) + 1 if first is None else int(first)
        self.size = max(max(known.values()) + 1, self.first_code + CODES)
        if first is None and codes == "tokens":
            self._tokenizer.add_tokens([AddedToken(_token(i), normalized=False) for i in range(CODES)])
        self.digits = {i: text for text, i in known.items() if re.fullmatch("[0-9,]+", text)}

    def prompt(self, condition: Condition, text: str, codes: Sequence[int]) -> list[int]:
        """Ids of the paper's prompt for a condition."""
        return self._without_end(encode(self._tokenizer, self._prompt_text(condition, text, codes)).ids)

    def answer(self, condition: Condition, text: str, given: Sequence[int], codes: Sequence[int]) -> list[int]:
        """Ids of the answer to a prompt, with the end; tokenized with the prompt, as one text."""
        if self.codes == "tokens":
            return [*(self.first_code + code for code in codes), self.end]
        before, answer = self._prompt_text(condition, text, given), ",".join(map(str, codes))
        whole = encode(self._tokenizer, before + answer)
        start = next((i for i, (first, _) in enumerate(whole.offsets) if first >= len(before)), len(whole.ids))
        ids = self._without_end(whole.ids)
        if ids[:start] != self.prompt(condition, text, given):  # the two would be one token where they meet
            return [*encode(self._tokenizer, answer, special_tokens=False).ids, self.end]
        return [*ids[start:], self.end]

    def _prompt_text(self, condition: Condition, text: str, codes: Sequence[int]) -> str:
        if self.codes == "tokens":
            return make_prompt(condition, text, "".join(map(_token, codes)))
        return make_prompt(condition, text, ",".join(map(str, codes)))

    def _without_end(self, ids: list[int]) -> list[int]:
        return ids[:-1] if ids and ids[-1] == self.end else ids


def _token(code: int) -> str:
    return f"<motion_id_{code}>"


def _read(path: Path) -> Tokenizer:
    if not path.is_file():
        raise MotionGPTError(
            f"{path.parent} holds no {FILE}.",
            "Load and save its tokenizer with transformers (AutoTokenizer), which writes it.",
            "bad_checkpoint",
        )
    return read_tokenizer_json(path)


def _end(folder: Path, tokenizer: Tokenizer) -> int:
    """The id that ends a text: by the tokenizer's settings, else by the model's."""
    try:
        path = folder / "tokenizer_config.json"
        token = json.loads(path.read_bytes()).get("eos_token") if path.is_file() else None
        token = token.get("content") if isinstance(token, dict) else token
        found = None if token is None else tokenizer.token_to_id(token)
        if found is None:
            found = json.loads((folder / "config.json").read_bytes()).get("eos_token_id")
        found = found[0] if isinstance(found, list) else found
        if not isinstance(found, int):
            raise ValueError("no token ends a text")
        return found
    except (OSError, ValueError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise MotionGPTError(
            f"The tokenizer in {folder} can't be used ({error}).", "Give a causal language model's folder.",
            "bad_checkpoint",
        ) from error  # fmt: skip
