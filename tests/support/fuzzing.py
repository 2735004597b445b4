"""Damaged and hostile files for every reader: whatever the bytes, a reader returns or raises the project's own error.

    python -m support.fuzzing READER INPUTS [any]

runs one reader on so many inputs in this process, under limits of memory and of time for each, and ends with 0 if
every one passed. Inputs are the same each time, but with "any" they are new ones.
"""

import csv
import io
import json
import logging
import pickle
import resource
import struct
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from motiongpt.backend.checkpoints.safetensors_file import SafetensorsFile
from motiongpt.backend.checkpoints.sentence_pieces import SentencePieces
from motiongpt.backend.checkpoints.tensors import TensorFile
from motiongpt.backend.checkpoints.torch_file import TorchFile
from motiongpt.backend.dataset.clips import load_dataset, load_motions
from motiongpt.backend.dataset.humanml3d import import_humanml3d
from motiongpt.backend.dataset.importing.captions_csv import CaptionTables
from motiongpt.backend.dataset.sets import read_sets
from motiongpt.backend.importers.model_writer import read_statistics
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.files.amass import read_amass
from motiongpt.retarget.files.body_models import load_body
from motiongpt.retarget.files.bvh import write_bvh
from motiongpt.retarget.files.npz import load_npz, save_npz
from motiongpt.retarget.files.reading import read_motion
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.rigs.mapping import map_from_json

from .body_models import amass_clip, make_bodies
from .fuzzed_folders import FOLDERS
from .motions import wiggle

SECONDS, GIGABYTES = 10, 4
"""What one input may take, and what the process may."""
LIST_OF_WORDS = (
    b"nan", b"inf", b"-inf", b"1e999", b"1e-310", b"-1", b"0", b"9" * 30, b"null", b"[]", b"{}", b"{", b"}", b'"',
    b"\0",
    b"\n", b"\r\n", b";", b",", b"\t", b" ", b"\xef\xbb\xbf", b"\xff\xfe", b"\xe4", b"\xff" * 8, b"\x00" * 8,
    b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"JOINT MOTION", b"End Site", b"CHANNELS 9", b"sep=;\n", b"<f8", b"|O",
    b"(" * 50, b"[" * 2000,
)  # fmt: skip
WORDS = st.sampled_from(LIST_OF_WORDS)


@dataclass(frozen=True)
class Reader:
    """seed: whole files, name -> bytes, of which one is damaged.  read: uses what it reads, as the product does."""

    seed: Callable[[Path], dict[str, bytes]]
    read: Callable[[Path, Path], object]


def _npz(**arrays: object) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def _written(place: Path, name: str, write: Callable[[Motion, Path], None]) -> dict[str, bytes]:
    write(wiggle().slice(0, 12), place / name)
    return {name: (place / name).read_bytes()}


def _npz_seed(place: Path) -> dict[str, bytes]:
    packed = _written(place, "m.npz", save_npz)
    with np.load(place / "m.npz") as file:
        return packed | {"plain.npz": _npz(**file)}


def _amass_seed(place: Path) -> dict[str, bytes]:
    make_bodies(place / "bodies")
    return {"a.npz": _npz(**amass_clip(20, 156, 0))}


def _body_seed(place: Path) -> dict[str, bytes]:
    bodies = make_bodies(place / "bodies")
    return {"model.npz": min(bodies.rglob("*.npz"), key=lambda p: p.stat().st_size).read_bytes()}


def _captions_seed(_: Path) -> dict[str, bytes]:
    rows = [
        ["file", "caption", "action", "weight", "set"],
        ["a/b.bvh", 'he "nods", twice', "nod", "0.5", ""],
        ["c.bvh"],
    ]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    plain = text.getvalue()
    semicolons = "\ufefffile;caption;weight\r\nä.bvh;er läuft;0,5\r\n"
    return {"t.csv": plain.encode(), "s.csv": semicolons.encode(), "l.csv": semicolons[1:].encode("latin-1")}


def _sets_seed(_: Path) -> dict[str, bytes]:
    table = "name;licence;group;weight\r\ncmu;free, credit CMU;free;0.5\r\n"
    return {"s.csv": table.encode(), "s.toml": b'[cmu]\nlicence = "free"\ngroup = "free"\nweight = 0.5\n'}


def _clips_seed(_: Path) -> dict[str, bytes]:
    clips = [{"name": "a/b.bvh", "start": 0, "frames": 20, "captions": ["he nods"], "pose_frames": 20, "weight": 1.0}]
    files = {"clips.json": json.dumps(clips).encode()}
    for name, width in (("features.npy", 263), ("poses.npy", 95)):
        file = io.BytesIO()
        np.save(file, np.full((20, width), 0.1, np.float32))
        files[name] = file.getvalue()
    return files


def _humanml3d_seed(_: Path) -> dict[str, bytes]:
    joints = io.BytesIO()
    np.save(joints, wiggle().joints)
    index = "source_path,start_frame,end_frame,new_name\n./pose_data/humanact12/p.npy,0,40,000000.npy\n"
    caption = "a man kicks.#a/DET man/NOUN#0.0#0.0\nhe turns.#he/PRON#0.2#1.5\n"
    return {
        "index.csv": index.encode(),
        "texts/000000.txt": caption.encode(),
        "train.txt": b"000000\n",
        "pose_data/humanact12/p.npy": joints.getvalue(),
    }


def _statistics_seed(_: Path) -> dict[str, bytes]:
    files = {}
    for name in ("mean.npy", "std.npy"):
        file = io.BytesIO()
        np.save(file, np.ones(263, np.float32))
        files[name] = file.getvalue()
    return files


def _safetensors_seed(_: Path) -> dict[str, bytes]:
    header = {"a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, "__metadata__": {"format": "pt"}}
    text = json.dumps(header | {"b": {"dtype": "BF16", "shape": [4], "data_offsets": [24, 32]}}).encode()
    return {"w.safetensors": struct.pack("<Q", len(text)) + text + bytes(32)}


def _torch_seed(_: Path) -> dict[str, bytes]:
    """A checkpoint as torch writes it, made without torch."""
    storage = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0" + b"0X\x03\0\0\0cpuK\x06tQ"
    tensor = (
        b"ctorch._utils\n_rebuild_tensor_v2\n("
        + storage
        + b"K\0(K\x02K\x03t(K\x03K\x01t\x89ccollections\nOrderedDict\n)RtR"
    )
    index = b"\x80\x02}q\0X\x01\0\0\0w" + tensor + b"s."
    files = {}
    for name, strange in (("c.pt", index), ("d.pt", pickle.dumps({"a": [1, {2: (3.0, None)}]}, protocol=2))):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("archive/data.pkl", strange)
            archive.writestr("archive/data/0", bytes(24))
        files[name] = file.getvalue()
    return files


def _field(number: int, value: bytes) -> bytes:
    return bytes([number << 3 | 2, len(value)]) + value


def _pieces_seed(_: Path) -> dict[str, bytes]:
    def piece(text: str, score: float, kind: int) -> bytes:
        return _field(1, _field(1, text.encode()) + b"\x15" + struct.pack("<f", score) + bytes([0x18, kind]))

    pieces = piece("<unk>", 0.0, 2) + piece("▁a", -1.0, 1) + piece("a", -2.0, 1) + piece("▁", -3.0, 1)
    table = struct.pack("<I", 16) + struct.pack("<4I", 1 << 10, 0, 0, 0) + b"x\0"
    return {
        "u.model": pieces + _field(2, bytes([0x18, 1])) + _field(3, _field(2, table)),
        "b.model": pieces + _field(2, bytes([0x18, 2])),
    }


def _read_pieces(path: Path, _: Path) -> None:
    pieces = SentencePieces(path)
    pieces.decode(pieces.encode("a person — walks Ä\ta"))


def _read_tensors(opened: TensorFile) -> None:
    with opened as file:
        for name in file.tensors:
            file.read_float32(name)


def _read_clips(_: Path, place: Path) -> None:
    dataset = load_dataset(place)
    for clip in dataset.clips:
        np.asarray(dataset.of(clip)).sum()
    load_motions(place, "train")


READERS: dict[str, Reader] = {
    "bvh": Reader(lambda place: _written(place, "m.bvh", write_bvh), lambda path, _: read_motion(path)),
    "npz": Reader(_npz_seed, lambda path, _: load_npz(path)),
    "amass": Reader(_amass_seed, lambda path, place: read_amass(path, place / "bodies")),
    "body": Reader(_body_seed, lambda path, _: load_body.__wrapped__(path)),
    "captions": Reader(_captions_seed, lambda path, place: CaptionTables([path]).labels_of(place / "a" / "b.bvh")),
    "sets": Reader(_sets_seed, lambda path, _: read_sets(path)),
    "clips": Reader(_clips_seed, _read_clips),
    "humanml3d": Reader(_humanml3d_seed, lambda _, place: import_humanml3d(place, place / "amass", place / "out")),
    "preset": Reader(
        lambda _: {"p.json": json.dumps({"motiongpt_bone_map": 1, "bones": {"pelvis": "Hips"}}).encode()},
        lambda path, _: map_from_json(path.read_text(encoding="utf-8", errors="replace")),
    ),
    "statistics": Reader(_statistics_seed, lambda _, place: read_statistics(place)),
    "sentencepiece": Reader(_pieces_seed, _read_pieces),
    "safetensors": Reader(_safetensors_seed, lambda path, _: _read_tensors(SafetensorsFile(path))),
    "torch": Reader(_torch_seed, lambda path, _: _read_tensors(TorchFile(path))),
    **{name: Reader(seed, read) for name, (seed, read) in FOLDERS.items()},
}


@st.composite
def damaged(draw: st.DrawFn, whole: dict[str, bytes]) -> tuple[str, bytes]:
    """One of the files, with up to six of its places changed, cut or filled; or anything at all."""
    name = draw(st.sampled_from(sorted(whole)))
    data = bytearray(whole[name])
    if draw(st.integers(0, 19)) == 0:
        return name, draw(st.binary(max_size=400))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        how = draw(st.sampled_from(("word", "bit", "cut", "drop", "again", "number")))
        if how == "word":
            word = draw(WORDS)
            data[at : at + draw(st.sampled_from((0, 1, len(word))))] = word
        elif how == "bit" and at < len(data):
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif how == "cut" and draw(st.booleans()):
            del data[at:]
        elif how == "drop":
            del data[at : at + draw(st.integers(1, 40))]
        elif how == "again":
            data[at:at] = data[at : at + draw(st.integers(1, 200))]
        elif how == "number":
            data[at : at + 4] = struct.pack("<I", draw(st.integers(0, 2**32 - 1)))
    return name, bytes(data)


def fuzz(reader: Reader, inputs: int, same: bool) -> None:
    """Raises what the reader raised, if that is not a MotionGPTError, with the input that did it."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        whole = reader.seed(place)
        for name, data in whole.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(data)
        for name in whole:
            reader.read(place / name, place)  # undamaged, all can be read

        @settings(
            max_examples=inputs, deadline=SECONDS * 1000, derandomize=same, database=None,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(damaged(whole))
        def holds(one: tuple[str, bytes]) -> None:
            name, data = one
            (place / name).write_bytes(data)
            try:
                reader.read(place / name, place)
            except MotionGPTError as error:
                assert error.message and len(str(error)) < 2000
            finally:
                (place / name).write_bytes(whole[name])

        holds()


def main(name: str, inputs: str, how: str = "") -> None:
    """Limit this process, then fuzz one reader."""
    logging.disable(logging.WARNING)
    np.seterr(all="raise", under="ignore")  # a number that turns into infinity on the way counts as passed through
    resource.setrlimit(resource.RLIMIT_AS, (GIGABYTES << 30, GIGABYTES << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (3600, 3600))
    fuzz(READERS[name], int(inputs), same=how != "any")
    print(f"{name}: {inputs} inputs")


if __name__ == "__main__":
    main(*sys.argv[1:])
