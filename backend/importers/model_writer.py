"""Writing the model folder of a published system: weights, quantised weights, ONNX graphs, statistics and card."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.files.arrays import READ_ERRORS, finite, read_array
from ...retarget.typing import Float32s
from ..checkpoints.safetensors_file import SafetensorsFile, SafetensorsWriter
from ..checkpoints.tensors import TensorInfo, TensorSource
from ..engines.shared.codec import FRAMES_PER_TOKEN, VQVAE
from ..engines.shared.networks import QUANTIZED, WEIGHTS
from ..features import DIMENSIONS, FPS
from ..model_folder import CARD_NAME, ModelCard, is_link, write_card
from .layouts import check_layout, count_layers, dimension, vqvae_shapes
from .onnx_builder import OnnxBuilder
from .onnx_graphs import LanguageModel, output_layer, vqvae_decoder, vqvae_encoder
from .quantization import Quantized, can_quantize, fused_name, quantized_infos, stream_integers

ReportProgress = Callable[[str, float], None]
"""Called with the current step and the fraction of it that is done, 0 to 1."""

MAX_SECONDS = 9.8
"""196 frames, the longest motions of HumanML3D."""
_STATISTICS = (("mean.npy", "std.npy"), ("motiongpt_mean.npy", "motiongpt_std.npy"), ("Mean.npy", "Std.npy"))


def ignore_progress(step: str, fraction: float) -> None:
    """A `ReportProgress` that does nothing."""


@dataclass(frozen=True)
class System:
    """What the card of a published system says. tokenizer: the tokenizer's file name in the model folder."""

    kind: str
    description: str
    tasks: tuple[str, ...]
    licence: str
    tokenizer: str


@dataclass(frozen=True)
class Checkpoint:
    """The parts of a published system. weights: of the language model.  statistics: mean and std (263,) of the
    features, or the folder that holds them.

    settings, training, sources, group: entries of the model's card.
    """

    model: LanguageModel
    weights: TensorSource
    vqvae: TensorSource
    statistics: Path | tuple[Float32s, Float32s]
    tokenizer: Path
    settings: dict[str, Any]
    training: dict[str, Any] = field(default_factory=dict)
    sources: tuple[str, ...] = ("HumanML3D",)
    group: str = ""


def write_model(
    target: Path, system: System, checkpoint: Checkpoint, replace: bool, report: ReportProgress
) -> ModelCard:
    """Write a model folder.

    Raises MotionGPTError for a damaged motion tokenizer or wrong statistics, before anything is written, and where the
    folder can't be written ("unwritable").
    """
    given, depth = checkpoint.statistics, check_vqvae(checkpoint.vqvae)
    statistics = read_statistics(given) if isinstance(given, Path) else given
    stored = sum(info.nbytes for source in (checkpoint.weights, checkpoint.vqvae) for info in source.tensors.values())
    check_free_space(target, int(1.95 * stored))  # 8 and 4 bits add up to 53 % and 32 % of half precision
    with new_folder(target, replace) as folder:
        _write_weights(folder, checkpoint.weights, report)
        write_vqvae(folder, checkpoint.vqvae, depth, statistics)
        shutil.copyfile(checkpoint.tokenizer, folder / system.tokenizer)
        write_language_model(folder, checkpoint.model, report)
        card = ModelCard(
            name=target.name,
            kind=system.kind,
            features="published",
            fps=FPS,
            frames_per_token=FRAMES_PER_TOKEN,
            max_seconds=MAX_SECONDS,
            licence=system.licence,
            files={path.name: "0" * 64 for path in folder.iterdir() if path.name != CARD_NAME},
            description=system.description,
            tasks=system.tasks,
            sources=checkpoint.sources,
            group=checkpoint.group,
            training=checkpoint.training,
            settings={"shape": asdict(checkpoint.model.shape), **checkpoint.settings},
        )
        return write_card(card, folder)


@contextmanager
def new_folder(target: Path, replace: bool = False) -> Iterator[Path]:
    """A draft folder beside `target` that is renamed to `target` if the block succeeds, and deleted if not."""
    if not replace:
        check_absent(target)
    elif is_link(target) or (target.exists() and not (target / CARD_NAME).is_file()):
        raise MotionGPTError(
            f"{target} is no model folder, so it is not replaced.", "Choose another name.", "unwritable"
        )
    draft = target.with_name(f".{target.name}.part")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        yield draft
        if target.exists():
            shutil.rmtree(target)
        draft.rename(target)
    except OSError as error:
        why = error.strerror or str(error)
        raise MotionGPTError(
            f"{target} could not be written ({why}).", "Choose another place.", "unwritable"
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def check_absent(target: Path) -> None:
    """Raises MotionGPTError where a model folder exists already."""
    if target.exists():
        raise MotionGPTError(f"{target} already exists.", "Remove it first, or choose another name.", "unwritable")


def check_free_space(folder: Path, needed: int) -> None:
    """Raises MotionGPTError unless the disk of `folder` has `needed` bytes left."""
    existing = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise MotionGPTError(
            f"{existing} has {free / 1e9:.1f} GB left, and {needed / 1e9:.1f} GB are needed.",
            "Free some space, or choose another disk.",
            "unwritable",
        )


def read_statistics(folder: Path) -> tuple[Float32s, Float32s]:
    """mean and std (263,) of a folder with `mean.npy` and `std.npy` (or `Mean.npy`, `motiongpt_mean.npy`)."""
    for names in _STATISTICS:
        if all((folder / name).is_file() for name in names):
            mean, std = _read_array(folder / names[0]), _read_array(folder / names[1])
            if not (std > 0.0).all():
                raise MotionGPTError(
                    f"{folder / names[1]} holds deviations that are not above zero.", "Give HumanML3D's statistics."
                )
            return mean, std
    raise MotionGPTError(
        f"{folder} holds no mean.npy and std.npy.", "Give the folder with the statistics that belong to the weights."
    )


def _read_array(path: Path) -> Float32s:
    try:
        with open(path, "rb") as file:
            values = finite(read_array(file, path.stat().st_size), "the file")
    except READ_ERRORS as error:
        raise MotionGPTError(f"{path} can't be read ({error}).", "Download it again.") from error
    if values.shape != (DIMENSIONS,):
        raise MotionGPTError(
            f"{path} has shape {values.shape} instead of ({DIMENSIONS},).", "Give HumanML3D's statistics."
        )
    return np.asarray(values, np.float32)


def check_vqvae(source: TensorSource) -> int:
    """The depth of a motion tokenizer's residual blocks. Raises MotionGPTError unless all its tensors fit."""
    width = dimension(source, "encoder.model.0.weight", 0, "motion tokenizer")
    codes, code_width = (dimension(source, "quantizer.codebook", axis, "motion tokenizer") for axis in (0, 1))
    depth = count_layers(source.tensors, "encoder.model.2.1.model.")
    check_layout("motion tokenizer", vqvae_shapes(width, code_width, depth, codes), source.tensors)
    return depth


def write_vqvae(folder: Path, source: TensorSource, depth: int, statistics: tuple[Float32s, Float32s]) -> None:
    """The motion tokenizer: its weights, with mean and std of the features, and its two graphs."""
    info = TensorInfo("F32", (DIMENSIONS,))
    with SafetensorsWriter(folder / VQVAE, {"mean": info, "std": info, **source.tensors}) as writer:
        writer.write_array("mean", statistics[0])
        writer.write_array("std", statistics[1])
        for name in source.tensors:
            writer.write(name, source.pieces(name))
    _write_graph(folder, "vqvae-encoder", [VQVAE], lambda g: vqvae_encoder(g, depth))
    _write_graph(folder, "vqvae-decoder", [VQVAE], lambda g: vqvae_decoder(g, depth))


def _write_weights(folder: Path, source: TensorSource, report: ReportProgress) -> None:
    with SafetensorsWriter(folder / WEIGHTS, source.tensors) as writer:
        for i, name in enumerate(source.tensors):
            writer.write(name, source.pieces(name))
            report("Copying weights", (i + 1) / len(source.tensors))


def write_language_model(folder: Path, model: LanguageModel, report: ReportProgress = ignore_progress) -> None:
    """Write what follows from `weights.safetensors`: weights in 8 and in 4 bits, and each graph in all three forms:
    NAME, NAME-int8 and NAME-int4."""
    for bits, file in QUANTIZED.items():
        _write_integers(folder / file, bits, folder / WEIGHTS, model, report)
    _write_graph(folder, "head", [], output_layer)
    for name, build in model.graphs.items():
        _write_graph(folder, name, [WEIGHTS], build)
        for bits, file in QUANTIZED.items():
            _write_graph(folder, f"{name}-int{bits}", [WEIGHTS, file], build)


def _write_integers(path: Path, bits: int, weights: Path, model: LanguageModel, report: ReportProgress) -> None:
    with SafetensorsFile(weights) as source:
        single = set(source.tensors) - {*model.unquantized, *(name for group in model.fused for name in group)}
        groups = [*model.fused, *((name,) for name in source.tensors if name in single)]
        groups = [group for group in groups if can_quantize(source.tensors[group[0]].shape)]
        infos: dict[str, TensorInfo] = {}
        for group in groups:
            rows, columns = source.tensors[group[0]].shape
            infos |= quantized_infos(fused_name(group), len(group) * rows, columns, bits)
        with SafetensorsWriter(path, infos) as writer:
            for i, group in enumerate(groups):
                name, rest = fused_name(group), list[Quantized]()
                writer.write(f"{name}.int{bits}", stream_integers(source, group, rest, bits))
                writer.write(f"{name}.scale", (part.scales.tobytes() for part in rest))
                if bits == 4:
                    writer.write(f"{name}.zero", (part.zeros.tobytes() for part in rest if part.zeros is not None))
                report(f"Quantising weights to {bits} bits", (i + 1) / len(groups))


def _write_graph(folder: Path, name: str, weights: Iterable[str], build: Callable[[OnnxBuilder], None]) -> None:
    """Write NAME.onnx, which points into the weight files beside it."""
    with ExitStack() as stack:
        builder = OnnxBuilder({file: stack.enter_context(SafetensorsFile(folder / file)) for file in weights})
        build(builder)
        builder.save(folder / f"{name}.onnx")
