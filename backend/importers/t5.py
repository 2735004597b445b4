"""Import of *Human Motion as a Foreign Language*: `motiongpt_s3_h3d.tar` and a flan-t5 folder."""

import json
from functools import partial
from pathlib import Path
from typing import Any

from ...retarget.errors import MotionGPTError
from ..checkpoints.sentence_pieces import SentencePieces
from ..checkpoints.tensors import Renamed, TensorSource, with_prefix
from ..checkpoints.torch_file import TorchFile
from ..engines.shared.networks import t5_bias_name
from ..engines.t5.text import SENTINELS, TOKENIZER, T5Tokenizer
from ..model_folder import ModelCard
from ..tasks import Continue, Describe, Generate, Inbetween
from .layouts import T5Shape, check_layout, count_layers, dimension, t5_shapes
from .model_writer import Checkpoint, ReportProgress, System, ignore_progress, write_model
from .onnx_graphs import t5_model

SYSTEM = System(
    kind="motiongpt-t5",
    description="MotionGPT: Human Motion as a Foreign Language (T5)",
    tasks=tuple(task.name() for task in (Generate, Describe, Continue, Inbetween)),
    licence="As published by the authors of MotionGPT (Human Motion as a Foreign Language; code MIT). Trained on "
    "HumanML3D and with it on AMASS, whose licence is for non-commercial scientific research",
    tokenizer=TOKENIZER,
)
_COPIES = ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight")
"""Other names of shared.weight."""


def import_t5(
    checkpoint: Path,
    t5_folder: Path,
    statistics: Path,
    target: Path,
    replace: bool = False,
    report: ReportProgress = ignore_progress,
) -> ModelCard:
    """Write a model folder. statistics: folder with mean.npy and std.npy.

    Raises MotionGPTError for files that are not what they should be, before anything is written.
    """
    spiece = t5_folder / TOKENIZER
    pieces = SentencePieces(spiece)
    sentinels, config = _read_config(t5_folder)
    tokenizer = T5Tokenizer(pieces, sentinels)
    with TorchFile(checkpoint) as file:
        root = with_prefix(file, "state_dict.") if any(n.startswith("state_dict.") for n in file.tensors) else file
        model, vqvae = with_prefix(root, "lm.language_model."), with_prefix(root, "vae.")
        shape = find_shape(model, config)
        check_layout("T5 of MotionGPT", t5_shapes(shape), model.tensors)
        if shape.vocabulary != tokenizer.size:
            raise MotionGPTError(
                f"The weights have {shape.vocabulary} tokens and {spiece} makes {tokenizer.size}.",
                "Give the T5 folder that belongs to the weights.",
                "bad_checkpoint",
            )
        _check_copies(model)
        weights = Renamed(model, {name: name for name in model.tensors if name not in _COPIES})
        parts = Checkpoint(t5_model(shape), weights, vqvae, statistics, spiece, settings={"sentinels": sentinels})
        return write_model(target, SYSTEM, parts, replace, report)


def find_shape(model: TensorSource, config: dict[str, Any]) -> T5Shape:
    """Sizes from the tensors, and from config.json what these don't show."""
    size = partial(dimension, model, what="T5 of MotionGPT")
    heads = size(t5_bias_name("encoder"), 1)
    gated = "encoder.block.0.layer.1.DenseReluDense.wi_0.weight" in model.tensors
    return T5Shape(
        vocabulary=size("shared.weight", 0),
        width=size("shared.weight", 1),
        head_width=size("encoder.block.0.layer.0.SelfAttention.q.weight", 0) // max(heads, 1),
        heads=heads,
        feed_forward=size(f"encoder.block.0.layer.1.DenseReluDense.{'wi_0' if gated else 'wi'}.weight", 0),
        encoder_layers=count_layers(model.tensors, "encoder.block."),
        decoder_layers=count_layers(model.tensors, "decoder.block."),
        buckets=size(t5_bias_name("encoder"), 0),
        max_distance=int(config.get("relative_attention_max_distance", 128)),
        epsilon=float(config.get("layer_norm_epsilon", 1e-6)),
        tied=bool(config.get("scale_decoder_outputs", config.get("tie_word_embeddings", True))),
        gated=gated,
    )


def _read_config(folder: Path) -> tuple[int, dict[str, Any]]:
    """(number of sentinels, config.json)."""
    try:
        config = json.loads((folder / "config.json").read_bytes())
        extra = folder / "tokenizer_config.json"
        sentinels = json.loads(extra.read_bytes()).get("extra_ids", SENTINELS) if extra.is_file() else SENTINELS
        if config.get("model_type") != "t5" or "gated-gelu" not in config.get("feed_forward_proj", ""):
            raise ValueError("it is not a T5 with gated GELU")
        return int(sentinels), config
    except FileNotFoundError:
        raise MotionGPTError(f"{folder} holds no config.json.", "Give the folder of flan-t5-base.") from None
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise MotionGPTError(
            f"{folder} is not a flan-t5 folder ({error}).", "Give the folder of flan-t5-base."
        ) from error


def _check_copies(model: TensorSource) -> None:
    """Raises MotionGPTError unless the three names of the embedding hold the same numbers."""
    for copy in _COPIES:
        pairs = zip(model.pieces("shared.weight"), model.pieces(copy), strict=True)
        if any(a != b for a, b in pairs):
            raise MotionGPTError(
                f"{copy} differs from shared.weight, but T5 has a single embedding.",
                "Check that it is the right file.",
                "bad_checkpoint",
            )
