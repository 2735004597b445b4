"""The settings of travel, loops and pins, at `scene.motiongpt_paths`; the travel's also for blocks of a shot."""

import bpy

from ...character.typing import full
from ...translation.saying import CONTEXT
from ...travel.pins import ITEMS
from ..typing import classes_factory


def _is_curve(_settings: bpy.types.PropertyGroup, candidate: bpy.types.Object) -> bool:
    return candidate.type == "CURVE"


class MotionGPTTravel(bpy.types.PropertyGroup):
    """Where a motion, or one block of a shot, goes. `travel.wishes.travelling` reads it."""

    route: bpy.props.EnumProperty(
        name="Path",
        description="What the character's hips follow over the floor",
        items=(
            ("NONE", "None", "The motion goes where it goes"),
            ("CURVE", "Curve", "A curve object, in its direction; back to its beginning if it is cyclic"),
            ("WAYPOINTS", "Waypoints", "The empties of a collection, one after the other"),
        ),
    )
    curve: bpy.props.PointerProperty(
        name="Curve", description="The curve to follow. Keys of its Evaluation Time say when to be where",
        type=bpy.types.Object, poll=_is_curve,
    )  # fmt: skip
    waypoints: bpy.props.PointerProperty(
        name="Waypoints",
        description="The collection whose objects are the places to go to, in the order of their names. A custom "
        'property "frame", or keys of their location, say when to be there',
        type=bpy.types.Collection,
    )
    own_pace: bpy.props.BoolProperty(
        name="At Its Own Pace",
        description="The motion lasts as long as the gait needs for the way, instead of Seconds",
        default=True,
    )
    use_distance: bpy.props.BoolProperty(name="Use Distance", description="Set how far the motion goes")
    distance: bpy.props.FloatProperty(
        name="Distance", description="How far the motion goes, along its way", default=3.0, min=0.01, soft_max=50.0,
        max=10_000.0, unit="LENGTH",
    )  # fmt: skip
    use_speed: bpy.props.BoolProperty(name="Use Speed", description="Set how fast the motion goes")
    speed: bpy.props.FloatProperty(
        name="Speed", description="How fast the motion goes, on average", default=1.2, min=0.01, soft_max=8.0,
        max=10_000.0, unit="VELOCITY",
    )  # fmt: skip
    use_turn: bpy.props.BoolProperty(name="Use Turn", description="Set how far the character turns")
    turn: bpy.props.FloatProperty(
        name="Turn",
        description="From the first facing to the last; positive to the left",
        default=1.5707963,
        soft_min=-6.2831853,
        soft_max=6.2831853,
        unit="ROTATION",
    )
    facing: bpy.props.EnumProperty(
        name="Face",
        translation_context=CONTEXT,
        description="Whether the character turns towards an object",
        items=(
            ("NONE", "Nothing", "It faces where the motion does"),
            ("END", "At the End", "It turns towards the object in the last moments"),
            ("ALONG", "All Along", "It faces the object on every frame, also where that moves"),
        ),
    )
    target: bpy.props.PointerProperty(name="Target", description="The object to face", type=bpy.types.Object)


class MotionGPTPin(bpy.types.PropertyGroup):
    """A hand or foot that is held. `travel.pins.read_pins` reads it."""

    use: bpy.props.BoolProperty(name="On", description="Use this pin", default=True)
    limb: bpy.props.EnumProperty(name="Limb", description="What is pinned", items=ITEMS)
    mode: bpy.props.EnumProperty(
        name="Held",
        description="Where the limb is held",
        items=(
            ("ON", "On the Target", "The palm or sole is on the object's origin, or on the place"),
            ("HOLD", "As It Is", "It keeps the place that it has on the first frame, on an object that moves too"),
        ),
    )
    target: bpy.props.PointerProperty(
        name="Object", description="What the limb is pinned to; empty for a place", type=bpy.types.Object
    )
    place: bpy.props.FloatVectorProperty(
        name="Place", description="Where the limb is held, in the world", subtype="TRANSLATION", unit="LENGTH"
    )
    first: bpy.props.IntProperty(name="From", description="The first frame on which it is held", default=1)
    last: bpy.props.IntProperty(name="To", description="The last frame on which it is held", default=24)
    blend: bpy.props.IntProperty(
        name="Blend", description="Frames before and after in which the limb passes over", default=8, min=0, soft_max=50
    )
    turned: bpy.props.BoolProperty(
        name="Keep Turn", description="The hand or foot keeps its turn relative to the object, too"
    )
    joint: bpy.props.BoolProperty(
        name="Wrist or Ankle", description="Hold the joint itself, instead of the palm or sole"
    )


class MotionGPTPaths(bpy.types.PropertyGroup):
    """One set per scene, at `scene.motiongpt_paths`."""

    travel: bpy.props.PointerProperty(type=MotionGPTTravel)
    loop: bpy.props.BoolProperty(
        name="Loop", description="Make the best seamless cycle of what is generated, and repeat it for ever"
    )
    loop_range: bpy.props.BoolProperty(
        name="Set Scene Range", description="The scene then plays one cycle", default=True
    )
    pins: bpy.props.CollectionProperty(type=MotionGPTPin)
    pin: bpy.props.IntProperty(name="Pin", description="The chosen pin of the list", options={"HIDDEN"})
    pin_new: bpy.props.BoolProperty(
        name="Also When Generating", description="Generated motion is pinned as it is made", default=True
    )


def paths_settings(context: bpy.types.Context) -> MotionGPTPaths:
    """The scene's."""
    settings: MotionGPTPaths = full(context).scene.motiongpt_paths  # type: ignore[attr-defined]
    return settings


_register_classes, _unregister_classes = classes_factory(MotionGPTTravel, MotionGPTPin, MotionGPTPaths)


def register() -> None:
    _register_classes()
    bpy.types.Scene.motiongpt_paths = bpy.props.PointerProperty(  # type: ignore[attr-defined,func-returns-value]
        type=MotionGPTPaths
    )


def unregister() -> None:
    del bpy.types.Scene.motiongpt_paths  # type: ignore[attr-defined]
    _unregister_classes()
