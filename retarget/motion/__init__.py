"""Motion of the canonical skeleton: rotations, `Motion`, feet, joining, sparse curves."""

from .motion import Motion, find_contacts

__all__ = ["Motion", "find_contacts"]
