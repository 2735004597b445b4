"""Decoding steps compiled by torch over key-value caches of a fixed size (`transformers`' static cache): a step is then
a few large kernels, on CUDA one recorded graph, instead of hundreds of small calls from Python.

Compiling takes a minute and a C compiler. So it is on where it pays, on CUDA, and off on the CPU, unless the
environment says otherwise (SWITCH); where it fails, the model runs as before.
"""

import logging
import os
from collections import OrderedDict
from typing import Any

import torch
from transformers.cache_utils import StaticCache, StaticLayer

SWITCH = "MOTIONGPT_COMPILE"
"""The environment's switch: 1 compiles on the CPU too, 0 nowhere."""
ROOM = 256
"""Tokens of an answer that a cache has room for at first; sizes are multiples of it, so that few are compiled."""
_MOST_CACHES = 2  # of a large model, each takes gigabytes
log = logging.getLogger(__name__)


def is_wanted(device: str) -> bool:
    """Whether steps are to be compiled on a device, "cpu" or "cuda"."""
    return {"0": False, "1": True}.get(os.environ.get(SWITCH, ""), device == "cuda")


class CompiledSteps:
    """Steps of one model on a device, and the caches for them, which are kept: recorded graphs read and write the
    memory that they were recorded with. Only models whose layers all see the whole past have them.

    works: false once compiling has failed, or for a model that can't have such caches.
    """

    def __init__(self, device: str) -> None:
        self._mode = "reduce-overhead" if device == "cuda" else "default"
        self._caches: OrderedDict[tuple[int, int], StaticCache] = OrderedDict()
        self._model: Any = None
        self._step: Any = None
        self.works = True

    def cache(self, config: Any, batch: int, length: int) -> StaticCache | None:
        """An empty cache for prompts of a length; None for a model that can't have one."""
        size = -(-(length + ROOM) // ROOM) * ROOM
        key = (batch, size)
        if key in self._caches:
            self._caches.move_to_end(key)
            self._caches[key].reset()
            return self._caches[key]
        cache = StaticCache(config=config, max_cache_len=size)
        if any(type(layer) is not StaticLayer for layer in cache.layers):
            self.works = False
            return None
        self._caches[key] = cache
        if len(self._caches) > _MOST_CACHES:
            self._caches.popitem(last=False)
        return cache

    def __call__(self, model: Any, cache: Any, own: StaticCache, length: int, **inputs: Any) -> Any:
        """What `model(**inputs, cache=cache)` returns. own: the static cache of it, or in it, which holds `length`
        tokens and grows where it is full."""
        if length >= own.get_max_length():
            _grow(own)
        if self.works:
            try:
                return self._compiled(model)(**inputs, cache=cache)
            except Exception as error:  # noqa: BLE001 - compilers that are missing or fail raise anything
                log.warning("Decoding is not compiled: %s", " ".join(str(error).split())[:300])
                self.works = False
                for layer in own.layers:
                    layer.cumulative_length.fill_(length)  # of what the failed step may have written
        return model(**inputs, cache=cache)

    def _compiled(self, model: Any) -> Any:
        if self._model is not model:
            self._model, self._step = model, torch.compile(model.forward, mode=self._mode)
        torch.compiler.cudagraph_mark_step_begin()
        return self._step


def _grow(cache: StaticCache) -> None:
    """Make room for ROOM more tokens, in other memory."""
    for layer in cache.layers:
        keys, values = layer.keys, layer.values
        layer.max_cache_len += ROOM
        layer.lazy_initialization(keys, values)
        layer.keys[:, :, : keys.shape[2]] = keys
        layer.values[:, :, : keys.shape[2]] = values
