"""Reading and writing BVH files.

The format is Biovision's hierarchy as commonly written: HIERARCHY with ROOT, JOINT and End Site, their OFFSET and
CHANNELS in any order, then MOTION with one line per frame. A rotation is the product of its channels in their order
(column vectors, degrees); position channels replace the joint's OFFSET, as most tools read them; scale is passed over.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ..errors import MotionGPTError
from ..motion import Motion
from ..motion import rotations as rot
from ..motion.skeleton import JOINT_NAMES, PARENTS
from ..rigs.rig import Rig
from ..typing import Floats
from .bvh_text import BvhText, Joint, parse_bvh


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


def _apply_channels(text: BvhText) -> tuple[Floats, Floats]:
    """Local rotations (T, N, 4) and positions (T, N, 3) of the channel values."""
    frames = len(text.values)
    rotations = np.tile(rot.IDENTITY, (frames, len(text.joints), 1))
    positions = np.tile(np.array([joint.offset for joint in text.joints]), (frames, 1, 1))
    for column, values in zip(text.columns, text.values.T, strict=True):
        if column is None:
            continue
        joint, (axis, kind) = column
        if kind == "position":
            positions[:, joint, axis] = values
        elif kind == "rotation":
            turn = rot.from_axis_angle(np.eye(3)[axis], np.radians(values))
            rotations[:, joint] = rot.multiply(rotations[:, joint], turn)
    return rotations, positions


def read_bvh(path: str | Path, fps: float | None = None) -> BvhClip:
    """Parse a BVH file of any skeleton. fps: the rate of a file whose own frame time can't be one.

    Raises MotionGPTError for a missing file, and for an unreadable one with the line that is wrong.
    """
    try:
        text = parse_bvh(_decoded(Path(path).read_bytes()))
    except FileNotFoundError:
        raise MotionGPTError(f"There is no file {path}.", "Check the path.") from None
    except (ValueError, OSError, MemoryError) as error:
        raise MotionGPTError(
            f"{path} is not a readable BVH file ({error}).", "Correct it there, or export it again as BVH."
        ) from error
    rate = text.fps or fps
    if rate is None:
        raise MotionGPTError(
            f"{path} is not a readable BVH file ({text.why}).",
            "Write the seconds of one frame there (0.0333333 for 30 frames a second), or give the rate with --fps.",
        )
    if len(text.joints) > 1 and not any(joint.parent >= 0 and _turns(joint) for joint in text.joints):
        raise MotionGPTError(
            f"No joint of {path} but the root has rotation channels, so none turns; positions alone are not enough.",
            "Export it again with rotations.",
        )
    local_rotations, local_positions = _apply_channels(text)
    return BvhClip(_rig_of(text.joints, local_positions), local_rotations, local_positions, rate)


def _turns(joint: Joint) -> bool:
    return any(kind == "rotation" for _, kind in joint.channels)


def _decoded(data: bytes) -> str:
    """The text of a file: UTF-8 or UTF-16, marked or not, else Latin-1, in which names at least stay apart."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _rig_of(joints: list[Joint], positions: Floats) -> Rig:
    """The skeleton at rest. A joint whose OFFSET is zero and that channels place rests where the frames' positions
    (T, N, 3) mostly have it."""
    offsets = np.array([joint.offset for joint in joints])
    for i, joint in enumerate(joints):
        if joint.parent >= 0 and not offsets[i].any() and any(kind == "position" for _, kind in joint.channels):
            offsets[i] = np.median(positions[:, i], axis=0)
    heads = np.zeros((len(joints), 3))
    for i, joint in enumerate(joints):
        heads[i] = offsets[i] + (heads[joint.parent] if joint.parent >= 0 else 0.0)
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
