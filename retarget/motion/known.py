"""Partial poses: which of a pose's channels are known.

A channel is the rotation of one of the 22 joints, in the skeleton's order, or the root's position, which is the 23rd.
Requests carry the channels of a pose as a bit mask, bit c for channel c; only this module writes and reads those bits.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..typing import Bools
from .skeleton import JOINT_COUNT

CHANNELS = JOINT_COUNT + 1
ROOT = JOINT_COUNT
"""The channel of the root's position."""


@dataclass(frozen=True)
class Known:
    """The known channels of one pose. bits: bit c for channel c."""

    bits: int

    @classmethod
    def of(cls, channels: Iterable[int]) -> "Known":
        """From joint indices and `ROOT`.

        >>> Known.of([0, ROOT]).bits == 1 + 2**22
        True
        """
        return cls(sum(1 << channel for channel in set(channels)))

    def __contains__(self, channel: int) -> bool:
        return bool(self.bits >> channel & 1)


WHOLE = Known.of(range(CHANNELS))
"""Every channel of a pose."""


def channel_mask(poses: Iterable[Known]) -> Bools:
    """(N, 23): whether each channel of each of N poses is known.

    >>> channel_mask([Known.of([1])])[0].nonzero()[0].tolist()
    [1]
    """
    return np.array([[channel in pose for channel in range(CHANNELS)] for pose in poses], dtype=bool)
