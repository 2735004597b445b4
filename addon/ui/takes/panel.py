"""The sub-panel of the takes that wait to be chosen."""

from dataclasses import asdict
from typing import cast

import bpy

from ...character.typing import ArmatureObject, full
from ...jobs.generate import GenerateJob
from ...manual.links import HasManual
from ...review.origin import Origin
from ...review.state import BEFORE, review_of
from ...shot.noting import TASK as SHOT
from ...translation.saying import say
from ..doubts import draw_doubt
from ..text import draw_text
from ..typing import classes_factory
from .operators import reviewed


class MOTIONGPT_PT_takes(HasManual, bpy.types.Panel):
    manual = "takes"
    bl_idname = "MOTIONGPT_PT_takes"
    bl_label = "Takes"
    bl_parent_id = "MOTIONGPT_PT_generate"
    bl_category = "MotionGPT"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return reviewed(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        armature, layout = reviewed(context), cast(bpy.types.UILayout, self.layout)
        if armature is not None:
            _draw_flipping(layout, context, armature)
            _draw_take(layout, armature)
            _draw_choosing(layout, armature)


def _draw_flipping(layout: bpy.types.UILayout, context: bpy.types.Context, armature: ArmatureObject) -> None:
    review = review_of(armature)
    row = layout.row(align=True)
    row.operator("motiongpt.show_take", text="", icon="TRIA_LEFT").step = -1
    for number in range(1, len(review.takes) + 1) if len(review.takes) <= 8 else ():
        shown = number == review.shown + 1
        row.operator("motiongpt.pick_take", text=str(number), depress=shown).number = number
    if len(review.takes) > 8:
        place = say("Take {number} of {count}", number=review.shown + 1, count=len(review.takes))
        row.label(text=say("Before") if review.shown == BEFORE else place)
    row.operator("motiongpt.show_take", text="", icon="TRIA_RIGHT").step = 1
    row = layout.row(align=True)
    screen = full(context).screen
    playing = screen is not None and screen.is_animation_playing
    row.operator("screen.animation_play", text="", icon="PAUSE" if playing else "PLAY")
    row.operator("motiongpt.compare_take", text=say("Before"), depress=review.shown == BEFORE)


def _draw_take(layout: bpy.types.UILayout, armature: ArmatureObject) -> None:
    """What the take that is shown is."""
    review = review_of(armature)
    if review.shown == BEFORE:
        draw_text(layout, "As it was before the takes.")
        return
    take = review.takes[review.shown]
    said = 'Take {number}: "{text}", seed {seed}' if take.text else "Take {number}, seed {seed}"
    draw_text(layout, say(said, number=review.shown + 1, text=take.text, seed=take.seed))
    if take.edited:
        draw_text(layout, "Changed by you.")
    draw_doubt(layout, asdict(Origin.of_take(take)))


def _draw_choosing(layout: bpy.types.UILayout, armature: ArmatureObject) -> None:
    row = layout.row(align=True)
    row.scale_y = 1.2
    row.operator("motiongpt.accept_take", icon="CHECKMARK")
    row.operator("motiongpt.reject_takes", icon="X")
    tasks = {take.task for take in review_of(armature).takes}
    if not tasks & {GenerateJob.task, SHOT}:
        return
    row = layout.row(align=True)
    if GenerateJob.task in tasks:
        row.operator("motiongpt.like_take")
    row.operator("motiongpt.more_takes")


register, unregister = classes_factory(MOTIONGPT_PT_takes)
