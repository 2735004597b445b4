"""Answers an in-between task: transition model, text, takes, exact keys, planted feet."""

import functools
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace

import numpy as np

from ...retarget.motion import Motion
from ...retarget.motion import rotations as rot
from ...retarget.motion.feet import plant_between
from ...retarget.motion.joining import on_body_of, on_canonical_body
from ...retarget.motion.known import ROOT
from ...retarget.motion.skeleton import JOINT, LEG_LENGTH, leg_length
from ...retarget.typing import Bools
from ..engine import Events, Progress, Result, Stage
from ..interruptible import interruptible
from ..tasks import Inbetween
from ..version import __version__
from . import proposals
from .exact import pinned, softened
from .grid import Grid
from .takes import add_variation
from .transition import Poses, TransitionModel

Propose = Callable[[str, float, int], Events]
"""Generates motion from a text with a language model: text, seconds, seed -> progress, and a result of which the first
motion is used. It may have any frame rate and position, and is on the canonical body."""

_LEGS = [0, ROOT, *(JOINT[f"{s}_{k}"] for s in ("left", "right") for k in ("hip", "knee", "ankle", "foot"))]
_LEVEL = (-0.05, 0.6)  # metres: with the lowest joint in this range, the floor is at 0; else it is at that joint


@dataclass(frozen=True, eq=False)
class _Scene:
    """A motion resampled to the model's frame rate, its known channels, and the way back (`finished`)."""

    motion: Motion
    known: Bools
    floor: float  # metres of the canonical body
    grid: Grid
    poses: Poses
    given: Bools

    @staticmethod
    def of(motion: Motion, known: Bools, model_fps: float) -> "_Scene":
        source = on_canonical_body(motion)
        floor = _floor_under(source, known)
        source = replace(source, root_position=source.root_position - [0.0, floor, 0.0])
        grid = Grid.of(known, source.fps, model_fps)
        poses, given = grid.poses(source, known)
        return _Scene(motion, known, floor, grid, poses, given)

    def finished(self, filled: Poses) -> Motion:
        """The model's poses, on the motion's body and at its frame rate, meeting every key exactly."""
        target = self.motion
        at_scene = self.grid.to_scene(filled, len(target))
        root = at_scene.root + [0.0, self.floor, 0.0]
        motion = Motion(rot.unflip(at_scene.rotations), root, target.fps, at_scene.contacts)
        motion = replace(on_body_of(motion, target), meta=target.meta)
        motion = softened(pinned(motion, target, self.known), self.known)
        lift = np.array([0.0, self.floor * leg_length(target.offsets) / LEG_LENGTH, 0.0])
        level = replace(motion, root_position=motion.root_position - lift, contacts=at_scene.contacts)
        planted = plant_between(level, self.known[:, _LEGS].all(axis=1))
        return pinned(replace(planted, root_position=planted.root_position + lift), target, self.known)


def _floor_under(motion: Motion, known: Bools) -> float:
    """Height of the floor under the whole poses: 0 unless their lowest joint is clearly below it or far above it."""
    whole = known.all(axis=1)
    if not whole.any():
        return 0.0
    lowest = float(motion.joints[whole][..., 1].min())
    return 0.0 if _LEVEL[0] <= lowest <= _LEVEL[1] else lowest


def answer(
    task: Inbetween, motion: Motion, known: Bools, model: TransitionModel, propose: Propose | None, name: str
) -> Events:
    """Yields progress, then one motion per variation. known: from `request.given_channels`.  propose: None if a text
    can't be followed; the meta of the motions then says that it was not."""
    yield Progress(Stage.TEXT, 0.0)
    scene = yield from interruptible(lambda: _Scene.of(motion, known, model.fps), Progress(Stage.TEXT, 0.0))
    follows = bool(task.prompt.strip()) and propose is not None
    motions: list[Motion] = []
    for index in range(task.variations):
        take = task.seed + index
        poses, given, used = scene.poses, scene.given, 0
        if follows and propose is not None:
            poses, given, used = yield from _with_text(scene, task, model, propose, take)
        fill = functools.partial(_filled, scene, model, poses, given, (task.seed, index))
        filled = yield from interruptible(fill, Progress(Stage.MOTION, (index + 0.5) / (task.variations + 1)))
        motions.append(_labelled(filled, task, index, name, used))
        yield Progress(Stage.MOTION, (index + 1) / (task.variations + 1), motions[0])
    yield Result(tuple(motions))


def _filled(scene: _Scene, model: TransitionModel, poses: Poses, given: Bools, take: tuple[int, int]) -> Motion:
    """One variation. take: seed and number of the variation."""
    poses, given = proposals.add_waypoints(poses, given)
    filled = model.fill(poses, given)
    if sum(take) != 0:
        filled = model.fill(*add_variation(filled, given, np.random.default_rng(take)))
    return scene.finished(filled)


def _with_text(
    scene: _Scene, task: Inbetween, model: TransitionModel, propose: Propose, take: int
) -> Generator[Progress | Result, None, tuple[Poses, Bools, int]]:
    """The scene's poses with motion from the text as keys in long gaps and open ends, their mask, and how many of these
    were filled."""
    poses, given, used = scene.poses, scene.given, 0
    for span in proposals.text_spans(given):
        proposed: Motion | None = None
        for event in propose(task.prompt, span.frames / model.fps, take):
            if isinstance(event, Result):
                proposed = event.motions[0] if event.motions else None
            else:
                yield Progress(event.stage, 0.8 * event.fraction / task.variations)
        if proposed is not None:
            insert = functools.partial(proposals.insert_motion, poses, given, span, proposed.resample(model.fps))
            poses, given = yield from interruptible(insert, Progress(Stage.TOKENS, 0.8 / task.variations))
            used += 1
    return poses, given, used


def _labelled(motion: Motion, task: Inbetween, index: int, name: str, used: int) -> Motion:
    meta = {
        "text": task.prompt,
        "text_followed": used,
        "seed": task.seed,
        "variation": index,
        "model": name,
        "version": __version__,
    }
    return replace(motion, meta=motion.meta | meta)
