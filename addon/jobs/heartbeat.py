"""Whether the backend still answers: a question every few seconds, and a limit for the silence after it."""

from __future__ import annotations

BEAT = 2.0
"""Seconds between two questions."""
SILENCE_LIMIT = 15.0
"""Seconds without an answer after which a backend counts as stuck. Its sockets have a thread of their own, so it
answers while it generates."""
_LONGEST_STEP = 1.0


class Patience:
    """Adds up time, but no more than a second for each look: while Blender itself was busy, or the machine asleep,
    nobody has looked, and an answer may lie there unread."""

    def __init__(self) -> None:
        self._seconds = self._looked = 0.0
        self._running = False

    def start(self, now: float) -> None:
        """Begin at zero."""
        self._seconds, self._looked, self._running = 0.0, now, True

    def stop(self) -> None:
        """There is nothing to wait for."""
        self._seconds, self._running = 0.0, False

    def look(self, now: float) -> float:
        """Seconds waited so far; 0 while nothing is waited for."""
        if self._running:
            self._seconds += min(now - self._looked, _LONGEST_STEP)
            self._looked = now
        return self._seconds


class Heartbeat:
    """When to ask the backend how it is, and whether it is stuck."""

    def __init__(self, now: float) -> None:
        self._asked = now
        self._silence = Patience()
        self._silence.start(now)  # the first question is the greeting

    def heard(self) -> None:
        """Something came from the backend."""
        self._silence.stop()

    def due(self, now: float) -> bool:
        """Whether to ask now."""
        if now - self._asked < BEAT:
            return False
        self._asked = now
        if not self._silence.look(now):
            self._silence.start(now)
        return True

    def stuck(self, now: float) -> bool:
        """Whether it has been silent for too long."""
        return self._silence.look(now) > SILENCE_LIMIT
