"""Batches of other processes are those that this one would draw."""

import pytest

torch = pytest.importorskip("torch")

from motiongpt.backend.training.ahead import Ahead, workers_for


def draw(generator):
    return {"drawn": torch.randint(1000, (4,), generator=generator), "also": torch.rand(2)}


def batches(workers, seeds):
    ahead, out = Ahead(draw, workers), []
    for seed in seeds:
        torch.manual_seed(seed)
        out.append(ahead(torch.Generator().manual_seed(seed)))
    return out


def test_batches_come_in_the_order_of_their_seeds() -> None:
    seeds = [7, 8, 9, 10, 3, 4]  # a training that starts again at another step
    for here, there in zip(batches(0, seeds), batches(2, seeds), strict=True):
        assert all(torch.equal(here[k], there[k]) for k in here)


def test_a_processor_draws_for_itself() -> None:
    assert workers_for(torch.device("cpu")) == 0 and workers_for(torch.device("cuda")) >= 1
