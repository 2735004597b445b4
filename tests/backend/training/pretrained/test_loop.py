"""The loop on accelerate: killed and resumed, and in several processes, it gives the same weights."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("accelerate")

import torch
from safetensors.torch import load_file

from motiongpt.backend.training.pretrained.loop import newest_record

COMMON = ("--set", "dropout=0", "--precision", "float32", "--threads", "1", "--set", "warmup=1")


def command(clips: Path, codec: Path, base: Path, out: Path, stage: str, *options: str) -> list[str]:
    kind = ["lora"] if stage == "lora" else ["t5", "--stage", stage]
    start = ["train", *kind, str(clips), "--tokenizer", str(codec), "--base", str(base), "-o", str(out)]
    return [*start, *COMMON, *options]


def run(arguments: list[str], processes: int = 1) -> str:
    launch = ["-m", "motiongpt"]
    if processes > 1:  # by address: the host's name may not resolve
        elastic = ["--nproc-per-node", str(processes), "--standalone", "--local-addr", "127.0.0.1"]
        launch = ["-m", "torch.distributed.run", *elastic, "-m", "motiongpt"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [sys.executable, *launch, *arguments], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


def weights(folder: Path) -> dict[str, torch.Tensor]:
    (file,) = folder.glob("*.safetensors")
    return load_file(file)


class Killed(BaseException):
    """Ends a training as a kill would: nothing after a checkpoint is written."""


@pytest.mark.parametrize("stage", ["pretrain", "lora"])
def test_killed_and_resumed_gives_the_same_weights(
    clips: Path, codec: Path, t5: Path, llama: Path, tmp_path: Path, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from motiongpt.backend.commands.cli import main
    from motiongpt.backend.training.pretrained import loop

    base, result = (llama, "adapter") if stage == "lora" else (t5, "t5")
    options = ("--steps", "6", "--batch", "4", "--set", "rate=0.01", "--set", "save_every=0", "--parts", "2")
    assert main(command(clips, codec, base, tmp_path / "straight", stage, *options)) == 0
    learn = loop._learn

    def until_killed(*arguments: object) -> object:
        if arguments[4] == 4:
            raise Killed
        return learn(*arguments)  # type: ignore[arg-type]

    broken = tmp_path / "broken"
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(loop, "_learn", until_killed)
        main(command(clips, codec, base, broken, stage, *options))
    record = newest_record(broken)
    assert record is not None and record["step"] == 4 and not (broken / result).exists()
    (broken / "checkpoint-5").mkdir()  # one that was being written
    assert main(command(clips, codec, base, broken, stage, *options)) == 0
    straight, resumed = weights(tmp_path / "straight" / result), weights(broken / result)
    assert straight.keys() == resumed.keys()
    assert all(torch.equal(straight[name], resumed[name]) for name in straight)
    assert [json.loads(line)["step"] for line in (broken / "log.jsonl").read_text().splitlines()] == [1, 5, 6]
    assert list((broken / "tensorboard").iterdir())
    assert main(command(clips, codec, base, broken, stage, *options, "--set", "rate=0.02")) == 2


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["instruct", "lora"])
def test_two_processes_give_the_same_as_one_with_twice_the_batch(
    clips: Path, codec: Path, t5: Path, llama: Path, tmp_path: Path, stage: str
) -> None:
    base, result = (llama, "adapter") if stage == "lora" else (t5, "t5")
    options = ("--steps", "4", "--set", "rate=0.001")
    run(command(clips, codec, base, tmp_path / "one", stage, *options, "--batch", "8", "--parts", "2"))
    run(command(clips, codec, base, tmp_path / "two", stage, *options, "--batch", "4", "--parts", "1"), 2)
    one, two = weights(tmp_path / "one" / result), weights(tmp_path / "two" / result)
    start = weights(base) if stage != "lora" else {}
    assert one.keys() == two.keys()
    # Of steps of 1e-3; a gradient of about nothing may have either sign, and steps are as long for it as for others.
    away = torch.cat([(one[name] - two[name]).abs().flatten() for name in one]).sort().values
    assert away[int(0.999 * len(away))] < 1e-5 and away[-1] < 1e-3
    moved = [float((one[n][: len(start[n])] - start[n]).abs().max()) for n in one if n in start]
    assert not moved or max(moved) > 1e-3
    shutil.rmtree(tmp_path / "two")
