"""Where a motion comes from: its prompt, seed and model, on every action that holds one."""

from dataclasses import dataclass
from typing import Any

import bpy

from ...retarget.motion import Motion

_PREFIX = "motiongpt_"
_KEPT = ("task", "text", "model", "seed", "variation", "seconds")
_OF_TAKE = (
    "task", "text", "model", "variation", "seconds", "first", "last", "hands", "unsure", "negation", "made_by",
)  # fmt: skip
_NAMED = {"text": _PREFIX + "prompt"}


@dataclass(frozen=True)
class Origin:
    """What a motion was asked for with. seconds: its length.  first, last: frames of the scene.  hands: their shape.
    variation: its number in its batch.  unsure: whether the model hardly knows the text.  nearest: what it knows.
    negation: a word of the text that the model does not follow.  made_by: the model that made it, where the style does
    not know the text."""

    task: str
    text: str
    seed: int
    seconds: float
    first: int
    last: int
    model: str = ""
    variation: int = 0
    hands: str = ""
    unsure: bool = False
    nearest: tuple[str, ...] = ()
    negation: str = ""
    made_by: str = ""

    @classmethod
    def of(
        cls, motion: Motion, task: str, text: str, seed: int, seconds: float, frames: tuple[int, int], hands: str = ""
    ) -> "Origin":
        """Of a motion that a model made; what it says about itself is in its `meta`."""
        meta = motion.meta
        nearest = tuple(str(phrase) for phrase in meta.get("nearest", ()))
        return cls(
            task, text, seed, seconds, *frames, str(meta.get("model", "")), int(meta.get("variation", 0)), hands,
            bool(meta.get("unsure", False)), nearest, str(meta.get("negation", "")), str(meta.get("made_by", "")),
        )  # fmt: skip

    def to_take(self, take: Any) -> None:
        """Store it in a `state.MotionGPTTake`."""
        for name in _OF_TAKE:
            setattr(take, name, getattr(self, name))
        take.seed, take.nearest = (
            str(self.seed),
            "\n".join(self.nearest),
        )  # a seed may be larger than Blender's integers

    @classmethod
    def of_take(cls, take: Any) -> "Origin":
        """The inverse of `to_take`."""
        nearest = tuple(filter(None, take.nearest.split("\n")))
        return cls(
            take.task, take.text, int(take.seed or 0), take.seconds, take.first, take.last, take.model, take.variation,
            take.hands, take.unsure, nearest, take.negation, take.made_by,
        )  # fmt: skip


def write_origin(action: bpy.types.Action, origin: Origin) -> None:
    """Name prompt, seed, model and the rest in the action's custom properties."""
    for name in _KEPT:
        value = getattr(origin, name)
        large = name == "seed" and value >= 2**31  # than Blender's integers
        action[_NAMED.get(name, _PREFIX + name)] = str(value) if large else value


def read_origin(action: bpy.types.Action) -> dict[str, Any]:
    """The custom properties that `write_origin` wrote, by the names of `Origin`'s; empty where there are none."""
    there = {name: action.get(_NAMED.get(name, _PREFIX + name)) for name in _KEPT}
    return {name: value for name, value in there.items() if value is not None}
