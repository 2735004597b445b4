"""What `test_operators.py` runs inside Blender: the buttons where the input is bad or the model can't do the task."""

import bpy
from support.in_blender.keyed import keyed, person, pose, press
from support.in_blender.user import BIPED, attempt, content, make_armature, settings


def bad_input() -> object:
    """Every mistake: the sentence, and whether anything changed."""
    seen = {}
    before = content()

    def record(name: str) -> None:
        seen[name] = [attempt(), content() == before]

    settings().prompt = "a person walks forward"
    record("no armature")
    make_armature("Tree", {"Root": (None, (0, 0, 0)), "Branch": ("Root", (0, 0, 1))})
    before = content()
    record("no biped")
    make_armature("Person", BIPED)
    before = content()
    settings().prompt = "   "
    record("no text")
    settings().prompt = "a person walks forward"
    for seconds in (0.0, -1.0):
        settings().seconds = seconds
        record(f"{seconds:g} seconds")
    settings().seconds = 2.0
    bpy.ops.object.mode_set(mode="EDIT")
    record("edit mode")
    bpy.ops.object.mode_set(mode="OBJECT")
    settings().prompt = "x" * 5000
    record("long text")
    return seen


def unable() -> object:
    """With a model that only makes motion from text."""
    armature = person()
    for frame, angle in ((1, 0.0), (20, 0.4)):
        pose(armature, frame, angle)
    before = keyed(armature)
    seen: dict[str, object] = {"first": press(task="inbetween"), "same": keyed(armature) == before}
    seen["poll"] = bpy.ops.motiongpt.inbetween.poll()
    try:
        bpy.ops.motiongpt.inbetween()
    except RuntimeError as error:
        seen["why"] = str(error)
    settings().prompt = "a person walks"
    return seen | {"generate": bpy.ops.motiongpt.generate.poll()}
