"""Buttons for waypoints, loops, travel and pins."""

from __future__ import annotations

import bpy

from ....retarget.errors import MotionGPTError
from ...changes import in_place
from ...changes.loop import LoopJob
from ...changes.pin import PinJob
from ...character.typing import ArmatureObject, Scene, full
from ...jobs.context import check_motion, chosen_armature, scene_fps
from ...translation.saying import CONTEXT, say, told
from ...travel.pins import new_place
from ...travel.routes import FRAME
from ..operators.tasks import StartsJob
from ..typing import OperatorResult, classes_factory
from .polling import polled
from .properties import paths_settings


class MOTIONGPT_OT_add_waypoint(bpy.types.Operator):
    """Add an empty at the 3D cursor as the next place to go to"""

    bl_idname = "motiongpt.add_waypoint"
    bl_label = "Add Waypoint"
    bl_options = {"REGISTER", "UNDO"}

    timed: bpy.props.BoolProperty(
        name="On This Frame", description="To be there on the current frame", options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polled(cls, context)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        scene, settings = full(context).scene, paths_settings(context)
        collection = settings.travel.waypoints
        if collection is None:
            collection = settings.travel.waypoints = bpy.data.collections.new("Waypoints")
            scene.collection.children.link(collection)
        number = len(collection.objects) + 1
        empty = bpy.data.objects.new(f"Waypoint {number}", None)
        empty.empty_display_type, empty.empty_display_size = "SINGLE_ARROW", 0.5
        empty.location = scene.cursor.location
        empty.show_name = True
        if self.timed:
            empty[FRAME] = scene.frame_current
        collection.objects.link(empty)
        settings.travel.route = "WAYPOINTS"
        scene.motiongpt.armature = chosen_armature(context)
        return {"FINISHED"}


class MOTIONGPT_OT_make_loop(StartsJob):
    """Find the best cycle of the motion that the character plays in the scene's range, close it, and repeat it for
    ever, in a new action; the old one is stashed"""

    bl_idname = "motiongpt.make_loop"
    bl_label = "Make Loop"
    job = LoopJob


class MOTIONGPT_OT_pin(StartsJob):
    """Hold the limbs of the pins on their targets in the motion that the character plays, as keys of these limbs"""

    bl_idname = "motiongpt.pin"
    bl_label = "Pin"
    bl_translation_context = CONTEXT
    job = PinJob


class _OnTravel(bpy.types.Operator):
    """Base of the operators on the travel of the character's action."""

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polled(cls, context, animated=True)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        try:
            said = self.change(check_motion(context), full(context).scene)
        except MotionGPTError as error:
            self.report({"ERROR"}, told(error))
            return {"CANCELLED"}
        if said:
            self.report({"INFO"}, said)
        return {"FINISHED"}

    def change(self, armature: ArmatureObject, scene: Scene) -> str:
        """Do it; returns what to tell about it. Raises MotionGPTError."""
        raise NotImplementedError


class MOTIONGPT_OT_take_travel_out(_OnTravel):
    """Play the character's action in place: its travel over the floor is taken out of its keys, and remembered"""

    bl_idname = "motiongpt.take_travel_out"
    bl_label = "Play in Place"

    def change(self, armature: ArmatureObject, scene: Scene) -> str:
        taken, system = in_place.take_out(armature, scene_fps(scene)), scene.unit_settings.system
        way = bpy.utils.units.to_string(system, "LENGTH", taken * scene.unit_settings.scale_length, precision=3)
        return say("In place; {way} of travel is remembered", way=way)


class MOTIONGPT_OT_put_travel_back(_OnTravel):
    """Give the character's action its travel back; keys that you have not touched are as they were"""

    bl_idname = "motiongpt.put_travel_back"
    bl_label = "Put Travel Back"

    def change(self, armature: ArmatureObject, scene: Scene) -> str:
        in_place.put_back(armature)
        return ""


class MOTIONGPT_OT_add_pin(bpy.types.Operator):
    """Add a pin from the current frame on, to the selected object beside the character, or to the 3D cursor"""

    bl_idname = "motiongpt.add_pin"
    bl_label = "Add Pin"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polled(cls, context)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        armature, scene, settings = chosen_armature(context), full(context).scene, paths_settings(context)
        if armature is None:
            return {"CANCELLED"}
        pin = settings.pins.add()
        pin.target = next(
            (o for o in context.selected_objects if o != armature and o.find_armature() != armature), None
        )
        pin.place = new_place(scene, pin.target)
        pin.first = scene.frame_current
        pin.last = pin.first + round(scene_fps(scene))
        settings.pin = len(settings.pins) - 1
        scene.motiongpt.armature = armature
        return {"FINISHED"}


class MOTIONGPT_OT_remove_pin(bpy.types.Operator):
    """Remove this pin from the list; keys stay"""

    bl_idname = "motiongpt.remove_pin"
    bl_label = "Remove Pin"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        settings = paths_settings(context)
        if not 0 <= settings.pin < len(settings.pins):
            cls.poll_message_set(say("No pin is selected."))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        settings = paths_settings(context)
        settings.pins.remove(settings.pin)
        settings.pin = max(0, min(settings.pin, len(settings.pins) - 1))
        return {"FINISHED"}


register, unregister = classes_factory(
    MOTIONGPT_OT_add_waypoint,
    MOTIONGPT_OT_make_loop,
    MOTIONGPT_OT_pin,
    MOTIONGPT_OT_take_travel_out,
    MOTIONGPT_OT_put_travel_back,
    MOTIONGPT_OT_add_pin,
    MOTIONGPT_OT_remove_pin,
)
