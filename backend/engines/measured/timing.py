"""Seconds per token of one model in several precisions, measured in turns."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from ....retarget.errors import MotionGPTError

PROMPT = tuple(range(5, 25))
"""Tokens before the measured ones: about as many as a short text has."""
STEADY, MOST = 8, 64
"""Tokens of each precision, after WARM_UP more: until none has been faster for so many, and at most so many."""
_FASTER = 0.98
WARM_UP = 2
log = logging.getLogger(__name__)


class Steps(Protocol):
    """A language model as `shared.networks.Network` has it."""

    def start(self, prompt: Sequence[int], batch: int) -> object:
        """Read a prompt."""

    def step(self, tokens: Sequence[int]) -> object:
        """Feed the next token of each answer."""


def seconds_per_token(
    makes: Mapping[str, Callable[[], Steps]], clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Seconds of the fastest step in each precision; those that can't be loaded or run are left out.

    Precisions take turns, token by token, and the fastest step counts, so that other programs on the machine delay all
    of them or none. Raises MotionGPTError where none runs.
    """
    networks: dict[str, Steps] = {}
    failures: list[Exception] = []
    for name, make in makes.items():
        try:
            network = make()
            network.start(PROMPT, 1)
            for _ in range(WARM_UP):
                network.step([PROMPT[0]])
        except Exception as error:  # noqa: BLE001 - libraries refuse in many ways; another precision may run
            log.info("%s can't be measured: %s", name, error)
            failures.append(error)
        else:
            networks[name] = network
    if not networks:
        if failures and isinstance(failures[0], MotionGPTError):
            raise failures[0]
        raise MotionGPTError(
            f"The model runs in none of {', '.join(makes)} ({failures[0] if failures else 'there are none'}).",
            "Import it again.",
            "no_model",
        )
    seconds = dict.fromkeys(networks, float("inf"))
    steady = 0
    for _ in range(MOST):
        steady += 1
        for name, network in networks.items():
            started = clock()
            network.step([PROMPT[0]])
            took = clock() - started
            if took < _FASTER * seconds[name]:
                steady = 0
            seconds[name] = min(seconds[name], took)
        if steady >= STEADY:
            break
    return {name: round(value, 7) for name, value in seconds.items()}
