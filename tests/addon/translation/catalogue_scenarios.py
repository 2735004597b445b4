"""What `test_catalogue.py` runs inside Blender: the texts of all that the extension registers."""

import importlib
import inspect

import bpy
from support.in_blender.user import MODULE

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
    own = {
        name
        for base in cls.__mro__
        if base.__module__.startswith(MODULE)
        for name in base.__dict__.get("__annotations__", ())
    }
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
        *(stage.label for stage in engine.Stage),
    ]  # fmt: skip


def pages() -> object:
    """The names that Blender looks up for its Online Manual, the pages, and which of them are there."""
    links = importlib.import_module(f"{MODULE}.addon.manual.links")
    prefix, rows = links.manual_map()
    return {"prefix": prefix, "rows": rows, "files": sorted(p.name for p in links.FOLDER.glob("*.html"))}
