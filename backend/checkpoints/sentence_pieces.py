"""SentencePiece models (Kudo and Richardson 2018) without the package: Unigram (T5) and BPE with byte fallback (LLaMA).

`tokenizer.model` and `spiece.model` are protocol buffers; the few fields that matter are read directly: pieces with
score and type (field 1), the trainer's model type (2), the normaliser's table and flags (3). The normaliser's table
is a double-array trie of replacements (Darts-clone's layout), longest match first.
"""

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ...retarget.errors import MotionGPTError

SPACE = "▁"  # how a space looks inside a piece
_NORMAL, _UNKNOWN, _CONTROL, _USER, _UNUSED, _BYTE = 1, 2, 3, 4, 5, 6
_UNIGRAM, _BPE = 1, 2
_UNKNOWN_PENALTY = 10.0
MAX_FILE = 64 * 1024 * 1024


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(number, value) of every field of a protocol buffer; fixed-width values as bytes."""
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        wire = key & 7
        if wire == 0:
            value, place = _varint(data, place)
            yield key >> 3, value
            continue
        if wire == 2:
            length, place = _varint(data, place)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if place + length > len(data):
            raise ValueError("cut off")
        yield key >> 3, data[place : place + length]
        place += length


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            return value, place
        shift += 7
        if shift > 63:
            raise ValueError("a number without end")


class _Charsmap:
    """Replacements of the normaliser: a Darts-clone double array, then the zero-terminated replacements."""

    def __init__(self, blob: bytes) -> None:
        size = struct.unpack_from("<I", blob)[0]
        self._units = struct.unpack_from(f"<{size // 4}I", blob, 4)
        self._texts = blob[4 + size :]

    def longest(self, data: bytes, start: int) -> tuple[int, bytes] | None:
        """(length of the longest known prefix of data[start:], its replacement)."""
        units, found = self._units, None
        node = self._offset(units[0])
        for i in range(start, len(data)):
            node ^= data[i]
            unit = units[node]
            if unit & 0x800000FF != data[i]:
                break
            node ^= self._offset(unit)
            if unit >> 8 & 1:
                found = i + 1 - start, units[node] & 0x7FFFFFFF
        if found is None:
            return None
        length, place = found
        return length, self._texts[place : self._texts.index(b"\0", place)]

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
    pieces, scores, types = [], [], []
    kind, blob, dummy_prefix, collapse = _UNIGRAM, b"", True, True
    for number, value in _fields(data):
        if number == 1 and isinstance(value, bytes):
            piece, score, sort = "", 0.0, _NORMAL
            for part, content in _fields(value):
                if part == 1 and isinstance(content, bytes):
                    piece = content.decode()
                elif part == 2 and isinstance(content, bytes):
                    score = struct.unpack("<f", content)[0]
                elif part == 3 and isinstance(content, int):
                    sort = content
            pieces.append(piece)
            scores.append(score)
            types.append(sort)
        elif number == 2 and isinstance(value, bytes):
            kind = next((v for n, v in _fields(value) if n == 3 and isinstance(v, int)), _UNIGRAM)
        elif number == 3 and isinstance(value, bytes):
            for part, content in _fields(value):
                if part == 2 and isinstance(content, bytes):
                    blob = content
                elif part == 3:
                    dummy_prefix = bool(content)
                elif part == 4:
                    collapse = bool(content)
    if not pieces or kind not in (_UNIGRAM, _BPE):
        raise ValueError("no pieces of a known kind")
    charsmap = _Charsmap(blob) if blob else None
    return _Model(tuple(pieces), tuple(scores), tuple(types), kind, charsmap, dummy_prefix, collapse)


class SentencePieces:
    """Text to ids and back, as the `sentencepiece` package does it."""

    def __init__(self, path: Path) -> None:
        """Raises MotionGPTError for a file that is no SentencePiece model."""
        try:
            if path.stat().st_size > MAX_FILE:
                raise ValueError("too large")
            self._model = _parse(path.read_bytes())
        except FileNotFoundError:
            raise MotionGPTError(f"There is no file {path}.", "Check the path.") from None
        except (ValueError, IndexError, struct.error, OSError) as error:
            raise MotionGPTError(
                f"{path} is no SentencePiece model ({error}).", "Give the tokenizer file that came with the weights."
            ) from error
        model = self._model
        self.unknown = model.types.index(_UNKNOWN) if _UNKNOWN in model.types else 0
        self._ids = {
            p: i for i, (p, t) in enumerate(zip(model.pieces, model.types, strict=True)) if t in (_NORMAL, _USER)
        }
        self._bytes = {int(p[1:-1], 16): i for i, p in enumerate(model.pieces) if model.types[i] == _BYTE}
        self._byte_of = {i: b for b, i in self._bytes.items()}
        self._longest = max(map(len, self._ids), default=1)
        self._unknown_score = min(model.scores[i] for i in self._ids.values()) - _UNKNOWN_PENALTY if self._ids else 0.0

    def __len__(self) -> int:
        return len(self._model.pieces)

    def piece(self, identifier: int) -> str:
        """The piece with that id, spaces as `SPACE`."""
        return self._model.pieces[identifier]

    def is_text(self, identifier: int) -> bool:
        """Whether an id stands for text: no control id, not the unknown one."""
        return self._model.types[identifier] in (_NORMAL, _USER, _BYTE)

    def normalize(self, text: str) -> str:
        """The normaliser's replacements only; spaces stay."""
        charsmap = self._model.charsmap
        if charsmap is None:
            return text
        data, place, out = text.encode("utf-8", "replace"), 0, bytearray()
        while place < len(data):
            if found := charsmap.longest(data, place):
                out += found[1]
                place += found[0]
            else:
                width = _utf8_width(data[place])
                out += data[place : place + width]
                place += width
        return out.decode("utf-8", "replace")

    def encode(self, text: str) -> list[int]:
        """Ids of a text, whole, without begin and end."""
        text = self.normalize(text)
        if self._model.collapse_spaces:
            text = re.sub(" +", " ", text).strip(" ")
        if not text:
            return []
        if self._model.dummy_prefix:
            text = " " + text
        return self.encode_pieces(text.replace(" ", SPACE))

    def encode_pieces(self, text: str) -> list[int]:
        """Ids of text that is normalised already, its spaces written as `SPACE`."""
        return self._unigram(text) if self._model.kind == _UNIGRAM else self._merge(text)

    def decode(self, ids: Sequence[int]) -> str:
        """Text of ids; control ids say nothing, bytes that are no UTF-8 become U+FFFD each."""
        out, pending = [], bytearray()
        for identifier in ids:
            if identifier in self._byte_of:
                pending.append(self._byte_of[identifier])
                continue
            out.append(_decode_bytes(bytes(pending)))
            pending.clear()
            sort = self._model.types[identifier]
            out.append(" ⁇ " if sort == _UNKNOWN else "" if sort == _CONTROL else self._model.pieces[identifier])
        out = [part for part in (*out, _decode_bytes(bytes(pending))) if part]
        if out and self._model.dummy_prefix:
            out[0] = out[0].removeprefix(SPACE)
        return "".join(out).replace(SPACE, " ")

    def _unigram(self, text: str) -> list[int]:
        """Viterbi: the segmentation of highest total score; runs of unknown characters are one unknown."""
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
        """Byte pair encoding: again and again the neighbours whose union scores best, the leftmost of equals."""
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
        """Ids, unknown characters spelt as bytes where the model has them, else one unknown id a run."""
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
    """UTF-8, every byte that is none as U+FFFD."""
    out, place = [], 0
    while place < len(data):
        for width in (1, 2, 3, 4):
            try:
                out.append(data[place : place + width].decode())
                place += width
                break
            except UnicodeDecodeError:
                continue
        else:
            out.append("\ufffd")
            place += 1
    return "".join(out)
