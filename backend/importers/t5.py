"""Import of *Human Motion as a Foreign Language*: `motiongpt_s3_h3d.tar` and a flan-t5 folder."""

import json
import shutil
from pathlib import Path
from typing import Any

from ...retarget.errors import MotionGPTError
from ..checkpoints.sentence_pieces import SentencePieces
from ..checkpoints.tensors import TensorSource, below
from ..checkpoints.torch_file import TorchFile
from ..engines.t5.text import SENTINELS, T5Tokenizer
from ..model_folder import ModelCard
from ..tasks import Continue, Describe, Generate, Inbetween
from . import graphs
from .common import (
    Report,
    check_vqvae,
    free_space,
    new_folder,
    read_statistics,
    silent,
    write_graphs,
    write_int8,
    write_published_card,
    write_vqvae,
    write_weights,
)
from .graphs import T5Shape
from .layouts import check_layout, count_layers, size, t5_shapes

KIND = "motiongpt-t5"
TOKENIZER = "spiece.model"
TASKS = tuple(task.name() for task in (Generate, Describe, Continue, Inbetween))
LICENCE = (
    "As published by the authors of MotionGPT (Human Motion as a Foreign Language; code MIT). Trained on HumanML3D and "
    "with it on AMASS, whose licence is for non-commercial scientific research"
)
DESCRIPTION = "MotionGPT: Human Motion as a Foreign Language (T5)"
_COPIES = ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight")
"""Other names of shared.weight."""


def import_t5(
    checkpoint: Path,
    t5_folder: Path,
    statistics: Path,
    target: Path,
    licence: str = LICENCE,
    replace: bool = False,
    report: Report = silent,
) -> ModelCard:
    """Write a model folder. statistics: folder with mean.npy and std.npy.

    Raises MotionGPTError for files that are not what they should be, before anything is written.
    """
    pieces = SentencePieces(t5_folder / TOKENIZER)
    sentinels, config = _read_config(t5_folder)
    tokenizer = T5Tokenizer(pieces, sentinels)
    numbers = read_statistics(statistics)
    with TorchFile(checkpoint) as file:
        root = below(file, "state_dict.") if any(n.startswith("state_dict.") for n in file.tensors) else file
        model, vqvae = below(root, "lm.language_model."), below(root, "vae.")
        shape = find_shape(model, config)
        check_layout("T5 of MotionGPT", t5_shapes(shape), model.tensors)
        check_vqvae(vqvae)
        if shape.vocabulary != tokenizer.size:
            raise MotionGPTError(
                f"The weights know {shape.vocabulary} tokens and {t5_folder / TOKENIZER} makes {tokenizer.size}.",
                "Give the T5 folder that belongs to the weights.",
                "bad_checkpoint",
            )
        _check_copies(model)
        free_space(target, 2 * sum(info.nbytes for info in model.tensors.values()))
        with new_folder(target, replace) as folder:
            names = [name for name in model.tensors if name not in _COPIES]
            write_weights(folder, {name: model.tensors[name] for name in names}, model.pieces, report)
            write_vqvae(vqvae, numbers, folder)
            shutil.copyfile(t5_folder / TOKENIZER, folder / TOKENIZER)
            write_int8(folder, report, leave=graphs.t5_tables(), joined=graphs.t5_joined(shape))
            write_graphs(
                folder,
                {"encoder": lambda g: graphs.t5_encoder(g, shape), "decoder": lambda g: graphs.t5_decoder(g, shape)},
            )
            return write_published_card(
                folder, shape, {"sentinels": sentinels}, name=target.name, kind=KIND, tasks=TASKS, licence=licence,
                description=DESCRIPTION,
            )  # fmt: skip


def find_shape(model: TensorSource, config: dict[str, Any]) -> T5Shape:
    """Sizes by the tensors, and by config.json what they don't show."""
    heads = size(model, "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", 1, "T5 of MotionGPT")
    return T5Shape(
        vocabulary=size(model, "shared.weight", 0, "T5 of MotionGPT"),
        width=size(model, "shared.weight", 1, "T5 of MotionGPT"),
        head_width=size(model, "encoder.block.0.layer.0.SelfAttention.q.weight", 0, "T5 of MotionGPT") // max(heads, 1),
        heads=heads,
        feed_forward=size(model, "encoder.block.0.layer.1.DenseReluDense.wi_0.weight", 0, "T5 of MotionGPT"),
        encoder_layers=count_layers(model.tensors, "encoder.block."),
        decoder_layers=count_layers(model.tensors, "decoder.block."),
        buckets=size(
            model, "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", 0, "T5 of MotionGPT"
        ),
        max_distance=int(config.get("relative_attention_max_distance", 128)),
        epsilon=float(config.get("layer_norm_epsilon", 1e-6)),
        tied=bool(config.get("tie_word_embeddings", True)),
    )


def _read_config(folder: Path) -> tuple[int, dict[str, Any]]:
    """(number of sentinels, config.json)."""
    try:
        config = json.loads((folder / "config.json").read_bytes())
        extra = folder / "tokenizer_config.json"
        sentinels = json.loads(extra.read_bytes()).get("extra_ids", SENTINELS) if extra.is_file() else SENTINELS
        if config.get("model_type") != "t5" or "gated-gelu" not in config.get("feed_forward_proj", ""):
            raise ValueError("no gated T5")
        return int(sentinels), config
    except FileNotFoundError:
        raise MotionGPTError(f"{folder} holds no config.json.", "Give the folder of flan-t5-base.") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise MotionGPTError(f"{folder} is no flan-t5 folder ({error}).", "Give the folder of flan-t5-base.") from error


def _check_copies(model: TensorSource) -> None:
    """Raises MotionGPTError unless the three names of the embedding hold the same numbers."""
    for copy in _COPIES:
        pairs = zip(model.pieces("shared.weight"), model.pieces(copy), strict=True)
        if any(a != b for a, b in pairs):
            raise MotionGPTError(
                f"{copy} differs from shared.weight, and T5 has one embedding only.",
                "Check which file it is.",
                "bad_checkpoint",
            )
