"""Pins from the panel's list, with the places of their targets on the frames of a motion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bpy
import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.motion import rotations as rot
from ...retarget.solving.pins import LIMBS, Pin
from ...retarget.typing import Floats
from ..character.armature import object_axes
from ..character.typing import ArmatureObject, Scene
from ..translation.saying import say
from .moving import matrices

HOLD = "HOLD"


def read_pins(
    settings: Sequence[Any],
    armature_object: ArmatureObject,
    first: int,
    last: int,
    rate: tuple[int, float],
    moves: bool,
) -> tuple[Pin, ...]:
    """The pins that are on and touch the frames from `first` to `last`, as the rig sees their targets.

    settings: `ui.paths.properties.MotionGPTPin`s.  moves: whether the armature object's own movement counts; else it
    is taken to stay where it is now.  Raises MotionGPTError for a span that ends before it begins.
    """
    chosen = [one for one in settings if one.use and one.first - one.blend <= last and one.last + one.blend >= first]
    if not chosen:
        return ()
    frames = range(first, last + 1)
    worlds = np.array(armature_object.matrix_world, dtype=np.float64)[None].repeat(len(frames), axis=0)
    if moves:
        worlds = matrices(armature_object, frames, rate)
    axes = object_axes(armature_object)
    out = []
    for one in chosen:
        if one.last < one.first:
            raise MotionGPTError(
                say(
                    "The pin of the {limb} ends on frame {last}, before it begins on {first}.",
                    limb=label(one.limb),
                    last=one.last,
                    first=one.first,
                ),
                "Give its last frame a later one.",
            )
        targets = _targets(one, frames, rate)
        local = np.linalg.inv(worlds) @ targets  # in the armature's space
        turns = rot.from_matrix(_unit(np.linalg.inv(_unit(worlds[:, :3, :3])) @ _unit(targets[:, :3, :3])))
        pin = Pin(
            limb=one.limb.lower(),
            first=one.first - first,
            last=one.last - first,
            blend=one.blend,
            places=axes.scale * rot.rotate(axes.turn, local[:, :3, 3]),
            turns=rot.unflip(rot.multiply(axes.turn, turns)),
            hold=one.mode == HOLD,
            turned=one.turned,
            joint=one.joint,
        )
        out.append(pin)
    return tuple(out)


def _targets(one: Any, frames: range, rate: tuple[int, float]) -> Floats:
    """(F, 4, 4) of a pin's target in the world: its object, or a place."""
    if one.target is not None:
        return matrices(one.target, frames, rate)
    place = np.eye(4)
    place[:3, 3] = one.place
    return np.tile(place, (len(frames), 1, 1))


def _unit(matrix: Floats) -> Floats:
    """Matrices (..., 3, 3) without their scale."""
    return np.asarray(matrix / np.linalg.norm(matrix, axis=-2, keepdims=True))


def label(limb: str) -> str:
    """The words for a limb of LIMBS: "left hand"."""
    return say(limb.lower().replace("_", " "))


def missed(pins: Sequence[Pin], far: Sequence[float]) -> str:
    """A sentence on the pins whose targets are out of reach, "" for none. far: in metres, as `pinned` returns them."""
    words = [
        say("the {limb} misses its target by up to {centimetres:.0f} cm", limb=label(pin.limb), centimetres=100 * d)
        for pin, d in zip(pins, far, strict=True)
        if d > 0.001
    ]
    return say("Out of reach: {misses}.", misses="; ".join(words)) if words else ""


ITEMS = tuple((limb.upper(), limb.replace("_", " ").capitalize(), "") for limb in LIMBS)
"""For an enum of limbs."""


def new_place(scene: Scene, target: bpy.types.Object | None) -> tuple[float, float, float]:
    """A place for a new pin: the target's, or the 3D cursor's."""
    at = scene.cursor.location if target is None else target.matrix_world.translation
    return float(at.x), float(at.y), float(at.z)
