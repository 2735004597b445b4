"""Import folders of BVH files as a data set: canonical motion at 20 frames a second, captions from tables."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ....retarget.errors import MotionGPTError
from ....retarget.files.bvh import BvhClip, read_bvh
from ....retarget.files.reading import bvh_to_motion, calibrate_clips
from ....retarget.motion import Motion
from ....retarget.rigs.calibration import Calibration
from ....retarget.rigs.mapping import Mapping, map_rig
from ...features import FPS, motion_to_features
from ...licences import Group
from ..clips import MIN_FRAMES, POSE_FPS, Clip, Dataset, swap_sides
from ..sets import ClipSet, check_groups
from ..writer import DatasetWriter, pose_rows
from .captions_csv import CaptionTables, Labels
from .cuts import without_jumps
from .floor import FLOATING, floating, on_floor

_BANDAI_NAME = re.compile(r"dataset-[12]_(?P<content>[a-z-]+)_(?P<style>[a-z-]+)_\d+$")
_STAIRS = "stairs"  # in the label of clips that have no single floor
_MOTION = re.compile(r"^\s*MOTION\s*$", re.IGNORECASE | re.MULTILINE)
_NAMES = re.compile(r"^\s*(?:ROOT|JOINT)\s+([^{\r\n]+)", re.IGNORECASE | re.MULTILINE)
_OFFSETS = re.compile(r"OFFSET\s+(\S+)\s+(\S+)\s+(\S+)", re.IGNORECASE)
_CALIBRATION_CLIPS = 24  # per skeleton; more make no difference


@dataclass(frozen=True)
class Selection:
    """What goes into a data set. sets: what is known of every set, empty if nothing is.  groups, only: the groups of
    licences and the sets to take; empty for all.  mirror: add mirrored copies.  held_out: texts that no caption may
    say, as `plain` gives them."""

    sets: dict[str, ClipSet] = field(default_factory=dict)
    groups: Sequence[Group] = ()
    only: Sequence[str] = ()
    mirror: bool = True
    held_out: frozenset[str] = frozenset()

    def takes(self, name: str) -> bool:
        """Whether clips of that set are wanted. Raises MotionGPTError if nothing is known of one that is wanted."""
        if self.only and name not in self.only:
            return False
        if (self.sets or self.groups) and name not in self.sets:
            raise MotionGPTError(
                f"The table of sets has no licence for {name or 'clips that lie in no folder'}.",
                "Add it to the file that --sets names, or leave the clips out.",
            )
        return not self.groups or self.sets[name].group in self.groups


def plain(text: str) -> str:
    """A text without case, punctuation and underscores, for telling whether two are the same words."""
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


def read_held_out(path: Path) -> frozenset[str]:
    """The texts of a file, one a line, that have three words or more: "walk" is a name, no sentence to remember. Raises
    MotionGPTError if it can't be read."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise MotionGPTError(f"{path} can't be read as a list of texts.", "Give a text file, one a line.") from error
    return frozenset(text for text in map(plain, lines) if text.count(" ") >= 2)


@dataclass(frozen=True, eq=False)
class Imported:
    """A data set and what happened to clips on the way, a line each: skipped (and why), cut, mended (lowered or raised
    to the floor), floating (still)."""

    dataset: Dataset
    skipped: list[str]
    cut: list[str] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)
    floating: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)


def import_clips(
    sources: list[Path],
    out: Path,
    captions: Sequence[Path] = (),
    selection: Selection | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Imported:
    """Read every BVH below the source folders and write a data set to `out`.

    captions: tables, see `captions_csv`. Clips that are too short, that can't be read as a biped, or that stand on
    something that isn't there, are skipped and listed in `skipped.txt`; what was done to others is in `changed.txt`.
    Raises MotionGPTError for tables that can't be read, sets without a known licence, and licences that don't go
    together.
    """
    selection = selection or Selection()
    tables = CaptionTables(list(captions))
    paths = sorted(p for s in sources for p in ([s] if s.is_file() else s.rglob("*.bvh")))
    if not paths:
        raise MotionGPTError("There are no .bvh files in the given folders.", "Check the paths.")
    labels = {p: tables.labels_of(p) for p in paths}
    paths = [p for p in paths if selection.takes(labels[p].set)]
    found = Counter(labels[p].set for p in paths)
    _check_selection(selection, found)
    known = {name: one for name, one in selection.sets.items() if name in found}
    check_groups(known)
    done = 0
    with DatasetWriter(out, known) as writer:
        for group in _group_by_skeleton(paths):
            skeleton: _Skeleton | None = None
            for path in group:
                done += 1
                progress(done, len(paths))
                try:
                    if labels[path].weight == 0.0:
                        raise MotionGPTError("its weight in the table of captions is 0", "Give it a weight.")
                    clip = read_bvh(path)
                    skeleton = skeleton or _skeleton_of(clip, group)
                    entry = _entry(tables.name_of(path), labels[path], selection)
                    recorded = _prepared(bvh_to_motion(clip, *skeleton), entry, writer)
                    _add(writer, entry, recorded, path, selection.mirror)
                except MotionGPTError as error:
                    writer.skip(f"{path}: {error.message.removeprefix(f'{path} ')}")
    return Imported(writer.dataset(), writer.skipped, **writer.changed, unused=tables.unused())


def _check_selection(selection: Selection, found: Counter[str]) -> None:
    missing = [name for name in selection.only if name not in found]
    if missing or not found:
        raise MotionGPTError(
            f"There are no clips of {', '.join(missing) or 'these sets'} in the given folders.",
            "A clip's set is the first folder of its path, or what the table of captions says.",
        )


def _prepared(motion: Motion, entry: Clip, writer: DatasetWriter) -> Motion:
    """The motion without the frames beyond a jump of the recording, standing on the floor unless it is on stairs; the
    writer notes what changed."""
    kept = without_jumps(motion)
    if len(kept) < len(motion):
        note = f"{motion.duration:.2f} s cut to {kept.duration:.2f} s, where joints jump between two frames"
        writer.change("cut", f"{entry.name}: {note}")
    if _STAIRS in entry.action:
        return kept.centered()
    standing, moved = on_floor(kept.centered())
    if moved:
        writer.change("mended", f"{entry.name}: was up to {moved * 100:.0f} cm off the floor")
    if floating(standing) > FLOATING:
        writer.change("floating", f"{entry.name}: {floating(standing) * 100:.0f} cm over the floor half of the time")
    return standing


_Skeleton = tuple[Mapping, Calibration]


def _skeleton_of(clip: BvhClip, group: list[Path]) -> _Skeleton:
    mapping = map_rig(clip.rig)
    chosen = group[:: max(1, len(group) // _CALIBRATION_CLIPS)]
    return mapping, calibrate_clips([read_bvh(p) for p in chosen], mapping)


def _entry(name: str, labels: Labels, selection: Selection) -> Clip:
    """A clip without rows yet, its captions without those that are held out; its weight is its own times its set's."""
    of_set = selection.sets[labels.set].weight if labels.set in selection.sets else 1.0
    own = 1.0 if labels.weight is None else labels.weight
    held_out = selection.held_out  # nor may the mirrored clip say them
    captions = [c for c in labels.captions if not {plain(c), plain(swap_sides(c))} & held_out]
    return Clip(name, 0, 0, captions, set=labels.set, action=labels.action, weight=own * of_set)


def _add(writer: DatasetWriter, entry: Clip, recorded: Motion, path: Path, mirror: bool) -> None:
    """Write a clip's poses and features, and those of its mirrored copy. Raises MotionGPTError if it is too short."""
    motion = recorded.resample(FPS).with_contacts()
    if len(motion) <= MIN_FRAMES:
        raise MotionGPTError(f"shorter than {MIN_FRAMES} frames at {FPS:g} a second", "Use a longer one.")
    poses = pose_rows(recorded.resample(POSE_FPS).with_contacts())
    entry = replace(entry, pose_start=writer.poses(poses), pose_frames=len(poses))
    for mirrored in (False, True) if mirror else (False,):
        if mirrored:
            texts, action = [swap_sides(t) for t in entry.captions], swap_sides(entry.action)
            entry = replace(entry, captions=texts, action=action, mirrored=True)
        rows = motion_to_features(motion.mirror() if mirrored else motion).astype(np.float32)
        writer.clip(replace(entry, start=writer.rows(rows), frames=len(rows), tags=_tags(path, mirrored)))


def _tags(path: Path, mirrored: bool) -> dict[str, str]:
    """Content and style from a Bandai-Namco clip's name, sides swapped in a mirrored copy; empty for other names."""
    found = _BANDAI_NAME.match(path.stem)
    if not found:
        return {}
    tags = found.groupdict()
    return {**tags, "content": swap_sides(tags["content"])} if mirrored else tags


def _rounded(number: str) -> float | str:
    """To a thousandth; the text itself where it is no number, which `read_bvh` will say."""
    try:
        return round(float(number), 3)
    except ValueError:
        return number


def _group_by_skeleton(paths: Iterable[Path]) -> list[list[Path]]:
    """Group files by HIERARCHY, ignoring the first two OFFSETs, which many tools fill from the first frame."""
    groups: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        head = _MOTION.split(path.read_text(encoding="utf-8", errors="replace"), maxsplit=1)[0]
        names = [" ".join(name.split()) for name in _NAMES.findall(head)]
        lengths = [length for offset in _OFFSETS.findall(head)[2:] for length in map(_rounded, offset)]
        groups[repr((names, lengths))].append(path)
    return list(groups.values())
