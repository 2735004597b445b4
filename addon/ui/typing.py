"""What Blender's stubs leave untyped of registering classes, and the results of operators."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import bpy

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

    OperatorResult = set[OperatorReturnItems]
else:
    OperatorResult = set


def classes_factory(*classes: type) -> tuple[Callable[[], None], Callable[[], None]]:
    """`register` and `unregister` of these classes, in that order and back."""
    factory: Callable[[Sequence[type]], Any] = bpy.utils.register_classes_factory
    register, unregister = factory(classes)
    return register, unregister
