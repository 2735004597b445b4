"""The judge: a text-motion matching model on ONNX Runtime, with classifiers of action and style, trained on real motion
of the training split (`motiongpt train matching`)."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.motion import Motion
from ...retarget.typing import Float32s
from ..dataset.meaning import ACTION_NAMES, STYLE_NAMES
from ..engines.shared.runtime import open_session
from ..features import motion_to_features
from ..model_folder import sha256

BUNDLED = Path(__file__).with_name("judge")
_FILES = ("judge.json", "motion.onnx", "text.onnx")


@dataclass(frozen=True, eq=False)
class Verdict:
    """Of one motion: its vector (D,), and probabilities of ACTION_NAMES and STYLE_NAMES."""

    vector: Float32s
    actions: Float32s
    styles: Float32s

    @property
    def action(self) -> str:
        return ACTION_NAMES[int(self.actions.argmax())]

    @property
    def style(self) -> str:
        return STYLE_NAMES[int(self.styles.argmax())]


class Judge:
    """Loads a judge's folder. Raises MotionGPTError ("no_model") if files are missing or its classes are others."""

    def __init__(self, folder: Path = BUNDLED) -> None:
        missing = [name for name in _FILES if not (folder / name).is_file()]
        if missing:
            raise MotionGPTError(
                f"{folder} holds no judge ({missing[0]} is missing).",
                "Make one with `motiongpt train matching --judge`.",
                "no_model",
            )
        self.record: dict[str, Any] = json.loads((folder / "judge.json").read_text(encoding="utf-8"))
        if tuple(self.record["actions"]) != ACTION_NAMES or tuple(self.record["styles"]) != STYLE_NAMES:
            raise MotionGPTError(f"The judge in {folder} has other classes.", "Train it again.", "no_model")
        self.fingerprint = sha256(folder / "motion.onnx")[:12]
        self._motion = open_session(folder / "motion.onnx", threads=1)
        self._text = open_session(folder / "text.onnx", threads=1)

    def features(self, rows: Float32s) -> Verdict:
        """The verdict on features (T, 263), T at least 4."""
        inputs = {"features": rows[None].astype(np.float32), "frames": np.array([len(rows)], np.int64)}
        vectors, actions, styles = self._motion.run(None, inputs)
        return Verdict(
            vectors[0],
            _probabilities(actions[0] / self.record.get("action_temperature", 1.0)),
            _probabilities(styles[0] / self.record.get("style_temperature", 1.0)),
        )

    def motion(self, motion: Motion) -> Verdict:
        """The verdict on a motion on the canonical body at 20 frames a second."""
        return self.features(motion_to_features(motion).astype(np.float32))

    def text(self, states: Float32s) -> Float32s:
        """Vector (D,) of a text's states (L, 384) from the pretrained encoder."""
        inputs = {"states": states[None].astype(np.float32), "mask": np.ones((1, len(states)), np.float32)}
        vector: Float32s = self._text.run(None, inputs)[0][0]
        return vector


def _probabilities(scores: Float32s) -> Float32s:
    out = np.exp(scores - scores.max())
    normalized: Float32s = out / out.sum()
    return normalized
