"""LLaMA's answers: the grammar, and malformed answers."""

import pytest

from motiongpt.backend.engines.llama.text import Grammar, parse_answer


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
