"""Reading a character's pose at other frames, as constraints, drivers and the NLA make it, without disturbing anything.

A scene of the reader's own, with nothing in it but the armature, is set to these frames: Blender evaluates the armature
and what it depends on, but no meshes, and neither the current frame nor an unkeyed pose changes. An armature that is
disabled in viewports is evaluated because a mesh follows it. The scene is looked up by name each time, as an undo may
remove it, and is removed once the last frame is read or the file is saved. Its name begins with a dot, which keeps it
out of Blender's lists.
"""

import itertools
import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import bpy
import numpy as np
from bpy.app.handlers import persistent

from ...retarget.motion import rotations as rot
from ...retarget.motion.interpolation import cubic, cubic_rotations
from ...retarget.rigs.control_names import original_bone
from ...retarget.rigs.rig import Rig
from ...retarget.typing import Floats
from ..character.armature import object_axes
from ..character.typing import ArmatureObject, as_armature

SCENE = ".MotionGPT"
READ_RATE = 15.0
"""Poses that are read of a second of motion, about; people move too slowly for more to matter."""


@dataclass(frozen=True, eq=False)
class ReadPoses:
    """F poses of a rig with N bones.

    rotations: (F, N, 4) and heads: (F, N, 3) of the bones in the rig's axes, as `to_motion` takes them.
    basis: bone -> (F, 4) rotation and location: bone -> (F, 3) that a keyed bone's own properties would need to bring
    it there from rest, whatever moves it now.
    """

    rotations: Floats
    heads: Floats
    basis: dict[str, Floats]
    location: dict[str, Floats]

    def joined(self, other: "ReadPoses", rows: Sequence[int]) -> "ReadPoses":
        """Some rows of the poses of both, counted on from these to those of the other, of the same bones."""

        def pick(mine: Floats, others: Floats) -> Floats:
            return np.concatenate([mine, others])[list(rows)]

        return ReadPoses(
            pick(self.rotations, other.rotations),
            pick(self.heads, other.heads),
            {name: pick(values, other.basis[name]) for name, values in self.basis.items()},
            {name: pick(values, other.location[name]) for name, values in self.location.items()},
        )

    def filled_in(self, rows: Sequence[int], count: int) -> "ReadPoses":
        """The poses with all of their first `count` frames, of which only these rows were read (`few_rows`): the others
        lie on smooth curves."""
        if len(rows) == count:
            return self
        step = rows[1]
        knots = [rows.index(row) for row in range(0, rows[-1] + 1, step)]
        dense = next(row for row, after in itertools.pairwise(rows) if after == row + 1)
        times = np.arange(dense) / step
        kept = slice(rows.index(dense), None)

        def turns(values: Floats) -> Floats:
            return np.concatenate([cubic_rotations(values[knots], times), values[kept]])

        def places(values: Floats) -> Floats:
            return np.concatenate([cubic(values[knots], times), values[kept]])

        return ReadPoses(
            turns(self.rotations),
            places(self.heads),
            {name: turns(values) for name, values in self.basis.items()},
            {name: places(values) for name, values in self.location.items()},
        )


def few_rows(count: int, fps: float) -> list[int]:
    """Which of `count` frames in a row are read, so that the others can be filled in: the last third of a second, and
    before that about `READ_RATE` a second."""
    step, exact = max(1, round(fps / READ_RATE)), max(3, math.ceil(fps / 3.0))
    if step == 1 or count <= exact + 2 * step:
        return [*range(count)]
    dense = (count - exact) // step * step  # so that the first frame is one of them
    return [*range(0, dense, step), *range(dense, count)]


class PoseReader:
    """Reads the armature of a rig. keyed: the bones whose own properties are wanted too."""

    def __init__(self, armature_object: ArmatureObject, rig: Rig, keyed: Sequence[str]) -> None:
        self._uid = armature_object.session_uid
        self._sources = [pose_source(armature_object, name) for name in rig.names]
        self._keyed = [
            (name, pose_source(armature_object, name), _left_behind(armature_object, name)) for name in keyed
        ]
        axes = object_axes(armature_object)
        self._turn, self._scale = axes.turn, axes.scale
        self._frames: list[tuple[Floats, Floats, Floats]] = []

    def read(self, frames: Sequence[float], fps: tuple[int, float]) -> Generator[None]:
        """Read one frame per step; `close` the iterator to stop.  fps: the scene's rate and base."""
        try:
            for frame in frames:
                armature = find_armature(self._uid)
                if armature is None:
                    return
                self._frames.append(self._pose(evaluated_at(armature, frame, fps)))
                yield
        finally:
            drop_scene()

    def poses(self) -> ReadPoses:
        """Everything that was read."""
        matrices, basis, location = (np.array(part, dtype=np.float64) for part in zip(*self._frames, strict=True))
        turns = matrices[..., :3, :3]  # (F, N, 3, 3)
        turns = turns / np.cbrt(np.linalg.det(turns))[..., None, None]
        return ReadPoses(
            rotations=rot.multiply(self._turn, rot.from_matrix(turns)),
            heads=self._scale * rot.rotate(self._turn, matrices[..., :3, 3]),
            basis={name: rot.normalize(basis[:, i]) for i, (name, _, _) in enumerate(self._keyed)},
            location={name: location[:, i] for i, (name, _, _) in enumerate(self._keyed)},
        )

    def _pose(self, armature: ArmatureObject) -> tuple[Floats, Floats, Floats]:
        """Matrices (N, 4, 4), and basis (M, 4) and location (M, 3) of the keyed bones, of an evaluated armature."""
        pose = armature.pose.bones
        matrices = np.array([pose[name].matrix for name in self._sources])
        local = []
        for name, source, above in self._keyed:
            goal = pose[source].matrix
            if above:  # the control above is not where its limb is: take the place relative to the limb
                goal = pose[above].matrix @ pose[pose_source(armature, above)].matrix.inverted() @ goal
            own = armature.convert_space(pose_bone=pose[name], matrix=goal, from_space="POSE", to_space="LOCAL")
            local.append(own.decompose())
        return matrices, np.array([turn for _, turn, _ in local]), np.array([place for place, _, _ in local])


def find_armature(uid: int) -> ArmatureObject | None:
    """The armature of this session_uid, or None where it was deleted meanwhile.

    What Blender's Delete takes out of the scene stays in the file while something else refers to it: the reader's scene
    does, and a property that picks objects.
    """
    found = next((o for o in bpy.data.objects if o.session_uid == uid and o.type == "ARMATURE"), None)
    if found is None or all(scene.name == SCENE for scene in found.users_scene):
        return None
    return as_armature(found)


def pose_source(armature_object: ArmatureObject, control: str) -> str:
    """The bone that shows where a control's limb is; for most controls, the control itself."""
    shown = original_bone(control)
    return shown if shown is not None and shown in armature_object.data.bones else control


def _left_behind(armature_object: ArmatureObject, control: str) -> str:
    """The nearest control above this one that may not be where its limb is; "" where there is none."""
    bone = armature_object.data.bones[control].parent
    while bone and pose_source(armature_object, bone.name) == bone.name:
        bone = bone.parent
    return bone.name if bone else ""


def evaluated_at(armature: ArmatureObject, frame: float, fps: tuple[int, float]) -> ArmatureObject:
    """The armature as it is on a frame."""
    scene = bpy.data.scenes.get(SCENE) or bpy.data.scenes.new(SCENE)
    if armature.name not in scene.collection.objects:
        scene.collection.objects.link(armature)
        if armature.hide_viewport:
            _follow(armature, scene)
    if (scene.render.fps, scene.render.fps_base) != fps:
        scene.render.fps, scene.render.fps_base = fps
    layer, whole = scene.view_layers[0], math.floor(frame)
    if layer.depsgraph is None:
        scene.frame_set(whole, subframe=float(frame) - whole)
    else:
        # `frame_set` would redraw all windows each time, which takes longer than the evaluation, and the view layer's
        # `update` would leave the armature itself in the pose.
        scene.frame_float = float(frame)
        layer.depsgraph.update()
    return as_armature(armature.evaluated_get(cast(bpy.types.Depsgraph, layer.depsgraph)))


def _follow(armature: ArmatureObject, scene: bpy.types.Scene) -> None:
    """Blender evaluates what is hidden only for the sake of something that is not."""
    follower = bpy.data.objects.new(SCENE, bpy.data.meshes.new(SCENE))
    modifier: Any = follower.modifiers.new("Armature", "ARMATURE")
    modifier.object, modifier.use_bone_envelopes = armature, True  # which may depend on any bone
    scene.collection.objects.link(follower)


@persistent  # type: ignore[untyped-decorator]
def drop_scene(*_args: object) -> None:
    """Remove the reader's scene."""
    if scene := bpy.data.scenes.get(SCENE):
        followers = [thing.data for thing in scene.collection.objects if isinstance(thing.data, bpy.types.Mesh)]
        bpy.data.batch_remove([scene])  # `remove` needs a window, which a command has not
        for mesh in followers:
            bpy.data.meshes.remove(mesh)  # and its object


_HANDLERS = ("save_pre", "undo_post", "redo_post", "load_post")


def register() -> None:
    for name in _HANDLERS:
        getattr(bpy.app.handlers, name).append(drop_scene)


def unregister() -> None:
    for name in _HANDLERS:
        getattr(bpy.app.handlers, name).remove(drop_scene)
    drop_scene()
