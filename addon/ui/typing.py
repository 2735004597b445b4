"""Types that Blender's stubs lack for registering classes, and the type of operators' results."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import bpy

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

    OperatorResult = set[OperatorReturnItems]
else:
    OperatorResult = set


def classes_factory(*classes: type) -> tuple[Callable[[], None], Callable[[], None]]:
    """`register` and `unregister` for these classes, in this order and in reverse. An operator's docstring becomes its
    tooltip, in one line: Blender would show how it is indented."""
    for each in classes:
        if issubclass(each, bpy.types.Operator) and each.__doc__:
            each.bl_description = " ".join(each.__doc__.split())
    factory: Callable[[Sequence[type]], Any] = bpy.utils.register_classes_factory
    register, unregister = factory(classes)
    return register, unregister
