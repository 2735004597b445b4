"""A training's folder: held by one training at a time, and for one data set and one choice of settings."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout

from ...retarget.errors import MotionGPTError

SOURCES = {
    "dataset": "another data set", "tokenizer": "another tokenizer", "base": "another base model",
    "start": "another model to start from", "attempts": "other attempts",
}  # fmt: skip
"""Settings that are checksums of what a training learns from, and what to call a different one."""
LENGTH = ("steps", "minutes", "save_every")
"""Settings that may differ when a training goes on."""
_CACHES = "caches.json"


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep other trainings out of a folder; of several processes that train together, the first does it for all.

    The operating system holds the lock, so a killed process leaves none behind. Raises MotionGPTError if another
    training runs there.
    """
    if os.environ.get("RANK", "0") != "0":
        yield
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "training.lock")
        lock.acquire(timeout=0)
    except Timeout:
        raise MotionGPTError(
            f"Another training is running in {folder}.", "Wait for it, or use another folder.", "busy"
        ) from None
    except OSError as error:
        raise MotionGPTError(
            f"{folder} can't be written ({error.strerror}).", "Choose another folder.", "unwritable"
        ) from error
    try:
        yield
    finally:
        lock.release()


def check_settings(folder: Path, settings: dict[str, Any]) -> None:
    """Raise MotionGPTError if the folder holds a training with other settings, or from other data; only LENGTH may
    differ. To be called before anything is written there."""
    path = folder / "checkpoint.pt"
    if path.exists():
        compare(path, torch.load(path, weights_only=True, map_location="cpu", mmap=True)["config"], settings)


def compare(path: Path, there: dict[str, Any], settings: dict[str, Any]) -> None:
    """Raise MotionGPTError if the settings `there`, of the checkpoint at `path`, are not these."""
    changed = [k for k in settings if k not in LENGTH and there.get(k) != settings[k]]
    if not changed:
        return
    others = [what for name, what in SOURCES.items() if name in changed]
    if others and len(others) == len(changed):
        raise MotionGPTError(f"{path.parent} holds a training on {' and '.join(others)}.", "Use another folder.")
    raise MotionGPTError(
        f"{path.parent} holds a training run with other settings ({', '.join(changed)}).", "Use another folder."
    )


def is_fresh(path: Path, made_from: dict[str, Any]) -> bool:
    """Whether a file that was kept in a training's folder was made from just this."""
    return path.exists() and _made_from(path.parent).get(path.name) == made_from


def copied(path: Path, made_from: dict[str, Any], start: Path | None) -> bool:
    """Whether the folder of an earlier training had such a file, made from just this; it is copied then."""
    if start is None or not is_fresh(start / path.name, made_from):
        return False
    shutil.copyfile(start / path.name, path)
    note_source(path, made_from)
    return True


def note_source(path: Path, made_from: dict[str, Any]) -> None:
    """Record what a file in a training's folder was made from."""
    known = _made_from(path.parent) | {path.name: made_from}
    draft = path.with_name(f".{_CACHES}.part")
    draft.write_text(json.dumps(known, indent=1), encoding="utf-8")
    draft.replace(path.with_name(_CACHES))


def _made_from(folder: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((folder / _CACHES).read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError):
        return {}
