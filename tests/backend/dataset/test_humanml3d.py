"""A data set from HumanML3D's lists over AMASS: what is taken, cut, mirrored and skipped."""

import json
from pathlib import Path

import numpy as np
import pytest
from support.body_models import amass_clip, make_bodies

from motiongpt.backend.commands.cli import main
from motiongpt.backend.dataset.clips import load_dataset
from motiongpt.backend.features import features_to_motion
from motiongpt.retarget.files.amass import read_amass
from motiongpt.retarget.motion import rotations as rot


@pytest.fixture(scope="module")
def bodies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bodies(tmp_path_factory.mktemp("bodies"))


def humanml3d(place: Path, bodies: Path) -> None:
    """A small HumanML3D over a small AMASS: recordings of four seconds at several rates, and one of joints."""
    for number, (path, fps) in enumerate(
        (("KIT/3/kick_poses", 120), ("HDM05/a/walk_poses", 100), ("CMU/1/x_poses", 60))
    ):
        clip = amass_clip(4 * fps, 156, number) | {"mocap_framerate": np.array(float(fps))}
        target = place / "amass" / f"{path}.npz"
        target.parent.mkdir(parents=True)
        np.savez(target, **clip)
    hml = place / "hml"
    (hml / "HumanML3D" / "texts").mkdir(parents=True)
    joints = read_amass(place / "amass/KIT/3/kick_poses.npz", bodies).resample(20.0).joints
    (hml / "pose_data" / "humanact12").mkdir(parents=True)
    np.save(hml / "pose_data" / "humanact12" / "p.npy", np.concatenate([joints, joints[:, :2]], axis=1))
    (hml / "index.csv").write_text(
        "source_path,start_frame,end_frame,new_name\n"
        "./pose_data/KIT/3/kick_poses.npy,0,60,000000.npy\n"
        "./pose_data/KIT/3/kick_poses.npy,20,80,000001.npy\n"
        "./pose_data/MPI_HDM05/a/walk_poses.npy,0,20,000002.npy\n"
        "./pose_data/CMU/9/missing_poses.npy,0,80,000003.npy\n"
        "./pose_data/humanact12/p.npy,0,5,000004.npy\n"
        "./pose_data/CMU/1/x_poses.npy,0,80,000005.npy\n"
    )
    texts = {
        "000000": "a man kicks with his left leg.#a/DET man/NOUN#0.0#0.0\nhe turns.#he/PRON#1.0#2.5\n",
        "M000000": "a man kicks with his right leg.#a/DET man/NOUN#0.0#0.0\n",
        "000001": "he stands.#he/PRON#nan#nan\n",
    }
    for name, text in texts.items():
        (hml / "HumanML3D" / "texts" / f"{name}.txt").write_text(text)
    for split, names in {"train": "000000 M000000 000004", "val": "000001", "test": "000002 000003 M000002"}.items():
        (hml / "HumanML3D" / f"{split}.txt").write_text("\n".join(names.split()))


def test_a_data_set_of_humanml3d_over_amass(
    bodies: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    humanml3d(tmp_path, bodies)
    command = ["data", "import", "--humanml3d", f"{tmp_path}/hml", "--amass", f"{tmp_path}/amass", "-o"]
    assert main([*command, f"{tmp_path}/out", "--body", str(bodies), "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    data = load_dataset(tmp_path / "out")
    assert found["frames"] == len(data.features) and np.isfinite(data.features).all()
    # One second of 000002 is left once the calibration pose of HDM05 is gone; features lack the last frame.
    listed = [(c.name, c.frames, c.split, c.mirrored, c.captions) for c in data.clips]
    assert listed == [
        ("000000", 59, "train", False, ["a man kicks with his left leg."]),
        ("000000", 30, "train", False, ["he turns."]),
        ("M000000", 59, "train", True, ["a man kicks with his right leg."]),
        ("000001", 59, "val", False, ["he stands."]),
        ("000002", 19, "test", False, []),
        ("M000002", 19, "test", True, []),
        ("000004", 79, "train", False, []),
    ]
    assert data.clips[1].start == data.clips[0].start + 20
    skipped = (tmp_path / "out" / "skipped.txt").read_text()
    assert "missing_poses" in skipped and "000005: in no split" in skipped
    # Every sixth frame of the recording, on the canonical body: rotations are those of the recording.
    source = read_amass(tmp_path / "amass/KIT/3/kick_poses.npz", bodies)
    made = features_to_motion(np.asarray(data.of(data.clips[0]), np.float64))
    turned = rot.angle_between(made.rotations[:, 1:], source.rotations[0:354:6, 1:])
    assert turned.max() < 1e-3
    lowest = made.joints[..., 1].min(axis=1)
    assert abs(np.percentile(lowest, 2)) < 0.02
    # Nothing is written where something is missing.
    assert main([*command, f"{tmp_path}/other", "--json"]) == 2
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["error"]["kind"] == "no_body"
    assert not (tmp_path / "other" / "clips.json").exists()
    assert main(["data", "import", "--humanml3d", "x", "-o", "y"]) == 2
    assert main(["data", "import", "--humanml3d", f"{tmp_path}/amass", "--amass", f"{tmp_path}/amass", "-o", "y"]) == 2
    assert "There is no file" in capsys.readouterr().err
