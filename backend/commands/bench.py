"""`motiongpt bench`: how fast a model, retargeting, or the panel is on this machine."""

import argparse
import os
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
        "measure how fast a model, retargeting, or the panel in Blender is on this machine",
        "motiongpt bench --runs 5 --json\n  motiongpt bench retarget\n  motiongpt bench blender",
        run,
    )
    parser.add_argument(
        "what",
        nargs="?",
        choices=("model", "retarget", "blender"),
        default="model",
        help="a model, retargeting in Blender, or every press of the panel's buttons",
    )
    parser.add_argument(
        "--blender",
        default="",
        metavar="PROGRAM",
        help="for blender: measure in the window of this Blender, which has the extension (bpy, without a window)",
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
    if args.what == "blender":
        return _paged(args, "Speed of the panel", "bench blender", _presses(args.blender))
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


def _presses(blender: str) -> Report:
    from ..bench.presses import WANTED, WANTED_TICK, measure

    busy = f"{os.getloadavg()[0]:.1f} programs wanted a processor" if hasattr(os, "getloadavg") else "unknown"
    found = measure(blender)
    where = "in a window" if blender else "without a window"
    lines = [f"measured {where}; load of the machine before: {busy}; a tick may take {WANTED_TICK * 1000:.0f} ms"]
    for one in found:
        lines.append(
            f"{one['press']}: {one['seconds']:.2f} s (wanted, on a quiet machine: {WANTED[one['press']]:g}); CPU time "
            f"{one['cpu_seconds']:.2f} s in Blender, {one['backend_seconds']:.2f} s in the backend; {one['ticks']} "
            f"ticks, the longest {one['longest_tick'] * 1000:.0f} ms, of CPU time {one['busiest_tick'] * 1000:.0f} ms"
        )
    return Report({"presses": found, "window": bool(blender)}, tuple(lines))
