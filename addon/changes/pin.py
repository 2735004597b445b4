"""Pin: the limbs of the motion that a character plays, held on their targets, as keys of these limbs alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.solving.pins import LIMBS, Pin, pinned
from ...retarget.typing import Floats
from ..action.all_or_nothing import all_or_nothing
from ..action.bending import BentCurve, Span
from ..action.fcurves import action_curves, is_switch
from ..action.keys_between import plan_curves, read_keys, write_curves
from ..action.new_action import Curve, NewKeys, solve_keys
from ..character.character import Character
from ..character.settings import key_tolerance
from ..character.typing import ArmatureObject
from ..jobs.context import Target, scene_rate
from ..jobs.job import ANSWERED, Stage, Waiting, in_thread
from ..poses.reader import ReadPoses
from ..translation.saying import say, together
from ..travel.asked import paths_of
from ..travel.pins import missed, read_pins
from .reading import ChangeJob, ChangeRequest, as_rig_motion, keyed_span, read_character, read_poses


@dataclass(frozen=True, eq=False)
class PinRequest(ChangeRequest):
    """pins: on the frames of the span."""

    pins: tuple[Pin, ...]


class PinJob(ChangeJob[PinRequest]):
    """Reads the motion, pins its limbs, and writes their keys into the action."""

    @classmethod
    def gather(cls, context: bpy.types.Context) -> PinRequest:
        scene, armature = cls.character_of(context)
        paths = paths_of(scene)
        chosen = [one for one in (paths.pins if paths else ()) if one.use]
        if not chosen:
            raise MotionGPTError("No pin is on.", "Add one, and choose what it holds and on which frames.")
        first, last = keyed_span(armature)
        begin = max(first, min(one.first - one.blend for one in chosen))
        end = min(last, max(one.last + one.blend for one in chosen))
        if end < begin:
            raise MotionGPTError(
                say("The pins hold nothing on frames {first} to {last}, those of the motion.", first=first, last=last),
                "Change their frames.",
            )
        pins = read_pins(chosen, armature, begin, end, scene_rate(scene), moves=True)
        return PinRequest(Target.gather(context), Span(begin, end), pins)

    def _steps(self) -> Waiting[None]:
        yield from self._out_of_edit_mode()
        self.stage = Stage.POSES
        span, target, pins = self.request.span, self.request.target, self.request.pins
        frames = range(span.start, span.end + 1)
        character = read_character(self._armature(), frames)
        read = yield from read_poses(self._armature(), character, frames, target.rate)
        self.stage, self.fraction = Stage.TO_KEYS, ANSWERED
        curves, far = yield from in_thread(lambda: pinned_curves(character, read, target.fps, pins))
        yield from self._out_of_edit_mode()
        armature = self._armature()
        tolerance = key_tolerance(armature)
        with all_or_nothing(armature, say("Pin")):
            for pin in pins:
                part = _part(span, pin)
                own = [curve for curve in curves if curve[0] in limb_bones(character, pin.limb)]
                old = read_keys(armature, part, [(bone, channel) for bone, channel, _ in own])
                rows = slice(part.start - span.start, part.end - span.start + 1)
                bent = [
                    BentCurve(bone, channel, going_on(armature, bone, channel, values[rows], part.start), (), ())
                    for bone, channel, values in own
                ]
                planned: list[NewKeys] = plan_curves(part, bent, old, tolerance)
                self.action = write_curves(armature, planned).name
        done = '{count} pins on {armature}, in the action "{action}".'
        if len(pins) == 1:
            done = '1 pin on {armature}, in the action "{action}".'
        done = say(done, count=len(pins), armature=armature.name, action=self.action)
        self.message = together(done, missed(pins, far))


def _part(span: Span, pin: Pin) -> Span:
    """The scene's frames that a pin changes."""
    return Span(max(span.start, span.start + pin.first - pin.blend), min(span.end, span.start + pin.last + pin.blend))


def pinned_curves(
    character: Character, read: ReadPoses, fps: float, pins: Sequence[Pin]
) -> tuple[list[Curve], list[float]]:
    """The values of all keys with the pins on, and how far each target is out of reach."""
    solved, far = pinned(as_rig_motion(character, read, fps), character.rig, character.mapping, pins)
    return [curve for curve in solve_keys(character, solved) if not is_switch(curve[1])], far


def going_on(armature: ArmatureObject, bone: str, channel: str, values: Floats, first: int) -> Floats:
    """Values (T, channels) of a rotation with the sign, or the whole turns, of the curves that they go on from."""
    curves = action_curves(armature)
    own = curves.by_bone().get((bone, channel), {}) if curves else {}
    if not own or channel == "location":
        return values
    before = np.array([own[i].evaluate(first) if i in own else values[0, i] for i in range(values.shape[1])])
    if channel == "rotation_quaternion":
        return values if float(before @ values[0]) >= 0.0 else -values
    if channel == "rotation_euler":
        return np.asarray(values + 2.0 * np.pi * np.round((before - values[0]) / (2.0 * np.pi)))
    return values


def limb_bones(character: Character, limb: str) -> set[str]:
    """The bones whose keys move a limb: its own, or the IK controls that it is under."""
    chain = [character.mapping.bones[joint] for joint in LIMBS[limb]]
    for ik in character.places.limbs:
        if ik.chain[2] == chain[2]:
            controls = (ik.end, ik.pole, ik.toe[1] if ik.toe else None)
            names = {control.name for control in controls if control is not None}
            return names | (set(chain) if chain[0] in character.modes else set())
    return set(chain)
