"""`motiongpt train`: train models on a data set."""

from ..shared.declaring import Subparsers, add_group
from . import attempts, pretrained, stages, style


def declare(subparsers: Subparsers) -> None:
    """Declare `train` and its stages."""
    inner = add_group(subparsers, "train", "train a model on a data set")
    stages.declare(inner)
    attempts.declare(inner)
    pretrained.declare(inner)
    style.declare(inner)
