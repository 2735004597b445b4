"""Benchmark of an installed model: time to a motion and to its first preview, and time and memory of a fresh process.

`python -m motiongpt.backend.bench.models MODEL DEVICE PRECISION SECONDS` is that process; it prints a JSON object.
"""

import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

from ...retarget.errors import MotionGPTError
from ..engine import MOST_TOGETHER, Engine, Progress, Result, last_result
from ..process.launch import LAUNCHER
from ..tasks import Generate

PROMPT = "a person walks forward"


@dataclass(frozen=True)
class Timing:
    """Seconds from a request to its first preview (None if the engine gave none), and to its result."""

    preview: float | None
    result: float


def time_request(engine: Engine, seconds: float, seed: int) -> Timing:
    """Generate one motion of `PROMPT`. seconds: its length."""
    started, preview = time.perf_counter(), None
    for event in engine.generate(Generate(PROMPT, seconds, seed=seed)):
        if isinstance(event, Progress) and event.motion is not None and preview is None:
            preview = time.perf_counter() - started
        if isinstance(event, Result):
            return Timing(preview, time.perf_counter() - started)
    raise RuntimeError("the engine ended without a result")


@dataclass(frozen=True)
class Waiting:
    """Seconds for requests that wait: one after another, and together."""

    alone: float
    together: float


def time_waiting(engine: Engine, seconds: float) -> Waiting | None:
    """MOST_TOGETHER requests answered in both ways, each with a seed of its own, as a model keeps what it has decoded;
    None for a model that does not batch."""
    tasks = [Generate(PROMPT, seconds, seed=seed) for seed in range(1000, 1000 + 3 * MOST_TOGETHER)]
    first, second, third = (tasks[i::3] for i in range(3))
    if not all(map(engine.batches, tasks)):
        return None
    list(engine.answer_batch(first[:2]))  # the first batch tries what the machine can do
    started = time.perf_counter()
    for task in second:
        last_result(task.answer(engine))
    between = time.perf_counter()
    list(engine.answer_batch(third))
    return Waiting(between - started, time.perf_counter() - between)


def median_preview(timings: list[Timing]) -> float | None:
    """Median seconds to the first preview; None unless every request gave one."""
    previews = [t.preview for t in timings if t.preview is not None]
    return statistics.median(previews) if len(previews) == len(timings) else None


@dataclass(frozen=True)
class ProcessTiming:
    """start_seconds: from the start of a process, its imports included, to its end after one motion.
    peak_bytes: its peak memory (None on systems that don't report it)."""

    start_seconds: float
    peak_bytes: int | None


def measure_process(model: str, device: str, precision: str, seconds: float) -> ProcessTiming:
    """Run a process that loads the model and generates one motion. Raises MotionGPTError if it fails."""
    command = [sys.executable, "-P", str(LAUNCHER), __spec__.name, model, device, precision, str(seconds)]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds_taken = time.perf_counter() - started
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise MotionGPTError(f"A fresh process could not run the model ({last}).", "Try `motiongpt generate` first.")
    return ProcessTiming(seconds_taken, json.loads(done.stdout.splitlines()[-1])["peak_bytes"])


def peak_bytes() -> int | None:
    """The peak memory of this process; None on systems that don't report it (Windows)."""
    try:
        import resource
    except ImportError:
        return None
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024


def _main() -> None:
    from ..engines import load_engine

    model, device, precision, seconds = sys.argv[1:]
    time_request(load_engine(model, device, precision), float(seconds), 0)
    print(json.dumps({"peak_bytes": peak_bytes()}))


if __name__ == "__main__":
    _main()
