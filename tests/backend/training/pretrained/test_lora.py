"""`motiongpt train lora`: all four conditions are overfitted, in both ways of writing codes; adapters over one base."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("accelerate")

from support.answers import finish
from support.tiny_models import make_llama

from motiongpt.backend.commands.cli import main
from motiongpt.backend.engines import load_engine
from motiongpt.backend.engines.llama.causal import CausalEngine
from motiongpt.backend.engines.llama.tokenizers import CausalTokenizer
from motiongpt.backend.engines.shared.tokens import Sampling
from motiongpt.backend.model_folder import read_card, verify_files
from motiongpt.backend.tasks import Continue, Describe, Generate, Inbetween
from motiongpt.backend.training.pretrained.lora import test_losses as losses_of
from motiongpt.backend.training.pretrained.lora_examples import CausalExamples
from motiongpt.backend.training.pretrained.motions import read_motions
from motiongpt.retarget.errors import MotionGPTError

GREEDY = Sampling(0, 1, 0.0, 0, 1.0)
EXACT = ("--set", "dropout=0", "--set", "crops=0", "--precision", "float32", "--threads", "1", "--parts", "1")


def train(clips: Path, codec: Path, base: Path, out: Path, *options: str) -> int:
    command = ["train", "lora", str(clips), "--tokenizer", str(codec), "--base", str(base), "-o", str(out)]
    return main([*command, *EXACT, *options])


@pytest.mark.slow
@pytest.mark.parametrize("codes", ["text", "tokens"])
def test_every_condition_is_learned_to_the_code(
    clips: Path, codec: Path, llama: Path, tmp_path: Path, codes: str
) -> None:
    fast = ("--steps", "400", "--batch", "16", "--set", "rate=0.01", "--set", "warmup=10", "--rank", "32")
    assert train(clips, codec, llama, tmp_path / "run", *fast, "--codes", codes, "--targets", "all-linear") == 0
    engine = load_engine(str(tmp_path / "run" / "model"), "cpu")
    assert isinstance(engine, CausalEngine)
    shown = read_motions(clips, codec, tmp_path / "run").whole()
    assert len({tuple(one.codes) for one in shown}) == len(shown) == 4
    for one in shown:
        last = len(one.codes) - 1
        free, exact = (engine.text_to_codes(one.caption, count, GREEDY) for count in (None, last + 1))
        assert list(free)[-1][0] == one.codes and list(exact)[-1][0] == one.codes
        for places in ([0], [last], [1, 3, last]):
            known = [int(i in places) for i in range(last + 1)]
            assert list(engine.codes_between(one.codes, known, one.caption, GREEDY))[-1][0] == one.codes


def quick(clips: Path, codec: Path, base: Path, out: Path, seed: int, *options: str) -> int:
    return train(clips, codec, base, out, "--steps", "2", "--batch", "4", "--seed", str(seed), *options)


def test_adapters_are_switched_over_one_base(clips: Path, codec: Path, llama: Path, tmp_path: Path) -> None:
    """Three models, one of them with codes of its own, share a base in the folder and in memory; each gives after the
    others what it gave before."""
    place = tmp_path / "models"
    for name, codes in (("walks", "text"), ("attacks", "text"), ("dances", "tokens")):
        into = ("--into", str(place / name), "--codes", codes, "--set", "rate=0.05")
        assert quick(clips, codec, llama, tmp_path / name, len(name), *into) == 0
    assert sorted(p.name for p in place.iterdir()) == ["attacks", "dances", "llama", "walks"]
    card = read_card(place / "walks")
    verify_files(place / "walks", card)
    assert set(card.shared) == {"llama"} and "adapter/adapter_model.safetensors" in card.files
    config = json.loads((place / "walks" / "adapter" / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "llama"
    request = Generate("a person waves the left hand", 1.0, seed=4, temperature=1.0)
    engines = {name: load_engine(str(place / name), "cpu") for name in ("walks", "attacks", "dances")}
    first = {name: finish(engine.generate(request)).motions[0].meta["tokens"] for name, engine in engines.items()}
    again = {name: finish(engines[name].generate(request)).motions[0].meta["tokens"] for name in reversed(engines)}
    assert first == again and len({tuple(codes) for codes in first.values()}) == 3
    bases = {id(engine._network.base) for engine in engines.values() if isinstance(engine, CausalEngine)}
    assert len(bases) == 1
    (place / "llama" / "config.json").write_text("{}")
    with pytest.raises(MotionGPTError, match="damaged"):
        load_engine(str(place / "walks"), "cpu")


@pytest.mark.parametrize("codes", ["text", "tokens"])
def test_every_task_that_an_imported_model_has(
    clips: Path, codec: Path, llama: Path, tmp_path: Path, codes: str
) -> None:
    assert quick(clips, codec, llama, tmp_path / "run", 0, "--codes", codes) == 0
    engine = load_engine(str(tmp_path / "run" / "model"), "cpu")
    motions = finish(engine.generate(Generate("he walks", 2.0, seed=3, variations=3))).motions
    alone = finish(engine.generate(Generate("he walks", 2.0, seed=3))).motions[0]
    assert [len(m) for m in motions] == [40] * 3 and alone.meta["tokens"] == motions[0].meta["tokens"]
    longer = finish(engine.continue_motion(Continue(1.0, "he walks"), alone)).motions[0]
    assert len(longer) == 60
    filled = finish(engine.inbetween(Inbetween((0, 20, 39), "he walks"), alone)).motions[0]
    assert np.abs(filled.joints[[0, 20, 39]] - alone.joints[[0, 20, 39]]).max() < 1e-9
    with pytest.raises(MotionGPTError, match="can't describe"):
        finish(engine.describe(Describe(), alone))


def test_an_untied_head_learns_the_codes_too(clips: Path, codec: Path, tmp_path: Path) -> None:
    base = make_llama(tmp_path / "base", tied=False)
    assert quick(clips, codec, base, tmp_path / "run", 0, "--codes", "tokens") == 0
    engine = load_engine(str(tmp_path / "run" / "model"), "cpu")
    assert len(finish(engine.generate(Generate("he walks", 1.0))).motions[0]) == 20


def test_an_adapter_and_a_base_are_imported_by_the_command(
    clips: Path, codec: Path, llama: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert quick(clips, codec, llama, tmp_path / "run", 0) == 0
    common = ["models", "import", "--base", str(llama), "--vqvae", str(codec)]
    place = tmp_path / "models"
    assert main([*common, "--lora", str(tmp_path / "run" / "adapter"), "-o", str(place / "style")]) == 0
    assert main([*common, "-o", str(place / "bare")]) == 0
    made = [finish(load_engine(str(place / n), "cpu").generate(Generate("he walks", 1.0))) for n in ("style", "bare")]
    assert [len(one.motions[0]) for one in made] == [20, 20]
    for wrong, message in (
        ([*common[:2], "--base", str(codec), "--vqvae", str(codec)], "holds no config.json"),
        ([*common, "--lora", str(codec)], "holds no adapter of peft"),
        ([*common[:2], "--vqvae", str(codec)], "needs a trained T5, or a base model"),
        ([*common[:4], "--vqvae", str(llama)], "holds no published motion tokenizer"),
    ):
        capsys.readouterr()
        assert main([*wrong, "-o", str(place / "none")]) == 2
        assert message in capsys.readouterr().err and not (place / "none").exists()


def test_what_can_not_be_trained_is_refused(
    clips: Path, codec: Path, llama: Path, t5: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for base, options, message in (
        (t5, (), "no causal language model"),
        (llama, ("--bits", "4"), "needs CUDA"),
        (llama, ("--conditions", "text,music"), "no condition music"),
        (llama, ("--targets", "nowhere"), "LoRA can't be put into this model"),
        (llama, ("--rank", "0"), "rank can't be 0"),
    ):
        assert train(clips, codec, base, tmp_path / "run", "--steps", "1", "--batch", "2", *options) == 2
        assert message in capsys.readouterr().err
    assert not (tmp_path / "run" / "adapter").exists()


def test_a_base_with_random_weights_is_measured_with_its_adapter(
    tested: Path, codec: Path, llama: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    options = ("--pretrained", "0", "--codes", "tokens", "--set", "rate=0.05", "--json")
    capsys.readouterr()
    assert quick(tested, codec, llama, tmp_path / "run", 0, *options) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    bare = AutoModelForCausalLM.from_pretrained(tmp_path / "run" / "untrained-base")
    examples = CausalExamples(read_motions(tested, codec, tmp_path / "run"), CausalTokenizer(llama, "tokens"))
    without = losses_of(bare, examples, tested, codec, tmp_path / "run")
    adapted = PeftModel.from_pretrained(bare, tmp_path / "run" / "adapter")
    assert losses_of(adapted, examples, tested, codec, tmp_path / "run") == pytest.approx(
        {name: told[name] for name in without}, abs=2e-3
    )
    assert abs(told["nats_text"] - without["nats_text"]) > 0.05
