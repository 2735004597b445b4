"""The clips of a style and their words: motion files of any kind, tables of captions, and what the model proposes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ....retarget.errors import MotionGPTError
from ...engine import last_result
from ...tables import read_table
from ...tasks import Describe
from ..shared.inputs import INPUT_FORMATS, read_input

if TYPE_CHECKING:
    from ...training.style.clips import Shown

TABLE = "captions.csv"
"""A table of captions that is read where it lies among the clips."""


@dataclass(frozen=True)
class Source:
    """A motion that is to be read. take: of a character file; None for the only one."""

    path: Path
    take: str | None
    captions: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the clip is called."""
        return self.take or self.path.stem


def find_sources(places: Sequence[Path], tables: Sequence[Path], words: Sequence[str]) -> list[Source]:
    """The motion files in folders, and single ones, each with what tables say about it, and `words` of all of them.

    tables: with the columns file and caption, and take for files with several; by default TABLE in a given folder.
    Raises MotionGPTError for a place that is not there, that holds no motion, or a table that can't be read.
    """
    from ...dataset.importing.captions_csv import CaptionTables

    for place in places:
        if not place.exists():
            raise MotionGPTError(f"There is no {place}.", "Check the path.")
    files = [file for place in places for file in ([place] if place.is_file() else sorted(_motions_in(place)))]
    if not files:
        raise MotionGPTError(
            f"There is no motion in {', '.join(map(str, places))}.", f"It is read from {' '.join(INPUT_FORMATS)}."
        )
    beside = [place / TABLE for place in places if (place / TABLE).is_file()]
    tables = list(tables) or beside
    captions, takes = CaptionTables(tables), _takes(tables)
    found = []
    for file in dict.fromkeys(files):
        of_takes = takes.get(file.resolve(), {})
        said: dict[str | None, list[str]] = {**of_takes} if of_takes else {None: captions.labels_of(file).captions}
        found += [Source(file, take, (*texts, *words)) for take, texts in said.items()]
    return found


def _motions_in(folder: Path) -> Iterator[Path]:
    return (file for file in folder.rglob("*") if file.suffix.lower() in INPUT_FORMATS and file.is_file())


def _takes(tables: Sequence[Path]) -> dict[Path, dict[str | None, list[str]]]:
    """File -> take -> captions, of the rows that name a take."""
    found: dict[Path, dict[str | None, list[str]]] = {}
    for table in tables:
        for _, row in read_table(table, ("file", "caption")):
            if take := row.get("take"):
                texts = found.setdefault((table.parent / row["file"]).resolve(), {}).setdefault(take, [])
                texts += [row["caption"]] if row["caption"] else []
    return found


def read_shown(sources: Sequence[Source]) -> tuple[list["Shown"], list[str]]:
    """The motions, and a line for each file that can't be read. Raises MotionGPTError where none can be."""
    from ...training.style.clips import Shown

    shown, skipped = list[Shown](), list[str]()
    for source in sources:
        try:
            shown.append(Shown(source.name, read_input(source.path, source.take), source.captions))
        except MotionGPTError as error:
            if len(sources) == 1:
                raise
            skipped.append(f"{source.name} is left out: {error.message}")
    if not shown:
        raise MotionGPTError(f"No clip can be read ({skipped[0]}).", "Check the files.")
    return shown, skipped


def proposed(shown: Sequence["Shown"], model: str) -> list["Shown"]:
    """The clips, those without words in the model's own."""
    if all(one.captions for one in shown):
        return list(shown)
    from ...engines import load_engine

    engine = load_engine(model)
    if not engine.can(Describe):
        raise MotionGPTError(f"{engine.name} can't put motion into words.", "Give --words.", "unsupported")
    return [
        one if one.captions else replace(one, captions=last_result(Describe().answer(engine, [one.motion])).texts[:1])
        for one in shown
    ]
