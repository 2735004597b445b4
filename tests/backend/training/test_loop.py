"""Several processes train one model: each step is that of all their batches."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from torch import nn

from motiongpt.backend.training.loop import Processes, Schedule, mixed_precision, train

SCRIPT = """
import json, sys
from pathlib import Path
import torch
from torch import nn
from motiongpt.backend.training.loop import Processes, Schedule, train

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

average = train(model, loss_of, Path(sys.argv[1]), Schedule(5, 0.1, warmup=1, checkpoint_every=0.0), {}, "tiny")
told = {"rank": processes.rank, "found": found, "seen": seen, "weights": average.weight.tolist()}
Path(sys.argv[1], f"told-{processes.rank}.json").write_text(json.dumps(told))
"""


def test_two_processes_make_one_model(tmp_path, repo_root):
    script = tmp_path / "tiny.py"
    script.write_text(SCRIPT)
    # By address: the host's name may not resolve.
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone"]
    command = [*launch, "--local-addr=127.0.0.1", script, tmp_path]
    variables = {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    said = tmp_path / "said.txt"
    with (
        said.open("w") as output,
        subprocess.Popen(command, cwd=repo_root, env=variables, stdout=output, stderr=output) as run,
    ):
        try:
            status = run.wait(timeout=240)
        finally:
            run.terminate()  # so that it ends its workers; killed outright, it would leave them running
    assert status == 0, said.read_text()[-4000:]
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


@pytest.mark.skipif(not Path("/proc/cpuinfo").is_file(), reason="nothing tells here what the processor can do")
def test_busy_machine_does_not_hide_which_precision_is_faster():
    if {"avx512_bf16", "amx_bf16", "bf16"} & set(Path("/proc/cpuinfo").read_text().split()):
        pytest.skip("this processor multiplies bfloat16")
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        assert not any(mixed_precision.__wrapped__(torch.device("cpu")) for _ in range(3))
    finally:
        for other in others:
            other.kill()
            other.wait()
