"""Published checkpoints to model folders: every task from the shell, wrong files named."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from motiongpt.backend.commands import cli
from motiongpt.backend.importers.llama import import_llama
from motiongpt.backend.importers.t5 import import_t5
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.files.npz import load_npz

pytest.importorskip("onnx", reason="onnx is not installed")


def test_import_and_every_task_from_the_shell(
    upstream: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOTIONGPT_MODELS", str(tmp_path / "models"))
    statistics = str(upstream.parent / "humanml3d")

    def run(*arguments: str, code: int = 0) -> Any:
        assert cli.main([*arguments, "--json"]) == code
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    made = run(
        "models", "import", f"{upstream}/motiongpt_tiny.tar", "--t5", f"{upstream}/tiny-t5", "--statistics", statistics
    )
    assert made["name"] == "motiongpt-t5" and "non-commercial" in made["licence"]
    run(
        "models", "import", "--vqvae", f"{upstream}/t2m_vqvae_tiny.pth", "--base", f"{upstream}/lit-llama-tiny.pth",
        "--lora", f"{upstream}/lit-llama-lora-tiny.pth", "--tokenizer", f"{upstream}/llama_tokenizer.model",
        "--heads", "4", "--statistics", statistics, "--name", "big",
    )  # fmt: skip
    assert {model["name"] for model in run("models", "list")["models"]} >= {"motiongpt-t5", "big"}
    for name, text in (("motiongpt-t5", []), ("big", ["--prompt", "a person walks."])):
        model = ["--model", name]
        run("generate", "a person walks.", "-o", "a.npz", *model)
        run("continue", "a.npz", "--seconds", "1", "-o", "b.bvh", *model, *text)
        filled = run("inbetween", "a.npz", "--keep", "0,40-42,90", "-o", "c.npz", *model, *text)
        assert filled["files"][0]["frames"] == 120
        kept = [0, 40, 41, 42, 90]
        assert np.abs(load_npz("c.npz").joints[kept] - load_npz("a.npz").joints[kept]).max() < 1e-4
    assert run("describe", "a.npz", "--model", "motiongpt-t5")["texts"]
    assert run("describe", "a.npz", "--model", "big", code=2)["error"]["kind"] == "unsupported"
    assert run("models", "verify", "big")["ok"] and run("models", "remove", "big")["removed"]
    assert not (tmp_path / "models" / "big").exists()


def test_wrong_files_are_named(upstream: Path, tmp_path: Path) -> None:
    statistics, target = upstream.parent / "humanml3d", tmp_path / "x"
    with pytest.raises(MotionGPTError, match="holds no T5"):
        import_t5(upstream / "lit-llama-tiny.pth", upstream / "tiny-t5", statistics, target)
    with pytest.raises(MotionGPTError, match=r"instead of|missing|holds no"):
        import_llama(
            upstream / "t2m_vqvae_tiny.pth", upstream / "lit-llama-lora-tiny.pth", upstream / "lit-llama-tiny.pth",
            upstream / "llama_tokenizer.model", statistics, target, heads=4,
        )  # fmt: skip
    assert not target.exists() and list(tmp_path.iterdir()) == []
