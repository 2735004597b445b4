"""How fast a model is: warm, to the first partial motion, and from the start of a process; and what memory that takes.

`python -m motiongpt.backend.bench.models MODEL DEVICE PRECISION SECONDS` is the process that is started for the latter;
it prints a JSON object.
"""

import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

from ...retarget.errors import MotionGPTError
from ..engine import Engine, Progress, Result
from ..process.launch import LAUNCHER
from ..tasks import Generate

PROMPT = "a person walks forward"


@dataclass(frozen=True)
class Timing:
    """Seconds of one request: until the first partial motion (None where the engine showed none), and until the end."""

    partial: float | None
    whole: float


def time_request(engine: Engine, seconds: float, seed: int) -> Timing:
    """One motion of `PROMPT`."""
    started, partial = time.perf_counter(), None
    for event in engine.generate(Generate(PROMPT, seconds, seed=seed)):
        if isinstance(event, Progress) and event.motion is not None and partial is None:
            partial = time.perf_counter() - started
        if isinstance(event, Result):
            return Timing(partial, time.perf_counter() - started)
    raise RuntimeError("the engine ended without a result")


def median_partial(timings: list[Timing]) -> float | None:
    """Median time to the first partial motion; None unless every request showed one."""
    shown = [t.partial for t in timings if t.partial is not None]
    return statistics.median(shown) if len(shown) == len(timings) else None


@dataclass(frozen=True)
class ProcessTiming:
    """start_seconds: from starting a new process, with everything that it imports, to its end after one motion.
    peak_bytes: the most memory that it held until then (None where the system does not say)."""

    start_seconds: float
    peak_bytes: int | None


def measure_process(model: str, device: str, precision: str, seconds: float) -> ProcessTiming:
    """A new process that loads the model and makes one motion.

    Raises MotionGPTError where the process fails.
    """
    command = [sys.executable, "-P", str(LAUNCHER), __spec__.name, model, device, precision, str(seconds)]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    took = time.perf_counter() - began
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise MotionGPTError(f"A new process could not run the model ({last}).", "Try `motiongpt generate` first.")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return ProcessTiming(took, told["peak_bytes"])


def peak_bytes() -> int | None:
    """The most memory that this process has held at a time; None on systems that don't say (Windows)."""
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
