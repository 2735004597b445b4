"""SentencePiece models (Kudo and Richardson 2018) without the package: Unigram (T5) and BPE with byte fallback (LLaMA).

`tokenizer.model` and `spiece.model` are protocol buffers, of which only a few fields matter: the pieces with score and
type (field 1), the trainer's model type (2), the normaliser's table and flags (3). The normaliser's table is a
double-array trie of replacements in Darts-clone's layout; the longest match is replaced.
"""

import math
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ...retarget.errors import MotionGPTError

SPACE = "▁"
"""Stands for a space inside a piece."""
_NORMAL, _UNKNOWN, _CONTROL, _USER, _UNUSED, _BYTE = 1, 2, 3, 4, 5, 6
_UNIGRAM, _BPE = 1, 2
_UNKNOWN_PENALTY = 10.0
MAX_FILE = 64 * 1024 * 1024
MAX_PIECES = 2_000_000


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(field number, value) of every field of a protocol buffer; fixed-width values as bytes."""
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        wire = key & 7
        if wire == 0:
            value, position = _varint(data, position)
            yield key >> 3, value
            continue
        if wire == 2:
            length, position = _varint(data, position)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if position + length > len(data):
            raise ValueError("truncated")
        yield key >> 3, data[position : position + length]
        position += length


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position += 1
        if byte < 0x80:
            return value, position
        shift += 7
        if shift > 63:
            raise ValueError("an overlong number")


class _Charsmap:
    """The normaliser's table: a Darts-clone double array, then the replacements, each ending in a zero byte."""

    def __init__(self, blob: bytes) -> None:
        size = struct.unpack_from("<I", blob)[0]
        if size < 4:
            raise ValueError("an empty table of replacements")
        self._units = struct.unpack_from(f"<{size // 4}I", blob, 4)
        self._texts = blob[4 + size :]

    def longest(self, data: bytes, start: int) -> tuple[int, bytes] | None:
        """(length of the longest known prefix of data[start:], its replacement)."""
        units, found = self._units, None
        node = self._offset(units[0])
        for i in range(start, len(data)):
            node ^= data[i]
            unit = units[node] if node < len(units) else 0
            if unit & 0x800000FF != data[i]:
                break
            node ^= self._offset(unit)
            if unit >> 8 & 1 and node < len(units):
                found = i + 1 - start, units[node] & 0x7FFFFFFF
        if found is None:
            return None
        length, start = found
        return length, self._texts[start:].partition(b"\0")[0]

    @staticmethod
    def _offset(unit: int) -> int:
        return unit >> 10 << ((unit & 0x200) >> 6)


@dataclass(frozen=True)
class _Model:
    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    types: tuple[int, ...]
    kind: int
    charsmap: _Charsmap | None
    dummy_prefix: bool
    collapse_spaces: bool


def _parse(data: bytes) -> _Model:
    pieces: list[tuple[str, float, int]] = []
    kind, table, dummy_prefix, collapse = _UNIGRAM, b"", True, True
    for number, value in _fields(data):
        if number > 3 or not isinstance(value, bytes):
            continue
        fields = list(_fields(value))
        if number == 1:
            pieces.append(_parse_piece(fields))
            if len(pieces) > MAX_PIECES:
                raise ValueError(f"more than {MAX_PIECES} pieces")
        elif number == 2:
            kind = next((v for n, v in fields if n == 3 and isinstance(v, int)), _UNIGRAM)
        elif number == 3:
            for part, content in fields:
                if part == 2 and isinstance(content, bytes):
                    table = content
                elif part == 3:
                    dummy_prefix = bool(content)
                elif part == 4:
                    collapse = bool(content)
    if not pieces or kind not in (_UNIGRAM, _BPE):
        raise ValueError("it holds no pieces, or is neither Unigram nor BPE")
    texts, scores, types = zip(*pieces, strict=True)
    return _Model(texts, scores, types, kind, _Charsmap(table) if table else None, dummy_prefix, collapse)


def _parse_piece(fields: list[tuple[int, int | bytes]]) -> tuple[str, float, int]:
    """(text, score, type) of a piece."""
    text, score, kind = "", 0.0, _NORMAL
    for number, value in fields:
        if number == 1 and isinstance(value, bytes):
            text = value.decode()
        elif number == 2 and isinstance(value, bytes):
            score = struct.unpack("<f", value)[0]
            if not math.isfinite(score):
                raise ValueError("a score that is not finite")
        elif number == 3 and isinstance(value, int):
            kind = value
    return text, score, kind


def _byte_pieces(model: _Model) -> dict[int, int]:
    """Byte -> its piece, written as <0x41>. Raises ValueError unless there are all 256, or none."""
    found = {int(p[1:-1], 16): i for i, p in enumerate(model.pieces) if model.types[i] == _BYTE}
    if found and found.keys() != set(range(256)):
        raise ValueError("some of its byte pieces are missing")
    return found


class SentencePieces:
    """Encodes text to ids and decodes ids to text, as the `sentencepiece` package does."""

    def __init__(self, path: Path) -> None:
        """Raises MotionGPTError for a file that is not a SentencePiece model."""
        try:
            if path.stat().st_size > MAX_FILE:
                raise ValueError("too large")
            self._model = _parse(path.read_bytes())
            self._bytes = _byte_pieces(self._model)
        except FileNotFoundError:
            raise MotionGPTError(f"There is no file {path}.", "Check the path.") from None
        except (ValueError, IndexError, struct.error, OSError, MemoryError) as error:
            raise MotionGPTError(
                f"{path} is not a SentencePiece model ({error}).", "Give the tokenizer file that came with the weights."
            ) from error
        model = self._model
        self.unknown = model.types.index(_UNKNOWN) if _UNKNOWN in model.types else 0
        self._ids = {
            p: i for i, (p, t) in enumerate(zip(model.pieces, model.types, strict=True)) if t in (_NORMAL, _USER)
        }
        self._byte_of = {i: b for b, i in self._bytes.items()}
        self._longest = max(map(len, self._ids), default=1)
        self._unknown_score = min(model.scores[i] for i in self._ids.values()) - _UNKNOWN_PENALTY if self._ids else 0.0

    def __len__(self) -> int:
        return len(self._model.pieces)

    def piece(self, identifier: int) -> str:
        """The piece with an id, spaces written as `SPACE`."""
        return self._model.pieces[identifier]

    def is_text(self, identifier: int) -> bool:
        """Whether an id stands for text: neither a control id nor the unknown id."""
        return self._model.types[identifier] in (_NORMAL, _USER, _BYTE)

    def normalize(self, text: str) -> str:
        """Text with the normaliser's replacements made; spaces are left as they are."""
        charsmap = self._model.charsmap
        if charsmap is None:
            return text
        data, start, out = text.encode("utf-8", "replace"), 0, bytearray()
        while start < len(data):
            width, replacement = charsmap.longest(data, start) or (_utf8_width(data[start]), None)
            out += data[start : start + width] if replacement is None else replacement
            start += width
        return out.decode("utf-8", "replace")

    def encode(self, text: str) -> list[int]:
        """Ids of a whole text, without begin and end ids."""
        text = self.normalize(text)
        if self._model.collapse_spaces:
            text = re.sub(" +", " ", text).strip(" ")
        if not text:
            return []
        if self._model.dummy_prefix:
            text = " " + text
        return self.encode_pieces(text.replace(" ", SPACE))

    def encode_pieces(self, text: str) -> list[int]:
        """Ids of text that is already normalised, spaces written as `SPACE`."""
        return self._unigram(text) if self._model.kind == _UNIGRAM else self._merge(text)

    def decode(self, ids: Sequence[int]) -> str:
        """Text of ids. Control ids are skipped; each byte that is not valid UTF-8 becomes U+FFFD."""
        out, pending = [], bytearray()
        for identifier in ids:
            if identifier in self._byte_of:
                pending.append(self._byte_of[identifier])
                continue
            out.append(_decode_bytes(bytes(pending)))
            pending.clear()
            kind = self._model.types[identifier]
            out.append(" ⁇ " if kind == _UNKNOWN else "" if kind == _CONTROL else self._model.pieces[identifier])
        out = [part for part in (*out, _decode_bytes(bytes(pending))) if part]
        if out and self._model.dummy_prefix:
            out[0] = out[0].removeprefix(SPACE)
        return "".join(out).replace(SPACE, " ")

    def _unigram(self, text: str) -> list[int]:
        """Viterbi: the segmentation with the highest total score; a run of unknown characters is one unknown id."""
        ids, scores = self._ids, self._model.scores
        best: list[tuple[float, int, int] | None] = [(0.0, 0, -1)] + [None] * len(text)  # score, start, id
        for start in range(len(text)):
            here = best[start]
            assert here is not None
            single = False
            for end in range(start + 1, min(start + self._longest, len(text)) + 1):
                if (identifier := ids.get(text[start:end])) is not None:
                    single |= end == start + 1
                    score = here[0] + scores[identifier]
                    there = best[end]
                    if there is None or score > there[0]:
                        best[end] = (score, start, identifier)
            if not single:
                score, there = here[0] + self._unknown_score, best[start + 1]
                if there is None or score > there[0]:
                    best[start + 1] = (score, start, self.unknown)
        out: list[tuple[int, str]] = []
        end = len(text)
        while end > 0:
            step = best[end]
            assert step is not None
            out.append((step[2], text[step[1] : end]))
            end = step[1]
        return self._with_bytes(out[::-1])

    def _merge(self, text: str) -> list[int]:
        """Byte-pair encoding: merge the adjacent pair with the best score, leftmost first, until none can be merged."""
        ids, scores = self._ids, self._model.scores
        parts = list(text)
        while True:
            best: tuple[float, int] | None = None
            for i in range(len(parts) - 1):
                identifier = ids.get(parts[i] + parts[i + 1])
                if identifier is not None and (best is None or scores[identifier] > best[0]):
                    best = scores[identifier], i
            if best is None:
                return self._with_bytes([(ids.get(part, self.unknown), part) for part in parts])
            i = best[1]
            parts[i : i + 2] = [parts[i] + parts[i + 1]]

    def _with_bytes(self, found: list[tuple[int, str]]) -> list[int]:
        """Ids, unknown characters spelt out in bytes where the model has byte pieces; else one unknown id per run."""
        out: list[int] = []
        previous = -1
        for identifier, part in found:
            if identifier != self.unknown:
                out.append(identifier)
            elif self._bytes:
                out += [self._bytes[byte] for byte in part.encode()]
            elif previous != self.unknown:
                out.append(identifier)
            previous = identifier
        return out


@lru_cache(maxsize=256)
def _utf8_width(first: int) -> int:
    return 1 if first < 0xC0 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4


def _decode_bytes(data: bytes) -> str:
    """UTF-8 decoded, each invalid byte as U+FFFD."""
    out, start = [], 0
    while start < len(data):
        for width in (1, 2, 3, 4):
            try:
                out.append(data[start : start + width].decode())
                break
            except UnicodeDecodeError:
                continue
        else:
            out.append("\ufffd")
            width = 1
        start += width
    return "".join(out)
