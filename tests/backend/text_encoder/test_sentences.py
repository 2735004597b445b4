"""Sentences are encoded once: the same in batches as alone, and cached in a file while the texts stay the same."""

import pytest

torch = pytest.importorskip("torch")

from motiongpt.backend.text_encoder import sentences
from motiongpt.backend.text_encoder.net import PretrainedEncoder
from motiongpt.backend.text_encoder.sentences import cached_sentences, read_sentences

TEXTS = ["someone walks", "a person jumps over a box", "someone", "nobody sits down and waits here"] * 40


class Encoded:
    def __init__(self, ids: list[int], length: int) -> None:
        self.ids = ids + [0] * (length - len(ids))
        self.attention_mask = [1] * len(ids) + [0] * (length - len(ids))


class Words:
    """A tokenizer in which a word's id is its length."""

    def encode_batch(self, texts: list[str]) -> list[Encoded]:
        ids = [[len(word) for word in text.split()] for text in texts]
        return [Encoded(one, max(map(len, ids))) for one in ids]


@pytest.fixture
def encoder(monkeypatch) -> PretrainedEncoder:
    """A small untrained one, in place of the published one; how often it is loaded is counted in `loaded`."""
    torch.manual_seed(0)
    encoder = PretrainedEncoder(layers=1, width=8, heads=2, feed_forward=8).eval()
    encoder.loaded = 0

    def load() -> PretrainedEncoder:
        encoder.loaded += 1
        return encoder

    monkeypatch.setattr(sentences, "load_words", load)
    monkeypatch.setattr(sentences, "load_text_tokenizer", Words)
    return encoder


def test_a_sentence_is_read_alike_in_a_batch_and_alone(encoder) -> None:
    read = read_sentences(TEXTS, Words(), encoder)
    states, mask = read.gather([1, 2, 157])
    assert mask.sum(1).tolist() == [6, 1, 6]
    for place, row in zip((1, 2, 157), states, strict=True):
        alone, _ = read_sentences([TEXTS[place]], Words(), encoder).gather([0])
        assert torch.allclose(row[: len(alone[0])], alone[0], atol=2e-3)
        assert not row[len(alone[0]) :].any()


def test_cached_sentences_are_read_once_and_again_for_other_texts(encoder, tmp_path) -> None:
    path = tmp_path / "captions.pt"
    first = cached_sentences(TEXTS, path)
    again = cached_sentences(TEXTS, path)
    assert encoder.loaded == 1
    assert torch.equal(first.states, again.states)
    assert first.starts == again.starts
    assert len(cached_sentences(TEXTS[:3], path).starts) == 4
    assert encoder.loaded == 2


def test_a_file_of_another_layout_is_replaced(encoder, tmp_path) -> None:
    """Each caption's states in a tensor of its own."""
    path = tmp_path / "captions.pt"
    torch.save({"texts": TEXTS[:2], "states": [torch.ones(2, 8), torch.ones(6, 8)]}, path)
    assert cached_sentences(TEXTS[:2], path).states.shape == (8, 8)
    assert list(torch.load(path, weights_only=True)) == ["texts", "states", "starts"]
