"""Tiny base models, clips and a motion tokenizer, made once."""

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
