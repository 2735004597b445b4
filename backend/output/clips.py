"""Clips of animation: what a motion is called in a file, and where it begins."""

import re
from collections.abc import Sequence
from dataclasses import replace

from ...retarget.errors import MotionGPTError
from ...retarget.motion import Motion
from ...retarget.motion import rotations as rot
from ..features import heading_of
from ..limits import one_line

MAX_NAME = 60
"""Bytes; Blender 4 truncates names to 63."""
_LONGEST = 32  # characters of a name that is made from a prompt
_FILLERS = frozenset({
    "a", "an", "the", "this", "that", "his", "her", "their", "its", "someone", "somebody", "person", "people", "man",
    "woman", "boy", "girl", "guy", "human", "character", "figure", "he", "she", "they", "it", "is", "are", "be",
    "being", "and", "then", "while", "with", "of", "to",
})  # fmt: skip


def clip_name(motion: Motion, otherwise: str = "") -> str:
    """A short name from the prompt, the seed and the take that no other seed or take shares; for a motion without a
    prompt the other name.

    >>> import numpy as np
    >>> still = Motion(np.tile(rot.IDENTITY, (2, 22, 1)), np.zeros((2, 3)), 20.0, contacts=np.zeros((2, 4)))
    >>> clip_name(replace(still, meta={"text": "A person walks forward, waving!", "seed": 7}))
    'walks_forward_waving_7'
    """
    name = short_name(str(motion.meta.get("text") or ""))
    if name and "seed" in motion.meta:
        name += f"_{motion.meta['seed']}"
    if name and motion.meta.get("variation"):
        name += f"_take{motion.meta['variation'] + 1}"
    return _cut(name) or _cut(one_line(otherwise)) or "Motion"


def short_name(prompt: str) -> str:
    """A prompt's first words without those that say little, joined by underscores; "" for a prompt without words."""
    words = re.findall(r"[^\W_]+", prompt.lower())
    kept = [word for word in words if word not in _FILLERS] or words
    while len("_".join(kept)) > _LONGEST and len(kept) > 1:
        kept.pop()
    return "_".join(kept)[:_LONGEST]


def clip_names(given: Sequence[str], motions: Sequence[Motion], otherwise: Sequence[str]) -> list[str]:
    """A name for each motion: those given, one for each or one for all, or `clip_name` of the motion.

    otherwise: for motions without a prompt.  Raises MotionGPTError for a wrong number of names and for bad names.
    """
    for name in given:
        if not name.strip() or not name.isprintable() or len(name.encode()) > MAX_NAME:
            raise MotionGPTError(f'"{name}" can\'t be the name of a clip.', f"Use up to {MAX_NAME} letters.", "usage")
    if len(given) not in (0, 1, len(motions)):
        raise MotionGPTError(
            f"There are {len(given)} names for {len(motions)} clips.", "Give --name once for each clip.", "usage"
        )
    if len(given) == 1 and len(motions) > 1:
        names = [f"{given[0]}_{number}" for number in range(1, len(motions) + 1)]
    else:
        names = list(given) or [clip_name(m, other) for m, other in zip(motions, otherwise, strict=True)]
    return [name if name not in names[:i] else f"{name}_{names[:i].count(name) + 1}" for i, name in enumerate(names)]


def _cut(name: str) -> str:
    return name.encode()[:MAX_NAME].decode(errors="ignore").strip()


def at_origin(motion: Motion) -> Motion:
    """The motion moved along the floor and turned, so that it begins above the origin and faces +Z.

    >>> import numpy as np
    >>> away = rot.from_axis_angle((0.0, 1.0, 0.0), 1.0)
    >>> rotations = np.tile(rot.IDENTITY, (2, 22, 1))
    >>> rotations[:, 0] = away
    >>> path = np.array([[3.0, 0.9, 4.0], [3.0, 0.9, 4.0] + rot.rotate(away, np.array([0.0, 0.0, 1.0]))])
    >>> at_origin(Motion(rotations, path, 20.0, contacts=np.zeros((2, 4)))).root_position.round(6) + 0.0
    array([[0. , 0.9, 0. ],
           [0. , 0.9, 1. ]])
    """
    turn = heading_of(motion)[0]
    start = motion.root_position[0] * [1.0, 0.0, 1.0]
    rotations = motion.rotations.copy()
    rotations[:, 0] = rot.multiply(turn, rotations[:, 0])
    return replace(motion, rotations=rotations, root_position=rot.rotate(turn, motion.root_position - start))
