"""Takes, versions of the same frames to flip through: solved once, bent to the current keys when they are shown."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import bpy

from ...retarget.errors import MotionGPTError
from ..action.all_or_nothing import all_or_nothing
from ..action.bending import BentCurve, Span, bend
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
    made: how many the last press made.  action_uid: of the action that shows one of them.
    """

    request: MotionRequest
    character: Character
    read: ReadPoses
    takes: tuple[list[Curve], ...]
    made: int
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
        span, bent = self.request.span, self._prepare_bent(armature_object, number)
        old, tolerance = read_keys(armature_object, span, self.channels), key_tolerance(armature_object)
        return lambda: plan_curves(span, bent(), old, tolerance)

    def _prepare_bent(self, armature_object: ArmatureObject, number: int) -> Callable[[], list[BentCurve]]:
        """A function for the values of a take, bent to the current keys."""
        self.check(armature_object)
        span, solved = self.request.span, self.takes[number]
        given = read_given(armature_object, self.character, span, self.request.poses, self.read, self.channels)
        return lambda: bend(solved, given)

    def prepare_with(self, armature_object: ArmatureObject, gap: "Takes") -> Callable[[], "Takes"] | None:
        """A function for these takes and, after them, new ones of a gap in them, which outside the gap are as the take
        that is shown; it may run in another thread. None where the gap is not part of these takes any more."""
        action, mine, inside = self.action(), self.request.span, gap.request.span
        within = mine.start <= inside.start < inside.end <= mine.end
        if action is None or self.channels != gap.channels or not within:
            return None
        try:
            shown = self._prepare_bent(armature_object, shown_take(action))
            new = [gap._prepare_bent(armature_object, number) for number in range(len(gap.takes))]
        except MotionGPTError:  # keys of theirs are gone
            return None

        def combined() -> Takes:
            base = shown()
            made = tuple(_put_in(base, mine, bent(), inside) for bent in new)
            request, read = _with_poses(self, gap)
            return Takes(request, self.character, read, self.takes + made, gap.made, self.action_uid)

        return combined

    def check(self, armature_object: ArmatureObject) -> None:
        """Raises MotionGPTError where bones that the takes animate, or the keys of a kept pose, are gone."""
        check_bones(armature_object, (bone for bone, _ in self.channels))
        curves = action_curves(armature_object)
        found = {round(float(t)) for curve in (curves.fcurves if curves else ()) for t in key_frames(curve)}
        gone = [pose.frame for pose in self.request.poses if not pose.whole and pose.frame not in found]
        if gone:
            raise MotionGPTError(f"The keys on frame {gone[0]} are gone.", "Press In-Between again.")

    def step(self, ahead: int) -> None:
        """Show the take that is `ahead` places after the current one. Raises MotionGPTError."""
        action = self.action()
        armature = find_armature(self.request.target.armature_uid)
        if action is None or armature is None:
            raise MotionGPTError("The action that the takes belong to is no longer in use.", "Press In-Between again.")
        self._check_unchanged(armature)
        number = (shown_take(action) + ahead) % len(self.takes)
        planned = self.prepare(armature, number)()
        with all_or_nothing(armature):
            self.shown_in(write_curves(armature, planned), number)

    def _check_unchanged(self, armature_object: ArmatureObject) -> None:
        """Raises MotionGPTError where another take would overwrite what the animator has changed since."""
        kept = {pose.frame for pose in self.request.poses}
        mine = user_frames(armature_object, self.character) - kept
        changed = sorted(f for f in mine if self.request.span.start <= f <= self.request.span.end)
        if changed:
            raise MotionGPTError(
                f"You have changed frame {changed[0]} since the takes were made.",
                "Press In-Between again, so that it is kept, or undo the change.",
            )


def _put_in(base: list[BentCurve], mine: Span, new: list[BentCurve], inside: Span) -> list[Curve]:
    """The values of a take over one span, with those of another over the frames of a second span."""
    curves = []
    for old, own in zip(base, new, strict=True):
        values = old.values[: mine.frames].copy()  # a switch has one row more
        values[inside.start - mine.origin : inside.end - mine.origin + 1] = own.values[inside.before : inside.frames]
        curves.append((old.bone, old.channel, values))
    return curves


def _with_poses(takes: Takes, gap: Takes) -> tuple[MotionRequest, ReadPoses]:
    """The request of the first takes with the poses of the second, too, and what was read of them all."""
    old, new = takes.request, gap.request
    rows = {pose.frame: (pose, old.span.before + i) for i, pose in enumerate(old.poses)}
    first = len(old.sent) + new.span.before
    rows |= {pose.frame: (pose, first + i) for i, pose in enumerate(new.poses)}
    poses, of_poses = zip(*(rows[frame] for frame in sorted(rows)), strict=True)
    read = takes.read.joined(gap.read, [*range(old.span.before), *of_poses])
    return replace(old, poses=poses, span=replace(old.span, whole=old.span.whole | new.span.whole)), read
