"""Any causal language model that was trained with `motiongpt train lora`, or in the same way elsewhere: a base model,
which several models share, and an adapter of its own, if it has one.

Tasks and prompts are those of the LLaMA system. Codes are digits under the same grammar, or tokens of their own, of
which only codes and the end are scored.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ....retarget.errors import MotionGPTError
from ...engine import PRECISIONS
from ...model_folder import ModelCard, find_file
from ..shared.codec import CODES, MotionCodec
from ..shared.devices import adapted_network
from ..shared.sampling import choose_each, random_streams
from ..shared.tokens import Codes, Sampling, TokenEngine
from .engine import LlamaEngine
from .text import Condition, Grammar
from .tokenizers import WRITINGS, CausalTokenizer

ADAPTER = "adapter"
"""Folder of a model's adapter, as peft writes it, in the model's folder."""


class CausalEngine(LlamaEngine):
    """A model folder of kind "motiongpt-causal"."""

    def __init__(self, folder: Path, card: ModelCard, device: str, precision: str = "auto") -> None:
        if precision not in PRECISIONS:
            raise MotionGPTError(f"There is no precision {precision}.", f"Use {', '.join(PRECISIONS)}.")
        if (codes := card.settings.get("codes", "text")) not in WRITINGS:
            raise MotionGPTError(f"{card.name} can't write codes as {codes}.", "Import it again.", "no_model")
        base = find_file(folder, card, "config.json").parent
        self._words = CausalTokenizer(base, codes)
        adapter = folder / ADAPTER if (folder / ADAPTER).is_dir() else None
        self._network = adapted_network(base, adapter, self._words.size, device, precision)
        TokenEngine.__init__(self, card, MotionCodec(folder), self._network.device, self._network.why)
        self._grammar = True
        self._digits = self._words.digits
        first = self._words.first_code
        codes_or_digits = range(first, first + CODES) if codes == "tokens" else self._digits
        self._ids = (self._words.end, *codes_or_digits)

    def _prompt(self, condition: Condition, text: str, codes: Sequence[int]) -> list[int]:
        return self._words.prompt(condition, text, codes)

    def _constrained(self, prompt: Sequence[int], grammar: Grammar, most: int, sampling: Sampling) -> Iterator[Codes]:
        if self._words.codes == "text":
            yield from super()._constrained(prompt, grammar, most, sampling)
            return
        batch, end = sampling.variations, self._ids[0]
        streams = random_streams(sampling.seed, batch)
        codes: Codes = [[] for _ in range(batch)]
        settings = sampling.temperature, sampling.top_k, sampling.top_p
        hidden = self._network.start(prompt, batch)
        open_rows = set(range(batch))
        for place in range(most):
            assert hidden is not None
            given = grammar.given(place)
            allowed = self._ids if grammar.exact is None and place > 0 else self._ids[1:]
            if given is None:
                chosen = [allowed[i] for i in choose_each(self._network.logits(hidden, allowed), streams, *settings)]
            else:
                chosen = [self._words.first_code + given] * batch
            open_rows -= {row for row in open_rows if chosen[row] == end}
            if not open_rows:
                return
            for row in open_rows:
                codes[row].append(chosen[row] - self._words.first_code)
            yield [list(one) for one in codes]
            if place + 1 < most:
                hidden = self._network.step(chosen)
