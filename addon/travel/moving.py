"""Where objects are in the world on a span of frames, as constraints, parents and the NLA make it, without disturbing
the scene."""

from collections.abc import Sequence

import bpy
import numpy as np

from ...retarget.typing import Floats
from ..character.typing import as_armature
from ..poses.reader import drop_scene, evaluated_at


def matrices(thing: bpy.types.Object, frames: Sequence[int], rate: tuple[int, float]) -> Floats:
    """(F, 4, 4) of an object on these frames.  rate: the scene's, frames a second and their base."""
    try:
        return np.array(
            [np.array(evaluated_at(as_armature(thing), frame, rate).matrix_world, dtype=np.float64) for frame in frames]
        )
    finally:
        drop_scene()
