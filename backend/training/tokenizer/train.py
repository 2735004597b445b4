"""Stage 1: train the motion tokenizer, and measure it."""

import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ....retarget.errors import MotionGPTError
from ....retarget.motion import rotations as rot
from ....retarget.motion.skeleton import PARENTS, REST_OFFSETS
from ....retarget.typing import Float32s, Float64s, Ints
from ...dataset.clips import Dataset, checksum, compute_statistics, load_dataset
from ...dataset.sampling import draw_weights
from ...features import PELVIS_CHILDREN, SLICES, Statistics, features_to_motion
from ..folder import check_settings
from ..loop import Processes, Schedule, autocast, choose_device, load_trained, save_atomically, settings_of, train
from .data import Windows
from .net import FRAMES_PER_TOKEN, MotionVqVae


@dataclass(frozen=True)
class TokenizerConfig:
    """quantizer: one of `quantizers.KINDS`.  Weights of the losses: `velocity` on changes of position, `joints` on
    positions through forward kinematics, `path` on the root's path accumulated over the window, `commitment` on the
    latents' distance to their codes."""

    width: int = 384
    code_width: int = 256
    depth: int = 3
    codes: int = 512
    levels: int = 2
    quantizer: str = "residual"
    window: int = 64
    batch: int = 128
    steps: int = 5000
    rate: float = 4e-4
    seed: int = 0
    velocity: float = 0.5
    joints: float = 1.0
    path: float = 0.2
    commitment: float = 0.1


def kinematic_joints(features: Tensor) -> Tensor:
    """Positions (..., 22, 3) in the heading frame by forward kinematics of true features (..., 263), metres."""
    sixd = features[..., SLICES["rotations"]].unflatten(-1, (21, 2, 3))
    x = F.normalize(sixd[..., 0, :], dim=-1)
    z = F.normalize(torch.linalg.cross(x, sixd[..., 1, :]), dim=-1)
    matrices = torch.stack([x, torch.linalg.cross(z, x), z], dim=-1)  # (..., 21, 3, 3)
    positions = features[..., SLICES["positions"]].unflatten(-1, (21, 3))
    height = features[..., SLICES["root_height"]]
    joints = [torch.cat([torch.zeros_like(height), height, torch.zeros_like(height)], dim=-1)]
    world: list[Tensor] = [torch.empty(0)]
    for joint in range(1, 22):
        parent = PARENTS[joint]
        if joint in PELVIS_CHILDREN:
            joints.append(positions[..., joint - 1, :])
            world.append(matrices[..., joint - 1, :, :])
        else:
            offset = torch.as_tensor(REST_OFFSETS[joint], dtype=features.dtype, device=features.device)
            joints.append(joints[parent] + world[parent] @ offset)
            world.append(world[parent] @ matrices[..., joint - 1, :, :])
    return torch.stack(joints, dim=-2)


def _losses(out: Tensor, batch: Tensor, mask: Tensor, stats: tuple[Tensor, Tensor], c: TokenizerConfig) -> Tensor:
    mean, std = stats
    out = out.float()

    def masked(x: Tensor, m: Tensor) -> Tensor:
        return (x * m).sum() / (m.sum() * x.shape[-1])

    place = SLICES["positions"]
    change = F.smooth_l1_loss(
        out[:, 1:, place] - out[:, :-1, place], batch[:, 1:, place] - batch[:, :-1, place], reduction="none"
    )
    metres = out * std + mean
    true = batch * std + mean
    joints = kinematic_joints(metres)[..., 1:, :].flatten(-2) - true[..., place]
    root = slice(0, 3)
    way = torch.cumsum((metres[..., root] - true[..., root]) * mask, dim=1)
    total: Tensor = (
        masked(F.smooth_l1_loss(out, batch, reduction="none"), mask)
        + c.velocity * masked(change, mask[:, 1:])
        + c.joints * masked(joints.abs(), mask) * 10.0
        + c.path * masked(way.abs(), mask) * 10.0
    )
    return total


def train_tokenizer(data: Path, folder: Path, config: TokenizerConfig, device: str = "auto") -> MotionVqVae:
    """Train on a data set and leave `model.pt` and `statistics.npz` in the folder; resumes from a checkpoint there."""
    dataset = load_dataset(data)
    settings = {**asdict(config), "dataset": checksum(data, captions=False)}
    check_settings(folder, settings)
    folder.mkdir(parents=True, exist_ok=True)
    statistics = compute_statistics(dataset)
    np.savez(folder / "statistics.npz", mean=statistics.mean, std=statistics.std)
    where = choose_device(device)
    _need_one_process(where)
    torch.manual_seed(config.seed)
    model = _network(config).to(where)
    windows = Windows(dataset, statistics, draw_weights(dataset.split("train")), config.window, config.batch)
    stats = _on(where, statistics)

    def loss_of(generator: torch.Generator) -> dict[str, Tensor]:
        batch, mask = (x.to(where) for x in windows.draw(generator))
        with autocast(where):
            out, commitment, _ = model(batch)
        return {"loss": _losses(out, batch, mask, stats, config) + config.commitment * commitment}

    schedule = Schedule(config.steps, config.rate, seed=config.seed)
    return train(model, loss_of, folder, schedule, settings, "tokenizer")


def refine_decoder(
    data: Path, tokenizer: Path, folder: Path, config: TokenizerConfig, device: str = "auto"
) -> MotionVqVae:
    """Train the decoder of a trained tokenizer further. Its codes don't change, so language models
    trained on them stay valid.

    config: the tokenizer's own (`tokenizer_config`), except for how to train. folder gets `model.pt` and
    `statistics.npz` of the whole tokenizer, and in `decoder/` what the training resumes from.
    """
    where = choose_device(device)
    _need_one_process(where)
    record = tokenizer_record(tokenizer)["tokenizer"]
    if folder.resolve() == tokenizer.resolve():
        raise MotionGPTError(
            f"{folder} holds the tokenizer that is to be refined, which would be lost.", "Use another folder for -o."
        )
    source = {"dataset": checksum(data, captions=False), "tokenizer": tokenizer_checksum(tokenizer)}
    settings = {**asdict(config), **source}
    check_settings(folder / "decoder", settings)
    model, statistics = load_tokenizer(tokenizer)
    model.to(where)
    dataset = load_dataset(data)
    windows = Windows(dataset, statistics, draw_weights(dataset.split("train")), config.window, config.batch)
    stats = _on(where, statistics)
    decoder = model.decoder.train()

    def loss_of(generator: torch.Generator) -> dict[str, Tensor]:
        batch, mask = (x.to(where) for x in windows.draw(generator))
        with torch.no_grad():
            latents = model.quantizer.decode(model.encode(batch)).transpose(1, 2)
        with autocast(where):
            out = decoder(latents).transpose(1, 2)
        return {"loss": _losses(out, batch, mask, stats, config)}

    schedule = Schedule(config.steps, config.rate, seed=config.seed)
    refined = train(decoder, loss_of, folder / "decoder", schedule, settings, "decoder")
    model.decoder.load_state_dict(refined.state_dict())
    np.savez(folder / "statistics.npz", mean=statistics.mean, std=statistics.std)
    save_atomically({"model": model.state_dict(), "config": asdict(config), "first": record}, folder / "model.pt")
    return model.eval()


def _need_one_process(where: torch.device) -> None:
    if Processes(where).count > 1:
        raise MotionGPTError("Several processes can't train one tokenizer: its codebooks diverge.", "Use one process.")


def _on(where: torch.device, statistics: Statistics) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(statistics.mean).to(where), torch.from_numpy(statistics.std).to(where)


def _network(c: TokenizerConfig) -> MotionVqVae:
    return MotionVqVae(c.width, c.code_width, c.depth, c.codes, c.levels, c.quantizer)


def tokenizer_config(folder: Path) -> TokenizerConfig:
    """The settings that a tokenizer was trained with. Raises MotionGPTError if the folder holds none."""
    return settings_of(TokenizerConfig, load_trained(folder, "tokenizer")["config"])


def tokenizer_checksum(folder: Path) -> int:
    """A checksum of a trained tokenizer's weights. Raises MotionGPTError if the folder holds none."""
    tokenizer_config(folder)
    return zlib.crc32((folder / "model.pt").read_bytes())


def tokenizer_record(folder: Path) -> dict[str, dict[str, Any]]:
    """For a model's card: settings of the training as "tokenizer", and as "decoder" those of its refinement, if any."""
    state = load_trained(folder, "tokenizer")
    if "first" not in state:
        return {"tokenizer": state["config"]}
    return {"tokenizer": state["first"], "decoder": state["config"]}


def load_tokenizer(folder: Path) -> tuple[MotionVqVae, Statistics]:
    """A trained tokenizer and the statistics of its features. Raises MotionGPTError if the folder holds none."""
    state = load_trained(folder, "tokenizer")
    model = _network(settings_of(TokenizerConfig, state["config"]))
    model.load_state_dict(state["model"])
    with np.load(folder / "statistics.npz") as file:
        return model.eval(), Statistics(file["mean"], file["std"])


@torch.no_grad()
def encode_clip(model: MotionVqVae, statistics: Statistics, features: Float32s) -> Ints:
    """Codes (T // 4, levels) of features (T, 263); frames beyond a multiple of four are left out."""
    usable = len(features) // FRAMES_PER_TOKEN * FRAMES_PER_TOKEN
    rows = torch.from_numpy(statistics.normalize(np.asarray(features[:usable])).astype(np.float32))
    codes: Ints = model.encode(rows[None])[0].numpy()
    return codes


@torch.no_grad()
def evaluate_tokenizer(
    model: MotionVqVae, statistics: Statistics, dataset: Dataset, split: str = "test"
) -> dict[str, float]:
    """Over the split's clips, or all if it is empty (a small data set): joint_error_mm (mean over joints, roots and
    headings aligned), acceleration_error_mm (per frame squared), path_error_mm_per_s (of the root at the clip's end),
    codes_used (share)."""
    errors, accelerations, paths, used = [], [], [], set[tuple[int, int]]()
    for clip in dataset.split(split) or dataset.clips:
        codes = encode_clip(model, statistics, dataset.of(clip))
        used.update((level, int(code)) for level, column in enumerate(codes.T) for code in np.unique(column))
        decoded = model.decode(torch.from_numpy(codes)[None])[0].float().numpy()
        out = features_to_motion(statistics.denormalize(decoded).astype(np.float64))
        true = features_to_motion(dataset.of(clip)[: len(out)].astype(np.float64))
        a, b = (_aligned(m.joints, m.global_rotations[:, 0]) for m in (out, true))
        errors.append(np.linalg.norm(a - b, axis=-1).mean(axis=1))
        second = np.diff(a - b, n=2, axis=0)
        accelerations.append(np.linalg.norm(second, axis=-1).mean(axis=1))
        paths.append(np.linalg.norm(out.root_position[-1] - true.root_position[-1]) / out.duration)
    return {
        "joint_error_mm": float(np.concatenate(errors).mean() * 1000),
        "acceleration_error_mm": float(np.concatenate(accelerations).mean() * 1000),
        "path_error_mm_per_s": float(np.mean(paths) * 1000),
        "codes_used": len(used) / (model.levels * model.codes),
    }


def _aligned(joints: Float64s, facing: Float64s) -> Float64s:
    """Joints (T, 22, 3) with the root at the origin and the heading removed."""
    local: Float64s = rot.rotate(rot.conjugate(rot.yaw(facing))[:, None], joints - joints[:, :1])
    return local
