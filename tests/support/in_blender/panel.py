"""What the add-on's panel draws, without a window."""

import importlib

import bpy
from support.in_blender.user import MODULE


class RecordingProperties:
    """The properties of a button's operator: only those that the operator has can be set."""

    def __init__(self, rna: object) -> None:
        object.__setattr__(self, "rna", rna)

    def __setattr__(self, name: str, value: object) -> None:
        if name not in self.rna.properties:
            raise AttributeError(f"{self.rna.identifier} has no property {name}")


class RecordingLayout:
    """Stands in for `UILayout`, which only a window has: takes the same calls and checks them against Blender's own."""

    def __init__(self, said: list[str]) -> None:
        object.__setattr__(self, "said", said)

    def __setattr__(self, name: str, value: object) -> None:
        if name not in bpy.types.UILayout.bl_rna.properties:
            raise AttributeError(f"UILayout has no property {name}")

    def __getattr__(self, name: str):
        function = bpy.types.UILayout.bl_rna.functions[name]

        def call(*args: object, **keywords: object) -> "RecordingLayout":
            unknown = set(keywords) - set(function.parameters.keys())
            if unknown:
                raise TypeError(f"UILayout.{name} has no {unknown}")
            if name == "prop" and args[1] not in args[0].bl_rna.properties:
                raise KeyError(args[1])
            if "icon" in keywords:
                function.parameters["icon"].enum_items[keywords["icon"]]
            if name == "operator":
                package, _, operator = str(args[0]).partition(".")
                rna = getattr(getattr(bpy.ops, package), operator).get_rna_type()
                self.said.append(str(args[0]))
                return RecordingProperties(rna)
            named = {"prop": args[1:2]}.get(name, ())
            self.said.append(str(*named) if named else str(keywords.get("text", "")))
            return RecordingLayout(self.said)

        return call


def drawn(panel: type | None = None) -> str:
    """The texts and buttons of a panel, by default the main one, in one line."""
    panel = panel or importlib.import_module(f"{MODULE}.addon.ui.panel").MOTIONGPT_PT_generate
    said: list[str] = []

    class Drawn:
        layout = RecordingLayout(said)

    panel.draw(Drawn(), bpy.context)
    return " ".join(filter(None, said))
