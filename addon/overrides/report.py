"""The check after writing: what does not follow its keys, why, and how that is said and switched off."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

from ..character.character import Character
from ..character.placing import OBJECT
from ..character.typing import ArmatureObject
from ..translation.saying import say, together
from .finding import Override, bone_overrides, describe, listed, object_overrides, whole_overrides
from .following import Expected, strays

Found = tuple[list[Override], list[str]]
"""What overrides the keys, and the deforming bones that do not follow them."""


@dataclass(frozen=True)
class Overridden:
    """message: one sentence, for the user.  can_mute: whether some of it can be switched off."""

    message: str
    can_mute: bool


def find(
    armature: Callable[[], ArmatureObject], character: Character, expected: Expected, rate: tuple[int, float]
) -> Generator[None, None, Found]:
    """Look at one frame a step. armature: finds it, as Blender may move it in memory between two steps."""
    bones = yield from strays(armature, character, expected, rate)
    armature_object = armature()
    whole = whole_overrides(armature_object)
    # In the rest pose, or where another track plays, no bone follows: that says nothing about the bones.
    hidden = any(not override.bone for override in whole)
    if hidden:
        return whole, []
    if OBJECT in bones:
        bones.remove(OBJECT)
        whole += object_overrides(armature_object)
    return [*whole, *bone_overrides(armature_object, character, bones)], bones


def sentence(overrides: list[Override], bones: list[str]) -> Overridden | None:
    """What to tell the user; None where every bone follows."""
    if not overrides and not bones:
        return None
    can_mute = any(override.mute is not None for override in overrides)
    if not overrides:
        return Overridden(say("These bones do not follow their keys: {bones}.", bones=listed(bones)), can_mute)
    whose = say("Bones that do not follow: {bones}.", bones=listed(bones)) if bones else ""
    # A control rig's own constraints are to blame only where nothing else is.
    foreign = [override for override in overrides if override.mute is not None or not override.bone]
    return Overridden(
        together(say("The keys are overridden by {causes}.", causes=describe(foreign or overrides)), whose), can_mute
    )


def check(armature_object: ArmatureObject, character: Character, expected: Expected, rate: tuple[int, float]) -> Found:
    """`find`, at once."""
    steps = find(lambda: armature_object, character, expected, rate)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Found = end.value
            return found


def mute(
    armature_object: ArmatureObject, character: Character, expected: Expected, rate: tuple[int, float]
) -> Overridden | None:
    """Switch off all that can be, until nothing more is found; returns what is left."""
    for _ in range(4):  # what lies below an override shows only once that is gone
        overrides, _ = check(armature_object, character, expected, rate)
        switches = [override.mute for override in overrides if override.mute is not None]
        if not switches:
            break
        for switch in switches:
            switch()
        armature_object.update_tag()
    return sentence(*check(armature_object, character, expected, rate))
