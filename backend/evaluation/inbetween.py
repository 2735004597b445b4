"""How well gaps between keyed poses are filled, on test clips: the LAFAN1 benchmark's measures and some more.

(a) ten frames of context before the gap and one pose after it; (b) two single poses. All at 30 frames a second.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...retarget.motion import Motion
from ...retarget.motion import rotations as rot
from ...retarget.motion.skeleton import CONTACT_JOINTS
from ...retarget.typing import Floats, Ints
from ..dataset.clips import Clip, load_motions
from ..dataset.windows import placed_window, position_statistics, training_windows
from ..engine import Engine, last_result
from ..inbetween.exact import whole_poses
from ..inbetween.interpolation import interpolate
from ..tasks import Inbetween
from .measures.bezier import auto_clamped
from .measures.inbetween import l2p, l2q, npss

GAPS = (5, 15, 30, 45)
CONTEXTS = {"context": 10, "poses": 1}
"""Names of (a) and (b), and how many frames come before the gap."""
_STEP = 40  # frames from one window of a clip to the next, as in LAFAN1's test set
_REAL_CLIPS = 300  # over which real motion's changes of velocity are measured

Method = Callable[[Motion, Ints, str], Motion]
"""Motion, its kept frames, a caption -> the motion with the other frames filled in."""


@dataclass(frozen=True, eq=False)
class Window:
    """A stretch of a clip: `context` frames, the gap, one frame. text: a caption, or ""."""

    motion: Motion
    context: int
    text: str

    @property
    def keep(self) -> Ints:
        """The frames that are given."""
        return np.append(np.arange(self.context), len(self.motion) - 1)


def interpolation(motion: Motion, keep: Ints, text: str) -> Motion:
    """Spherical for rotations, linear for the root."""
    known = whole_poses(keep, len(motion))
    rotations, root = interpolate(motion.rotations, motion.root_position, known)
    return Motion(rotations, root, motion.fps, motion.contacts)


def bezier(motion: Motion, keep: Ints, text: str) -> Motion:
    """Blender's Bézier curves with auto-clamped handles, on quaternions and location."""
    poses = rot.unflip(motion.rotations[keep]).reshape(len(keep), -1)
    values = np.concatenate([poses, motion.root_position[keep]], axis=-1)
    curves = auto_clamped(keep.astype(np.float64), values, np.arange(len(motion), dtype=np.float64))
    rotations = rot.normalize(curves[:, :-3].reshape(len(motion), 22, 4))
    return Motion(rotations, curves[:, -3:], motion.fps, motion.contacts)


def by_engine(engine: Engine, with_text: bool) -> Method:
    """A model's in-between task."""

    def fill(motion: Motion, keep: Ints, text: str) -> Motion:
        task = Inbetween(tuple(keep.tolist()), text if with_text else "")
        return last_result(engine.inbetween(task, motion)).motions[0]

    return fill


def windows(clips: list[tuple[Motion, Clip]], context: int, gap: int, most: int) -> list[Window]:
    """At most `most` windows, chosen evenly from every 40th of all clips."""
    frames = context + gap + 1
    found: list[Window] = []
    for motion, clip in clips:
        text = clip.captions[0] if clip.captions else clip.tags.get("content", "").replace("-", " ")
        for first in range(0, len(motion) - frames + 1, _STEP):
            placed = placed_window(
                motion.rotations[first : first + frames], motion.root_position[first : first + frames], context - 1
            )
            found.append(Window(placed, context, text))
    chosen = np.unique(np.linspace(0, len(found) - 1, min(most, len(found))).astype(int)) if found else []
    return [found[i] for i in chosen]


def velocity_changes(motion: Motion) -> Floats:
    """(T - 2, 23) m/s: how much each joint (relative to the root), and last the root, changes velocity at a frame."""
    joints = motion.joints - motion.root_position[:, None]
    paths = np.concatenate([joints, motion.root_position[:, None]], axis=1)
    change: Floats = np.linalg.norm(np.diff(paths, n=2, axis=0), axis=-1) * motion.fps
    return change


def real_limits(clips: list[tuple[Motion, Clip]]) -> Floats:
    """(23,) 99th percentile of `velocity_changes` of real motion."""
    chosen = clips[:: max(1, len(clips) // _REAL_CLIPS)]
    return np.asarray(np.percentile(np.concatenate([velocity_changes(m) for m, _ in chosen if len(m) > 3]), 99, axis=0))


def foot_sliding(made: Motion, true: Motion) -> float:
    """Mean speed, cm/s, of heels and toes while the true ones are planted (slower than 0.15 m/s, near the floor)."""
    feet = [m.joints[:, CONTACT_JOINTS] for m in (made, true)]
    speed = [np.linalg.norm(np.diff(f, axis=0), axis=-1) * made.fps for f in feet]
    low = feet[1][1:, :, 1] < feet[1][..., 1].min(axis=0) + 0.05
    stands = (speed[1] < 0.15) & low
    return float(speed[0][stands].mean() * 100.0) if stands.any() else 0.0


def measure(made: list[Motion], given: list[Window], std: Floats, limits: Floats) -> dict[str, float]:
    """L2P, L2Q, NPSS over the gaps' frames; sliding, cm/s; jerky: share of root and joints whose velocity changes at a
    key by more than in 99 of 100 frames of real motion."""
    place = slice(given[0].context, -1)
    joints = [np.stack([m.joints[place] for m in ms]) for ms in (made, [w.motion for w in given])]
    turns = [np.stack([rot.unflip(m.global_rotations)[place] for m in ms]) for ms in (made, [w.motion for w in given])]
    sign = np.where(np.sum(turns[0] * turns[1], axis=-1, keepdims=True) < 0.0, -1.0, 1.0)
    flat = [t.reshape(*t.shape[:2], -1) for t in (turns[0] * sign, turns[1])]
    at_key = given[0].context - 2  # velocity_changes' row of the last frame of the context
    jerky = [velocity_changes(m)[at_key] > limits for m in made] if at_key >= 0 else []
    return {
        "l2p": l2p(joints[0], joints[1], std),
        "l2q": l2q(turns[0], turns[1]),
        "npss": npss(flat[0], flat[1]),
        "sliding": float(np.mean([foot_sliding(m, w.motion) for m, w in zip(made, given, strict=True)])),
        "jerky": float(np.mean(jerky)) if jerky else 0.0,
    }


def _unchanged(motion: Motion, keep: Ints, text: str) -> Motion:
    """Real motion, for comparison."""
    return motion


def evaluate_inbetween(data: Path, methods: dict[str, Method], most: int) -> dict[str, Any]:
    """For "context" and "poses", every gap and every method: the measures. "real" is real motion itself."""
    training = load_motions(data, "train")
    statistics = training_windows([m.rotations for m, _ in training[::4]], [m.root_position for m, _ in training[::4]])
    _, std = position_statistics(statistics)
    limits = real_limits(training)
    clips = load_motions(data, "test")
    table: dict[str, Any] = {}
    for name, gap, given in _tasks(clips, most):
        rows: dict[str, Any] = {"windows": len(given)}
        for method, fill in (("real", _unchanged), *methods.items()):
            made = [fill(w.motion, w.keep, w.text) for w in given]
            rows[method] = measure(made, given, std, limits)
        table.setdefault(name, {})[str(gap)] = rows
    return table


def _tasks(clips: list[tuple[Motion, Clip]], most: int) -> Iterator[tuple[str, int, list[Window]]]:
    for name, context in CONTEXTS.items():
        for gap in GAPS:
            if given := windows(clips, context, gap, most):
                yield name, gap, given
