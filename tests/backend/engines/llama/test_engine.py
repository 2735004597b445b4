"""LLaMA without the grammar."""

from pathlib import Path
from typing import Any

import pytest
from support.answers import finish

from motiongpt.backend.engines import load_engine
from motiongpt.backend.engines.llama.engine import LlamaEngine
from motiongpt.backend.tasks import Generate
from motiongpt.retarget.errors import MotionGPTError


def test_without_the_grammar_the_model_is_asked_again(folders: dict[str, Path], monkeypatch: Any) -> None:
    engine = load_engine(str(folders["llama"]), "cpu")
    assert isinstance(engine, LlamaEngine)
    engine._grammar = False
    asked = []

    def answers(*arguments: Any) -> Any:
        asked.append(1)
        yield (["no motion"] if len(asked) < 3 else ["5,6,7 and more"]), [True]

    monkeypatch.setattr(engine, "_free_texts", answers)
    result = finish(engine.generate(Generate("a person walks.", None)))
    assert result.motions[0].meta["tokens"] == [5, 6, 7] and len(asked) == 3
    monkeypatch.setattr(engine, "_free_texts", lambda *arguments: iter([(["no"], [True])]))
    with pytest.raises(MotionGPTError) as caught:
        finish(engine.generate(Generate("a person walks.", None)))
    assert caught.value.kind == "malformed"
