"""`motiongpt bench`: how fast a model, retargeting, or the panel is on this machine, and how a backend bears load and
faults."""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

from ...retarget.errors import MotionGPTError
from .. import limits
from ..engine import MOST_TOGETHER
from ..engines.measured.choice import WORDS
from ..output.results import write_page
from ..output.sections import read_section, write_section
from .shared.asking import load
from .shared.declaring import Subparsers, add_command, add_model_arguments
from .shared.outputs import add_page_option
from .shared.progress import progress_bar
from .shared.report import Report

_WANTED_TOGETHER = 2.5
_WANTED_RAY = 1.7
_WANTED_FULL_SIZE = 4


def declare(subparsers: Subparsers) -> None:
    """Declare `bench`."""
    parser = add_command(
        subparsers,
        "bench",
        "measure how fast a model, retargeting or the panel is on this machine, or how a backend bears load and faults",
        "motiongpt bench --runs 5 --json\n  motiongpt bench blender\n  motiongpt bench load --minutes 2",
        run,
    )
    parser.add_argument(
        "what",
        nargs="?",
        choices=("model", "retarget", "blender", "load", "faults", "ray"),
        default="model",
        help="a model, retargeting in Blender, every press of the panel's buttons, a backend with many clients, one "
        "that is killed over and over, or engines on a local Ray cluster",
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="for load and ray: how long (10)")
    parser.add_argument("--clients", type=int, default=200, help="for load: how many at once (200)")
    parser.add_argument("--engines", type=int, default=2, help="for ray: how many, compared with one (2)")
    parser.add_argument("--rounds", type=int, default=100, help="for faults: how often a backend is killed (100)")
    parser.add_argument(
        "--shared-rounds",
        type=int,
        default=100,
        metavar="N",
        help="for faults: how often a part of a server that others share is killed: its client, the gateway and, where "
        "Ray is installed, the workers and nodes of a cluster (100)",
    )
    parser.add_argument(
        "--blender",
        default="",
        metavar="PROGRAM",
        help="for blender: measure in the window of this Blender, which has the extension, too",
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
    if args.what == "load":
        return _sectioned(args, f"bench load --minutes {args.minutes:g} --clients {args.clients}", _load)
    if args.what == "faults":
        return _all_faults(args)
    if args.what == "ray":
        return _sectioned(args, f"bench ray --minutes {args.minutes:g} --engines {args.engines}", _ray)
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


def _sectioned(
    args: argparse.Namespace, command: str, measure: Callable[[argparse.Namespace], Report], part: str = ""
) -> Report:
    if args.page:
        read_section(args.page, command, part)  # before minutes of measuring
    report = measure(args)
    if args.page:
        write_section(args.page, command, "\n".join(f"- {line}" for line in report.lines), part)
    return report


def _load(args: argparse.Namespace) -> Report:
    from ..bench.load import measure

    if not 0 < args.minutes <= 24 * 60 or not 1 <= args.clients <= 1_000:
        raise MotionGPTError("That load can't be made.", "Use up to 1000 --clients and 1440 --minutes.", "usage")
    with progress_bar(quiet=args.json) as show:
        data = measure(60.0 * args.minutes, args.clients, args.model, lambda share: show("Under load", share))
    ends = ", ".join(f"{count} {how}" for how, count in sorted(data["ends"].items(), key=lambda end: -end[1]))
    before, after = data["held_before"], data["held_after"]
    lines = (
        f"{data['clients']} clients for {data['seconds']:.0f} s, model {data['model']}: {data['sent']} requests; "
        f"{ends}; {data['gone']} whose client went away; {data['together']} answered in batches",
        f"every request answered exactly once: {_yes(data['answered_once'])} ({data['unanswered']} not, "
        f"{data['answered_twice']} twice)",
        f"{data['per_second']:g} answers a second; wait {data['median_wait']:.2f} s (median), {data['p99_wait']:.2f} s "
        f"(99 %), {data['longest_wait']:.2f} s at most: {data['longest_by_median']:g} times the median (wanted: 3)",
        f"memory {data['memory_warm'] / 1e6:.0f} MB after warm-up, {data['memory_late'] / 1e6:.0f} MB at the end: "
        f"{data['memory_growth']:+.1%} (wanted: within 5 %)",
        f"descriptors {before['descriptors']} before, {after['descriptors']} after; threads {before['threads']}, "
        f"{after['threads']}; new temporary files: {len(data['new_files'])}",
    )
    return Report(data, lines)


def _all_faults(args: argparse.Namespace) -> Report:
    """A backend of its own program, and a server that others share."""
    if min(args.rounds, args.shared_rounds) < 0 or not 1 <= args.rounds + args.shared_rounds <= 100_000:
        raise MotionGPTError(
            "That many rounds can't be done.", "Use 1 to 100000 --rounds and --shared-rounds.", "usage"
        )
    command = f"bench faults --rounds {args.rounds} --shared-rounds {args.shared_rounds}"
    own = _sectioned(args, command, _faults) if args.rounds else Report()
    if not args.shared_rounds:
        return own
    shared = _sectioned(args, command, _shared_faults, "shared")
    return Report({**own.data, "shared": shared.data}, (*own.lines, *shared.lines))


def _faults(args: argparse.Namespace) -> Report:
    from ..bench.faults import measure

    with progress_bar(quiet=args.json) as show:
        data = measure(args.rounds, on_progress=lambda share: show("Killing", share))
    lines = (
        f"{data['rounds']} rounds, SIGKILL at random moments: {_killed(data)} (the program started the backend)",
        f"left: {data['processes_left']} processes, {data['sockets_left']} sockets, {data['files_left']} files",
        f"{data['sent']} requests: {data['answered']} answered, {data['failed']} ended by an error that says why, "
        f"{data['twice']} delivered twice, {data['silent']} lost silently; the others were their program's that died",
    )
    return Report(data, lines)


def _shared_faults(args: argparse.Namespace) -> Report:
    from ..bench.shared_faults import has_ray, measure

    on_ray = has_ray()
    with progress_bar(quiet=args.json) as show:
        data = measure(
            args.shared_rounds, args.model, on_ray, on_progress=lambda share: show("Killing a shared server", share)
        )
    where = "gateway of a Ray cluster" if on_ray else "server without a cluster"
    without = "left out: workers and nodes of a Ray cluster; on Linux, pip install 'motiongpt-blender[ray]' adds them"
    lines = (
        f"{where}, model {data['model']}: {data['rounds']} rounds, SIGKILL at random moments: {_killed(data)}",
        f"{data['sent']} requests: {data['answered']} answered, {data['failed']} ended by an error that says why, "
        f"{data['twice']} delivered twice, {data['silent']} lost silently; the others were their client's that died",
        f"{data['again']} sent once more, because their gateway died; answers that are not, to the bit, what an engine "
        f"here answers: {data['wrong']}",
        f"left: {data['held']} requests in the gateway, {data['processes_left']} processes",
    )
    return Report(data, lines if on_ray else (*lines, without))


def _killed(data: dict[str, Any]) -> str:
    return ", ".join(f"{part} {count} times" for part, count in sorted(data["killed"].items()))


def _ray(args: argparse.Namespace) -> Report:
    from ..bench.cluster import measure

    if not 0 < args.minutes <= 24 * 60 or not 2 <= args.engines <= 64:
        raise MotionGPTError("That can't be measured.", "Use 2 to 64 --engines and up to 1440 --minutes.", "usage")
    with progress_bar(quiet=args.json) as show:
        data = measure(60.0 * args.minutes, args.engines, args.model, lambda share: show("Under load", share))
    one, many = data["per_second"]
    hops = data["hops_ms"]
    lines = (
        f"model {data['model']}, one thread for each engine, 4 s of motion for each request: {one:g} answers a second "
        f"with one engine, {many:g} with {data['engines']}: {data['times']:g} times as many (wanted with 2: "
        f"{_WANTED_RAY:g})",
        *(f"{name}: {value:g} ms" for name, value in hops.items()),
        f"processor time of the gateway for an answer: {data['gateway_cpu_ms']:g} ms",
        f"an answer: {data['replies']} messages, the last of {data['answer_bytes'] / 1000:.0f} kB",
    )
    return Report(data, lines)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


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
        *_waiting_lines(data),
    )
    return Report(data, lines)


def _waiting_lines(data: dict[str, Any]) -> tuple[str, ...]:
    if data["waiting_seconds"] is None:
        return ()
    alone, together = data["waiting_seconds"]
    return (
        f"{MOST_TOGETHER} requests that wait: {alone:.2f} s one after another, {together:.2f} s together, "
        f"{alone / together:.1f} times as fast (wanted on two cores: {_WANTED_TOGETHER:g})",
    )


def _measure(args: argparse.Namespace) -> dict[str, Any]:
    from ..bench.models import measure_process, median_preview, time_request, time_waiting

    started = time.perf_counter()
    engine = load(args)
    load_seconds = time.perf_counter() - started
    first, *timings = (time_request(engine, args.seconds, seed) for seed in range(args.runs + 1))
    times = [t.result for t in timings]
    preview = median_preview(timings)
    waiting = time_waiting(engine, args.seconds)
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
        "waiting_seconds": waiting and [round(waiting.alone, 4), round(waiting.together, 4)],
    }


def _full_size(runs: int) -> Report:
    from ..bench.full_size import measure

    data = measure(runs)
    lines = (
        f"{data['processor']}, {data['threads']} processors in use",
        f"{data['tokens']} motion tokens, T5 of the published size: "
        + ", ".join(f"{seconds:.3f} s in {WORDS[name]}" for name, seconds in data["seconds"].items()),
        f"this machine chooses {data['why']}",
        f"transformers.generate, float32, padded input: {data['transformers_seconds']:.3f} s, "
        f"{data['times_as_fast']} times as long (wanted: {_WANTED_FULL_SIZE:g})",
        "on the GPU, bfloat16: "
        + (
            ", ".join(f"{seconds:.3f} s for {n} at once" for n, seconds in data["cuda_seconds"].items())
            or "there is none"
        ),
        f"{data['bytes_per_token'] / 1e6:.0f} MB per token at {data['bandwidth_bytes_per_second'] / 1e9:.1f} GB/s: "
        f"no faster than {data['floor_seconds']:.3f} s",
        "the logits move by "
        + ", ".join(
            f"{error:.1%} of their standard deviation in {WORDS[n]}" for n, error in data["logits_errors"].items()
        ),
    )
    return Report(data, lines)


def _retargeting() -> Report:
    from ..bench.retargeting import WANTED_FRAMES_PER_SECOND, WANTED_RATIO, measure

    data = measure()
    lines = (
        f"{data['solved_frames_per_second']} frames a second onto {data['bones']} bones on one core "
        f"(wanted: {WANTED_FRAMES_PER_SECOND})",
        f"writing {data['frames']} frames: {data['write_seconds']:.3f} s in bulk, of which Blender's own calls take "
        f"{data['blender_seconds']:.3f} s; {data['few_keys_seconds']:.3f} s with few keys",
        f"with keyframe_insert: {data['keyframe_insert_seconds']:.3f} s, {data['times_as_fast']} times as long "
        f"(wanted: {WANTED_RATIO:g})",
    )
    return Report(data, lines)


def _presses(blender: str) -> Report:
    from ..bench.presses import WANTED_TICK, measure

    busy = f"{os.getloadavg()[0]:.1f} programs wanted a processor" if hasattr(os, "getloadavg") else "unknown"
    found = {"without a window": measure()} | ({"in a window": measure(blender)} if blender else {})
    lines = [f"load of the machine before: {busy}; a tick may take {WANTED_TICK * 1000:.0f} ms"]
    for where, presses in found.items():
        lines += [_press(one, where) for one in presses]
    return Report({"presses": found}, tuple(lines))


def _press(one: dict[str, Any], where: str) -> str:
    from ..bench.presses import WANTED, WANTED_MOVED

    moved = f"; something moves after {one['moved']:.2f} s (wanted: {WANTED_MOVED:g})" if one["moved"] else ""
    drawn = f"; the window is drawn once in {one['drawing'] * 1000:.0f} ms" if one["drawing"] else ""
    longest = f"the longest {one['longest_tick'] * 1000:.0f} ms, of CPU time {one['busiest_tick'] * 1000:.0f} ms"
    wanted = f"wanted, on a quiet machine: {WANTED[one['press']]:g}"
    return (
        f"{one['press']}, {where}: {one['seconds']:.2f} s ({wanted}){moved}; CPU time {one['cpu_seconds']:.2f} s in "
        f"Blender, {one['backend_seconds']:.2f} s in the backend; {one['ticks']} ticks, {longest}{drawn}"
    )
