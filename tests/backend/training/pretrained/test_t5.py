"""`motiongpt train t5`: every task is overfitted, through the engine; stages follow each other; what is refused."""

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("accelerate")

import torch
from support.answers import finish
from support.tiny_models import make_t5
from transformers import T5ForConditionalGeneration

from motiongpt.backend.commands.cli import main
from motiongpt.backend.engines import load_engine
from motiongpt.backend.engines.shared.networks import Network
from motiongpt.backend.engines.shared.tokens import Sampling
from motiongpt.backend.engines.t5.engine import T5Engine
from motiongpt.backend.engines.t5.text import text_to_motion_prompt
from motiongpt.backend.model_folder import read_card
from motiongpt.backend.tasks import Describe
from motiongpt.backend.training.pretrained.motions import read_motions

GREEDY = Sampling(0, 1, 0.0, 0, 1.0)
EXACT = ("--set", "dropout=0", "--set", "crops=0", "--precision", "float32", "--threads", "1")


def train(clips: Path, codec: Path, base: Path, out: Path, stage: str, *options: str) -> int:
    command = ["train", "t5", str(clips), "--tokenizer", str(codec), "--base", str(base), "-o", str(out)]
    return main([*command, "--stage", stage, *EXACT, *options])


def test_every_task_is_learned_to_the_code(
    clips: Path, codec: Path, t5: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    fast = ("--steps", "90", "--batch", "16", "--set", "rate=0.003", "--set", "warmup=10", "--set", "wordings=0")
    assert train(clips, codec, t5, run, "instruct", *fast) == 0
    engine = load_engine(str(run / "model"), "cpu", "float32")
    assert isinstance(engine, T5Engine)
    shown = read_motions(clips, codec, run).whole()
    assert len({tuple(one.codes) for one in shown}) == len(shown) == 4
    for one in shown:
        codes, head, edge = one.codes, len(one.codes) // 5, len(one.codes) // 4
        known = [int(i < edge or i >= len(codes) - edge) for i in range(len(codes))]
        answers = (
            engine.text_to_codes(one.caption, None, GREEDY),
            engine.text_to_codes(one.caption, len(codes), GREEDY),
            engine.codes_between(codes, known, "", GREEDY),
        )
        assert [list(answer)[-1][0] for answer in answers] == [codes] * 3
        assert list(engine.codes_after(codes[:head], "", len(codes) - head, GREEDY))[-1][0] == codes[head:]
        monkeypatch.setattr(engine._codec, "encode", lambda motion, codes=codes: codes)
        assert finish(engine.describe(Describe(), engine._codec.decode(codes))).texts == (one.caption,)
    card = read_card(run / "model")
    assert card.training["stage"] == "instruct" and "base model" in card.licence and "base model: t5" in card.sources


@pytest.mark.parametrize("gated", [True, False])
def test_onnx_and_transformers_give_the_same_logits(clips: Path, codec: Path, tmp_path: Path, gated: bool) -> None:
    """Of a T5 1.1, whose output is not scaled, and of a T5 1.0, whose is; after both stages."""
    base = make_t5(tmp_path / "base", gated)
    assert train(clips, codec, base, tmp_path / "two", "pretrain", "--steps", "2", "--batch", "4") == 0
    assert train(clips, codec, tmp_path / "two", tmp_path / "three", "instruct", "--steps", "2", "--batch", "4") == 0
    card = read_card(tmp_path / "three" / "model")
    assert card.settings["shape"]["gated"] == gated and card.training["before"]["stage"] == "pretrain"
    assert "base model base: not stated" in card.licence and card.sources == ("base model: base",)
    engine = load_engine(str(tmp_path / "three" / "model"), "cpu", "float32")
    assert isinstance(engine, T5Engine)
    prompt = engine._tokenizer.encode(text_to_motion_prompt("a person waves", 40))
    start = [0, *engine._tokenizer.motion_ids([512, 3, 77])]
    found = logits(engine._network, prompt, start)
    model: Any = T5ForConditionalGeneration.from_pretrained(tmp_path / "three" / "t5").eval()
    with torch.no_grad():
        out = model(input_ids=torch.tensor([prompt]), decoder_input_ids=torch.tensor([start])).logits[0]
    torch.testing.assert_close(torch.tensor(found), out, atol=1e-3, rtol=1e-3)
    codes = engine._tokenizer.motion_ids(range(512))
    generated = model.generate(
        torch.tensor([prompt]), decoder_input_ids=torch.tensor([start[:2]]), max_new_tokens=8, do_sample=False,
        prefix_allowed_tokens_fn=lambda row, ids: codes,
    )[0, 2:].tolist()  # fmt: skip
    ours = list(engine.text_to_codes("a person waves", 10, GREEDY))[-1][0]
    assert [token - codes[0] for token in generated] == ours[:8]


def logits(network: Network, prompt: list[int], answer: list[int]) -> list[list[float]]:
    network.start(prompt, 1)
    return [network.logits(network.step([token]), None)[0].tolist() for token in answer]


def test_embeddings_apart_stay_apart(clips: Path, codec: Path, t5: Path, tmp_path: Path) -> None:
    """The output matrix of a flan-T5 is not its embedding; transformers would make the two one when it resizes them."""
    model: Any = T5ForConditionalGeneration.from_pretrained(t5)
    model.config.tie_word_embeddings = False
    model.lm_head.weight = torch.nn.Parameter(model.shared.weight.detach() + 1.0)
    base = tmp_path / "base"
    model.save_pretrained(base)
    (base / "tokenizer.json").write_bytes((t5 / "tokenizer.json").read_bytes())
    still = ("--steps", "1", "--batch", "2", "--set", "rate=1e-9")
    assert train(clips, codec, base, tmp_path / "run", "instruct", *still) == 0
    trained: Any = T5ForConditionalGeneration.from_pretrained(tmp_path / "run" / "t5")
    words = model.config.vocab_size
    apart = (trained.lm_head.weight - trained.shared.weight)[:words]
    torch.testing.assert_close(apart, torch.ones_like(apart), atol=1e-4, rtol=0)


def test_what_can_not_be_trained_is_refused(
    clips: Path, codec: Path, t5: Path, llama: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for base, tokenizer, options, message in (
        (t5, tmp_path, (), "holds no published motion tokenizer"),
        (tmp_path, codec, (), "holds neither"),
        (llama, codec, (), "is no tokenizer of a T5"),
        (t5, codec, ("--set", "tasks=dance"), "no task dance"),
        (t5, codec, ("--precision", "float32", "--set", "precision=half"), "no precision half"),
    ):
        assert train(clips, tokenizer, base, tmp_path / "run", "instruct", "--steps", "1", *options) == 2
        assert message in capsys.readouterr().err
    assert not (tmp_path / "run" / "t5").exists()
