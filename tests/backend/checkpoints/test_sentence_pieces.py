"""The reader of SentencePiece models, against the package that defines them."""

import random
from pathlib import Path

import pytest

from motiongpt.backend.checkpoints.sentence_pieces import SentencePieces
from motiongpt.retarget.errors import MotionGPTError

LETTERS = [*"abcdefghijklmnopqrstuvwxyz     ,.'\"0123456789ÄéßﬁⅣ日本語\n\t!?-…ＡＢ½😀\u200b\u00a0", "e\u0301"]


@pytest.mark.parametrize("name", ["tiny-t5/spiece.model", "llama_tokenizer.model"])
def test_any_text_gives_the_same_ids(shared_dir: Path, name: str) -> None:
    package = pytest.importorskip("sentencepiece", reason="sentencepiece is not installed")
    path = shared_dir / "golden" / "upstream" / name
    theirs, ours = package.SentencePieceProcessor(str(path)), SentencePieces(path)
    draw = random.Random(0)
    for _ in range(500):
        text = "".join(draw.choices(LETTERS, k=draw.randrange(60)))
        assert ours.encode(text) == theirs.encode(text), text


@pytest.mark.parametrize("name", ["tiny-t5/spiece.model", "llama_tokenizer.model"])
def test_text_comes_back(shared_dir: Path, name: str) -> None:
    pieces = SentencePieces(shared_dir / "golden" / "upstream" / name)
    for text in ("a person walks forward and waves.", "someone jumps, then bows"):
        assert pieces.decode(pieces.encode(text)) == text


@pytest.mark.parametrize("data", [b"", b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", b"text" * 50, bytes(100)])
def test_other_files_are_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.model").write_bytes(data)
    with pytest.raises(MotionGPTError):
        SentencePieces(tmp_path / "x.model")
    with pytest.raises(MotionGPTError):
        SentencePieces(tmp_path / "missing.model")
