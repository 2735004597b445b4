"""What both importers share: the motion tokenizer, statistics, the folder that appears only when it is complete."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.typing import Float32s
from ..checkpoints.safetensors_file import SafetensorsFile, SafetensorsWriter
from ..checkpoints.tensors import PIECE_BYTES, TensorInfo, TensorSource
from ..features import DIMENSIONS, FPS
from ..model_folder import CARD_NAME, ModelCard, write_card
from . import graphs
from .graph import Graph, blocked_infos, is_blocked, joined_name, stream_blocks
from .graphs import LlamaShape, T5Shape
from .layouts import DOWNSAMPLINGS, check_layout, count_layers, size, vqvae_shapes

Report = Callable[[str, float], None]
"""Told what is done, and how much of it, from 0 to 1."""

MAX_SECONDS = 9.8
"""196 frames, the longest motions of HumanML3D."""
WEIGHTS, INT8, VQVAE = "weights.safetensors", "int8.safetensors", "vqvae.safetensors"
_STATISTICS = (("mean.npy", "std.npy"), ("motiongpt_mean.npy", "motiongpt_std.npy"), ("Mean.npy", "Std.npy"))


def silent(what: str, fraction: float) -> None:
    """A `Report` for nobody."""


@contextmanager
def new_folder(target: Path, replace: bool = False) -> Iterator[Path]:
    """A folder beside `target` that takes its name when the block ends well, and vanishes otherwise."""
    if target.exists() and not replace:
        raise MotionGPTError(f"{target} exists already.", "Remove it first, or choose another name.", "unwritable")
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


def read_statistics(folder: Path) -> tuple[Float32s, Float32s]:
    """mean and std (263,) of a folder with `mean.npy` and `std.npy` (or `Mean.npy`, `motiongpt_mean.npy`)."""
    for names in _STATISTICS:
        if all((folder / name).is_file() for name in names):
            return _load(folder / names[0]), _load(folder / names[1])
    raise MotionGPTError(
        f"{folder} holds no mean.npy and std.npy.", "Give the folder of the statistics that belong to the weights."
    )


def _load(path: Path) -> Float32s:
    try:
        values = np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise MotionGPTError(f"{path} can't be read ({error}).", "Get it again.") from error
    if values.shape != (DIMENSIONS,) or not np.isfinite(values).all():
        raise MotionGPTError(
            f"{path} holds shape {values.shape} instead of ({DIMENSIONS},).", "Give HumanML3D's statistics."
        )
    return np.asarray(values, np.float32)


def check_vqvae(source: TensorSource) -> int:
    """The depth of a motion tokenizer. Raises MotionGPTError unless all its tensors are there and nothing else."""
    width = size(source, "encoder.model.0.weight", 0, "motion tokenizer")
    codes, code_width = (size(source, "quantizer.codebook", axis, "motion tokenizer") for axis in (0, 1))
    depth = count_layers(source.tensors, "encoder.model.2.1.model.")
    check_layout("motion tokenizer", vqvae_shapes(width, code_width, depth, codes), source.tensors)
    return depth


def write_vqvae(source: TensorSource, statistics: tuple[Float32s, Float32s], folder: Path) -> None:
    """The tokenizer's weights with the statistics, and its two graphs."""
    depth = check_vqvae(source)
    info = TensorInfo("F32", (DIMENSIONS,))
    with SafetensorsWriter(folder / VQVAE, {"mean": info, "std": info, **source.tensors}) as writer:
        writer.write_array("mean", statistics[0])
        writer.write_array("std", statistics[1])
        for name in source.tensors:
            writer.write(name, source.pieces(name))
    write_graph(folder, "vqvae-encoder", [VQVAE], lambda g: graphs.vqvae_encoder(g, depth, DOWNSAMPLINGS))
    write_graph(folder, "vqvae-decoder", [VQVAE], lambda g: graphs.vqvae_decoder(g, depth, DOWNSAMPLINGS))


def write_weights(
    folder: Path, tensors: Mapping[str, TensorInfo], pieces: Callable[[str], Iterator[bytes]], report: Report = silent
) -> None:
    """`weights.safetensors` of tensors that `pieces` yields bit by bit."""
    with SafetensorsWriter(folder / WEIGHTS, tensors) as writer:
        for i, name in enumerate(tensors):
            writer.write(name, pieces(name))
            report("Copying weights", (i + 1) / len(tensors))


def write_graphs(folder: Path, builders: Mapping[str, Callable[[Graph], None]]) -> None:
    """Each network twice: with the weights as they are, and `-int8` with those of `write_int8`; and the output's."""
    write_graph(folder, "head", [], graphs.head)
    for name, build in builders.items():
        write_graph(folder, name, [WEIGHTS], build)
        write_graph(folder, f"{name}-int8", [WEIGHTS, INT8], build)


def write_graph(folder: Path, name: str, weights: Iterable[str], build: Callable[[Graph], None]) -> None:
    """`name`.onnx, pointing into the weight files beside it."""
    with ExitStack() as stack:
        files = {file: stack.enter_context(SafetensorsFile(folder / file)) for file in weights}
        graph = Graph(files)
        build(graph)
        graph.save(folder / f"{name}.onnx")


def write_int8(
    folder: Path, report: Report = silent, leave: Sequence[str] = (), joined: Sequence[tuple[str, ...]] = ()
) -> None:
    """`int8.safetensors`: the eight-bit form of every matrix in `weights.safetensors` but those in `leave`.

    joined: weights that are stored as one, see `joined_name`.
    """
    with SafetensorsFile(folder / WEIGHTS) as source:
        single = set(source.tensors) - {*leave, *(name for group in joined for name in group)}
        groups = [*joined, *((name,) for name in source.tensors if name in single)]
        groups = [group for group in groups if is_blocked(source.tensors[group[0]].shape)]
        infos: dict[str, TensorInfo] = {}
        for group in groups:
            rows, columns = source.tensors[group[0]].shape
            infos |= blocked_infos(joined_name(group), (len(group) * rows, columns))
        with SafetensorsWriter(folder / INT8, infos) as writer:
            for i, group in enumerate(groups):
                scales: list[bytes] = []
                writer.write(f"{joined_name(group)}.int8", _integers(source, group, scales))
                writer.write(f"{joined_name(group)}.scale", iter(scales))
                report("Making eight-bit weights", (i + 1) / len(groups))


def _integers(source: TensorSource, group: Sequence[str], scales: list[bytes]) -> Iterator[bytes]:
    """The integers of weights one after the other, a few rows at a time; their scales are put into `scales`."""
    for name in group:
        rows = max(1, PIECE_BYTES // 4 // source.tensors[name].shape[1])
        for whole, scale in stream_blocks(source, name, rows):
            scales.append(scale.tobytes())
            yield whole.tobytes()


def write_published_card(
    folder: Path, shape: T5Shape | LlamaShape, settings: Mapping[str, Any], **entries: Any
) -> ModelCard:
    """The card of a finished folder. settings: beside the network's sizes.  entries: what differs between systems."""
    return write_card(
        ModelCard(
            features="published",
            fps=FPS,
            frames_per_token=2**DOWNSAMPLINGS,
            max_seconds=MAX_SECONDS,
            sources=("HumanML3D",),
            settings={"shape": asdict(shape), **settings},
            files={path.name: "0" * 64 for path in folder.iterdir() if path.name != CARD_NAME},
            **entries,
        ),
        folder,
    )


def free_space(folder: Path, needed: int) -> None:
    """Raises MotionGPTError unless the disk of `folder` has that many bytes left."""
    place = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    free = shutil.disk_usage(place).free
    if free < needed:
        raise MotionGPTError(
            f"{place} has {free / 1e9:.1f} GB left, and {needed / 1e9:.1f} GB are needed.",
            "Make room, or choose another disk.",
            "unwritable",
        )
