"""An action as it plays, read over several ticks: the poses of a character on a span of frames."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TypeVar

import bpy

from ...retarget.motion import rotations as rot
from ...retarget.rigs.rig import Carrier, RigMotion, basis_of
from ..action.bending import Span
from ..action.fcurves import action_curves, key_frames
from ..character.character import Character
from ..character.typing import ArmatureObject, Scene, full
from ..jobs.context import Request, check_animated, check_armature, check_motion, scene_fps
from ..jobs.job import Job, Waiting
from ..jobs.motion import READING_SECONDS
from ..jobs.service import Service
from ..poses.limbs import limbs_in_ik
from ..poses.reader import PoseReader, ReadPoses
from ..review.state import check_closed


@dataclass(frozen=True, eq=False)
class ChangeRequest(Request):
    """span: the frames that are read."""

    span: Span


R = TypeVar("R", bound=ChangeRequest)


class ChangeJob(Job[R]):
    """Base of the jobs that change the motion which the character plays, without the model."""

    task = "generate"  # whatever the model can do

    @classmethod
    def character_of(cls, context: bpy.types.Context) -> tuple[Scene, ArmatureObject]:
        """The scene, and the character in it whose motion is changed. Raises MotionGPTError."""
        armature = check_motion(context)
        check_closed(armature)
        return full(context).scene, armature

    @classmethod
    def check(cls, context: bpy.types.Context, service: Service) -> None:
        check_animated(check_armature(context))
        scene_fps(full(context).scene)


def keyed_span(armature_object: ArmatureObject) -> tuple[int, int]:
    """First and last frame with a key of a bone, rounded inwards; (0, -1) where there is none."""
    curves = action_curves(armature_object)
    times = [key_frames(c) for group in (curves.by_bone().values() if curves else ()) for c in group.values()]
    ends = [(float(t[0]), float(t[-1])) for t in times if len(t)]
    if not ends:
        return 0, -1
    return round(min(a for a, _ in ends)), round(max(b for _, b in ends))


def read_character(armature_object: ArmatureObject, frames: range) -> Character:
    """The character with its limbs under the controls that they are under on these frames."""
    ik = limbs_in_ik(armature_object, list(frames))
    return replace(Character.read(armature_object, ik), follow_switches=())


def read_poses(
    armature_object: ArmatureObject, character: Character, frames: range, rate: tuple[int, float]
) -> Waiting[ReadPoses]:
    """The poses on these frames, as many per tick as fit."""
    reader = PoseReader(armature_object, character.rig, character.keyed)
    yield  # the character has taken its share of this tick
    reading = reader.read(list(frames), rate)
    try:
        done = False
        while not done:
            until = time.perf_counter() + READING_SECONDS
            while not done and time.perf_counter() < until:
                done = next(reading, "end") == "end"
            yield
    finally:
        reading.close()
    return reader.poses()


def as_rig_motion(character: Character, read: ReadPoses, fps: float) -> RigMotion:
    """Poses that were read as a solved motion of the same rig, its root bone as the carrier where it has one."""
    rig, mapping, root = character.rig, character.mapping, character.places.root
    basis = basis_of(rig, {name: read.rotations[:, i] for i, name in enumerate(rig.names)}, len(read.heads))
    hips = rig.index[mapping.root_bone]
    carrier = None
    if root is not None and root.name != character.places.hips.name and root.name in rig.index:
        bone = rig.index[root.name]
        turn = rot.unflip(rot.multiply(read.rotations[:, bone], rot.conjugate(rig.rest_rotations[bone])))
        carrier = Carrier(
            root.name, turn, read.heads[:, bone] - rot.rotate(turn, rig.heads[bone][None].repeat(len(turn), 0))
        )
    return RigMotion(basis, read.heads[:, hips] - rig.heads[hips], fps, carrier)
