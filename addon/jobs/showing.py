"""What follows a result, so that it shows: takes to choose from, the scene's end, and the playhead. One undo step takes
all of it back."""

from collections.abc import Callable, Generator, Sequence

from ..action.all_or_nothing import all_or_nothing
from ..action.fcurves import played_action
from ..character.typing import ArmatureObject
from ..review.before import note_end
from ..review.reviewing import Offer, keep_edits, offer
from ..review.state import review_of
from ..translation.saying import say, together
from .context import Target, find_scene


def offer_takes(
    target: Target, find: Callable[[], ArmatureObject], offers: Sequence[Offer], what: str
) -> Generator[None, None, tuple[str, str]]:
    """Put takes before the animator in the second of two steps, all of them or none; returns the name of the action
    that shows the first, and a sentence.

    find: returns the armature, wherever it is now.  what: the undo step's name. Raises MotionGPTError for too many.
    """
    first, last = offers[0].origin.first, offers[0].origin.last
    kept = keep_edits(find())
    yield
    armature = find()
    with all_or_nothing(armature, what):
        offer(armature, offers, find_scene(target.scene_uid), kept)
        shown = show_frames(target, first, last)
        note_end(armature)
    count, action = len(review_of(armature).takes), played_action(armature)
    if count == len(offers):
        said = "{new} takes of frames {first} to {last} of {armature}: accept the one that you want."
    elif len(offers) == 1:
        said = "One more take of frames {first} to {last} of {armature}, {count} in all: accept the one that you want."
    else:
        said = "{new} takes of frames {first} to {last} of {armature}, {count} in all: accept the one that you want."
    done = say(said, new=len(offers), first=first, last=last, armature=armature.name, count=count)
    return action.name if action else "", together(done, shown)


def show_frames(target: Target, first: int, last: int, playhead: int | None = None) -> str:
    """Bring these frames into the scene that the button was pressed in; returns what that changed, as a sentence.

    The scene's end moves where it comes earlier, the playhead where it is outside, or to `playhead`.
    """
    scene, said = find_scene(target.scene_uid), ""
    if scene is None:
        return ""
    if last > scene.frame_end:
        scene.frame_end = last
        said = say("The scene now ends on frame {last}.", last=last)
    if playhead is None and not first <= scene.frame_current <= last:
        playhead = first
    if playhead is not None and playhead != scene.frame_current:
        scene.frame_current = playhead
    return said
