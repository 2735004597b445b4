"""A base model as a style needs it: from its folder alone, which holds graphs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from ....retarget.errors import MotionGPTError
from ....retarget.typing import Float32s, Ints
from ...engines.shared.codec import FRAMES_PER_TOKEN
from ...engines.shared.runtime import open_session
from ...engines.starter.decoder import Decoder, ResidualCodec
from ...engines.starter.vocabulary import FIRST_WORD, LEVELS, TEXT_TOKENS
from ...engines.starter.weights import read_weights
from ...features import POSE_WINDOW, held_pose
from ...model_folder import ModelCard, find_file, find_model, verify_files
from ..language.net import LanguageConfig, MotionLanguageModel

BASE_KIND = "motiongpt-onnx"


@dataclass(frozen=True)
class BaseModel:
    """folder, card: of the model."""

    folder: Path
    card: ModelCard

    @classmethod
    def find(cls, name_or_folder: str) -> "BaseModel":
        """Raises MotionGPTError ("no_model") for a model that is missing or damaged, or that takes no styles."""
        folder, card = find_model(name_or_folder)
        if card.kind != BASE_KIND:
            raise MotionGPTError(
                f"{card.name} takes no styles.",
                "Choose one of the project's own models, such as starter."
                if card.kind != "motiongpt-style"
                else f"It is a style itself: choose its model, {card.settings.get('base')}.",
                "unsupported",
            )
        verify_files(folder, card)
        return cls(folder, card)

    @property
    def levels(self) -> int:
        """Codes of a motion token."""
        return int(self.card.settings.get("levels", LEVELS))

    def network(self) -> MotionLanguageModel:
        """The language model with the weights of its graphs, in evaluation mode. Raises MotionGPTError ("no_model")
        where what it computes is not what the graphs do."""
        weights = read_weights(self.folder, self.card)
        heads = int(self.card.settings["heads"])
        config = LanguageConfig(
            width=heads * int(self.card.settings["head_width"]),
            heads=heads,
            feed_forward=len(weights["decoder.0.feed_forward.gate.weight"]),
            encoder_layers=1 + max(int(name.split(".")[1]) for name in weights if name.startswith("encoder.")),
            decoder_layers=int(self.card.settings["layers"]),
            words=len(weights["head.weight"]) - FIRST_WORD,
            levels=self.levels,
            falls=float(self.card.training.get("language_model", {}).get("falls", 1.0)),
        )
        network = MotionLanguageModel(config)
        try:
            network.load_state_dict({k: torch.from_numpy(np.ascontiguousarray(v)) for k, v in weights.items()})
        except RuntimeError as error:
            why = " ".join(str(error).split())[:200]
            raise MotionGPTError(
                f"The weights of {self.card.name} can't be read from its graphs ({why}).",
                "Export the model again.",
                "no_model",
            ) from error
        return network.eval().requires_grad_(False)

    def decoder(self) -> Decoder:
        """The language model's graphs."""
        return Decoder(self.folder, self.card, "cpu")

    def tokenizer(self) -> Tokenizer:
        """Of texts."""
        tokenizer = Tokenizer.from_file(str(find_file(self.folder, self.card, "tokenizer.json")))
        tokenizer.enable_truncation(TEXT_TOKENS)
        tokenizer.enable_padding()
        return tokenizer

    def reader(self) -> nn.Module:
        """ids, mask (B, L) -> the states (B, L, 384) of texts."""
        return _Reader(open_session(find_file(self.folder, self.card, "words.onnx"), "cpu", 1))

    def codec(self) -> ResidualCodec:
        """The motion tokenizer."""
        return ResidualCodec(self.folder, "cpu", self.levels)

    def encoder(self) -> "GraphEncoder":
        """Of motion."""
        return GraphEncoder(self.folder, self.levels)


class _Reader(nn.Module):
    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        super().__init__()
        self._session = session

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        (states,) = self._session.run(None, {"ids": ids.numpy(), "mask": mask.numpy()})
        return torch.from_numpy(states)


class GraphEncoder:
    """The motion tokenizer's encoder, of a model's folder; a `language.sequences.Encoder`."""

    def __init__(self, folder: Path, levels: int) -> None:
        self._session, self._levels = open_session(folder / "codes.onnx", "cpu", 1), levels

    def clips(self, clips: Sequence[Float32s]) -> list[Ints]:
        """Codes (T // 4, levels) of each clip's features (T, 263)."""
        return [self._codes(clip[None, : len(clip) // FRAMES_PER_TOKEN * FRAMES_PER_TOKEN])[0] for clip in clips]

    def poses(self, features: Float32s) -> Ints:
        """Codes (N, levels) of single poses, the rows of features (N, 263)."""
        held = np.repeat(held_pose(features)[:, None], POSE_WINDOW, axis=1)
        return self._codes(held)[:, POSE_WINDOW // FRAMES_PER_TOKEN // 2]

    def _codes(self, features: Float32s) -> Ints:
        if not features.shape[1]:
            return np.empty((len(features), 0, self._levels), np.int64)
        codes: Ints = self._session.run(None, {"features": features.astype(np.float32)})[0]
        return codes
