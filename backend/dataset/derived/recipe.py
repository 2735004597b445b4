"""What recipes share: a derived clip, the words for it, and the choice of sources by licence."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import numpy as np

from ....retarget.motion import Motion
from ....retarget.motion.travel.seams import looped
from ....retarget.motion.travel.track import Track, at_frames
from ...inbetween.transition import TransitionModel
from .library import Library, Source, strictest
from .wording import Act, number, said, times

_ACTS = Path(__file__).with_name("acts.toml")
GOING = {"walk": "walk", "jog": "jog", "run": "run"}


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    says: tuple[str, ...]


ACTS = msgspec.toml.decode(_ACTS.read_bytes(), type=dict[str, _Words])
"""What derived movement is called, see `acts.toml`."""


@dataclass(frozen=True, eq=False)
class Derived:
    """A derived clip.  kind: the group that it is weighed in.  captions: whole ones, beside those made from acts."""

    motion: Motion
    acts: list[Act]
    kind: str
    licence: str
    captions: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Kitchen:
    """What a recipe works with: sources, one licence group, a transition model, and its own random numbers."""

    library: Library
    licence: str
    model: TransitionModel | None
    rng: np.random.Generator
    words: random.Random = field(default_factory=random.Random)

    def pick(self, sources: list[Source]) -> Source:
        """One of the sources of the group, or where it has none of the free ones, perhaps mirrored. Raises LookupError
        where there is neither."""
        own = [s for s in sources if s.licence == self.licence] or [s for s in sources if s.licence == "free"]
        if not own:
            raise LookupError("no source of the licence group")
        found = own[int(self.rng.integers(len(own)))]
        return found.mirror() if self.rng.random() < 0.5 else found

    def gait(self, kind: str) -> Source:
        """A source of a gait."""
        return self.pick(self.library.gaits.get(kind, []))

    def act(self, key: str, **values: str) -> Act:
        """The words of an act with its braces filled."""
        words = ACTS[key]
        return Act(tuple(s.format(**values) for s in words.says), words.name.format(**values))

    def going(self, verb: str) -> dict[str, str]:
        """Braces that speak of the gait."""
        return {"verb": verb, "go": f"*{verb}", "going": said(f"*{verb}", "ing")}

    def count(self, n: int) -> dict[str, str]:
        """Braces that speak of a number."""
        step = "step" if n == 1 else "steps"
        return {"n": number(n, self.words), "times": times(n, self.words), "step": step}

    def uniform(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def choose(self, *items: str) -> str:
        return str(self.rng.choice(list(items)))

    def derived(self, motion: Motion, acts: list[Act], kind: str, *sources: Source) -> Derived:
        """The clip, in the strictest group of its sources."""
        return Derived(motion, acts, kind, strictest("free", *(s.licence for s in sources)))


Recipe = Callable[[Kitchen], Derived]


def steady(source: Source, seconds: float, pace: float = 1.0) -> Track:
    """A gait looped for that many seconds, at `pace` times its speed: half of the change (as a power) comes from the
    cadence, half from the length of the steps, as people do."""
    cadence = pace**0.5
    track = looped(source.track, seconds * cadence)
    return track if pace == 1.0 else track.warped(np.arange(int((len(track) - 1) / cadence)) * cadence)


def slowed(motion: Motion, by: float) -> Motion:
    """The motion at another tempo."""
    return motion if by == 1.0 else at_frames(motion, np.arange(int((len(motion) - 1) * by) + 1) / by)


def speed_of(track: Track) -> float:
    """Metres a second."""
    return track.distance * track.motion.fps / max(len(track) - 1, 1)


def sided(turn: float) -> dict[str, str]:
    """Braces that speak of the side that a path turns to (radians, positive is left)."""
    left = turn > 0
    side, other = ("left", "right") if left else ("right", "left")
    return {"side": side, "other": other, "clock": "anticlockwise" if left else "clockwise"}


def cleaned(motion: Motion) -> Motion:
    """Over the origin, facing +Z, without what the sources said about themselves."""
    return replace(motion.centered(), meta={}).with_contacts()
