"""Writing a solved motion as a Blender action: one key a frame on every mapped bone, in bulk.

What Blender does with a pose bone (global rotations, rest R, posed G, of its parent p):

    G_bone = G_p R_p^-1 R_bone basis        where the bone inherits rotation
    G_bone = R_bone basis                   where it does not
    head   = rest head + L location         with L from the bone's own flags (Bone.convert_local_to_pose knows them all)

so `basis` and `location`, which are what keys hold, come from the inverse of these.

The steps of `write_action` also stand alone, for callers that may not hold Blender up: `plan_keys` reads what the
sums depend on, `solve_keys` and `thin_keys` do the sums and may run in another thread, `write_keys` changes Blender's
data.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from ...retarget.errors import MotionGPTError
from ...retarget.motion import rotations as rot
from ...retarget.motion.sparse_curves import SparseCurve, euler_error, position_error, quaternion_error, sparse_curve
from ...retarget.rigs.control_names import control_names, follow_switches
from ...retarget.rigs.mapping import Mapping
from ...retarget.rigs.rig import Rig, RigMotion
from ...retarget.typing import Floats, Indices
from ..character.placing import OBJECT, Places, ik_switches, place, plan_places
from ..character.rotation_modes import from_quaternions, rotation_property
from .keys import action_curves

Curve = tuple[str, str, Floats | SparseCurve]
"""Bone name (OBJECT for the armature object), property name, values (T, channels) or the few keys that stand for them.
"""


@dataclass(frozen=True)
class Tolerance:
    """How far a curve with few keys may be off: degrees of rotation, and the armature's units of location."""

    degrees: float
    location: float


@dataclass(frozen=True, eq=False)
class KeyPlan:
    """What keys depend on besides rig and motion.

    inherits: N bools, whether a bone takes over its parent's rotation.  modes: rotation mode of every turned bone.
    root_bone: whose travel the motion holds.  places: what gets location keys, and IK controls.
    switches: (bone, custom property, value) keyed on the first frame, which put a control rig's limbs into FK or IK.
    """

    inherits: tuple[bool, ...]
    modes: dict[str, str]
    root_bone: str
    places: Places
    switches: tuple[tuple[str, str, float], ...] = ()

    @property
    def keyed(self) -> tuple[str, ...]:
        """Every bone that may get rotation or location keys, each once."""
        controls = [control.name for control in self.places.controls]
        return tuple(dict.fromkeys([*self.modes, *self.carriers, *controls]))

    @property
    def carriers(self) -> tuple[str, ...]:
        """The bones whose location may carry the character: what moves its hips, and its root bone."""
        places = self.places
        return (places.hips.name, places.root.name) if places.root else (places.hips.name,)


def write_action(
    armature_object: bpy.types.Object,
    rig: Rig,
    mapping: Mapping,
    rig_motion: RigMotion,
    name: str,
    start_frame: int,
    tolerance: Tolerance | None = None,
    ik: bool = False,
) -> bpy.types.Action:
    """Make `rig_motion` the armature's action, its first frame on `start_frame`, one scene frame a motion frame.

    rig: as `read_rig` gave it for this object.  rig_motion: at the scene's rate.  name: of the new action.
    Rotation keys follow each bone's rotation mode; the hips and what carries them also get location keys; other bones
    get none and keep the pose they have. The action that was there is stashed on a muted NLA track named after it.
    ik: see `plan_keys`.
    Raises MotionGPTError for an armature that can't be animated, before anything is changed.
    """
    plan = plan_keys(armature_object, rig, mapping, ik)
    return write_keys(armature_object, thin_keys(solve_keys(plan, rig, rig_motion), tolerance), name, start_frame)


def plan_keys(armature_object: bpy.types.Object, rig: Rig, mapping: Mapping, ik: bool = False) -> KeyPlan:
    """Read what `solve_keys` needs.

    ik: key the IK controls of a control rig's limbs instead of their FK controls.
    Raises MotionGPTError for an armature that can't be animated, or has no such controls.
    """
    _check_editable(armature_object)
    bones, pose = armature_object.data.bones, armature_object.pose.bones
    names = frozenset(bones.keys())
    controlled = control_names(names) is not None
    places = plan_places(armature_object, rig, mapping, ik)
    replaced = {bone for limb in places.limbs for bone in (*limb.chain, *(limb.toe[:1] if limb.toe else ()))}
    follow = [(bone, prop, value) for bone, prop, value in follow_switches(names) if prop in pose[bone]]
    return KeyPlan(
        inherits=tuple(
            parent >= 0 and (controlled or bones[name].use_inherit_rotation)
            for name, parent in zip(rig.names, rig.parents, strict=True)
        ),
        modes={name: pose[name].rotation_mode for name in mapping.driven if name not in replaced},
        root_bone=mapping.root_bone,
        places=places,
        switches=(*ik_switches(armature_object, ik), *follow),
    )


def solve_keys(plan: KeyPlan, rig: Rig, rig_motion: RigMotion) -> list[Curve]:
    """The values of all keys; touches nothing of Blender's."""
    curves = _rotation_curves(plan, rig, rig_motion)
    for key in place(plan.places, rig, plan.root_bone, rig_motion):
        if key.rotation is not None:
            curves.append((key.bone, rotation_property(key.mode), from_quaternions(key.mode, key.rotation)))
        if key.location is not None:
            curves.append((key.bone, "location", key.location))
    # A switch stands on its first frame as it stands on all.
    frames = len(rig_motion.basis)
    return curves + [(bone, f'["{name}"]', np.full((frames, 1), value)) for bone, name, value in plan.switches]


def thin_keys(curves: list[Curve], tolerance: Tolerance | None) -> list[Curve]:
    """The curves with as few keys as the tolerance allows and fitted Bezier handles; touches nothing of Blender's.

    Without a tolerance, and for switches, they stay as they are.
    """
    if tolerance is None:
        return curves
    return [
        (bone, channel, values if channel.startswith("[") else thinned(channel, values, tolerance))
        for bone, channel, values in curves
    ]


def write_keys(armature_object: bpy.types.Object, curves: list[Curve], name: str, start_frame: int) -> bpy.types.Action:
    """Make a new action of the curves, stash the old one. Raises MotionGPTError before anything is changed.

    Values get a key on every frame, with straight lines in between.
    """
    _check_editable(armature_object)
    animation = armature_object.animation_data or armature_object.animation_data_create()
    _clear_offsets(armature_object, curves)
    animation.use_tweak_mode = False  # an action inside a tweaked strip can't be replaced
    stash_action(armature_object)
    action = bpy.data.actions.new(name)
    new_curve = _assign(armature_object, action)
    for bone, channel, values in curves:
        _write_curve(new_curve, bone, channel, float(start_frame), values)
    return action


def _write_curve(
    new_curve: Callable[[str, int, str], bpy.types.FCurve],
    bone: str,
    channel: str,
    start: float,
    values: Floats | SparseCurve,
) -> None:
    """The F-curves of one property."""
    switch = channel.startswith("[")
    path = f'pose.bones["{bpy.utils.escape_identifier(bone)}"]{"" if switch else "."}{channel}'
    path, group = (channel, "Object Transforms") if bone == OBJECT else (path, bone)
    if isinstance(values, SparseCurve):
        for index in range(values.values.shape[1]):
            _fill_sparse(new_curve(path, index, group), start, values, index)
        return
    values = values[:1] if switch else values
    frames = start + np.arange(len(values), dtype=np.float64)
    for index in range(values.shape[1]):
        _fill(new_curve(path, index, group), frames, values[:, index])


def thinned(channel: str, values: Floats, tolerance: Tolerance, kept: Indices | None = None) -> SparseCurve:
    """The keys of one property that the tolerance asks for. values: (T, channels).  kept: frames that have keys."""
    if channel == "location":
        return sparse_curve(values, tolerance.location, position_error, kept)
    if channel == "rotation_quaternion":
        return sparse_curve(values, tolerance.degrees, quaternion_error, kept)
    return sparse_curve(values, tolerance.degrees, euler_error, kept)


def _fill_sparse(curve: bpy.types.FCurve, start: float, sparse: SparseCurve, index: int) -> None:
    """Keys of one channel with their fitted handles, which stay where they are put."""
    points = curve.keyframe_points
    at = start + sparse.frames.astype(np.float64)
    points.add(len(at))
    before, after = np.diff(at, prepend=at[0] - 3.0) / 3.0, np.diff(at, append=at[-1] + 3.0) / 3.0
    points.foreach_set("co", np.column_stack([at, sparse.values[:, index]]).astype(np.float32).ravel())
    left = np.column_stack([at - before, sparse.left[:, index]])
    right = np.column_stack([at + after, sparse.right[:, index]])
    _choose(points, {"interpolation": "BEZIER", "handle_left_type": "FREE", "handle_right_type": "FREE"})
    points.foreach_set("handle_left", left.astype(np.float32).ravel())
    points.foreach_set("handle_right", right.astype(np.float32).ravel())
    curve.update()


def stash_action(armature_object: bpy.types.Object) -> None:
    """Move the object's action to a muted NLA track of the same name, unless such a track holds it already."""
    animation = armature_object.animation_data
    action = animation.action
    if action is None:
        return
    slot = animation.action_slot if hasattr(animation, "action_slot") else None
    animation.action = None
    if not any(track.mute and strip.action == action for track in animation.nla_tracks for strip in track.strips):
        track = animation.nla_tracks.new()
        track.name = action.name
        strip = track.strips.new(action.name, int(action.frame_range[0]), action)
        if slot is not None:
            strip.action_slot = slot
        track.mute = True


def _check_editable(armature_object: bpy.types.Object) -> None:
    if armature_object.library is not None:
        raise MotionGPTError(
            f'The armature "{armature_object.name}" is linked from another file and can\'t be animated here.',
            "Make a library override of it (Object, Library Override, Make) and try again.",
        )


def _rotation_curves(plan: KeyPlan, rig: Rig, rig_motion: RigMotion) -> list[Curve]:
    """Per turned bone its rotation property and values, as the bone's mode wants them."""
    wanted = rig_motion.global_rotations(rig)  # (T, N, 4)
    carrier, modes = rig_motion.carrier, plan.modes
    if carrier is not None and carrier.bone is not None:
        modes = modes | {carrier.bone: plan.places.root.mode}
    whole = carrier.turn if carrier is not None and carrier.bone is None else rot.IDENTITY
    reached = np.empty_like(wanted)
    curves = []
    for i, (name, parent) in enumerate(zip(rig.names, rig.parents, strict=True)):
        if plan.inherits[i]:
            base = rot.multiply(reached[:, parent], rig.rest_local[i])  # (T, 4)
        else:
            base = rot.multiply(whole, rig.rest_rotations[i])
        reached[:, i] = wanted[:, i] if name in modes else base
        if name in modes:
            basis = rot.unflip(rot.normalize(rot.multiply(rot.conjugate(base), wanted[:, i])))
            mode = modes[name]
            curves.append((name, rotation_property(mode), from_quaternions(mode, basis)))
    return curves


def _clear_offsets(armature_object: bpy.types.Object, curves: list[Curve]) -> None:
    """Bones back to their rest place: those that get keys, because the solver counts on it, and those that the action
    before has moved and this one leaves alone (a root bone, IK controls)."""
    pose = armature_object.pose.bones
    for name, channel, _ in curves:
        if name != OBJECT and channel.startswith("rotation"):
            pose[name].location = (0.0, 0.0, 0.0)
    for name in _located_bones(armature_object) - {name for name, _, _ in curves}:
        if name in pose:
            pose[name].matrix_basis = Matrix.Diagonal((*pose[name].scale, 1.0))


def _located_bones(armature_object: bpy.types.Object) -> set[str]:
    """The bones whose location the present action animates."""
    curves = action_curves(armature_object)
    return {bone for bone, channel in curves.by_bone() if channel == "location"} if curves else set()


def _assign(armature_object: bpy.types.Object, action: bpy.types.Action) -> Callable[[str, int, str], bpy.types.FCurve]:
    """Give the object the empty action; what comes back makes an F-curve: (data path, index, group) -> F-curve."""
    animation = armature_object.animation_data
    animation.action_influence = 1.0
    animation.action_blend_type = "REPLACE"
    animation.action_extrapolation = "HOLD"
    if not hasattr(action, "slots"):  # Blender 4.2 and 4.3
        action.id_root = "OBJECT"
        animation.action = action
        return lambda path, index, group: action.fcurves.new(path, index=index, action_group=group)
    slot = action.slots.new(id_type="OBJECT", name=armature_object.name)
    strip = action.layers.new("Layer").strips.new(type="KEYFRAME")
    bag = strip.channelbag(slot, ensure=True)
    animation.action = action
    animation.action_slot = slot

    def new_curve(path: str, index: int, group: str) -> bpy.types.FCurve:
        curve = bag.fcurves.new(path, index=index)
        curve.group = bag.groups.get(group) or bag.groups.new(group)
        return curve

    return new_curve


def _fill(curve: bpy.types.FCurve, frames: Floats, values: Floats) -> None:
    """All keys of one F-curve at once: straight lines between frames, automatic handles for later edits."""
    points = curve.keyframe_points
    points.add(len(frames))
    co = np.empty((len(frames), 2), dtype=np.float32)
    co[:, 0], co[:, 1] = frames, values
    points.foreach_set("co", co.ravel())
    handles = {"handle_left_type": "AUTO_CLAMPED", "handle_right_type": "AUTO_CLAMPED"}
    _choose(points, {"interpolation": "LINEAR", **handles})
    curve.update()


def _choose(points: bpy.types.FCurveKeyframePoints, choices: dict[str, str]) -> None:
    """Set properties of all keys, each to one of its choices."""
    for prop, choice in choices.items():
        points.foreach_set(prop, _enum_values(prop, choice, len(points)))


@lru_cache(maxsize=64)
def _enum_values(prop: str, choice: str, count: int) -> NDArray[np.int32]:
    number = bpy.types.Keyframe.bl_rna.properties[prop].enum_items[choice].value
    return np.full(count, number, dtype=np.int32)
