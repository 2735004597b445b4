"""Tiny base models, clips and a motion tokenizer, made once."""

import json
from pathlib import Path

import pytest
from support import tiny_models


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.make_dataset(tmp_path_factory.mktemp("pretrained") / "clips")


@pytest.fixture(scope="session")
def codec(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.make_tokenizer(clips, tmp_path_factory.mktemp("codec"))


@pytest.fixture(scope="session")
def t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.make_t5(tmp_path_factory.mktemp("bases") / "t5")


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.make_llama(tmp_path_factory.mktemp("bases") / "llama")


@pytest.fixture
def tested(clips: Path, tmp_path: Path) -> Path:
    """The data set with half of its clips for tests."""
    data = tmp_path / "data"
    data.mkdir()
    for name in ("features.npy", "poses.npy"):
        (data / name).write_bytes((clips / name).read_bytes())
    found = json.loads((clips / "clips.json").read_text())
    split = [{**clip, "assigned": "test" if i % 2 else "train"} for i, clip in enumerate(found)]
    (data / "clips.json").write_text(json.dumps(split))
    return data
