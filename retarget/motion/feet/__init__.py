"""Feet on the floor: detecting contacts, planting the feet, and moving legs, toes and pelvis to match."""

from .contacts import Span, find_spans
from .following import followed_by
from .legs import bend_toes, keep_directions, lift_feet, put_down
from .planting import match_contacts, move_feet, plant_between, plant_feet

__all__ = [
    "Span",
    "bend_toes",
    "find_spans",
    "followed_by",
    "keep_directions",
    "lift_feet",
    "match_contacts",
    "move_feet",
    "plant_between",
    "plant_feet",
    "put_down",
]
