"""The fingers of a character: their bones or, on a control rig, the controls that lead them, and what shapes them."""

from dataclasses import dataclass, replace

import numpy as np

from ...retarget.motion import rotations as rot
from ...retarget.rigs.control_names import control_names
from ...retarget.rigs.fingers import Finger, Hand, find_hands
from ...retarget.solving.hand_shapes import hand_basis
from ...retarget.typing import Floats
from ..character.armature import deforming_rig, object_axes
from ..character.character import Character
from ..character.leaders import BoneGraph
from ..character.rotation_modes import from_quaternions, rotation_property
from ..character.typing import ArmatureObject


@dataclass(frozen=True, eq=False)
class CharacterHands:
    """hands: those with fingers, by side; their bones are what is keyed.  modes: finger bone -> rotation mode."""

    hands: dict[str, Hand]
    modes: dict[str, str]

    @classmethod
    def read(cls, armature_object: ArmatureObject, character: Character) -> "CharacterHands":
        """character: as read from this object."""
        names = frozenset(armature_object.data.bones.keys())
        if character.rig.declared is None and control_names(names) is None:
            hands = find_hands(character.rig, character.mapping)
        else:
            hands = _controlled(armature_object)
        pose = armature_object.pose.bones
        modes = {b: str(pose[b].rotation_mode) for hand in hands.values() for b in hand.bones}
        return cls(hands, modes)

    def shaped(self, shape: str, kept: frozenset[str] = frozenset()) -> list[tuple[str, str, Floats]]:
        """Bone, property and values (1, channels) of the one key that gives each hand that shape.

        kept: sides whose fingers stay as they are.
        """
        keys = []
        for side, hand in self.hands.items():
            for bone, basis in hand_basis(hand, shape).items() if side not in kept else ():
                mode = self.modes[bone]
                keys.append((bone, rotation_property(mode), from_quaternions(mode, basis[None])))
        return keys


def _controlled(armature_object: ArmatureObject) -> dict[str, Hand]:
    """The hands of a control rig: fingers as its deforming bones show them, with the controls that lead these."""
    deforming = deforming_rig(armature_object)
    if deforming is None:
        return {}
    graph, hands = BoneGraph(armature_object), {}
    for side, hand in find_hands(*deforming).items():
        fingers = tuple(f for finger in hand.fingers if (f := _led(graph, finger)))
        if fingers:
            hands[side] = replace(hand, fingers=fingers, thumb=_led(graph, hand.thumb) if hand.thumb else None)
    return hands


def _led(graph: BoneGraph, finger: Finger) -> Finger | None:
    """The finger with its controls in place of its bones; None where one has none that it follows alone."""
    controls = tuple(_control(graph, bone) for bone in finger.bones)
    found = tuple(control for control in controls if control is not None)
    if len(set(found)) < len(controls):
        return None
    turn = object_axes(graph.thing).turn
    rest = np.array([graph.bones[name].matrix_local.to_3x3() for name in found], dtype=np.float64)
    return replace(finger, bones=found, rest=rot.multiply(turn, rot.from_matrix(rest)))


def _control(graph: BoneGraph, bone: str) -> str | None:
    """The bone at the same joint that turns this one and that nothing else turns."""
    seen, head, near = {bone}, graph.bones[bone].head_local, 0.2 * graph.bones[bone].length
    while not graph.is_free(bone):
        # A helper that aims at the next control is placed by its own control, or hangs from it.
        parent = graph.bones[bone].parent
        placing = [name for constraint in graph.constraints(bone) for name in graph.own_targets(constraint)]
        candidates = [*graph.leaders(bone), *placing, *([parent.name] if parent else [])]
        above = next((name for name in candidates if (graph.bones[name].head_local - head).length < near), None)
        if above is None or above in seen:
            return None
        seen.add(above)
        bone = above
    return bone
