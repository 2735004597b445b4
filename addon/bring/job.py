"""Retarget: a motion from a file or another armature onto the character, as a new action."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import bpy

from ...backend import limits
from ...retarget.motion import Motion
from ..action.fingers import keyed_fingers
from ..action.hands import CharacterHands
from ..action.new_action import ThinCurve, solve_keys, thin_keys, write_keys
from ..character.character import Character
from ..character.placing import OBJECT
from ..character.settings import key_tolerance, wanted_destination
from ..character.typing import full
from ..jobs.context import Request, check_armature, check_bones, scene_fps
from ..jobs.job import Job, Stage, Waiting, in_thread
from ..jobs.service import Service
from ..jobs.showing import show_frames
from ..overrides.following import Expected, expected_of
from ..review.state import check_closed
from ..translation.saying import say, together
from .armatures import OtherArmature, read_armature
from .files import Found, MotionFile, list_takes, read_file

_READ = 0.8
"""Share of the progress bar for reading."""
_NAME = 60  # characters: Blender cuts at 63 bytes
Listed = Callable[[Sequence[str]], None]
"""Receives the names of a file's takes; called on the main thread."""


class Reading(StrEnum):
    """The stages of this job besides `Stage`, as the progress bar shows them."""

    FILE = "Reading the file"
    ARMATURE = "Reading the armature"


@dataclass(frozen=True, eq=False)
class RetargetRequest(Request):
    """What one press of Retarget asks for. hands: the shape of hands with fingers, of `hand_shapes.SHAPES`.  listed:
    gets the takes of a file with several.  only_list: nothing but that."""

    source: MotionFile | OtherArmature
    start_frame: int
    hands: str
    listed: Listed
    only_list: bool = False


class RetargetJob(Job[RetargetRequest]):
    """Reads the motion, puts it onto the character, and writes it. The request comes from the panel's settings."""

    task = "generate"  # it asks the model for nothing

    @classmethod
    def check(cls, context: bpy.types.Context, service: Service) -> None:
        check_closed(check_armature(context))
        scene_fps(full(context).scene)

    def _steps(self) -> Waiting[None]:
        request = self.request
        self.stage = Reading.FILE if isinstance(request.source, MotionFile) else Reading.ARMATURE
        if request.only_list and isinstance(request.source, MotionFile):
            takes = yield from list_takes(request.source, self._show_read)
            self._list(request.source, takes)
            return
        found = yield from self._read()
        if found.motion is None:
            assert isinstance(request.source, MotionFile)
            self._list(request.source, found.takes)
            return
        yield from self._put(found.motion, found.name)

    def _read(self) -> Waiting[Found]:
        source = self.request.source
        if isinstance(source, MotionFile):
            return (yield from read_file(source, self._show_read))
        return (yield from read_armature(source, self.request.target.rate, self._show_read))

    def _show_read(self, share: float) -> None:
        self.fraction = share * _READ

    def _list(self, file: MotionFile, takes: Sequence[str]) -> None:
        self.request.listed(takes)
        said = "{file} holds {count} takes: choose one, then press Retarget."
        if len(takes) < 2:
            said = "{file} holds one motion: press Retarget."
        self.message = say(said, file=file.path.name, count=len(takes))

    def _put(self, motion: Motion, name: str) -> Waiting[None]:
        """Solve a motion on the character and write it."""
        self.stage, self.fraction = Stage.TO_ARMATURE, _READ
        request = self.request
        limits.check_motion(motion)
        limits.check_made(motion.duration, request.target.fps, 1)
        played = yield from in_thread(lambda: motion.resample(request.target.fps))
        last = request.start_frame + len(played) - 1
        yield from self._out_of_edit_mode()
        armature = self._armature()
        character = Character.read(armature)
        destination = character.root_destination(wanted_destination(armature))
        tolerance, hands = key_tolerance(armature), CharacterHands.read(armature, character)
        kept = keyed_fingers(armature, hands, request.start_frame, last)

        def solve() -> tuple[Sequence[ThinCurve], Expected]:
            solved = character.solve(played, destination)
            expected = expected_of(character, solved, request.start_frame, tolerance.degrees if tolerance else 0.0)
            fingers = hands.shaped(request.hands, kept.sides)
            return thin_keys([*solve_keys(character, solved), *fingers], tolerance), expected

        curves, expected = yield from in_thread(solve)
        title = limits.one_line(name)[:_NAME] or "Motion"
        yield from self._write_new(
            curves, request.start_frame, kept.curves, title, lambda made: self._write(curves, made, title, last)
        )
        yield from self._check_overrides(character, lambda: expected)

    def _write(self, curves: Sequence[ThinCurve], made: bpy.types.Action, name: str, last: int) -> None:
        request, armature = self.request, self._armature()
        check_bones(armature, (bone for bone, _, _ in curves if bone != OBJECT))
        self.action = write_keys(armature, curves, name, request.start_frame, made=made).name
        shown = show_frames(request.target, request.start_frame, last)
        done = say(
            'Frames {first} to {last} of {armature}, in the action "{action}".',
            first=request.start_frame, last=last, armature=armature.name, action=self.action,
        )  # fmt: skip
        self.message = together(done, shown)
