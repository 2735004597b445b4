"""`motiongpt bench`: how fast a model, or retargeting, is on this machine."""

import argparse
import statistics
import time
from typing import Any

from .. import limits
from ..output.results import write_page
from .shared.asking import load
from .shared.declaring import Subparsers, add_command, add_model_arguments
from .shared.outputs import add_page_option
from .shared.report import Report


def declare(subparsers: Subparsers) -> None:
    """Declare `bench`."""
    parser = add_command(
        subparsers,
        "bench",
        "measure how fast a model, or retargeting, is on this machine",
        "motiongpt bench --runs 5 --json\n  motiongpt bench retarget",
        run,
    )
    parser.add_argument(
        "what", nargs="?", choices=("model", "retarget"), default="model", help="a model, or retargeting in Blender"
    )
    parser.add_argument("--seconds", type=float, default=4.0, help="length of the motions (4)")
    parser.add_argument("--runs", type=int, default=5, help="how many motions to time (5)")
    parser.add_argument(
        "--full-size-t5",
        action="store_true",
        help="instead: compare a T5 of the published size, random weights, with transformers (needs 4 GB of disk)",
    )
    add_model_arguments(parser)
    add_page_option(parser)


def run(args: argparse.Namespace) -> Report:
    """Load once, warm up once, time `runs` motions with different seeds; then time a new process from its start."""
    if args.what == "retarget":
        return _paged(args, "Speed of retargeting", "bench retarget", _retargeting())
    limits.check_seconds(args.seconds)
    limits.check_variations(args.runs)
    if args.full_size_t5:
        return _paged(args, "Speed of T5 at its published size", "bench --full-size-t5", _full_size(args.runs))
    command = f"bench --seconds {args.seconds:g} --runs {args.runs}"
    return _paged(args, "Speed of a model", command, _model(args))


def _paged(args: argparse.Namespace, title: str, command: str, report: Report) -> Report:
    if args.page:
        write_page(args.page, title, command, ["\n".join(f"- {line}" for line in report.lines)])
    return report


def _model(args: argparse.Namespace) -> Report:
    data = _measure(args)
    preview, memory = data["first_partial_seconds"], data["peak_memory_bytes"]
    lines = (
        f"{data['model']} on {data['device']}: loaded in {data['load_seconds']:.2f} s",
        f"{args.seconds:g} s of motion: first {data['first_seconds']:.2f} s, "
        f"then {data['median_seconds']:.2f} s (median of {args.runs})",
        f"first preview after {preview:.3f} s" if preview else "no preview was shown",
        f"from the start of a process to its first motion: {data['start_to_first_motion_seconds']:.2f} s",
        f"peak memory of that process: {memory / 1e6:.0f} MB" if memory else "this system does not report memory",
    )
    return Report(data, lines)


def _measure(args: argparse.Namespace) -> dict[str, Any]:
    from ..bench.models import measure_process, median_preview, time_request

    started = time.perf_counter()
    engine = load(args)
    load_seconds = time.perf_counter() - started
    first, *timings = (time_request(engine, args.seconds, seed) for seed in range(args.runs + 1))
    times = [t.result for t in timings]
    preview = median_preview(timings)
    process = measure_process(args.model, args.device, args.precision, args.seconds)
    return {
        "model": engine.name,
        "device": engine.device,
        "motion_seconds": args.seconds,
        "runs": args.runs,
        "load_seconds": round(load_seconds, 4),
        "first_seconds": round(first.result, 4),
        "median_seconds": round(statistics.median(times), 4),
        "slowest_seconds": round(max(times), 4),
        "first_partial_seconds": preview and round(preview, 4),
        "start_to_first_motion_seconds": round(process.start_seconds, 4),
        "peak_memory_bytes": process.peak_bytes,
    }


def _full_size(runs: int) -> Report:
    from ..bench.full_size import measure

    data = measure(runs)
    lines = (
        f"{data['tokens']} motion tokens, T5 of the published size on the CPU: {data['seconds']:.3f} s in int8",
        f"transformers.generate, float32, padded input: {data['transformers_seconds']:.3f} s, "
        f"{data['times_as_fast']} times as long",
        f"{data['bytes_per_token'] / 1e6:.0f} MB per token at {data['bandwidth_bytes_per_second'] / 1e9:.1f} GB/s: "
        f"no faster than {data['floor_seconds']:.3f} s",
        f"int8 moves the logits by {data['int8_logits_error']:.1%} of their standard deviation",
    )
    return Report(data, lines)


def _retargeting() -> Report:
    from ..bench.retargeting import WANTED_FRAMES_PER_SECOND, WANTED_RATIO, measure

    data = measure()
    lines = (
        f"{data['solved_frames_per_second']} frames a second onto {data['bones']} bones on one core "
        f"(wanted: {WANTED_FRAMES_PER_SECOND})",
        f"writing {data['frames']} frames: {data['write_seconds']:.3f} s in bulk, "
        f"{data['few_keys_seconds']:.3f} s with few keys",
        f"with keyframe_insert: {data['keyframe_insert_seconds']:.3f} s, {data['times_as_fast']} times as long "
        f"(wanted: {WANTED_RATIO:g})",
    )
    return Report(data, lines)
