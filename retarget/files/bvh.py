"""Reading and writing BVH files.

The format is Biovision's hierarchy as commonly written: HIERARCHY with ROOT, JOINT and End Site, their OFFSET and
CHANNELS in any order, then MOTION with one line per frame. A rotation is the product of its channels in their order
(column vectors, degrees); position channels replace the joint's OFFSET, as most tools read them.
"""

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from ..errors import MotionGPTError
from ..motion import Motion
from ..motion import rotations as rot
from ..motion.skeleton import JOINT_NAMES, PARENTS
from ..rigs.rig import Rig
from ..typing import Floats

_AXIS = {"X": 0, "Y": 1, "Z": 2}


@dataclass(frozen=True, eq=False)
class BvhClip:
    """A parsed file, in its own axes and units.

    rig: rest rotations are zero, heads are the summed OFFSETs.  local_rotations: (T, N, 4).
    local_positions: (T, N, 3) each joint in its parent's axes.  fps: frames per second.
    """

    rig: Rig
    local_rotations: Floats
    local_positions: Floats
    fps: float

    @cached_property
    def global_rotations(self) -> Floats:
        """(T, N, 4) of every joint."""
        out = np.empty_like(self.local_rotations)
        for joint, parent in enumerate(self.rig.parents):
            local = self.local_rotations[:, joint]
            out[:, joint] = local if parent < 0 else rot.multiply(out[:, parent], local)
        return out

    @cached_property
    def heads(self) -> Floats:
        """(T, N, 3) global position of every joint."""
        out = np.empty_like(self.local_positions)
        for joint, parent in enumerate(self.rig.parents):
            local = self.local_positions[:, joint]
            if parent >= 0:
                local = out[:, parent] + rot.rotate(self.global_rotations[:, parent], local)
            out[:, joint] = local
        return out


@dataclass
class _Joint:
    name: str
    parent: int
    offset: list[float] = field(default_factory=lambda: [0.0] * 3)
    tail: list[float] = field(default_factory=lambda: [0.0] * 3)  # offset of the End Site, or of the last child
    channels: list[str] = field(default_factory=list)


def _parse_hierarchy(text: str) -> list[_Joint]:
    joints: list[_Joint] = []
    stack: list[int] = []  # -2 marks an End Site
    tokens = iter(re.findall(r"[{}]|[^\s{}]+", text))
    for token in tokens:
        if token in ("ROOT", "JOINT"):
            joints.append(_Joint(next(tokens), stack[-1] if stack else -1))
        elif token == "End":
            next(tokens)
            next(tokens)
            stack.append(-2)
        elif token == "{":
            stack.append(len(joints) - 1)
        elif token == "}":
            stack.pop()
        elif token == "OFFSET":
            offset = [float(next(tokens)) for _ in range(3)]
            if stack[-1] == -2:
                joints[stack[-2]].tail = offset
            else:
                joint = joints[stack[-1]]
                joint.offset = offset
                if joint.parent >= 0:
                    joints[joint.parent].tail = offset
        elif token == "CHANNELS":
            joints[stack[-1]].channels = [next(tokens) for _ in range(int(next(tokens)))]
    if not joints:
        raise ValueError("no ROOT")
    return joints


def _apply_channels(joints: list[_Joint], values: Floats) -> tuple[Floats, Floats]:
    """Local rotations (T, N, 4) and positions (T, N, 3) of channel values (T, C)."""
    rotations = np.tile(rot.IDENTITY, (len(values), len(joints), 1))
    positions = np.tile(np.array([joint.offset for joint in joints]), (len(values), 1, 1))
    column = 0
    for i, joint in enumerate(joints):
        order = ""
        angles = []
        for channel in joint.channels:
            axis = channel[0].upper()
            if channel[1:].lower() == "position":
                positions[:, i, _AXIS[axis]] = values[:, column]
            elif channel[1:].lower() == "rotation":
                order += axis
                angles.append(np.radians(values[:, column]))
            else:
                raise ValueError(f"unknown channel {channel}")
            column += 1
        if len(order) == 3:
            rotations[:, i] = rot.from_euler(np.stack(angles, axis=-1), order)
        elif order:
            raise ValueError(f"joint {joint.name} has {len(order)} rotation channels, expected 3")
    return rotations, positions


def read_bvh(path: str | Path) -> BvhClip:
    """Parse a BVH file of any skeleton. Raises MotionGPTError for a missing or unreadable one."""
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")
        head, _, motion = text.partition("MOTION")
        joints = _parse_hierarchy(head)
        found = re.search(r"Frames:\s*(\d+)\s+Frame\s+Time:\s*([0-9.eE+-]+)", motion)
        if not found:
            raise ValueError("no frame count and frame time")
        width = sum(len(joint.channels) for joint in joints)
        values = np.array(motion[found.end() :].split(), dtype=np.float64)
        frames = min(int(found[1]), len(values) // width if width else 0)
        if frames < 1 or len(values) % width or not np.isfinite(values).all():
            raise ValueError(f"{len(values)} values do not fill lines of {width}")
        local_rotations, local_positions = _apply_channels(joints, values.reshape(-1, width)[:frames])
        fps = round(1.0 / float(found[2]), 3)
    except FileNotFoundError:
        raise MotionGPTError(f"There is no file {path}.", "Check the path.") from None
    except (ValueError, IndexError, StopIteration, OSError, ZeroDivisionError, KeyError) as error:
        raise MotionGPTError(f"{path} is not a readable BVH file ({error}).", "Export it again as BVH.") from error
    return BvhClip(_rig_of(joints), local_rotations, local_positions, fps)


def _rig_of(joints: list[_Joint]) -> Rig:
    heads = np.zeros((len(joints), 3))
    for i, joint in enumerate(joints):
        heads[i] = np.asarray(joint.offset) + (heads[joint.parent] if joint.parent >= 0 else 0.0)
    return Rig(
        names=tuple(joint.name for joint in joints),
        parents=tuple(joint.parent for joint in joints),
        rest_rotations=np.tile(rot.IDENTITY, (len(joints), 1)),
        heads=heads,
        tails=heads + np.array([joint.tail for joint in joints]),
    )


def write_bvh(motion: Motion, path: str | Path) -> None:
    """Write the canonical skeleton as BVH: centimetres, Y up, T-pose at rest, channels Z X Y, root with position."""
    lines = ["HIERARCHY"]
    order: list[int] = []

    def walk(joint: int, depth: int) -> None:
        order.append(joint)
        pad = "  " * depth
        x, y, z = motion.offsets[joint] * 100.0
        position = "Xposition Yposition Zposition " if joint == 0 else ""
        lines.append(f"{pad}{'JOINT' if depth else 'ROOT'} {JOINT_NAMES[joint]}")
        lines.append(f"{pad}{{")
        lines.append(f"{pad}  OFFSET {x:.6f} {y:.6f} {z:.6f}")
        lines.append(f"{pad}  CHANNELS {6 if joint == 0 else 3} {position}Zrotation Xrotation Yrotation")
        children = [child for child, parent in enumerate(PARENTS) if parent == joint]
        for child in children:
            walk(child, depth + 1)
        if not children:
            x, y, z = motion.offsets[joint] * 50.0
            lines.append(f"{pad}  End Site\n{pad}  {{\n{pad}    OFFSET {x:.6f} {y:.6f} {z:.6f}\n{pad}  }}")
        lines.append(f"{pad}}}")

    walk(0, 0)
    angles = np.degrees(rot.to_euler_zxy(motion.rotations))[:, order].reshape(len(motion), -1)
    values = np.concatenate([motion.root_position * 100.0, angles], axis=1)
    lines += ["MOTION", f"Frames: {len(motion)}", f"Frame Time: {1.0 / motion.fps:.8f}"]
    lines += [" ".join(f"{v:.6f}" for v in row) for row in values]
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")
