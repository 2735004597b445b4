"""`Motion`: the one type that carries motion between all parts.

Axes and units are those of `skeleton`: Y up, metres, wxyz quaternions, zero rotation = T-pose facing +Z.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..typing import Floats
from . import rotations as rot
from .skeleton import CONTACT_JOINTS, JOINT_COUNT, MIRRORED_JOINTS, PARENTS, REST_OFFSETS


@dataclass(frozen=True, eq=False)
class Motion:
    """T frames of the canonical skeleton.

    rotations: (T, 22, 4) each joint relative to its parent, zero in the T-pose, twist included; the pelvis' is global.
    root_position: (T, 3) metres, the pelvis.  fps: frames a second.
    contacts: (T, 4) from 0 to 1: left heel, left toe, right heel, right toe on the floor.
    offsets: (22, 3) metres, the body's bones in the T-pose.  meta: anything that JSON can hold (text, seed, model ...).
    """

    rotations: Floats
    root_position: Floats
    fps: float
    contacts: Floats
    offsets: Floats = field(default_factory=lambda: REST_OFFSETS)
    meta: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        frames = len(self.rotations)
        for name, shape in (
            ("rotations", (frames, JOINT_COUNT, 4)),
            ("root_position", (frames, 3)),
            ("contacts", (frames, 4)),
            ("offsets", (JOINT_COUNT, 3)),
        ):
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} has shape {getattr(self, name).shape}, expected {shape}")
        if frames == 0 or not self.fps > 0:
            raise ValueError(f"a motion needs at least one frame and a positive rate, not {frames} at {self.fps}")

    def __len__(self) -> int:
        return len(self.rotations)

    @property
    def duration(self) -> float:
        """Seconds: frames over rate."""
        return len(self) / self.fps

    @cached_property
    def global_rotations(self) -> Floats:
        """(T, 22, 4): each joint relative to the world, zero in the T-pose."""
        out = np.empty_like(self.rotations)
        for joint, parent in enumerate(PARENTS):
            out[:, joint] = (
                self.rotations[:, joint] if parent < 0 else rot.multiply(out[:, parent], self.rotations[:, joint])
            )
        return out

    @cached_property
    def joints(self) -> Floats:
        """(T, 22, 3) metres: joint positions in the world."""
        out = np.empty((len(self), JOINT_COUNT, 3), self.rotations.dtype)
        out[:, 0] = self.root_position
        for joint, parent in enumerate(PARENTS[1:], start=1):
            out[:, joint] = out[:, parent] + rot.rotate(self.global_rotations[:, parent], self.offsets[joint])
        return out

    def slice(self, start: int, stop: int) -> "Motion":
        """Frames start to stop - 1."""
        return replace(
            self,
            rotations=self.rotations[start:stop],
            root_position=self.root_position[start:stop],
            contacts=self.contacts[start:stop],
        )

    def resample(self, fps: float, frames: int | None = None) -> "Motion":
        """The same motion at another rate: slerp for rotations, linear for positions, from frame 0 on.

        frames: how many to make; as many as cover the motion's duration unless given. Times past the end hold it.
        """
        if fps == self.fps and frames in (None, len(self)):
            return self
        count = frames if frames is not None else max(1, round(self.duration * fps))
        time = np.minimum(np.arange(count) * (self.fps / fps), len(self) - 1.0)  # (count,) in source frames
        low = np.minimum(time.astype(int), max(len(self) - 2, 0))
        high = np.minimum(low + 1, len(self) - 1)
        t = time - low

        def mix(a: Floats) -> Floats:
            mixed: Floats = a[low] + (a[high] - a[low]) * t[:, None]
            return mixed

        return replace(
            self,
            rotations=rot.slerp(self.rotations[low], self.rotations[high], t[:, None]),
            root_position=mix(self.root_position),
            contacts=mix(self.contacts),
            fps=float(fps),
        )

    def held(self, frames: int) -> "Motion":
        """The motion followed by that many copies of its last frame."""
        index = np.minimum(np.arange(len(self) + frames), len(self) - 1)
        return replace(
            self,
            rotations=self.rotations[index],
            root_position=self.root_position[index],
            contacts=self.contacts[index],
        )

    def mirror(self) -> "Motion":
        """Left and right exchanged (reflection in the plane x = 0)."""
        flip = np.array([1.0, 1.0, -1.0, -1.0])
        sides = list(MIRRORED_JOINTS)
        return replace(
            self,
            rotations=(self.rotations * flip)[:, sides],
            root_position=self.root_position * (-1.0, 1.0, 1.0),
            contacts=self.contacts[:, [2, 3, 0, 1]],
            offsets=(self.offsets * (-1.0, 1.0, 1.0))[sides],
        )

    def placed(self, position: Floats, turn: Floats) -> "Motion":
        """The whole motion turned by quaternion `turn` (4,) about the world's origin, then moved by `position` (3,)."""
        rotations = self.rotations.copy()
        rotations[:, 0] = rot.multiply(turn, rotations[:, 0])
        return replace(self, rotations=rotations, root_position=rot.rotate(turn, self.root_position) + position)

    def shifted(self, by: Floats) -> "Motion":
        """Moved by (3,) or, frame by frame, (T, 3); what is known of its joints stays known."""
        moved = replace(self, root_position=self.root_position + by)
        for name in ("global_rotations", "joints"):
            if name in self.__dict__:
                value = self.__dict__[name]
                moved.__dict__[name] = value + np.expand_dims(by, -2) if name == "joints" else value
        return moved

    def centered(self) -> "Motion":
        """Frame 0 stands over the origin and faces +Z; heights stay."""
        turn = rot.conjugate(rot.yaw(self.rotations[0, 0]))
        start = rot.rotate(turn, self.root_position[0])
        return self.placed(np.array([-start[0], 0.0, -start[2]]), turn)

    def on_floor(self) -> "Motion":
        """Moved so that the lowest joint of all frames lies at height 0."""
        return self.placed(np.array([0.0, -float(self.joints[..., 1].min()), 0.0]), rot.IDENTITY)


def find_contacts(joints: Floats, fps: float, speed: float = 0.2, height: float = 0.08) -> Floats:
    """Contacts (T, 4) of joints (T, 22, 3).

    1 where heel or toe is slower than `speed` (m/s) and lower than `height` (m) above the floor; heels stand 5 cm
    higher than toes.
    """
    feet = joints[:, CONTACT_JOINTS]  # (T, 4, 3)
    velocity = np.gradient(feet, 1.0 / fps, axis=0) if len(feet) > 1 else np.zeros_like(feet)
    limit = height + np.array([0.05, 0.0, 0.05, 0.0])
    contacts: Floats = ((np.linalg.norm(velocity, axis=-1) < speed) & (feet[..., 1] < limit)).astype(joints.dtype)
    return contacts
