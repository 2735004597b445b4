"""An import streams: what it holds in memory does not grow with the file."""

import json
import pickle
import subprocess
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("onnx", reason="onnx is not installed")
torch = pytest.importorskip("torch", reason="torch names the parts of the file")

WIDTH, LAYERS, FEED_FORWARD, VOCABULARY, RANK = 1024, 18, 4096, 32000, 8
ALLOWED = 300 * 2**20

IMPORT = """
import json, sys
from pathlib import Path
from motiongpt.backend.importers.llama import import_llama
g, folder = Path(sys.argv[1]), Path(sys.argv[2])
import_llama(g / "t2m_vqvae_tiny.pth", folder / "base.pth", folder / "lora.pth", g / "llama_tokenizer.model",
             g.parent / "humanml3d", folder / "model")
# The kernel's own high-water mark; getrusage would count what the parent held when it forked.
status = Path("/proc/self/status").read_text()
print(json.dumps({"peak": int(status.split("VmHWM:")[1].split()[0]) * 1024}))
"""


def write_checkpoint(path: Path, shapes: dict[str, tuple[int, ...]]) -> None:
    """A torch file of half-precision zeros and ones, written record by record."""

    class Tensor:
        def __init__(self, key: str, shape: tuple[int, ...]) -> None:
            self.key, self.shape = key, shape
            self.elements = shape[0] * (shape[1] if len(shape) > 1 else 1)

        def __reduce__(self) -> Any:
            stride = (self.shape[1], 1) if len(self.shape) > 1 else (1,)
            return torch._utils._rebuild_tensor_v2, (("STORAGE", self), 0, self.shape, stride, False, OrderedDict())

    tensors = {name: Tensor(str(i), shape) for i, (name, shape) in enumerate(shapes.items())}

    class Pickler(pickle.Pickler):
        def persistent_id(self, value: Any) -> Any:
            if isinstance(value, tuple) and len(value) == 2 and value[0] == "STORAGE":
                return ("storage", torch.HalfStorage, value[1].key, "cpu", value[1].elements)
            return None

    with zipfile.ZipFile(path, "w") as archive:
        with archive.open("archive/data.pkl", "w") as file:
            Pickler(file, protocol=2).dump(tensors)
        piece = b"\x00\x3c\x00\x00" * 2**18
        for tensor in tensors.values():
            left = 2 * tensor.elements
            with archive.open(f"archive/data/{tensor.key}", "w", force_zip64=True) as file:
                while left:
                    left -= file.write(piece[:left])


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is read from /proc")
def test_peak_memory_is_the_largest_tensor_and_little_more(shared_dir: Path, repo_root: Path, tmp_path: Path) -> None:
    from motiongpt.backend.importers.layouts import LlamaShape, llama_shapes, lora_shapes

    shape = LlamaShape(VOCABULARY, WIDTH, WIDTH // 128, LAYERS, FEED_FORWARD)
    shapes = llama_shapes(shape)
    write_checkpoint(tmp_path / "base.pth", shapes)
    write_checkpoint(tmp_path / "lora.pth", lora_shapes(shape, RANK))
    size = (tmp_path / "base.pth").stat().st_size
    assert size > 600e6
    upstream = shared_dir / "golden" / "upstream"
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, str(upstream), str(tmp_path)],
        cwd=repo_root, capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    peak = json.loads(done.stdout)["peak"]
    largest = 2 * max(a[0] * (a[1] if len(a) > 1 else 1) for a in shapes.values())
    assert peak < largest + ALLOWED
    assert peak < size, "the file was taken in whole"
