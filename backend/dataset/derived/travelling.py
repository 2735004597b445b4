"""Recipes of locomotion: paths, distances, speeds, starts and stops, manners."""

import numpy as np

from ....retarget.motion import Motion
from ....retarget.motion import rotations as rot
from ....retarget.motion.feet.footing import set_down
from ....retarget.motion.travel.paths import Path, bent, path, turned_on_spot
from ....retarget.motion.travel.track import Track
from .library import Source
from .motion.journeys import count_steps, journey, starting, stopping
from .motion.layers import arms_of
from .motion.manners import MANNERS, with_manner
from .motion.specials import hopping, moonwalk, on_stairs
from .recipe import Derived, Kitchen, sided, slowed, speed_of, steady
from .wording import Act

_JOG = 2.9  # metres a second: slower runs are called jogs
_MARGIN = 1.0  # seconds
_PI = float(np.pi)


def _gait(k: Kitchen) -> tuple[Source, float, str]:
    """A walk or run, the pace it is taken at, and its name."""
    if k.rng.random() < 0.62:
        return k.gait("walk"), k.uniform(0.9, 1.1), "walk"
    source = k.gait("run")
    pace = k.uniform(0.72, 1.0)
    speed = speed_of(source.track) * pace
    return source, pace, "jog" if speed < _JOG else "run"


def _on_path(
    k: Kitchen, source: Source, pace: float, verb: str, name: str, along: Path, longest: float = 12.0
) -> Derived:
    metres = along.length + 0.4
    scale = pace**0.5
    seconds = min(longest, metres / (speed_of(source.track) * pace))
    motion = bent(steady(source, seconds, pace), along, scale)
    turn = float(along.heading[len(along.heading) // 4])
    return k.derived(motion, [k.act(name, **k.going(verb), **sided(turn))], f"path {name}", source)


def circle(k: Kitchen) -> Derived:
    source, pace, verb = _gait(k)
    size = k.choose("circle-small", "circle", "circle", "circle-large")
    radius = {"circle-small": k.uniform(0.9, 1.2), "circle": k.uniform(1.5, 2.2), "circle-large": k.uniform(2.6, 3.4)}[
        size
    ]
    radius *= 1.0 if verb == "walk" else 2.0
    round_trip = 2.0 * _PI * radius
    laps = max(1.0, min(k.uniform(1.0, 2.2), 11.0 * speed_of(source.track) * pace / round_trip))
    turn = (1.0 if k.rng.random() < 0.5 else -1.0) * 2.0 * _PI * laps
    return _on_path(k, source, pace, verb, size, path((round_trip * laps, turn)), 14.0)


def eight(k: Kitchen) -> Derived:
    source, pace, verb = _gait(k)
    radius = k.uniform(1.1, 1.5) * (1.0 if verb == "walk" else 2.0)
    loop, turn = 2.0 * _PI * radius, 2.0 * _PI * (1.0 if k.rng.random() < 0.5 else -1.0)
    return _on_path(k, source, pace, verb, "eight", path((loop, turn), (loop, -turn)), 16.0)


def u_turn(k: Kitchen) -> Derived:
    source, pace, verb = _gait(k)
    radius = k.uniform(0.4, 0.8) if verb == "walk" else k.uniform(1.2, 2.0)
    turn = _PI if k.rng.random() < 0.5 else -_PI
    run_up = k.uniform(2.0, 3.5) if verb == "walk" else k.uniform(5.0, 8.0)
    along = path((run_up, 0.0), (_PI * radius, turn), (run_up, 0.0), ease=0.3)
    return _named_side(_on_path(k, source, pace, verb, "u-turn", along), k, verb, "u-turn", turn)


def _named_side(made: Derived, k: Kitchen, verb: str, name: str, turn: float) -> Derived:
    return Derived(made.motion, [k.act(name, **k.going(verb), **sided(turn))], made.kind, made.licence)


def winding(k: Kitchen) -> Derived:
    source, pace, verb = _gait(k)
    size = 1.0 if verb == "walk" else 2.2
    sign = 1.0 if k.rng.random() < 0.5 else -1.0
    if k.rng.random() < 0.6:
        swing = k.uniform(0.7, 1.1) * sign
        bow = k.uniform(1.3, 1.8) * size
        parts = [(bow / 2, swing), *[(bow, -2 * swing), (bow, 2 * swing)] * 2, (bow / 2, -swing)]
        return _on_path(k, source, pace, verb, "s-curve", path(*parts))
    corner, leg = k.uniform(0.6, 0.9) * sign, k.uniform(1.2, 1.8) * size
    parts = [(0.3 * size, corner), (leg, 0.0)]
    for _ in range(2):
        parts += [(0.5 * size, -2 * corner), (leg, 0.0), (0.5 * size, 2 * corner), (leg, 0.0)]
    return _on_path(k, source, pace, verb, "zigzag", path(*parts, ease=0.25))


def square(k: Kitchen) -> Derived:
    source, pace, verb = _gait(k)
    size = 1.0 if verb == "walk" else 2.2
    side, corner = k.uniform(1.3, 2.0) * size, 0.6 * size
    turn = _PI / 2 if k.rng.random() < 0.5 else -_PI / 2
    along = path(*[(side, 0.0), (corner, turn)] * 4, (0.3, 0.0), ease=0.3)
    return _on_path(k, source, pace, verb, "square", along, 14.0)


def turning(k: Kitchen) -> Derived:
    source, pace, verb = _gait(k)
    size = 1.0 if verb == "walk" else 2.5
    sharp = k.rng.random() < 0.65
    angle = (_PI / 2 if sharp else k.uniform(0.6, 0.9)) * (1.0 if k.rng.random() < 0.5 else -1.0)
    before, after = k.uniform(1.8, 3.0) * size, k.uniform(1.8, 3.0) * size
    bend = (k.uniform(0.5, 0.9) if sharp else k.uniform(2.0, 3.0)) * size
    name = "turn" if sharp else "curve"
    made = _on_path(k, source, pace, verb, name, path((before, 0.0), (bend, angle), (after, 0.0), ease=0.3))
    return _named_side(made, k, verb, name, angle)


def _inside(motion: Motion) -> Motion:
    """Without its first and last second: a foot that swings there was not seen setting off, or landing."""
    edge = round(_MARGIN * motion.fps)
    return motion.slice(edge, len(motion) - edge)


def _ends(k: Kitchen, verb: str) -> tuple[Source, Source]:
    kind = "walk" if verb == "walk" else "run"
    return k.gait(f"start_{kind}"), k.gait(f"stop_{kind}")


def distance(k: Kitchen) -> Derived:
    verb = k.choose("walk", "walk", "run")
    start, stop = _ends(k, verb)
    metres = float(k.rng.choice([1, 2, 2, 3, 3, 4, 5, 6])) if verb == "walk" else float(k.rng.choice([4, 5, 6, 8, 10]))
    far = metres > (3.0 if verb == "walk" else 5.0)
    middle = k.gait(verb) if far else None
    track = journey(start.track, middle.track if middle else None, stop.track, metres)
    spoken = k.count(int(metres))["n"]
    words = {"metres": spoken, "unit": "metre" if metres == 1 else "metres", **k.going(verb)}
    sources = [s for s in (start, middle, stop) if s]
    return k.derived(track.motion, [k.act("distance", **words)], "distance", *sources)


def steps(k: Kitchen) -> Derived:
    back = k.rng.random() < 0.3
    start, stop = (k.gait("start_back"), k.gait("stop_back")) if back else _ends(k, "walk")
    metres = k.uniform(0.5, 2.2) if back else k.uniform(0.5, 3.4)
    track = journey(start.track, None, stop.track, metres)
    count = count_steps(track)
    if not 1 <= count <= 8 or track.distance / count < 0.22:
        raise LookupError("not a number of steps that can be written")
    name = "steps-back" if back else "steps"
    return k.derived(track.motion, [k.act(name, **k.count(count))], name, start, stop)


def paced(k: Kitchen) -> Derived:
    verb = k.choose("walk", "walk", "run")
    pace = k.choose("slow", "normal", "fast")
    source = k.gait(verb)
    usual = {"walk": 1.2, "run": 3.2}[verb]
    wanted = usual * {"slow": k.uniform(0.5, 0.68), "normal": k.uniform(0.95, 1.1), "fast": k.uniform(1.4, 1.65)}[pace]
    factor = float(np.clip(wanted / speed_of(source.track), 0.5, 1.7))
    motion = _inside(bent(steady(source, k.uniform(4.0, 8.0) + 2 * _MARGIN, factor), path((1.0, 0.0)), factor**0.5))
    name = "jog" if verb == "run" and pace == "slow" else verb
    key = "jog" if name == "jog" else f"paced-{pace}"
    return k.derived(motion, [k.act(key, **k.going(name))], f"paced {verb}", source)


def long(k: Kitchen) -> Derived:
    source, pace, verb = _gait(k)
    motion = bent(steady(source, k.uniform(10.0, 12.0), pace), path((1.0, 0.0)), pace**0.5)
    acts = [k.act(k.choose("long", verb), **k.going(verb))]
    return k.derived(motion, acts, f"long {verb}", source)


def start(k: Kitchen) -> Derived:
    verb = k.choose("walk", "run")
    first, source = k.gait(f"start_{verb}"), k.gait(verb)
    track = starting(first.track, source.track, k.uniform(2.0, 4.0))
    return k.derived(set_down(track.motion, track.steps), [k.act("start", **k.going(verb))], "start", first, source)


def stop_track(k: Kitchen, verb: str, seconds: float) -> tuple[Track, list[Source]]:
    """A walk, run or backward walk that comes to a stop, its feet set down."""
    source, last = k.gait(verb), k.gait(f"stop_{verb}")
    track = stopping(source.track, last.track, seconds)
    return Track(set_down(track.motion, track.steps), track.travelled), [source, last]


def stop(k: Kitchen) -> Derived:
    verb = k.choose("walk", "run", "back")
    track, sources = stop_track(k, verb, k.uniform(1.5, 4.0))
    act = k.act("back-stop") if verb == "back" else k.act("stop", **k.going(verb))
    return k.derived(track.motion, [act], f"stop {verb}", *sources)


def on_spot(k: Kitchen) -> Derived:
    degrees = int(k.rng.choice([45, 90, 90, 90, 180, 180, 360]))
    sign = 1.0 if k.rng.random() < 0.5 else -1.0
    first, last = _ends(k, "walk")
    # As many steps on the spot as the turn needs: about 60 degrees each.
    track = journey(first.track, None, last.track, float(np.clip(0.6 + degrees / 150.0, 0.8, 3.2)))
    moving = np.flatnonzero(np.gradient(track.travelled) * track.motion.fps > 0.15)
    turn = sign * np.radians(degrees)
    made = turned_on_spot(track, turn, int(moving[0]), int(moving[-1]))
    begin = max(0, int(moving[0]) - 20)
    key = {180: "spot-half", 360: "spot-full"}.get(degrees, "spot")
    words = {**sided(turn), "degrees": str(degrees)}
    return k.derived(
        made.slice(begin, min(len(made), int(moving[-1]) + 25)), [k.act(key, **words)], "turn on the spot", first, last
    )


def back_or_side(k: Kitchen) -> Derived:
    kind = k.choose("back", "side", "side", "run_back", "back")
    source = k.gait(kind)
    motion = bent(steady(source, k.uniform(3.0, 8.0)), path((1.0, 0.0)))
    if kind == "side":
        facing = rot.yaw(motion.rotations[:, 0])
        own = rot.rotate(rot.conjugate(facing[:-1]), np.diff(motion.root_position, axis=0)).sum(axis=0)
        return k.derived(motion, [k.act("side", side="left" if own[0] > 0 else "right")], "sideways", source)
    return k.derived(motion, [k.act(kind.replace("_", "-"))], "backwards", source)


def in_place(k: Kitchen) -> Derived:
    kind = k.choose("walk", "jog", "high-knees", "march")
    source = k.gait("run" if kind == "jog" else "walk")
    track = steady(source, k.uniform(4.0, 8.0) + 2 * _MARGIN)
    if kind in ("march", "high-knees"):
        track = with_manner(track, MANNERS[kind], k.rng)
    motion = _inside(bent(track, path((1.0, 0.0)), 0.0))
    return k.derived(motion, [k.act(f"{kind}-in-place")], "in place", source)


def manner(name: str, k: Kitchen) -> Derived:
    """A walk with a manner, mostly straight, drunk ones in a wavy line."""
    source = k.gait("walk")
    track = with_manner(steady(source, k.uniform(4.0, 7.0) + 2 * _MARGIN), MANNERS[name], k.rng)
    along = path((1.0, 0.0))
    if name == "drunk":
        bows = [(k.uniform(0.6, 1.1), float(k.rng.normal(0.0, 0.7))) for _ in range(12)]
        along = path(*bows, ease=0.6)
    key, _, side = name.partition("-")
    words = {"side": side} if side in ("left", "right") else {}
    return k.derived(_inside(bent(track, along)), [k.act(key if words else name, **words)], f"manner {key}", source)


def skip(k: Kitchen) -> Derived:
    source = k.gait("skip")
    turn = float(k.rng.choice([0.0, 0.0, 1.2, -1.2]))
    motion = bent(steady(source, k.uniform(4.0, 8.0)), path((2.0, 0.0), (5.0, turn), (3.0, 0.0)))
    return k.derived(motion, [k.act("skip")], "skip", source)


def stairs(k: Kitchen) -> Derived:
    source, up = k.gait("walk"), k.rng.random() < 0.5
    track = on_stairs(steady(source, k.uniform(3.0, 5.0), 0.9), up)
    return k.derived(
        slowed(track.motion, k.uniform(1.0, 1.2)), [k.act("stairs-up" if up else "stairs-down")], "stairs", source
    )


def hop(k: Kitchen) -> Derived:
    pose = k.pick(k.library.idles)
    side, count = int(k.rng.integers(2)), int(k.rng.integers(2, 8))
    length = float(k.rng.choice([0.0, k.uniform(0.25, 0.5)]))
    motion = hopping(pose.motion, side, count, length, k.rng)
    words = {"side": ("left", "right")[side], **k.count(count)}
    return k.derived(motion, [k.act("hop-forward" if length else "hop", **words)], "hop", pose)


def moon(k: Kitchen) -> Derived:
    pose = k.pick(k.library.idles)
    motion = moonwalk(pose.motion, k.uniform(3.5, 7.0), k.uniform(0.26, 0.36), k.rng)
    return k.derived(motion, [k.act("moonwalk")], "moonwalk", pose)


def styled(k: Kitchen) -> Derived:
    """A walk in a recorded style along a path."""
    styles = [name for name in k.library.table.styles if k.library.gait(name)]
    if not styles:
        raise LookupError("no styles")
    style = k.choose(*styles)
    source = k.gait(style)
    sign = 1.0 if k.rng.random() < 0.5 else -1.0
    shape = k.choose("circle", "turn", "u-turn", "s-curve")
    along = {
        "circle": path((6.3 * 1.4, sign * 2.2 * _PI)),
        "turn": path((2.2, 0.0), (0.8, sign * _PI / 2), (2.2, 0.0), ease=0.3),
        "u-turn": path((2.2, 0.0), (1.8, sign * _PI), (2.2, 0.0), ease=0.3),
        "s-curve": path((0.8, sign), (1.6, -2 * sign), (1.6, 2 * sign), (0.8, -sign)),
    }[shape]
    made = _on_path(k, source, 1.0, "walk", shape, along)
    act = k.act(shape, **k.going("walk"), **sided(sign))
    ways = STYLE_WAYS[style]
    says = tuple(f"{phrase} {ways[i % len(ways)]}" for i, phrase in enumerate(act.says))
    return Derived(made.motion, [Act(says, f"{style} {act.name}")], f"style {style}", made.licence)


STYLE_WAYS = {
    "old": ("like an old person", "like an elderly man", "as old people do"),
    "tired": ("wearily", "in a tired way", "as if exhausted"),
    "sad": ("sadly", "in a sad way", "with a heavy heart"),
    "happy": ("happily", "cheerfully", "in a good mood"),
    "proud": ("proudly", "in a proud way", "with a puffed-out chest"),
    "angry": ("angrily", "in an angry way", "full of anger"),
    "childish": ("like a child", "in a childish way", "childishly"),
    "giant": ("like a giant", "with the heavy steps of a giant"),
}


def while_gesture(k: Kitchen) -> Derived:
    """A walk with the arms of a gesture."""
    name, key = [
        ("wave", "wave-while"),
        ("wave-both", "wave-both-while"),
        ("clap", "clap-while"),
        ("raise-hand", "raise-while"),
    ][int(k.rng.integers(4))]
    gesture, source = k.pick(k.library.actions[name]), k.gait("walk")
    sides = (gesture.side,) if name in ("wave", "raise-hand") else ("left", "right")
    track = steady(source, gesture.motion.duration, 0.9)
    body = arms_of(track.motion, gesture.motion, sides)
    motion = bent(Track(body, track.travelled[: len(body)]), path((1.0, 0.0)), 0.95)
    return k.derived(motion, [k.act(key, side=gesture.side)], "gesture while walking", gesture, source)
