"""Kept poses drawn in the viewport as stick figures, so that they are visible on the frames between them too.

A timer reads them one by one whenever keys have changed; drawing only sends cached lines to the GPU.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import bpy
import numpy as np
from bpy.app.handlers import persistent

from ...retarget.errors import MotionGPTError
from ...retarget.motion.known import WHOLE
from ...retarget.motion.skeleton import NEXT_JOINT, SIDES
from ...retarget.rigs.mapping import Mapping
from ...retarget.rigs.rig import Rig
from ...retarget.typing import Float32s, Indices
from ..character.character import Character
from ..character.typing import Scene, full
from ..jobs.context import chosen_armature, scene_rate
from ..poses.keyed import choose_poses
from ..poses.reader import SCENE, PoseReader

MOST = 24
"""Figures; more would hide each other."""
TICK = 0.02
_EARLY, _LATE = np.array([1.0, 0.55, 0.1]), np.array([0.2, 0.6, 1.0])


@dataclass(frozen=True, eq=False)
class Ghost:
    """lines: (2 L, 3) ends of L lines in the world.  colour: RGBA."""

    lines: Float32s
    colour: tuple[float, ...]


class Ghosts:
    """What is drawn: `figures`, which a timer rebuilds after `mark`."""

    def __init__(self) -> None:
        self.figures: tuple[Ghost, ...] = ()
        self._work: Iterator[None] | None = None
        self._handle = None
        if not bpy.app.background:
            self._handle = bpy.types.SpaceView3D.draw_handler_add(self._draw, (), "WINDOW", "POST_VIEW")

    def mark(self) -> None:
        """Mark the figures as out of date: the timer rebuilds them."""
        self._work = self._read()
        if not bpy.app.timers.is_registered(_tick):
            bpy.app.timers.register(_tick, first_interval=TICK)

    def tick(self) -> float | None:
        """Read one more pose. Returns seconds until the next call, None at the end."""
        if self._work is None:
            return None
        try:
            next(self._work)
            return TICK
        except (StopIteration, MotionGPTError):
            self._work = None
            for window in full(bpy.context).window_manager.windows:
                for area in window.screen.areas:
                    if area.type == "VIEW_3D":
                        area.tag_redraw()
            return None

    def close(self) -> None:
        """Stop drawing."""
        self._work = None
        if self._handle is not None:
            bpy.types.SpaceView3D.draw_handler_remove(self._handle, "WINDOW")

    def _read(self) -> Iterator[None]:
        """Rebuild the figures, one pose per step. Raises MotionGPTError where there are no poses, and so no figures."""
        context = full(bpy.context)
        scene, settings = context.scene, context.scene.motiongpt
        self.figures = ()
        armature = chosen_armature(context)
        if not wanted(scene) or armature is None or armature.mode == "EDIT":
            return
        character = Character.read(armature)
        poses = choose_poses(scene, armature, character, settings.poses, None)[:MOST]
        reader = PoseReader(armature, character.rig, ())
        at = np.array(armature.matrix_world.translation)
        yield from reader.read([pose.at for pose in poses], scene_rate(scene))
        heads = reader.poses().heads + at  # (F, N, 3)
        pairs = bone_lines(character.rig, character.mapping)
        figures = []
        for i, pose in enumerate(poses):
            colour = _EARLY + (_LATE - _EARLY) * (i / max(len(poses) - 1, 1))
            alpha = 0.9 if pose.known == WHOLE else 0.5
            figures.append(Ghost(heads[i, pairs.ravel()].astype(np.float32), (*colour.tolist(), alpha)))
        self.figures = tuple(figures)

    def _draw(self) -> None:
        if not self.figures or not wanted(full(bpy.context).scene):
            return
        draw_figures(self.figures)


def draw_figures(figures: Sequence[Ghost]) -> None:
    """Draw stick figures into the viewport whose draw handler calls this."""
    import gpu
    from gpu_extras.batch import batch_for_shader

    shader = gpu.shader.from_builtin("POLYLINE_UNIFORM_COLOR")
    gpu.state.blend_set("ALPHA")
    shader.uniform_float("viewportSize", gpu.state.viewport_get()[2:])  # type: ignore[func-returns-value,index]
    shader.uniform_float("lineWidth", 3.0)
    for figure in figures:
        shader.uniform_float("color", figure.colour)
        batch_for_shader(shader, "LINES", {"pos": figure.lines}).draw(shader)  # type: ignore[dict-item]
    gpu.state.blend_set("NONE")


def wanted(scene: Scene) -> bool:
    """Whether ghosts are on, in the task that has their switch."""
    return bool(scene.motiongpt.ghosts) and scene.motiongpt.task == "inbetween"


def bone_lines(rig: Rig, mapping: Mapping) -> Indices:
    """(L, 2) bones whose heads a figure's line connects: a mapped bone's nearest mapped ancestor, and that bone; for a
    limb's bone that hangs from none, as a foot on a control of its own, the bone at the joint above."""
    shown = {
        rig.index[bone] for bone in mapping.driven if not any(bone in twists for twists in mapping.twists.values())
    }
    limbs = [(f"{side}_{start}", f"{side}_{end}") for side in SIDES for start, end in NEXT_JOINT.items()]
    above_of = {
        mapping.bones[end]: mapping.bones[start] for start, end in limbs if {start, end} <= mapping.bones.keys()
    }
    pairs = []
    for bone in sorted(shown):
        above = rig.parents[bone]
        while above >= 0 and above not in shown:
            above = rig.parents[above]
        if above < 0:
            above = rig.index.get(above_of.get(rig.names[bone], ""), -1)
        if above >= 0:
            pairs.append((above, bone))
    return np.array(pairs, dtype=np.intp).reshape(-1, 2)


_ghosts: Ghosts | None = None


def current() -> Ghosts | None:
    """What is drawn, or None outside register ... unregister."""
    return _ghosts


def mark() -> None:
    """The chosen poses may have changed."""
    if _ghosts:
        _ghosts.mark()


def _tick() -> float | None:
    return _ghosts.tick() if _ghosts else None


@persistent  # type: ignore[untyped-decorator]
def _updated(scene: Scene, depsgraph: bpy.types.Depsgraph) -> None:
    if (
        scene.name != SCENE
        and wanted(scene)
        and any(isinstance(update.id, bpy.types.Action) for update in depsgraph.updates)
    ):
        mark()


@persistent  # type: ignore[untyped-decorator]
def _loaded(*_args: object) -> None:
    if _ghosts:
        _ghosts.mark()


_HANDLERS = {"depsgraph_update_post": _updated, "load_post": _loaded, "undo_post": _loaded, "redo_post": _loaded}


def register() -> None:
    global _ghosts
    _ghosts = Ghosts()
    for name, function in _HANDLERS.items():
        getattr(bpy.app.handlers, name).append(function)


def unregister() -> None:
    global _ghosts
    for name, function in _HANDLERS.items():
        getattr(bpy.app.handlers, name).remove(function)
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    if _ghosts:
        _ghosts.close()
    _ghosts = None
