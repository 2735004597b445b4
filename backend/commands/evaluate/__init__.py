"""`motiongpt evaluate`: how good a model is, one module per measurement."""

from ..shared.declaring import Subparsers, add_group
from . import animators, inbetween, model, prompts, shots, sureness, travel


def declare(subparsers: Subparsers) -> None:
    """Declare `evaluate` and what it can measure."""
    inner = add_group(subparsers, "evaluate", "measure how good a model is")
    for measurement in (model, prompts, animators, shots, travel, inbetween, sureness):
        measurement.declare(inner)
