"""`Rig`: the bones of any character as plain arrays, from Blender or from a BVH file."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import rotations as rot

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Rig:
    """N bones, parents before children, in the rig's own axes and units.

    names: N strings.  parents: N indices, -1 for a root.
    rest_rotations: (N, 4) each bone's global orientation at rest, wxyz (a Blender bone points along its +Y).
    heads: (N, 3) global position of each bone's joint at rest.  tails: (N, 3) its other end.
    up: index of the axis that points up where the source says so (Blender: 2), None where it must be found.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    rest_rotations: Array
    heads: Array
    tails: Array
    up: int | None = None

    @cached_property
    def index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names)}

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        out: list[list[int]] = [[] for _ in self.names]
        for bone, parent in enumerate(self.parents):
            if parent >= 0:
                out[parent].append(bone)
        return tuple(tuple(c) for c in out)

    @cached_property
    def rest_local(self) -> Array:
        """(N, 4) each bone's rest orientation relative to its parent's."""
        out = self.rest_rotations.copy()
        for bone, parent in enumerate(self.parents):
            if parent >= 0:
                out[bone] = rot.multiply(rot.conjugate(self.rest_rotations[parent]), self.rest_rotations[bone])
        return out

    @cached_property
    def rest_offsets(self) -> Array:
        """(N, 3) each head relative to the parent's head, in the parent's axes."""
        out = self.heads.copy()
        for bone, parent in enumerate(self.parents):
            if parent >= 0:
                out[bone] = rot.rotate(
                    rot.conjugate(self.rest_rotations[parent]), self.heads[bone] - self.heads[parent]
                )
        return out


@dataclass(frozen=True, eq=False)
class RigMotion:
    """T frames of a rig's pose.

    basis: (T, N, 4) each bone's rotation relative to its rest, in its own rest axes (Blender's pose-bone rotation).
    root_translation: (T, 3) added to the root-motion bone's rest head, in the rig's global axes and units.
    fps: frames a second.
    """

    basis: Array
    root_translation: Array
    fps: float

    def global_rotations(self, rig: Rig) -> Array:
        """(T, N, 4) of every bone in the rig's axes."""
        out = np.empty_like(self.basis)
        for bone, parent in enumerate(rig.parents):
            local = rot.multiply(rig.rest_local[bone], self.basis[:, bone])
            out[:, bone] = local if parent < 0 else rot.multiply(out[:, parent], local)
        return out
