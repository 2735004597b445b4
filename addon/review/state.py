"""A review as Blender holds it: in the armature object, so that saving, undoing and crashing treat it as they treat the
armature itself. Nothing about a review is kept in Python.
"""

from typing import Any, cast

import bpy

from ...retarget.errors import MotionGPTError
from ..character.typing import ArmatureObject
from ..translation.saying import say
from .coding import unpack

BEFORE = -1
"""In place of a take's number: the animation that was there before."""
FROM_NOTHING, FROM_BEFORE = "NOTHING", "BEFORE"
"""What a take is built on: an empty action, or what was there before."""
NEW, SAME = "NEW", "SAME"
"""Where an accepted take goes: into an action of its own, or into the one that was there before."""
_HOLDERS: tuple[Any, ...] = (bpy.types.Object, bpy.types.Action)


class MotionGPTTake(bpy.types.PropertyGroup):
    """One take. curves: those F-curves that differ from what it is built on, as `coding.pack` writes them.

    base: what it is built on.  into: where it goes.  look: how it moves, as `similar.look_of` tells.  nearest: phrases,
    one a line.  edited: whether the animator has changed it.  blocks: those of a shot, as `blocks.blocks_text` tells;
    "" for other takes, which leave the blocks as they were before.
    """

    curves: bpy.props.StringProperty()
    base: bpy.props.StringProperty()
    into: bpy.props.StringProperty()
    title: bpy.props.StringProperty()
    task: bpy.props.StringProperty()
    text: bpy.props.StringProperty()
    model: bpy.props.StringProperty()
    seed: bpy.props.StringProperty()
    variation: bpy.props.IntProperty()
    seconds: bpy.props.FloatProperty()
    first: bpy.props.IntProperty()
    last: bpy.props.IntProperty()
    hands: bpy.props.StringProperty()
    negation: bpy.props.StringProperty()
    made_by: bpy.props.StringProperty()
    unsure: bpy.props.BoolProperty()
    nearest: bpy.props.StringProperty()
    look: bpy.props.StringProperty()
    edited: bpy.props.BoolProperty()
    blocks: bpy.props.StringProperty()


class MotionGPTReview(bpy.types.PropertyGroup):
    """The review of one armature, at `object.motiongpt_review` (see `start`); open while it has takes.

    shown: number of the take that is shown, or BEFORE.  last_shown: of the last one that was.  preview: the action that
    shows it, built on `base`.  before, slot: the action and its slot that were there before.  animated: whether the
    armature had animation data.  pose, settings: what else a take changes, as JSON.  scene, end_before, end: the scene
    whose last frame moved, from where, to where.  blocks: the armature's, as `blocks.blocks_text` tells.  owner: the
    armature's name, where it can't hold its review itself.
    """

    takes: bpy.props.CollectionProperty(type=MotionGPTTake)
    shown: bpy.props.IntProperty(min=BEFORE)
    last_shown: bpy.props.IntProperty()
    preview: bpy.props.PointerProperty(type=bpy.types.Action)
    base: bpy.props.StringProperty()
    before: bpy.props.PointerProperty(type=bpy.types.Action)
    slot: bpy.props.StringProperty()
    animated: bpy.props.BoolProperty()
    pose: bpy.props.StringProperty()
    settings: bpy.props.StringProperty()
    scene: bpy.props.StringProperty()
    end_before: bpy.props.IntProperty()
    end: bpy.props.IntProperty()
    blocks: bpy.props.StringProperty()
    owner: bpy.props.StringProperty()


def review_of(armature_object: ArmatureObject) -> Any:
    """The armature's `MotionGPTReview`; an empty one while there is none."""
    own = getattr(armature_object, "motiongpt_review", None)  # None where a script uses this without registering
    if own is None or armature_object.override_library is None:
        return own
    holder = _holder(armature_object)
    return cast(Any, holder).motiongpt_review if holder is not None else own


def is_open(armature_object: ArmatureObject) -> bool:
    """Whether there are takes to choose from."""
    review = review_of(armature_object)
    return review is not None and len(review.takes) > 0


def check_closed(armature_object: ArmatureObject) -> None:
    """Raises MotionGPTError while there are takes to choose from: for what writes keys and offers none."""
    if is_open(armature_object):
        raise MotionGPTError(
            say('Takes of "{armature}" are under review.', armature=armature_object.name),
            "Accept or reject them first.",
        )


def start(armature_object: ArmatureObject) -> Any:
    """An empty `MotionGPTReview` for the armature, to be filled.

    Blender does not save what an add-on stores in a library override, so that such an armature's review is in an action
    of its own, which goes with the review. Its name begins with a dot, which keeps it out of Blender's lists.
    """
    finish(armature_object)
    if armature_object.override_library is not None:
        holder = bpy.data.actions.new(f".MotionGPT {armature_object.name}")
        holder.use_fake_user = True
        cast(Any, holder).motiongpt_review.owner = armature_object.name
    return review_of(armature_object)


def finish(armature_object: ArmatureObject) -> None:
    """Forget everything about the armature's review; the actions stay."""
    review = review_of(armature_object)
    review.takes.clear()
    unpack.cache_clear()
    review.preview = review.before = None
    for name in ("base", "slot", "pose", "settings", "scene", "blocks"):
        setattr(review, name, "")
    review.shown, review.last_shown, review.animated, review.end_before, review.end = 0, 0, False, 0, 0
    holder = _holder(armature_object) if armature_object.override_library is not None else None
    if holder is not None:
        bpy.data.actions.remove(holder)


def _holder(armature_object: ArmatureObject) -> bpy.types.Action | None:
    """The action that holds an overridden armature's review: the one that names it or, where it was renamed, the one
    whose preview it plays."""
    reviews = [(cast(Any, action).motiongpt_review, action) for action in bpy.data.actions if action.library is None]
    found = [action for review, action in reviews if review.owner == armature_object.name]
    played = armature_object.animation_data.action if armature_object.animation_data else None
    found += [action for review, action in reviews if played is not None and review.preview == played]
    return found[0] if found else None


def register() -> None:
    for group in (MotionGPTTake, MotionGPTReview):
        bpy.utils.register_class(group)
    for kind in _HOLDERS:
        kind.motiongpt_review = bpy.props.PointerProperty(type=MotionGPTReview)  # type: ignore[func-returns-value]


def unregister() -> None:
    for kind in _HOLDERS:
        del kind.motiongpt_review
    for group in (MotionGPTReview, MotionGPTTake):
        bpy.utils.unregister_class(group)
