"""The text-motion matching model: its network, its training, its graphs."""

import random

import numpy as np
import pytest
from support.motions import gliding

from motiongpt.backend.dataset.meaning import ACTION_NAMES, STYLE_NAMES
from motiongpt.backend.evaluation.judge import Judge
from motiongpt.backend.features import motion_to_features

torch = pytest.importorskip("torch")

from motiongpt.backend.dataset.captions import describe
from motiongpt.backend.dataset.clips import Clip, Dataset
from motiongpt.backend.training.matching import export
from motiongpt.backend.training.matching.data import Batches, MatchingTraining, examples_of, held_out
from motiongpt.backend.training.matching.export import export_judge, export_picker, right_where_set_apart
from motiongpt.backend.training.matching.net import MatchingConfig, MatchingModel
from motiongpt.backend.training.matching.train import _in_chunks, matching_losses

SMALL = MatchingConfig(width=16, space=8, dropout=0.0)


@pytest.fixture
def model() -> MatchingModel:
    torch.manual_seed(0)
    return MatchingModel(SMALL, len(ACTION_NAMES), len(STYLE_NAMES)).eval()


def test_padding_changes_nothing(model) -> None:
    """A motion gets the same vector alone as beside longer ones, for every remainder of its length by four."""
    torch.manual_seed(1)
    rows = [torch.randn(n, 263) for n in (20, 21, 22, 23, 64)]
    padded = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=7.0)
    together = model(padded, torch.tensor([len(r) for r in rows]))
    chunks = _in_chunks(model, padded, torch.tensor([len(r) for r in rows]))
    for i, row in enumerate(rows):
        alone = model(row[None], torch.tensor([len(row)]))
        for a, b, c in zip(alone, together, chunks, strict=True):
            assert torch.allclose(a[0], b[i], atol=1e-5)
            assert torch.allclose(a[0], c[i], atol=1e-5)


def test_padding_of_words_changes_nothing(model) -> None:
    states = torch.randn(2, 9, 384)
    mask = torch.ones(2, 9)
    mask[0, 5:] = 0
    assert torch.allclose(model.text(states, mask)[0], model.text(states[:1, :5], mask[:1, :5])[0], atol=1e-5)


class ReadWords:
    """Captions whose states say which words are in them, so that no pretrained encoder is needed."""

    def __init__(self, texts: dict[str, int]) -> None:
        self.texts = list(texts)

    def gather(self, places):
        out = torch.zeros(len(places), 1, 384)
        for row, place in enumerate(places):
            for word in self.texts[place].rstrip(".").split():
                out[row, 0, sum(word.encode()) % 384] = 1.0
        return out, torch.ones(len(places), 1)


def small_dataset() -> Dataset:
    """Walks ahead, walks back, and raised left hands, sad ones slow."""
    clips, rows, start = [], [], 0
    for i in range(30):
        content, style = ("walk", "walk-back", "raise-up-left-hand")[i % 3], ("sad", "active")[i // 3 % 2]
        speed = (0.4 if style == "sad" else 1.2) * {"walk": 1, "walk-back": -1}.get(content, 0)
        lifted = {"left_shoulder": (0.0, 0.0, 1.3)} if content.startswith("raise") else {}
        features = motion_to_features(gliding(50 + i, speed, **lifted)).astype(np.float32)
        name = next(n for n in (f"{i}/{k}" for k in range(99)) if Clip(n, 0, 1).split == "train")
        clips.append(Clip(name, start, len(features), [], {"content": content, "style": style}))
        rows.append(features)
        start += len(features)
    return Dataset(np.concatenate(rows), clips)


def test_training_brings_words_and_motion_together() -> None:
    dataset, texts, training = small_dataset(), {}, MatchingTraining(batch=12)
    examples = examples_of(dataset, dataset.clips, texts, random.Random(0))
    assert len(examples) == 30
    batches = Batches(dataset, examples, texts, ReadWords(texts), training)
    torch.manual_seed(0)
    net = MatchingModel(SMALL, len(ACTION_NAMES), len(STYLE_NAMES))
    generator = torch.Generator().manual_seed(0)
    optimizer = torch.optim.AdamW(net.parameters(), lr=5e-3)
    history = []
    for _ in range(60):
        losses = matching_losses(net, batches.draw(generator), training)
        optimizer.zero_grad()
        losses["loss"].backward()
        optimizer.step()
        history.append({k: float(v.detach()) for k, v in losses.items()})
    first, last = history[0], history[-1]
    assert last["action"] < 0.5 * first["action"]
    assert last["match"] < 0.7 * first["match"]


def test_what_may_describe_each_other_is_no_mistake() -> None:
    """Of the same action: a caption without a style fits every style, one with a style only its own."""
    dataset, texts = small_dataset(), {}
    examples = examples_of(dataset, dataset.clips[:4], texts, random.Random(0))  # walk, walk-back, raise, walk
    batches = Batches(dataset, examples, texts, ReadWords(texts), MatchingTraining())
    assert {e.meaning.style for e in examples} == {"sad", "active"}
    plain = next(i for i in examples[0].captions if not batches.styles[i])
    styled = next(i for i in examples[0].captions if batches.styles[i] == "sad")
    others = [e.captions[0] for e in examples[1:]]
    assert batches._same(examples, [plain, *others])[0].tolist() == [True, False, False, True]
    assert batches._same(examples, [styled, *others])[0].tolist() == [True, False, False, False]


def test_clips_without_styles_have_no_loss_of_style() -> None:
    dataset, texts = small_dataset(), {}
    examples = examples_of(dataset, dataset.clips[:4], texts, random.Random(0))
    training = MatchingTraining(batch=4)
    batch = Batches(dataset, examples, list(texts), ReadWords(texts), training).draw(torch.Generator().manual_seed(0))
    net = MatchingModel(MatchingConfig(width=16, space=8), len(ACTION_NAMES), len(STYLE_NAMES))
    losses = matching_losses(net, batch | {"style": torch.full_like(batch["style"], -1)}, training)
    assert losses["style"] == 0.0
    assert torch.isfinite(losses["loss"])


def test_siblings_show_what_the_rest_of_the_batch_shows() -> None:
    """A rare action drawn once comes back in the other half of its batch."""
    dataset, texts = small_dataset(), {}
    examples = examples_of(dataset, dataset.clips, texts, random.Random(0))
    training = MatchingTraining(batch=12, siblings=0.5)
    batches = Batches(dataset, examples, list(texts), ReadWords(texts), training)
    for seed in range(5):
        actions = batches.draw(torch.Generator().manual_seed(seed))["action"]
        assert len(actions) == 12
        assert torch.equal(actions[:6], actions[6:])


def test_cuts_hold_the_core() -> None:
    dataset, texts = small_dataset(), {}
    example = next(
        e for e in examples_of(dataset, dataset.clips, texts, random.Random(0)) if e.meaning.action.startswith("raise")
    )
    batches = Batches(dataset, [example], texts, ReadWords(texts), MatchingTraining(whole=0.0))
    numbers = np.random.default_rng(0)
    for core in ((10, 30), (0, 0), (0, example.clip.frames)):
        held = type(example)(example.clip, example.meaning, example.little, core, example.captions)
        for _ in range(100):
            first, last = batches.cut(held, numbers)
            assert 0 <= first < last <= example.clip.frames
            assert not core[1] or (first <= core[0] and last >= core[1])


def test_held_out_clips_are_no_test_clips() -> None:
    names = [f"clip {i}" for i in range(2000)]
    held = [n for n in names if held_out(Clip(n, 0, 1))]
    assert 60 < len(held) < 140
    assert all(Clip(n, 0, 1).split == "train" for n in held)


@pytest.mark.slow
def test_graphs_say_what_the_network_says(model, tmp_path) -> None:
    import onnxruntime

    export_judge(model, tmp_path, {"licence": "CC0-1.0", "action_temperature": 2.0})
    export_picker(model, tmp_path / "matching.onnx")
    judge = Judge(tmp_path)
    torch.manual_seed(2)
    rows, states = torch.randn(37, 263), torch.randn(6, 384)
    with torch.no_grad():
        vector, actions, _ = model(rows[None], torch.tensor([37]))
        words = model.text(states[None], torch.ones(1, 6))
    verdict = judge.features(rows.numpy())
    assert np.allclose(verdict.vector, vector[0], atol=2e-3)
    assert np.allclose(verdict.actions, (actions[0] / 2.0).softmax(0), atol=2e-3)
    assert np.allclose(judge.text(states.numpy()), words[0], atol=2e-3)
    picker = onnxruntime.InferenceSession(str(tmp_path / "matching.onnx"), providers=["CPUExecutionProvider"])
    three = torch.stack([rows, rows * 0.5, rows])
    inputs = {
        "states": states[None].numpy(),
        "mask": np.ones((1, 6), np.float32),
        "features": three.numpy(),
        "frames": np.array([37, 37, 30]),
    }
    scores = picker.run(None, inputs)[0]
    assert scores.shape == (3,)
    assert scores[0] == pytest.approx(float((vector * words).sum()), abs=2e-3)
    assert scores[2] != pytest.approx(scores[0], abs=1e-4)


def test_describe_is_what_the_captions_hold() -> None:
    dataset, texts = small_dataset(), {}
    examples_of(dataset, dataset.clips[:1], texts, random.Random(5))
    assert describe("walk", "sad", False, False, random.Random(5)) in texts


def test_what_is_set_apart_is_counted_by_itself(model, monkeypatch) -> None:
    """Gestures and turns in the styles that are named; every action right here, every other style."""
    dataset = small_dataset()
    apart = [c for c in dataset.clips if c.tags == {"content": "raise-up-left-hand", "style": "sad"}]

    def judged(_, rows):
        assert len(rows) == len(apart)
        actions, styles = torch.zeros(len(rows), len(ACTION_NAMES)), torch.zeros(len(rows), len(STYLE_NAMES))
        actions[:, ACTION_NAMES.index("raise-up-left-hand")] = 1.0
        styles[::2, STYLE_NAMES.index("sad")] = 1.0
        styles[1::2, STYLE_NAMES.index("active")] = 1.0
        return None, actions, styles

    monkeypatch.setattr(export, "judge_motions", judged)
    found = right_where_set_apart(model, dataset, "sad happy")
    half = (len(apart) + 1) // 2 / len(apart)
    shares = {"apart_action_right": 1.0, "apart_style_right": half, "apart_both_right": half}
    assert found == pytest.approx({"apart_clips": len(apart), **shares})
    assert right_where_set_apart(model, dataset, "") == {}
