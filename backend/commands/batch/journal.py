"""What a batch has done: a line for each job, written before its file takes its place, so that a kill at any moment
leaves neither half a file nor work to be done twice.

The folder `.batch` beside the files holds it, with files that are not in their place yet.
"""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import msgspec

from ....retarget.errors import MotionGPTError
from .doing import Done
from .jobs import Job

FOLDER = ".batch"


class Entry(msgspec.Struct, frozen=True):
    """A finished job. key: `Job.key`.  sha256: of the file.  draft: where it was written, in the folder of drafts.
    took: seconds."""

    key: str
    output: str
    sha256: str
    draft: str
    took: float
    done: Done


class Journal:
    """The journal of the folder `place`, for one process at a time. Raises MotionGPTError where another has it, or
    where the folder can't be written."""

    def __init__(self, place: Path) -> None:
        self._place, self._folder = place, place / FOLDER
        self.drafts = self._folder / "drafts"
        try:
            self.drafts.mkdir(parents=True, exist_ok=True)
            self._lock = open(self._folder / "lock", "a+b")  # noqa: SIM115 - held until `close`
        except OSError as error:
            raise _unwritable(place, error) from error
        if not _locked(self._lock):
            self._lock.close()
            raise MotionGPTError(
                f"Another batch is writing to {place}.", "Wait for it, or choose another folder.", "busy"
            )
        self._entries = {entry.key: entry for entry in self._read()}
        self._file = open(self._folder / "journal.jsonl", "ab")  # noqa: SIM115 - held until `close`

    def _read(self) -> Iterator[Entry]:
        """The entries; a line that a kill has cut off is left out."""
        path = self._folder / "journal.jsonl"
        data = path.read_bytes() if path.exists() else b""
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            os.truncate(path, len(whole))
        for line in whole.splitlines():
            with contextlib.suppress(ValueError, RecursionError):
                yield msgspec.json.decode(line, type=Entry)

    def done(self, job: Job, key: str) -> Entry | None:
        """The entry of a job whose file is there, or can be put in its place now; None for one that is to be done.

        A file that was changed since is the user's: it counts as done and is left alone.
        """
        entry = self._entries.get(key)
        if entry is None or entry.output != job.output:
            return None
        draft = self.drafts / entry.draft
        if _sha256(draft) == entry.sha256:
            os.replace(draft, self._place / entry.output)
        return entry if (self._place / entry.output).exists() else None

    def changed(self, entry: Entry) -> bool:
        """Whether a file is no longer what was written."""
        return _sha256(self._place / entry.output) != entry.sha256

    def finish(self, job: Job, key: str, done: Done, draft: Path, took: float) -> Entry:
        """Put the file of a job in its place. Raises MotionGPTError if the disk is full, and the like."""
        entry = Entry(key, job.output, _sha256(draft), draft.name, round(took, 3), done)
        try:
            self._file.write(msgspec.json.encode(entry) + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
            os.replace(draft, self._place / job.output)
        except OSError as error:
            raise _unwritable(self._place / job.output, error) from error
        self._entries[key] = entry
        return entry

    def clear(self) -> None:
        """Delete what was being written when a batch was killed."""
        for draft in self.drafts.iterdir():
            with contextlib.suppress(OSError):
                draft.unlink()

    def close(self) -> None:
        """End; another process may have the folder now."""
        self._file.close()
        shutil.rmtree(self.drafts, ignore_errors=True)
        self._lock.close()


def _sha256(path: Path) -> str:
    """ "" where there is no such file."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _locked(file: IO[Any]) -> bool:
    """Lock a file until it is closed or its process ends; false if another process has it."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _unwritable(path: Path, error: OSError) -> MotionGPTError:
    return MotionGPTError(
        f"{path} could not be written ({error.strerror or error}).", "Choose another place.", "unwritable"
    )
