"""Wordings of captions: what is drawn for a clip, what answers a question, the file that keeps them."""

import random

import pytest

torch = pytest.importorskip("torch")

from motiongpt.backend.dataset.clips import Clip
from motiongpt.backend.engines.starter.vocabulary import FIRST_WORD
from motiongpt.backend.text_encoder.sentences import load_text_tokenizer, load_words
from motiongpt.backend.training.language.wordings import UNKNOWN, Wordings, caption_tokens, key_of, make_wordings


def test_a_caption_is_said_in_many_ways_and_answered_as_it_stands() -> None:
    nod = Clip("nod.bvh", 0, 40, ["a person nods twice"])
    bow = Clip("dataset-1_bow_old_001.bvh", 0, 40, tags={"content": "bow", "style": "old"})
    tokenizer = load_text_tokenizer()
    wordings = make_wordings([(nod, False), (nod, False), (bow, False)], 24, tokenizer, load_words("untrained"))
    rng, key = random.Random(0), key_of(nod, False)
    assert len(set(wordings.of[key])) > 2
    assert set(wordings.of[UNKNOWN]).isdisjoint(wordings.of[key])

    def written(of: str) -> set[str]:
        drawn = (caption_tokens(wordings, wordings.answer(of, rng)) for _ in range(40))
        return {tokenizer.decode([wordings.vocabulary[t - FIRST_WORD] for t in tokens]) for tokens in drawn}

    assert written(key) == {"a person nods twice"}
    assert all(len(answer.split()) > 2 for answer in written(key_of(bow, False)))


def test_wordings_keep_their_file(tmp_path) -> None:
    held = {
        "states": torch.ones(3, 8).half(),
        "starts": [0, 1, 3],
        "plain": [[], [0]],
        "vocabulary": [7],
        "of": {"?": [0]},
        "answers": {"clip": [1]},
    }
    torch.save(held, tmp_path / "wordings.pt")
    wordings = Wordings.load(tmp_path / "wordings.pt")
    wordings.save(tmp_path / "again.pt")
    again = torch.load(tmp_path / "again.pt", weights_only=True)
    assert torch.equal(again.pop("states"), held.pop("states"))
    assert again == held
