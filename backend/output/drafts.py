"""Output files that are complete or not there: written under another name beside their place, then moved to it."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...retarget.errors import MotionGPTError


@contextmanager
def draft_of(target: Path, replace: bool = True) -> Iterator[Path]:
    """A temporary path with the same ending next to `target`; its file becomes `target` when the block succeeds.

    replace: in place of a file that is there already. Raises MotionGPTError ("unwritable") if the disk is full, for
    similar errors, and for a file that is there but must not be replaced, even one that came during the block.
    """
    draft = target.with_name(f".{os.getpid()}-{secrets.token_hex(4)}-{target.name}")
    try:
        yield draft
        if replace:
            os.replace(draft, target)
        else:
            _move_to_new(draft, target)
    except FileExistsError:
        raise exists(target) from None
    except OSError as error:
        why = error.strerror or str(error)
        raise MotionGPTError(
            f"{target} could not be written ({why}).", "Choose another place.", "unwritable"
        ) from error
    finally:
        draft.unlink(missing_ok=True)


def exists(target: Path) -> MotionGPTError:
    """The error for a file or folder that must not be replaced."""
    return MotionGPTError(f"{target} already exists.", "Choose another name, or leave out --no-clobber.", "exists")


def _move_to_new(draft: Path, target: Path) -> None:
    """Raises FileExistsError where `target` exists; nothing can come in between."""
    if os.name == "nt":
        os.rename(draft, target)  # which replaces nothing there
        return
    try:
        os.link(draft, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        os.replace(draft, target)
