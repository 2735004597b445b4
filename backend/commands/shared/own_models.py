"""Where the user's own models go."""

from pathlib import Path

from ....retarget.errors import MotionGPTError
from ...model_folder import user_folder


def own_folder() -> Path:
    """The folder of the user's models. Raises MotionGPTError ("unwritable") where there is none."""
    own = user_folder()
    if own is None:
        raise MotionGPTError(
            "There is no folder for the user's models.", "Set MOTIONGPT_MODELS to a folder.", "unwritable"
        )
    return own


def checked_name(name: str) -> str:
    """The name of a model. Raises MotionGPTError for one that is no folder's."""
    if not name or name.startswith(".") or any(c in name for c in "/\\:"):
        raise MotionGPTError(f"{name} can't be the name of a model.", "Use letters, digits and hyphens.")
    return name
