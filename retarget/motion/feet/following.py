"""Generated motion after an existing one, with feet that stay put where the two meet."""

from dataclasses import replace

import numpy as np

from .. import Motion
from .. import rotations as rot
from ..joining import appended, floor_height
from ..smoothing import smoothstep
from .planting import plant_between

_FEET_SECONDS, _LANDING_SECONDS = 1.0, 0.2


def followed_by(motion: Motion, more: Motion, at: int = 0) -> Motion:
    """`appended` with feet that stay put where the two meet, and that are on the floor in what follows.

    The frames of `motion` stay exactly as they are. Its floor may lie anywhere, that of `more` lies at height 0.
    """
    level = np.array([0.0, floor_height(motion), 0.0])
    first = max(0, len(motion) - max(2, round(_FEET_SECONDS * motion.fps)))
    end = motion.slice(first, len(motion)).shifted(-level)
    if not end.contacts.any():
        end = end.with_contacts()
    joined = appended(end, more, at)
    planted = plant_between(joined, np.arange(len(joined)) < len(end))
    # A foot that the end leaves in motion comes to rest over a few frames.
    share = smoothstep((np.arange(len(joined)) - len(end) + 1) / (_LANDING_SECONDS * motion.fps))
    planted = replace(
        planted,
        rotations=rot.slerp(joined.rotations, planted.rotations, share[:, None]),
        root_position=joined.root_position + (planted.root_position - joined.root_position) * share[:, None],
    )
    return appended(motion, planted.shifted(level), len(end) - 1)
