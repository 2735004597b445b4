"""The controls of a rig that no list names, found by what the rig declares and by trying them.

The constraints tell which bones may lead a deforming bone (`leaders`). Each of these is turned once, with the rig's own
switches set to the side that animators key (FK), and the control of a joint is the one that turns its deforming bone
about the joint and takes the rest of the limb along. What was tried is undone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Matrix, Quaternion, Vector

from ...retarget.motion import rotations as rot
from ...retarget.motion.skeleton import ARM, LEG, SIDES
from ...retarget.rigs.control_names import Switch
from ...retarget.rigs.mapping import Mapping
from ...retarget.typing import Floats
from .control_rig import followed_controls
from .fk_switches import find_switches
from .leaders import BoneGraph, driven_constraints, parents_first, targets_of
from .typing import ArmatureObject, full

_AXIS = Vector((0.36, 0.48, 0.8))
_TRIAL = Quaternion(_AXIS, 0.5)
_TURN = np.array(_TRIAL, dtype=np.float64)
_SAME_TURN = 0.03  # radians
_SAME_PLACE = 0.02  # of the armature's size
_LIMBS = ((*LEG, "foot"), ("collar", *ARM))


@dataclass(frozen=True, eq=False)
class Declared:
    """The controls of a rig.

    controls: joint or chain -> bones, as `control_names.control_names` has them.  parents: control -> the control that
    it turns with, parents first.  shown: control -> the deforming bone that it leads.  rest: control -> (4, 4) where it
    is in armature space, with every control at rest.  led: control -> the same of its deforming bone.  ends: control ->
    (2, 3) head and tail of its joint there.  switches: what puts the rig under these controls.
    """

    controls: dict[str, tuple[str, ...]]
    parents: dict[str, str | None]
    shown: dict[str, str]
    rest: dict[str, Floats]
    led: dict[str, Floats]
    ends: dict[str, Floats]
    switches: tuple[Switch, ...]


_known: dict[tuple[int, int], Declared | None] = {}


def find_declared(armature_object: ArmatureObject, skin: Mapping) -> Declared | None:
    """The controls that lead the mapped deforming bones; None where the torso has none.

    skin: the mapping of the deforming bones.  A limb's bone without a control stands for itself. The pose is restored
    afterwards, and the result kept for the session, as long as no constraint changes.
    """
    key = (armature_object.data.session_uid, _fingerprint(armature_object))
    if key not in _known:
        with _undisturbed(armature_object):
            _known[key] = _Search(armature_object, skin).run()
    return _known[key]


def _fingerprint(armature_object: ArmatureObject) -> int:
    driven = driven_constraints(armature_object)
    return hash(
        tuple(
            (
                bone.name,
                c.name,
                c.type,
                c.mute,
                (bone.name, c.name) in driven or c.influence,
                getattr(c, "subtarget", ""),
            )
            for bone in armature_object.pose.bones
            for c in bone.constraints
        )
    )


@contextmanager
def _undisturbed(armature_object: ArmatureObject) -> Iterator[None]:
    """Every bone at rest, whatever the armature shows and other objects lead, and afterwards as it was."""
    pose, data = armature_object.pose.bones, armature_object.data
    foreign = [c for bone in pose for c in bone.constraints if not c.mute and _led_by_others(armature_object, c)]
    before = {bone.name: bone.matrix_basis.copy() for bone in pose}
    shown = data.pose_position
    try:
        if shown != "POSE":
            data.pose_position = "POSE"
        for bone in pose:
            bone.matrix_basis = Matrix.Identity(4)
        for constraint in foreign:
            constraint.mute = True
        yield
    finally:
        for constraint in foreign:
            constraint.mute = False
        for name, matrix in before.items():
            pose[name].matrix_basis = matrix
        if shown != "POSE":
            data.pose_position = shown
        refresh(armature_object)


def _led_by_others(armature_object: ArmatureObject, constraint: bpy.types.Constraint) -> bool:
    leaders = [thing for thing, _ in targets_of(constraint)]
    return bool(leaders) and armature_object not in leaders


def refresh(armature_object: ArmatureObject) -> None:
    """Evaluate the rig with its custom properties as they are now: drivers don't notice changes by a script."""
    armature_object.update_tag()
    full(bpy.context).view_layer.update()


@dataclass(frozen=True, eq=False)
class _Trial:
    """What turning one control did: turns: bone -> (4,), heads: bone -> (3,) where its head went; own: (3,) the
    control's head."""

    turns: dict[str, Floats]
    heads: dict[str, Floats]
    own: Floats


class _Search:
    def __init__(self, armature_object: ArmatureObject, skin: Mapping) -> None:
        self._object = armature_object
        self._pose = armature_object.pose.bones
        self._skin = skin
        self._graph = BoneGraph(armature_object)
        self._watched = list(dict.fromkeys([*skin.bones.values(), *skin.spine, *skin.neck]))
        self._trials: dict[str, _Trial] = {}
        self._start: dict[str, Floats] = {}

    def run(self) -> Declared | None:
        switches = find_switches(self._object, self._graph, self._watched)
        chosen = [(owner, prop, owner[prop]) for owner, prop, _ in self._owners(switches)]
        try:
            for owner, prop, value in self._owners(switches):
                owner[prop] = value
            refresh(self._object)
            self._start = {bone: np.array(self._pose[bone].matrix, dtype=np.float64) for bone in self._graph.names}
            controls, shown = self._choose()
            if controls is None:
                return None
            names = list(dict.fromkeys(name for group in controls.values() for name in group))
            return Declared(
                controls=controls,
                parents=parents_first(followed_controls(self._object, names, ()) | self._under_their_joints(controls)),
                shown=shown,
                rest={name: self._start[name] for name in names},
                led={name: self._start[shown.get(name, name)] for name in names},
                ends={name: self._ends(name, shown, {*controls["pelvis"], *controls["spine"]}) for name in names},
                switches=tuple(switches),
            )
        finally:
            for owner, prop, value in chosen:
                owner[prop] = value

    def _under_their_joints(self, controls: dict[str, tuple[str, ...]]) -> dict[str, str | None]:
        """Parents of the limbs' bones that hang from each other, or that no control leads: what moves them now, IK or
        what is left behind on them, says nothing about them."""
        found: dict[str, str | None] = {}
        for side in SIDES:
            collar = controls.get(f"{side}_collar", controls["spine"])[-1]
            for top, limb in ((controls["pelvis"][0], LEG), (collar, ARM)):
                above = top
                for joint in limb:
                    bone = controls[f"{side}_{joint}"][0]
                    ancestors = [parent.name for parent in self._graph.bones[bone].parent_recursive]
                    if above in ancestors or (joint != limb[-1] and not self._graph.is_free(bone)):
                        found[bone] = above
                    above = bone
        return found

    def _owners(self, switches: list[Switch]) -> list[tuple[bpy.types.PoseBone | ArmatureObject, str, float]]:
        return [(self._pose[bone] if bone else self._object, prop, value) for bone, prop, value in switches]

    def _ends(self, control: str, shown: dict[str, str], torso: set[str]) -> Floats:
        """Where a control turns: at the joint of its deforming bone; the torso's controls at their own heads."""
        bone = self._pose[control if control in torso else shown.get(control, control)]
        return np.array([bone.head, bone.tail], dtype=np.float64)

    def _choose(self) -> tuple[dict[str, tuple[str, ...]] | None, dict[str, str]]:
        skin, bones = self._skin, self._skin.bones
        pelvis = self._first(bones["pelvis"], self._carries_all)
        spine = self._spine_controls()
        if pelvis is None or not spine:
            return None, {}
        shown = {pelvis: bones["pelvis"], **{name: self._nearest(name, skin.spine) for name in spine}}
        controls = {"pelvis": (pelvis,), "spine": tuple(spine)}
        root = self._first(bones["pelvis"], self._carries_from_floor(pelvis))
        if root is not None:
            controls["root"] = (root,)
        neck = [self._first(bone, self._turns(bone, self._next_of_neck(bone))) for bone in skin.neck]
        controls["neck"] = tuple(dict.fromkeys(c for c in neck if c is not None and c not in shown))
        shown |= {c: bone for c, bone in zip(neck, skin.neck, strict=True) if c is not None}
        joints = {"head": None} | {
            f"{side}_{j}": n for side in SIDES for limb in _LIMBS for j, n in _with_next(side, limb)
        }
        for joint, following in joints.items():
            if joint in bones:
                bone = bones[joint]
                control = self._first(bone, self._turns(bone, bones.get(following or "")))
                if control is None or control in shown:  # none, or one that has another joint to turn
                    control = bone
                controls[joint], shown[control] = (control,), bone
        return controls, shown

    def _first(self, bone: str, accepts: Callable[[_Trial], bool]) -> str | None:
        """The control that an animator would take: of such as follow one another, the innermost."""
        return max(self._accepted(bone, accepts), key=self._depth, default=None)

    def _accepted(self, bone: str, accepts: Callable[[_Trial], bool]) -> list[str]:
        """The bones that may move this one and whose turn is accepted; helpers only where there are no others."""
        free = [name for name in self._graph.upstream([bone]) if self._graph.is_free(name)]
        found = [name for name in free if accepts(self._tried(name))]
        return [name for name in found if not self._is_helper(name)] or found

    def _depth(self, name: str) -> int:
        return len(self._graph.upstream([name]))

    def _is_helper(self, name: str) -> bool:
        """Whether a bone is there for the rig, not for the animator, who can't turn or see it."""
        bone, pose = self._graph.bones[name], self._pose[name]
        shown = not bone.collections or any(collection.is_visible for collection in bone.collections)
        return any(pose.lock_rotation) or bone.hide or (pose.custom_shape is None and not shown)

    def _tried(self, control: str) -> _Trial:
        if control not in self._trials:
            rest = self._start[control]
            own_axis = Matrix(rest[:3, :3].tolist()).to_quaternion().inverted() @ _AXIS
            self._pose[control].matrix_basis = Quaternion(own_axis, _TRIAL.angle).to_matrix().to_4x4()
            full(bpy.context).view_layer.update()
            turns, heads = {}, {}
            for bone in self._watched:
                now = self._pose[bone].matrix
                before = Matrix(self._start[bone].tolist())
                turns[bone] = np.array(now.to_quaternion() @ before.to_quaternion().inverted(), dtype=np.float64)
                heads[bone] = np.array(now.translation, dtype=np.float64)
            self._pose[control].matrix_basis = Matrix.Identity(4)
            self._trials[control] = _Trial(turns, heads, rest[:3, 3])
        return self._trials[control]

    def _turned(self, trial: _Trial, bone: str, whole: bool = True) -> bool:
        """Whether a bone turned as the control did. whole: its twist too, which limbs may get elsewhere."""
        if whole:
            return bool(rot.angle_between(trial.turns[bone], _TURN) < _SAME_TURN)
        along = self._start[bone][:3, 1]
        off = rot.rotate(trial.turns[bone], along) - rot.rotate(_TURN, along)
        return bool(np.linalg.norm(off) < _SAME_TURN * np.linalg.norm(along))

    def _near(self, place: Floats, goal: Floats) -> bool:
        return bool(np.linalg.norm(place - goal) < _SAME_PLACE * self._graph.size)

    def _stays(self, trial: _Trial, bone: str) -> bool:
        return self._near(trial.heads[bone], self._start[bone][:3, 3])

    def _rigid(self, trial: _Trial, about: Floats, bone: str) -> bool:
        """Whether a bone's head went round a point as the control turned."""
        return self._near(trial.heads[bone], about + rot.rotate(_TURN, self._start[bone][:3, 3] - about))

    def _turns(self, bone: str, following: str | None) -> Callable[[_Trial], bool]:
        """Accepts what turns a bone about its own head and takes the next joint along."""

        def accepts(trial: _Trial) -> bool:
            if not (self._turned(trial, bone, following is None) and self._stays(trial, bone)):
                return False
            return following is None or self._rigid(trial, self._start[bone][:3, 3], following)

        return accepts

    def _spine_controls(self) -> list[str]:
        """The controls that turn the chest and take the shoulders along, but not the legs, from the hips upwards."""
        found = self._accepted(self._skin.spine[-1], self._carries_chest)
        found.sort(key=self._depth)
        at = {name: self._start[name][:3, 3] for name in found}
        # Of controls at one place, one within the other, the innermost is enough.
        return [name for i, name in enumerate(found) if not any(self._near(at[name], at[n]) for n in found[i + 1 :])]

    def _carries_chest(self, trial: _Trial) -> bool:
        chest, ends = self._skin.spine[-1], [f"{side}_{joint}" for side in SIDES for joint in ("hip", "shoulder")]
        hips, shoulders = ([self._skin.bones[name] for name in ends if name.endswith(j)] for j in ("hip", "shoulder"))
        carried = self._turned(trial, chest) and all(
            self._rigid(trial, trial.own, bone) for bone in (chest, *shoulders)
        )
        return carried and all(self._stays(trial, hip) for hip in hips)

    def _nearest(self, control: str, bones: tuple[str, ...]) -> str:
        at = self._start[control][:3, 3]
        return min(bones, key=lambda bone: float(np.linalg.norm(self._start[bone][:3, 3] - at)))

    def _carries_all(self, trial: _Trial) -> bool:
        """Accepts what moves the whole body as one."""
        ends = [self._skin.bones[f"{side}_{joint}"] for side in SIDES for joint in ("hip", "shoulder")]
        pelvis = self._skin.bones["pelvis"]
        return self._turned(trial, pelvis) and all(self._rigid(trial, trial.own, bone) for bone in (pelvis, *ends))

    def _carries_from_floor(self, pelvis: str) -> Callable[[_Trial], bool]:
        """Accepts what moves the whole body about a point on the floor, other than the pelvis' own control."""
        low = min(matrix[2, 3] for matrix in self._start.values())
        own = self._start[pelvis][:3, 3]

        def accepts(trial: _Trial) -> bool:
            on_floor = trial.own[2] - low < 0.15 * (own[2] - low)
            return on_floor and not np.allclose(trial.own, own) and self._carries_all(trial)

        return accepts

    def _next_of_neck(self, bone: str) -> str | None:
        chain = [*self._skin.neck, *([self._skin.bones["head"]] if "head" in self._skin.bones else [])]
        at = chain.index(bone) + 1
        return chain[at] if at < len(chain) else None


def _with_next(side: str, limb: tuple[str, ...]) -> Iterator[tuple[str, str | None]]:
    following = [*(f"{side}_{joint}" for joint in limb[1:]), None]
    yield from zip(limb, following, strict=True)
