"""The published motion tokenizer (a VQ-VAE) in ONNX Runtime: from `Motion` to codes and back."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....retarget.motion import Motion
from ....retarget.motion.pose_from_joints import joints_to_motion
from ....retarget.typing import Floats, Ints
from ...checkpoints.safetensors_file import SafetensorsFile
from ...features import FPS, SLICES, Statistics, features_to_joints, joints_to_features
from .runtime import open_session

VQVAE = "vqvae.safetensors"
"""The file of a model folder with the tokenizer's weights, and mean and std of the features."""
CODES = 512
FRAMES_PER_TOKEN = 4


class MotionCodec:
    """Codes are indices into the codebook, 0 to 511, each for four frames at 20 fps."""

    def __init__(self, folder: Path) -> None:
        self._encoder = open_session(folder / "vqvae-encoder.onnx")
        self._decoder = open_session(folder / "vqvae-decoder.onnx")
        with SafetensorsFile(folder / VQVAE) as file:
            mean, std = (file.read_float32(name).astype(np.float64) for name in ("mean", "std"))
            self.codebook = file.read_float32("quantizer.codebook")  # (codes, width)
        self.statistics = Statistics(mean, std)

    def features_to_codes(self, normalized: Floats) -> Ints:
        """Codes (B, T / 4) of normalised features (B, T, 263); up to three frames at the end are dropped."""
        usable = normalized.shape[1] - normalized.shape[1] % FRAMES_PER_TOKEN
        (latents,) = self._encoder.run(None, {"features": normalized[:, :usable].astype(np.float32)})
        # |z - c|² without |z|², which is the same for all codes; in float64: rounding must not decide near ties.
        codebook = self.codebook.astype(np.float64)
        distance = (codebook**2).sum(1) - 2.0 * latents.astype(np.float64) @ codebook.T
        return np.asarray(distance.argmin(axis=-1), np.int64)

    def codes_to_features(self, codes: NDArray[np.integer[Any]]) -> Floats:
        """Normalised features (B, 4 N, 263) of codes (B, N)."""
        (features,) = self._decoder.run(None, {"codes": codes.astype(np.int64)})
        return np.asarray(features)

    def encode(self, motion: Motion) -> list[int]:
        """Codes of a motion on the canonical body at 20 fps; its last frame is repeated to fill the last token."""
        # T frames of features take T + 1 frames of joints.
        return self.encode_all_but_last(motion.held(-len(motion) % FRAMES_PER_TOKEN + 1))

    def encode_all_but_last(self, motion: Motion) -> list[int]:
        """Codes of a motion of 4 N + 1 frames without its last frame, which only says how fast the one before is."""
        features = self.statistics.normalize(joints_to_features(motion.joints))
        return list(map(int, self.features_to_codes(features[None])[0]))

    def decode(self, codes: Sequence[int]) -> Motion:
        """The motion of codes: it starts at the origin, on the floor, facing +Z."""
        normalized = self.codes_to_features(np.asarray([codes]))[0].astype(np.float64)
        features = self.statistics.denormalize(normalized)
        return joints_to_motion(features_to_joints(features), FPS, features[:, SLICES["contacts"]])
