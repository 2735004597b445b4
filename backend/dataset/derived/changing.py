"""Recipes of walks and runs that change on the way: pauses, other gaits, to and fro, a turn before setting off."""

from dataclasses import replace

import numpy as np

from ....retarget.motion import Motion
from ....retarget.motion.feet.footing import set_down
from ....retarget.motion.travel.paths import bent, path
from ....retarget.motion.travel.seams import connected
from ....retarget.motion.travel.track import Track, find_steps
from .library import Source
from .motion.journeys import starting
from .motion.sequences import joined, trimmed
from .recipe import Derived, Kitchen, sided, steady
from .travelling import on_spot, stop_track

_PI = float(np.pi)
_CHANGE = 0.6  # seconds within which a walk becomes a run


def _setting_off(k: Kitchen, verb: str, seconds: float) -> tuple[Motion, list[Source]]:
    """A start from a stand, without the standing."""
    begin, gait = k.gait(f"start_{verb}"), k.gait(verb)
    track = starting(begin.track, gait.track, seconds)
    return trimmed(set_down(track.motion, track.steps), margin=0.2, still=0.15), [begin, gait]


def pace(k: Kitchen) -> Derived:
    """To and fro, with a narrow turn at each end."""
    source = k.gait("walk")
    leg, lengths = k.uniform(1.6, 3.0), []
    side = 1.0 if k.rng.random() < 0.5 else -1.0
    for number in range(int(k.rng.integers(2, 5))):
        turn = side * _PI * (1.0 if number % 2 == 0 or k.rng.random() < 0.5 else -1.0)
        lengths += [(leg * k.uniform(0.85, 1.1), 0.0), (_PI * k.uniform(0.25, 0.4), turn)]
    along = path(*lengths, (leg, 0.0), ease=0.25)
    rate = k.uniform(0.8, 1.05)
    seconds = (along.length + 0.4) / (1.2 * rate)
    motion = bent(steady(source, min(seconds, 14.0), rate), along, rate**0.5)
    return k.derived(motion, [k.act("pace")], "pace", source)


def freeze(k: Kitchen) -> Derived:
    """A walk or run that is held still in mid-step."""
    verb = k.choose("walk", "walk", "run")
    source = k.gait(verb)
    motion = bent(steady(source, k.uniform(1.5, 3.0)), path((1.0, 0.0)))
    held, fps = k.uniform(1.2, 2.5), motion.fps
    # From its last speed to rest within a few frames, so that nothing jerks.
    slow = np.cumsum(np.linspace(1.0, 0.0, round(0.2 * fps), endpoint=False))
    frames = np.concatenate([np.arange(len(motion) - len(slow) - 1.0), len(motion) - len(slow) - 2.0 + slow])
    last = motion.slice(0, len(frames))
    for name in ("rotations", "root_position", "contacts"):
        values = getattr(motion, name)
        last = replace(last, **{name: values[np.round(frames).astype(int)]})
    still = last.slice(len(last) - 1, len(last)).held(round(held * fps))
    whole = replace(
        last,
        rotations=np.concatenate([last.rotations, still.rotations]),
        root_position=np.concatenate([last.root_position, still.root_position]),
        contacts=np.concatenate([last.contacts, still.contacts]),
    )
    return k.derived(whole, [k.act("freeze", **k.going(verb))], "freeze", source)


def pause(k: Kitchen) -> Derived:
    """A walk or run that stops for a moment and goes on."""
    verb = k.choose("walk", "walk", "walk", "run")
    track, sources = stop_track(k, verb, k.uniform(1.2, 2.5))
    halted = trimmed(track.motion, margin=0.2, still=0.2)
    off, more = _setting_off(k, verb, k.uniform(1.5, 2.5))
    wait = halted.slice(len(halted) - 1, len(halted)).held(round(k.uniform(0.3, 1.0) * halted.fps))
    whole = joined([halted, wait, off], k.model)
    return k.derived(whole, [k.act("pause", **k.going(verb))], f"pause {verb}", *sources, *more)


def other_gait(k: Kitchen) -> Derived:
    """A walk that becomes a run, or a run that becomes a walk."""
    names = ("walk", "run") if k.rng.random() < 0.5 else ("run", "walk")
    sources = [k.gait(name) for name in names]
    first, second = (steady(source, k.uniform(2.0, 3.5)) for source in sources)
    fps = first.motion.fps
    late = max(3, len(first) - round(0.8 * fps))
    track = connected(first, second, (late, len(first) - 2), (2, min(len(second) - 4, round(0.8 * fps))), _CHANGE)
    motion = bent(Track(set_down(track.motion, find_steps(track.motion)), track.travelled), path((1.0, 0.0)))
    key = "speed-up" if names[0] == "walk" else "slow-down"
    return k.derived(motion, [k.act(key)], key, *sources)


def back_then_run(k: Kitchen) -> Derived:
    """Backwards, to a stop, and a run ahead."""
    track, sources = stop_track(k, "back", k.uniform(1.2, 2.2))
    off, more = _setting_off(k, "run", k.uniform(1.2, 2.0))
    whole = joined([trimmed(track.motion, margin=0.2, still=0.2), off], k.model)
    return k.derived(whole, [k.act("back-then-run")], "back then run", *sources, *more)


def turn_then_leave(k: Kitchen) -> Derived:
    """A turn on the spot, and then a walk or run."""
    verb = k.choose("walk", "walk", "run")
    turned = on_spot(k)
    off, more = _setting_off(k, verb, k.uniform(1.5, 2.5))
    motion = joined([trimmed(turned.motion, margin=0.15, still=0.2), off], k.model)
    name = turned.acts[0].name.split()
    if "around" in name:
        act = k.act("turn-round-then", **k.going(verb))
    elif "left" in name or "right" in name:
        act = k.act("turn-then", **k.going(verb), **sided(1.0 if "left" in name else -1.0))
    else:
        raise LookupError("a full circle before setting off is not what is said")
    return k.derived(motion, [act], "turn then leave", *more)
