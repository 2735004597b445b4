"""Arrays are checked before they are unpacked."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from support.motions import wiggle

from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.files.arrays import read_array, read_arrays
from motiongpt.retarget.files.npz import load_npz, save_npz


def test_arrays_are_those_of_numpy(tmp_path: Path) -> None:
    arrays = {
        "a": np.arange(6.0).reshape(2, 3),
        "columns first": np.asfortranarray(np.arange(6, dtype=">i2").reshape(2, 3)),
        "empty": np.zeros((0, 3)),
        "one": np.array(3.5),
        "text": np.array("ünïcode"),
    }
    np.savez(tmp_path / "a.npz", **arrays)
    read = read_arrays(tmp_path / "a.npz", [*arrays, "absent"])
    assert list(read) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(read[name], array)


def test_a_small_file_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    """It holds zeros, 800 MB of them for each MB, and is refused by what it says of its size."""
    path = tmp_path / "bomb.npz"
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f4", "fortran_order": False, "shape": (1 << 26, 4)})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("rotations.npy", "w") as file:
        file.write(head.getvalue())
        for _ in range(1 << 6):
            file.write(bytes(1 << 22))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(MotionGPTError, match="would unpack to 268 MB"):
        load_npz(path)


def test_an_array_that_claims_more_than_the_file_holds_is_refused() -> None:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (1 << 40,)})
    size = file.tell()
    file.seek(0)
    with pytest.raises(ValueError, match="in 128 bytes"):
        read_array(file, size)


@pytest.mark.parametrize("name", ["rotations", "root_position", "contacts", "offsets", "fps"])
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_numbers_that_are_not_finite_are_refused(tmp_path: Path, name: str, value: float) -> None:
    save_npz(wiggle(), tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as file:
        arrays = {key: file[key].astype(np.float64) if key != "meta" else file[key] for key in file.files}
    arrays[name] = np.where(np.arange(arrays[name].size).reshape(arrays[name].shape) == 0, value, arrays[name])
    np.savez(tmp_path / "b.npz", **arrays)
    with pytest.raises(MotionGPTError, match="not a motion file"):
        load_npz(tmp_path / "b.npz")


@pytest.mark.parametrize("fps", [0.0, -30.0, 1e-9, 1e8])
def test_rates_that_are_none_are_refused(tmp_path: Path, fps: float) -> None:
    save_npz(wiggle(), tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as file:
        np.savez(tmp_path / "b.npz", **{**file, "fps": np.float64(fps)})
    with pytest.raises(MotionGPTError, match="frame rate"):
        load_npz(tmp_path / "b.npz")
