"""BLEU, ROUGE-L and CIDEr, worked out by hand."""

import math

import pytest

from motiongpt.backend.evaluation.measures import captions


def test_bleu_by_hand() -> None:
    same = ["the cat sat on the mat"]
    assert captions.bleu(same, [same]) == pytest.approx(1.0)
    # Papineni's clipping: "the" seven times against two of them.
    assert captions.bleu(["the the the the the the the"], [["the cat is on the mat"]], n=1) == pytest.approx(2 / 7)
    # 5 of 6 words; 3 of 5 pairs; the reference has 7 words: penalty exp(1 - 7/6).
    found = captions.bleu(["the cat sat on a mat"], [["the cat sat on the red mat"]], n=2)
    assert found == pytest.approx(math.sqrt(5 / 6 * 3 / 5) * math.exp(1 - 7 / 6))
    assert captions.bleu(["no word shared"], [["the cat sat"]]) == 0.0


def test_rouge_l_by_hand() -> None:
    assert captions.rouge_l(["a person walks"], [["a person walks"]]) == pytest.approx(1.0)
    # "police killer": Lin 2004's "police kill the gunman" against "police killed the gunman": 3 of 4 both ways.
    assert captions.rouge_l(["police kill the gunman"], [["police killed the gunman"]]) == pytest.approx(0.75)
    # Order counts: "the gunman kill police" shares "the gunman" only.
    assert captions.rouge_l(["the gunman kill police"], [["police killed the gunman"]]) == pytest.approx(0.5)
    # P = 2/2, R = 2/4, β = 1.2.
    want = (1 + 1.44) * 1.0 * 0.5 / (0.5 + 1.44 * 1.0)
    assert captions.rouge_l(["a walks"], [["a person walks slowly"]]) == pytest.approx(want)


def test_cider_by_hand() -> None:
    texts = ["a b", "c d"]
    assert captions.cider(texts, [["a b"], ["c d"]], n=2) == pytest.approx(10.0)
    assert captions.cider(texts, [["c d"], ["a b"]], n=2) == 0.0
    # "a x" against "a b": every gram in one clip's references has IDF ln 2, an unknown one ln 2 as well (frequency 1):
    # cosine of (1, 1, 0) and (1, 0, 1) is 1/2 for words, 0 for pairs; the other clip is perfect.
    assert captions.cider(["a x", "c d"], [["a b"], ["c d"]], n=2) == pytest.approx(
        10 * ((0.5 + 1) / 2 + (0 + 1) / 2) / 2
    )
    # A word that all references share counts nothing.
    assert captions.cider(["w", "w"], [["w"], ["w"]], n=1) == 0.0
