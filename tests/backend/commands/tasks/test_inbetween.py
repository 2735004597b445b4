"""`motiongpt inbetween` leaves kept frames unchanged."""

import json
from pathlib import Path

import numpy as np
import pytest
from support.motions import wandering

from motiongpt.backend.commands.cli import main
from motiongpt.backend.engine import Engine
from motiongpt.backend.engines import load_engine
from motiongpt.backend.model_folder import default_model, find_model
from motiongpt.retarget.files.npz import load_npz
from motiongpt.retarget.files.reading import read_motion, write_motion
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion.skeleton import REST_OFFSETS


@pytest.fixture(scope="module")
def engine() -> Engine:
    if "inbetween" not in find_model(default_model())[1].tasks:
        pytest.skip("this copy of the model has no transition model")
    return load_engine(default_model())


@pytest.mark.parametrize("ending", [".npz", ".bvh"])
def test_command_line_reproduces_kept_frames(
    engine: Engine, tmp_path: Path, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    offsets = REST_OFFSETS * 1.3
    motion = wandering(76, 0.4)
    clip = tmp_path / f"clip{ending}"
    write_motion(Motion(motion.rotations, motion.root_position, 30.0, motion.contacts, offsets), clip)
    out = tmp_path / "out.npz"
    assert main(["inbetween", str(clip), "--keep", "0,30,75", "-o", str(out), "--json"]) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report["model"] == default_model()
    before, after = read_motion(clip), load_npz(out)
    assert np.abs(before.joints - after.joints)[[0, 30, 75]].max() < 1e-4
