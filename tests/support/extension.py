"""The built extension in separate Blender processes: how a scenario is started, and what it returns.

BPY_PYTHON names a Python with bpy to use instead of the tests' own, BPY_SCENARIOS a copy of the tests for a Python that
can't see this folder.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from .import_graph import ROOT

TESTS = Path(os.environ.get("BPY_SCENARIOS") or ROOT / "tests")
FAKE_ENGINE = {"PYTHONPATH": str(TESTS / "support" / "fake_process")}
"""Variables that make the backend process run `fake_engine`, which takes a second for the prompt "slow"."""
EVERY_TASK = FAKE_ENGINE | {"FAKE_TASKS": "generate inbetween continue caption"}
"""The same, with every task: the default is text to motion only."""
BUSIEST_SHARE = 0.6
"""Largest share of a job's work on Blender's main thread that one call may do; between calls, the window answers."""

Scenario = Callable[..., Any]


def command(script: Path, name: str, variables: dict[str, str]) -> list[str]:
    """The command that runs one scenario of a script."""
    python = os.environ.get("BPY_PYTHON") or sys.executable
    run = TESTS / "support" / "in_blender" / "run.py"
    return [python, str(run), str(script), name, *(f"{key}={value}" for key, value in variables.items())]


def environment(resources: Path) -> dict[str, str]:
    """Variables for a Blender whose settings and extensions lie in `resources`."""
    # The extension must find everything in its own folder: nothing of the checkout.
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return kept | {"BLENDER_USER_RESOURCES": str(resources)}


def results(lines: Iterable[str]) -> list[Any]:
    """What scenarios printed as their results."""
    return [json.loads(line.removeprefix("RESULT ")) for line in lines if line.startswith("RESULT ")]


def output_of(script: Path, resources: Path, name: str, variables: dict[str, str]) -> str:
    """Run a script to its end, and return what it printed."""
    done = subprocess.run(
        command(script, name, variables), env=environment(resources), cwd=ROOT, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{name}:\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
    return done.stdout


def run_scenario(script: Path, resources: Path, name: str, variables: dict[str, str]) -> Any:
    """Run one scenario, and return its result."""
    printed = output_of(script, resources, name, variables)
    found = results(printed.splitlines())
    assert found, printed
    return found[0]
