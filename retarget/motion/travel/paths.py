"""Paths over the floor, and walks and runs bent along them."""

from dataclasses import dataclass, replace

import numpy as np

from ...typing import Floats
from .. import Motion
from .. import rotations as rot
from ..feet.footing import set_down
from ..skeleton import JOINT
from ..smoothing import moving_mean
from .track import Track, carried

_STEP = 0.01  # metres between a path's samples
_EASE = 0.5  # metres over which a curve begins and ends
_GRAVITY = 9.81
_MOST_LEAN = np.radians(14.0)
_LOOK_AHEAD = 0.5  # seconds by which the head turns before the body
_LOOK = {"spine3": 0.15, "neck": 0.25, "head": 0.35}  # shares of that turn


@dataclass(frozen=True, eq=False)
class Path:
    """heading: (N,) radians at even steps, from 0 (+Z), positive to the left.  places: (N, 3) metres.
    step: metres from one to the next."""

    heading: Floats
    places: Floats
    step: float = _STEP

    @property
    def length(self) -> float:
        """Metres."""
        return (len(self.heading) - 1) * self.step

    def placed(self, place: Floats, turn: float) -> "Path":
        """The path turned by radians to the left about its origin, and moved by (3,) over the floor."""
        turned = rot.rotate(rot.from_axis_angle((0.0, 1.0, 0.0), turn), self.places)
        return Path(self.heading + turn, turned + place * [1.0, 0.0, 1.0], self.step)

    def at(self, travelled: Floats) -> tuple[Floats, Floats]:
        """Places (T, 3) and headings (T,) at these metres (T,) along it; straight on before and after its ends."""
        sample = np.arange(len(self.heading)) * self.step
        inside: Floats = np.clip(travelled, 0.0, self.length)
        heading: Floats = np.interp(inside, sample, self.heading)
        places = np.stack([np.interp(inside, sample, self.places[:, axis]) for axis in range(3)], axis=-1)
        return np.asarray(places + _ahead(heading) * (travelled - inside)[:, None]), heading


def path(*parts: tuple[float, float], ease: float = _EASE) -> Path:
    """A path of parts (metres, radians turned in them to the left), its curves eased in and out.

    >>> circle = path((2.0 * np.pi, 2.0 * np.pi))
    >>> round(circle.length, 2), float(np.ptp(circle.places[:, 2]).round(1))
    (6.28, 2.0)
    """
    curvature = np.concatenate([np.full(max(1, round(m / _STEP)), turn / max(m, _STEP)) for m, turn in parts])
    curvature = moving_mean(curvature, round(ease / _STEP))
    heading = np.concatenate([[0.0], np.cumsum(curvature * _STEP)])
    middle = 0.5 * (heading[1:] + heading[:-1])
    places = np.concatenate([np.zeros((1, 3)), np.cumsum(_ahead(middle) * _STEP, axis=0)])
    return Path(heading, places)


def path_through(points: Floats) -> Path:
    """A smooth path through points (K, 3) on the floor, K at least 2: a cubic in the length of the straight pieces
    between them. Points that coincide count once.

    >>> corner = path_through(np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 2.0], [2.0, 0.0, 2.0]]))
    >>> 4.0 <= corner.length < 4.6, corner.places[-1].round(2).tolist()
    (True, [2.0, 0.0, 2.0])
    """
    apart = np.concatenate([[True], rot.length(np.diff(points, axis=0)) > 1e-6])
    points = points[apart] * [1.0, 0.0, 1.0]
    chords = np.concatenate([[0.0], np.cumsum(rot.length(np.diff(points, axis=0)))])
    fine = np.arange(0.0, chords[-1] + 0.5 * _STEP, 0.5 * _STEP)
    dense = _cubic_through(chords, points, fine)
    lengths = np.concatenate([[0.0], np.cumsum(rot.length(np.diff(dense, axis=0)))])
    even = np.linspace(0.0, lengths[-1], max(2, round(float(lengths[-1]) / _STEP) + 1))
    places = np.stack([np.interp(even, lengths, dense[:, axis]) for axis in range(3)], axis=-1)
    tangents = np.gradient(places, axis=0)
    return Path(np.unwrap(np.arctan2(tangents[:, 0], tangents[:, 2])), places, float(even[1]))


def _cubic_through(knots: Floats, points: Floats, at: Floats) -> Floats:
    """(N, 3) places at parameters `at` of cubic Hermite pieces through points (K, 3) with knots (K,); the slope at a
    point is that of the parabola through it and its neighbours."""
    if len(knots) == 2:
        return np.asarray(points[0] + np.outer((at - knots[0]) / (knots[1] - knots[0]), points[1] - points[0]))
    slopes = np.gradient(points, knots, axis=0, edge_order=2)
    low = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, len(knots) - 2)
    width = (knots[low + 1] - knots[low])[:, None]
    t = ((at - knots[low]) / width[:, 0])[:, None]
    a, b = points[low], points[low + 1]
    rise, fall = slopes[low] * width, slopes[low + 1] * width
    return np.asarray(
        (2 * t**3 - 3 * t**2 + 1) * a + (t**3 - 2 * t**2 + t) * rise + (3 * t**2 - 2 * t**3) * b + (t**3 - t**2) * fall
    )


def _ahead(heading: Floats) -> Floats:
    return np.stack([np.sin(heading), np.zeros_like(heading), np.cos(heading)], axis=-1)


def bent(track: Track, along: Path, scale: float = 1.0) -> Motion:
    """The track along a path, with longer or shorter steps by `scale`: feet set down, leaning into the curve, the head
    turned ahead of the body."""
    travelled = track.travelled * scale
    places, heading = along.at(travelled)
    moved = carried(track.motion, track.ground, np.zeros_like(heading), places, heading)
    if np.ptp(heading) > 0.1:
        moved = _leaning(_looking(moved, along, travelled, heading), places, heading, travelled)
    return set_down(moved, track.steps)


def turned_on_spot(track: Track, turn: float, begin: int, end: int) -> Motion:
    """The track's steps taken on the spot, while the body turns by `turn` radians between two frames."""
    t = np.clip((np.arange(len(track)) - begin) / max(end - begin, 1), 0.0, 1.0)
    heading = turn * t * t * (3.0 - 2.0 * t)
    moved = carried(track.motion, track.ground, np.zeros(len(t)), np.zeros((len(t), 3)), heading)
    ahead = np.roll(heading, -round(0.3 * track.motion.fps))
    ahead[-round(0.3 * track.motion.fps) :] = heading[-1]
    return set_down(_head_turned(moved, ahead - heading), track.steps)


def _looking(motion: Motion, along: Path, travelled: Floats, heading: Floats) -> Motion:
    speed = np.gradient(travelled, 1.0 / motion.fps)
    _, ahead = along.at(travelled + np.clip(speed * _LOOK_AHEAD, -1.5, 1.5))
    return _head_turned(motion, np.where(speed > 0, ahead - heading, 0.0))


def _head_turned(motion: Motion, turn: Floats) -> Motion:
    """The head, neck and chest turned by shares of `turn` (T,) radians about the vertical."""
    turn = np.clip(moving_mean(turn, round(0.4 * motion.fps)), -1.0, 1.0)
    rotations = motion.rotations.copy()
    for name, share in _LOOK.items():
        joint = JOINT[name]
        rotations[:, joint] = rot.multiply(rot.from_axis_angle((0.0, 1.0, 0.0), turn * share), rotations[:, joint])
    return replace(motion, rotations=rotations)


def _leaning(motion: Motion, places: Floats, heading: Floats, travelled: Floats) -> Motion:
    """The body tilted about its ground point so that its weight balances the curve: tan(lean) = v² / (r g)."""
    speed = np.gradient(travelled, 1.0 / motion.fps)
    rate = np.gradient(heading, 1.0 / motion.fps)
    lean = moving_mean(np.arctan(speed * rate / _GRAVITY), round(0.5 * motion.fps))
    tilt = rot.from_axis_angle(_ahead(heading), -np.clip(lean, -_MOST_LEAN, _MOST_LEAN))
    rotations = motion.rotations.copy()
    rotations[:, 0] = rot.multiply(tilt, rotations[:, 0])
    return replace(motion, rotations=rotations, root_position=places + rot.rotate(tilt, motion.root_position - places))
