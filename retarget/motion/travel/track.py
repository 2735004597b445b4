"""A clip that travels, split into the path that it takes and the body's movement about it.

The ground point of a track is the pelvis' place on the floor without its sway; it moves along +Z. Heading 0 is +Z,
positive to the left (towards +X). Metres, radians, frames.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ...typing import Bools, Floats
from .. import Motion
from .. import rotations as rot
from ..feet.contacts import Span
from ..skeleton import CONTACT_JOINTS
from ..smoothing import moving_mean

FPS = 30.0
STRIDE = 1.0  # seconds over which a path is smoothed: about one stride
_LOW = np.array([0.06, 0.035, 0.06, 0.035])  # metres above its lowest that a heel or toe may stand
_ABOVE = 2.0  # percentile of a point's height that counts as its lowest
_ARC_DEGREE = 2  # of the polynomial that a nearly straight path is taken to follow


def at_frames(motion: Motion, frames: Floats) -> Motion:
    """The motion at fractional frames (K,), by cubic (Catmull-Rom) interpolation; contacts are those of the nearest.

    Linear interpolation leaves a kink at every source frame, heard as energy above 8 Hz.
    """
    last = len(motion) - 1
    low = np.clip(np.floor(frames).astype(int), 0, max(last - 1, 0))
    t = np.clip(frames, 0, last) - low
    around = np.clip(low + np.array([-1, 0, 1, 2])[:, None], 0, last)  # (4, K)
    weights = _catmull_rom(t)
    rotations = rot.unflip(motion.rotations)
    nearest = np.clip(np.rint(frames).astype(int), 0, last)
    return replace(
        motion,
        rotations=rot.unflip(rot.normalize(np.einsum("kt,ktjc->tjc", weights, rotations[around]))),
        root_position=np.einsum("kt,ktc->tc", weights, motion.root_position[around]),
        contacts=motion.contacts[nearest],
    )


def _catmull_rom(t: Floats) -> Floats:
    """(4, K) weights of the samples around t (K,), from 0 to 1 between the second and the third."""
    weights = (
        0.5 * (-t + 2 * t**2 - t**3),
        0.5 * (2 - 5 * t**2 + 3 * t**3),
        0.5 * (t + 4 * t**2 - 3 * t**3),
        0.5 * (-(t**2) + t**3),
    )
    return np.stack(weights)


def resampled(motion: Motion, fps: float = FPS) -> Motion:
    """The motion at another frame rate, cubically."""
    if motion.fps == fps:
        return motion
    count = int((len(motion) - 1) * fps / motion.fps) + 1
    return replace(at_frames(motion, np.arange(count) * (motion.fps / fps)), fps=float(fps))


def standing(motion: Motion) -> Bools:
    """(T, 4): where heels and toes bear weight. Slower than a fifth of the body's speed (at least 0.25 m/s) and low.

    `find_contacts` asks for less than 0.2 m/s, which the short contacts of a run never reach at 30 frames a second.
    """
    points = motion.joints[:, CONTACT_JOINTS]
    velocity = np.gradient(points, 1.0 / motion.fps, axis=0)
    body = rot.length(np.gradient(motion.root_position[:, [0, 2]], 1.0 / motion.fps, axis=0))
    limit = np.maximum(0.25, 0.3 * moving_mean(body, round(motion.fps)))[:, None]
    height = points[..., 1] - np.percentile(points[..., 1], _ABOVE, axis=0)
    return np.asarray((rot.length(velocity) < limit) & (height < _LOW))


def find_steps(motion: Motion) -> list[Span]:
    """The spans in which heels and toes bear weight: gaps of one frame are closed, spans under three frames dropped."""
    on = standing(motion)
    spans = []
    for point in range(4):
        padded = np.concatenate([[False], on[:, point], [False]])
        closed = padded.copy()
        closed[1:-1] |= padded[:-2] & padded[2:]
        edges = np.flatnonzero(np.diff(closed.astype(int))).reshape(-1, 2)
        for start, stop in edges.tolist():
            if stop - start >= 3:
                spans += _in_place(motion.joints[start:stop, CONTACT_JOINTS[point]], Span(point, start, stop))
    return spans


def _in_place(path: Floats, span: Span) -> list[Span]:
    """The span in pieces that each stay within 7 cm: feet shuffle when a body turns or shifts its weight. Between two
    pieces the foot is given time to move."""
    if len(path) < 4 or rot.length(path - np.median(path, axis=0)).max() < 0.07:
        return [span]
    first, second = round(0.35 * len(path)), round(0.65 * len(path))
    return _in_place(path[:first], Span(span.point, span.start, span.start + first)) + _in_place(
        path[second:], Span(span.point, span.start + second, span.stop)
    )


@dataclass(frozen=True, eq=False)
class Track:
    """motion: travelling along +Z.  travelled: (T,) metres of its ground point, whose x and y are 0.  known_steps:
    where feet bear weight, for tracks on which that can't be found, as on stairs."""

    motion: Motion
    travelled: Floats
    known_steps: tuple[Span, ...] = ()

    @cached_property
    def steps(self) -> list[Span]:
        """Where heels and toes bear weight."""
        return list(self.known_steps) or find_steps(self.motion)

    @property
    def ground(self) -> Floats:
        """(T, 3) the ground point."""
        return _along(self.travelled)

    def __len__(self) -> int:
        return len(self.motion)

    @property
    def distance(self) -> float:
        """Metres from the first frame to the last."""
        return float(self.travelled[-1] - self.travelled[0])

    def slice(self, start: int, stop: int) -> "Track":
        """Frames start to stop - 1, beginning at the origin."""
        away = np.array([0.0, 0.0, -float(self.travelled[start])])
        return Track(self.motion.slice(start, stop).shifted(away), self.travelled[start:stop] - self.travelled[start])

    def warped(self, frames: Floats) -> "Track":
        """The track at fractional frames (K,)."""
        travelled = np.interp(frames, np.arange(len(self)), self.travelled)
        return Track(at_frames(self.motion, frames), travelled)

    def mirror(self) -> "Track":
        """Left and right swapped."""
        return Track(self.motion.mirror(), self.travelled)


def straightened(motion: Motion) -> Track:
    """A clip that goes nearly straight, on a straight line: the arc that it follows is bent back.

    The character faces as it did relative to its path, so a backward walk has its back towards +Z.
    """
    motion = levelled(motion)
    smooth = smooth_path(motion)
    turn = np.arctan2(*(smooth[-1] - smooth[0])[[0, 2]])
    motion = motion.placed(np.zeros(3), rot.from_axis_angle((0.0, 1.0, 0.0), -turn))
    smooth = rot.rotate(rot.from_axis_angle((0.0, 1.0, 0.0), -turn), smooth)
    x, z = smooth[:, 0], smooth[:, 2]
    arc = np.poly1d(np.polyfit(z, x, _ARC_DEGREE if z[-1] - z[0] > 2.0 else 1))
    heading = np.arctan(arc.deriv()(z))
    fine = np.linspace(z.min(), z.max(), 500)
    lengths = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(fine), np.diff(arc(fine))))])
    travelled = np.interp(z, fine, lengths)
    ground = np.stack([arc(z), np.zeros_like(z), z], axis=-1)
    straight = carried(motion, ground, heading, _along(travelled - travelled[0]), np.zeros_like(z))
    return Track(straight, travelled - travelled[0])


def levelled(motion: Motion) -> Motion:
    """A gait with its floor at height 0 all along: the lowest that a joint gets within each second, smoothed, goes.

    Recorded floors slope by centimetres over a few metres.
    """
    half = round(0.5 * motion.fps)
    lowest = np.pad(motion.joints[..., 1].min(axis=1), half, mode="edge")
    floor = np.lib.stride_tricks.sliding_window_view(lowest, 2 * half + 1).min(axis=1)
    return motion.shifted(-np.stack([0.0 * floor, moving_mean(floor, 2 * half + 1), 0.0 * floor], axis=-1))


def _along(travelled: Floats) -> Floats:
    return np.stack([np.zeros_like(travelled), np.zeros_like(travelled), travelled], axis=-1)


def smooth_path(motion: Motion) -> Floats:
    """(T, 3) the pelvis' path on the floor without its sway; the ends are extended along the movement there."""
    half = round(STRIDE * motion.fps / 2)
    path = motion.root_position * [1.0, 0.0, 1.0]
    reach = min(half, len(path) - 1)
    before = 2 * path[:1] - path[reach:0:-1]
    after = 2 * path[-1:] - path[-2 : -reach - 2 : -1]
    smooth = moving_mean(np.concatenate([before, path, after]), 2 * half + 1)
    return np.asarray(smooth[reach : reach + len(path)])


def carried(motion: Motion, ground: Floats, heading: Floats, to_ground: Floats, to_heading: Floats) -> Motion:
    """Every frame moved rigidly from its ground point and heading to new ones.

    ground, to_ground: (T, 3); heading, to_heading: (T,) radians. Feet slide where the turn changes; see `footing`.
    """
    turn = rot.from_axis_angle(np.array([0.0, 1.0, 0.0]), to_heading - heading)
    rotations = motion.rotations.copy()
    rotations[:, 0] = rot.multiply(turn, rotations[:, 0])
    root = to_ground + rot.rotate(turn, motion.root_position - ground)
    return replace(motion, rotations=rot.unflip(rotations), root_position=root)


def off_treadmill(motion: Motion) -> Motion:
    """A cycle that steps in place, travelling at the even velocity at which its lower foot would otherwise slide."""
    feet = motion.joints[:, CONTACT_JOINTS]
    lowest = (np.arange(len(motion)), feet[..., 1].argmin(axis=1))
    slide = np.median(np.gradient(feet, axis=0)[lowest], axis=0) * [1.0, 0.0, 1.0]  # metres a frame
    return motion.shifted(-np.arange(len(motion))[:, None] * slide)
