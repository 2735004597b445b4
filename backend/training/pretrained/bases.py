"""Base models: folders of transformers, loaded without network and without code of theirs."""

import logging
import re
import warnings
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig
from transformers.utils.logging import disable_progress_bar

from ....retarget.errors import MotionGPTError
from ...dataset.sets import load_sets
from ...importers.trained import Record, read_config, read_record
from ...licences import GROUPS, LICENCE_OF, Group, group_of, strictest

_SAMPLE = 1 << 20


def quietly() -> None:
    """Keep the libraries' own bars and remarks off the terminal: that a T5's embedding and output matrix differ, or
    that equal tensors are saved once, is as it should be."""
    disable_progress_bar()
    for name in ("transformers", "accelerate", "peft"):
        logging.getLogger(name).setLevel(logging.ERROR)


def base_checksum(folder: Path) -> int:
    """A checksum of a base model: its settings, and its weights at several places, since they may be many gigabytes.

    Raises MotionGPTError for a folder without settings or weights as safetensors.
    """
    total = zlib.crc32((folder / "config.json").read_bytes()) if read_config(folder) else 0
    paths = sorted(folder.glob("*.safetensors"))
    if not paths:
        raise MotionGPTError(
            f"{folder} holds no weights as safetensors.",
            "Save the model with transformers (save_pretrained), which writes them.",
        )
    for path in paths:
        size = path.stat().st_size
        with open(path, "rb") as file:
            for place in (0, size // 3, 2 * size // 3, max(0, size - _SAMPLE)):
                file.seek(place)
                total = zlib.crc32(file.read(_SAMPLE), total)
    return total


def load_base(kind: Any, folder: Path, **settings: Any) -> Any:
    """A model of a class of transformers, from a folder. Raises MotionGPTError where it can't be loaded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return kind.from_pretrained(folder, local_files_only=True, **settings)
    except (OSError, ValueError, KeyError, RuntimeError, TypeError, AttributeError) as error:
        why = " ".join(str(error).split())[:300]
        raise MotionGPTError(
            f"{folder} can't be loaded as a model ({why}).", "Give a folder that transformers has saved."
        ) from error


def untrained(kind: Any, folder: Path, seed: int, **settings: Any) -> Any:
    """A model of a folder's architecture with random weights, as transformers starts a training."""
    config = load_base(AutoConfig, folder)
    for name, value in settings.items():
        setattr(config, name, value)
    torch.manual_seed(seed)
    return kind.from_config(config) if hasattr(kind, "from_config") else kind(config)


def licence_of_base(folder: Path, given: str | None) -> str:
    """The licence of a base model: given, else what its README's header says; "" where nothing does."""
    path = folder / "README.md"
    if given or not path.is_file():
        return given or ""
    found = re.search(r"^license:\s*(\S+)", path.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
    return found[1] if found else ""


def make_record(
    data: Path, base: Path, base_licence: str | None, description: str, training: dict[str, Any], codes: str = "text"
) -> Record:
    """What a model's card says: which clips under which licences, which base under which, and the settings. Of a base
    that was trained here, in a stage before, it is that one's base and clips too."""
    sets, before = load_sets(data), read_record(base)
    group: Group | None = strictest(s.group for s in sets) if sets else None
    motion = LICENCE_OF[group] if group else "that of the clips"
    name, _, licence = before.base.partition(": ") if before.base else (base.name, "", "")
    licence = base_licence or licence or licence_of_base(base, None)
    groups = [
        group,
        group_of(licence),
        *([next((g for g in GROUPS if g == before.group), None)] if before.base else []),
    ]
    known = [g for g in groups if g]
    return Record(
        licence=f"motion: {motion}; base model {name}: {licence or 'not stated in its folder'}",
        group=strictest(known) if len(known) == len(groups) else "",
        description=description,
        sources=tuple(dict.fromkeys([*(s.licence for s in sets), *before.sources, f"base model: {name}"])),
        training=training,
        codes=codes,
        base=f"{name}: {licence}",
    )


def list_targets(text: str) -> str | list[str]:
    """LoRA's targets as peft takes them: "all-linear", or names of layers."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    return "all-linear" if names == ["all-linear"] else names


def in_order(names: Sequence[str], known: Sequence[str], what: str) -> tuple[str, ...]:
    """Names in the order of `known`. Raises MotionGPTError for others, and for none."""
    wrong = [name for name in names if name not in known]
    if wrong or not names:
        raise MotionGPTError(
            f"There is no {what} {', '.join(wrong) or '(none is named)'}.", f"Use {', '.join(known)}.", "usage"
        )
    return tuple(name for name in known if name in names)
