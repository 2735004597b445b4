"""`motiongpt data`: clips for training, one module per command."""

from ..shared.declaring import Subparsers, add_group
from . import author, derive, importing, look, pack


def declare(subparsers: Subparsers) -> None:
    """Declare `data` and its commands."""
    inner = add_group(subparsers, "data", "make data sets for training")
    for command in (importing, author, derive, look, pack):
        command.declare(inner)
