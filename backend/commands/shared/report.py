"""Reports of commands."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ....retarget.motion import Motion

_SAID = ("sureness", "unsure", "nearest", "made_by", "blocks", "loop")
"""What a motion's `meta` says that goes into --json."""


@dataclass(frozen=True)
class Report:
    """A command's result: `data` for --json, `lines` for people. exit_code: 1 if a check failed."""

    data: dict[str, Any] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    exit_code: int = 0


def file_data(motion: Motion, path: Path) -> dict[str, Any]:
    """A written motion for --json."""
    said: dict[str, Any] = {k: motion.meta[k] for k in _SAID if k in motion.meta}
    return {"path": str(path), "frames": len(motion), "fps": motion.fps, "seconds": round(motion.duration, 6), **said}


def file_lines(motions: Sequence[Motion], paths: Sequence[Path]) -> tuple[str, ...]:
    """Written motions for people."""
    return tuple(
        f"{path}: {len(m)} frames, {m.duration:g} s at {m.fps:g} fps" for m, path in zip(motions, paths, strict=True)
    )
