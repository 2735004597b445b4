"""The arguments of commands that run on a Ray cluster."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...cluster.ray_cluster import Share


def add_ray(parser: argparse.ArgumentParser) -> None:
    """--ray and what each replica takes of a machine."""
    parser.add_argument(
        "--ray",
        default="",
        metavar="ADDRESS",
        help="run engines on this Ray cluster: HOST:PORT of its head, auto, or local (this machine alone)",
    )
    parser.add_argument(
        "--cpus-per-replica", type=float, default=1.0, metavar="N", help="with --ray: processors for each engine (1)"
    )
    parser.add_argument(
        "--gpus-per-replica",
        type=float,
        default=0.0,
        metavar="N",
        help="with --ray: GPUs for each engine, such as 0.25: four engines share one (0)",
    )


def share_of(args: argparse.Namespace) -> "Share":
    """What those arguments ask for. Raises MotionGPTError."""
    from ...cluster.ray_cluster import Share

    device = "cuda" if args.gpus_per_replica and args.device == "auto" else args.device
    return Share(args.cpus_per_replica, args.gpus_per_replica, device, args.precision)
