"""The panel's settings, stored in the scene so that they are saved in the file."""

import random

import bpy

from ...backend.limits import SEED_LIMIT
from ..character.typing import full
from ..translation.saying import CONTEXT
from . import ghosts
from .typing import OperatorResult, classes_factory


def _is_armature(_settings: bpy.types.PropertyGroup, candidate: bpy.types.Object) -> bool:
    return candidate.type == "ARMATURE"


def _poses_changed(_settings: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    ghosts.mark()


class MotionGPTSettings(bpy.types.PropertyGroup):
    """One set per scene, at `scene.motiongpt`."""

    task: bpy.props.EnumProperty(
        name="Task",
        translation_context=CONTEXT,
        description="What is generated, and from what",
        update=_poses_changed,  # ghosts are for one task
        items=(
            ("generate", "Text to Motion", "A new motion from a prompt"),
            ("inbetween", "In-Between", "The frames between poses that you have keyed"),
            ("continue", "Continue", "More of the existing motion, after the current frame"),
            ("caption", "Describe", "The motion in the scene's frame range, or in its preview range, in words"),
        ),
    )
    poses: bpy.props.EnumProperty(
        name="Poses",
        description="Which poses are kept as they are",
        update=_poses_changed,
        items=(
            ("SELECTED", "Selected Keys", "The frames of the keys that are selected in the Dope Sheet"),
            ("ALL", "All Keys", "Every frame on which you have keyed a pose; generated keys don't count"),
            ("MARKED", "Markers", "The frames with a marker, on the timeline or in the action"),
        ),
    )
    range: bpy.props.EnumProperty(
        name="Range",
        description="Which frames are generated",
        items=(
            ("KEYS", "Between Poses", "From the first pose to the last"),
            (
                "SCENE",
                "Scene",
                "The scene's frame range, or the preview range where it is on; the prompt decides what "
                "happens before the first pose and after the last",
            ),
        ),
    )
    takes: bpy.props.IntProperty(
        name="Takes", description="How many versions to generate and flip through", default=3, min=1, max=8
    )
    text_takes: bpy.props.IntProperty(
        name="Takes", default=1, min=1, max=8,
        description="How many versions to generate in one go. One is written at once; several are shown one after the "
        "other, and none is kept until you accept it",
    )  # fmt: skip
    destination: bpy.props.EnumProperty(
        name="Into",
        description="Which action gets the new keys",
        items=(
            ("SAME", "This Action", "New keys go between yours, in the same action"),
            ("NEW", "New Action", "A copy of the action gets the new keys; the old action is stashed"),
        ),
    )
    after: bpy.props.EnumProperty(
        name="Afterwards",
        description="What happens to the motion that the action holds after the new frames",
        items=(
            ("MOVE", "Move Along", "It goes on from where the new frames end, moved and turned over the floor"),
            ("CUT", "Cut", "It is deleted"),
        ),
    )
    ghosts: bpy.props.BoolProperty(
        name="Ghosts", description="Show the kept poses as stick figures in the viewport", update=_poses_changed
    )

    prompt: bpy.props.StringProperty(
        name="Prompt",
        translation_context=CONTEXT,
        description='What the character does, in English: "a person walks forward and waves"',
    )
    use_scene_range: bpy.props.BoolProperty(
        name="Use Scene Frame Range",
        description="Fill the scene's frame range, or its preview range where that is on, instead of a number of "
        "seconds from the current frame on",
    )
    # Only soft limits: a length that can't be generated gets an error message, never silently another length.
    seconds: bpy.props.FloatProperty(
        name="Seconds", description="How much is generated, from the current frame on", default=4.0, soft_min=0.5,
        soft_max=10.0, step=50, precision=2,
    )  # fmt: skip
    length: bpy.props.EnumProperty(
        name="Length In",
        description="How the length is given",
        items=(("SECONDS", "Seconds", "A length in seconds"), ("FRAMES", "Frames", "A length in frames of the scene")),
    )
    frames: bpy.props.IntProperty(
        name="Frames", description="How many frames are generated, from the current frame on", default=96, min=1,
        soft_max=300,
    )  # fmt: skip
    hands: bpy.props.EnumProperty(
        name="Hands",
        translation_context=CONTEXT,
        description="The shape of hands that have fingers. Fingers that you have keyed in the range keep their keys",
        items=(
            ("RELAXED", "Relaxed", "Fingers curled a little, more towards the little finger"),
            ("FIST", "Fist", "Closed, with the thumb over the fingers"),
            ("FLAT", "Flat", "Fingers straight and together"),
            ("AS_THEY_ARE", "As They Are", "Fingers get no keys"),
        ),
    )
    seed: bpy.props.IntProperty(
        name="Seed", description="The same prompt, length and seed give the same motion", min=0, max=SEED_LIMIT
    )
    armature: bpy.props.PointerProperty(
        name="Armature", description="The character to animate; if empty, the active armature",
        type=bpy.types.Object, poll=_is_armature, update=_poses_changed,
    )  # fmt: skip


class MOTIONGPT_OT_random_seed(bpy.types.Operator):
    """Pick another seed, for another motion from the same prompt"""

    bl_idname = "motiongpt.random_seed"
    bl_label = "Random Seed"
    bl_options = {"INTERNAL", "UNDO"}

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        full(context).scene.motiongpt.seed = random.randint(0, SEED_LIMIT)
        return {"FINISHED"}


_register_classes, _unregister_classes = classes_factory(MotionGPTSettings, MOTIONGPT_OT_random_seed)


def register() -> None:
    _register_classes()
    bpy.types.Scene.motiongpt = bpy.props.PointerProperty(  # type: ignore[attr-defined,func-returns-value]
        type=MotionGPTSettings
    )


def unregister() -> None:
    del bpy.types.Scene.motiongpt  # type: ignore[attr-defined]
    _unregister_classes()
