"""Styles: trained on a few clips in a few steps, run over their base, resumed, refused."""

import json
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from support.import_graph import ROOT
from support.style_clips import WORDS, prisoner, write_clips

from motiongpt.backend.commands.cli import main
from motiongpt.backend.engine import Result, last_result
from motiongpt.backend.engines import load_engine
from motiongpt.backend.engines.starter.style import find_base, read_adapter
from motiongpt.backend.known.doubt import MADE_BY, passed_on
from motiongpt.backend.model_folder import all_files, default_model, find_model, read_card, verify_files
from motiongpt.backend.tasks import Block, Continue, Describe, Generate, Shot
from motiongpt.retarget.errors import MotionGPTError

torch = pytest.importorskip("torch")
pytest.importorskip("peft")

from motiongpt.backend.training.style import make
from motiongpt.backend.training.style.base import BaseModel
from motiongpt.backend.training.style.clips import Shown, as_dataset, lost, sequences_of
from motiongpt.backend.training.style.make import TRAINING, make_style
from motiongpt.backend.training.style.rehearsal import rehearse
from motiongpt.backend.training.style.train import Lesson, StyleTraining, adapted, measure
from motiongpt.backend.training.style.words import other_texts, wordings_of

FEW_OPTIONS = shlex.split(
    "--steps 2 --minutes 0 --threads 1 --no-mirror --set others=4 --set batch=2 --set rehearsed=2"
)
FEW = StyleTraining(steps=4, minutes=0.0, batch=2, rehearsed=2, others=4, rate=0.01)


def _base() -> BaseModel:
    return BaseModel.find(default_model())


def _shown(count: int = 2) -> list[Shown]:
    return [Shown(f"clip {i}", prisoner(i), (WORDS,)) for i in range(count)]


def test_a_style_is_a_small_model_that_learns_its_clips(style: Path) -> None:
    card = read_card(style)
    verify_files(style, card)
    before, after = card.measured["loss"]
    assert after < 0.9 * before
    assert 0.0 < card.measured["change"] < 1.0
    assert sum((style / name).stat().st_size for name in card.files if name != "sheet.png") < 2_000_000
    assert (style / "sheet.png").is_file() and not (style / TRAINING).exists()
    folder, base = find_model(default_model())
    assert find_base(style, card) == (folder, base)
    assert card.settings["phrases"] == [WORDS] and card.licence == base.licence
    assert any(base.name in source and base.licence in source for source in card.sources)


def test_its_base_is_not_loaded_again_and_stays_what_it_is(style: Path) -> None:
    base = load_engine(default_model())
    request = Generate(WORDS, seconds=1.0, seed=3)
    before = last_result(request.answer(base)).motions[0].joints
    styled = load_engine(str(style))
    assert styled.name == style.name and styled.tasks == base.tasks
    for shared in ("_words",):
        assert getattr(styled._decoder, shared) is getattr(base._decoder, shared)
    assert styled._poses._motion is base._poses._motion and styled._picker._session is base._picker._session
    assert styled._decoder.step is not base._decoder.step
    other = last_result(request.answer(styled)).motions[0].joints
    assert not np.array_equal(before, other)
    assert np.array_equal(before, last_result(request.answer(base)).motions[0].joints)
    assert last_result(Describe().answer(styled, [prisoner(5)])).texts[0]


def test_the_base_itself_answers_to_what_is_nearer_to_its_own_phrases(style: Path) -> None:
    """One by one and in a batch with the style's own words: the same motion to the bit."""
    base, styled = load_engine(default_model()), load_engine(str(style))
    asked = [Generate(text, seconds=1.0, seed=3) for text in (WORDS, "a person walks forward", "waves")]
    before = [last_result(one.answer(base)).motions[0].joints for one in asked]
    made = [last_result(one.answer(styled)).motions[0] for one in asked]
    after = [one.joints for one in made]
    assert [np.array_equal(*both) for both in zip(before, after, strict=True)] == [False, True, True]
    assert [one.meta.get(MADE_BY) for one in made] == [None, base.name, base.name]
    batch = {n: event.motions[0].joints for n, event in styled.answer_batch(asked) if isinstance(event, Result)}
    assert all(np.array_equal(batch[n], joints) for n, joints in enumerate(after))


def test_the_shell_says_where_the_style_does_not_know_the_text(
    style: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for text, passed in ((WORDS, False), ("waves", True)):
        command = ["generate", text, "--seconds", "1", "--model", str(style), "-o", str(tmp_path / f"{passed}.npz")]
        assert main(command) == 0
        said = f'The style "{style.name}" does not know "waves"; made by the model {default_model()}.'
        assert (said in capsys.readouterr().out) == passed
    styled = load_engine(str(style))
    shot = last_result(Shot((Block(WORDS, 1.0), Block("waves", 1.0))).answer(styled)).motions[0]
    assert passed_on(shot.meta) == (said,)
    longer = last_result(Continue(1.0, "waves").answer(styled, [shot])).motions[0]
    assert passed_on(longer.meta) == (said,)
    assert MADE_BY not in last_result(Continue(1.0).answer(styled, [shot])).motions[0].meta


def test_an_adapter_adds_what_peft_adds(style: Path) -> None:
    settings = StyleTraining()
    network, _ = adapted(_base().network(), settings)
    from safetensors.torch import load_file

    held = {
        k.removeprefix("base_model.model.").replace(".weight", ".default.weight"): v.float()
        for k, v in load_file(style / "adapter" / "adapter_model.safetensors").items()
    }
    network.load_state_dict(held, strict=False)
    changes = read_adapter(style)
    layers = {n: m for n, m in network.named_modules() if hasattr(m, "get_delta_weight")}
    assert set(changes) == {f"{name}.weight" for name in layers}
    for name, layer in layers.items():
        assert np.allclose(layer.get_delta_weight("default").detach().numpy(), changes[f"{name}.weight"], atol=1e-5)


def test_a_killed_training_resumes_and_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from motiongpt.backend.training import loop

    whole = make_style(_shown(), _base(), tmp_path / "a" / "mine", FEW)[0]
    save, steps = loop._save, []

    def dying(*args: object, **more: object) -> None:
        save(*args, **more)
        steps.append(1)
        if len(steps) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(loop, "_save", dying)
    monkeypatch.setattr("motiongpt.backend.training.style.train._SAVED", -1.0)
    with pytest.raises(KeyboardInterrupt):
        make_style(_shown(), _base(), tmp_path / "b" / "mine", FEW)
    assert not (tmp_path / "b" / "mine" / "model.json").exists()
    monkeypatch.setattr(loop, "_save", save)
    again = make_style(_shown(), _base(), tmp_path / "b" / "mine", FEW)[0]
    assert again.files == whole.files
    with pytest.raises(MotionGPTError, match="another data set"):
        make_style(_shown(1), _base(), tmp_path / "b" / "mine", FEW)


def test_before_the_first_step_nothing_has_changed() -> None:
    base = _base()
    sequences = list(rehearse(base, ["a person walks forward", "waves"], 0))
    assert len(sequences) == 2 and sequences[0].phases[0].shape[1] == base.levels
    lesson = Lesson(sequences, wordings_of([s.clip for s in sequences], base, 0, 1))
    network, _ = adapted(base.network(), FEW)
    assert measure(base.network(), network, lesson, lesson, FEW)["change"] < 1e-4
    for name, weights in network.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weights, std=0.05)
    assert measure(base.network(), network, lesson, lesson, FEW)["change"] > 0.01


def test_what_is_rehearsed_is_near_and_far_but_never_the_style_itself() -> None:
    texts = other_texts(_base(), [WORDS], 12, 0)
    assert 6 <= len(set(texts)) == len(texts) <= 12
    assert WORDS not in texts
    assert texts == other_texts(_base(), [WORDS], 12, 0)


def test_clips_are_learned_mirrored_with_their_sides_exchanged() -> None:
    dataset, skipped = as_dataset(
        [Shown("a", prisoner(0), ("raises the left hand",)), Shown("b", prisoner(1).slice(0, 9), ("x",))]
    )
    assert [c.captions for c in dataset.clips] == [["raises the left hand"], ["raises the right hand"]]
    assert len(skipped) == 1 and skipped[0].startswith("b is too short")
    sequences = sequences_of(_base().encoder(), dataset)
    assert sequences[0].phases[0].shape == sequences[0].poses[0].shape


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ([Shown("a", prisoner(0), ())], "Nothing says what a shows"),
        ([Shown("a", prisoner(0).slice(0, 9), ("walks",))], "There is no clip to learn from"),
    ],
)
def test_clips_that_teach_nothing_are_refused(shown: list[Shown], said: str) -> None:
    with pytest.raises(MotionGPTError, match=said):
        as_dataset(shown)


def _said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["train", "style", *arguments, "--json"]) != 0
    error = json.loads(capsys.readouterr().out.splitlines()[-1])["error"]
    assert "Traceback" not in error["message"] and error["cure"]
    return str(error["message"])


def test_bad_input_is_named_in_a_sentence(tmp_path: Path, style: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clips, out = str(write_clips(tmp_path / "clips", 1, "")), str(tmp_path / "out")
    assert "Nothing says what" in _said(capsys, clips, "-o", out)
    assert "There is no" in _said(capsys, str(tmp_path / "none"), "-o", out, "--words", "x")
    (tmp_path / "empty").mkdir()
    assert "There is no motion in" in _said(capsys, str(tmp_path / "empty"), "-o", out, "--words", "x")
    assert "Say where the style goes" in _said(capsys, clips, "--words", "x")
    assert "takes no styles" in _said(capsys, clips, "-o", out, "--words", "x", "--model", str(style))
    assert "rank can't be 0" in _said(capsys, clips, "-o", out, "--words", "x", "--set", "rank=0")
    (tmp_path / "model").mkdir()
    shutil.copy(find_model(default_model())[0] / "model.json", tmp_path / "model")
    assert "is no style, so it is not replaced" in _said(capsys, clips, "-o", str(tmp_path / "model"), "--words", "x")
    (tmp_path / "clips" / "broken.bvh").write_text("HIERARCHY\n")
    assert not Path(out).exists() or not (Path(out) / "model.json").exists()


def test_a_style_says_when_its_base_is_gone_or_another(style: Path, tmp_path: Path) -> None:
    card = json.loads((style / "model.json").read_text())
    copy = tmp_path / "mine"
    shutil.copytree(style, copy)
    card["settings"]["base"] = "gone"
    (copy / "model.json").write_text(json.dumps(card))
    with pytest.raises(MotionGPTError, match="needs the model gone, which is not installed"):
        load_engine(str(copy))
    card = json.loads((style / "model.json").read_text())
    name = next(iter(card["shared"][card["settings"]["base"]]))
    card["shared"][card["settings"]["base"]][name] = "0" * 64
    (copy / "model.json").write_text(json.dumps(card))
    with pytest.raises(MotionGPTError, match="was trained on another version of"):
        load_engine(str(copy))
    (copy / "model.json").write_text((style / "model.json").read_text())
    (copy / "adapter" / "adapter_model.safetensors").write_bytes(b"no")
    with pytest.raises(MotionGPTError, match="damaged file"):
        load_engine(str(copy))
    assert all_files(read_card(style))


@pytest.mark.slow
def test_the_commands_of_the_manual_run(clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    text = page.split("## A style of your own")[1].split("\n## ")[0]
    lines = [shlex.split(line)[1:] for line in text.splitlines() if line.startswith("    motiongpt ")]
    assert {words[0] for words in lines} == {"train", "generate"} and len(lines) == 4
    for words in lines:
        small = FEW_OPTIONS if words[0] == "train" else ()
        assert main([str(clips) if word == "clips/" else word for word in words] + [*small]) == 0, words
    assert (tmp_path / "walk.bvh").is_file()
    assert read_card(tmp_path / "styles" / "prisoner").settings["phrases"][1:] == [
        "walks like a prisoner", "hands behind the head, walking",
    ]  # fmt: skip


def test_what_motion_tokens_cannot_show_is_said() -> None:
    dataset, _ = as_dataset(_shown(1))
    (metres,) = lost(_base().codec(), dataset).values()
    assert 0.0 < metres < 1.0
    assert make._said_of({"a": 0.01}) == []
    (line,) = make._said_of({"a": 0.01, "b": 0.4})
    assert line.startswith("The model can't show b as they are") and "40 cm" in line
