"""Recipes of actions: counts, one after another, after a walk or run, and standing still."""

from dataclasses import replace

import numpy as np

from ....retarget.motion import Motion
from ....retarget.motion.feet.footing import set_down
from ....retarget.motion.travel.seams import looped
from ....retarget.motion.travel.track import Track
from .library import Action, Source
from .motion.counts import count_of, repetition_of
from .motion.journeys import starting
from .motion.sequences import joined, posture_fits, repeated, trimmed
from .recipe import Derived, Kitchen
from .travelling import stop_track
from .wording import Act

_LONGEST = 12.0  # seconds
_SHORTEST = 2.0


def _act(action: Action, source: Source) -> Act:
    return Act(tuple(s.format(side=source.side) for s in action.says), action.name.replace("-", " "))


def _choice(k: Kitchen, fits: Motion | None = None, but: tuple[str, ...] = ()) -> tuple[Source, Act, Motion]:
    """An action that can follow a motion: each action is as likely as any other, however many clips it has."""
    actions = list(k.library.table.action)
    for index in k.rng.permutation(len(actions)):
        action = actions[int(index)]
        sources = [s for s in k.library.actions[action.name] if s.licence in ("free", k.licence)]
        if not sources or action.name in but:
            continue
        source = k.pick(sources)
        motion = trimmed(source.motion)
        if (fits is None or posture_fits(fits, motion)) and motion.duration < 7.0:
            return source, _act(action, source), motion
    raise LookupError("no action that fits")


def _idle(k: Kitchen, seconds: float) -> tuple[Source, Motion]:
    source = k.pick(k.library.idles)
    frames = round(seconds * source.motion.fps)
    if len(source.motion) <= frames:
        still = Track(source.motion, np.zeros(len(source.motion)))
        return source, looped(still, seconds, (3, len(source.motion) - 4)).motion
    begin = int(k.rng.integers(len(source.motion) - frames))
    return source, source.motion.slice(begin, begin + frames)


def counted(k: Kitchen) -> Derived:
    """An action a number of times; the number is counted again on the result."""
    actions = [a for a in k.library.table.action if a.counts]
    action = actions[int(k.rng.integers(len(actions)))]
    source = k.pick(k.library.actions[action.name])
    how = repetition_of(source.motion, action.counts)
    wanted = int(k.rng.integers(1, 6))
    motion = repeated(source.motion, how.unit, how.ends, wanted)
    found = len(count_of(motion, action.counts))
    if found != wanted or motion.duration > _LONGEST + 2.0:
        raise LookupError("the repetitions can't be told apart")
    idles = []
    if motion.duration < _SHORTEST:
        idle, motion = _stood_around(k, motion)
        idles = [idle]
    words = k.count(found)["times"]
    act = _act(action, source)
    says = tuple(f"{phrase} {words}" for phrase in act.says)
    return k.derived(motion, [Act(says, f"{act.name} x{found}")], f"count {action.name}", source, *idles)


def _stood_around(k: Kitchen, motion: Motion) -> tuple[Source, Motion]:
    """A short action with a moment of standing before and after. Raises LookupError where it is not done standing."""
    idle, still = _idle(k, 0.6)
    if not posture_fits(still, motion) or not posture_fits(motion, still):
        raise LookupError("the action is not done standing")
    return idle, joined([still, motion, still], k.model)


def one_after_another(k: Kitchen) -> Derived:
    """Two or three actions."""
    wanted = 2 if k.rng.random() < 0.7 else 3
    source, act, motion = _choice(k)
    sources, acts, motions = [source], [act], [motion]
    while len(acts) < wanted and sum(m.duration for m in motions) < _LONGEST - 2.0:
        source, act, motion = _choice(k, motions[-1], tuple(a.name.replace(" ", "-") for a in acts))
        sources, acts, motions = [*sources, source], [*acts, act], [*motions, motion]
    return k.derived(joined(motions, k.model), acts, "sequence of actions", *sources)


def stand_then(k: Kitchen) -> Derived:
    """Standing, then an action, or the other way round."""
    idle, still = _idle(k, k.uniform(1.2, 2.5))
    stand = k.act("idle")
    source, act, motion = _choice(k, still)
    if k.rng.random() < 0.5 or not posture_fits(motion, still):
        return k.derived(joined([still, motion], k.model), [stand, act], "stand then act", idle, source)
    return k.derived(joined([motion, still], k.model), [act, stand], "act then stand", idle, source)


def arrive_then(k: Kitchen) -> Derived:
    """A walk or run that stops, and one or two actions."""
    verb = k.choose("walk", "walk", "run")
    track, sources = stop_track(k, verb, k.uniform(0.8, 2.2))
    acts, motions = [k.act(verb)], [_ended(track.motion)]
    if k.rng.random() < 0.5:
        acts.append(k.act("halt"))
    for _ in range(1 if k.rng.random() < 0.75 else 2):
        source, act, motion = _choice(k, motions[-1], ("jump-forward", *(a.name.replace(" ", "-") for a in acts)))
        sources, acts, motions = [*sources, source], [*acts, act], [*motions, motion]
    return k.derived(joined(motions, k.model), acts, f"{verb} then act", *sources)


def _ended(motion: Motion) -> Motion:
    """A stop without the last of its standing."""
    return trimmed(motion, margin=0.3, still=0.2)


def act_then_leave(k: Kitchen) -> Derived:
    """An action, and then a walk or run."""
    verb = k.choose("walk", "walk", "run")
    begin, gait = k.gait(f"start_{verb}"), k.gait(verb)
    track = starting(begin.track, gait.track, k.uniform(1.5, 2.5))
    leaving = set_down(track.motion, track.steps)
    first = trimmed(leaving, margin=0.2, still=0.15)
    source, act, motion = _choice(k, None, ("fall", "sit-chair", "sit-ground", "get-up"))
    if not posture_fits(motion, first):
        raise LookupError("the action does not end standing")
    return k.derived(joined([motion, first], k.model), [act, k.act(verb)], f"act then {verb}", source, begin, gait)


_NOT = (
    ("a person does not walk, they stand still.", "walk"),
    ("someone is standing, not walking.", "walk"),
    ("a person doesn't move and just stands there.", "move"),
    ("don't walk, just stand", "walk"),
    ("no walking, stand still", "walk"),
    ("standing without moving", "move"),
    ("a person stands and does not run.", "run"),
    ("someone stays where they are instead of walking.", "walk"),
    ("a man stands still without waving.", "wave"),
    ("do nothing", "act"),
    ("a person does not jump but stands still.", "jump"),
    ("a character waits and doesn't do anything.", "act"),
    ("a woman stays on the spot, not going anywhere.", "walk"),
)  # fmt: skip


def standing(k: Kitchen) -> Derived:
    """Standing still, often said by what is not done."""
    idle, motion = _idle(k, k.uniform(2.5, 8.0))
    made = k.derived(motion, [k.act("idle")], "idle", idle)
    said = k.rng.permutation(len(_NOT))[:2]
    return replace(made, captions=tuple(_NOT[int(i)][0] for i in said))
