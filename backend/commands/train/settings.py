"""How stages of training are declared, and how their settings are read."""

import argparse
import contextlib
import dataclasses
import functools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ....retarget.errors import MotionGPTError
from ..shared.asking import need_torch
from ..shared.declaring import Subparsers, add_command
from ..shared.outputs import add_output
from ..shared.report import Report


def add_minutes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--minutes", type=float, metavar="M", help="finish after this time, if that is before the steps"
    )


def add_stage(
    inner: Subparsers, name: str, summary: str, example: str, run: Callable[[argparse.Namespace], Report]
) -> argparse.ArgumentParser:
    """Declare a training stage: its input, its output and its settings."""
    parser = add_command(inner, name, summary, example, functools.partial(run_alone, run))
    parser.add_argument("dataset", type=Path, metavar="DATASET")
    add_output(parser, "FOLDER", "for checkpoints and log", there="resumed")
    parser.add_argument("--steps", type=int, help="number of training steps")
    parser.add_argument("--batch", type=int, help="batch size")
    parser.add_argument("--seed", type=int, help="random seed (0)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda (auto)")
    parser.add_argument("--threads", type=int, metavar="N", help="on the CPU (as many as there are free cores)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any other setting of the training or the network, such as width=512",
    )
    return parser


def run_alone(run: Callable[[argparse.Namespace], Report], args: argparse.Namespace) -> Report:
    """Run a stage while no other training is in its folder, on the threads that it should have."""
    need_torch()
    print(f"Training in {args.output}; reading {args.dataset} ...", file=sys.stderr, flush=True)
    from ...training.folder import held
    from ...training.memory import keep_freed_memory, keep_prepared_products
    from ...training.threads import choose_threads

    keep_freed_memory()
    keep_prepared_products()
    with held(args.output):
        threads = choose_threads(args.threads)
        print(f"On the processor: {threads} thread{'s' if threads > 1 else ''}.", file=sys.stderr, flush=True)
        return run(args)


def settings_from(args: argparse.Namespace, *kinds: Any) -> list[Any]:
    """One instance of each settings dataclass, or a changed copy of an instance, from --set and the options that are
    called like its fields."""
    types: dict[str, Any] = {f.name: f.type for kind in kinds for f in dataclasses.fields(kind)}
    named = {"steps", "minutes", "batch", "seed", *types}
    given: dict[str, Any] = {k: found for k in named if (found := getattr(args, k, None)) is not None}
    for entry in args.set:
        name, equals, value = entry.partition("=")
        if not equals:
            raise MotionGPTError(f"--set {entry} is not NAME=VALUE.", "Write for instance --set width=512.")
        if name not in types:
            raise MotionGPTError(f"There is no setting {name}.", f"There are: {', '.join(sorted(types))}.")
        with contextlib.suppress(ValueError):  # text needs no quotes
            value = json.loads(value)
        if isinstance(value, bool) or not isinstance(value, (int, float) if types[name] is float else types[name]):
            raise MotionGPTError(
                f"--set {entry}: {value!r} is not of type {types[name].__name__}.",
                "Write for instance --set width=512.",
            )
        given[name] = value
    for name, value in given.items():
        check_range(name, value, types.get(name, float if name == "minutes" else int))
    return [
        dataclasses.replace(
            kind() if isinstance(kind, type) else kind,
            **{f.name: given[f.name] for f in dataclasses.fields(kind) if f.name in given},
        )
        for kind in kinds
    ]


_FROM_ZERO = ("seed", "composites", "warmup", "checkpointing", "pretrained", "bits", "crops")
"""Whole numbers that may be 0; all others are sizes and counts, at least 1."""


def check_range(name: str, value: Any, kind: Any) -> None:
    """Raise MotionGPTError for a number that no training can use. kind: the setting's type."""
    if kind is int:
        least = 0 if name in _FROM_ZERO else 1
        if value < least:
            raise MotionGPTError(f"{name} can't be {value}.", f"Choose a whole number from {least} up.")
    if kind is float and (not 0.0 <= value < float("inf") or (name == "rate" and value == 0.0)):
        raise MotionGPTError(f"{name} can't be {value}.", "Choose a number from 0 up, for the rate above 0.")
