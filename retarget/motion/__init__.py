"""Motion of the canonical skeleton: the skeleton, rotations, `Motion`, and what is done to motion without any rig."""

from .motion import Motion, find_contacts

__all__ = ["Motion", "find_contacts"]
