"""Small body models in the format of SMPL-H and SMPL-X: random people of a few vertices around the right joints."""

from pathlib import Path
from typing import Any

import numpy as np

from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.skeleton import PARENTS, rest_joints

_HAND = [parent for finger in range(5) for parent in (None, 22 + 3 * finger, 23 + 3 * finger)]
_ORIGIN = np.array([-0.002, -0.223, 0.028])
"""About where SMPL's pelvis is in the T-pose."""


def _tree(joints: int) -> list[int]:
    """Parents of 52 (SMPL-H) or 55 (SMPL-X) joints: the body, with SMPL-X jaw and eyes, then fifteen joints a hand."""
    first = joints - 30
    tree = [*PARENTS, *[15] * (first - 22)]
    for hand, wrist in enumerate((20, 21)):
        start = first + 15 * hand
        tree += [wrist if parent is None else start + parent - 22 for parent in _HAND]
    return tree


def make_body(path: Path, joints: int = 52, shapes: int = 16, seed: int = 0, **change: Any) -> Path:
    """Write a body file with every array that the smplx package asks for. change: arrays to replace the right ones."""
    random = np.random.default_rng(seed)
    tree = _tree(joints)
    places = np.zeros((joints, 3))
    places[:22] = (rest_joints() + _ORIGIN) * random.uniform(0.9, 1.1) + random.normal(0, 0.01, (22, 3))
    for joint in range(22, joints):
        places[joint] = places[tree[joint]] + random.normal(0, 0.02, 3)
    # Three vertices around each joint, whose weighted mean it is.
    weights = random.dirichlet(np.ones(3), joints)  # (J, 3)
    corners = random.normal(0, 0.05, (joints, 3, 3))
    corners -= np.einsum("jk,jkc->jc", weights, corners)[:, None]
    regressor = np.zeros((joints, 3 * joints))
    for joint in range(joints):
        regressor[joint, 3 * joint : 3 * joint + 3] = weights[joint]
    skin = random.dirichlet(np.ones(joints), 3 * joints)
    arrays: dict[str, Any] = {
        "v_template": (places[:, None] + corners).reshape(-1, 3),
        "shapedirs": random.normal(0, 0.02, (3 * joints, 3, shapes)),
        "posedirs": random.normal(0, 0.01, (3 * joints, 3, 9 * (joints - 1))),
        "J_regressor": regressor,
        "kintree_table": np.array([[2**32 - 1, *tree[1:]], range(joints)], np.int64),
        "weights": skin,
        "f": random.integers(0, 3 * joints, (40, 3)).astype(np.uint32),
        "lmk_faces_idx": np.zeros(51, np.int64),
        "lmk_bary_coords": np.full((51, 3), 1 / 3),
    }
    for hand in "lr":
        arrays[f"hands_components{hand}"], arrays[f"hands_mean{hand}"] = np.eye(45), random.normal(0, 0.1, 45)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **(arrays | change))
    return path


def make_bodies(place: Path) -> Path:
    """SMPL-H and SMPL-X bodies of the three genders, in both published folder layouts."""
    for seed, gender in enumerate(("neutral", "male", "female")):
        make_body(place / "smplh" / gender / "model.npz", 52, 16, seed)
        make_body(place / "smplx" / f"SMPLX_{gender.upper()}.npz", 55, 20, seed + 3)
    return place


def amass_clip(frames: int, width: int, seed: int = 0) -> dict[str, Any]:
    """A clip as in AMASS: an upright body (Z up) that turns and moves, every joint bent."""
    random = np.random.default_rng(seed)
    start = random.normal(0, 0.5, (2, width // 3, 3))
    vectors = start[0] + (start[1] - start[0]) * np.linspace(0, 0.3, frames)[:, None, None]
    upright = rot.from_axis_angle((1.0, 0.0, 0.0), np.pi / 2)
    turn = rot.from_axis_angle((0.0, 0.0, 1.0), np.linspace(0.4, 2.0, frames))
    vectors[:, 0] = rot.to_rotation_vector(rot.multiply(turn, upright))
    path = np.stack([np.linspace(0, 1.5, frames), np.linspace(0.3, 0.0, frames), np.full(frames, 1.2)], axis=1)
    return {
        "poses": vectors.reshape(frames, width),
        "trans": path,
        "betas": random.normal(0, 1, 16),
        "gender": np.array("female"),
        "mocap_frame_rate" if width == 165 else "mocap_framerate": np.array(120.0),
    }
