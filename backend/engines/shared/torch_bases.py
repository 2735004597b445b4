"""Base models that stay in memory, and adapters (peft) that are switched over them."""

import logging
import weakref
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM
from transformers.utils.logging import disable_progress_bar

from ....retarget.errors import MotionGPTError
from ...model_folder import sha256
from .torch_networks import TorchCausal, torch_type

_MOST = 8  # adapters kept over a base
_bases: "weakref.WeakValueDictionary[tuple[Path, str, str, int], Base]" = weakref.WeakValueDictionary()


class Base:
    """A base model. `use` makes one adapter active, or none."""

    def __init__(self, folder: Path, size: int, device: str, precision: str) -> None:
        disable_progress_bar()
        logging.getLogger("transformers").setLevel(logging.ERROR)
        model = AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch_type(precision), local_files_only=True, use_safetensors=True
        )
        if model.get_input_embeddings().num_embeddings < size:
            # What is added has no meaning yet: adapters that use it bring their own rows.
            model.resize_token_embeddings(size, mean_resizing=False)
        self._model: Any = model.to(device).eval()
        self._adapters: dict[str, Path] = {}
        self._active: str | None = None

    def use(self, adapter: Path | None, name: str) -> Any:
        """The model with an adapter; it is read unless it has been. name: tells adapters apart."""
        if adapter is None:
            if self._adapters and self._active is not None:
                self._model.base_model.disable_adapter_layers()
                self._active = None
            return self._model
        if name not in self._adapters:
            self._load(adapter, name)
        if self._active != name:
            self._model.base_model.enable_adapter_layers()
            self._model.set_adapter(name)
            self._active = name
        return self._model

    def _load(self, adapter: Path, name: str) -> None:
        try:
            if not isinstance(self._model, PeftModel):
                self._model = PeftModel.from_pretrained(self._model, adapter, adapter_name=name)
            else:
                self._model.load_adapter(adapter, adapter_name=name)
        except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
            why = " ".join(str(error).split())[:300]
            raise MotionGPTError(
                f"The adapter in {adapter} does not fit its base model ({why}).", "Import it again.", "no_model"
            ) from error
        self._model.eval()
        self._adapters[name] = adapter
        while len(self._adapters) > _MOST:
            oldest = next(iter(self._adapters))
            self._model.delete_adapter(oldest)
            del self._adapters[oldest]


def base_in_memory(folder: Path, size: int, device: str, precision: str) -> Base:
    """The base model of a folder: the one in memory, as long as an engine uses it, else read now."""
    key = (folder.resolve(), device, precision, size)
    base = _bases.get(key)
    if base is None:
        base = _bases[key] = Base(folder, size, device, precision)
    return base


class AdaptedNetwork(TorchCausal):
    """A base model with one adapter, or none."""

    def __init__(self, folder: Path, adapter: Path | None, size: int, device: str, precision: str) -> None:
        self.base = base_in_memory(folder, size, device, precision)
        self._adapter = adapter
        self._name = sha256(adapter / "adapter_model.safetensors")[:16] if adapter else ""
        super().__init__(folder, {}, device, precision)

    def _load(self) -> torch.nn.Module:
        model: torch.nn.Module = self.base.use(self._adapter, self._name)
        return model

    def _forward(self, tokens: Any) -> Any:
        self._model = self.base.use(self._adapter, self._name)  # another engine may have used it meanwhile
        return super()._forward(tokens)
