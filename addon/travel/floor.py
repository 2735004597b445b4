"""The scene's floor as a motion sees it: x to the left and z ahead of a character at rest, in a motion's metres."""

from dataclasses import dataclass

import numpy as np

from ...retarget.motion import rotations as rot
from ...retarget.rigs.calibration import calibrate_from_rest
from ...retarget.solving.solve import standing_place
from ...retarget.typing import Floats
from ..character.character import Character
from ..character.typing import ArmatureObject, Scene


@dataclass(frozen=True, eq=False)
class Floor:
    """origin: (3,) where a motion's origin is in the world.  turn: (4,) from the world's axes to a motion's.
    scale: a motion's metres per Blender unit, by the legs' length; unit: metres per Blender unit, as the scene says."""

    origin: Floats
    turn: Floats
    scale: float
    unit: float

    @classmethod
    def read(cls, scene: Scene, armature_object: ArmatureObject, character: Character) -> "Floor":
        """Where the character is now."""
        rig, mapping = character.rig, character.mapping
        cal = calibrate_from_rest(rig, mapping)
        at = np.array(armature_object.matrix_world.translation, dtype=np.float64)
        metric = scene.unit_settings.system != "NONE"
        unit = float(scene.unit_settings.scale_length) if metric else 1.0
        return cls(at + standing_place(rig, mapping, cal), cal.axes, cal.scale, unit)

    def ground(self, places: Floats) -> Floats:
        """(K, 2) x and z of places (K, 3) in the world."""
        return np.asarray(self.scale * rot.rotate(self.turn, places - self.origin)[:, [0, 2]])

    def world(self, ground: Floats) -> Floats:
        """The inverse of `ground`: places (K, 3) in the world, on the floor."""
        x, z = ground[:, 0], ground[:, 1]
        places = np.stack([x, np.zeros_like(x), z], axis=-1) / self.scale
        return np.asarray(rot.rotate(rot.conjugate(self.turn), places) + self.origin * [1.0, 1.0, 0.0])

    def own(self, metres: float) -> float:
        """Metres of the scene in a motion's metres: a character with short legs takes more steps for them."""
        return metres / self.unit * self.scale
