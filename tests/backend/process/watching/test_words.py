"""What a server's figures say."""

from motiongpt.backend.process.watching.figures import Figures, ModelFigures, Times
from motiongpt.backend.process.watching.words import lines_of


def test_words_say_only_what_there_is() -> None:
    assert len(lines_of(Figures(), 0)) == 2
    assert lines_of(Figures(), 0, precision="8 bits")[0] == "computes in 8 bits"
    lines = lines_of(Figures(uptime=7300, answered=3, failed=1, errors={"busy": 2}, took=Times(0.1, 0.2, 0.3, 0.4)), 5)
    assert "2.0 hours" in lines[0] and "5 waiting" in lines[1] and "1 failed" in lines[2] and "busy 2" in lines[-1]


def test_every_model_has_a_line_where_there_are_several() -> None:
    models = {"open": ModelFigures(2, 1, Times(3.0, 4.0, 4.0, 4.0)), "t5": ModelFigures(1, 0)}
    said = "\n".join(lines_of(Figures(models=models), 0))
    assert "open: 2 requests answered, 1 failed; answer after 3.00 s" in said and "t5: 1 requests answered" in said
    assert "open" not in "\n".join(lines_of(Figures(models={"open": models["open"]}), 0))


def test_every_sentence_goes_through_the_translation() -> None:
    figures = Figures(2.0, 1_000_000, 1, 1, errors={"busy": 1}, models={"a": ModelFigures(1), "b": ModelFigures(1)})
    assert all(
        line.startswith("<") for line in lines_of(figures, 0, lambda said, **values: f"<{said}>".format(**values))
    )
