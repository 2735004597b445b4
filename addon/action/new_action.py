"""Writing a solved motion as a Blender action: one key a frame on every mapped bone, in bulk.

What Blender does with a pose bone (global rotations, rest R, posed G, of its parent p):

    G_bone = G_p R_p^-1 R_bone basis        where the bone inherits rotation
    G_bone = R_bone basis                   where it does not
    head   = rest head + L location         L from the bone's own flags (Bone.convert_local_to_pose handles them)

so `basis` and `location`, which are what keys hold, come from the inverse of these.

Callers that must not block Blender use the steps of `write_action` one by one: `solve_keys`, `thin_keys` and
`keys_of_curves` only compute and may run in another thread, `new_beside` makes an action that nothing plays, an F-curve
a step, and `write_keys` has it played.
"""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Matrix

from ...retarget.errors import MotionGPTError
from ...retarget.motion import rotations as rot
from ...retarget.motion.sparse_curves import SparseCurve, euler_error, position_error, quaternion_error, sparse_curve
from ...retarget.rigs.rig import RigMotion
from ...retarget.typing import Floats, Indices
from ..character.character import Character
from ..character.placing import OBJECT, place
from ..character.rotation_modes import from_quaternions, rotation_property
from ..character.settings import Tolerance
from ..character.typing import ArmatureObject
from ..translation.saying import say
from .fcurves import (
    NewCurves,
    Points,
    action_curves,
    complete_shared,
    data_path,
    dense_points,
    is_switch,
    play,
    remove_unplayed,
    sparse_points,
    unplayed_curves,
    write_points,
)
from .fingers import KeptCurve
from .generated import Fingerprints, fingerprints_of_all, generated_type, write_record
from .leading import lead
from .stashing import play_alone, stash_action

Curve = tuple[str, str, Floats]
"""Bone name (OBJECT for the armature object), property name, values (T, channels)."""
ThinCurve = tuple[str, str, Floats | SparseCurve]
"""The same, or sparse keys in place of the values."""


@dataclass(frozen=True, eq=False)
class NewKeys:
    """All keys that one F-curve will have.  record: fingerprints of the generated ones among them."""

    bone: str
    channel: str
    index: int
    points: Points
    record: Fingerprints


def write_action(
    armature_object: ArmatureObject,
    character: Character,
    rig_motion: RigMotion,
    name: str,
    start_frame: int,
    tolerance: Tolerance | None = None,
    fingers: Sequence[Curve] = (),
) -> bpy.types.Action:
    """Make `rig_motion` the armature's action, its first frame on `start_frame`, one scene frame per motion frame.

    character: as read from this object.  rig_motion: at the scene's rate.  name: of the new action.  fingers: what
    shapes the hands, one value each.
    Rotation keys follow each bone's rotation mode; the hips and what carries them also get location keys; other bones
    get none and keep the pose they have. The action that was there is stashed on a muted NLA track named after it.
    Raises MotionGPTError for an armature that can't be animated, before anything is changed.
    """
    curves = [*solve_keys(character, rig_motion), *fingers]
    return write_keys(armature_object, thin_keys(curves, tolerance), name, start_frame)


def solve_keys(character: Character, rig_motion: RigMotion) -> list[Curve]:
    """The values of all keys; touches no Blender data."""
    curves = _rotation_curves(character, rig_motion)
    for key in place(character.places, character.rig, character.mapping.root_bone, rig_motion):
        if key.rotation is not None:
            curves.append((key.bone, rotation_property(key.mode), from_quaternions(key.mode, key.rotation)))
        if key.location is not None:
            curves.append((key.bone, "location", key.location))
    # A switch has one value on every frame.
    frames = len(rig_motion.basis)
    switches = (*character.limb_switches, *character.follow_switches)
    return curves + [(bone, f'["{name}"]', np.full((frames, 1), value)) for bone, name, value in switches]


def thin_keys(curves: Sequence[Curve], tolerance: Tolerance | None) -> Sequence[ThinCurve]:
    """The curves with as few keys as the tolerance allows and fitted Bezier handles; touches no Blender data.

    Without a tolerance, and for switches and still hands, they stay as they are.
    """
    if tolerance is None:
        return curves
    return [
        (bone, channel, values if is_switch(channel) or len(values) == 1 else thinned(channel, values, tolerance))
        for bone, channel, values in curves
    ]


def thinned(channel: str, values: Floats, tolerance: Tolerance, kept: Indices | None = None) -> SparseCurve:
    """One property's sparse keys within the tolerance. values: (T, channels).  kept: frames that must have keys."""
    if channel == "location":
        return sparse_curve(values, tolerance.location, position_error, kept)
    if channel == "rotation_quaternion":
        return sparse_curve(values, tolerance.degrees, quaternion_error, kept)
    return sparse_curve(values, tolerance.degrees, euler_error, kept)


def write_keys(
    armature_object: ArmatureObject,
    curves: Sequence[ThinCurve],
    name: str,
    start_frame: int,
    kept: Sequence[KeptCurve] = (),
    made: bpy.types.Action | None = None,
) -> bpy.types.Action:
    """Make a new action of the curves, stash the old one. Raises MotionGPTError before anything is changed; what else
    may fail, `all_or_nothing` undoes.

    Dense values get a key on every frame, with linear interpolation. The keys are marked as generated, and none is
    selected. kept: goes into the new action as it is.  made: the action, where `new_beside` has made it already.
    """
    if armature_object.library is not None:
        raise MotionGPTError(
            say(
                'The armature "{armature}" is linked from another file and can\'t be animated here.',
                armature=armature_object.name,
            ),
            "Make a library override of it (Object, Library Override, Make) and try again.",
        )
    written = () if made is not None else keys_of_curves(curves, start_frame)
    with closing(new_beside(armature_object.name, written, kept)) as making:
        action = made if made is not None else next(action for action in making if action is not None)
        animation = armature_object.animation_data or armature_object.animation_data_create()
        clear_offsets(armature_object, [(bone, channel) for bone, channel, _ in curves])
        animation.use_tweak_mode = False  # an action inside a tweaked strip can't be replaced
        stash_action(animation)
        play_alone(animation)
        action.name = name
        play(armature_object, action)
    lead(armature_object, name)
    return action


def new_beside(
    owner: str, written: Sequence[NewKeys], kept: Sequence[KeptCurve] = ()
) -> Generator[bpy.types.Action | None, None, None]:
    """Make an action that nothing plays yet, for an object of this name: an F-curve a step, which yields None; the last
    one yields the action. Once it is closed, the action is gone, unless something plays it. May not go on after an
    undo, which moves data in memory."""
    action = unplayed_curves(owner)
    uid = action.action.session_uid
    try:
        new = NewCurves(action)
        for keys in written:
            new.write(keys.bone, keys.channel, keys.index, keys.points)
            yield None
        for own in kept:
            write_points(action.new(own.bone, own.channel, own.index), own.points)
        write_record(action.action, np.concatenate([keys.record for keys in written]))
        yield action.action
    finally:
        remove_unplayed(uid)


def keys_of_curves(curves: Sequence[ThinCurve], start_frame: int) -> list[NewKeys]:
    """All keys of the F-curves of a new action, marked as generated; touches no Blender data."""
    written = []
    for bone, channel, values in curves:
        if isinstance(values, SparseCurve):
            keys = sparse_points(start_frame, values)
        else:
            keys = dense_points(start_frame, values[:1] if is_switch(channel) else values)
        records = fingerprints_of_all(data_path(bone, channel), [points["co"][:, 1] for points in keys])
        for index, (points, record) in enumerate(zip(keys, records, strict=True)):
            written.append(NewKeys(bone, channel, index, complete_shared(points, generated_type()), record))
    return written


def _rotation_curves(character: Character, rig_motion: RigMotion) -> list[Curve]:
    """The rotation property and values of every driven bone, in the bone's rotation mode."""
    rig, modes, carrier = character.rig, character.modes, rig_motion.carrier
    wanted = rig_motion.global_rotations(rig)  # (T, N, 4)
    root = character.places.root
    if carrier is not None and carrier.bone is not None and root is not None:
        modes = modes | {carrier.bone: root.mode}
    whole = carrier.turn if carrier is not None and carrier.bone is None else rot.IDENTITY
    reached = np.empty_like(wanted)
    curves = []
    for i, (name, parent) in enumerate(zip(rig.names, rig.parents, strict=True)):
        if character.inherits[i]:
            base = rot.multiply(reached[:, parent], rig.rest_local[i])  # (T, 4)
        else:
            base = rot.multiply(whole, rig.rest_rotations[i])
        reached[:, i] = wanted[:, i] if name in modes else base
        if name in modes:
            basis = rot.unflip(rot.normalize(rot.multiply(rot.conjugate(base), wanted[:, i])))
            mode = modes[name]
            curves.append((name, rotation_property(mode), from_quaternions(mode, basis)))
    return curves


def clear_offsets(armature_object: ArmatureObject, channels: Sequence[tuple[str, str]]) -> None:
    """Move bones back to their rest place: those that get keys, because the solver relies on it, and those that the
    previous action has moved and this one leaves alone (a root bone, IK controls)."""
    pose = armature_object.pose.bones
    for name, channel in channels:
        if name != OBJECT and channel.startswith("rotation"):
            pose[name].location = (0.0, 0.0, 0.0)
    for name in located_bones(armature_object) - {name for name, _ in channels}:
        if name in pose:
            pose[name].matrix_basis = Matrix.Diagonal((*pose[name].scale[:], 1.0))


def located_bones(armature_object: ArmatureObject) -> set[str]:
    """The bones whose location the current action animates."""
    curves = action_curves(armature_object)
    return {bone for bone, channel in curves.by_bone() if channel == "location"} if curves else set()
