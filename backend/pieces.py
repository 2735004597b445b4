"""More than a model makes at once: motion in pieces, each continued from the one before, and descriptions in parts.

Pieces join as `Continue` joins them: at the speed and on the feet that the motion has.
"""

import math
from collections.abc import Callable, Generator
from dataclasses import replace

from msgspec.structs import replace as replaced

from ..retarget.motion import Motion
from .engine import Engine, Events, Progress, Result
from .limits import SHARE_OF_MORE
from .tasks import Continue, Generate

_SEED_STEP = 7919  # between pieces, so that one take's second piece has not the seed of another take's first


def longer(seconds: float, most: float) -> bool:
    """Whether a length is more than a limit, by more than the rounding of single precision numbers."""
    return seconds > most * (1.0 + 1e-6)


def piece_count(seconds: float, most: float) -> int:
    """In how many pieces a motion is made by a model whose longest motion has `most` seconds; 0 is no limit."""
    if most <= 0 or not longer(seconds, most):
        return 1
    return math.ceil(seconds / (SHARE_OF_MORE * most) - 1e-6)


def generated(engine: Engine, task: Generate) -> Events:
    """Text to motion of any length: the first piece is generated, the others continue it with the same prompt."""
    if task.seconds is None or not longer(task.seconds, engine.max_seconds):
        return engine.generate(within(task, engine.max_seconds))
    if not engine.can(Continue):
        return engine.generate(task)  # which says that this is too long
    return _generated(engine, task, task.seconds, piece_count(task.seconds, engine.max_seconds))


def continued(engine: Engine, task: Continue, motion: Motion) -> Events:
    """Any number of seconds more of a motion."""
    if not longer(task.seconds, engine.max_seconds * SHARE_OF_MORE):
        return engine.continue_motion(task, motion)
    return _continued(engine, task, [motion] * task.variations, 0.0)


def described(motion: Motion, most: float, describe: Callable[[Motion], Events]) -> Events:
    """A motion of any length in words: parts of at most `most` seconds, one after the other."""
    count = math.ceil(motion.duration / most - 1e-6) if most > 0 else 1
    if count <= 1:
        return describe(motion)
    return _described(motion, count, describe)


def within(task: Generate, most: float) -> Generate:
    """A task of one piece, without the rounding of single precision in its length."""
    return task if task.seconds is None or task.seconds <= most else replaced(task, seconds=most)


def _generated(engine: Engine, task: Generate, seconds: float, count: int) -> Events:
    first = replaced(task, seconds=seconds / count)
    result = yield from _scaled(engine.generate(first), 0.0, 1.0 / count)
    more = Continue(
        seconds - result.motions[0].duration,  # models may end on whole tokens
        task.prompt,
        seed=task.seed,
        variations=task.variations,
        temperature=task.temperature,
        top_p=task.top_p,
    )
    yield from _continued(engine, more, list(result.motions), 1.0 / count)


def _continued(engine: Engine, task: Continue, motions: list[Motion], begin: float) -> Events:
    """Continue each motion as one variation. begin: how much of the request is done."""
    count = math.ceil(task.seconds / (SHARE_OF_MORE * engine.max_seconds) - 1e-6)
    piece, step = task.seconds / count, (1.0 - begin) / (count * len(motions))
    done = []
    for variation, made in enumerate(motions):
        motion, frames = made, [round(piece * (i + 1) * made.fps) for i in range(count)]
        for i, (start, end) in enumerate(zip([0, *frames], frames, strict=False)):
            seed = task.seed + _SEED_STEP * (i + 1 if begin else i) + variation
            asked = replaced(task, seconds=(end - start) / made.fps, seed=seed, variations=1)
            at = begin + step * (variation * count + i)
            result = yield from _scaled(engine.continue_motion(asked, motion), at, step)
            motion = _labelled(result.motions[0], motion, task, variation)
        done.append(motion)
    yield Result(tuple(done))


def _described(motion: Motion, count: int, describe: Callable[[Motion], Events]) -> Events:
    cuts = [round(i * len(motion) / count) for i in range(count + 1)]
    said: list[str] = []
    for i in range(count):
        result = yield from _scaled(describe(motion.slice(cuts[i], cuts[i + 1])), i / count, 1.0 / count)
        text = result.texts[0].strip().rstrip(".") if result.texts else ""
        if text and text not in said[-1:]:
            said.append(text)
    yield Result(texts=(", then ".join(said),) if said else ())


def _scaled(events: Events, begin: float, share: float) -> Generator[Progress | Result, None, Result]:
    """Part of a longer answer; returns its result. The motion so far is shown for the first part only, as later ones
    would start in the middle."""
    for event in events:
        if isinstance(event, Result):
            return event
        yield Progress(event.stage, begin + share * event.fraction, event.motion if begin == 0.0 else None)
    raise RuntimeError("the engine ended without a result")


def _labelled(motion: Motion, before: Motion, task: Continue, variation: int) -> Motion:
    """The motion with what its first piece says about itself, and the tokens of all pieces."""
    tokens = [*before.meta.get("tokens", ()), *motion.meta.get("tokens", ())]
    meta = motion.meta | before.meta | {"seed": task.seed, "variation": variation}
    return replace(motion, meta=meta | ({"tokens": tokens} if tokens else {}))
