"""What a causal language model learns from: the four conditions of *Finetuned LLMs are General-Purpose Motion
Generators*, in the paper's prompts."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from ...engines.llama.text import CONDITIONS, Condition
from ...engines.llama.tokenizers import CausalTokenizer
from .loop import IGNORED, Example, padded
from .motions import Motions, Shown

KEYS = (3, 5)
"""Key tokens of an example at least and at most: 12 to 20 frames, as in the paper."""


@dataclass(frozen=True, eq=False)
class CausalExamples:
    """Examples of some conditions, drawn alike."""

    motions: Motions
    tokenizer: CausalTokenizer
    conditions: tuple[Condition, ...] = CONDITIONS

    def draw(self, seed: int, count: int) -> list[Example]:
        rng = random.Random(seed ^ 0x5EED)
        return [self.of_condition(rng.choice(self.conditions), one, rng) for one in self.motions.draw(seed, count)]

    def of_condition(self, condition: Condition, shown: Shown, rng: random.Random) -> Example:
        """The example of one condition."""
        given = given_codes(condition, shown.codes, rng)
        prompt = self.tokenizer.prompt(condition, shown.caption, given)
        return Example(prompt, self.tokenizer.answer(condition, shown.caption, given, shown.codes))

    def collate(self, examples: Sequence[Example]) -> dict[str, Tensor]:
        rows = [[*e.input, *e.target] for e in examples]
        return {
            "input_ids": padded(rows, self.tokenizer.end),
            "attention_mask": padded([[1] * len(row) for row in rows], 0),
            "labels": padded([[*[IGNORED] * len(e.input), *e.target] for e in examples], IGNORED),
        }


def given_codes(condition: Condition, codes: Sequence[int], rng: random.Random) -> list[int]:
    """The codes that a condition shows: none, the first, the last, or a few in their order."""
    if condition == "text":
        return []
    if condition == "initial":
        return [codes[0]]
    if condition == "last":
        return [codes[-1]]
    count = min(len(codes), rng.randint(*KEYS))
    return [codes[i] for i in sorted(rng.sample(range(len(codes)), count))]
