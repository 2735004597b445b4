"""Batches drawn ahead of time by other processes, so that a fast GPU need not wait for them."""

import itertools
import os
from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

Batch = dict[str, Tensor]
Draw = Callable[[torch.Generator], Batch]

_EACH = 4  # batches that a process is ahead


class _Drawn(Dataset[Batch]):
    """The batch of every seed."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw

    def __getitem__(self, seed: int) -> Batch:
        torch.manual_seed(seed)
        return self._draw(torch.Generator().manual_seed(seed))


class Ahead:
    """`draw`, whose batches depend on the generator's seed alone, for seeds that count up by one.

    workers: processes; 0 draws in this one. The batches are the same in either case.
    """

    def __init__(self, draw: Draw, workers: int) -> None:
        self._draw, self._workers = draw, workers
        self._next = -1
        self._coming: Iterator[Batch] = iter(())

    def __call__(self, generator: torch.Generator) -> Batch:
        if self._workers < 1:
            return self._draw(generator)
        seed = generator.initial_seed()
        if seed != self._next:
            loader = DataLoader(
                _Drawn(self._draw),
                batch_size=None,
                sampler=itertools.count(seed),
                num_workers=self._workers,
                prefetch_factor=_EACH,
                multiprocessing_context="fork",
            )
            self._coming = iter(loader)
        self._next = seed + 1
        return next(self._coming)


def workers_for(where: torch.device) -> int:
    """How many processes should draw batches for a device: none where they would take its cores from the training."""
    return max(1, (os.cpu_count() or 1) - 2) if where.type == "cuda" else 0
