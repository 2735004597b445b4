"""What the pool needs of a cluster, whichever it is: replicas that are started, asked, and die."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from .replica import About, Reply, Request


class ReplicaDied(Exception):
    """A replica is gone: its process or machine ended, or it can't be reached."""


class Remote(Protocol):
    """A replica, from afar. Every method raises ReplicaDied once it is gone."""

    def about(self) -> About:
        """What it says of itself; waits until its model is loaded. Raises MotionGPTError where that fails."""

    def answer(self, requests: Sequence[Request]) -> Iterator[list[Reply]]:
        """Replies to a group of requests, as they come; those that come at one time together."""

    def cancel(self, number: int) -> None:
        """Cancel a job of the group that is being answered. Returns at once."""

    def silent(self) -> float:
        """For how many seconds it has not answered a question; asks the next one where it has. Returns at once."""

    def kill(self) -> None:
        """End it, whatever it does. Never raises."""


class Cluster(Protocol):
    """Machines that run replicas."""

    def start(self, model: str) -> Remote:
        """Start a replica of a model where there is memory for it. Raises MotionGPTError where no machine could ever
        have the memory and processors for it."""

    def room(self, model: str) -> bool:
        """Whether there is place for another replica of a model right now."""

    def close(self) -> None:
        """Leave the cluster; its replicas end."""
