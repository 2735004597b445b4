"""Motion files of any kind into `Motion`, and back."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ..errors import MotionGPTError
from ..motion import Motion
from ..motion import rotations as rot
from ..rigs.calibration import Calibration, calibrate
from ..rigs.mapping import Mapping, map_rig
from ..rigs.rig import Rig
from ..solving.solve import to_motion
from ..typing import Floats
from .amass import ending_kind, is_amass, read_amass, write_amass
from .bvh import BvhClip, read_bvh, write_bvh
from .npz import load_npz, save_npz

FORMATS = (".npz", ".bvh")
_HIGHEST = 3.0  # metres over the floor at which a body in the air may be
_MOMENT, _LEVEL = 0.12, 0.2  # seconds; metres a second, half of what a falling body has at either end of that time


def calibrate_clips(clips: list[BvhClip], mapping: Mapping) -> Calibration:
    """The calibration of one skeleton from any number of its clips."""
    return calibrate(
        clips[0].rig,
        mapping,
        np.concatenate([c.global_rotations for c in clips]),
        np.concatenate([c.heads for c in clips]),
    )


def bvh_to_motion(clip: BvhClip, mapping: Mapping, calibration: Calibration) -> Motion:
    """A clip of any skeleton as canonical motion: on the floor, starting over the origin and facing +Z."""
    return on_ground(to_motion(clip.rig, mapping, clip.global_rotations, clip.heads, clip.fps, calibration))


def on_ground(motion: Motion) -> Motion:
    """The motion on the floor, starting over the origin and facing +Z, with contacts found from its feet."""
    motion = motion.centered()
    lowest = float(np.percentile(motion.joints[..., 1].min(axis=1), 2))  # a few bad frames do not lift the whole clip
    return motion.placed(np.array([0.0, -lowest, 0.0]), rot.IDENTITY).with_contacts()


def posed_to_motion(rig: Rig, mapping: Mapping, rotations: Floats, heads: Floats, fps: float) -> Motion:
    """Frames of any rig, alone, as canonical motion: on the floor, starting over the origin and facing +Z.

    rotations: (T, N, 4) global, of the bones, and heads: (T, N, 3) of their joints, in the rig's axes. A clip that
    never rests on anything, such as one cut out of a leap, keeps its height over the origin where that can be one.
    """
    calibration = calibrate(rig, mapping, rotations, heads)
    motion = on_ground(to_motion(rig, mapping, rotations, heads, fps, calibration))
    if rests(motion):
        return motion
    joints = rot.rotate(calibration.axes, heads[:, [rig.index[bone] for bone in mapping.driven]]) * calibration.scale
    own = float(joints[..., 1].min())
    return motion.shifted(np.array([0.0, own, 0.0])).with_contacts() if 0.0 < own < _HIGHEST else motion


def rests(motion: Motion) -> bool:
    """Whether the lowest joint stays at a height for a moment, on a floor or whatever else; true of a few frames."""
    moment = max(3, round(_MOMENT * motion.fps))
    if len(motion) <= moment:
        return True
    level = np.abs(np.diff(motion.joints[..., 1].min(axis=1))) * motion.fps < _LEVEL
    return bool(np.convolve(level, np.ones(moment), mode="valid").max() >= moment)


def read_motion(path: str | Path, body: Path | None = None, up: str = "z", fps: float | None = None) -> Motion:
    """Read `.npz` (the project's own, AMASS or SMPL-X) or `.bvh`.

    body, up: for AMASS and SMPL-X files, as in `read_amass`.  fps: the rate of a BVH file that states none that can be
    one.  Raises MotionGPTError for other endings, unreadable files and skeletons that are not a biped's.
    """
    ending = Path(path).suffix.lower()
    if ending == ".npz":
        return read_amass(path, body, up) if is_amass(path) else load_npz(path)
    if ending == ".bvh":
        clip = read_bvh(path, fps)
        motion = posed_to_motion(clip.rig, map_rig(clip.rig), clip.global_rotations, clip.heads, clip.fps)
        return replace(motion, meta={"source": Path(path).name})
    raise MotionGPTError(f"{path}: motion files end in {' or '.join(FORMATS)}.", "Convert the file first.")


def write_motion(motion: Motion, path: str | Path, body: Path | None = None) -> None:
    """Write `.npz` or `.bvh`, by the file's ending; `.amass.npz` and `.smplx.npz` as AMASS does, with body files."""
    ending = Path(path).suffix.lower()
    if ending not in FORMATS:
        raise MotionGPTError(f"{path}: motion files end in {' or '.join(FORMATS)}.", "Choose one of these endings.")
    if ending_kind(path):
        write_amass(motion, path, body)
    else:
        (save_npz if ending == ".npz" else write_bvh)(motion, path)
