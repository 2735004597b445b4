"""Tables of captions: CSV files with a row for each sentence.

Columns: file (from the CSV's own folder, or a bare name) and caption; optionally action (what the clip shows, in a word
or two, such as `nod`: clips of one action share its draws), weight (a factor on how often the clip is drawn; 0 leaves
it out) and set (the collection that it belongs to; by default the first folder of its path). Other columns are ignored.
"""

from dataclasses import dataclass, field
from pathlib import Path

from ....retarget.errors import MotionGPTError
from ...tables import read_table
from ..clips import set_of


@dataclass
class Labels:
    """What the tables say about one clip. weight: None if none is given."""

    captions: list[str] = field(default_factory=list)
    action: str = ""
    weight: float | None = None
    set: str = ""

    def add(self, other: "Labels") -> None:
        """More about the same clip; where both say something, the other counts."""
        self.captions += [c for c in other.captions if c not in self.captions]
        self.action, self.set = other.action or self.action, other.set or self.set
        self.weight = self.weight if other.weight is None else other.weight


class CaptionTables:
    """Any number of tables, the later ones adding to the earlier."""

    def __init__(self, paths: list[Path]) -> None:
        """Read the tables. Raises MotionGPTError for one that is missing, lacks a column or has a weight that is not a
        number."""
        self._roots = [p.parent for p in paths]
        self._of: dict[str, Labels] = {}
        self._used: set[str] = set()
        for path in paths:
            self._read(path)

    def _read(self, path: Path) -> None:
        for line, row in read_table(path, ("file", "caption")):
            name = row["file"].replace("\\", "/")
            if not name:
                raise MotionGPTError(f"{path}, line {line}: the row names no file.", "Fill in the column file.")
            self._of.setdefault(name, Labels()).add(_labels(row, f"{path}, line {line}"))

    def name_of(self, path: Path) -> str:
        """The clip's name in the data set: its path from the first table's folder that holds it, else its folder and
        name."""
        for root in self._roots:
            if path.is_relative_to(root):
                return path.relative_to(root).as_posix()
        return f"{path.parent.name}/{path.name}"

    def labels_of(self, path: Path) -> Labels:
        """What the tables say about a clip; `set` is filled in."""
        name = self.name_of(path)
        found = Labels()
        relative = [path.relative_to(r).as_posix() for r in self._roots if path.is_relative_to(r)]
        for key in dict.fromkeys((path.name, name, *relative)):
            if key in self._of:
                self._used.add(key)
                found.add(self._of[key])
        found.set = found.set or set_of(name)
        return found

    def unused(self) -> list[str]:
        """Files that the tables name and no `labels_of` asked for."""
        return [name for name in self._of if name not in self._used]


def _labels(row: dict[str, str], where: str) -> Labels:
    given, weight = row.get("weight", ""), None
    if given:
        try:
            weight = float(given.replace(",", "."))
        except ValueError:
            weight = -1.0
        if not 0.0 <= weight < float("inf"):
            raise MotionGPTError(f"{where}: the weight {given} is not a number from 0 up.", "Leave it empty for 1.")
    captions = [row["caption"]] if row["caption"] else []
    return Labels(captions, row.get("action", ""), weight, row.get("set", ""))
