"""The package that training needs."""

import importlib.util

from ....retarget.errors import MotionGPTError


def need_torch() -> None:
    """Raises MotionGPTError if PyTorch is not installed."""
    if importlib.util.find_spec("torch") is None:
        raise MotionGPTError(
            "Training needs PyTorch.", "Run `pip install motiongpt-blender[train]`.", "missing_package"
        )
