"""Styles: small adapters over the language model of a base model, made by `motiongpt train style`.

A style is a model folder of its own: a card, the phrases that it knows, and an adapter (LoRA, in peft's layout) in the
folder `adapter`. The base stays where it is: the card names its files, with their checksums, as shared ones. A style
is run by the base's engine with other weights in the graphs of the language model; all other graphs are those in
memory.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ....retarget.errors import MotionGPTError
from ....retarget.typing import Float32s, Numbers
from ...checkpoints.safetensors_file import SafetensorsFile
from ...known.phrases import FILE_NAME as KNOWN
from ...model_folder import CARD_NAME, ModelCard, all_files, find_file, read_card
from .sureness import Known

KIND = "motiongpt-style"
ADAPTER = ("adapter/adapter_config.json", "adapter/adapter_model.safetensors")
PREFIX = "base_model.model."
"""What peft puts before the names of modules."""
_ROUNDED = 0.005  # of a similarity, by vectors in 8 bits


@dataclass(frozen=True, eq=False)
class Style:
    """folder: its own.  base: the base's name.  changes: what is added to weights of the base, by name.  known: the
    phrases of the style, then those of the base; None where the base has none.  phrases: those of the style alone."""

    folder: Path
    base: str
    changes: Mapping[str, Float32s]
    known: Known | None
    phrases: tuple[str, ...]

    def is_asked_for(self, states: Numbers) -> bool:
        """Whether a text, of these states (L, 384), is as near to a phrase of the style as to any of the base: to all
        other texts, the base itself answers."""
        if self.known is None or not self.phrases:
            return True
        near, own = self.known.similarities(states), len(self.phrases)
        return bool(near[:own].max() > near[own:].max() - _ROUNDED)


def load_style(folder: Path, card: ModelCard) -> tuple[Path, ModelCard, Style]:
    """The base's folder, the base's card under the style's name, and the style.

    Raises MotionGPTError ("no_model") for an adapter that can't be read, or whose base is gone or has changed.
    """
    base_folder, base = find_base(folder, card)
    known = Known.load(folder / KNOWN) if KNOWN in card.files else None
    style = Style(folder, base.name, read_adapter(folder), known, tuple(card.settings.get("phrases", ())))
    described = msgspec.structs.replace(
        base, name=card.name, licence=card.licence, group=card.group, description=card.description
    )
    return base_folder, described, style


def find_base(folder: Path, card: ModelCard) -> tuple[Path, ModelCard]:
    """The base model of a style. Raises MotionGPTError ("no_model") where it is gone, or is not what the style was
    trained on."""
    name = str(card.settings.get("base", ""))
    held = card.shared.get(name)
    place = find_file(folder, card, next(iter(held))).parent if held else None
    if place is None or not (place / CARD_NAME).is_file():
        raise MotionGPTError(
            f"The style {card.name} needs the model {name or 'that it was trained on'}, which is not installed.",
            f"Install {name or 'it'}, or train the style again on another model.",
            "no_model",
        )
    base = read_card(place)
    if any(all_files(base).get(file) != check for files in card.shared.values() for file, check in files.items()):
        raise MotionGPTError(
            f"The style {card.name} was trained on another version of {name} than the one installed.",
            "Train the style again.",
            "no_model",
        )
    return place, base


def read_adapter(folder: Path) -> dict[str, Float32s]:
    """What a style adds to weights of its base, by their names. Raises MotionGPTError ("no_model")."""
    config, weights = (folder / name for name in ADAPTER)
    try:
        settings = json.loads(config.read_text(encoding="utf-8"))
        scale = float(settings["lora_alpha"]) / float(settings["r"])
        with SafetensorsFile(weights) as file:
            ends = ".lora_A.weight"
            names = [name.removesuffix(ends) for name in file.tensors if name.endswith(ends)]
            return {
                f"{name.removeprefix(PREFIX)}.weight": scale
                * (file.read_float32(f"{name}.lora_B.weight") @ file.read_float32(f"{name}{ends}"))
                for name in names
            }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise MotionGPTError(
            f"The adapter in {folder} can't be read ({error}).", "Train the style again.", "no_model"
        ) from error
