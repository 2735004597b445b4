"""Seeds and readers for `fuzzing` of what models, styles, batches and shots keep in folders: name -> (seed, read)."""

import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np

from motiongpt.backend.commands.batch.jobs import read_jobs
from motiongpt.backend.commands.batch.journal import FOLDER, Journal
from motiongpt.backend.dataset.importing.packed import MOTIONS, unpack_dataset
from motiongpt.backend.engines.llama.tokenizers import CausalTokenizer
from motiongpt.backend.engines.starter.style import ADAPTER, read_adapter
from motiongpt.backend.engines.starter.sureness import Known
from motiongpt.backend.engines.t5.tokenizers import read_sentinels, read_tokenizer
from motiongpt.backend.importers.trained import RECORD, read_config, read_record
from motiongpt.backend.known.phrases import FILE_NAME, grouped, matching, read_phrases
from motiongpt.backend.model_folder import CARD_NAME, all_files, find_file, read_card, read_shared
from motiongpt.backend.shots.paths_csv import read_path

Seed = Callable[[Path], dict[str, bytes]]
Read = Callable[[Path, Path], object]

_CARD = {
    "name": "m", "kind": "motiongpt-starter", "features": "true", "fps": 20.0, "frames_per_token": 4,
    "max_seconds": 9.6, "licence": "CC0-1.0", "files": {"a.onnx": "0" * 64}, "shared": {"text": {"t.onnx": "1" * 64}},
    "settings": {"base": "text", "phrases": ["a person bows"]}, "tasks": ["generate"], "group": "free",
}  # fmt: skip


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _cards(_: Path) -> dict[str, bytes]:
    return {
        CARD_NAME: _json(_CARD), "shared.json": _json({"name": "text", "licence": "MIT", "files": {"t.onnx": "1" * 64}})
    }  # fmt: skip


def _read_card(_: Path, place: Path) -> None:
    read_shared(place)
    card = read_card(place)
    for name in all_files(card):
        find_file(place, card, name)


def _adapter(_: Path) -> dict[str, bytes]:
    name = "base_model.model.decoder.layer.q"
    header = {
        f"{name}.lora_A.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
        f"{name}.lora_B.weight": {"dtype": "F32", "shape": [4, 2], "data_offsets": [24, 56]},
    }
    text = _json(header)
    weights = struct.pack("<Q", len(text)) + text + np.linspace(0.0, 1.0, 14, dtype=np.float32).tobytes()
    return {ADAPTER[0]: _json({"lora_alpha": 16, "r": 8, "target_modules": ["q"]}), ADAPTER[1]: weights}


def _known(place: Path) -> dict[str, bytes]:
    phrases = ("a person bows", "walks fast", "waves")
    Known(phrases, np.eye(3, 384)).save(place / FILE_NAME)
    return {FILE_NAME: (place / FILE_NAME).read_bytes()}


def _read_known(_: Path, place: Path) -> None:
    phrases = read_phrases(place)
    grouped(phrases)
    matching(phrases, "walk")
    known = Known.load(place / FILE_NAME)
    known.nearest(known.similarities(np.ones((5, 384))))


def _path_points(_: Path) -> dict[str, bytes]:
    return {"p.csv": b"x,z,t\r\n0,0,0\r\n0.5,1,1.5\r\n1,2.5,4\r\n", "q.csv": b"\xef\xbb\xbf0,1\n1,2\n"}


def _jobs(_: Path) -> dict[str, bytes]:
    plain = "text,seconds,seed,name\na person walks,4,1,walk\nwaves,2.5,2,\n"
    tasks = "task;prompt;seconds;fps;output\r\ngenerate;läuft;3;24;a.npz\r\ngenerate;jumps;;;b.bvh\r\n"
    return {"j.csv": plain.encode(), "k.csv": tasks.encode("utf-16")}


def _journal(_: Path) -> dict[str, bytes]:
    entry = {
        "key": "k" * 32, "output": "a.npz", "sha256": "0" * 64, "draft": "d", "took": 1.5,
        "done": {"frames": 20, "seconds": 1.0, "text": "", "error": ""},
    }  # fmt: skip
    return {f"{FOLDER}/journal.jsonl": _json(entry) + b"\n" + _json(entry) + b"\n"}


def _read_journal(_: Path, place: Path) -> None:
    journal = Journal(place)
    try:
        for job in read_jobs(place / "jobs.csv"):
            if (entry := journal.done(job, "k" * 32)) is not None:
                journal.changed(entry)
    finally:
        journal.close()


def _journal_seed(place: Path) -> dict[str, bytes]:
    return _journal(place) | {"jobs.csv": b"task,prompt,output\ngenerate,walks,a.npz\n"}


def _training(_: Path) -> dict[str, bytes]:
    record = {"licence": "MIT", "group": "free", "sources": ["a"], "training": {"seed": 1}, "codes": "text"}
    return {RECORD: _json(record), "config.json": _json({"d_model": 16, "num_layers": 2})}


def _read_training(_: Path, place: Path) -> None:
    read_record(place)
    read_config(place)


_WORDS = {"<pad>": 0, "</s>": 1, "<unk>": 2, "a": 3, "person": 4, "walks": 5}


def _tokenizer(added: list[str]) -> bytes:
    tokens = [
        {"id": _WORDS.get(text, len(_WORDS) + i), "content": text, "single_word": False, "lstrip": False,
         "rstrip": False, "normalized": False, "special": True}
        for i, text in enumerate(added)
    ]  # fmt: skip
    return _json({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": tokens, "normalizer": None,
        "pre_tokenizer": {"type": "Whitespace"}, "post_processor": None, "decoder": None,
        "model": {"type": "WordLevel", "vocab": _WORDS, "unk_token": "<unk>"},
    })  # fmt: skip


def _t5_tokenizer(_: Path) -> dict[str, bytes]:
    return {"tokenizer.json": _tokenizer(["<pad>"]), "tokenizer_config.json": _json({"extra_ids": 100})}


def _read_t5_tokenizer(_: Path, place: Path) -> None:
    tokenizer = read_tokenizer(place / "tokenizer.json", read_sentinels(place))
    tokenizer.decode([i for i in tokenizer.encode("a person — walks") if i >= 0])


def _causal_tokenizer(_: Path) -> dict[str, bytes]:
    return {
        "tokenizer.json": _tokenizer(["<pad>"]), "tokenizer_config.json": _json({"eos_token": "</s>"}),
        "config.json": _json({"eos_token_id": 1}),
    }  # fmt: skip


def _pack(place: Path) -> dict[str, bytes]:
    turns = np.zeros((20, 22, 4), np.int16)
    turns[..., 0] = 32767
    np.savez_compressed(
        place / MOTIONS, rotations=turns, root=np.zeros((20, 3), np.float32), contacts=np.zeros((20, 4), np.uint8)
    )
    clips = [{"name": "a", "start": 0, "frames": 20, "captions": ["he nods"], "pose_frames": 20, "weight": 1.0}]
    return {MOTIONS: (place / MOTIONS).read_bytes(), "clips.json": _json(clips)}


FOLDERS: dict[str, tuple[Seed, Read]] = {
    "card": (_cards, _read_card),
    "style": (_adapter, lambda _, place: read_adapter(place)),
    "known": (_known, _read_known),
    "path": (_path_points, lambda path, _: read_path(path)),
    "jobs": (_jobs, lambda path, _: read_jobs(path)),
    "journal": (_journal_seed, _read_journal),
    "training": (_training, _read_training),
    "t5 tokenizer": (_t5_tokenizer, _read_t5_tokenizer),
    "causal tokenizer": (_causal_tokenizer, lambda _, place: CausalTokenizer(place, "tokens")),
    "pack": (_pack, lambda _, place: unpack_dataset(place, place / "out")),
}
