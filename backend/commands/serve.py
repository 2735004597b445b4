"""`motiongpt serve`: the backend process for the add-on and for other programs."""

import argparse
import contextlib
import logging
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ...retarget.errors import MotionGPTError
from ..process import log
from ..process.connection import LOOPBACK
from .shared.cluster import add_ray, share_of
from .shared.declaring import Subparsers, add_command, add_model_arguments
from .shared.outputs import check_output
from .shared.report import Report

if TYPE_CHECKING:
    from ..process.worker import Workers

MOST_REPLICAS = 1_000


def declare(subparsers: Subparsers) -> None:
    """Declare `serve`."""
    parser = add_command(
        subparsers,
        "serve",
        "run the backend process until it is stopped",
        "motiongpt serve --handover ~/.cache/motiongpt-handover.json",
        run,
    )
    parser.add_argument(
        "--handover",
        type=Path,
        metavar="FILE",
        help="where to write address and keys; a file that is there is replaced",
    )
    parser.add_argument("--parent-pid", type=int, metavar="PID", help="stop when that process ends")
    parser.add_argument("--log", type=Path, metavar="FILE", help="where to log, in a file that rotates (stderr)")
    parser.add_argument("--host", default=LOOPBACK, help=f"address to listen on ({LOOPBACK}: this machine only)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (any)")
    parser.add_argument(
        "--keys",
        type=Path,
        metavar="FILE",
        help="key file of a server that several people use, from `motiongpt keys add`; its fingerprint is printed",
    )
    _add_cluster(parser)
    parser.add_argument(
        "--metrics-port", type=int, metavar="PORT", help="serve figures for Prometheus on this port of this machine"
    )
    add_model_arguments(parser)


def _add_cluster(parser: argparse.ArgumentParser) -> None:
    add_ray(parser)
    parser.add_argument("--replicas", type=int, default=1, metavar="N", help="with --ray: engines at least (1)")
    parser.add_argument(
        "--most-replicas", type=int, metavar="N", help="with --ray: engines when many requests wait (as --replicas)"
    )


def run(args: argparse.Namespace) -> Report:
    """Serve; what happens is logged."""
    if args.handover is None and args.keys is None:
        raise MotionGPTError("Nobody could connect.", "Give --handover FILE, or --keys FILE.", "usage")
    if not 0 <= args.port < 65536:
        raise MotionGPTError(f"There is no port {args.port}.", "Use 1 to 65535, or leave out --port.", "usage")
    if args.handover is not None:
        check_output(args.handover, (".json",))
    log.set_up(args.log)
    from ..engines import load_engine
    from ..model_folder import installed_models
    from ..process import parent
    from ..process.access.keys import KeyFile, fingerprint
    from ..process.server import Server

    keys = None if args.keys is None else KeyFile(args.keys)
    with _workers(args) as workers:
        server = Server(
            load=lambda model: load_engine(model, args.device, args.precision),
            model=args.model,
            device=args.device,
            models=tuple(installed_models()),
            parent_gone=(lambda: False) if args.parent_pid is None else parent.watch(args.parent_pid),
            host=args.host,
            metrics_port=args.metrics_port,
            workers=workers,
            keys=keys,
            port=args.port,
        )
        if keys is not None:
            print(f"Fingerprint: {fingerprint(keys.keys.server_key)}", flush=True)
        for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), lambda number, frame: server.stop())
        try:
            ended = server.run(args.handover)
        except KeyboardInterrupt:
            ended = False
    logging.shutdown()
    if not ended:
        # The worker is still inside the model: waiting could take long, unloading its libraries could crash.
        os._exit(0)
    return Report()


@contextlib.contextmanager
def _workers(args: argparse.Namespace) -> "Iterator[Callable[[Callable[[], None]], Workers] | None]":
    """What makes the pool of replicas on the cluster; None without one."""
    if not args.ray:
        yield None
        return
    from ..cluster.pool import Pool, Size
    from ..cluster.ray_cluster import RayCluster, connect

    share, most = share_of(args), args.most_replicas or args.replicas
    if not 1 <= args.replicas <= most <= MOST_REPLICAS:
        raise MotionGPTError(
            "That many replicas can't be run.",
            f"Use 1 to {MOST_REPLICAS} --replicas, and no fewer --most-replicas.",
            "usage",
        )
    cluster = RayCluster(connect(args.ray), share)
    try:
        yield lambda wake: Pool(cluster, args.model, Size(args.replicas, most), wake)
    finally:
        cluster.close()
