"""Blender as a child process: puts motions onto a character and writes FBX, GLB or .blend, with the add-on's own code.

This side never imports bpy. The child is this same Python, in which `bpy` must be installed (the extra `blender`), or
the one that the environment's MOTIONGPT_BPY_PYTHON names; it does its work in `addon/export/child.py`, which also
describes the job file and the answer.
"""

import importlib.util
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...retarget.errors import MotionGPTError
from ...retarget.files.npz import save_npz
from ...retarget.motion import Motion
from ..process.launch import LAUNCHER

log = logging.getLogger(__name__)

SUFFIXES = (".fbx", ".glb", ".blend")
"""What `export_to_character` writes."""

PRESETS = ("unreal", "unity", "godot")
"""The programs that FBX files can be written for; the add-on's `fbx_presets` says how."""

MANNEQUIN = "mannequin"
"""The character that the add-on builds itself, in place of a character file."""

_BPY_PYTHON = "MOTIONGPT_BPY_PYTHON"
_CHILD = "motiongpt.addon.export"
RESULT_MARK = "MOTIONGPT_RESULT "
"""Before the one line of the child's output that is its answer."""
_TIMEOUT_SECONDS = 1800.0
_MAX_NAME = 60  # characters; Blender 4 cuts names off at 63 bytes


@dataclass(frozen=True)
class CharacterJob:
    """One motion onto the character.

    output: .fbx, .glb or .blend; None writes none.  name: of the action; the motion's text unless given.
    pictures: a folder for `picture_count` rendered frames, None renders none.
    """

    motion: Motion
    output: Path | None = None
    name: str | None = None
    pictures: Path | None = None
    picture_count: int = 8


@dataclass(frozen=True)
class CharacterOptions:
    """How motion goes onto a character, and how the character is written.

    root: what carries its travel, one of `retarget.root_motion.DESTINATIONS` or "in_place".
    ik: key a control rig's IK controls instead of its FK controls.
    preset: the program that an FBX file is for, one of PRESETS; None writes it for Blender's own axes and names.
    """

    root: str = "auto"
    ik: bool = False
    preset: str | None = None


def export_to_character(
    jobs: Sequence[CharacterJob],
    rig: str | Path,
    fps: float | None = None,
    options: CharacterOptions | None = None,
) -> list[dict[str, Any]]:
    """Do all jobs on copies of one character, in one child process.

    rig: a file (.fbx .glb .gltf .blend .bvh) or "mannequin".  fps: the action's rate, the motion's own unless given.
    Returns for each job {"output", "armature", "action", "frames", "fps", "bones"}, and "pictures" where asked for.
    Raises MotionGPTError for whatever the user can cure; then the output in question was not touched.
    """
    check_bpy()
    with tempfile.TemporaryDirectory(prefix="motiongpt-") as folder:
        entries = []
        for number, job in enumerate(jobs):
            motion_file = Path(folder) / f"{number}.npz"
            save_npz(job.motion, motion_file)
            entries.append(
                {
                    "motion": str(motion_file),
                    "name": _action_name(job),
                    "output": str(job.output.absolute()) if job.output else None,
                    "pictures": str(job.pictures.absolute()) if job.pictures else None,
                    "picture_count": job.picture_count,
                }
            )
        source = str(rig) if str(rig) == MANNEQUIN else str(Path(rig).absolute())
        job_file = Path(folder) / "job.json"
        content = {"rig": source, "fps": fps, "motions": entries, **asdict(options or CharacterOptions())}
        job_file.write_text(json.dumps(content), encoding="utf-8")
        return _run(job_file)


def measure_retargeting(motion: Motion) -> dict[str, Any]:
    """How fast this motion is solved onto a rig of 60 bones and written; the add-on's `bench.measure` says what."""
    check_bpy()
    with tempfile.TemporaryDirectory(prefix="motiongpt-") as folder:
        motion_file, job_file = Path(folder) / "0.npz", Path(folder) / "job.json"
        save_npz(motion, motion_file)
        job_file.write_text(json.dumps({"bench": True, "motions": [{"motion": str(motion_file)}]}), encoding="utf-8")
        return _run(job_file)[0]


def check_bpy() -> None:
    """Raises MotionGPTError where there is no bpy, at no cost."""
    if _BPY_PYTHON not in os.environ and importlib.util.find_spec("bpy") is None:
        raise MotionGPTError(
            "Writing onto a character needs Blender's Python module, bpy, which is not installed.",
            "Install it with: pip install motiongpt-blender[blender]",
            "no_blender",
        )


def _action_name(job: CharacterJob) -> str:
    text = job.name or str(job.motion.meta.get("text") or "") or (job.output.stem if job.output else "")
    return " ".join(text.split()).encode()[:_MAX_NAME].decode(errors="ignore") or "Motion"


def _run(job_file: Path) -> list[dict[str, Any]]:
    command = [os.environ.get(_BPY_PYTHON, sys.executable), "-P", str(LAUNCHER), _CHILD, str(job_file)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_SECONDS, check=False
        )
    except OSError as error:
        raise MotionGPTError(
            f"The Python that {_BPY_PYTHON} names can't be started ({error}).", "Correct or unset it.", "no_blender"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise MotionGPTError(
            f"Blender did not finish within {_TIMEOUT_SECONDS / 60:.0f} minutes.", "Try a shorter motion.", "internal"
        ) from error
    log.debug("Blender's output:\n%s%s", done.stdout, done.stderr)
    answers = [line for line in done.stdout.splitlines() if line.startswith(RESULT_MARK)]
    if not answers:
        log.error("Blender's output:\n%s%s", done.stdout[-4000:], done.stderr[-4000:])
        raise MotionGPTError(
            f"Blender ended without an answer (exit status {done.returncode}).",
            "Try again; if it happens again, report it with the lines above.",
            "internal",
        )
    answer: dict[str, Any] = json.loads(answers[-1][len(RESULT_MARK) :])
    if "error" in answer:
        failure = answer["error"]
        if "traceback" in failure:
            log.error("Blender's process failed:\n%s", failure["traceback"])
        raise MotionGPTError(failure["message"], failure["cure"], failure["kind"])
    files: list[dict[str, Any]] = answer["files"]
    return files
