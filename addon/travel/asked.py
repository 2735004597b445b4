"""What the scene's settings ask of the next motion: `scene.motiongpt_paths`, a `ui.paths.properties.MotionGPTPaths`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..character.character import Character
from ..character.typing import ArmatureObject, Scene
from .finishing import Finish
from .floor import Floor
from .pins import read_pins
from .wishes import asks, own_pace, travelling

if TYPE_CHECKING:
    from ...backend.tasks import Block


def paths_of(scene: Scene) -> Any | None:
    """None where the add-on runs without being enabled."""
    return getattr(scene, "motiongpt_paths", None)


def lasts_as_its_way(scene: Scene) -> bool:
    """Whether the way decides how long the motion is, and not the panel's seconds."""
    paths = paths_of(scene)
    return paths is not None and own_pace(paths.travel)


def travelling_block(
    scene: Scene, armature_object: ArmatureObject, character: Character, seconds: float, first: int
) -> Block | None:
    """The prompt as a block with the travel that the settings and its own numbers ask for, its seconds among them;
    None where nothing is asked for. Raises MotionGPTError for a path or target that can't be used."""
    from ...backend.shots.plan import wish_of
    from ...backend.tasks import Block

    paths = paths_of(scene)
    block = Block(scene.motiongpt.prompt.strip(), seconds)
    if paths is None or not (asks(paths.travel) or wish_of(block).choosy):
        return None
    rate = scene.render.fps, scene.render.fps_base
    last = first + max(1, round(seconds * rate[0] / rate[1])) - 1
    block = travelling(block, paths.travel, Floor.read(scene, armature_object, character), first, last, rate)
    if own_pace(paths.travel) and block.seconds is None:
        block = block.changed(seconds=wish_of(block).seconds)
    block.check()
    return block


def finish_of(scene: Scene, armature_object: ArmatureObject, first: int, last: int) -> Finish:
    """Whether the motion on these frames becomes a loop, and what is pinned. Raises MotionGPTError for a bad pin."""
    paths = paths_of(scene)
    if paths is None:
        return Finish()
    rate = scene.render.fps, scene.render.fps_base
    pins = read_pins(paths.pins, armature_object, first, last + 1, rate, moves=False) if paths.pin_new else ()
    return Finish(paths.loop, paths.loop_range, pins)
