"""A bundle for reports of faults: versions, figures and logs in one zip file, without what a user has typed."""

import importlib.metadata
import json
import platform
import re
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ....retarget.errors import MotionGPTError
from ...version import __version__

MOST_BYTES = 4_000_000
"""Of one log: its end."""
_PACKAGES = ("numpy", "onnxruntime", "tokenizers", "pyzmq", "msgspec", "torch", "bpy", "rich", "matplotlib")
_QUOTED = re.compile(r"""(?<!File )"[^"\n]*"|(?<!\w)'[^'\n]*'(?!\w)|“[^”\n]*”""")
_ABOUT = (
    "What is in here: facts.json (versions and figures) and logs. Text in quotation marks, which may be prompts, was "
    "taken out of the logs unless they were asked for; so was the name of the home folder."
)


def write_bundle(path: Path, logs: Sequence[Path], facts: Mapping[str, Any], prompts: bool = False) -> list[str]:
    """Write the zip, as a whole; returns the names of the files in it.

    logs: those that are not there are left out; a log's older parts (NAME.1 ...) and what its process printed come
    with it.  facts: besides those about the machine.  prompts: leave texts as they are.
    Raises MotionGPTError where it can't be written.
    """
    draft = path.with_name(f".{path.name}.part")
    try:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as bundle:
            bundle.writestr("about.txt", _ABOUT + "\n")
            bundle.writestr("facts.json", _redacted(json.dumps({**machine(), **facts}, indent=2, default=str), True))
            for log in _with_older(logs):
                with open(log, "rb") as file:
                    file.seek(max(0, log.stat().st_size - MOST_BYTES))
                    text = file.read().decode("utf-8", "replace")
                bundle.writestr(f"logs/{log.name}", _redacted(text, prompts))
            names = bundle.namelist()
        draft.replace(path)
    except OSError as error:
        raise MotionGPTError(
            f"{path} could not be written ({error.strerror or error}).", "Choose another place.", "unwritable"
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return names


def machine() -> dict[str, Any]:
    """Versions, and what the machine is."""
    packages = {}
    for name in _PACKAGES:
        try:
            packages[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "motiongpt": __version__,
        "python": sys.version,
        "system": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "packages": packages,
    }


def _with_older(logs: Sequence[Path]) -> list[Path]:
    found = {p: None for log in logs for p in (log, *sorted(log.parent.glob(f"{log.name}.*"))) if p.is_file()}
    return list(found)


def _redacted(text: str, prompts: bool) -> str:
    """A text without prompts, and without the name of the home folder."""
    text = text if prompts else _QUOTED.sub('"…"', text)
    home = str(Path.home())
    return text.replace(home, "~") if len(home) > 1 else text
