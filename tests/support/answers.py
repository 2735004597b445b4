"""The answers of engines."""

from collections.abc import Iterable

from motiongpt.backend.engine import Progress, Result


def finish(events: Iterable[Progress | Result]) -> Result:
    """The result, which must be an engine's last event, after nothing but progress."""
    *progress, result = events
    assert all(isinstance(event, Progress) for event in progress) and progress
    assert isinstance(result, Result)
    return result
