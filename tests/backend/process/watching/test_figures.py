"""What a server counts."""

import subprocess
import sys

from motiongpt.backend.process.watching.figures import MODELS, Ledger, ModelFigures, Times


def test_percentiles_are_of_the_latest_requests() -> None:
    assert Times.of([]) == Times()
    assert Times.of(range(1, 101)) == Times(51, 96, 100, 100)
    assert Times.of([3.0]) == Times(3.0, 3.0, 3.0, 3.0)


def test_a_ledger_counts_every_request_once() -> None:
    now = 0.0
    ledger = Ledger(lambda: now)
    for companions in (0, 1, 1):
        ledger.started(now - 2.0, companions)
    ledger.ended(-3.0)
    ledger.ended(-4.0, "internal")
    ledger.ended(-5.0, "cancelled")
    ledger.refused("busy")
    found = ledger.figures()
    assert (found.answered, found.failed, found.cancelled, found.refused, found.together) == (1, 1, 1, 1, 2)
    assert found.errors == {"internal": 1, "busy": 1} and found.waited.half == 2.0
    assert (found.took.half, found.took.longest) == (4.0, 4.0) and found.per_minute == 1
    now = 61.0
    assert ledger.figures().per_minute == 0 and ledger.figures().uptime == 61.0


def test_every_model_has_figures_of_its_own() -> None:
    ledger = Ledger(lambda: 10.0)
    for arrived, error, model in ((9.0, "", "open"), (7.0, "", "open"), (6.0, "internal", "open"), (5.0, "", "t5")):
        ledger.ended(arrived, error, model)
    ledger.ended(0.0, "cancelled", "never answered")
    found = ledger.figures()
    assert found.models == {
        "open": ModelFigures(2, 1, Times(3.0, 4.0, 4.0, 4.0)),
        "t5": ModelFigures(1, 0, Times(5.0, 5.0, 5.0, 5.0)),
    }
    for number in range(2 * MODELS):  # names come from clients
        ledger.ended(0.0, "no_model", f"made up {number}")
    assert len(ledger.figures().models) == MODELS and ledger.figures().failed == 1 + 2 * MODELS


def test_memory_is_that_of_the_process() -> None:
    """In a process of its own: one that has run other tests has room to spare."""
    grow = (
        "from motiongpt.backend.process.watching.figures import memory\n"
        "before = memory()\n"
        "block = bytearray(64_000_000)\n"
        "block[::4096] = b'x' * len(block[::4096])\n"
        "print(before, memory())"
    )
    ran = subprocess.run([sys.executable, "-c", grow], capture_output=True, text=True, check=True)
    before, after = map(int, ran.stdout.split())
    assert before > 1_000_000 and after >= before + 30_000_000
