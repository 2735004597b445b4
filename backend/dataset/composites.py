"""Synthetic motion composed from two clips: the action of one in the style of the other.

Most styles of the Bandai-Namco clips were recorded with a few actions only: no giant raises a hand, nobody turns sadly.
To teach a model that any action goes with any style, the arms of a plain gesture are put on a body that stands in a
style, and a walk in a style is bent along the turn of a plain clip.
"""

import random
from collections import defaultdict
from dataclasses import replace

import numpy as np

from ...retarget.motion import Motion
from ...retarget.motion import rotations as rot
from ...retarget.motion.feet import plant_feet
from ...retarget.motion.skeleton import JOINT
from ...retarget.typing import Floats
from ..features import features_to_motion, motion_to_features
from .clips import Clip, Dataset
from .kinematics import headings

COMPOSITE = "composite"
"""First part of every composite's name."""
PLAIN = "normal"
_TURNS = ("walk-turn-left", "walk-turn-right")
_GESTURES = {
    f"{act}-{side}-{'hands' if side == 'both' else 'hand'}": side
    for act in ("raise-up", "wave")
    for side in ("left", "right", "both")
}
_BODIES = ("bye", "guide")  # stand in place, the right hand busy and the left at rest
_SWAY = 17  # frames over which headings are smoothed
_LONGEST, _SHORTEST = 1.4, 0.75  # times the gesture's length


def is_composite(clip: Clip) -> bool:
    """Whether the clip was made by `with_composites`."""
    return clip.name.startswith(COMPOSITE + "/")


def set_apart(clip: Clip, styles: str) -> bool:
    """Whether the clip is a gesture or turn, so that composites can stand in for it, in one of the styles (words)."""
    return clip.tags.get("content") in (*_GESTURES, *_TURNS) and clip.tags.get("style") in styles.split()


def arm_joints(side: str) -> list[int]:
    """Joints of the "left", the "right" or "both" arms, collars included."""
    sides = ("left", "right") if side == "both" else (side,)
    return [JOINT[f"{s}_{part}"] for s in sides for part in ("collar", "shoulder", "elbow", "wrist")]


def with_arms(body: Motion, act: Motion, side: str) -> Motion:
    """The body (T, ...) with the arm or arms of `act`, stretched to its length; feet planted."""
    joints = arm_joints(side)
    rotations = body.rotations.copy()
    rotations[:, joints] = stretched(act, len(body)).rotations[:, joints]
    return plant_feet(replace(body, rotations=rotations).with_contacts())


def around_corner(walk: Motion, heading: Floats) -> Motion:
    """The walk (T, ...) with its body and its path turned by heading (T,), radians about +Y; feet planted."""

    def turns(angles: Floats) -> Floats:
        return rot.from_axis_angle((0.0, 1.0, 0.0), angles)

    rotations, positions = walk.rotations.copy(), walk.root_position.copy()
    rotations[:, 0] = rot.multiply(turns(heading), rotations[:, 0])
    steps = np.diff(positions, axis=0)  # (T - 1, 3)
    positions[1:] = positions[0] + np.cumsum(rot.rotate(turns((heading[1:] + heading[:-1]) / 2), steps), axis=0)
    return plant_feet(replace(walk, rotations=rotations, root_position=positions).with_contacts())


def heading_change(motion: Motion) -> Floats:
    """(T,) radians about +Y that the pelvis has turned since the first frame, the sway of each step smoothed out."""
    padded = np.pad(headings(motion), _SWAY // 2, mode="edge")
    window = np.hanning(_SWAY + 2)[1:-1]
    smooth: Floats = np.convolve(padded, window / window.sum(), mode="valid")
    return smooth


def stretched(motion: Motion, frames: int) -> Motion:
    """The whole motion, sped up or slowed down to that many frames."""
    return replace(motion, fps=motion.fps * len(motion) / frames).resample(motion.fps, frames)


def with_composites(dataset: Dataset, each: int, seed: int = 0) -> Dataset:
    """The data set with up to `each` composites for every gesture or turn that its training clips show plain, in every
    style that they show only with other actions. Composites count as training clips."""
    of: dict[tuple[str, str], list[Clip]] = defaultdict(list)
    for clip in dataset.split("train"):
        if "content" in clip.tags:
            of[clip.tags["content"], clip.tags["style"]].append(clip)
    rows, clips = [dataset.features], list(dataset.clips)
    start, rng = len(dataset.features), random.Random(seed)
    missing = [
        (content, style)
        for style in sorted({style for _, style in of})
        for content in (*_GESTURES, *_TURNS)
        if of[content, PLAIN] and not of[content, style]
    ]
    for content, style in missing:
        for number in range(each):
            composite = _composite(dataset, of, content, style, rng)
            if composite is not None:
                rows.append(motion_to_features(composite).astype(np.float32))
                name, tags = f"{COMPOSITE}/{content}_{style}_{number}", {"content": content, "style": style}
                clips.append(Clip(name, start, len(rows[-1]), tags=tags, assigned="train"))
                start += len(rows[-1])
    return Dataset(np.concatenate(rows), clips) if len(rows) > 1 else dataset


def _composite(
    dataset: Dataset, of: dict[tuple[str, str], list[Clip]], content: str, style: str, rng: random.Random
) -> Motion | None:
    """One composite of the pair; None if no clip in the style walks (for a turn) or stands (for a gesture)."""

    def motion(clip: Clip) -> Motion:
        return features_to_motion(dataset.of(clip).astype(np.float64))

    act = motion(rng.choice(of[content, PLAIN]))
    if content in _TURNS:
        walks = of["walk", style]
        if not walks:
            return None
        walk = motion(rng.choice(walks))
        first = rng.randrange(max(1, len(walk) - len(act) + 1))
        walk = walk.slice(first, first + len(act))
        return around_corner(walk, heading_change(act)[: len(walk)])
    side = _GESTURES[content]
    bodies = [c for kind in _BODIES for c in of[kind, style] if side == "both" or c.mirrored == (side == "left")]
    if not bodies:
        return None
    body = rng.choice(bodies)
    plain = [c.frames for c in of[body.tags["content"], PLAIN]]
    pace = float(np.clip(body.frames / np.mean(plain), _SHORTEST, _LONGEST)) if plain else 1.0
    return with_arms(stretched(motion(body), round(len(act) * pace)), act, side)
