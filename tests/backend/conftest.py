"""Models and data for the tests of several parts of the backend."""

from pathlib import Path

import pytest
from support.model_folders import write_model
from support.motions import swinging

from motiongpt.backend.commands.cli import main
from motiongpt.retarget.files.bvh import write_bvh


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A valid model folder of an unknown kind, where the fixture `place` lets models be found."""
    return write_model(tmp_path / "models" / "mine")


@pytest.fixture(scope="session")
def upstream(shared_dir: Path) -> Path:
    """Tiny published checkpoints, with the values that the published code computes from them."""
    return shared_dir / "golden" / "upstream"


@pytest.fixture(scope="session")
def folders(upstream: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both systems, imported from the tiny checkpoints."""
    pytest.importorskip("onnx", reason="onnx is not installed")
    from motiongpt.backend.importers.llama import import_llama
    from motiongpt.backend.importers.t5 import import_t5

    place, statistics = tmp_path_factory.mktemp("models"), upstream.parent / "humanml3d"
    import_t5(upstream / "motiongpt_tiny.tar", upstream / "tiny-t5", statistics, place / "t5")
    import_llama(
        upstream / "t2m_vqvae_tiny.pth", upstream / "lit-llama-tiny.pth", upstream / "lit-llama-lora-tiny.pth",
        upstream / "llama_tokenizer.model", statistics, place / "llama", heads=4,
    )  # fmt: skip
    return {name: place / name for name in ("t5", "llama")}


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set made by the command from six small clips."""
    folder = tmp_path_factory.mktemp("clips")
    for index in range(6):
        write_bvh(swinging(index), folder / f"clip_{index}.bvh")
    rows = "\n".join(f"clip_{i}.bvh,a person swings the left arm" for i in range(6))
    (folder / "captions.csv").write_text(f"file,caption\n{rows}\n")
    out = folder / "dataset"
    assert main(["data", "import", str(folder), "--captions", str(folder / "captions.csv"), "-o", str(out)]) == 0
    return out
