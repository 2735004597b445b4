"""`motiongpt serve`: the backend process for the add-on and for other programs."""

import argparse
import logging
import os
import signal
from pathlib import Path

from ..process import log
from ..process.connection import LOOPBACK
from .shared.declaring import Subparsers, add_command, add_model_arguments
from .shared.outputs import check_output
from .shared.report import Report


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
        required=True,
        metavar="FILE",
        help="where to write address and keys; a file that is there is replaced",
    )
    parser.add_argument("--parent-pid", type=int, metavar="PID", help="stop when that process ends")
    parser.add_argument("--log", type=Path, metavar="FILE", help="where to log, in a file that rotates (stderr)")
    parser.add_argument("--host", default=LOOPBACK, help=f"address to listen on ({LOOPBACK}: this machine only)")
    parser.add_argument(
        "--metrics-port", type=int, metavar="PORT", help="serve figures for Prometheus on this port of this machine"
    )
    add_model_arguments(parser)


def run(args: argparse.Namespace) -> Report:
    """Serve; what happens is logged."""
    check_output(args.handover, (".json",))
    log.set_up(args.log)
    from ..engines import load_engine
    from ..model_folder import installed_models
    from ..process import parent
    from ..process.server import Server

    server = Server(
        load=lambda model: load_engine(model, args.device, args.precision),
        model=args.model,
        device=args.device,
        models=tuple(installed_models()),
        parent_gone=(lambda: False) if args.parent_pid is None else parent.watch(args.parent_pid),
        host=args.host,
        metrics_port=args.metrics_port,
    )
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
