"""Import of what `motiongpt train t5` leaves: a T5 folder of transformers with motion tokens, and a motion tokenizer.

A trained folder, of a T5 or an adapter, may hold a record of what it was trained on, which goes onto the model's card.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from ...retarget.errors import MotionGPTError
from ...retarget.typing import Float32s
from ..checkpoints.safetensors_file import SafetensorsFile
from ..checkpoints.tensors import Joined, Renamed, TensorSource
from ..engines.shared.codec import VQVAE
from ..engines.t5.tokenizers import read_sentinels, read_tokenizer, tokenizer_file
from ..model_folder import ModelCard
from .layouts import check_layout, t5_shapes
from .model_writer import Checkpoint, ReportProgress, System, ignore_progress, write_model
from .onnx_graphs import t5_model
from .t5 import SYSTEM, find_shape

RECORD = "motiongpt.json"
NOT_STATED = "not stated: those of the clips and of the base model"


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What a training writes beside its weights, for the card of the model made from them; see `ModelCard`.

    codes: how a causal model writes them.  base: name and licence of the base model.
    """

    licence: str = NOT_STATED
    group: str = ""
    description: str = ""
    sources: tuple[str, ...] = ()
    training: dict[str, Any] = msgspec.field(default_factory=dict)
    codes: str = "text"
    base: str = ""


def write_record(record: Record, folder: Path) -> None:
    """Write a training's record into a folder."""
    (folder / RECORD).write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")


def read_record(folder: Path) -> Record:
    """The record in a folder, an empty one where there is none. Raises MotionGPTError for a damaged one."""
    path = folder / RECORD
    if not path.is_file():
        return Record()
    try:
        return msgspec.json.decode(path.read_bytes(), type=Record)
    except (OSError, ValueError, RecursionError) as error:
        raise MotionGPTError(f"{path} can't be read ({error}).", "Remove it, or train again.") from error


def read_config(folder: Path) -> dict[str, Any]:
    """`config.json` of a folder of transformers. Raises MotionGPTError if there is none."""
    try:
        return dict(json.loads((folder / "config.json").read_bytes()))
    except FileNotFoundError:
        raise MotionGPTError(f"{folder} holds no config.json.", "Give a model's folder of transformers.") from None
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise MotionGPTError(
            f"{folder / 'config.json'} can't be read ({error}).", "Download it again.", "bad_checkpoint"
        ) from error


@contextmanager
def open_weights(folder: Path) -> Iterator[TensorSource]:
    """The tensors of a folder's safetensors files. Raises MotionGPTError if there are none."""
    paths = sorted(folder.glob("*.safetensors"))
    if not paths:
        raise MotionGPTError(
            f"{folder} holds no weights as safetensors.",
            "Save the model with transformers (save_pretrained), which writes them.",
            "bad_checkpoint",
        )
    with ExitStack() as stack:
        yield Joined([stack.enter_context(SafetensorsFile(path)) for path in paths])


@contextmanager
def open_motion_tokenizer(folder: Path) -> Iterator[tuple[TensorSource, tuple[Float32s, Float32s]]]:
    """(tensors, (mean, std)) of a motion tokenizer: a training's with the published recipe, or an imported model's.

    Raises MotionGPTError if the folder holds none.
    """
    if not (folder / VQVAE).is_file():
        raise MotionGPTError(
            f"{folder} holds no published motion tokenizer ({VQVAE}).",
            "Train one with `motiongpt train tokenizer --recipe published`, or give an imported model's folder.",
        )
    with SafetensorsFile(folder / VQVAE) as file:
        mean, std = file.read_float32("mean"), file.read_float32("std")
        yield Renamed(file, {n: n for n in file.tensors if n not in ("mean", "std")}), (mean, std)


def import_trained_t5(
    folder: Path, tokenizer: Path, target: Path, replace: bool = False, report: ReportProgress = ignore_progress
) -> ModelCard:
    """Write a model folder. folder: a T5 of transformers with motion tokens.  tokenizer: a motion tokenizer's folder.

    Raises MotionGPTError for what is not that, before anything is written.
    """
    config, words, sentinels = read_config(folder), tokenizer_file(folder), read_sentinels(folder)
    vocabulary = read_tokenizer(words, sentinels).size
    record = read_record(folder)
    with open_weights(folder) as model, open_motion_tokenizer(tokenizer) as (vqvae, statistics):
        names = {name: name for name in model.tensors if not name.endswith("embed_tokens.weight")}
        names.setdefault("lm_head.weight", "shared.weight")
        weights = Renamed(model, names)
        shape = find_shape(weights, config)
        copies = {f"{side}.embed_tokens.weight": weights.tensors["shared.weight"] for side in ("encoder", "decoder")}
        check_layout("T5", t5_shapes(shape), {**weights.tensors, **copies})
        if shape.vocabulary < vocabulary:
            raise MotionGPTError(
                f"The T5 in {folder} has no motion tokens ({shape.vocabulary} tokens instead of {vocabulary}).",
                "Train it with `motiongpt train t5`.",
                "bad_checkpoint",
            )
        system = System(
            SYSTEM.kind, record.description or "A T5 trained on motion", SYSTEM.tasks, record.licence, words.name
        )
        parts = Checkpoint(
            t5_model(shape), weights, vqvae, statistics, words, settings={"sentinels": sentinels},
            training=record.training, sources=record.sources or ("not stated",), group=record.group,
        )  # fmt: skip
        return write_model(target, system, parts, replace, report)
