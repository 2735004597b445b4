"""What the panel edits, kept with the scene so that it is saved in the file."""

import random

import bpy

SEED_LIMIT = 2**31 - 1


def _is_armature(_settings: bpy.types.PropertyGroup, candidate: bpy.types.Object) -> bool:
    return candidate.type == "ARMATURE"


class MotionGPTSettings(bpy.types.PropertyGroup):
    """One set a scene, at `scene.motiongpt`."""

    prompt: bpy.props.StringProperty(
        name="Prompt", description='What the character does, in English: "a person walks forward and waves"'
    )
    use_scene_range: bpy.props.BoolProperty(
        name="Use Scene Frame Range",
        description="Fill the scene's frame range, instead of so many seconds from the current frame on",
    )
    # Only soft limits: a length that can't be generated gets a sentence that says so, never a silent other length.
    seconds: bpy.props.FloatProperty(
        name="Seconds", description="Length of the motion, from the current frame on", default=4.0, soft_min=0.5,
        soft_max=10.0, step=50, precision=2,
    )  # fmt: skip
    seed: bpy.props.IntProperty(
        name="Seed", description="The same prompt, length and seed give the same motion again", min=0, max=SEED_LIMIT
    )
    armature: bpy.props.PointerProperty(
        name="Armature", description="The character to animate; the active armature where this is empty",
        type=bpy.types.Object, poll=_is_armature,
    )  # fmt: skip


class MOTIONGPT_OT_random_seed(bpy.types.Operator):
    """Pick another seed, for another motion from the same prompt"""

    bl_idname = "motiongpt.random_seed"
    bl_label = "Random Seed"
    bl_options = {"INTERNAL", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.scene.motiongpt.seed = random.randint(0, SEED_LIMIT)
        return {"FINISHED"}


CLASSES = (MotionGPTSettings, MOTIONGPT_OT_random_seed)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.motiongpt = bpy.props.PointerProperty(type=MotionGPTSettings)


def unregister() -> None:
    del bpy.types.Scene.motiongpt
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
