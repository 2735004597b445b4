"""A review as Blender holds it: in the armature object, so that saving, undoing and crashing treat it as they treat the
armature itself. Nothing about a review is kept in Python.
"""

from typing import Any

import bpy

from ..character.typing import ArmatureObject

BEFORE = -1
"""In place of a take's number: the animation that was there before."""
FROM_NOTHING, FROM_BEFORE = "NOTHING", "BEFORE"
"""What a take is built on: an empty action, or what was there before."""
NEW, SAME = "NEW", "SAME"
"""Where an accepted take goes: into an action of its own, or into the one that was there before."""
_OVER: Any = {"LIBRARY_OVERRIDABLE"}  # else an armature from a library could not have a review


class MotionGPTTake(bpy.types.PropertyGroup):
    """One take. curves: those F-curves that differ from what it is built on, as `coding.pack` writes them.

    base: what it is built on.  into: where it goes.  look: how it moves, as `similar.look_of` tells.  nearest: phrases,
    one a line.  edited: whether the animator has changed it.
    """

    curves: bpy.props.StringProperty(override=_OVER)
    base: bpy.props.StringProperty(override=_OVER)
    into: bpy.props.StringProperty(override=_OVER)
    title: bpy.props.StringProperty(override=_OVER)
    task: bpy.props.StringProperty(override=_OVER)
    text: bpy.props.StringProperty(override=_OVER)
    model: bpy.props.StringProperty(override=_OVER)
    seed: bpy.props.StringProperty(override=_OVER)
    variation: bpy.props.IntProperty(override=_OVER)
    seconds: bpy.props.FloatProperty(override=_OVER)
    first: bpy.props.IntProperty(override=_OVER)
    last: bpy.props.IntProperty(override=_OVER)
    hands: bpy.props.StringProperty(override=_OVER)
    negation: bpy.props.StringProperty(override=_OVER)
    unsure: bpy.props.BoolProperty(override=_OVER)
    nearest: bpy.props.StringProperty(override=_OVER)
    look: bpy.props.StringProperty(override=_OVER)
    edited: bpy.props.BoolProperty(override=_OVER)


class MotionGPTReview(bpy.types.PropertyGroup):
    """The review of one armature, at `object.motiongpt_review`; open while it has takes.

    shown: number of the take that is shown, or BEFORE.  last_shown: of the last one that was.  preview: the action that
    shows it, built on `base`.  before, slot: the action and its slot that were there before.  animated: whether the
    armature had animation data.  pose, settings: what else a take changes, as JSON.  scene, end_before, end: the scene
    whose last frame moved, from where, to where.
    """

    takes: bpy.props.CollectionProperty(type=MotionGPTTake, override=_OVER | {"USE_INSERTION"})
    shown: bpy.props.IntProperty(min=BEFORE, override=_OVER)
    last_shown: bpy.props.IntProperty(override=_OVER)
    preview: bpy.props.PointerProperty(type=bpy.types.Action, override=_OVER)
    base: bpy.props.StringProperty(override=_OVER)
    before: bpy.props.PointerProperty(type=bpy.types.Action, override=_OVER)
    slot: bpy.props.StringProperty(override=_OVER)
    animated: bpy.props.BoolProperty(override=_OVER)
    pose: bpy.props.StringProperty(override=_OVER)
    settings: bpy.props.StringProperty(override=_OVER)
    scene: bpy.props.StringProperty(override=_OVER)
    end_before: bpy.props.IntProperty(override=_OVER)
    end: bpy.props.IntProperty(override=_OVER)


def review_of(armature_object: ArmatureObject) -> Any:
    """The armature's `MotionGPTReview`."""
    return armature_object.motiongpt_review


def is_open(armature_object: ArmatureObject) -> bool:
    """Whether there are takes to choose from."""
    review = getattr(armature_object, "motiongpt_review", None)  # None where a script uses this without registering
    return review is not None and len(review.takes) > 0


def clear(review: Any) -> None:
    """Forget everything about a review; the actions stay."""
    review.takes.clear()
    review.preview = review.before = None
    for name in ("base", "slot", "pose", "settings", "scene"):
        setattr(review, name, "")
    review.shown, review.last_shown, review.animated, review.end_before, review.end = 0, 0, False, 0, 0


def register() -> None:
    for group in (MotionGPTTake, MotionGPTReview):
        bpy.utils.register_class(group)
    bpy.types.Object.motiongpt_review = bpy.props.PointerProperty(  # type: ignore[attr-defined,func-returns-value]
        type=MotionGPTReview, override=_OVER
    )


def unregister() -> None:
    del bpy.types.Object.motiongpt_review  # type: ignore[attr-defined]
    for group in (MotionGPTReview, MotionGPTTake):
        bpy.utils.unregister_class(group)
