"""The animation of another armature of the scene, read in the world, so that an object that moves takes it along."""

import time
from dataclasses import dataclass

import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.files.reading import posed_to_motion
from ...retarget.motion import Motion
from ..action.fcurves import action_curves
from ..changes.reading import keyed_span
from ..character.character import Character
from ..character.typing import ArmatureObject
from ..export.loading import short_take
from ..export.takes import world_matrices, world_poses
from ..jobs.context import check_animated
from ..jobs.job import Waiting, in_thread
from ..jobs.motion import READING_SECONDS
from ..poses.reader import drop_scene, evaluated_at, find_armature, pose_source
from ..translation.saying import say
from .files import Found, Show


@dataclass(frozen=True)
class OtherArmature:
    """An armature whose animation is read. uid: its session_uid.  first, last: frames of the scene.  action: the name
    of what it plays."""

    uid: int
    name: str
    first: int
    last: int
    action: str

    @classmethod
    def of(cls, armature: ArmatureObject) -> "OtherArmature":
        """Raises MotionGPTError for one without keys on its bones, and for one that is no biped."""
        Character.read(armature, ik=False)
        first, last = keyed_span(armature)
        if last < first:
            check_animated(armature)
            raise MotionGPTError(
                say('The action of "{armature}" moves no bones.', armature=armature.name), "Give it another action."
            )
        curves = action_curves(armature)
        return cls(armature.session_uid, armature.name, first, last, curves.action.name if curves else armature.name)


def read_armature(source: OtherArmature, rate: tuple[int, float], show: Show) -> Waiting[Found]:
    """Its motion, a frame of the scene each; as many frames a tick as fit. Raises MotionGPTError."""
    armature = _there(source)
    rig, mapping = (character := Character.read(armature, ik=False)).rig, character.mapping
    names = [pose_source(armature, name) for name in rig.names]
    frames, matrices = range(source.first, source.last + 1), []
    try:
        until = time.perf_counter() + READING_SECONDS
        for frame in frames:
            matrices.append(world_matrices(evaluated_at(_there(source), frame, rate), names))
            if time.perf_counter() > until:
                show(len(matrices) / len(frames))
                yield
                until = time.perf_counter() + READING_SECONDS
    finally:
        drop_scene()

    def solve() -> Motion:
        rotations, heads = world_poses(np.array(matrices))
        return posed_to_motion(rig, mapping, rotations, heads, rate[0] / rate[1])

    motion = yield from in_thread(solve)
    return Found((), motion, short_take(source.action))


def _there(source: OtherArmature) -> ArmatureObject:
    armature = find_armature(source.uid)
    if armature is None:
        raise MotionGPTError(
            say('The armature "{other}" was deleted while it was read.', other=source.name), "Choose another."
        )
    return armature
