"""MotionGPT for Blender: text to motion, by a language model over motion tokens, on the scene's armature.

The extension's own package, and that of a Python installation: Blender is imported where it registers, so that the
command line and the backend's process need none.
"""


def register() -> None:
    """Add the panel, the operators and the settings to Blender."""
    from .addon import registration

    registration.register()


def unregister() -> None:
    """Take back all that `register` added, and end the backend."""
    from .addon import registration

    registration.unregister()
