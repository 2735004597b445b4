"""Whether the deforming bones follow what was keyed: measured on a few frames of the evaluated armature."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import numpy as np

from ...retarget.motion import rotations as rot
from ...retarget.motion.skeleton import SIDES
from ...retarget.rigs.control_names import deforming_bone
from ...retarget.rigs.rig import RigMotion
from ...retarget.typing import Floats, Indices
from ..action.fcurves import action_curves
from ..character.armature import declared_controls, object_axes
from ..character.character import Character
from ..character.declared import Declared
from ..character.leaders import skin_bones
from ..character.placing import OBJECT
from ..character.rotation_modes import rotation_property, to_quaternions
from ..character.typing import ArmatureObject
from ..poses.given import value_at
from ..poses.reader import drop_scene, evaluated_at, pose_source

FRAMES = 5
"""How many frames are looked at, of any motion."""
_DEGREES = 4.0  # on average over these; what a control rig adds of its own is less
_BY_IK = 4.0  # more, for a limb that IK bends
_ALONG = 0.2  # radians between bones that count as one limb
_PLACE = 0.03  # of the hips' height


@dataclass(frozen=True, eq=False)
class Expected:
    """Where a motion should bring a character, on F frames.

    frames: (F,) the scene's.  turns: control -> (F, 4) away from rest, in world axes.  hips: (F, 3) where the middle of
    the hips is, from the object's origin, None where that is not known.  by_object: whether the object itself moves.
    degrees: how far the keys may be off by themselves.
    """

    frames: tuple[int, ...]
    turns: dict[str, Floats]
    hips: Floats | None
    by_object: bool
    degrees: float = 0.0


def expected_of(character: Character, motion: RigMotion, start: int, degrees: float = 0.0) -> Expected:
    """From a solved motion whose first frame is `start`.  degrees: the tolerance of its keys."""
    rig, mapping = character.rig, character.mapping
    at = _spread(len(motion.basis))
    turned = rot.multiply(motion.global_rotations(rig), rot.conjugate(rig.rest_rotations))[at]
    heads = motion.heads(rig, mapping.root_bone)[at]
    hips = [rig.index[mapping.bones[f"{side}_hip"]] for side in SIDES]
    carrier = motion.carrier
    return Expected(
        frames=tuple(int(frame) + start for frame in at),
        turns={name: turned[:, rig.index[name]] for name in mapping.driven},
        hips=heads[:, hips].mean(axis=1),
        by_object=carrier is not None and carrier.bone is None,
        degrees=degrees,
    )


def expected_of_keys(armature_object: ArmatureObject, character: Character, first: int, last: int) -> Expected:
    """From the keys of the action that the armature plays, in a range of frames."""
    rig, pose, animated = character.rig, armature_object.pose.bones, action_curves(armature_object)
    curves = animated.by_bone() if animated else {}
    at = first + _spread(last - first + 1)
    root = character.places.root
    modes = character.modes | ({root.name: root.mode} if root else {})
    world, known = np.empty((len(at), len(rig.names), 4)), np.zeros(len(rig.names), dtype=bool)
    for i, (name, parent) in enumerate(zip(rig.names, rig.parents, strict=True)):
        follows = character.inherits[i]
        base = rot.multiply(world[:, parent], rig.rest_local[i]) if follows else rig.rest_rotations[i]
        mode = pose[name].rotation_mode
        channel = rotation_property(mode)
        own = curves.get((name, channel), {})
        values = np.array([value_at(pose[name], channel, own, float(frame)) for frame in at])
        world[:, i] = rot.multiply(base, to_quaternions(mode, values))
        known[i] = (bool(own) or name not in modes) and (not follows or known[parent])
    turned = rot.multiply(world, rot.conjugate(rig.rest_rotations))
    driven = [name for name in character.mapping.driven if name in modes and known[rig.index[name]]]
    turns = {name: turned[:, rig.index[name]] for name in driven}
    return Expected(tuple(map(int, at)), turns, None, by_object=False)


def strays(
    armature: Callable[[], ArmatureObject], character: Character, expected: Expected, rate: tuple[int, float]
) -> Generator[None, None, list[str]]:
    """The deforming bones that do not follow, and OBJECT where the object does not; one frame a step is measured.

    armature: finds it, as Blender may move it in memory between two steps.  rate: the scene's frames a second, and
    base.
    """
    armature_object = armature()
    declared = declared_controls(armature_object)
    skin, scale, turn_read = (
        skin_bones(armature_object),
        object_axes(armature_object).scale,
        _turn_when_read(armature_object, character, declared),
    )
    pelvis, *hips = (
        _shown_by(armature_object, character, character.mapping.bones[joint], skin)
        for joint in ("pelvis", *(f"{side}_hip" for side in SIDES))
    )
    shown = {name: _shown_by(armature_object, character, name, skin) for name in expected.turns}
    watched = [_Watched.of(armature_object, character, *pair, turn_read, declared) for pair in shown.items()]
    off = np.zeros((len(expected.frames), len(watched)))
    object_off = np.zeros((2, len(expected.frames)))
    hips_off, lengths = np.zeros(len(expected.frames)), np.ones((len(expected.frames), len(watched)))
    try:
        yield  # what was looked up has taken its share of this step
        for f, frame in enumerate(expected.frames):
            posed = evaluated_at(armature(), frame, rate)
            whole = np.array(posed.matrix_world.to_3x3(), dtype=np.float64) / scale
            turn = rot.from_matrix(whole) if expected.by_object else turn_read
            for i, bone in enumerate(watched):
                matrix = np.array(posed.pose.bones[bone.shown].matrix, dtype=np.float64)
                size = np.linalg.norm(matrix[:3, :3], axis=0)
                lengths[f, i] = float(np.max(np.maximum(size, 1.0 / np.maximum(size, 1e-6))))
                now = rot.multiply(turn, rot.from_matrix(matrix[:3, :3] / np.maximum(size, 1e-9)))
                off[f, i] = bone.off(now, expected.turns[bone.control][f])
            if expected.hips is not None and not expected.by_object:
                heads = [posed.pose.bones[name].head for name in hips]
                middle = scale * rot.rotate(turn_read, np.mean(np.array(heads, dtype=np.float64), axis=0))
                hips_off[f] = np.linalg.norm(middle - expected.hips[f])
            if expected.by_object:
                object_off[:, f] = _object_off(armature(), posed, frame)
            yield
    finally:
        drop_scene()
    limit = _DEGREES + 5.0 * expected.degrees  # every bone of a chain may add its own
    mean, scaled = off.mean(axis=0), lengths.max(axis=0) > 1.0 + _PLACE
    found = [
        bone.shown
        for i, bone in enumerate(watched)
        if mean[i] > limit + (_BY_IK if bone.by_ik else 0.0) or (scaled[i] and not bone.led)
    ]
    height = float(np.ptp(character.rig.heads[:, 2]))
    if len(hips_off) and hips_off.mean() > _PLACE * height:
        found.append(pelvis)
    if np.any(object_off.mean(axis=1) > (_PLACE * height, _DEGREES)):
        found.append(OBJECT)
    return list(dict.fromkeys(found))


def _turn_when_read(armature_object: ArmatureObject, character: Character, declared: Declared | None) -> Floats:
    """How the object was turned (4,) when the character was read: it may be elsewhere on the frame that is shown."""
    name = character.rig.names[0]
    by_controls = declared is not None and character.rig.declared and name in declared.rest
    rest = np.array(
        declared.rest[name] if by_controls and declared else armature_object.data.bones[name].matrix_local,
        dtype=np.float64,
    )[:3, :3]
    own = rot.from_matrix(rest / np.linalg.norm(rest, axis=0))
    return rot.multiply(character.rig.rest_rotations[0], rot.conjugate(own))


def _object_off(armature_object: ArmatureObject, posed: ArmatureObject, frame: int) -> tuple[float, float]:
    """Metres and degrees from where the object's keys put it, below its parent, to where it is."""
    keyed = np.array(posed.matrix_parent_inverse @ posed.matrix_basis)
    there = np.array(posed.matrix_local)
    turns = [rot.from_matrix(m[:3, :3] / np.cbrt(np.linalg.det(m[:3, :3]))) for m in (keyed, there)]
    place = np.array(posed.location, dtype=np.float64)
    curves = action_curves(armature_object)
    for curve in curves.fcurves if curves else ():
        if curve.data_path == "location":
            place[curve.array_index] = curve.evaluate(frame)
    off = np.linalg.norm(there[:3, 3] - keyed[:3, 3]) + np.linalg.norm(place - np.array(posed.location))
    return float(off), float(np.degrees(rot.angle_between(*turns)))


def _spread(frames: int) -> Indices:
    return np.asarray(np.unique(np.linspace(0, max(frames - 1, 0), FRAMES).round().astype(int)))


@dataclass(frozen=True, eq=False)
class _Watched:
    """control: what is keyed.  shown: the bone that it leads, itself in most rigs.  rest: (4,) of that one, in world
    axes.  led: whether they differ; then only the direction counts, as control rigs share out twist in their own way.
    by_ik: whether IK brings it there, which may stop short of the plane that a pole gives.
    """

    control: str
    shown: str
    rest: Floats
    led: bool
    by_ik: bool

    @classmethod
    def of(
        cls,
        armature_object: ArmatureObject,
        character: Character,
        control: str,
        shown: str,
        turn: Floats,
        declared: Declared | None,
    ) -> _Watched:
        """turn: (4,) of the object in the world."""
        led = declared.led.get(control) if declared is not None else None
        rest = np.array(armature_object.data.bones[shown].matrix_local if led is None else led, dtype=np.float64)[
            :3, :3
        ]
        rest = rest / np.linalg.norm(rest, axis=0)
        by_ik = any(control in limb.chain for limb in character.places.limbs)
        return cls(control, shown, rot.multiply(turn, rot.from_matrix(rest)), shown != control or by_ik, by_ik)

    def off(self, now: Floats, turn: Floats) -> float:
        """Degrees between where the bone is (4,), and where this turn away from rest (4,) would have it."""
        goal = rot.multiply(turn, self.rest)
        if not self.led:
            return float(np.degrees(rot.angle_between(now, goal)))
        along = np.array([0.0, 1.0, 0.0])
        cosine = float(rot.rotate(now, along) @ rot.rotate(goal, along))
        return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def _shown_by(armature_object: ArmatureObject, character: Character, control: str, skin: Sequence[str]) -> str:
    """The deforming bone, one of the skin's, that a control leads, or should lead: one at its joint, in its
    direction."""
    source = character.rig.shown.get(control) or pose_source(armature_object, control)
    bones, deforming = armature_object.data.bones, deforming_bone(source)
    if deforming in bones:
        return deforming
    own = bones[source]
    if source in skin:
        return source
    along = own.tail_local - own.head_local
    near = 0.1 * along.length
    twins = (
        name
        for name in skin
        if (bones[name].head_local - own.head_local).length < near
        and along.angle(bones[name].tail_local - bones[name].head_local, 1.0) < _ALONG
    )
    return next(twins, source)
