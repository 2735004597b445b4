"""Presses every task's button on the mannequin, as a user does, and measures each press.

The session's timer runs a job in a window; without one it is called here in its place, as there is no event loop.
"""

import json
import os
import time
from collections.abc import Callable, Generator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import bpy

from ..action.fcurves import action_curves
from ..character.typing import ArmatureObject, full
from ..export.mannequin import build_mannequin
from ..jobs import session
from ..ui.takes import live

PROMPT = "a person walks forward"
_POSES = (1, 20, 40, 60)
_LIMIT = 300.0  # seconds after which a press counts as hung


@dataclass(frozen=True)
class Measured:
    """One press. seconds: until it was done.  cpu_seconds: of Blender's main thread, of the ticks alone.
    backend_seconds: CPU time of the backend, 0 where the system does not tell.  ticks: their number.  longest_tick,
    busiest_tick: seconds, by the clock and in CPU time.  moved: seconds until the figure in the viewport moved, or the
    character, if that was done before; 0 where nothing does.  drawing: seconds that the window takes to be drawn once,
    0 without one.  outcome: what the panel says."""

    press: str
    seconds: float
    cpu_seconds: float
    backend_seconds: float
    ticks: int
    longest_tick: float
    busiest_tick: float
    moved: float
    drawing: float
    outcome: str


def without_window(output: Path) -> None:
    """Measure in a background Blender, and write a JSON list of `Measured`."""
    bpy.ops.wm.read_homefile(use_empty=True)
    now = session.current()
    found: list[Measured] = []
    for _ in _measure(found):
        if now.running:
            now.tick()
        time.sleep(session.TICK)
    _save(output, found)


def in_window(output: str) -> None:
    """Measure in this window, write the JSON, and quit.

    The viewport's anti-aliasing is off meanwhile: where the processor draws, the eight pictures that it takes after
    each change would be most of what is measured.
    """
    system = full(bpy.context).preferences.system
    own, system.viewport_aa = system.viewport_aa, "OFF"
    found: list[Measured] = []
    steps = _measure(found)

    def step() -> float | None:
        try:
            next(steps)
            return session.TICK
        except StopIteration:
            _save(Path(output), found)
        except Exception as error:  # noqa: BLE001 - whoever waits for the file gets the reason
            Path(output).write_text(json.dumps({"error": f"{type(error).__name__}: {error}"}), encoding="utf-8")
        system.viewport_aa = own  # Blender saves preferences when it ends
        bpy.ops.wm.quit_blender()
        return None

    bpy.app.timers.register(step, first_interval=2.0)  # once the window has drawn


def _measure(found: list[Measured]) -> Generator[None, None, None]:
    scene = full(bpy.context).scene
    scene.render.fps, scene.frame_end = 24, 96
    settings = scene.motiongpt
    motiongpt: Any = bpy.ops.motiongpt  # type: ignore[attr-defined]
    armature = build_mannequin(scene.collection)
    full(bpy.context).view_layer.objects.active = armature
    settings.prompt, settings.seconds = PROMPT, 4.0

    def press(name: str, operator: Callable[[], Any], task: str, frame: int) -> Generator[None, None, None]:
        settings.task = task
        scene.frame_set(frame)
        found.append((yield from _press(name, operator)))

    yield from press("Text to Motion, first of the session", motiongpt.generate, "generate", 1)
    yield from press("Text to Motion", motiongpt.generate, "generate", 1)
    yield from press("Describe", motiongpt.describe, "caption", 1)
    settings.seconds = 3.0
    yield from press("Continue", motiongpt.continue_motion, "continue", 96)
    _key_poses(armature)
    settings.poses, settings.takes = "ALL", 3
    yield from press("In-Between, four poses, three takes", motiongpt.inbetween, "inbetween", 30)
    yield from press("Redo Gap, three takes", motiongpt.redo_gap, "inbetween", 30)


def _press(name: str, operator: Callable[[], Any]) -> Generator[None, None, Measured]:
    """Press a button and wait until its job has ended. Raises RuntimeError if that fails."""
    now = session.current()
    began, worked, backend = time.perf_counter(), time.thread_time(), _cpu_of(now.service.pid())
    operator()
    job = now.job
    if job is None:
        raise RuntimeError(f"{name} started no job")
    while now.running:
        if time.perf_counter() - began > _LIMIT:
            raise RuntimeError(f"{name} is still at {job.stage} after {_LIMIT:g} s")
        yield
    seconds = time.perf_counter() - began
    if job.state != "DONE":
        raise RuntimeError(f"{name}: {job.message}")
    figure = live.current()
    moved = figure.first_moved - began if figure is not None else 0.0
    return Measured(
        name,
        round(seconds, 3),
        round(time.thread_time() - worked, 3),
        round(_cpu_of(now.service.pid()) - backend, 3),
        job.ticks,
        round(job.longest_tick, 4),
        round(job.busiest_tick, 4),
        round(moved if moved > 0 else seconds, 3) if job.action else 0.0,
        0.0 if bpy.app.background else round(_drawing(), 4),
        job.message,
    )


def _drawing() -> float:
    """Seconds that the windows take to be drawn once."""
    times, began = 3, time.perf_counter()
    bpy.ops.wm.redraw_timer(type="DRAW_WIN_SWAP", iterations=times)
    return (time.perf_counter() - began) / times


def _key_poses(armature: ArmatureObject) -> None:
    """Poses of a walk, keyed as an animator keys them, in an action without anything else."""
    curves = action_curves(armature)
    values: dict[int, list[tuple[str, int, float]]] = {
        frame: [(c.data_path, c.array_index, c.evaluate(frame)) for c in (curves.fcurves if curves else ())]
        for frame in _POSES
    }
    armature.animation_data_clear()
    for frame, own in values.items():
        for path, index, value in own:
            holder, _, name = path.rpartition(".")
            target = armature.path_resolve(holder) if holder else armature
            numbers = getattr(target, name)
            numbers[index] = value
        for path in dict.fromkeys(path for path, _, _ in own):
            armature.keyframe_insert(path, frame=frame)


def _cpu_of(pid: int) -> float:
    """CPU seconds that a process has used so far, 0 where the system does not tell (only Linux does)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return 0.0


def _save(output: Path, found: list[Measured]) -> None:
    output.write_text(json.dumps([asdict(one) for one in found]), encoding="utf-8")
