"""MotionGPT for Blender: text to motion, by a language model over motion tokens, on the scene's armature.

This is both Blender's extension and a Python package. Only `register` imports Blender, so the command line and the
backend process run without it.
"""


def register() -> None:
    """Add the panel, the operators and the settings to Blender."""
    from .addon import registration

    registration.register()


def unregister() -> None:
    """Remove everything that `register` added, and stop the backend."""
    from .addon import registration

    registration.unregister()
