"""The papers' motion tokenizer: T2M-GPT's VQ-VAE (Zhang et al. 2023), which both MotionGPTs use, with one codebook of
512, on HumanML3D's published features.

Its folder holds, beside the training's files, the same three files as an imported model: engines and the trainings of
`pretrained` read either.
"""

import time
import zlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ....retarget.errors import MotionGPTError
from ....retarget.typing import Float32s, Floats
from ...checkpoints.safetensors_file import SafetensorsFile
from ...checkpoints.tensors import Arrays
from ...dataset.clips import Clip, Dataset, checksum, load_dataset
from ...dataset.sampling import draw_weights
from ...engines.shared.codec import CODES, VQVAE, MotionCodec
from ...features import SLICES, Statistics, features_to_joints, joints_to_features
from ...importers.model_writer import check_vqvae, write_vqvae
from ...importers.trained import open_motion_tokenizer
from ..folder import check_settings
from ..loop import Processes, Schedule, autocast, choose_device, train
from .data import Windows
from .net import FRAMES_PER_TOKEN, ConvolutionalDecoder, ConvolutionalEncoder
from .quantizers import Codebook

CODEBOOK = "quantizer.codebook"


@dataclass(frozen=True)
class PublishedTokenizer:
    """Settings; the defaults are those of T2M-GPT, but for a cosine instead of a step in the learning rate.

    velocity: weight of the loss on the positions' changes.  commitment: of that on the latents' distance to their
    codes.  bias: divisor of the deviations of root and contacts, by which these count for more; the T5 system has 25.
    """

    width: int = 512
    code_width: int = 512
    depth: int = 3
    window: int = 64
    batch: int = 256
    steps: int = 300_000
    minutes: float = 0.0
    rate: float = 2e-4
    warmup: int = 1000
    seed: int = 0
    velocity: float = 0.5
    commitment: float = 0.02
    bias: float = 1.0


class PublishedVqVae(nn.Module):
    """Normalised features (B, T, 263), T a multiple of 4, to codes and back. In training, the codebook follows its
    latents by moving averages, and unused codes are reset."""

    def __init__(self, width: int, code_width: int, depth: int) -> None:
        super().__init__()
        self.encoder = ConvolutionalEncoder(width, code_width, depth)
        self.decoder = ConvolutionalDecoder(width, code_width, depth)
        self.quantizer = Codebook(CODES, code_width)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """(reconstruction (B, T, 263), commitment loss ())."""
        z = self.encoder(features.transpose(1, 2)).float().transpose(1, 2)  # (B, T / 4, code width)
        _, vectors = self.quantizer(z.detach().flatten(0, 1))
        chosen = vectors.view_as(z)
        out = self.decoder((z + (chosen - z).detach()).transpose(1, 2)).transpose(1, 2).float()
        return out, F.mse_loss(z, chosen)

    def load_published(self, source: SafetensorsFile) -> None:
        """Take over the tensors of a motion tokenizer's file."""
        held = {name: torch.from_numpy(source.read_float32(name)) for name in source.tensors}
        book = held[CODEBOOK]
        held |= {"quantizer.sums": book.clone(), "quantizer.counts": torch.ones(len(book))}
        self.load_state_dict({name: held[name] for name in self.state_dict()})


def published_features(dataset: Dataset, split: str) -> Dataset:
    """The clips of a split in HumanML3D's published features, computed from their joints; one frame fewer each."""
    rows, clips, start = [], [], 0
    for clip in dataset.split(split):
        features = published_clip(dataset.of(clip))
        clips.append(replace(clip, start=start, frames=len(features), assigned=split))
        rows.append(features)
        start += len(features)
    return Dataset(np.concatenate(rows) if rows else np.empty((0, 263), np.float32), clips)


def published_clip(features: Float32s) -> Float32s:
    """Published features (T - 1, 263) of features (T, 263) in either convention."""
    joints = features_to_joints(np.asarray(features, np.float64))
    return joints_to_features(joints).astype(np.float32)


def published_statistics(dataset: Dataset, bias: float = 1.0) -> Statistics:
    """Mean, and deviation averaged within each group of features, as HumanML3D's script does. bias: see
    `PublishedTokenizer`."""
    mean = dataset.features.mean(axis=0, dtype=np.float64)
    std = dataset.features.std(axis=0, dtype=np.float64)
    for name, place in SLICES.items():
        divisor = bias if name in ("root_turn", "root_velocity", "root_height", "contacts") else 1.0
        std[place] = max(float(std[place].mean()), 1e-3) / divisor
    return Statistics(mean.astype(np.float32), std.astype(np.float32))


def train_published(
    data: Path, folder: Path, config: PublishedTokenizer, device: str = "auto", start: Path | None = None
) -> dict[str, float]:
    """Train on a data set; returns `measured`. start: a motion tokenizer to train further, with its statistics.

    Resumes from the folder's checkpoint. Raises MotionGPTError for a data set without training clips, another training
    in the folder, or a `start` that is no motion tokenizer or of other sizes.
    """
    began, where = time.monotonic(), choose_device(device)
    if Processes(where).count > 1:
        raise MotionGPTError("Several processes can't train one tokenizer: its codebooks diverge.", "Use one process.")
    given = read_vqvae(start) if start else None
    settings = {**asdict(config), "recipe": "published", "dataset": checksum(data, captions=False)}
    settings["start"] = tokenizer_check(start) if start else 0
    check_settings(folder, settings)
    dataset = load_dataset(data)
    clips = published_features(dataset, "train")
    if not clips.clips:
        raise MotionGPTError(f"{data} holds no clips for training.", "Import more clips: one in twenty is for tests.")
    statistics = given[1] if given else published_statistics(clips, config.bias)
    torch.manual_seed(config.seed)
    model = PublishedVqVae(config.width, config.code_width, config.depth)
    if start:
        _start_from(model, start)
    model.to(where)
    windows = Windows(clips, statistics, draw_weights(clips.clips), config.window, config.batch, where)

    def loss_of(generator: torch.Generator) -> dict[str, Tensor]:
        batch, mask = windows.draw(generator)
        with autocast(where):
            out, commitment = model(batch)
        features = _smooth(out, batch, mask)
        place = SLICES["positions"]
        velocity = _smooth(out[..., place].diff(dim=1), batch[..., place].diff(dim=1), mask[:, 1:])
        loss = features + config.velocity * velocity + config.commitment * commitment
        return {"loss": loss, "features": features, "velocity": velocity, "commitment": commitment}

    schedule = Schedule(
        config.steps, config.rate, min(config.warmup, config.steps), seed=config.seed, minutes=config.minutes
    ).after(time.monotonic() - began)
    trained = train(model, loss_of, folder, schedule, settings, "tokenizer").cpu()
    write_codec(trained, statistics, config.depth, folder)
    return measured(folder, dataset)


def _smooth(out: Tensor, true: Tensor, mask: Tensor) -> Tensor:
    """Mean smooth L1 loss over what is no padding."""
    each = F.smooth_l1_loss(out, true, reduction="none") * mask
    return each.sum() / (mask.sum() * out.shape[-1]).clamp(min=1.0)


def _start_from(model: PublishedVqVae, start: Path) -> None:
    with SafetensorsFile(start / VQVAE) as source:
        try:
            model.load_published(source)
        except (RuntimeError, KeyError) as error:
            raise MotionGPTError(
                f"The motion tokenizer in {start} has other sizes.", "Set width, code_width and depth to its own."
            ) from error


def write_codec(model: PublishedVqVae, statistics: Statistics, depth: int, folder: Path) -> None:
    """Write the three files of a motion tokenizer into the training's folder."""
    names = {f"quantizer.{part}" for part in ("sums", "counts")}
    arrays = {name: value.numpy() for name, value in model.state_dict().items() if name not in names}
    mean, std = (np.asarray(values, np.float32) for values in (statistics.mean, statistics.std))
    write_vqvae(folder, Arrays(arrays), depth, (mean, std))


def read_vqvae(folder: Path) -> tuple[int, Statistics]:
    """(depth, statistics) of the motion tokenizer in a folder: a training's with the published recipe, or an imported
    model's. Raises MotionGPTError if there is none."""
    with open_motion_tokenizer(folder) as (source, (mean, std)):
        return check_vqvae(source), Statistics(mean, std)


def tokenizer_check(folder: Path) -> int:
    """A checksum of a motion tokenizer's weights. Raises MotionGPTError if the folder holds none."""
    read_vqvae(folder)
    return zlib.crc32((folder / VQVAE).read_bytes())


def measured(folder: Path, dataset: Dataset) -> dict[str, float]:
    """On the test clips (on those for training, if there are none): mean error of joints in millimetres around the
    root, and how many codes are used."""
    codec, errors, used = MotionCodec(folder), [], set()
    clips: list[Clip] = dataset.split("test") or dataset.split("train")
    for clip in clips:
        features = published_clip(dataset.of(clip))
        features = features[: len(features) // FRAMES_PER_TOKEN * FRAMES_PER_TOKEN]
        if not len(features):
            continue
        codes = codec.features_to_codes(codec.statistics.normalize(features)[None])
        used |= set(codes[0].tolist())
        made = codec.statistics.denormalize(codec.codes_to_features(codes)[0].astype(np.float64))
        errors.append(np.linalg.norm(_around_root(made) - _around_root(features), axis=-1).mean(axis=1))
    return {"joint_mm": 1000.0 * float(np.concatenate(errors).mean()), "codes_used": float(len(used))}


def _around_root(features: Floats) -> Floats:
    """(T, 21, 3) joints around the root, in the features' own heading."""
    out: Any = np.asarray(features, np.float64)[:, SLICES["positions"]].reshape(len(features), -1, 3).copy()
    out[..., 1] -= np.asarray(features, np.float64)[:, SLICES["root_height"]]
    return np.asarray(out)
