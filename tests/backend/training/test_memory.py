"""Freed memory is kept while a training runs."""

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
