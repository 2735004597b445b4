"""What is done to a generated motion besides solving it: made a loop, limbs pinned. Plain values, for any thread."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...retarget.motion import Motion
from ...retarget.motion.travel.loops import looped
from ...retarget.rigs.rig import RigMotion
from ...retarget.solving.laps import solve_loop
from ...retarget.solving.pins import Pin, pinned
from ..character.character import Character


@dataclass(frozen=True, eq=False)
class Finish:
    """loop: whether the motion becomes its best cycle.  show: whether the scene then plays just that.  pins: of limbs,
    on the motion's frames."""

    loop: bool = False
    show: bool = False
    pins: tuple[Pin, ...] = ()

    def shaped(self, motion: Motion) -> Motion:
        """The motion, or its best cycle. Raises MotionGPTError for one that is too short to hold a cycle."""
        return looped(motion) if self.loop else motion

    def solved(self, character: Character, motion: Motion, destination: str) -> tuple[RigMotion, list[float]]:
        """A shaped motion on the character, and how far each pin's target is out of reach. A loop has one frame more,
        on which it closes."""
        if self.loop:
            solved = solve_loop(motion, lambda laps: character.solve(laps, destination))
        else:
            solved = character.solve(motion, destination)
        pins = [cut(pin, len(solved.basis)) for pin in self.pins]
        return pinned(solved, character.rig, character.mapping, pins)


def cut(pin: Pin, frames: int) -> Pin:
    """A pin with targets for as many frames as the motion turned out to have; the last ones stay."""
    have = len(pin.places)
    rows = [min(i, have - 1) for i in range(frames)]
    return replace(pin, places=pin.places[rows], turns=pin.turns[rows])
