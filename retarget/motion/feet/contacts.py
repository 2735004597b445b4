"""When feet are in contact with the floor: contact spans of a noisy motion."""

import itertools
from dataclasses import dataclass

import numpy as np

from ...typing import Bools, Floats
from .. import rotations as rot
from ..smoothing import median, moving_mean

_SHORTEST = 0.1  # seconds: gaps and contacts shorter than this are noise
_FASTEST = 0.9  # m/s, averaged over a quarter of a second: a foot that moves faster is not in contact
_DRIFT = 0.08  # metres that a standing foot may wander before it counts as a new contact
SHIFT = 0.6
"""Metres a second: how fast a foot moves that shifts its stand."""


@dataclass(frozen=True)
class Span:
    """Frames start to stop - 1, in which one of the four contact points touches the floor."""

    point: int
    start: int
    stop: int


def find_spans(contacts: Floats, points: Floats, fps: float) -> list[Span]:
    """Spans of soft contacts (T, 4), from 0 to 1, in which the points (T, 4, 3), in metres, stay in place."""
    least = max(1, round(_SHORTEST * fps))
    smooth = moving_mean(points, max(1, round(0.25 * fps)))
    speed = rot.length(np.gradient(smooth, 1.0 / fps, axis=0)) if len(points) > 1 else np.zeros((1, 4))
    standing = (contacts > 0.5) & (speed < _FASTEST)
    spans = []
    for point in range(contacts.shape[1]):
        path = smooth[:, point]
        for run in _runs(standing[:, point], path, least):
            pieces = _with_room_between(_split_drift(path, *run), path, fps)
            spans += [Span(point, start, stop) for start, stop in pieces if stop - start >= least]
    return spans


def _runs(standing: Bools, path: Floats, least: int) -> list[tuple[int, int]]:
    """(start, stop) of every run in standing (T,). Runs less than `least` frames apart count as one if the path (T, 3)
    is in the same place on both sides of the gap."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], standing.astype(int), [0]])))
    runs: list[tuple[int, int]] = []
    for start, stop in edges.reshape(-1, 2).tolist():
        if runs and start - runs[-1][1] < least and np.linalg.norm(path[start] - path[runs[-1][1] - 1]) < _DRIFT:
            runs[-1] = (runs[-1][0], stop)
        else:
            runs.append((start, stop))
    return runs


def _split_drift(path: Floats, start: int, stop: int) -> list[tuple[int, int]]:
    """A span (start, stop) in pieces, in each of which the path (T, 3) stays within `_DRIFT` of the piece's median."""
    here = path[start:stop]
    if stop - start < 3 or rot.length(here - median(here)).max() < _DRIFT:
        return [(start, stop)]
    middle = start + (stop - start) // 2
    return _split_drift(path, start, middle) + _split_drift(path, middle, stop)


def _with_room_between(pieces: list[tuple[int, int]], path: Floats, fps: float) -> list[tuple[int, int]]:
    """The pieces (start, stop) of a span shortened where they meet, so that the foot can get from one's place to the
    next one's without a jump."""
    places = [median(path[start:stop]) for start, stop in pieces]
    steps = [rot.length(after - before) for before, after in itertools.pairwise(places)]
    frames = [0, *(round(float(step) / SHIFT * fps) for step in steps), 0]
    return [
        (start + before // 2, stop - (after + 1) // 2)
        for (start, stop), before, after in zip(pieces, frames[:-1], frames[1:], strict=True)
    ]


def add_contacts_between(contacts: Floats, points: Floats, kept: Bools) -> Floats:
    """Contacts (T, 4) of points (T, 4, 3), none in mid-air, and with contact from one of the kept frames (T,) to the
    next where a point is near the floor and in the same place in both, and does not leave it in between."""
    contacts = np.where(points[..., 1] < points[..., 1].min(axis=0) + _DRIFT, contacts, 0.0)  # none in mid-air
    floor = points[kept, :, 1].min(axis=0) if kept.any() else np.zeros(4)
    for first, second in itertools.pairwise(np.flatnonzero(kept)):
        path = points[first : second + 1]  # (n, 4, 3)
        low = (path[[0, -1], :, 1] < np.maximum(floor, 0.0) + 0.04).all(axis=0)
        away = rot.length(path - path[:1]).max(axis=0)
        stays = low & (rot.length(path[-1] - path[0]) < 0.03) & (away < _DRIFT)
        contacts[first : second + 1, stays] = 1.0
    return contacts
