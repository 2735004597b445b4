"""Takes, versions of the same frames to flip through: solved once, bent to the current keys when they are shown."""

from collections.abc import Callable
from dataclasses import dataclass

import bpy

from ...retarget.errors import MotionGPTError
from ..action.bending import bend
from ..action.fcurves import action_curves, key_frames
from ..action.keys_between import NewKeys, plan_curves, read_keys, write_curves
from ..action.new_action import Curve
from ..character.character import Character
from ..character.settings import key_tolerance
from ..character.typing import ArmatureObject
from ..poses.given import read_given
from ..poses.keyed import user_frames
from ..poses.reader import ReadPoses
from .context import MotionRequest, check_bones, find_armature

SHOWN = "motiongpt_take"
"""Custom property of an action: which take it shows, so that an undo restores that too."""


def shown_take(action: bpy.types.Action) -> int:
    """The number of the take that an action shows."""
    return int(action.get(SHOWN, 0))


@dataclass(eq=False)
class Takes:
    """The takes of one in-betweening.

    takes: each one's solved curves, not yet bent to the keys.  read: the poses as they were read for the request.
    action_uid: of the action that shows one of them.
    """

    request: MotionRequest
    character: Character
    read: ReadPoses
    takes: tuple[list[Curve], ...]
    action_uid: int = 0

    @property
    def channels(self) -> list[tuple[str, str]]:
        """(bone, property) of what the takes animate."""
        return [(bone, channel) for bone, channel, _ in self.takes[0]]

    def shown_in(self, action: bpy.types.Action, number: int) -> None:
        """Remember that this action shows the take of this number."""
        self.action_uid = action.session_uid
        action[SHOWN] = number

    def action(self) -> bpy.types.Action | None:
        """The action that shows a take, while the armature plays it."""
        armature = find_armature(self.request.target.armature_uid)
        curves = action_curves(armature) if armature else None
        return curves.action if curves and curves.action.session_uid == self.action_uid else None

    def prepare(self, armature_object: ArmatureObject, number: int) -> Callable[[], list[NewKeys]]:
        """A function for the keys of a take, bent to the current ones; it may run in another thread.

        Raises MotionGPTError where bones or kept keys are gone.
        """
        self.check(armature_object)
        span, solved = self.request.span, self.takes[number]
        given = read_given(armature_object, self.character, span, self.request.poses, self.read, self.channels)
        old, tolerance = read_keys(armature_object, span, self.channels), key_tolerance(armature_object)
        return lambda: plan_curves(span, bend(solved, given), old, tolerance)

    def check(self, armature_object: ArmatureObject) -> None:
        """Raises MotionGPTError where bones that the takes animate, or the keys of a kept pose, are gone."""
        check_bones(armature_object, (bone for bone, _ in self.channels))
        curves = action_curves(armature_object)
        found = {round(float(t)) for curve in (curves.fcurves if curves else ()) for t in key_frames(curve)}
        gone = [pose.frame for pose in self.request.poses if not pose.whole and pose.frame not in found]
        if gone:
            raise MotionGPTError(f"The keys on frame {gone[0]} are gone.", "Generate again.")

    def step(self, ahead: int) -> None:
        """Show the take that is `ahead` places after the current one. Raises MotionGPTError."""
        action = self.action()
        armature = find_armature(self.request.target.armature_uid)
        if action is None or armature is None:
            raise MotionGPTError("The action that the takes belong to is no longer in use.", "Generate again.")
        self._check_unchanged(armature)
        number = (shown_take(action) + ahead) % len(self.takes)
        self.shown_in(write_curves(armature, self.prepare(armature, number)()), number)

    def _check_unchanged(self, armature_object: ArmatureObject) -> None:
        """Raises MotionGPTError where another take would overwrite what the animator has changed since."""
        kept = {pose.frame for pose in self.request.poses}
        mine = user_frames(armature_object, self.character) - kept
        changed = sorted(f for f in mine if self.request.span.start <= f <= self.request.span.end)
        if changed:
            raise MotionGPTError(
                f"You have changed frame {changed[0]} since the takes were made.",
                "Generate again, so that it is kept, or undo the change.",
            )
