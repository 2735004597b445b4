"""A trained style as a model folder: the adapter, the phrases that it knows, a card."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig
from safetensors.torch import save_file
from torch import Tensor

from ....retarget.errors import MotionGPTError
from ...engines.starter.style import ADAPTER, KIND, PREFIX
from ...engines.starter.sureness import Known
from ...known.phrases import FILE_NAME as KNOWN
from ...licences import GROUPS, Group, group_of, strictest
from ...model_folder import CARD_NAME, ModelCard, find_file, write_card
from .base import BaseModel


@dataclass(frozen=True)
class About:
    """What a style's card says. licence: of the clips, "" for the animator's own.  clips: their names.  phrases: what
    they are said to show."""

    licence: str
    clips: tuple[str, ...]
    phrases: tuple[str, ...]
    training: Mapping[str, Any]
    measured: Mapping[str, Any]


def check_place(base: BaseModel, target: Path) -> None:
    """Raises MotionGPTError where a style could not be found with its base, or would replace something else."""
    if target.is_file() or (target / CARD_NAME).is_file():
        from ...model_folder import read_card

        if target.is_file() or read_card(target).kind != KIND:
            raise MotionGPTError(f"{target} is no style, so it is not replaced.", "Choose another name.", "unwritable")
    probe = _card(base, target, About("", (), (), {}, {}))
    found = find_file(target, probe, next(iter(base.card.files)))
    if not found.is_file() or found.resolve().parent != base.folder.resolve():
        raise MotionGPTError(
            f"A style in {target} would not find its model {base.folder}.",
            "Put the model among the installed ones, or beside the style.",
            "no_model",
        )


def write_style(
    weights: Mapping[str, Tensor], lora: LoraConfig, known: Known | None, base: BaseModel, target: Path, about: About
) -> ModelCard:
    """Write the model folder of a style; its card last, so that a folder without one is none yet."""
    config, tensors = (target / name for name in ADAPTER)
    config.parent.mkdir(parents=True, exist_ok=True)
    (target / CARD_NAME).unlink(missing_ok=True)
    halves = {PREFIX + name.replace(".default", ""): w.to(torch.float16).contiguous() for name, w in weights.items()}
    save_file(halves, tensors)
    settings = {**lora.to_dict(), "base_model_name_or_path": base.card.name}
    config.write_text(json.dumps(settings, indent=1, default=_plain, sort_keys=True) + "\n", encoding="utf-8")
    if known is not None:
        known.save(target / KNOWN)
    card = _card(base, target, about)
    files = dict.fromkeys((*ADAPTER, *((KNOWN,) if known is not None else ())), "")
    return write_card(ModelCard(**{**_fields(card), "files": files}), target)


def _fields(card: ModelCard) -> dict[str, Any]:
    return {name: getattr(card, name) for name in card.__struct_fields__}


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, set) else str(value)


def _card(base: BaseModel, target: Path, about: About) -> ModelCard:
    of_base = base.card
    group = of_base.group or group_of(of_base.licence) or ""
    own = group_of(about.licence)
    licence = of_base.licence
    if own is not None and (group not in GROUPS or GROUPS.index(own) > GROUPS.index(group)):
        licence, group = about.licence, strictest([own, *_known_group(group)])
    said = "; ".join(about.phrases[:4]) + ("; ..." if len(about.phrases) > 4 else "")
    count = len(about.clips)
    clips = f"{count} clip{'' if count == 1 else 's'} of this style, {about.licence or 'of the animator'}"
    return ModelCard(
        name=target.absolute().name,
        kind=KIND,
        features=of_base.features,
        fps=of_base.fps,
        frames_per_token=of_base.frames_per_token,
        max_seconds=of_base.max_seconds,
        licence=licence,
        group=group,
        files={},
        shared={base.folder.name: dict(of_base.files), **of_base.shared},
        description=f"A style of {of_base.name}: {said}.",
        tasks=of_base.tasks,
        sources=(clips, f"Model: {of_base.name}, {of_base.licence}", *of_base.sources),
        training={**about.training, "clips": list(about.clips)},
        measured=dict(about.measured),
        settings={"base": base.folder.name, "phrases": list(about.phrases)},
    )


def _known_group(group: str) -> Sequence[Group]:
    return [g for g in GROUPS if g == group]
