"""A data set that was packed comes back: the same clips, nearly the same features."""

import json
from pathlib import Path

import numpy as np
import pytest

from motiongpt.backend.dataset.clips import load_dataset
from motiongpt.backend.dataset.importing.packed import is_packed, pack_dataset, unpack_dataset
from motiongpt.backend.features import SLICES
from motiongpt.retarget.errors import MotionGPTError


def test_clips_come_back_with_their_mirrored_copies(dataset: Path, tmp_path: Path) -> None:
    packed = pack_dataset(dataset, tmp_path / "pack", 60)
    assert (packed.clips, packed.dropped, is_packed(tmp_path / "pack"), is_packed(dataset)) == (6, [], True, False)
    unpack_dataset(tmp_path / "pack", tmp_path / "again")
    before, after = load_dataset(dataset), load_dataset(tmp_path / "again")
    named = {(c.name, c.mirrored): c for c in after.clips}
    assert len(after.clips) == len(before.clips) == 12
    for clip in before.clips:
        twin = named[clip.name, clip.mirrored]
        assert (twin.captions, twin.frames, twin.weight) == (clip.captions, clip.frames, clip.weight)
        wrong = np.abs(before.of(clip) - after.of(twin))
        assert wrong[:-1].max() < 5e-3
        assert wrong[:, SLICES["positions"]].max() < 2e-4
        assert wrong[:, SLICES["contacts"]].max() < 5e-3
    size = sum(p.stat().st_size for p in (tmp_path / "pack").iterdir())
    assert size == packed.size < (dataset / "features.npy").stat().st_size / 3


def test_what_is_drawn_least_is_left_out_where_room_is_short(dataset: Path, tmp_path: Path) -> None:
    spoilt = tmp_path / "weighted"
    spoilt.mkdir()
    (spoilt / "features.npy").symlink_to(dataset / "features.npy")
    clips = json.loads((dataset / "clips.json").read_text())
    rare = clips[0]["name"]
    for clip in clips:
        clip["weight"] = 0.1 if clip["name"] == rare else 1.0
    (spoilt / "clips.json").write_text(json.dumps(clips))
    frames = sum(c["frames"] for c in clips if not c["mirrored"])
    packed = pack_dataset(spoilt, tmp_path / "pack", (frames - 1) * 170e-6)
    assert [c.name for c in packed.dropped] == [rare]
    with pytest.raises(MotionGPTError, match="No clip fits"):
        pack_dataset(dataset, tmp_path / "none", 1e-6)


def test_a_damaged_pack_is_refused(tmp_path: Path) -> None:
    (tmp_path / "motions.npz").write_bytes(b"nothing")
    with pytest.raises(MotionGPTError, match="not a packed data set"):
        unpack_dataset(tmp_path, tmp_path / "out")
