"""AMASS and SMPL-X motion files (`.npz`): poses, shape and translation of a body model, to `Motion` and back.

A pose is one rotation vector per joint, relative to its parent and zero in SMPL's T-pose, so the rotations are those of
`Motion`. Two things differ. AMASS' world is Z up, and its translation is not the pelvis' position: SMPL turns the body
about its pelvis, which in the T-pose is at J0 and not at the origin, so that

    pelvis = J0 + translation        (J0 is not turned; both in the file's axes)
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import MotionGPTError
from ..motion import Motion
from ..motion import rotations as rot
from ..motion.skeleton import JOINT_COUNT, leg_length
from ..typing import Floats
from .arrays import READ_ERRORS, array_names, finite, json_of, read_arrays
from .body_models import GENDERS, find_body, load_body
from .npz import LEAST_FPS, MOST_FPS

ENDINGS = {".amass.npz": "smplh", ".smplx.npz": "smplx"}
"""Ending of a written file's name -> body model."""
_UPRIGHT = rot.from_axis_angle((1.0, 0.0, 0.0), -np.pi / 2)
"""The turn from Z up to Y up: (x, y, z) -> (x, z, -y)."""
_RATES = ("mocap_framerate", "mocap_frame_rate", "fps")
_POSES = ((("poses",), "trans"), (("root_orient", "pose_body"), "trans"), (("global_orient", "body_pose"), "transl"))
"""The names of the arrays of poses and of translation: AMASS, AMASS in parts, the package smplx."""
_BODY_NUMBERS = 3 * JOINT_COUNT
_WIDTHS = {156: "smplh", 165: "smplx"}
_SHAPES = 16
"""The number of shape parameters in AMASS files."""
_SAME = 1e-4  # metres by which the offsets of the same body may differ


def is_amass(path: str | Path) -> bool:
    """Whether an `.npz` is such a file, by the names of its arrays; the project's own files have none of these."""
    try:
        return _layout(array_names(path)) is not None
    except READ_ERRORS:
        return False


def _layout(names: Iterable[str]) -> tuple[tuple[str, ...], str] | None:
    """The names of the arrays of poses and of the translation."""
    present = set(names)
    return next(((parts, trans) for parts, trans in _POSES if {*parts, trans} <= present), None)


def read_amass(path: str | Path, body: Path | None = None, up: str = "z") -> Motion:
    """The motion on the body that the file describes, at its place in the file's world, without hands and face.

    body: the user's body files, see `find_body`.  up: the axis of the file's world that points up, "z" (AMASS) or
    "y".  Raises MotionGPTError for an incomplete file, and for a missing body.
    """
    arrays = _load(path)
    poses, translation, betas, fps = _numbers(path, arrays)
    kind, gender = _kind_of(arrays, poses.shape[1]), _gender_of(arrays)
    model = load_body(find_body(body, kind, gender))
    if kind is not None and model.kind != kind:
        raise _bad(path, f"its poses are for {kind.upper()} and the body is {model.kind.upper()}")
    vectors = poses[:, :_BODY_NUMBERS].reshape(-1, JOINT_COUNT, 3)
    motion = Motion(
        rotations=rot.unflip(rot.from_rotation_vector(vectors)),
        root_position=model.joints(betas)[0] + translation,
        fps=fps,
        contacts=np.zeros((len(poses), 4)),
        offsets=model.offsets(betas),
        meta={**_meta_of(arrays), "gender": gender, "betas": betas.tolist(), "source": Path(path).name},
    )
    return (motion.placed(np.zeros(3), _UPRIGHT) if up == "z" else motion).with_contacts()


def write_amass(motion: Motion, path: str | Path, body: Path | None = None) -> None:
    """Write an AMASS file for the body model that the file's ending names (`ENDINGS`), Z up, hands flat.

    A motion from `read_amass` keeps its gender and shape; any other is put on the neutral mean shape, its path scaled
    by leg length.  body: the user's body files.  Raises MotionGPTError for a missing body.
    """
    kind = ending_kind(path) or "smplh"
    gender, betas = _shape_of(motion, kind, body)
    model = load_body(find_body(body, kind, gender))
    scale = leg_length(model.offsets(betas)) / max(leg_length(motion.offsets), 1e-6)
    world = motion.placed(np.zeros(3), rot.conjugate(_UPRIGHT))
    poses = np.zeros((len(motion), 156 if kind == "smplh" else 165))
    poses[:, :_BODY_NUMBERS] = rot.to_rotation_vector(world.rotations).reshape(len(motion), -1)
    arrays = {
        "trans": world.root_position * scale - model.joints(betas)[0],
        "gender": np.array(gender),
        "betas": betas,
        "poses": poses,
        "meta": np.array(json.dumps(motion.meta, ensure_ascii=False, sort_keys=True)),
    }
    with open(path, "wb") as file:
        np.savez_compressed(file, **arrays, **_EXTRAS[kind](motion.fps, poses))


def ending_kind(path: str | Path) -> str | None:
    """The body model that a file's name asks for, None for any other name."""
    name = Path(path).name.lower()
    return next((kind for ending, kind in ENDINGS.items() if name.endswith(ending)), None)


def _smplh_extras(fps: float, poses: Floats) -> dict[str, Floats]:
    return {"mocap_framerate": np.array(fps), "dmpls": np.zeros((len(poses), 8))}


def _smplx_extras(fps: float, poses: Floats) -> dict[str, Any]:
    return {
        "mocap_frame_rate": np.array(fps),
        "mocap_time_length": np.array(len(poses) / fps),
        "surface_model_type": np.array("smplx"),
        "num_betas": np.array(_SHAPES),
        "root_orient": poses[:, :3],
        "pose_body": poses[:, 3:66],
        "pose_jaw": poses[:, 66:69],
        "pose_eye": poses[:, 69:75],
        "pose_hand": poses[:, 75:],
    }


_EXTRAS: dict[str, Callable[[float, Floats], dict[str, Any]]] = {"smplh": _smplh_extras, "smplx": _smplx_extras}


def _load(path: str | Path) -> dict[str, Any]:
    """The arrays of the file that are needed; nothing is unpickled."""
    wanted = {name for parts, trans in _POSES for name in (*parts, trans)}
    try:
        return dict(read_arrays(path, wanted | {*_RATES, "betas", "gender", "surface_model_type", "meta"}))
    except FileNotFoundError:
        raise MotionGPTError(f"There is no file {path}.", "Check the path.") from None
    except READ_ERRORS as error:
        raise _bad(path, str(error)) from error


def _numbers(path: str | Path, arrays: Mapping[str, Any]) -> tuple[Floats, Floats, Floats, float]:
    """Poses (T, 66 or more), translation (T, 3), shape parameters (K,) and rate. Raises MotionGPTError for bad ones."""
    layout = _layout(arrays)
    if layout is None:
        raise _bad(path, "it holds no poses with a translation")
    rate = next((arrays[name] for name in _RATES if name in arrays), None)
    if rate is None:
        raise _bad(path, f"it does not state its frame rate ({' or '.join(_RATES)})")
    try:
        pieces = [finite(arrays[name], name) for name in layout[0]]
        poses = np.concatenate([a.reshape(len(a), math.prod(a.shape[1:])) for a in pieces], axis=1)
        translation = finite(arrays[layout[1]], layout[1])
        betas = np.atleast_2d(finite(arrays["betas"], "betas") if "betas" in arrays else np.zeros(0))[0]
        fps = float(finite(rate, "its frame rate").reshape(-1)[0])
    except READ_ERRORS as error:
        raise _bad(path, str(error)) from error
    frames = len(poses)
    wrong_size = poses.shape[1] < _BODY_NUMBERS or translation.shape != (frames, 3) or betas.ndim != 1
    if frames == 0 or wrong_size or not LEAST_FPS <= fps <= MOST_FPS:
        raise _bad(path, f"poses {poses.shape}, translation {translation.shape}, {fps:g} frames per second")
    return poses, translation, betas, fps


def _kind_of(arrays: Mapping[str, Any], width: int) -> str | None:
    named = str(arrays.get("surface_model_type", "")).lower()
    return named if named in ("smplh", "smplx") else _WIDTHS.get(width)


def _gender_of(arrays: Mapping[str, Any]) -> str:
    """The file's gender; some files hold bytes, written as b'male'."""
    value = np.asarray(arrays.get("gender", "neutral")).reshape(-1)[:1].tolist()
    text = value[0].decode(errors="replace") if value and isinstance(value[0], bytes) else "".join(map(str, value))
    text = text.lower().removeprefix("b").strip("'\" ")
    return text if text in GENDERS else "neutral"


def _meta_of(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """The `meta` of a motion that `write_amass` wrote; empty for any other."""
    try:
        meta = json_of(arrays["meta"])
        return meta if isinstance(meta, dict) else {}
    except (KeyError, ValueError, RecursionError):
        return {}


def _shape_of(motion: Motion, kind: str, body: Path | None) -> tuple[str, Floats]:
    """Gender and shape parameters (16,) of a motion that was read from such a file; the neutral mean for any other."""
    gender = str(motion.meta.get("gender", ""))
    betas = np.zeros(_SHAPES)
    try:
        known = np.asarray(motion.meta.get("betas", ()), np.float64).reshape(-1)[:_SHAPES]
        betas[: len(known)] = known
        if gender in GENDERS:
            model = load_body(find_body(body, kind, gender))
            if np.abs(model.offsets(betas) - motion.offsets).max() < _SAME:
                return gender, betas
    except (ValueError, TypeError, MotionGPTError):
        pass  # meta may hold anything, and the body of that gender need not be there
    return "neutral", np.zeros(_SHAPES)


def _bad(path: str | Path, why: str) -> MotionGPTError:
    return MotionGPTError(f"{path} can't be read as an AMASS or SMPL-X motion: {why}.", "Download the file again.")
