"""MotionGPT: type what a character does, and get the animation on its armature."""

from . import (
    bone_map,
    edit_operators,
    fbx_operator,
    gap_operators,
    ghosts,
    operators,
    panel,
    pose_reader,
    preferences,
    properties,
    session,
)

_MODULES = (
    preferences,
    properties,
    session,
    pose_reader,
    operators,
    edit_operators,
    fbx_operator,
    gap_operators,
    ghosts,
    panel,
    bone_map,
)


def register() -> None:
    for module in _MODULES:
        module.register()


def unregister() -> None:
    for module in reversed(_MODULES):
        module.unregister()
