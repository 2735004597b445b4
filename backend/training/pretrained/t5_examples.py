"""What a T5 learns from, stage by stage: masked spans and translation, then instructions.

The engine's own prompts (`engines/t5/text.py`) are half of all instructions; the other half are further wordings of the
same tasks, from `templates.toml`.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from torch import Tensor

from ...engines.t5.text import (
    BEGIN,
    END,
    EOS_ID,
    INBETWEEN_SHARE,
    MASK,
    MAX_CAPTION_TOKENS,
    PAD_ID,
    PREDICT_SHARE,
    caption_prompt,
    inbetween_prompt,
    motion_string,
    predict_prompt,
    text_to_motion_prompt,
)
from ...engines.t5.tokenizers import PromptTokenizer
from ...features import FPS
from .loop import IGNORED, Example, padded
from .motions import Motions, Shown

TASKS = ("generate", "generate_length", "describe", "predict", "inbetween")
"""Tasks of the instruction stage."""
STAGES = ("pretrain", "instruct")
_MASKED = 0.15  # share of tokens in masked spans (Raffel et al. 2020)
_SPAN = 3  # their mean length


class Templates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Wordings of every task; {caption}, {motion}, {frames}, {seconds} and {tokens} stand for a clip's own."""

    generate: tuple[str, ...]
    generate_length: tuple[str, ...]
    describe: tuple[str, ...]
    predict: tuple[str, ...]
    inbetween: tuple[str, ...]


def read_templates() -> Templates:
    """The wordings that come with the program."""
    return msgspec.toml.decode(Path(__file__).with_name("templates.toml").read_bytes(), type=Templates)


@dataclass(frozen=True, eq=False)
class T5Examples:
    """Examples of one stage. tasks: of the instruction stage, drawn alike.  wordings: share of instructions that are
    worded like `templates.toml` instead of like the engine's prompts."""

    motions: Motions
    tokenizer: PromptTokenizer
    stage: str
    tasks: tuple[str, ...] = TASKS
    wordings: float = 0.5

    def draw(self, seed: int, count: int) -> list[Example]:
        rng = random.Random(seed ^ 0x5EED)
        make = self._pretraining if self.stage == "pretrain" else self._instruction
        return [make(shown, rng) for shown in self.motions.draw(seed, count)]

    def of_task(self, task: str, shown: Shown) -> Example:
        """The example of a task in the engine's own words, for measuring."""
        prompt, answer = _exact(task, shown)
        return self._example(prompt, answer)

    def collate(self, examples: Sequence[Example]) -> dict[str, Tensor]:
        ids = padded([e.input for e in examples], PAD_ID)
        labels = padded([e.target for e in examples], IGNORED)
        return {"input_ids": ids, "attention_mask": (ids != PAD_ID).long(), "labels": labels}

    def _pretraining(self, shown: Shown, rng: random.Random) -> Example:
        """Masked spans of the motion or of its caption, or the one translated into the other."""
        kind = rng.choice(("motion", "caption", "write", "read"))
        motion = motion_string(shown.codes)
        if kind == "write":
            return self._example(shown.caption, motion)
        if kind == "read":
            return self._example(motion, shown.caption)
        whole = self.tokenizer.encode(motion if kind == "motion" else shown.caption)[:-1]
        return self._masked(whole, rng)

    def _masked(self, ids: list[int], rng: random.Random) -> Example:
        """T5's denoising: spans replaced by a sentinel each; the answer is what was there."""
        sentinels = [s for n in range(len(ids)) if (s := self.tokenizer.sentinel(n)) is not None]
        inside, answer, start = [], [], 0
        for sentinel, (first, last) in zip(sentinels, _spans(len(ids), rng), strict=False):
            inside += [*ids[start:first], sentinel]
            answer += [sentinel, *ids[first:last]]
            start = last
        return Example([*inside, *ids[start:], EOS_ID], [*answer, EOS_ID])

    def _instruction(self, shown: Shown, rng: random.Random) -> Example:
        task = rng.choice(self.tasks)
        if rng.random() >= self.wordings:
            return self._example(*_exact(task, shown))
        return self._example(*_worded(task, shown, rng))

    def _example(self, prompt: str, answer: str) -> Example:
        target = self.tokenizer.encode(answer)
        if answer and not answer.startswith("<motion_id_"):
            target = [*target[:-1][: MAX_CAPTION_TOKENS - 1], EOS_ID]
        else:  # the engine begins motion with its begin token: no piece may come before it
            target = target[target.index(self.tokenizer.motion_ids([BEGIN])[0]) :]
        return Example(self.tokenizer.encode(prompt), target)


def _spans(length: int, rng: random.Random) -> list[tuple[int, int]]:
    """Places (first, last + 1) of spans that hold about a share _MASKED of `length` tokens."""
    masked = max(1, round(length * _MASKED))
    count = max(1, round(masked / _SPAN))
    sizes = _divided(masked, count, rng)
    gaps = _divided(max(length - masked, count), count, rng)
    spans, place = [], 0
    for gap, size in zip(gaps, sizes, strict=True):
        spans.append((min(place + gap, length - 1), min(place + gap + size, length)))
        place += gap + size
    return [span for span in spans if span[1] > span[0]]


def _divided(total: int, parts: int, rng: random.Random) -> list[int]:
    """`total` as a sum of `parts` random numbers above zero."""
    cuts = sorted(rng.sample(range(1, total), parts - 1)) if parts > 1 else []
    return [b - a for a, b in zip([0, *cuts], [*cuts, total], strict=True)]


def _head(codes: Sequence[int]) -> int:
    """How many codes the prediction task shows."""
    return max(1, len(codes) // PREDICT_SHARE)


def _known(codes: Sequence[int]) -> list[bool]:
    """Which codes the in-between task shows: the outer quarters."""
    edge = max(1, int(len(codes) * INBETWEEN_SHARE))
    return [i < edge or i >= len(codes) - edge for i in range(len(codes))]


def _exact(task: str, shown: Shown) -> tuple[str, str]:
    """(prompt, answer) of a task in the engine's own words."""
    codes, motion = shown.codes, motion_string(shown.codes)
    if task == "generate":
        return text_to_motion_prompt(shown.caption), motion
    if task == "generate_length":
        return text_to_motion_prompt(shown.caption, shown.frames), motion
    if task == "describe":
        return caption_prompt(codes), shown.caption
    if task == "predict":
        head = _head(codes)
        return predict_prompt(codes[:head]), motion_string(codes[head:])
    return inbetween_prompt(codes, _known(codes)), motion


_TEMPLATES = read_templates()


def _worded(task: str, shown: Shown, rng: random.Random) -> tuple[str, str]:
    """(prompt, answer) of a task in one of the wordings of `templates.toml`."""
    codes, caption = shown.codes, shown.caption
    given = motion_string(codes)
    if task == "predict":
        given = motion_string(codes[: _head(codes)])
    elif task == "inbetween":
        given = "".join(
            f"<motion_id_{code}>"
            for code in (BEGIN, *(c if k else MASK for c, k in zip(codes, _known(codes), strict=True)), END)
        )
    quoted = f'"{caption}"' if rng.random() < 0.25 else caption
    template = rng.choice(getattr(_TEMPLATES, task))
    prompt = template.format(
        caption=quoted, motion=given, frames=shown.frames, seconds=f"{shown.frames / FPS:g}", tokens=len(codes)
    )
    return prompt, _exact(task, shown)[1]
