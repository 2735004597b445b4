"""How feet slide, joints tremble and bodies freeze. `retarget.motion.feet.grounding` says what sinks and floats.

Metres and seconds; the floor is at height 0. Feet are the four contact points, heels and toes.
"""

import numpy as np

from ....retarget.motion import Motion
from ....retarget.motion.skeleton import CONTACT_JOINTS
from ....retarget.typing import Floats

SLIDE_HEIGHT = 0.025
STILL_SPEED = 0.1


def foot_sliding(motion: Motion) -> float:
    """Metres a second that feet slide near the floor: the mean of v (2 - 2^(h / H)) with H = 2.5 cm (Zhang et al. 2018,
    "Mode-Adaptive Neural Networks"), v the speed over the floor, over frames with h < H; 0 where there are none.

    h: height over the point's lowest in the motion, so that bodies whose joints stand at other heights compare.
    """
    feet = motion.joints[:, CONTACT_JOINTS]  # (T, 4, 3)
    if len(feet) < 2:
        return 0.0
    speed = np.linalg.norm(np.diff(feet[..., [0, 2]], axis=0), axis=-1) * motion.fps  # (T - 1, 4)
    height = feet[..., 1] - feet[..., 1].min(axis=0)
    height = np.maximum(height[1:], height[:-1])
    near = height < SLIDE_HEIGHT
    if not near.any():
        return 0.0
    return float((speed * (2.0 - 2.0 ** (height / SLIDE_HEIGHT)))[near].mean())


def jitter(motion: Motion) -> float:
    """Mean length of the joints' third derivative, in 100 m/s³ (Yi et al. 2021, "TransPose")."""
    if len(motion) < 4:
        return 0.0
    third = np.diff(motion.joints, n=3, axis=0) * motion.fps**3
    return float(np.linalg.norm(third, axis=-1).mean() / 100.0)


def longest_freeze(motion: Motion, speed: float = STILL_SPEED) -> float:
    """Seconds of the longest stretch in which no joint is as fast as `speed` (m/s)."""
    if len(motion) < 2:
        return 0.0
    fastest = np.linalg.norm(np.diff(motion.joints, axis=0), axis=-1).max(axis=1) * motion.fps
    longest = current = 0
    for still in fastest < speed:
        current = current + 1 if still else 0
        longest = max(longest, current)
    return longest / motion.fps


def accelerations(motion: Motion) -> Floats:
    """(T - 2, 22, 3) m/s² of all joints, at 30 frames a second, where rates compare."""
    motion = motion.resample(30.0)
    return np.asarray(np.diff(motion.joints, n=2, axis=0) * motion.fps**2)


def high_frequency(motion: Motion, over: float = 8.0) -> float:
    """Share of the joints' acceleration energy over `over` Hz, by the discrete Fourier transform of each coordinate; 0
    for less than half a second."""
    found = accelerations(motion)
    if len(found) < 15:
        return 0.0
    window = np.hanning(len(found))[:, None, None]
    energy = (np.abs(np.fft.rfft((found - found.mean(axis=0)) * window, axis=0)) ** 2).sum(axis=(1, 2))
    high = np.fft.rfftfreq(len(found), 1.0 / 30.0) > over
    return float(energy[high].sum() / max(energy.sum(), 1e-12))


def largest_acceleration(motion: Motion) -> float:
    """m/s² of the joint and frame with the largest."""
    found = accelerations(motion)
    return float(np.linalg.norm(found, axis=-1).max(initial=0.0))


def mean_speed(motion: Motion) -> float:
    """m/s over all joints and frames: recorded idles have 0.02 to 0.12."""
    if len(motion) < 2:
        return 0.0
    return float(np.linalg.norm(np.diff(motion.joints, axis=0), axis=-1).mean() * motion.fps)
