"""What engines answer with."""

from collections.abc import Iterable

from motiongpt.backend.engine import Progress, Result


def finish(events: Iterable[Progress | Result]) -> Result:
    """The result, which is the last of an engine's events and comes after progress alone."""
    *progress, result = events
    assert all(isinstance(event, Progress) for event in progress) and progress
    assert isinstance(result, Result)
    return result
