"""Published checkpoints: the reference values of the published code, and every task on them from every door."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from motiongpt.backend.commands import cli
from motiongpt.backend.engine import Engine, Progress, Result
from motiongpt.backend.engines import load_engine
from motiongpt.backend.engines.llama.engine import LlamaEngine
from motiongpt.backend.engines.llama.text import Grammar, parse_answer
from motiongpt.backend.importers.check import check_folder
from motiongpt.backend.importers.layouts import LlamaShape, T5Shape, llama_shapes, lora_shapes, t5_shapes, vqvae_shapes
from motiongpt.backend.importers.llama import import_llama
from motiongpt.backend.importers.t5 import import_t5
from motiongpt.backend.process import protocol
from motiongpt.backend.tasks import Continue, Describe, Generate, Inbetween
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.files.npz import load_npz, save_npz
from motiongpt.retarget.motion import Motion

pytest.importorskip("onnx", reason="onnx is not installed")


@pytest.fixture(scope="session")
def upstream(shared_dir: Path) -> Path:
    return shared_dir / "golden" / "upstream"


@pytest.fixture(scope="session")
def folders(upstream: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both systems, imported from the tiny checkpoints."""
    place, statistics = tmp_path_factory.mktemp("models"), upstream.parent / "humanml3d"
    import_t5(upstream / "motiongpt_tiny.tar", upstream / "tiny-t5", statistics, place / "t5")
    import_llama(
        upstream / "t2m_vqvae_tiny.pth", upstream / "lit-llama-tiny.pth", upstream / "lit-llama-lora-tiny.pth",
        upstream / "llama_tokenizer.model", statistics, place / "llama", heads=4,
    )  # fmt: skip
    return {name: place / name for name in ("t5", "llama")}


def test_all_reference_values(upstream: Path) -> None:
    rows = list(check_folder(upstream))
    assert len(rows) == 74
    assert [(row.name, row.error) for row in rows if not row.passed] == []


@pytest.mark.slow
def test_all_reference_values_in_pytorch(upstream: Path) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    assert [(row.name, row.error) for row in check_folder(upstream, use_torch=True) if not row.passed] == []


def test_full_size_layouts(upstream: Path) -> None:
    manifests = json.loads((upstream.parent / "checkpoint_manifests.json").read_bytes())

    def of(name: str) -> dict[str, tuple[int, ...]]:
        return {key: tuple(shape) for key, shape in manifests[name]["tensors"].items()}

    vqvae = vqvae_shapes(512, 512, 3)
    t5 = t5_shapes(T5Shape(32615, 768, 64, 12, 2048, 12, 12))
    assert of("motiongpt_s3_h3d.tar") == {f"vae.{k}": v for k, v in vqvae.items()} | {
        f"lm.language_model.{k}": v for k, v in t5.items()
    }
    assert of("pretrained_vqvae/t2m.pth") == {f"vqvae.{k}": v for k, v in vqvae.items()}
    for size, shape in (
        ("7B", LlamaShape(32000, 4096, 32, 32, 11008)),
        ("13B", LlamaShape(32000, 5120, 40, 40, 13824)),
    ):
        assert of(f"lit-llama/{size}/lit-llama.pth") == llama_shapes(shape)
        lora = {k: v for k, v in of(f"pretrained_lora/pretrained.pth ({size}, r=64)").items() if "lora" in k}
        assert lora == lora_shapes(shape, 64)


def finish(events: Any) -> Result:
    *progress, result = events
    assert all(isinstance(event, Progress) for event in progress) and progress
    assert isinstance(result, Result)
    return result


@pytest.fixture(scope="session", params=["t5", "llama"])
def engine(request: pytest.FixtureRequest, folders: dict[str, Path]) -> Engine:
    return load_engine(str(folders[request.param]), "cpu")


def walk(engine: Engine) -> Motion:
    return finish(engine.generate(Generate("a person walks.", 4.0, seed=2))).motions[0]


def words(engine: Engine) -> str:
    return "a person walks." if isinstance(engine, LlamaEngine) else ""


def test_generate(engine: Engine) -> None:
    motions = finish(engine.generate(Generate("a person walks.", 4.0, seed=3, variations=3))).motions
    assert [len(m) for m in motions] == [80] * 3
    alone = finish(engine.generate(Generate("a person walks.", 4.0, seed=3))).motions[0]
    assert alone.meta["tokens"] == motions[0].meta["tokens"]
    assert all(0 <= code < 512 for m in motions for code in m.meta["tokens"])
    assert np.isfinite(alone.joints).all() and abs(alone.joints[..., 1].min()) < 1e-6
    assert 1 <= len(finish(engine.generate(Generate("a person walks.", None))).motions[0]) <= 196
    with pytest.raises(MotionGPTError) as caught:
        finish(engine.generate(Generate("a person walks.", 60.0)))
    assert caught.value.kind == "too_large"


def test_continue_keeps_what_came_in(engine: Engine) -> None:
    motion = walk(engine).resample(30.0)
    longer = finish(engine.continue_motion(Continue(2.0, words(engine)), motion)).motions[0]
    assert (len(longer), longer.fps) == (len(motion) + 60, 30.0)
    assert np.abs(longer.joints[: len(motion)] - motion.joints).max() < 1e-9
    step = np.abs(np.diff(longer.joints[len(motion) - 1 :, 0], axis=0)).max()
    assert step < 0.3


def test_inbetween_keeps_keys_exactly(engine: Engine) -> None:
    motion = walk(engine).resample(30.0)
    keep = (0, 45, 90, len(motion) - 1)
    for kept in (keep, (0,), (len(motion) - 1,)):
        filled = finish(engine.inbetween(Inbetween(kept, words(engine)), motion)).motions[0]
        assert (len(filled), filled.fps) == (len(motion), 30.0)
        assert np.abs(filled.joints[list(kept)] - motion.joints[list(kept)]).max() < 1e-9
    with pytest.raises(MotionGPTError):
        finish(engine.inbetween(Inbetween((len(motion),), words(engine)), motion))


def test_what_a_model_can_not_do_is_said(folders: dict[str, Path]) -> None:
    llama, t5 = (load_engine(str(folders[name]), "cpu") for name in ("llama", "t5"))
    motion = walk(t5)
    assert finish(t5.describe(Describe(), motion)).texts[0]
    with pytest.raises(MotionGPTError, match="can't caption"):
        finish(llama.describe(Describe(), motion))
    with pytest.raises(MotionGPTError, match="needs a text"):
        finish(llama.continue_motion(Continue(1.0), motion))
    with pytest.raises(MotionGPTError, match="without a text"):
        finish(t5.inbetween(Inbetween((0,), "a person waves"), motion))


def test_every_task_through_the_protocol(folders: dict[str, Path]) -> None:
    t5 = load_engine(str(folders["t5"]), "cpu")
    motion = walk(t5)
    for message in (Continue(1.0), Inbetween((0, 30)), Describe()):
        packet = protocol.decode(protocol.encode("1", message, [motion]))
        result = finish(packet.message.answer(t5, packet.motions))
        assert result.motions or result.texts
        back = protocol.decode(protocol.encode("1", protocol.Result(texts=result.texts), result.motions))
        assert isinstance(back.message, protocol.Result) and back.message.texts == result.texts


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
    assert run("caption", "a.npz", "--model", "motiongpt-t5")["texts"]
    assert run("caption", "a.npz", "--model", "big", code=2)["error"]["kind"] == "unsupported"
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


@pytest.mark.parametrize(
    ("answer", "ended", "codes"),
    [
        ("315,91,406", True, [315, 91, 406]),
        ("315,91,40", False, [315, 91]),
        ("315, 91 ,7", True, [315, 91, 7]),
        ("315,512,7", True, [315]),
        ("315,99999999999999999999", True, [315]),
        ("the person walks", True, []),
        ("12,and so on", True, [12]),
        ("7,,8", True, [7]),
        ("", False, []),
    ],
)
def test_malformed_answers(answer: str, ended: bool, codes: list[int]) -> None:
    assert parse_answer(answer, ended) == codes


def test_the_grammar_allows_answers_and_nothing_else() -> None:
    grammar = Grammar(3, 49, {1: 40})
    state = grammar.after(grammar.start, "511,40,0")
    assert state is not None and grammar.may_end(state)
    for wrong in ("512", "5111", ",", "1,,", "01", "a", "1,41", "1,400", "1,4,", "1,40,2,"):
        assert grammar.after(grammar.start, wrong) is None
    short = grammar.after(grammar.start, "1,40")
    assert short is not None and not grammar.may_end(short)


def test_without_the_grammar_the_model_is_asked_again(folders: dict[str, Path], monkeypatch: Any) -> None:
    engine = load_engine(str(folders["llama"]), "cpu")
    assert isinstance(engine, LlamaEngine)
    engine._grammar = False
    asked = []

    def answers(*arguments: Any) -> Any:
        asked.append(1)
        yield (["no motion"] if len(asked) < 3 else ["5,6,7 and more"]), [True]

    monkeypatch.setattr(engine, "_free_texts", answers)
    result = finish(engine.generate(Generate("a person walks.", None)))
    assert result.motions[0].meta["tokens"] == [5, 6, 7] and len(asked) == 3
    monkeypatch.setattr(engine, "_free_texts", lambda *arguments: iter([(["no"], [True])]))
    with pytest.raises(MotionGPTError) as caught:
        finish(engine.generate(Generate("a person walks.", None)))
    assert caught.value.kind == "malformed"


def test_damaged_models_are_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(MotionGPTError) as caught:
        load_engine(str(folders["t5"]), "cuda")
    assert caught.value.kind in ("no_device", "no_model")
    save_npz(walk(load_engine(str(folders["t5"]), "cpu")), tmp_path / "a.npz")
    assert len(load_npz(tmp_path / "a.npz")) == 80
