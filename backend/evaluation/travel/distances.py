"""Requests in numbers, from `requests.toml`: the distance that each motion comes to, and what it costs its feet.

A straight way is measured from the pelvis' place on the first frame to that on the last one; a round along the pelvis'
path without the sway of its steps; a path by what is missing of it at its ends.
"""

import pathlib
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....retarget.motion import Motion
from ....retarget.motion import rotations as rot
from ....retarget.motion.travel.paths import Path, path_through
from ....retarget.motion.travel.steering import Course
from ...engine import Engine, last_result
from ...shots import fitting
from ...shots.making import CANDIDATES
from ...shots.plan import parts_of, seed_of, wish_of
from ...tasks import Block, Generate, Shot
from ..measures.physics import foot_sliding

FILE = pathlib.Path(__file__).parent / "requests.toml"


@dataclass(frozen=True)
class Request:
    """metres: that are asked for.  straight: whether the way is."""

    group: str
    block: Block
    metres: float
    straight: bool

    @property
    def text(self) -> str:
        """The request in words."""
        block, said = self.block, self.block.prompt
        if block.path is not None:
            return f"{said}, along {len(block.path)} points"
        if block.distance is not None:
            said += f", {block.distance:g} m"
        return said + (f" in {block.seconds:g} s" if block.seconds is not None else "")


@dataclass(frozen=True, eq=False)
class Travelled:
    """metres: that the motion came to.  aside: metres, mean distance of the pelvis from the path that was asked for,
    None without one.  steps: by what its steps became longer.  sliding: m/s of its feet, as_generated: m/s of those of
    the candidate before it was bent."""

    request: Request
    metres: float
    aside: float | None
    steps: float
    sliding: float
    as_generated: float

    @property
    def error(self) -> float:
        """Share of what was asked for by which the distance is off."""
        return abs(self.metres / self.request.metres - 1.0)


def requests() -> tuple[Request, ...]:
    """All of the file, in its order."""
    groups = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return tuple(_request(group, entry) for group, entries in groups.items() for entry in entries)


def _request(group: str, entry: dict[str, Any]) -> Request:
    block = Block(
        str(entry["text"]),
        entry.get("seconds"),
        path=tuple(map(tuple, entry["path"])) if "path" in entry else None,
    )
    if block.path is not None:
        return Request(group, block, _curve(block).length, False)
    metres = float(entry["metres"])
    if wish_of(block).distance is None or "round" in entry:
        block = Block(block.prompt, block.seconds, distance=metres)
    return Request(group, block, metres, "round" not in entry)


def _curve(block: Block) -> Path:
    points = np.asarray(block.path, np.float64)
    return path_through(np.stack([points[:, 0], np.zeros(len(points)), points[:, 1]], axis=-1))


def travel(engine: Engine, asked: tuple[Request, ...], seed: int, say: Callable[[int, int], None]) -> list[Travelled]:
    """Every request with a seed."""
    out = []
    for request in asked:
        shot = Shot((request.block,), seed=seed)
        made = last_result(shot.answer(engine)).motions[0]
        out.append(measured(request, made, _candidate(engine, shot)))
        say(len(out), len(asked))
    return out


def _candidate(engine: Engine, shot: Shot) -> Motion:
    """The motion that was bent: the one that was chosen, as the model generated it."""
    wish = parts_of(wish_of(shot.blocks[0]))[0]
    count = CANDIDATES if wish.choosy else 1
    ask = Generate(wish.text, wish.seconds, seed=seed_of(shot, 0, 0), variations=count)
    return fitting.best(last_result(engine.generate(ask)).motions, wish)


def measured(request: Request, made: Motion, candidate: Motion) -> Travelled:
    """What a motion came to."""
    course = Course.of(made)
    ground = made.root_position * [1.0, 0.0, 1.0]
    metres = float(rot.length(ground[-1] - ground[0])) if request.straight else course.distance
    aside = None
    if request.block.path is not None:
        places = _curve(request.block).places
        ends = rot.length(places[[0, -1]] - course.ground[[0, -1]])
        metres = request.metres - float(ends.sum())
        aside = float(np.mean([rot.length(places - here).min() for here in course.ground]))
    return Travelled(
        request=request,
        metres=metres,
        aside=aside,
        steps=course.distance / max(Course.of(candidate).distance, 1e-6),
        sliding=foot_sliding(made),
        as_generated=foot_sliding(candidate),
    )


def figures(answers: list[Travelled]) -> dict[str, float]:
    """Errors' median and 95th percentile, shares; medians of the feet's sliding in cm/s and of the steps' change."""
    errors = np.array([answer.error for answer in answers])
    aside = [answer.aside for answer in answers if answer.aside is not None]
    longer = np.array([answer.steps for answer in answers])
    return {
        "requests": len(answers),
        "median": float(np.median(errors)),
        "p95": float(np.quantile(errors, 0.95)),
        "worst": float(errors.max()),
        "aside": float(np.mean(aside)) if aside else 0.0,
        "steps": float(np.median(longer)),
        "natural": float(np.mean((longer > 0.67) & (longer < 1.5))),
        "sliding": 100.0 * float(np.median([answer.sliding for answer in answers])),
        "as_generated": 100.0 * float(np.median([answer.as_generated for answer in answers])),
    }
