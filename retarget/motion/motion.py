"""`Motion`: the one type that carries motion through the whole project.

Axes and units are those of `skeleton`: Y up, metres, wxyz quaternions, zero rotation = T-pose facing +Z.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import MotionGPTError
from ..typing import Floats
from . import rotations as rot
from .interpolation import cubic, cubic_rotations
from .skeleton import (
    CONTACT_JOINTS,
    JOINT_COUNT,
    MIRRORED_JOINTS,
    PARENTS,
    REST_OFFSETS,
    followers,
    global_rotations,
)

MOST_FRAMES = 1_000_000
"""Frames that resampling makes at most, 1.5 GB of them; a file may come with any frame rate."""
_PARENTS = list(PARENTS[1:])


@dataclass(frozen=True, eq=False)
class Motion:
    """T frames of the canonical skeleton.

    rotations: (T, 22, 4) each joint relative to its parent, zero in the T-pose, twist included; the pelvis' is global.
    root_position: (T, 3) metres, the pelvis.  fps: frames per second.
    contacts: (T, 4) from 0 to 1: left heel, left toe, right heel, right toe on the floor.
    offsets: (22, 3) metres, each joint from its parent in the T-pose.  meta: any JSON (text, seed, model ...).

    >>> tpose = np.tile(rot.IDENTITY, (40, 22, 1))
    >>> path = np.linspace((0.0, 0.9, 0.0), (0.0, 0.9, 2.0), 40)  # two metres ahead
    >>> glide = Motion(tpose, path, fps=20.0, contacts=np.zeros((40, 4)))
    >>> glide.duration, glide.joints.shape, glide.slice(10, 20).duration
    (2.0, (40, 22, 3), 0.5)
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
        """Seconds."""
        return len(self) / self.fps

    @cached_property
    def global_rotations(self) -> Floats:
        """(T, 22, 4): each joint relative to the world, zero in the T-pose."""
        return global_rotations(self.rotations)

    @cached_property
    def joints(self) -> Floats:
        """(T, 22, 3) metres: joint positions in the world."""
        out = np.empty((len(self), JOINT_COUNT, 3), self.rotations.dtype)
        out[:, 0] = self.root_position
        steps = rot.rotate(self.global_rotations[:, _PARENTS], self.offsets[1:])  # (T, 21, 3)
        for joint, parent in enumerate(PARENTS[1:], start=1):
            out[:, joint] = out[:, parent] + steps[:, joint - 1]
        return out

    def slice(self, start: int, stop: int) -> "Motion":
        """Frames start to stop - 1."""
        return self.at(np.s_[start:stop])

    def at(self, frames: Any) -> "Motion":
        """The motion of the frames at these indices (K,), or in a slice."""
        return replace(
            self,
            rotations=self.rotations[frames],
            root_position=self.root_position[frames],
            contacts=self.contacts[frames],
        )

    def resample(self, fps: float, frames: int | None = None) -> "Motion":
        """The same motion at another rate, from frame 0 on: positions and rotations along smooth curves through every
        frame (`interpolation`), so that no velocity jumps; contacts linearly.

        frames: number of frames of the result; by default as many as cover the motion's duration. The motion goes on
        at its last speed until there, which is less than a frame of its own; past that, its last pose is held.
        Raises MotionGPTError ("too_large") for more than MOST_FRAMES, before any is made.

        >>> path = np.linspace((0.0, 0.0, 0.0), (0.0, 0.0, 3.0), 4)
        >>> motion = Motion(np.tile(rot.IDENTITY, (4, 22, 1)), path, fps=10.0, contacts=np.zeros((4, 4)))
        >>> motion.resample(20.0).root_position[:, 2]
        array([0. , 0.5, 1. , 1.5, 2. , 2.5, 3. , 3.5])
        """
        if fps == self.fps and frames in (None, len(self)):
            return self
        if not max(self.duration * fps, frames or 0) <= max(MOST_FRAMES, len(self)):
            raise MotionGPTError(
                f"{self.duration:.6g} seconds at {fps:g} frames per second are too many frames.",
                f"Correct the motion's frame rate, which is {self.fps:g}, or choose a lower one.",
                "too_large",
            )
        covering = max(1, round(self.duration * fps))
        wanted = np.arange(covering if frames is None else frames)
        return self.sampled(np.minimum(wanted, covering - 1) * (self.fps / fps), fps)

    def sampled(self, time: Floats, fps: float) -> "Motion":
        """The poses at times (K,), in frames, as a motion at `fps`: along smooth curves through every frame, which go
        on straight outside them; contacts linearly."""
        low = np.clip(time.astype(int), 0, len(self) - 1)
        high = np.minimum(low + 1, len(self) - 1)
        contacts = (
            self.contacts[low] + (self.contacts[high] - self.contacts[low]) * np.clip(time - low, 0.0, 1.0)[:, None]
        )
        return replace(
            self,
            rotations=cubic_rotations(self.rotations, time),
            root_position=cubic(self.root_position, time),
            contacts=contacts,
            fps=float(fps),
        )

    def held(self, frames: int) -> "Motion":
        """The motion with its last pose held for this many more frames."""
        return self.at(np.minimum(np.arange(len(self) + frames), len(self) - 1))

    def mirror(self) -> "Motion":
        """Left and right swapped: the reflection in the plane x = 0.

        >>> from motiongpt.retarget.motion.skeleton import JOINT
        >>> rotations = np.tile(rot.IDENTITY, (1, 22, 1))
        >>> rotations[0, JOINT["left_elbow"]] = rot.from_axis_angle((0.0, 1.0, 0.0), -1.0)  # forearm ahead
        >>> mirrored = Motion(rotations, np.zeros((1, 3)), 20.0, np.zeros((1, 4))).mirror()
        >>> rot.to_rotation_vector(mirrored.rotations[0, JOINT["right_elbow"]]) + 0.0
        array([0., 1., 0.])
        """
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
        """Moved by (3,) or, frame by frame, by (T, 3) metres."""
        world, places = map(self.__dict__.get, ("global_rotations", "joints"))
        moved = replace(self, root_position=self.root_position + by)
        return moved._knowing(world, None if places is None else places + np.expand_dims(by, -2))

    def touching(self, contacts: Floats) -> "Motion":
        """With contacts (T, 4)."""
        return replace(self, contacts=contacts)._knowing(*map(self.__dict__.get, ("global_rotations", "joints")))

    def on_body(self, offsets: Floats, root_position: Floats) -> "Motion":
        """The same rotations on a body of offsets (22, 3), its pelvis at (T, 3)."""
        return replace(self, offsets=offsets, root_position=root_position)._knowing(self.global_rotations, None)

    def turned(self, joints: Sequence[int], world: Floats) -> "Motion":
        """With global rotations (T, K, 4) of some joints, other than the pelvis; what hangs
        from them turns along, everything else stays as it is."""
        below, rounds = followers(tuple(joints))
        whole, local = self.global_rotations.copy(), self.rotations.copy()
        whole[:, joints] = world
        for joint in below:
            whole[:, joint] = rot.multiply(whole[:, PARENTS[joint]], local[:, joint])
        above = whole[:, [PARENTS[joint] for joint in joints]]
        local[:, joints] = rot.normalize(rot.multiply(rot.conjugate(above), world))
        places = self.joints.copy()
        for moved, parents in rounds:
            places[:, moved] = places[:, parents] + rot.rotate(whole[:, parents], self.offsets[moved])
        return replace(self, rotations=rot.unflip(local))._knowing(whole, places)

    def _knowing(self, world: Floats | None, places: Floats | None) -> "Motion":
        """The motion itself, with global rotations and joints that need not be computed."""
        known = {"global_rotations": world, "joints": places}
        self.__dict__.update((name, value) for name, value in known.items() if value is not None)
        return self

    def centered(self) -> "Motion":
        """Moved and turned so that in frame 0 the pelvis is over the origin and faces +Z; heights stay."""
        turn = rot.conjugate(rot.yaw(self.rotations[0, 0]))
        start = rot.rotate(turn, self.root_position[0])
        return self.placed(np.array([-start[0], 0.0, -start[2]]), turn)

    def on_floor(self) -> "Motion":
        """Moved so that the lowest joint of all frames lies at height 0."""
        return self.placed(np.array([0.0, -float(self.joints[..., 1].min()), 0.0]), rot.IDENTITY)

    def with_contacts(self) -> "Motion":
        """The motion with contacts detected from its own feet."""
        return replace(self, contacts=find_contacts(self.joints, self.fps))


def find_contacts(joints: Floats, fps: float, speed: float = 0.2, height: float = 0.08) -> Floats:
    """Contacts (T, 4) of joints (T, 22, 3) in metres.

    1 where heel or toe is slower than `speed` (m/s) and closer than `height` (m) to the floor; heels get 5 cm more.
    """
    feet = joints[:, CONTACT_JOINTS]  # (T, 4, 3)
    velocity = np.gradient(feet, 1.0 / fps, axis=0) if len(feet) > 1 else np.zeros_like(feet)
    limit = height + np.array([0.05, 0.0, 0.05, 0.0])
    return np.asarray((rot.length(velocity) < speed) & (feet[..., 1] < limit), joints.dtype)
