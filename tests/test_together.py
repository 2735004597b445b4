"""Several processes train one model: each step is that of all their batches."""

import json
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from backend.training.loop import Processes, Schedule, train  # noqa: E402

SCRIPT = """
import json, sys
from pathlib import Path
import torch
from torch import nn
from backend.training.loop import Processes, Schedule, train

processes = Processes(torch.device("cpu"))
with processes.leader_first():
    prepared = Path(sys.argv[1]) / "prepared"
    found = prepared.exists()
    prepared.touch()
torch.manual_seed(0)
model = nn.Linear(3, 1)
seen = []

def loss_of(generator):
    x = torch.randn(4, 3, generator=generator)
    seen.append(processes.shared_seed(generator))
    return {"loss": (model(x) ** 2).mean()}

average = train(model, loss_of, Path(sys.argv[1]), Schedule(5, 0.1, warmup=1, checkpoint_every=2), {}, "tiny")
told = {"rank": processes.rank, "found": found, "seen": seen, "weights": average.weight.tolist()}
Path(sys.argv[1], f"told-{processes.rank}.json").write_text(json.dumps(told))
"""


def test_two_processes_make_one_model(tmp_path, repo_root):
    script = tmp_path / "tiny.py"
    script.write_text(SCRIPT)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", str(script)]
    done = subprocess.run(
        [*command, str(tmp_path)], cwd=repo_root, env={"PYTHONPATH": str(repo_root), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    first, second = (json.loads((tmp_path / f"told-{rank}.json").read_text()) for rank in (0, 1))
    assert first["weights"] == second["weights"]
    assert first["seen"] == second["seen"] == [0, 1, 2, 3, 4]
    assert second["found"] and not first["found"]  # what the leader prepares is there for the other
    assert (tmp_path / "model.pt").is_file() and (tmp_path / "checkpoint.pt").is_file()

    # One process whose batch is that of both makes the same model.
    torch.manual_seed(0)
    model = nn.Linear(3, 1)

    def loss_of(generator):
        step = Processes.shared_seed(generator)
        other = torch.Generator().manual_seed(step + 2**40)
        x = torch.cat([torch.randn(4, 3, generator=generator), torch.randn(4, 3, generator=other)])
        return {"loss": (model(x) ** 2).mean()}

    alone = train(model, loss_of, tmp_path / "alone", Schedule(5, 0.1, warmup=1), {}, "tiny")
    assert torch.allclose(alone.weight, torch.tensor(first["weights"]), atol=1e-5)
