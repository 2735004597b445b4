"""MotionGPT: type what a character does, and get the animation on its armature."""

from . import bone_map, fbx_operator, operators, panel, preferences, properties, session

_MODULES = (preferences, properties, session, operators, fbx_operator, panel, bone_map)


def register() -> None:
    for module in _MODULES:
        module.register()


def unregister() -> None:
    for module in reversed(_MODULES):
        module.unregister()
