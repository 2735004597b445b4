"""The animators' prompts of `prompts.toml`, and the verdict on a motion."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ....retarget.errors import MotionGPTError
from ....retarget.motion import Motion
from . import acts, feet, hands, posture, travel  # noqa: F401, each declares its checks
from .body import Body
from .language import Check, parse, somewhere

FILE = Path(__file__).parent / "prompts.toml"
RIGHT, PARTLY, WRONG = "right", "partly", "wrong"
VERDICTS = (RIGHT, PARTLY, WRONG)


@dataclass(frozen=True)
class Prompt:
    """checks: all hold for right.  partly: one of these is enough for partly.  physics: the kind of recordings that the
    motion's physical figures are compared with; "" is none."""

    group: str
    text: str
    seconds: float
    checks: tuple[Check, ...]
    partly: tuple[Check, ...] = ()
    physics: str = ""

    def failed(self, body: Body) -> tuple[str, ...]:
        """The checks that do not hold."""
        return tuple(c.text for c in self.checks if not c.holds(body))

    def judge(self, body: Body) -> str:
        """One of VERDICTS."""
        holding = [c for c in self.checks if c.holds(body)]
        if len(holding) == len(self.checks):
            return RIGHT
        if any(not c.passive for c in holding) or any(c.holds(body) for c in self.partly):
            return PARTLY
        parts = [parse(p) for c in self.checks if len(c.parts) > 1 for p in c.parts]
        return PARTLY if any(not p.passive and somewhere(body, p) for p in parts) else WRONG


@cache
def prompts() -> tuple[Prompt, ...]:
    """All prompts, in the order of the file. Raises MotionGPTError for a check that no measure declares."""
    groups = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return tuple(_prompt(group, entry) for group, entries in groups.items() for entry in entries)


def _prompt(group: str, entry: Mapping[str, Any]) -> Prompt:
    checks, partly = (tuple(parse(t) for t in entry.get(key, ())) for key in ("checks", "partly"))
    return Prompt(group, entry["text"], float(entry["seconds"]), checks, partly, entry.get("physics", ""))


def verdict(prompt: Prompt, motion: Motion) -> str:
    """Whether the motion does what the prompt asks: one of VERDICTS."""
    return prompt.judge(Body.of(motion))


def chosen(groups: Sequence[str]) -> tuple[Prompt, ...]:
    """The prompts of some groups; all if none is named. Raises MotionGPTError for a group that there is not."""
    names = list(dict.fromkeys(p.group for p in prompts()))
    for name in groups:
        if name not in names:
            raise MotionGPTError(f'No group of prompts is called "{name}".', f"Use {', '.join(names)}.")
    return tuple(p for p in prompts() if not groups or p.group in groups)
