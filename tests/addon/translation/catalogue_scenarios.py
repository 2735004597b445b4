"""What `test_catalogue.py` runs inside Blender: the texts of all that the extension registers."""

import importlib
import inspect
import re

import bpy
from support.in_blender import panel
from support.in_blender.user import BIPED, MODULE, attempt, make_armature, run_job, settings

WIDE = re.compile("[\u4e00-\u9fff]")
KINDS = ("Operator", "PropertyGroup", "Panel", "Menu", "UIList", "AddonPreferences")


def texts() -> object:
    """Of every class that is registered: what it is called, its tooltip, those of its properties and their items."""
    found = {}
    for kind in KINDS:
        left = list(getattr(bpy.types, kind).__subclasses__())
        while left:
            cls = left.pop()
            left += cls.__subclasses__()
            if cls.__module__.startswith(MODULE) and cls.is_registered:
                found[cls.__name__] = {"kind": kind, **_of_class(cls)}
    return dict(sorted(found.items()))


def _of_class(cls: type) -> dict[str, object]:
    rna, idname = cls.bl_rna, getattr(cls, "bl_idname", "")
    if issubclass(cls, bpy.types.Operator):
        rna = getattr(bpy.ops.motiongpt, idname.partition(".")[2]).get_rna_type()
    bases = [base for base in cls.__mro__ if base.__module__.startswith(MODULE)]
    own = {name for base in bases for name in inspect.get_annotations(base)}
    return {
        "label": getattr(cls, "bl_label", rna.name), "tip": rna.description, "idname": idname,
        "manual": getattr(cls, "manual", ""),
        "properties": {prop.identifier: _of_property(prop) for prop in rna.properties if prop.identifier in own},
    }  # fmt: skip


def _of_property(prop: bpy.types.Property) -> dict[str, object]:
    items = prop.enum_items_static if prop.type == "ENUM" else ()
    return {
        "name": prop.name, "tip": prop.description, "hidden": prop.is_hidden,
        "items": [[item.name, item.description] for item in items],
    }  # fmt: skip


def dynamic() -> object:
    """Texts that are made of names: joints and limbs, groups of what the model knows, stages of the backend."""
    bones = importlib.import_module(f"{MODULE}.addon.ui.bone_map")
    pins = importlib.import_module(f"{MODULE}.retarget.solving.pins")
    engine = importlib.import_module(f"{MODULE}.backend.engine")
    limbs = [limb.replace("_", " ") for limb in pins.LIMBS]
    return [
        *(joint.replace("_", " ").title() for joint in bones.SHOWN), *limbs, *(limb.capitalize() for limb in limbs),
        *(stage.label for stage in engine.Stage), "other", "Cancelled.", "for any use", "not for commercial use",
    ]  # fmt: skip


def in_chinese() -> object:
    """The panel, a refused press and a done one with the Chinese catalogue; wrapping."""
    saying = importlib.import_module(f"{MODULE}.addon.translation.saying")
    catalogue = importlib.import_module(f"{MODULE}.addon.translation.catalogue")
    text = importlib.import_module(f"{MODULE}.addon.ui.text")
    chinese = catalogue.read("zh_HANS")
    saying.look_up_in(lambda english: chinese.get(english, english))
    make_armature("Person", BIPED)
    bpy.context.scene.render.fps = 30
    settings().prompt, settings().seconds = "", 2.0
    seen: dict[str, object] = {"refused": attempt().removeprefix("Error: ").strip()}
    settings().prompt = "a person walks"
    attempt()
    seen["done"] = run_job().message
    seen["panel"] = panel.drawn()
    said = '"{armature}" has no animation.', "Give it an action first."
    whole = saying.together(saying.say(said[0], armature="Person"), saying.say(said[1]))
    seen["wrapped"] = text.wrap("骨架" + whole, 10.0, lambda part: sum(1.0 if WIDE.match(c) else 0.5 for c in part))
    return seen
