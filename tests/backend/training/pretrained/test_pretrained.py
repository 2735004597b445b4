"""What pretrained models learn from: spans, instructions, the four conditions, records."""

import random
import shlex
from pathlib import Path

import pytest

pytest.importorskip("accelerate")

import itertools

from support.import_graph import ROOT

from motiongpt.backend.commands.cli import main
from motiongpt.backend.engines.llama.tokenizers import CausalTokenizer
from motiongpt.backend.engines.t5.text import BEGIN, END, EOS_ID, MASK
from motiongpt.backend.engines.t5.tokenizers import PromptTokenizer, read_tokenizer
from motiongpt.backend.model_folder import find_model
from motiongpt.backend.training.pretrained.bases import licence_of_base, make_record
from motiongpt.backend.training.pretrained.loop import Example
from motiongpt.backend.training.pretrained.lora_examples import CausalExamples, given_codes
from motiongpt.backend.training.pretrained.motions import Motions, Shown, read_motions
from motiongpt.backend.training.pretrained.t5_examples import TASKS, T5Examples, _spans, _worded, read_templates
from motiongpt.backend.training.pretrained.tables import as_markdown, scores
from motiongpt.retarget.errors import MotionGPTError


@pytest.fixture
def motions(clips: Path, codec: Path, tmp_path: Path) -> Motions:
    return read_motions(clips, codec, tmp_path)


@pytest.fixture
def words(t5: Path) -> PromptTokenizer:
    return read_tokenizer(t5 / "tokenizer.json", 0)


def test_codes_are_computed_once_and_again_for_another_tokenizer(
    clips: Path, codec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from motiongpt.backend.training.pretrained import motions as module

    first = read_motions(clips, codec, tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(module, "_encode", None)
        assert read_motions(clips, codec, tmp_path).whole() == first.whole()
        patched.setattr(module, "tokenizer_check", lambda folder: 1)
        with pytest.raises(TypeError):
            read_motions(clips, codec, tmp_path)
    with pytest.raises(MotionGPTError, match="no clips with captions for tests"):
        read_motions(clips, codec, tmp_path / "other", "nowhere")


def test_spans_are_masked_and_can_be_put_back(motions: Motions, words: PromptTokenizer) -> None:
    examples = T5Examples(motions, words, "pretrain")
    sentinels = [words.sentinel(i) for i in range(40)]
    ids = list(range(60, 110))
    for seed in range(20):
        example = examples._masked(ids, random.Random(seed))
        assert example.input[-1] == example.target[-1] == EOS_ID
        assert restored(example, sentinels) == ids
        masked = len(ids) - sum(i in ids for i in example.input)
        assert 4 <= masked <= 12
    for length in range(1, 60):
        spans = _spans(length, random.Random(length))
        assert all(0 <= first < last <= length for first, last in spans)
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))


def restored(example: Example, sentinels: list[int | None]) -> list[int]:
    """The ids with every sentinel replaced by what the answer has after it."""
    parts: dict[int, list[int]] = {}
    for token in example.target[:-1]:
        if token in sentinels:
            parts[token] = []
        else:
            parts[list(parts)[-1]].append(token)
    out: list[int] = []
    for token in example.input[:-1]:
        out += parts.get(token, [token]) if token in sentinels else [token]
    return out


def test_both_translations_and_every_task_are_drawn(motions: Motions, words: PromptTokenizer) -> None:
    begin, end = words.motion_ids([BEGIN, END])
    pretraining = T5Examples(motions, words, "pretrain").draw(3, 200)
    kinds = {(begin in e.input, begin in e.target) for e in pretraining}
    assert kinds >= {(True, False), (False, True), (False, False)}
    assert T5Examples(motions, words, "pretrain").draw(3, 200) == pretraining
    for task in TASKS:
        for example in T5Examples(motions, words, "instruct", (task,)).draw(1, 20):
            assert (example.target[0] == begin and end in example.target) == (task != "describe")
            assert (words.motion_ids([MASK])[0] in example.input) == (task == "inbetween")


def test_templates_say_what_their_task_gives() -> None:
    shown = Shown([1, 2, 3, 4, 5, 6, 7, 8], "a person hops")
    templates = read_templates()
    for task in TASKS:
        wordings = getattr(templates, task)
        assert len(set(wordings)) == len(wordings) >= 5
        needed = "{caption}" if task.startswith("generate") else "{motion}"
        assert all(needed in wording for wording in wordings)
        assert all(
            any(f"{{{name}}}" in w for name in ("frames", "seconds", "tokens")) for w in templates.generate_length
        )
        for seed in range(30):
            prompt, answer = _worded(task, shown, random.Random(seed))
            assert "{" not in prompt and answer


def test_conditions_show_their_codes(motions: Motions, llama: Path) -> None:
    codes = [5, 6, 7, 8, 9, 10]
    rng = random.Random(0)
    assert given_codes("text", codes, rng) == []
    assert (given_codes("initial", codes, rng), given_codes("last", codes, rng)) == ([5], [10])
    keys = [given_codes("key", codes, rng) for _ in range(50)]
    assert {len(k) for k in keys} == {3, 4, 5} and all(k == sorted(k) for k in keys)
    for writing in ("text", "tokens"):
        words = CausalTokenizer(llama, writing)
        examples = CausalExamples(motions, words, ("text", "key"))
        drawn = examples.draw(5, 8)
        assert drawn == examples.draw(5, 8)
        batch = examples.collate(drawn)
        for i, example in enumerate(drawn):
            counted = batch["labels"][i] != -100
            assert batch["labels"][i][counted].tolist() == example.target and example.target[-1] == words.end
            assert batch["input_ids"][i][: len(example.input)].tolist() == example.input


def test_answers_are_what_the_grammar_reads(llama: Path) -> None:
    words = CausalTokenizer(llama, "text")
    ids = words.answer("key", "he walks", [3], [31, 5, 499])
    assert "".join(words.digits[i] for i in ids[:-1]) == "31,5,499" and ids[-1] == words.end


def test_the_record_names_both_licences(clips: Path, t5: Path, tmp_path: Path) -> None:
    base = tmp_path / "SmallLM"
    base.mkdir()
    (base / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
    assert licence_of_base(base, None) == "apache-2.0" and licence_of_base(base, "mine") == "mine"
    record = make_record(clips, base, None, "", {})
    assert "SmallLM: apache-2.0" in record.licence and record.group == ""
    (clips / "sets.json").write_text(
        '[{"name": "a", "licence": "CC BY-NC 4.0, Ann", "group": "non-commercial", "clips": 1, "minutes": 1}]'
    )
    try:
        record = make_record(clips, base, None, "", {})
        assert record.group == "non-commercial" and "CC BY-NC 4.0, Ann" in record.sources
        assert make_record(clips, t5, None, "", {}).group == ""  # the base's licence is not known
    finally:
        (clips / "sets.json").unlink()


def test_scores_tell_good_from_bad() -> None:
    import numpy as np

    texts = np.random.default_rng(0).normal(size=(40, 8))
    names = [f"clip {i}" for i in range(40)]
    good = scores(texts, texts + 0.01, texts, names)
    bad = scores(texts, texts[::-1] + 3.0, texts, names)
    assert good["top1"] == 1.0 and bad["top1"] < 0.3 and good["fid"] < bad["fid"] and good["mm_dist"] < bad["mm_dist"]
    table = as_markdown([{"row": "joint", "condition": "text", "nats": 1.5, **good}])
    assert table.splitlines()[2].startswith("| joint | text | 1.500 |")


SMALL = {
    "tokenizer": "--steps 1 --batch 4 --threads 1 --set width=16 --set code_width=8 --set depth=1",
    "t5": "--steps 1 --batch 2 --threads 1",
    "lora": "--steps 1 --batch 2 --parts 1 --threads 1",
    "lora-table": "--steps 1 --batch 2 --parts 1 --threads 1 --samples 0",
}
"""What makes a training of the manual one that a test can wait for."""


def section() -> list[list[str]]:
    """The words of the commands below the heading on the papers' models, without those that start several processes."""
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    text = page.split("## The papers' models: T5 and LoRA")[1].split("\n## ")[0]
    lines = [shlex.split(line) for line in text.splitlines() if line.startswith("    motiongpt ")]
    return [words[1:] for words in lines]


@pytest.mark.slow
def test_the_commands_of_the_manual_run(
    clips: Path, t5: Path, llama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    places = {"dataset/": clips, "flan-t5-base/": t5, "SmolLM2-135M/": llama}
    found = section()
    assert {words[1] for words in found} >= {*SMALL, "import"}
    for words in found:
        small = shlex.split(SMALL.get(words[1], "")) if words[0] == "train" else []
        assert main([str(places.get(word, word)) for word in words] + small) == 0, words
    made = [find_model(folder)[1].kind for folder in ("runs/t5/model", "models/walks", "models/more-walks")]
    assert made == ["motiongpt-t5", "motiongpt-causal", "motiongpt-causal"]
