"""Physical measures of a clip: sliding, floating, sinking, jerks, energy at high frequencies."""

import numpy as np

from ....retarget.motion import Motion
from ....retarget.motion import rotations as rot
from ....retarget.motion.feet.contacts import Span
from ....retarget.motion.skeleton import CONTACT_JOINTS
from ....retarget.motion.travel.track import find_steps
from ....retarget.typing import Floats

_FASTEST = 16.0  # metres a second, any joint; the hand in a fast throw reaches about 15
_HARDEST = 260.0  # metres a second squared
_DEEPEST = 0.04  # metres under the floor
_HIGH = 8.0  # hertz


def sliding(motion: Motion, steps: list[Span] | None = None) -> float:
    """Mean speed over the floor of heels and toes within their steps, metres a second; 0 without steps."""
    points = motion.joints[:, CONTACT_JOINTS]
    speed = rot.length(np.gradient(points, 1.0 / motion.fps, axis=0) * [1.0, 0.0, 1.0])
    held = [speed[s.start + 1 : s.stop - 1, s.point] for s in (find_steps(motion) if steps is None else steps)]
    values = np.concatenate(held) if held else np.zeros(0)
    return float(values.mean()) if len(values) else 0.0


def accelerations(motion: Motion) -> Floats:
    """(T - 2,) the largest acceleration of a joint, metres a second squared."""
    return np.asarray(rot.length(np.diff(motion.joints, n=2, axis=0)).max(axis=1) * motion.fps**2)


def high_energy(motion: Motion) -> float:
    """Share of the joints' acceleration energy above 8 Hz."""
    change = np.diff(motion.joints, n=2, axis=0) * np.hanning(len(motion) - 2)[:, None, None]
    power = (np.abs(np.fft.rfft(change, axis=0)) ** 2).sum(axis=(1, 2))
    return float(power[np.fft.rfftfreq(len(change), 1.0 / motion.fps) > _HIGH].sum() / max(power.sum(), 1e-12))


def floating(motion: Motion, seconds: float = 1.5) -> float:
    """Metres: the highest that the body's lowest joint stays for that long."""
    width = min(len(motion), round(seconds * motion.fps))
    lowest = motion.joints[..., 1].min(axis=1)
    return float(np.lib.stride_tricks.sliding_window_view(lowest, width).min(axis=1).max())


def faults(motion: Motion, falls: bool = False) -> list[str]:
    """What is wrong with a clip, in words; nothing for a good one. falls: its floor is not level, as on stairs."""
    found = []
    if not np.isfinite(motion.joints).all():
        return ["it is not finite"]
    if len(motion) < 20:
        return ["it is too short"]
    speed = rot.length(np.diff(motion.joints, axis=0)).max() * motion.fps
    if speed > _FASTEST:
        found.append(f"a joint moves at {speed:.0f} m/s")
    hardest = accelerations(motion).max()
    if hardest > _HARDEST:
        found.append(f"a joint jerks by {hardest:.0f} m/s²")
    lowest = motion.joints[..., 1].min()
    if lowest < -_DEEPEST:
        found.append(f"it is {-100 * lowest:.0f} cm under the floor")
    if not falls and floating(motion) > 0.08:
        found.append(f"it floats by {100 * floating(motion):.0f} cm")
    if sliding(motion) > 0.05:
        found.append(f"feet slide by {100 * sliding(motion):.0f} cm/s")
    return found
