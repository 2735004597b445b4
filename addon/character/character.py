"""A character: everything that the add-on reads from an armature, read once and passed on as plain values."""

from dataclasses import dataclass

from ...retarget.errors import MotionGPTError
from ...retarget.motion import Motion
from ...retarget.rigs.control_names import LIMBS, Switch, control_names, follow_switches
from ...retarget.rigs.mapping import Mapping
from ...retarget.rigs.rig import Rig, RigMotion
from ...retarget.solving.root_motion import AUTO, BONE, HIPS, carry
from ...retarget.solving.solve import to_bones
from ..translation.saying import say
from .armature import declared_controls, read_rig
from .leaders import works
from .placing import Places, ik_switches, is_number, plan_places
from .settings import find_mapping, keys_ik
from .typing import ArmatureObject


@dataclass(frozen=True, eq=False)
class Character:
    """A snapshot of an armature; it refers to no Blender data, so that any thread may use it.

    rig, mapping: its N bones at rest, and which joints they play.  inherits: N bools, whether a bone inherits its
    parent's rotation.  modes: bone -> rotation mode, of every bone whose rotation is keyed.  places: what gets location
    keys, and the IK controls.  limb_switches: put a control rig's limbs under the FK or IK controls that are keyed.
    follow_switches: make its neck and head follow one control alone.
    """

    rig: Rig
    mapping: Mapping
    inherits: tuple[bool, ...]
    modes: dict[str, str]
    places: Places
    limb_switches: tuple[Switch, ...] = ()
    follow_switches: tuple[Switch, ...] = ()

    @classmethod
    def read(cls, armature_object: ArmatureObject, ik: bool | frozenset[str] | None = None) -> "Character":
        """Read an armature object in its current state.

        ik: key the IK controls of a control rig's limbs instead of their FK controls, of all or of those with these
        first joints; None: as its settings say.
        Raises MotionGPTError for an armature that is not a biped or can't be read, and for IK controls that it lacks.
        """
        ik = keys_ik(armature_object) if ik is None else ik
        ik = ik if isinstance(ik, frozenset) else LIMBS if ik else frozenset[str]()
        rig = read_rig(armature_object)
        mapping = find_mapping(armature_object, rig)
        places = plan_places(armature_object, rig, mapping, ik)
        bones, pose = armature_object.data.bones, armature_object.pose.bones
        names = frozenset(bones.keys())
        declared = declared_controls(armature_object)
        controlled = declared is not None or control_names(names) is not None
        # Bones that IK turns in any other rig are keyed too: where there is no pole, IK bends a limb as it finds it.
        by_name = places.limbs if control_names(names) is not None else ()
        replaced = {bone for limb in by_name for bone in (*limb.chain, *(limb.toe[:1] if limb.toe else ()))}
        # An Armature constraint adds a bone's own keys to where its helper is, which IK has turned already.
        reached = {bone for limb in places.limbs if limb.pole is not None for bone in limb.chain}
        replaced |= {bone for bone in reached if any(c.type == "ARMATURE" and works(c) for c in pose[bone].constraints)}
        return cls(
            rig=rig,
            mapping=mapping,
            inherits=tuple(
                parent >= 0 and (controlled or bones[name].use_inherit_rotation)
                for name, parent in zip(rig.names, rig.parents, strict=True)
            ),
            modes={name: pose[name].rotation_mode for name in mapping.driven if name not in replaced},
            places=places,
            limb_switches=declared.switches if declared else tuple(ik_switches(armature_object, ik)),
            follow_switches=tuple(
                switch for switch in follow_switches(names) if is_number(pose[switch[0]].get(switch[1]))
            ),
        )

    @property
    def carriers(self) -> tuple[str, ...]:
        """The bones whose location may carry the character: what moves its hips, and its root bone."""
        places = self.places
        return (places.hips.name, places.root.name) if places.root else (places.hips.name,)

    @property
    def keyed(self) -> tuple[str, ...]:
        """Every bone that may get rotation or location keys, each once."""
        controls = [control.name for control in self.places.controls]
        return tuple(dict.fromkeys([*self.modes, *self.carriers, *controls]))

    def root_destination(self, wanted: str) -> str:
        """The wanted destination, for `retarget.solving.root_motion.carry`, as far as the rig allows it.

        Raises MotionGPTError for a root bone that the hips are connected to: the two can't move independently.
        """
        root = self.places.root
        if wanted not in (AUTO, BONE) or root is None or root.name != self.places.hips.name:
            return wanted
        if wanted == AUTO:
            return HIPS
        raise MotionGPTError(
            say('The hips are connected to the root bone "{bone}" and can\'t move on their own.', bone=root.name),
            "Clear Connected on the hips in Edit Mode, or put the root motion on the hips.",
        )

    def solve(self, motion: Motion, destination: str, fit: bool = True) -> RigMotion:
        """The motion on this character's bones, with its travel on that destination.

        fit: make this body's feet stand as the motion's own body's do; without it every joint keeps its rotation.
        Raises MotionGPTError for a root bone that the rig lacks.
        """
        solved = to_bones(motion, self.rig, self.mapping, fit=fit)
        return carry(solved, self.rig, self.mapping, destination)
