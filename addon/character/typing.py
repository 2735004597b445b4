"""Blender's types as a running Blender fills them: its stubs mark as optional what an open file always has."""

from typing import TYPE_CHECKING, Any, cast

import bpy

if TYPE_CHECKING:

    class ArmatureObject(bpy.types.Object):
        """An object of the type ARMATURE. motiongpt_rig: `ui.bone_map.MotionGPTRig`, motiongpt_shot:
        `shot.data.MotionGPTShot`, motiongpt_review: `review.state.MotionGPTReview`, while these are registered."""

        data: bpy.types.Armature
        pose: bpy.types.Pose
        motiongpt_rig: Any
        motiongpt_shot: Any
        motiongpt_review: Any

    class Scene(bpy.types.Scene):
        """motiongpt: `ui.properties.MotionGPTSettings`.  motiongpt_history: `review.history.MotionGPTHistory`."""

        motiongpt: Any
        motiongpt_history: Any

    class Context(bpy.types.Context):
        scene: Scene
        view_layer: bpy.types.ViewLayer
        window_manager: bpy.types.WindowManager
        preferences: bpy.types.Preferences
else:
    ArmatureObject, Scene, Context = bpy.types.Object, bpy.types.Scene, bpy.types.Context


def full(context: bpy.types.Context) -> Context:
    """The context, typed as in an open file."""
    return cast(Context, context)


def as_armature(thing: bpy.types.Object) -> ArmatureObject:
    """An object that is known to be an armature."""
    return cast(ArmatureObject, thing)
