"""The text of a BVH file taken apart: joints of the HIERARCHY, then rate and channel values of the MOTION.

Files differ from the format's description in many harmless ways, all of which are read: keywords in any case, a space
before a colon, names with spaces, decimal commas, channels of scale and in end sites, frames broken over lines, a
frame count that is not that of the lines. What can't be read is a `BvhFault`, which names the line.
"""

import logging
import re
from dataclasses import dataclass, field

import numpy as np

from ..typing import Float64s

log = logging.getLogger(__name__)

MAX_JOINTS = 5_000
MAX_JOINT_FRAMES = 30_000_000
"""Frames times joints: an hour of a body with fingers at 60 frames a second has 16 million."""
_MOST_FPS = 1_000.0
_LONGEST_FRAME = 1.0  # second; longer ones are milliseconds, or frames counted where seconds belong
_FARTHEST = 1e9  # units or degrees; what is beyond is no place and no angle
_KINDS = ("position", "rotation", "scale")
_WORD = re.compile(r"[{}]|[^\s{}]+")
_NAME = re.compile(r"[^{}\r\n]*")
_FRAMES = re.compile(r"\s*frames\s*:?\s*([^\s:]+)", re.IGNORECASE)
_FRAME_TIME = re.compile(r"\s*frame\s*time\s*:?\s*([^\s:]+?)[ \t]*(?:s|sec|secs|seconds?)?(?=\s|$)", re.IGNORECASE)


class BvhFault(ValueError):
    """What is wrong with a file, and in which line."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}")


@dataclass
class Joint:
    """A joint. tail: offset of its end site, or of its last child.  channels: (axis 0 to 2, "position" ...) in the
    file's order; an end site's are None, as nothing depends on them."""

    name: str
    parent: int
    offset: list[float] = field(default_factory=lambda: [0.0] * 3)
    tail: list[float] = field(default_factory=lambda: [0.0] * 3)
    channels: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class BvhText:
    """joints: parents before children.  columns: for each column of `values`, joint and channel, None for one of an end
    site.  values: (T, columns).  fps: None where the file states no rate that can be one, and then `why`."""

    joints: list[Joint]
    columns: list[tuple[int, tuple[int, str]] | None]
    values: Float64s
    fps: float | None
    why: str = ""


class _Scanner:
    """Words of a text in order, with the line that the last one is in."""

    def __init__(self, text: str) -> None:
        self.text, self.position, self._counted, self._line = text, 0, 0, 1

    @property
    def line(self) -> int:
        """The line of the place reached."""
        self._line += self.text.count("\n", self._counted, self.position)
        self._counted = self.position
        return self._line

    def word(self) -> str:
        """The next word or brace. Raises BvhFault at the end of the text."""
        found = _WORD.search(self.text, self.position)
        if found is None:
            self.position = len(self.text)
            raise BvhFault(self.line, "the file ends here, without its motion")
        self.position = found.end()
        return found[0]

    def peek(self) -> str:
        """The next word, "" at the end of the text."""
        found = _WORD.search(self.text, self.position)
        return found[0] if found else ""

    def name(self) -> str:
        """The rest of the line, up to a brace, in which a name may hold spaces."""
        found = _NAME.match(self.text, self.position)
        assert found is not None  # the pattern matches nothing, too
        self.position = found.end()
        return " ".join(found[0].split())

    def number(self) -> float:
        """The next word as a number. Raises BvhFault for any other word, nan and infinity."""
        word = self.word()
        value = _number(word)
        if value is None:
            raise BvhFault(self.line, f"{word[:40]} is not a number")
        return value


def _number(word: str) -> float | None:
    """The finite number that a word is, its comma as a point; None if it is none."""
    try:
        value = float(word.replace(",", "."))
    except ValueError:
        return None
    return value if abs(value) < _FARTHEST else None


def parse_bvh(text: str) -> BvhText:
    """Take a file's text apart. Raises BvhFault."""
    scanner = _Scanner(text)
    joints, columns = _hierarchy(scanner)
    _name_apart(joints)
    start = scanner.position
    count = _FRAMES.match(text, start)
    start = count.end() if count else start
    time = _FRAME_TIME.match(text, start)
    scanner.position = time.start(1) if time else start
    fps, why = _rate(time[1], scanner.line) if time else (None, f"line {scanner.line}: there is no frame time")
    values = _values(text, time.end() if time else start, scanner, len(columns), len(joints))
    if count and count[1] != str(len(values)):
        log.warning("the file states %.20s frames and holds %d; all of these are read", count[1], len(values))
    return BvhText(joints, columns, values, fps, why)


def _hierarchy(scanner: _Scanner) -> tuple[list[Joint], list[tuple[int, tuple[int, str]] | None]]:
    """Joints, and what each column of values is. Leaves the scanner behind the word MOTION."""
    joints: list[Joint] = []
    columns: list[tuple[int, tuple[int, str]] | None] = []
    open_blocks: list[int] = []  # joint of each open brace; ~joint for an end site
    last = -1  # what the next brace opens
    while (keyword := scanner.word().lower().rstrip(":")) != "motion" or open_blocks:
        if keyword in ("root", "joint"):
            parent = open_blocks[-1] if open_blocks else -1
            if parent < 0 and open_blocks:
                raise BvhFault(scanner.line, "a joint inside an end site")
            last = len(joints)
            joints.append(Joint(scanner.name() or f"joint{last}", parent))
            if len(joints) > MAX_JOINTS:
                raise BvhFault(scanner.line, f"more than {MAX_JOINTS} joints")
        elif keyword == "end" and open_blocks:
            scanner.name()
            last = ~open_blocks[-1]
        elif keyword == "{" and joints:
            open_blocks.append(last)
        elif keyword == "}" and open_blocks:
            open_blocks.pop()
        elif keyword == "offset" and open_blocks:
            _set_offset(joints, open_blocks[-1], [scanner.number() for _ in range(3)])
        elif keyword == "channels" and open_blocks:
            found = _channels(scanner)
            if open_blocks[-1] < 0:
                columns += [None] * len(found)
            else:
                joints[open_blocks[-1]].channels += found
                columns += [(open_blocks[-1], channel) for channel in found]
        elif keyword != "hierarchy":
            raise BvhFault(scanner.line, f"{keyword[:40]} is not expected here")
    if not joints:
        raise BvhFault(scanner.line, "no ROOT before the motion")
    return joints, columns


def _set_offset(joints: list[Joint], block: int, offset: list[float]) -> None:
    if block < 0:
        joints[~block].tail = offset
        return
    joints[block].offset = offset
    if joints[block].parent >= 0:
        joints[joints[block].parent].tail = offset


def _channels(scanner: _Scanner) -> list[tuple[int, str]]:
    """The channels that are named; their number is taken from the names."""
    scanner.word()
    channels = []
    while match := re.fullmatch(rf"([xyz])({'|'.join(_KINDS)})", scanner.peek().lower()):
        scanner.word()
        channels.append(("xyz".index(match[1]), match[2]))
    unknown = scanner.peek()
    if re.match(r"[xyzw][a-z]", unknown.lower()):
        scanner.word()
        raise BvhFault(scanner.line, f"{unknown[:40]} is not a channel")
    return channels


def _name_apart(joints: list[Joint]) -> None:
    """Number joints of the same name, as Blender does: Bone, Bone.001."""
    taken: set[str] = set()
    for joint in joints:
        base, count = joint.name, 0
        while joint.name in taken:
            count += 1
            joint.name = f"{base}.{count:03d}"
        taken.add(joint.name)


def _rate(word: str, line: int) -> tuple[float | None, str]:
    """Frames a second of a frame time, or None and why it is none."""
    seconds = _number(word)
    if seconds is None or seconds <= 0.0:
        return None, f"line {line}: the frame time {word[:40]} is not a number of seconds above zero"
    if seconds > _LONGEST_FRAME:
        return None, f"line {line}: the frame time {word[:40]} would be {seconds:g} seconds; is it in milliseconds?"
    if seconds < 1.0 / _MOST_FPS / 1.001:
        return None, f"line {line}: the frame time {word[:40]} would be more than {_MOST_FPS:g} frames a second"
    return round(1.0 / seconds, 3), ""


def _values(text: str, start: int, scanner: _Scanner, width: int, joints: int) -> Float64s:
    """The channel values (T, width) from a place of the text on. Raises BvhFault."""
    body = text[start:]
    if "," in body:
        body = body.replace(",", " " if "." in body else ".")
    scanner.position = start
    first = scanner.line
    words = body.split()
    frames = len(words) // width if width else 0
    if frames * joints > MAX_JOINT_FRAMES:
        raise BvhFault(first, f"{frames} frames of {joints} joints are too many to be a motion")
    if not frames or len(words) % width:
        raise _short_line(body, first, width)
    try:
        values = np.array(words, dtype=np.float64)
    except ValueError:
        raise _bad_word(body, first) from None
    if not (np.abs(values) < _FARTHEST).all():  # nan is not, either
        raise _bad_word(body, first)
    return values.reshape(frames, width)


def _bad_word(body: str, first: int) -> BvhFault:
    """The first word that is no number, with its line."""
    for line, row in enumerate(body.split("\n"), start=first):
        for column, word in enumerate(row.split(), start=1):
            if _number(word) is None:
                return BvhFault(line, f"value {column}, {word[:40]}, is not a number that can be used")
    return BvhFault(first, "some values are not numbers")


def _short_line(body: str, first: int, width: int) -> BvhFault:
    """The first line that does not hold `width` values."""
    for line, row in enumerate(body.split("\n"), start=first):
        count = len(row.split())
        if count and count != width:
            return BvhFault(line, f"{count} values where the channels are {width}")
    return BvhFault(first, f"no frames; one has {width} values")
