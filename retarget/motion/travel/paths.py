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
    """heading: (N,) radians every centimetre, from 0 (+Z), positive to the left.  places: (N, 3) metres."""

    heading: Floats
    places: Floats

    @property
    def length(self) -> float:
        return (len(self.heading) - 1) * _STEP

    def at(self, travelled: Floats) -> tuple[Floats, Floats]:
        """Places (T, 3) and headings (T,) at these metres (T,) along it; straight on before and after its ends."""
        sample = np.arange(len(self.heading)) * _STEP
        inside: Floats = np.clip(travelled, 0.0, self.length)
        heading: Floats = np.interp(inside, sample, self.heading)
        places = np.stack([np.interp(inside, sample, self.places[:, axis]) for axis in range(3)], axis=-1)
        return np.asarray(places + _ahead(heading) * (travelled - inside)[:, None]), heading


def path(*parts: tuple[float, float], ease: float = _EASE) -> Path:
    """A path of parts (metres, radians turned in them to the left), its curves eased in and out.

    >>> circle = path((2.0 * np.pi, 2.0 * np.pi))
    >>> round(circle.length, 2), float(np.ptp(circle.places[:, 2]).round(1))
    (6.28, 2.1)
    """
    curvature = np.concatenate([np.full(max(1, round(m / _STEP)), turn / max(m, _STEP)) for m, turn in parts])
    curvature = moving_mean(curvature, round(ease / _STEP))
    heading = np.concatenate([[0.0], np.cumsum(curvature * _STEP)])
    middle = 0.5 * (heading[1:] + heading[:-1])
    places = np.concatenate([np.zeros((1, 3)), np.cumsum(_ahead(middle) * _STEP, axis=0)])
    return Path(heading, places)


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
