"""AMASS and SMPL-X files: read and written, against the published body model, from the shell, and invalid ones."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.body_models import amass_clip, make_bodies, make_body

from motiongpt.backend.commands.cli import main
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.files.amass import is_amass, read_amass, write_amass
from motiongpt.retarget.files.body_models import find_body, load_body
from motiongpt.retarget.files.npz import load_npz, save_npz
from motiongpt.retarget.files.reading import read_motion
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot


@pytest.fixture(scope="module")
def bodies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bodies(tmp_path_factory.mktemp("bodies"))


@pytest.mark.parametrize(("width", "kind"), [(156, "smplh"), (165, "smplx")])
def test_joints_are_those_of_the_published_body_model(
    bodies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int, kind: str
) -> None:
    smplx = pytest.importorskip("smplx", reason="the published body model (package smplx) is not installed")
    import torch
    from smplx.vertex_ids import vertex_ids

    # The package adds keypoints on the skin, of which the small bodies have too little.
    ids = {name: 0 for names in vertex_ids.values() for name in names}
    monkeypatch.setattr("smplx.body_models.VERTEX_IDS", dict.fromkeys(vertex_ids, ids))
    clip = amass_clip(7, width)
    np.savez(tmp_path / "clip.npz", **clip)
    motion = read_motion(tmp_path / "clip.npz", bodies)
    path = find_body(bodies, kind, "female")
    made = {"smplh": smplx.SMPLH, "smplx": smplx.SMPLX}[kind](
        model_path=str(path), ext="npz", gender="female", use_pca=False, flat_hand_mean=True, num_betas=16,
        batch_size=7, dtype=torch.float64,
    )  # fmt: skip
    count = made.num_betas
    joints = made(
        betas=torch.tensor(clip["betas"][None, :count]).repeat(7, 1),
        global_orient=torch.tensor(clip["poses"][:, :3]),
        body_pose=torch.tensor(clip["poses"][:, 3:66]),
        transl=torch.tensor(clip["trans"]),
    ).joints[:, :22].detach().numpy()  # fmt: skip
    # The package limits SMPL-H to ten shape parameters where the file has fewer than 300; AMASS' own code does not.
    if count < load_body(path).shapes:
        np.savez(tmp_path / "clip.npz", **{**clip, "betas": clip["betas"][:count]})
        motion = read_motion(tmp_path / "clip.npz", bodies)
    expected = np.stack([joints[..., 0], joints[..., 2], -joints[..., 1]], axis=-1)
    assert np.abs(motion.joints - expected).max() < 1e-6  # the package keeps its arrays in float32
    assert motion.joints[:, 15, 1].min() > motion.joints[:, 0, 1].max()  # the head is above the pelvis: Y is up


@pytest.mark.parametrize(("width", "ending"), [(156, ".amass.npz"), (165, ".smplx.npz")])
def test_there_and_back_changes_nothing(bodies: Path, tmp_path: Path, width: int, ending: str) -> None:
    clip = amass_clip(20, width)
    np.savez(tmp_path / "clip.npz", **clip)
    motion = read_amass(tmp_path / "clip.npz", bodies)
    assert (motion.fps, len(motion), motion.meta["gender"]) == (120.0, 20, "female")
    write_amass(motion, tmp_path / f"back{ending}", bodies)
    with np.load(tmp_path / f"back{ending}") as back:
        assert back["poses"].shape == (20, width)
        assert np.abs(back["poses"][:, :66] - rotation_vectors(clip["poses"][:, :66])).max() < 1e-9
        assert np.abs(back["trans"] - clip["trans"]).max() < 1e-9
        assert np.abs(back["betas"] - clip["betas"]).max() == 0 and str(back["gender"]) == "female"
    again = read_amass(tmp_path / f"back{ending}", bodies)
    assert np.abs(again.joints - motion.joints).max() < 1e-9
    assert np.array_equal(again.contacts, motion.contacts)


def rotation_vectors(flat: np.ndarray) -> np.ndarray:
    """The shorter of the ways round."""
    return rot.to_rotation_vector(rot.from_rotation_vector(flat.reshape(len(flat), -1, 3))).reshape(flat.shape)


def test_other_motion_goes_out_on_the_mean_body(bodies: Path, tmp_path: Path) -> None:
    """Rotations stay; the path is scaled by leg length, so that feet stand as high above the floor as legs go."""
    random = np.random.default_rng(1)
    turns = rot.from_rotation_vector(random.normal(0, 0.3, (30, 22, 3)))
    motion = Motion(turns, np.tile([0.2, 0.93, 1.0], (30, 1)), 30.0, np.zeros((30, 4)), meta={"text": "a person waves"})
    write_amass(motion, tmp_path / "a.amass.npz", bodies)
    back = read_amass(tmp_path / "a.amass.npz", bodies)
    body = load_body(find_body(bodies, "smplh", "neutral"))
    assert rot.angle_between(back.rotations, motion.rotations).max() < 1e-7
    assert np.abs(back.offsets - body.offsets(np.zeros(0))).max() < 1e-12
    scale = np.linalg.norm(back.offsets[[4, 7]], axis=1).sum() / np.linalg.norm(motion.offsets[[4, 7]], axis=1).sum()
    assert np.abs(back.root_position - motion.root_position * scale).max() < 1e-9
    assert (back.fps, back.meta["text"]) == (30.0, "a person waves")


def test_names_of_the_smplx_package_and_y_up(bodies: Path, tmp_path: Path) -> None:
    clip = amass_clip(5, 165)
    np.savez(
        tmp_path / "a.npz", global_orient=clip["poses"][:, :3], body_pose=clip["poses"][:, 3:66].reshape(5, 21, 3),
        transl=clip["trans"], betas=np.tile(clip["betas"][:10], (5, 1)), gender=b"female", fps=30,
        surface_model_type="smplx",
    )  # fmt: skip
    motion = read_amass(tmp_path / "a.npz", bodies, up="y")
    pelvis = load_body(find_body(bodies, "smplx", "female")).joints(clip["betas"][:10])[0]
    assert np.abs(motion.root_position - clip["trans"] - pelvis).max() < 1e-12
    assert motion.fps == 30.0


def test_from_the_shell(
    bodies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("clip.npz", **amass_clip(240, 156))

    def run(*arguments: str, code: int = 0) -> Any:
        assert main([*arguments, "--json"]) == code
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    for fps in (20, 30, 60):
        found = run("convert", "clip.npz", "-o", f"{fps}.npz", "--fps", str(fps), "--body", str(bodies))
        assert (found["frames"], found["fps"]) == (2 * fps, fps)
        out = run("convert", f"{fps}.npz", "-o", f"{fps}.amass.npz", "--body", str(bodies))
        assert out["frames"] == 2 * fps
        with np.load(f"{fps}.amass.npz") as file:
            assert float(file["mocap_framerate"]) == fps and str(file["gender"]) == "female"
            assert np.abs(file["trans"][0] - amass_clip(240, 156)["trans"][0]).max() < 1e-6
    assert run("convert", "clip.npz", "-o", "a.bvh", code=2)["error"]["kind"] == "no_body"
    assert run("convert", "20.npz", "-o", "a.smplx.npz", code=2)["error"]["kind"] == "no_body"
    monkeypatch.setenv("MOTIONGPT_BODY", str(bodies))
    run("convert", "clip.npz", "-o", "a.bvh")
    run("convert", "a.bvh", "-o", "a.smplx.npz")
    assert is_amass(Path("a.smplx.npz")) and not is_amass(Path("20.npz")) and len(load_npz("20.npz")) == 40
    assert {path.name for path in tmp_path.iterdir() if path.name.startswith(".")} == set()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"poses": np.zeros((20, 60))}, "poses"),
        ({"trans": np.zeros((19, 3))}, "translation"),
        ({"trans": np.full((20, 3), np.nan)}, "not finite"),
        ({"mocap_framerate": np.array(0.0)}, "0 frames"),
        ({"mocap_framerate": None}, "rate"),
        ({"poses": np.zeros((0, 156)), "trans": np.zeros((0, 3))}, "poses"),
        ({"poses": np.array([{"a": 1}], dtype=object)}, "Object arrays"),
    ],
)
def test_wrong_files_are_refused(bodies: Path, tmp_path: Path, change: dict[str, Any], words: str) -> None:
    arrays = {name: value for name, value in {**amass_clip(20, 156), **change}.items() if value is not None}
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(MotionGPTError, match=words) as caught:
        read_motion(tmp_path / "a.npz", bodies)
    assert caught.value.cure


def test_wrong_bodies_are_refused(bodies: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "clip.npz", **amass_clip(5, 156))
    with pytest.raises(MotionGPTError, match="body model"):
        read_amass(tmp_path / "clip.npz")
    with pytest.raises(MotionGPTError, match="SMPLX"):
        read_amass(tmp_path / "clip.npz", bodies / "smplx" / "SMPLX_FEMALE.npz")
    (tmp_path / "empty").mkdir()
    with pytest.raises(MotionGPTError, match="no female SMPL-H body"):
        read_amass(tmp_path / "clip.npz", tmp_path / "empty")
    (tmp_path / "empty" / "SMPLH_FEMALE.pkl").write_bytes(b"cos\nsystem\n(S'touch x'\ntR.")
    with pytest.raises(MotionGPTError, match="could run code"):
        read_amass(tmp_path / "clip.npz", tmp_path / "empty")
    for name, change in {
        "tree": {"kintree_table": np.zeros((2, 52), np.int64)},
        "nan": {"v_template": np.full((156, 3), np.nan)},
        "objects": {"J_regressor": np.array([{}], dtype=object)},
    }.items():
        with pytest.raises(MotionGPTError, match="not a body model") as caught:
            load_body(make_body(tmp_path / f"{name}.npz", **change))
        assert caught.value.kind == "no_body"


def test_the_projects_own_files_are_read_as_before(tmp_path: Path) -> None:
    motion = Motion(
        np.tile(rot.IDENTITY, (3, 22, 1)), np.zeros((3, 3)), 20.0, np.zeros((3, 4)), meta={"gender": "male"}
    )
    save_npz(motion, tmp_path / "a.npz")
    assert len(read_motion(tmp_path / "a.npz")) == 3
