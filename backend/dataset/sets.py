"""The collections that a data set is made of, with their licences: `sets.json` in its folder."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec

from ...retarget.errors import MotionGPTError
from ..features import FPS
from ..licences import GROUPS, Group
from ..tables import read_table
from .clips import Clip


class ClipSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One collection. licence: with whom to credit.  weight: a factor on how often its clips are drawn."""

    licence: Annotated[str, msgspec.Meta(min_length=1)]
    group: Group
    weight: Annotated[float, msgspec.Meta(gt=0)] = 1.0


class SetRecord(ClipSet, frozen=True, kw_only=True):
    """A collection as a data set holds it. clips, minutes: without mirrored copies."""

    name: str
    clips: int
    minutes: float


def read_sets(path: Path) -> dict[str, ClipSet]:
    """A file of sets: TOML with a table for each set, or CSV with the columns name, licence, group, weight.

    Raises MotionGPTError for a file that can't be read, a group that is none of GROUPS and a weight that isn't above 0.
    """
    try:
        if path.suffix.lower() == ".csv":
            table = [row for _, row in read_table(path, ("name", "licence", "group"))]
            rows = {row.pop("name"): {k: v for k, v in row.items() if v} for row in table}
            return msgspec.convert(rows, dict[str, ClipSet], strict=False)
        return msgspec.toml.decode(path.read_bytes(), type=dict[str, ClipSet])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, KeyError, RecursionError) as error:
        why = "there is no column name" if isinstance(error, KeyError) else error
        raise MotionGPTError(
            f"{path} can't be read as a table of sets ({why}).",
            f"Give each set a licence and a group: {', '.join(GROUPS)}.",
        ) from error


def check_groups(sets: dict[str, ClipSet]) -> None:
    """Raise MotionGPTError if non-commercial and share-alike sets are together: no licence fits a model of both."""
    of = {group: [name for name, one in sets.items() if one.group == group] for group in GROUPS}
    if of["non-commercial"] and of["share-alike"]:
        raise MotionGPTError(
            f"Non-commercial clips ({', '.join(of['non-commercial'])}) and share-alike clips "
            f"({', '.join(of['share-alike'])}) can't be in one data set: no licence fits a model of both.",
            "Choose with --group, for instance --group free --group share-alike.",
        )


def records(sets: dict[str, ClipSet], clips: Iterable[Clip]) -> list[SetRecord]:
    """What a data set of these clips says about its sets; those without clips are left out."""
    frames: dict[str, list[int]] = {}
    for clip in clips:
        if not clip.mirrored:
            frames.setdefault(clip.set, []).append(clip.frames)
    return [
        SetRecord(
            one.licence, one.group, one.weight, name=name, clips=len(found), minutes=round(sum(found) / FPS / 60, 2)
        )
        for name, one in sets.items()
        if (found := frames.get(name))
    ]


def load_sets(folder: Path) -> list[SetRecord]:
    """The sets of a data set with their licences, for a model's card; empty if it was imported without --sets."""
    path = folder / "sets.json"
    return msgspec.json.decode(path.read_bytes(), type=list[SetRecord]) if path.is_file() else []
