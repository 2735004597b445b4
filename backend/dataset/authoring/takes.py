"""One performance of a gesture: ranges drawn, repeats written out, keys on a timeline."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from ....retarget.typing import Float64s
from .body import Amount, number
from .gesture import REST, Bend, Collar, Foot, Gesture, Hand, Key, Pelvis, Travel

SIDES = ("left", "right")
_TIMING = 0.06  # by which a time without a range varies, as a share of it


@dataclass(frozen=True)
class Pose:
    """A key pose with every number drawn. None or an absent side: as in the base.

    stepped: where the body had travelled to at the key that named the foot, for feet that step.
    """

    head: Bend | None = None
    chest: Bend | None = None
    collar: Mapping[str, Collar] = field(default_factory=dict)
    hand: Mapping[str, Hand] = field(default_factory=dict)
    pelvis: Pelvis | None = None
    foot: Mapping[str, Foot] = field(default_factory=dict)
    travel: Travel = field(default_factory=Travel)
    stepped: Mapping[str, Travel] = field(default_factory=dict)


@dataclass(frozen=True)
class Take:
    """A gesture as it is performed once.

    times: (K,) seconds since the action's start, of each of `poses`.  flights: keys from which the body flies to the
    next.  lead, tail: seconds of the base before and after.  lag: seconds by which the hands follow the body.
    """

    times: Float64s
    poses: tuple[Pose, ...]
    flights: tuple[int, ...]
    lead: float
    tail: float
    lag: float
    count: int
    speed: str
    size: str
    side: str

    @property
    def moves_legs(self) -> bool:
        """Whether pelvis or feet are posed, so that the legs must be solved."""
        return any(p.pelvis or p.foot or p.travel != Travel() for p in self.poses)

    @property
    def seconds(self) -> float:
        """Of the action with what leads to it and follows."""
        return self.lead + float(self.times[-1]) + self.tail


def draw_take(gesture: Gesture, rng: np.random.Generator, side: str = "", count: int = 0, speed: str = "") -> Take:
    """A take, its ranges drawn by rng.

    side: "left" or "right" for a sided gesture.  count, speed: as in the gesture; drawn if 0 or not among its speeds.
    """
    if not count:
        count = int(rng.integers(gesture.count[0], gesture.count[1] + 1))
    if speed not in gesture.speeds:
        speed = str(rng.choice(list(gesture.speeds)))
    size = str(rng.choice(list(gesture.sizes)))
    pace, amount = rng.uniform(*gesture.speeds[speed]), rng.uniform(*gesture.sizes[size])
    times, poses, flights = _timeline(gesture, count, pace, amount, rng)
    lead, tail = _drawn(gesture.lead, rng), _drawn(gesture.tail, rng)
    lead = 0.0 if gesture.begins == "pose" else lead
    return Take(times, poses, flights, lead, tail, _drawn(gesture.lag, rng), count, speed, size, side)


def _timeline(
    gesture: Gesture, count: int, pace: float, amount: float, rng: np.random.Generator
) -> tuple[Float64s, tuple[Pose, ...], tuple[int, ...]]:
    """Times (K,), poses and the keys of flights. Flights keep their time, because gravity has only one pace."""
    pose, now = Pose(), 0.0
    times, poses, flights = [0.0], [pose], []
    flying, origin = False, Travel()
    for place, key in enumerate(_repeated(gesture.key, count)):
        if key is next((k for k in gesture.key if k.repeat), None):
            origin = pose.travel
        pose = _applied(pose, key, amount, rng, origin)
        wait = _drawn(key.time, rng, _TIMING) / (1.0 if flying else pace)
        if place == 0 and gesture.begins == "pose":
            times, poses, wait = [], [], 0.0
        for span in (wait, _drawn(key.hold, rng) / pace):
            if span > 0 or not times:
                now += span
                times.append(now)
                poses.append(pose)
        flying = key.flight
        if flying:
            flights.append(len(times) - 1)
    if gesture.ends == "base":
        times.append(now + _drawn(gesture.leave, rng) / pace)
        poses.append(Pose(travel=pose.travel, stepped=dict.fromkeys(SIDES, pose.travel)))
    return np.array(times), tuple(poses), tuple(flights)


def _repeated(keys: tuple[Key, ...], count: int) -> tuple[Key, ...]:
    block = [i for i, key in enumerate(keys) if key.repeat]
    if not block:
        return keys
    first, last = block[0], block[-1] + 1
    return keys[:first] + keys[first:last] * count + keys[last:]


def _applied(pose: Pose, key: Key, amount: float, rng: np.random.Generator, origin: Travel) -> Pose:
    """The pose after a key: what the key does not name stays. origin: where the body was when the repeat began."""

    def drawn(new: Any, old: Any) -> Any:
        return old if new is None else None if new == REST else _fixed(new, amount, rng)

    def both(new: Mapping[Any, Any], old: Mapping[str, Any]) -> dict[str, Any]:
        out = dict(old)
        for name, value in new.items():
            for side in SIDES if name == "both" else (name,):
                out[side] = drawn(value, None)
        return {side: value for side, value in out.items() if value is not None}

    travel = drawn(key.travel, pose.travel)
    if key.repeat and key.travel is not None:
        travel = Travel(*(number(getattr(travel, n)) + number(getattr(origin, n)) for n in Travel.__struct_fields__))
    named = SIDES if "both" in key.foot else tuple(key.foot)
    return Pose(
        drawn(key.head, pose.head),
        drawn(key.chest, pose.chest),
        both(key.collar, pose.collar),
        both(key.hand, pose.hand),
        drawn(key.pelvis, pose.pelvis),
        both(key.foot, pose.foot),
        travel,
        {**pose.stepped, **dict.fromkeys(named, travel)},
    )


_SIZED = (Bend, Collar)


def _fixed(table: Any, amount: float, rng: np.random.Generator) -> Any:
    """The table with numbers in place of ranges; angles of head, chest and collars are scaled by amount."""
    out = {}
    for name in table.__struct_fields__:
        value = getattr(table, name)
        if name in ("offset", "palm", "elbow", "knee") and isinstance(value, tuple):
            value = tuple(_drawn(v, rng) for v in value)
        elif isinstance(value, int | float | tuple):
            value = _drawn(value, rng) * (amount if isinstance(table, _SIZED) else 1.0)
        out[name] = value
    return msgspec.structs.replace(table, **out)


def _drawn(amount: Amount, rng: np.random.Generator, spread: float = 0.0) -> float:
    """A number of the range; a single number varies by `spread`, a share of it."""
    if isinstance(amount, tuple):
        return float(rng.uniform(*amount))
    return float(amount) * float(rng.uniform(1.0 - spread, 1.0 + spread))
