"""What a training keeps of a step for the next one."""

import subprocess
import sys

import pytest

pytest.importorskip("torch")

STEPS = """
import resource, sys, torch
from motiongpt.backend.training.memory import keep_freed_memory
kept = sys.argv[1] == "keep" and keep_freed_memory()
torch.set_num_threads(1)
scores = torch.zeros(4000, 4000)
def step():
    torch.exp(scores * 2.0)
step()
step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    step()
print(int(kept), resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(word: str) -> tuple[bool, int]:
    """Whether memory is kept, and how many pages the system had to hand out in five steps."""
    run = subprocess.run([sys.executable, "-c", STEPS, word], capture_output=True, text=True, check=True)
    kept, count = run.stdout.split()
    return kept == "1", int(count)


def test_steps_reuse_the_memory_of_earlier_ones() -> None:
    kept, few = faults("keep")
    if not kept:
        pytest.skip("not glibc")
    assert 2 * few < faults("leave")[1]


PRODUCTS = """
import os, sys
os.environ["ONEDNN_VERBOSE"] = "2"  # says of each product whether it was prepared anew
import torch
from motiongpt.backend.training.memory import keep_prepared_products
if sys.argv[1] == "keep":
    keep_prepared_products()
weights = torch.zeros(32, 32, dtype=torch.bfloat16)
for _ in range(2):
    print("ROUND", flush=True)
    for rows in range(1, 1400):
        torch.zeros(rows, 32, dtype=torch.bfloat16) @ weights
"""


def prepared(word: str) -> int:
    """How many of 1,399 products, made a second time, are prepared anew."""
    run = subprocess.run([sys.executable, "-c", PRODUCTS, word], capture_output=True, text=True, check=True)
    *_, again = run.stdout.split("ROUND")
    return sum("create:cache_miss" in line for line in again.splitlines())


def test_products_are_prepared_once() -> None:
    often = prepared("leave")
    if not often:
        pytest.skip("products in bfloat16 are not made by oneDNN here")
    assert not prepared("keep")
