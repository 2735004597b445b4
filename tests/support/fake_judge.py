"""A judge without a network, and the stiff walks that it can tell apart."""

from types import SimpleNamespace

import numpy as np

from motiongpt.backend.dataset.meaning import ACTION_NAMES, STYLE_NAMES
from motiongpt.backend.features import motion_to_features
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot

WALK, RUN = ACTION_NAMES.index("walk"), ACTION_NAMES.index("run")
SAD, OLD = STYLE_NAMES.index("sad"), STYLE_NAMES.index("elderly")


def walking(frames: int = 81, speed: float = 1.0, turn: float = 0.0) -> Motion:
    """Upright and stiff, `speed` metres a second ahead, turned to the left by `turn` radians over the whole."""
    root = np.zeros((frames, 3))
    root[:, 1] = 0.97
    root[:, 2] = np.arange(frames) * speed / 20.0
    rotations = np.tile(rot.IDENTITY, (frames, 22, 1))
    rotations[:, 0] = rot.from_axis_angle((0.0, 1.0, 0.0), np.linspace(0.0, turn, frames))
    return Motion(rotations, root, 20.0, np.zeros((frames, 4)))


class FakeJudge:
    """Classifies fast travel as running; every style is sad."""

    fingerprint = "0" * 12

    def features(self, rows: np.ndarray) -> SimpleNamespace:
        speed = float(np.abs(rows[:, 2]).mean()) * 20.0
        actions = np.zeros(len(ACTION_NAMES))
        actions[RUN if speed > 1.6 else WALK] = 1.0
        styles = np.eye(len(STYLE_NAMES))[SAD]
        return SimpleNamespace(
            vector=np.array([speed, 1.0]), actions=actions, styles=styles,
            action=ACTION_NAMES[int(actions.argmax())], style="sad",
        )  # fmt: skip

    def motion(self, motion: Motion) -> SimpleNamespace:
        return self.features(motion_to_features(motion))
