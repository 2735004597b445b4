"""`Rig`: the bones of any character as plain arrays, from Blender or from a BVH file."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..motion import rotations as rot
from ..typing import Floats, Indices


@dataclass(frozen=True, eq=False)
class Rig:
    """N bones, parents before children, in the rig's own axes and units.

    names: N strings.  parents: N indices, -1 for a root.
    rest_rotations: (N, 4) each bone's global orientation at rest, wxyz (a Blender bone points along its +Y).
    heads: (N, 3) global position of each bone's joint at rest.  tails: (N, 3) that of its other end.
    up: index of the axis that points up (Blender: 2), None where the source doesn't specify it.
    low_points: (M, 3) vertices of the character's mesh near the floor at rest, None where there is no mesh.
    low_bones: (M,) the bone that moves each of them most, -1 for none; None where that is not known.
    skin_points: (K, 3) vertices of the whole mesh at rest, a sample.  skin_bones: (K,) the bone that moves each most.
    Both are None where there is no mesh with weights.
    levels: heights along `up` where its surroundings suggest a floor: its origin, and in Blender the scene's zero.
    thickness: (N,) how thick the mesh around each bone is, across its thinner side, 0 for bones that move no mesh; None
    where there is no mesh with weights.
    declared: joint or chain -> the controls that play it (see `control_names`), where the rig itself declares them.
    shown: control -> the deforming bone that it leads, where they differ.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    rest_rotations: Floats
    heads: Floats
    tails: Floats
    up: int | None = None
    low_points: Floats | None = None
    low_bones: Indices | None = None
    skin_points: Floats | None = None
    skin_bones: Indices | None = None
    levels: tuple[float, ...] = (0.0,)
    thickness: Floats | None = None
    declared: dict[str, tuple[str, ...]] | None = None
    shown: dict[str, str] = field(default_factory=dict)

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

    def moves_mesh(self, bone: int) -> bool:
        """Whether vertices follow that bone; False where weights are not known."""
        return self.thickness is not None and bool(self.thickness[bone] > 0.0)

    def ancestors(self, bone: int) -> list[int]:
        """The bone itself, its parent, and so on up to the root."""
        out = []
        while bone >= 0:
            out.append(bone)
            bone = self.parents[bone]
        return out

    def descendants(self, bone: int) -> list[int]:
        """The bone itself and all bones below it, parents first."""
        out = [bone]
        for child in out:
            out.extend(self.children[child])
        return out

    @cached_property
    def generations(self) -> tuple[list[int], ...]:
        """The roots, their children, and so on."""
        out: list[list[int]] = [[bone for bone, parent in enumerate(self.parents) if parent < 0]]
        while below := [child for bone in out[-1] for child in self.children[bone]]:
            out.append(below)
        return tuple(out)

    @cached_property
    def rest_local(self) -> Floats:
        """(N, 4) each bone's rest orientation relative to its parent's."""
        out = self.rest_rotations.copy()
        for bone, parent in enumerate(self.parents):
            if parent >= 0:
                out[bone] = rot.multiply(rot.conjugate(self.rest_rotations[parent]), self.rest_rotations[bone])
        return out

    @cached_property
    def rest_offsets(self) -> Floats:
        """(N, 3) each head relative to the parent's head, in the parent's axes."""
        out = self.heads.copy()
        for bone, parent in enumerate(self.parents):
            if parent >= 0:
                step = self.heads[bone] - self.heads[parent]
                out[bone] = rot.rotate(rot.conjugate(self.rest_rotations[parent]), step)
        return out


@dataclass(frozen=True, eq=False)
class Carrier:
    """What carries the whole character: its root bone or, where `bone` is None, the armature object itself.

    It moves a point x of the rig at rest to turn x + shift.  turn: (T, 4).  shift: (T, 3), in the rig's axes and units.
    """

    bone: str | None
    turn: Floats
    shift: Floats

    def moved(self, points: Floats) -> Floats:
        """Where points (3,) or (T, 3) of the rig are carried to, (T, 3)."""
        return rot.rotate(self.turn, np.broadcast_to(points, self.shift.shape)) + self.shift

    def moved_back(self, points: Floats) -> Floats:
        """The inverse of `moved`."""
        return rot.rotate(rot.conjugate(self.turn), points - self.shift)


@dataclass(frozen=True, eq=False)
class RigMotion:
    """T frames of a rig's pose.

    basis: (T, N, 4) each bone's rotation relative to its rest, in its own rest axes (Blender's pose-bone rotation).
    root_translation: (T, 3) added to the rest head of the mapping's `root_bone`, in the rig's global axes and units,
    including what a carrier contributes.  fps: frames per second.
    carrier: takes over the travel from that bone. A carrying bone's turn is in `basis` too, the object's is not.
    """

    basis: Floats
    root_translation: Floats
    fps: float
    carrier: Carrier | None = None

    def global_rotations(self, rig: Rig) -> Floats:
        """(T, N, 4) of every bone in the rig's axes."""
        local = rot.multiply(rig.rest_local, self.basis)
        if self.carrier is not None and self.carrier.bone is None:
            roots = rig.generations[0]
            local[:, roots] = rot.multiply(self.carrier.turn[:, None], local[:, roots])
        for bones in rig.generations[1:]:
            parents = [rig.parents[bone] for bone in bones]
            local[:, bones] = rot.multiply(local[:, parents], local[:, bones])
        return local

    def heads(self, rig: Rig, root_bone: str) -> Floats:
        """(T, N, 3) of every bone's joint in the rig's axes.  root_bone: gets `root_translation`."""
        world = self.global_rotations(rig)
        carrier = self.carrier
        out = np.empty((len(world), len(rig.names), 3))
        for bone, (name, parent) in enumerate(zip(rig.names, rig.parents, strict=True)):
            if name == root_bone:
                out[:, bone] = rig.heads[bone] + self.root_translation
            elif carrier is not None and (carrier.bone == name or (carrier.bone is None and parent < 0)):
                out[:, bone] = carrier.moved(rig.heads[bone])
            elif parent < 0:
                out[:, bone] = rig.heads[bone]
            else:
                step = np.broadcast_to(rig.rest_offsets[bone], (len(world), 3))
                out[:, bone] = out[:, parent] + rot.rotate(world[:, parent], step)
        return out


def basis_of(rig: Rig, targets: dict[str, Floats], frames: int, turn: Floats | None = None) -> Floats:
    """The basis (T, N, 4) that brings bones to their global rotations `targets` (T, 4); bones without one stay at rest.

    turn: (T, 4) of the armature object, if it turns.
    """
    basis = np.tile(rot.IDENTITY, (frames, len(rig.names), 1))
    driven = [bone for bone, name in enumerate(rig.names) if name in targets]
    if not driven:
        return basis
    world = np.empty_like(basis)
    world[:, driven] = wanted = np.stack([targets[rig.names[bone]] for bone in driven], axis=1)  # (T, K, 4)
    above = {bone for one in driven for bone in rig.ancestors(one)}
    for bone in sorted(above.difference(driven)):  # they follow, and what is driven hangs from them
        world[:, bone] = _following(rig, [bone], world, turn)[:, 0]
    follow = _following(rig, driven, world, turn)
    basis[:, driven] = rot.unflip(rot.normalize(rot.multiply(rot.conjugate(follow), wanted)))
    return basis


def _following(rig: Rig, bones: list[int], world: Floats, turn: Floats | None) -> Floats:
    """Global rotations (T, K, 4) that bones have of their parents' in `world` (T, N, 4), without turning themselves."""
    parents = [rig.parents[bone] for bone in bones]
    above = world[:, parents]
    for place, parent in enumerate(parents):
        if parent < 0:
            above[:, place] = rot.IDENTITY if turn is None else turn
    return rot.multiply(above, rig.rest_local[bones])
