"""The built extension inside Blender: installed from its zip, enabled and disabled; its backend never outlives Blender.

Every scenario of the `..._scenarios.py` beside a test runs in a Blender process of its own.
"""

import os
import signal
import subprocess
import time
from pathlib import Path

from support.extension import FAKE_ENGINE, TESTS, Scenario, command, environment, results
from support.import_graph import ROOT


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_registers_again_and_leaves_nothing(scenario: Scenario) -> None:
    assert scenario("register_twice") == [[False, [], False], [True, True, False]] * 2


def test_disabling_ends_job_and_backend(scenario: Scenario) -> None:
    seen = scenario("unregistered_while_running")
    assert (seen["state"], seen["ended"]) == ("CANCELLED", True)


def test_backend_ends_when_blender_is_killed(extension: Path) -> None:
    blender = subprocess.Popen(
        command(TESTS / "addon" / "addon_scenarios.py", "wait_to_be_killed", FAKE_ENGINE),
        env=environment(extension),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert blender.stdout is not None
    try:
        line = next((line for line in blender.stdout if line.startswith("RESULT ")), "")
        (found,) = results([line])
        assert alive(found["backend"])
        os.kill(found["blender"], signal.SIGKILL)
        end = time.monotonic() + 10
        while alive(found["backend"]) and time.monotonic() < end:
            time.sleep(0.05)
        assert not alive(found["backend"])
    finally:
        blender.kill()
        blender.wait()
