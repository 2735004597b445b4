"""An engine for tests of the extension: walks ahead for as long as asked, and takes a second to think about it.

The backend loads it where MOTIONGPT_TEST_ENGINE is "slow_engine:make" and this folder is on its path. It runs inside
the extension's own package as well as in a checkout, so it takes the modules that the backend has loaded already.
"""

import importlib
import sys
import time
from collections.abc import Iterator

import numpy as np

PACKAGE = "motiongpt_extension." if "motiongpt_extension" in sys.modules else ""
base = importlib.import_module(f"{PACKAGE}backend.engines.base")
motion_module = importlib.import_module(f"{PACKAGE}retarget.motion")
rotations = importlib.import_module(f"{PACKAGE}retarget.rotations")

FPS = 20.0
TOKENS = 20
TOKEN_SECONDS = 0.05


class SlowEngine(base.Engine):
    """Legs swing in turns, a metre a second."""

    name = "slow"
    device = "cpu"
    tasks = ("generate",)
    max_seconds = 30.0

    def generate(self, request: base.GenerateRequest) -> Iterator[object]:
        motion = walk(max(1, round(request.seconds * FPS)))
        yield base.Progress("text", 0.0)
        for token in range(TOKENS):
            time.sleep(TOKEN_SECONDS)
            part = motion.slice(0, max(1, len(motion) * (token + 1) // TOKENS))
            yield base.Progress("tokens", 0.9 * (token + 1) / TOKENS, part)
        yield base.Progress("motion", 1.0)
        yield base.Result((motion,))


def walk(frames: int) -> motion_module.Motion:
    """`frames` frames ahead (+Z), thighs 0.5 rad to and fro once a second."""
    time_s = np.arange(frames) / FPS
    swing = 0.25 * np.sin(2.0 * np.pi * time_s)  # half angles
    turns = np.tile(rotations.IDENTITY, (frames, 22, 1))
    for joint, sign in ((1, 1.0), (2, -1.0)):
        turns[:, joint] = np.column_stack([np.cos(swing), np.sin(sign * swing), 0.0 * swing, 0.0 * swing])
    place = np.column_stack([0.0 * time_s, np.full(frames, 0.95), time_s])
    return motion_module.Motion(turns, place, FPS, np.zeros((frames, 4)))


def make(_model: str, _device: str) -> SlowEngine:
    return SlowEngine()
