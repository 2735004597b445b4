"""Body models of the SMPL family: where the joints of a person of a given shape are.

A shape's joints are the regressor times its vertices, J = R (template + shapes betas) (Loper et al. 2015, equation 10),
and a pose turns them about each other rigidly. Nothing else in a body file is needed here: pose-dependent corrections
move vertices, not joints. So neither the published package (smplx) nor any pickled object is needed; the joints are
the same as those from smplx, and tests compare the two.
"""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ..errors import MotionGPTError
from ..motion.skeleton import JOINT_COUNT, PARENTS
from ..typing import Floats
from .arrays import READ_ERRORS, finite, read_arrays

KINDS = {24: "smpl", 52: "smplh", 55: "smplx"}
"""Number of joints -> body model. The first 22 are those of `skeleton`, in its order."""
GENDERS = ("neutral", "male", "female")
FOLDER_VARIABLE = "MOTIONGPT_BODY"
"""Environment variable with the path of the user's body files, for when none is passed."""
_SMPLX_SHAPES, _SMPLX_EXPRESSIONS, _SMALL = 300, 100, 10
_CURE = "Give the folder of your SMPL-H or SMPL-X body files (--body DIR, or the variable MOTIONGPT_BODY)."


@dataclass(frozen=True, eq=False)
class Body:
    """A body model of one gender.

    template: (22, 3) metres, joints of the mean shape in the T-pose, Y up, facing +Z, pelvis not at the origin.
    directions: (22, 3, N) metres by which each shape parameter moves them.
    """

    kind: str
    template: Floats
    directions: Floats

    @property
    def shapes(self) -> int:
        """How many shape parameters it has."""
        return int(self.directions.shape[2])

    def joints(self, betas: Floats) -> Floats:
        """(22, 3) metres, for shape parameters (K,); those that the model lacks are ignored."""
        count = min(len(betas), self.shapes)
        return np.asarray(self.template + self.directions[..., :count] @ betas[:count])

    def offsets(self, betas: Floats) -> Floats:
        """(22, 3) as in `Motion.offsets`."""
        joints = self.joints(betas)
        return np.asarray(joints - joints[np.maximum(PARENTS, 0)])  # the pelvis' own is zero


def body_path(body: Path | None) -> Path:
    """`body`, or what MOTIONGPT_BODY names. Raises MotionGPTError ("no_body") if there is neither."""
    if body is None:
        named = os.environ.get(FOLDER_VARIABLE)
        if not named:
            raise MotionGPTError("AMASS and SMPL-X motion files need a body model.", _CURE, "no_body")
        body = Path(named)
    if not body.exists():
        raise MotionGPTError(f"There are no body files in {body}.", _CURE, "no_body")
    return body


def find_body(body: Path | None, kind: str | None, gender: str) -> Path:
    """The body file for a gender in the folder `body`; if that is a file, the file itself.

    body: None for what MOTIONGPT_BODY names.  kind: "smplh" or "smplx", None for any kind.
    Tries GENDER/model.npz and KIND_GENDER.npz, in the folder and in a folder KIND within it. Raises MotionGPTError.
    """
    body = body_path(body)
    if body.is_file():
        return body
    for one in (kind,) if kind else ("smplh", "smplx", "smpl"):
        names = [f"{one.upper()}_{gender.upper()}.npz", f"{gender}/model.npz"]
        for path in (base / name for base in (body / one, body) for name in names):
            if path.is_file() and (kind is None or load_body(path).kind == kind):
                return path
    wanted = {"smplh": "SMPL-H ", "smplx": "SMPL-X "}.get(kind or "", "")
    if any(body.rglob("*.pkl")):
        raise MotionGPTError(
            f"{body} holds body files as Python pickles, which are not read because they could run code.",
            "Get the .npz files of the same body model.",
            "no_body",
        )
    raise MotionGPTError(f"{body} holds no {gender} {wanted}body ({gender}/model.npz).", _CURE, "no_body")


@lru_cache(maxsize=8)
def load_body(path: Path) -> Body:
    """Read a body file (.npz). Raises MotionGPTError for one that is not a body model of the SMPL family."""
    if path.suffix.lower() != ".npz":
        raise MotionGPTError(f"{path} is not an .npz body file.", "Get the .npz file of the body model.", "no_body")
    names = ("J_regressor", "v_template", "shapedirs", "kintree_table")
    try:
        arrays = read_arrays(path, names)
        regressor, template, shapes = (finite(arrays[name], name) for name in names[:3])
        tree = arrays[names[3]]
    except FileNotFoundError:
        raise MotionGPTError(f"There is no file {path}.", "Check the path.") from None
    except READ_ERRORS as error:
        raise MotionGPTError(f"{path} is not a body model ({error}).", _CURE, "no_body") from error
    joints, vertices = regressor.shape if regressor.ndim == 2 else (0, 0)
    valid = (
        joints in KINDS
        and template.shape == (vertices, 3)
        and shapes.ndim == 3
        and shapes.shape[:2] == (vertices, 3)
        and tree.shape == (2, joints)
        and tuple(tree[0, 1:JOINT_COUNT].tolist()) == PARENTS[1:]
    )
    if not valid:
        raise MotionGPTError(f"{path} is not a body model of the SMPL family.", _CURE, "no_body")
    if KINDS[joints] == "smplx":  # facial expressions follow the shapes
        large = shapes.shape[2] >= _SMPLX_SHAPES + _SMPLX_EXPRESSIONS
        shapes = shapes[..., : _SMPLX_SHAPES if large else _SMALL]
    body = regressor[:JOINT_COUNT]
    flat = body @ shapes.reshape(vertices, -1)
    return Body(KINDS[joints], body @ template, flat.reshape(JOINT_COUNT, 3, -1))
