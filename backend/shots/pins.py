"""Pins in words: `left_hand:0.3,1.2,0.4:20-60`, for the command line."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.motion import Motion
from ...retarget.motion import rotations as rot
from ...retarget.solving.pins import LIMBS, Pin, pin_motion

_BLEND = 0.3  # seconds before and after
_REACHED = 0.001  # metres


@dataclass(frozen=True)
class PinText:
    """limb: of LIMBS.  place: metres to the left, up and ahead.  first, last: frames, from 0."""

    limb: str
    place: tuple[float, float, float]
    first: int
    last: int

    @classmethod
    def read(cls, text: str) -> "PinText":
        """A pin from LIMB:X,Y,Z:FROM-TO. Raises argparse.ArgumentTypeError for another text.

        >>> PinText.read("left_hand:0.3,1.2,0.4:20-60")
        PinText(limb='left_hand', place=(0.3, 1.2, 0.4), first=20, last=60)
        """
        found = re.fullmatch(r"([a-z_]+):([^:]+):(\d+)-(\d+)", text.strip().lower())
        numbers = found[2].split(",") if found else []
        try:
            place = tuple(float(number) for number in numbers)
        except ValueError:
            place = ()
        if found is None or found[1] not in LIMBS or len(place) != 3 or not np.isfinite(place).all():
            limbs = ", ".join(LIMBS)
            raise argparse.ArgumentTypeError(
                f'"{text}" is not a limb ({limbs}), a place and frames, such as "left_hand:0.3,1.2,0.4:20-60"'
            )
        if int(found[4]) < int(found[3]):
            raise argparse.ArgumentTypeError(f'the frames of "{text}" go backwards')
        return cls(found[1], (place[0], place[1], place[2]), int(found[3]), int(found[4]))


def pinned(motion: Motion, pins: Sequence[PinText]) -> Motion:
    """The motion with its palms and soles on these places. Raises MotionGPTError for one that is out of reach, or whose
    frames the motion does not have."""
    frames = len(motion)
    for pin in pins:
        if pin.first >= frames:
            raise MotionGPTError(
                f"A pin begins on frame {pin.first}; the motion has {frames}, from 0.", "Choose earlier frames."
            )
    still = np.tile(rot.IDENTITY, (frames, 1))
    blend = round(_BLEND * motion.fps)
    held, missed = pin_motion(
        motion, [Pin(p.limb, p.first, p.last, blend, np.tile(p.place, (frames, 1)), still) for p in pins]
    )
    for pin, far in zip(pins, missed, strict=True):
        if far > _REACHED:
            raise MotionGPTError(
                f"The {pin.limb.replace('_', ' ')} misses its place by up to {100.0 * far:.0f} cm.",
                "Pin it to a place within its reach, or on other frames.",
            )
    return held
