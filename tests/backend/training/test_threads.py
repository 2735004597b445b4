"""As many threads as there are free cores."""

import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from motiongpt.backend.training import threads
from motiongpt.retarget.errors import MotionGPTError


@pytest.fixture(autouse=True)
def as_before():
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(("free", "chosen"), [(0.1, 1), (1.4, 1), (2.6, 3), (9.0, 4), (None, 4)])
def test_free_cores_decide(monkeypatch: pytest.MonkeyPatch, free: float | None, chosen: int) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(threads, "free_cores", lambda: free)
    assert threads.choose_threads(None) == chosen


def test_a_wish_and_the_environment_count_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "free_cores", lambda: 1.0)
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    assert threads.choose_threads(None) == 4
    assert threads.choose_threads(2) == 2
    with pytest.raises(MotionGPTError, match="at least one thread, not 0"):
        threads.choose_threads(0)


@pytest.mark.skipif(not Path("/proc/stat").is_file(), reason="the system has no /proc/stat")
def test_busy_cores_are_not_free() -> None:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
        try:
            found = threads.free_cores()
        finally:
            busy.kill()
    assert found is not None and -0.5 < found < (threads.os.cpu_count() or 1) - 0.3
