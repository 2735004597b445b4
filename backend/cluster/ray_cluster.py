"""Replicas as actors on a Ray cluster. No other module imports Ray.

Actors and not Ray Serve: a gateway that speaks our protocol has the fair queue, cancels, batches and retries already,
and must know which replica is free; Serve would put a second queue and a router behind it, and answers a request whose
replica dies with an error.
"""

import contextlib
import logging
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec

from ...retarget.errors import MotionGPTError
from ..model_folder import find_model
from .remote import ReplicaDied
from .replica import About, Replica, Reply, Request

log = logging.getLogger(__name__)

LOCAL = "local"
"""The address that means: a cluster of this machine alone, for as long as this process runs."""
_LOCAL_STARTS = 3
"""A busy machine can need longer than Ray waits for its own processes, about 15 seconds."""
BASE_BYTES = 600_000_000
"""Memory of a replica besides its model."""
PER_MODEL_BYTE = 2.0
"""Bytes of memory for each byte of a model's files: as read, and as the runtime lays them out."""


@dataclass(frozen=True)
class Share:
    """What a replica takes of a machine. cpus: processors, which its engine then uses.  gpus: may be a fraction.
    device, precision: as `load_engine` takes them."""

    cpus: float = 1.0
    gpus: float = 0.0
    device: str = "auto"
    precision: str = "auto"

    def __post_init__(self) -> None:
        if not 0.1 <= self.cpus <= 1024 or not 0.0 <= self.gpus <= 64 or (self.gpus > 1 and self.gpus % 1):
            raise MotionGPTError(
                "A replica can't have that share of a machine.",
                "Use 0.1 or more processors, and a fraction of a GPU or whole ones.",
                "usage",
            )


def connect(address: str, processors: int | None = None) -> Any:
    """The module ray, connected to a cluster. address: of its head, "auto", or LOCAL. processors: of a local one.

    Raises MotionGPTError where Ray is not installed or the cluster can't be reached.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is reported to its maker
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise MotionGPTError(
            "Ray is not installed.", "Install it on every machine: pip install 'motiongpt-blender[ray]'.", "usage"
        ) from error
    options: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
    if address == LOCAL:
        options |= {"address": "local", "include_dashboard": False, "num_cpus": processors}
    else:
        options |= {"address": address}
    attempts = _LOCAL_STARTS if address == LOCAL else 1
    for attempt in range(attempts):
        try:
            ray.init(**options)
            return ray
        except Exception as error:  # Ray raises bare exceptions of many kinds
            disconnect(ray)
            if attempt + 1 < attempts:
                log.warning("Ray did not start; trying again")
                continue
            why = " ".join(str(error).split())[:200]
            raise MotionGPTError(
                f"The Ray cluster {address} can't be reached ({why}).",
                "See whether `ray status` works on this machine, and whether both have the same version of Ray.",
                "no_cluster",
            ) from error
    raise AssertionError("unreachable")


def disconnect(ray: Any) -> None:
    """Leave the cluster; what this process started there ends."""
    with contextlib.suppress(Exception):  # a cluster that is gone
        ray.shutdown()


def fetched(reference: Any) -> Any:
    """What `RayCluster.put` has put there, for code that runs on the cluster."""
    import ray

    return ray.get(reference)


@cache
def memory_of(model: str) -> int:
    """Bytes of memory that a replica of a model claims, by its files. Raises MotionGPTError ("no_model")."""
    folder, card = find_model(model)
    size = sum((folder / name).stat().st_size for name in card.files if (folder / name).exists())
    return BASE_BYTES + int(PER_MODEL_BYTE * size)


class RayCluster:
    """See `remote.Cluster`. Models must be installed under the same names on every machine, and on this one."""

    def __init__(self, ray: Any, share: Share) -> None:
        self._ray, self._share = ray, share

    def claim(self, model: str) -> dict[str, float]:
        """What a replica takes, as Ray counts it."""
        claim = {"CPU": self._share.cpus, "memory": float(memory_of(model))}
        return claim | ({"GPU": self._share.gpus} if self._share.gpus else {})

    def start(self, model: str) -> "RayReplica":
        share = self._share
        arguments = (model, share.device, share.precision, max(1, int(share.cpus)))
        return RayReplica(self, self.actor(Replica, model, arguments))

    def actor(self, kind: type, model: str, arguments: Sequence[Any]) -> Any:
        """An actor with a replica's share of a machine. Raises MotionGPTError where no machine could have it."""
        claim = self.claim(model)
        nodes = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        if not any(_fits(claim, node) for node in nodes):
            raise MotionGPTError(
                f"No machine of the cluster can run {model}: a replica takes {_words(claim)}.",
                "Add a larger machine, or give each replica a smaller share.",
                "no_place",
            )
        options = {
            "num_cpus": claim["CPU"],
            "num_gpus": claim.get("GPU", 0),
            "memory": int(claim["memory"]),
            "max_restarts": 0,  # who asked starts another, and knows what it has to do again
            "max_task_retries": 0,
            "max_concurrency": 4,  # questions and cancels come while it answers
        }
        return self._ray.remote(kind).options(**options).remote(*arguments)

    def stream(self, method: Any, *arguments: Any) -> Iterator[Any]:
        """What a method of an actor yields, as it comes. Raises ReplicaDied."""
        with self.died():
            for reference in method.options(num_returns="streaming").remote(*arguments):
                yield self._ray.get(reference)

    def call(self, method: Any) -> Any:
        """What a method of an actor returns. Raises ReplicaDied."""
        with self.died():
            return self._ray.get(method.remote())

    def answered(self, reference: Any) -> bool:
        """Whether an answer has come. Raises ReplicaDied where there will be none."""
        with self.died():
            if not self._ray.wait([reference], timeout=0)[0]:
                return False
            self._ray.get(reference)
            return True

    def put(self, content: bytes) -> Any:
        """A reference to data that the cluster keeps as long as this process has it."""
        return self._ray.put(content)

    def kill(self, actor: Any) -> None:
        """End an actor, whatever it does."""
        with contextlib.suppress(Exception):  # it, or the cluster, may be gone
            self._ray.kill(actor)

    @contextlib.contextmanager
    def died(self) -> Iterator[None]:
        """Errors of the cluster as ReplicaDied."""
        try:
            yield
        except self._ray.exceptions.RayTaskError as error:
            log.exception("A replica failed")
            raise ReplicaDied(type(error.cause).__name__) from error
        except self._ray.exceptions.RayError as error:
            raise ReplicaDied(type(error).__name__) from error

    def room(self, model: str) -> bool:
        try:
            return _fits(self.claim(model), self._ray.available_resources())
        except self._ray.exceptions.RayError:
            return False

    def close(self) -> None:
        disconnect(self._ray)


class RayReplica:
    """See `remote.Remote`."""

    def __init__(self, cluster: RayCluster, actor: Any) -> None:
        self._cluster, self._actor = cluster, actor
        self._question: tuple[Any, float] | None = None

    def about(self) -> About:
        return msgspec.msgpack.decode(self._cluster.call(self._actor.about), type=About)

    def answer(self, requests: Sequence[Request]) -> Iterator[list[Reply]]:
        return self._cluster.stream(self._actor.answer, list(requests))

    def cancel(self, number: int) -> None:
        with self._cluster.died():
            self._actor.cancel.remote(number)

    def silent(self) -> float:
        if self._question is not None and not self._cluster.answered(self._question[0]):
            return time.monotonic() - self._question[1]
        with self._cluster.died():
            self._question = (self._actor.ping.remote(), time.monotonic())
        return 0.0

    def kill(self) -> None:
        self._cluster.kill(self._actor)


def _fits(claim: dict[str, float], there: dict[str, float]) -> bool:
    return all(there.get(what, 0.0) >= amount for what, amount in claim.items())


def _words(claim: dict[str, float]) -> str:
    gpus = f", {claim['GPU']:g} GPUs" if "GPU" in claim else ""
    return f"{claim['CPU']:g} processors{gpus} and {claim['memory'] / 1e9:.1f} GB of memory"
