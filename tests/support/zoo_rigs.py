"""Armatures of common rig families, built from a body in numbers: names, rest pose, bone rolls and scale.

A body has the canonical joints and whatever a family adds: more or fewer spine and neck bones, in-line or hanging twist
bones, fingers, IK targets. It is posed at rest, then every bone gets a roll of its own.
"""

from dataclasses import replace

import numpy as np

from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.skeleton import JOINT, JOINT_NAMES, rest_joints
from motiongpt.retarget.rigs.rig import Rig

from .zoo_extras import decorated, with_raised_arm
from .zoo_family import SIDES, Family, limbs
from .zoo_more import MORE

FAMILIES = {
    f.name: f
    for f in (
        Family(
            "mixamo", "mixamorig:Hips", ("mixamorig:Spine", "mixamorig:Spine1", "mixamorig:Spine2"),
            ("mixamorig:Neck",), "mixamorig:Head", ("Left", "Right"),
            limbs(*(f"mixamorig:{{s}}{n}" for n in (
                "UpLeg", "Leg", "Foot", "ToeBase", "Shoulder", "Arm", "ForeArm", "Hand"))),
            fingers="mixamorig:{s}Hand{f}{n}",
        ),
        Family(
            "mixamo numbered", "mixamorig7:Hips", ("mixamorig7:Spine", "mixamorig7:Spine1", "mixamorig7:Spine2"),
            ("mixamorig7:Neck",), "mixamorig7:Head", ("Left", "Right"),
            limbs(*(f"mixamorig7:{{s}}{n}" for n in (
                "UpLeg", "Leg", "Foot", "ToeBase", "Shoulder", "Arm", "ForeArm", "Hand"))),
            arms_down=30.0, height=0.3, thigh=0.9, shin=1.05,
        ),
        Family(
            "mixamo plain", "Hips", ("Spine", "Spine1", "Spine2"), ("Neck",), "Head", ("Left", "Right"),
            limbs(*(f"{{s}}{n}" for n in (
                "UpLeg", "Leg", "Foot", "ToeBase", "Shoulder", "Arm", "ForeArm", "Hand"))),
            arms_down=80.0, thigh=1.1, shin=1.0, upper_arm=1.1,
        ),
        Family(
            "unreal", "pelvis", tuple(f"spine_0{i}" for i in range(1, 6)), ("neck_01", "neck_02"), "head", ("l", "r"),
            limbs(*(f"{n}_{{s}}" for n in (
                "thigh", "calf", "foot", "ball", "clavicle", "upperarm", "lowerarm", "hand"))),
            above=("root",), fingers="{f}_0{n}_{s}", arms_down=45.0, elbows=20.0,
            twists={"shoulder": ("upperarm_twist_01_{s}", "upperarm_twist_02_{s}"),
                    "elbow": ("lowerarm_twist_01_{s}", "lowerarm_twist_02_{s}"),
                    "hip": ("thigh_twist_01_{s}",), "knee": ("calf_twist_01_{s}",)},
            extra=("ik_foot_root", "ik_foot_l", "ik_foot_r", "ik_hand_root", "ik_hand_gun", "ik_hand_l", "ik_hand_r"),
        ),
        Family(
            "unity", "Hips", ("Spine", "Chest", "UpperChest"), ("Neck",), "Head", ("Left", "Right"),
            limbs(*(f"{{s}}{n}" for n in (
                "UpperLeg", "LowerLeg", "Foot", "Toes", "Shoulder", "UpperArm", "LowerArm", "Hand"))),
            fingers="{s}{f}{n}", arms_forward=70.0, thigh=0.92, shin=1.0, forearm=1.1,
        ),
        Family(
            "smpl", "Pelvis", ("Spine1", "Spine2", "Spine3"), ("Neck",), "Head", ("L", "R"),
            limbs(*(f"{{s}}_{n}" for n in (
                "Hip", "Knee", "Ankle", "Foot", "Collar", "Shoulder", "Elbow", "Wrist"))), above=("root",),
        ),
        Family(
            "smpl-x", "pelvis", ("spine1", "spine2", "spine3"), ("neck",), "head", ("left", "right"),
            limbs(*(f"{{s}}_{n}" for n in (
                "hip", "knee", "ankle", "foot", "collar", "shoulder", "elbow", "wrist"))), above=("root",),
            fingers="{s}_{f}{n}",
        ),
        Family(
            "vrm", "J_Bip_C_Hips", ("J_Bip_C_Spine", "J_Bip_C_Chest", "J_Bip_C_UpperChest"), ("J_Bip_C_Neck",),
            "J_Bip_C_Head", ("L", "R"),
            limbs(*(f"J_Bip_{{s}}_{n}" for n in (
                "UpperLeg", "LowerLeg", "Foot", "ToeBase", "Shoulder", "UpperArm", "LowerArm", "Hand"))),
            above=("Root",), fingers="J_Bip_{s}_{f}{n}", apart=15.0, height=1.45, thigh=1.05, shin=1.2, forearm=0.9,
        ),
        Family(
            "character creator", "CC_Base_Hip", ("CC_Base_Waist", "CC_Base_Spine01", "CC_Base_Spine02"),
            ("CC_Base_NeckTwist01", "CC_Base_NeckTwist02"), "CC_Base_Head", ("L", "R"),
            limbs(*(f"CC_Base_{{s}}_{n}" for n in (
                "Thigh", "Calf", "Foot", "ToeBase", "Clavicle", "Upperarm", "Forearm", "Hand"))),
            above=("RL_BoneRoot",), fingers="CC_Base_{s}_{f}{n}", arms_down=35.0,
            twists={"shoulder": ("CC_Base_{s}_UpperarmTwist01", "CC_Base_{s}_UpperarmTwist02"),
                    "elbow": ("CC_Base_{s}_ForearmTwist01", "CC_Base_{s}_ForearmTwist02"),
                    "hip": ("CC_Base_{s}_ThighTwist01",), "knee": ("CC_Base_{s}_CalfTwist01",)},
        ),
        Family(
            "daz genesis 8", "hip", ("abdomenLower", "abdomenUpper", "chestLower", "chestUpper"),
            ("neckLower", "neckUpper"), "head", ("l", "r"),
            limbs(*(f"{{s}}{n}" for n in (
                "ThighBend", "Shin", "Foot", "Toe", "Collar", "ShldrBend", "ForearmBend", "Hand"))),
            fingers="{s}{f}{n}", arms_down=45.0, apart=8.0,
            inline={"hip": "{s}ThighTwist", "shoulder": "{s}ShldrTwist", "elbow": "{s}ForearmTwist"},
        ),
        Family(
            "daz genesis 9", "hip", ("spine1", "spine2", "spine3", "spine4"), ("neck1", "neck2"), "head", ("l", "r"),
            limbs(*(f"{{s}}_{n}" for n in (
                "thigh", "shin", "foot", "toes", "shoulder", "upperarm", "forearm", "hand"))),
            fingers="{s}_{f}{n}", arms_down=45.0,
            twists={"shoulder": ("{s}_upperarmtwist1",), "elbow": ("{s}_forearmtwist1",), "hip": ("{s}_thightwist1",)},
        ),
        Family(
            "poser", "hip", ("abdomen", "chest"), ("neck",), "head", ("l", "r"),
            limbs(*(f"{{s}}{n}" for n in ("Thigh", "Shin", "Foot", "Toe", "Collar", "Shldr", "ForeArm", "Hand"))),
            above=("Body",),
        ),
        Family(
            "auto-rig pro", "root.x", ("spine_01.x", "spine_02.x", "spine_03.x"), ("neck.x",), "head.x", ("l", "r"),
            limbs(*(f"{n}.{{s}}" for n in (
                "thigh_stretch", "leg_stretch", "foot", "toes_01", "shoulder", "arm_stretch", "forearm_stretch",
                "hand"))), above=("root",), fingers="{f}{n}.{s}", arms_down=40.0, elbows=15.0,
            twists={"shoulder": ("arm_twist.{s}",), "elbow": ("forearm_twist.{s}",), "hip": ("thigh_twist.{s}",),
                    "knee": ("leg_twist.{s}",)},
        ),
        Family(
            "biped", "Bip01 Pelvis", ("Bip01 Spine", "Bip01 Spine1", "Bip01 Spine2"), ("Bip01 Neck",), "Bip01 Head",
            ("L", "R"),
            limbs(*(f"Bip01 {{s}} {n}" for n in (
                "Thigh", "Calf", "Foot", "Toe0", "Clavicle", "UpperArm", "Forearm", "Hand"))),
            above=("Bip01",), fingers="Bip01 {s} {f}{n}", arms_down=60.0, height=4.0,
            thigh=1.1, shin=0.95, clavicles_from_neck=True,
        ),
        Family(
            "kaykit", "hips", ("spine", "chest"), (), "head", ("l", "r"),
            limbs("upperleg.{s}", "lowerleg.{s}", "foot.{s}", "toes.{s}", "", "upperarm.{s}", "lowerarm.{s}",
                   "wrist.{s}"), above=("root",), limb_scale=0.6, height=1.0,
        ),
        Family(
            "one spine bone", "Pelvis", ("Torso",), (), "Head", ("L", "R"),
            limbs("Thigh_{s}", "Shin_{s}", "Foot_{s}", "", "", "UpperArm_{s}", "LowerArm_{s}", "Hand_{s}"),
            arms_down=85.0,
        ),
        *MORE,
    )
}  # fmt: skip


def build_rig(family: Family, seed: int = 0, blender: bool = True) -> tuple[Rig, dict[str, str]]:
    """The family's rig, in Blender's axes (Z up, facing -Y) or the canonical ones, and the right map: joint -> bone."""
    builder = _Builder(family)
    builder.torso()
    for side in range(2):
        builder.leg(side)
        builder.arm(side)
    for i, name in enumerate(family.extra):
        builder.add(name, family.above[0], np.array([0.1 * i - 0.3, 0.0, 0.1]), np.array([0.0, 0.1, 0.1]))
    rig, joints = builder.rig(np.random.default_rng(seed), blender), builder.joints
    if blender:
        rig = decorated(rig, joints, family.chest, *family.wears)
        rig = with_raised_arm(rig, joints, family.raised) if family.raised else rig
    return rig, joints


class _Builder:
    def __init__(self, family: Family) -> None:
        self.family = family
        self.at = rest_joints() - [0.0, rest_joints()[:, 1].min(), 0.0]
        self._pose_limbs()
        self.names: list[str] = []
        self.parents: list[int] = []
        self.heads: list[np.ndarray] = []
        self.tails: list[np.ndarray] = []
        self.joints: dict[str, str] = {}

    def _pose_limbs(self) -> None:
        f, at = self.family, self.at
        for side, sign in zip(SIDES, (1.0, -1.0), strict=True):
            down = rot.from_axis_angle((0.0, 0.0, 1.0), np.radians(-sign * f.arms_down))
            ahead = rot.from_axis_angle((0.0, 1.0, 0.0), np.radians(-sign * f.arms_forward))
            turn = rot.multiply(ahead, down)
            bend = rot.multiply(turn, rot.from_axis_angle((0.0, 1.0, 0.0), np.radians(-sign * f.elbows)))
            apart = rot.from_axis_angle((0.0, 0.0, 1.0), np.radians(sign * f.apart))
            rest = at.copy()
            for chain, turns in (("shoulder elbow wrist", (turn, bend)), ("hip knee ankle foot", (apart, apart, None))):
                joints = [JOINT[f"{side}_{k}"] for k in chain.split()]
                for a, b, q in zip(joints, joints[1:], turns, strict=False):
                    own = {"elbow": f.upper_arm, "wrist": f.forearm, "knee": f.thigh, "ankle": f.shin}
                    kind = JOINT_NAMES[b].split("_")[1]
                    step = (rest[b] - rest[a]) * own.get(kind, 1.0) * (f.limb_scale if kind != "foot" else 1.0)
                    at[b] = at[a] + (step if q is None else rot.rotate(q, step))
        at[:, 1] -= at[:, 1].min()

    def add(self, name: str, parent: str | None, head: np.ndarray, tail: np.ndarray) -> str:
        assert name not in self.names, name
        self.names.append(name)
        self.parents.append(self.names.index(parent) if parent else -1)
        self.heads.append(np.asarray(head, dtype=float))
        self.tails.append(np.asarray(tail, dtype=float))
        return name

    def joint(self, name: str) -> np.ndarray:
        return self.at[JOINT[name]]

    def torso(self) -> None:
        f = self.family
        parent = None
        for name in f.above:
            parent = self.add(name, parent, np.zeros(3), np.array([0.0, 0.0, 0.2]))
        line = np.array([self.joint(j) for j in ("pelvis", "spine1", "spine2", "spine3", "neck")])
        places = np.linspace(0.0, 4.0, len(f.spine) + 2)
        points = np.stack([np.interp(places, np.arange(5), line[:, i]) for i in range(3)], axis=-1)
        for name in f.holding:
            parent = self.add(name, parent, points[0], points[0] + [0.0, 0.1, 0.0])
        pelvis = parent = self.add(f.pelvis, parent, points[0], points[1])
        for name in f.carried:
            parent = self.add(name, parent, points[1], points[2])
        if f.legs_from:
            self.add(f.legs_from, pelvis, points[1], points[0])
        self.hips = f.legs_from or parent
        for i, name in enumerate(f.spine, start=1):
            parent = self.add(name, parent, points[i], points[i + 1])
        neck = np.linspace(0.0, 1.0, len(f.neck) + 1)[:, None] * (self.joint("head") - points[-1]) + points[-1]
        for i, name in enumerate(f.neck):
            parent = self.add(name, parent, neck[i], neck[i + 1])
        self.add(f.head, parent, neck[-1], neck[-1] + [0.0, 0.2, 0.02])
        self.joints.update(pelvis=(*f.holding, f.pelvis)[0], head=f.head)

    def limb(self, side: int, kinds: tuple[str, ...], parent: str, ends: dict[str, np.ndarray]) -> str:
        f, word = self.family, self.family.sides[side]
        present = [k for k in kinds if k in f.limbs]
        for i, kind in enumerate(present):
            name = f.limbs[kind].format(s=word)
            head = self.joint(f"{SIDES[side]}_{kind}")
            tail = self.joint(f"{SIDES[side]}_{present[i + 1]}") if i + 1 < len(present) else head + ends[kind]
            parent = self.add(name, parent, head, tail)
            self.joints[f"{SIDES[side]}_{kind}"] = name
            for n, pattern in enumerate(f.twists.get(kind, ())):
                at = (n + 1) / (len(f.twists[kind]) + 1)
                self.add(pattern.format(s=word), name, head + (tail - head) * at, head + (tail - head) * (at + 0.25))
            if kind in f.inline:
                parent = self.add(f.inline[kind].format(s=word), parent, 0.5 * (head + tail), tail)
        return parent

    def leg(self, side: int) -> None:
        ends = {"foot": np.array([0.0, -0.01, 0.06]), "ankle": np.array([0.0, -0.05, 0.14])}
        self.limb(side, ("hip", "knee", "ankle", "foot"), self.hips, ends)

    def arm(self, side: int) -> None:
        f = self.family
        elbow, wrist = (self.joint(f"{SIDES[side]}_{k}") for k in ("elbow", "wrist"))
        along = rot.normalize(wrist - elbow)
        hand = self.limb(side, ("collar", "shoulder", "elbow", "wrist"), f.chest, {"wrist": along * 0.08})
        across = rot.normalize(np.cross(along, [0.3, 0.9, 0.31])) * (1.0, -1.0)[side]  # to the thumb, which is ahead
        for number, finger in enumerate(("Thumb", "Index", "Middle", "Ring", "Pinky") if f.fingers else ()):
            parent = hand
            start = wrist + along * (0.03 if finger == "Thumb" else 0.09) + across * (0.02 * (2 - number))
            for n in range(1, 4):
                tail = start + along * (0.035 - 0.006 * n)
                parent = self.add(f.fingers.format(s=f.sides[side], f=finger, n=n), parent, start, tail)
                start = tail

    def rig(self, random: np.random.Generator, blender: bool) -> Rig:
        heads, tails = np.array(self.heads), np.array(self.tails)
        scale = self.family.height / 1.7
        stand = rot.from_axis_angle((1.0, 0.0, 0.0), np.pi / 2) if blender else rot.IDENTITY
        heads, tails = (rot.rotate(stand, v * scale) for v in (heads, tails))
        along = rot.between(np.array([0.0, 1.0, 0.0]), tails - heads)
        roll = rot.from_axis_angle((0.0, 1.0, 0.0), random.uniform(-np.pi, np.pi, len(heads)))
        bare = {*self.family.above, *self.family.extra}
        thick = np.array(
            [0.0 if n in bare else 0.2 * s for n, s in zip(self.names, rot.length(tails - heads), strict=True)]
        )
        rotations = rot.multiply(along, roll)
        return Rig(
            tuple(self.names), tuple(self.parents), rotations, heads, tails, 2 if blender else 1, thickness=thick
        )


def renamed(rig: Rig, seed: int = 0) -> tuple[Rig, dict[str, str]]:
    """The rig with every bone called Bone.NNN in a random order, and old name -> new name."""
    order = np.random.default_rng(seed).permutation(len(rig.names))
    names = {old: f"Bone.{number:03d}" for old, number in zip(rig.names, order, strict=True)}
    return replace(rig, names=tuple(names[n] for n in rig.names)), names
