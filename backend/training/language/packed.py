"""What a language model trains from, packed to travel: tokens of all sequences, and captions; about a megabyte for
every ten hours of motion. Sentences are encoded where the training runs.

`sequences.npz`: codes and poses (sum of N, levels) uint16 of all phases of all sequences; lengths (S, phases); core
(S, 2); little (S); clip (S), an index into `clips.json`. `pack.json`: what they were made from. `tokenizer/`: the
tokenizer, half of it in float16, so that the result can be exported where it was trained.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ....retarget.errors import MotionGPTError
from ...dataset.clips import Clip
from ..loop import load_trained
from .sequences import TokenSequence

_NAME = "sequences.npz"


def is_pack(folder: Path) -> bool:
    """Whether a folder holds packed sequences."""
    return (folder / _NAME).is_file()


def write_pack(
    sequences: Sequence[TokenSequence], made_from: dict[str, int], data: Path, tokenizer: Path, out: Path
) -> int:
    """Write sequences to a folder; returns its bytes. made_from: checksums of data set and tokenizer, and settings.
    data: the data set, whose table of licences goes along.  tokenizer: its folder."""
    (out / "tokenizer").mkdir(parents=True, exist_ok=True)
    clips = list({id(s.clip): s.clip for s in sequences}.values())
    place = {id(clip): i for i, clip in enumerate(clips)}
    np.savez_compressed(
        out / _NAME,
        codes=np.concatenate([p for s in sequences for p in s.phases]).astype(np.uint16),
        poses=np.concatenate([p for s in sequences for p in s.poses]).astype(np.uint16),
        lengths=np.array([[len(p) for p in s.phases] for s in sequences]),
        core=np.array([s.core for s in sequences]),
        little=np.array([s.little for s in sequences]),
        clip=np.array([place[id(s.clip)] for s in sequences]),
    )
    (out / "clips.json").write_text(json.dumps([asdict(c) for c in clips]), encoding="utf-8")
    (out / "pack.json").write_text(json.dumps(made_from), encoding="utf-8")
    if (data / "sets.json").is_file():
        shutil.copy(data / "sets.json", out / "sets.json")
    state = load_trained(tokenizer, "tokenizer")
    # Codes are compared by distances, which must stay as they are.
    halves = {k: v if k.startswith("quantizer") else _half(v) for k, v in state["model"].items()}
    torch.save({**state, "model": halves}, out / "tokenizer" / "model.pt")
    shutil.copy(tokenizer / "statistics.npz", out / "tokenizer" / "statistics.npz")
    return sum(path.stat().st_size for path in out.rglob("*") if path.is_file())


def _half(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.half() if tensor.is_floating_point() else tensor


def read_made_from(folder: Path) -> dict[str, int]:
    """What packed sequences were made from. Raises MotionGPTError if the folder holds none."""
    try:
        return dict(json.loads((folder / "pack.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(folder, error) from error


def read_pack(folder: Path) -> list[TokenSequence]:
    """Packed sequences. Raises MotionGPTError for a damaged pack."""
    try:
        with np.load(folder / _NAME, allow_pickle=False) as file:
            held: dict[str, Any] = {name: file[name] for name in file.files}
        clips = [Clip(**c) for c in json.loads((folder / "clips.json").read_text(encoding="utf-8"))]
        ends = np.cumsum(held["lengths"].ravel())[:-1]
        codes, poses = (np.split(held[name].astype(np.int64), ends) for name in ("codes", "poses"))
        count = held["lengths"].shape[1]
        return [
            TokenSequence(
                clips[which],
                tuple(codes[i * count : (i + 1) * count]),
                tuple(poses[i * count : (i + 1) * count]),
                (int(held["core"][i, 0]), int(held["core"][i, 1])),
                bool(held["little"][i]),
            )
            for i, which in enumerate(held["clip"].tolist())
        ]
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise _damaged(folder, error) from error


def _damaged(folder: Path, error: Exception) -> MotionGPTError:
    return MotionGPTError(f"{folder} holds no packed sequences ({error}).", "Make them with `motiongpt data pack`.")
