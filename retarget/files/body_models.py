"""Body models of the SMPL family: where the joints of a person of a given shape lie.

A shape's joints are the regressor times its vertices, J = R (template + shapes betas) (Loper et al. 2015, equation 10),
and posing turns them about each other rigidly. Nothing else of a body file is needed here: the skin's corrections for
a pose move vertices, not joints. So no package and no Python object of the file is loaded; the joints are those that
the published package (smplx) computes, and tests compare the two.
"""

import os
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ..errors import MotionGPTError
from ..motion.skeleton import JOINT_COUNT, PARENTS
from ..typing import Floats

KINDS = {24: "smpl", 52: "smplh", 55: "smplx"}
"""Number of joints -> body model. All begin with the 22 of `skeleton`, in its order."""
GENDERS = ("neutral", "male", "female")
FOLDER_VARIABLE = "MOTIONGPT_BODY"
"""Environment variable that names the user's body files where no place is given."""
_SMPLX_SHAPES, _SMPLX_EXPRESSIONS, _SMALL = 300, 100, 10
_CURE = "Give the folder of your SMPL-H or SMPL-X body files (--body DIR, or the variable MOTIONGPT_BODY)."


@dataclass(frozen=True, eq=False)
class Body:
    """A body model of one gender. template: (22, 3) metres, joints of the mean shape in the T-pose, Y up, facing +Z,
    not over the origin.  directions: (22, 3, N), what each shape parameter moves them by."""

    kind: str
    template: Floats
    directions: Floats

    @property
    def shapes(self) -> int:
        """How many shape parameters it knows."""
        return int(self.directions.shape[2])

    def joints(self, betas: Floats) -> Floats:
        """(22, 3) of a shape; parameters that the model lacks are left out."""
        count = min(len(betas), self.shapes)
        return np.asarray(self.template + self.directions[..., :count] @ betas[:count])

    def offsets(self, betas: Floats) -> Floats:
        """(22, 3) as in `Motion.offsets`."""
        joints = self.joints(betas)
        out: Floats = joints - joints[np.maximum(PARENTS, 0)]
        out[0] = 0.0
        return out


def body_place(place: Path | None) -> Path:
    """`place`, or what MOTIONGPT_BODY names. Raises MotionGPTError ("no_body") where there is neither."""
    if place is None:
        named = os.environ.get(FOLDER_VARIABLE)
        if not named:
            raise MotionGPTError("Motion in AMASS' or SMPL-X form needs a body model.", _CURE, "no_body")
        place = Path(named)
    if not place.exists():
        raise MotionGPTError(f"There are no body files in {place}.", _CURE, "no_body")
    return place


def find_body(place: Path | None, kind: str | None, gender: str) -> Path:
    """The body file for a gender below `place`, which may also be a file.

    place: None takes the one that MOTIONGPT_BODY names.  kind: "smplh" or "smplx", None for whichever is there.
    Looked for are GENDER/model.npz and KIND_GENDER.npz, both also below a folder KIND. Raises MotionGPTError.
    """
    place = body_place(place)
    if place.is_file():
        return place
    for one in (kind,) if kind else ("smplh", "smplx", "smpl"):
        names = [f"{one.upper()}_{gender.upper()}.npz", f"{gender}/model.npz"]
        for path in (base / name for base in (place / one, place) for name in names):
            if path.is_file() and (kind is None or load_body(path).kind == kind):
                return path
    wanted = {"smplh": "SMPL-H ", "smplx": "SMPL-X "}.get(kind or "", "")
    if any(place.rglob("*.pkl")):
        raise MotionGPTError(
            f"{place} holds body files as Python pickles, which are not read because they could run code.",
            "Get the .npz files of the same body model.",
            "no_body",
        )
    raise MotionGPTError(f"{place} holds no {gender} {wanted}body ({gender}/model.npz).", _CURE, "no_body")


@lru_cache(maxsize=8)
def load_body(path: Path) -> Body:
    """Read a body file (.npz). Raises MotionGPTError for one that is no body model of the SMPL family."""
    if path.suffix.lower() != ".npz":
        raise MotionGPTError(f"{path} is no .npz body file.", "Get the .npz file of the body model.", "no_body")
    try:
        with np.load(path, allow_pickle=False) as file:
            regressor, template, shapes, tree = (
                file[name] for name in ("J_regressor", "v_template", "shapedirs", "kintree_table")
            )
    except FileNotFoundError:
        raise MotionGPTError(f"There is no file {path}.", "Check the path.") from None
    except (KeyError, ValueError, OSError, EOFError, MemoryError, zipfile.BadZipFile) as error:
        raise MotionGPTError(f"{path} is no body model ({error}).", _CURE, "no_body") from error
    joints, vertices = regressor.shape if regressor.ndim == 2 else (0, 0)
    sound = (
        joints in KINDS
        and template.shape == (vertices, 3)
        and shapes.ndim == 3
        and shapes.shape[:2] == (vertices, 3)
        and tree.shape == (2, joints)
        and tuple(tree[0, 1:JOINT_COUNT].tolist()) == PARENTS[1:]
        and all(np.isfinite(array).all() for array in (regressor, template, shapes))
    )
    if not sound:
        raise MotionGPTError(f"{path} is no body model of the SMPL family.", _CURE, "no_body")
    if KINDS[joints] == "smplx":  # expressions of the face follow the shapes
        large = shapes.shape[2] >= _SMPLX_SHAPES + _SMPLX_EXPRESSIONS
        shapes = shapes[..., : _SMPLX_SHAPES if large else _SMALL]
    body = regressor[:JOINT_COUNT].astype(np.float64)
    flat = body @ shapes.reshape(vertices, -1).astype(np.float64)
    return Body(KINDS[joints], body @ template.astype(np.float64), flat.reshape(JOINT_COUNT, 3, -1))
