"""Blender as a child process: retargets motions onto a character and writes FBX, GLB or .blend, with the add-on's code.

This side never imports bpy. The child runs in this Python, with `bpy` installed (the extra `blender`), or in the one
that the environment variable MOTIONGPT_BPY_PYTHON names; or it is the Blender that MOTIONGPT_BLENDER names, as the
extension has it. Its code is `addon/export/child.py`, which describes the job file and the answer.
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
from ...retarget.files.npz import load_npz, save_npz
from ...retarget.motion import Motion
from ...retarget.solving.hand_shapes import RELAXED
from ..process.launch import LAUNCHER
from .clips import clip_name

log = logging.getLogger(__name__)

SUFFIXES = (".fbx", ".glb", ".blend")
"""What `export_to_character` writes."""

READ_SUFFIXES = (".fbx", ".glb", ".gltf", ".vrm", ".blend")
"""What characters and `read_take`'s motions are read from."""

PRESETS = ("unreal", "unity", "godot")
"""The programs that FBX files can be written for; see the add-on's `export.presets`."""

MANNEQUIN = "mannequin"
"""The name, instead of a file, of a character that the add-on builds itself."""

BLENDER = "MOTIONGPT_BLENDER"
"""The environment variable for a Blender to use; its Python needs numpy, which it may find in PYTHONPATH."""
_BPY_PYTHON = "MOTIONGPT_BPY_PYTHON"
_CHILD = "motiongpt.addon.export"
RESULT_MARK = "MOTIONGPT_RESULT "
"""Prefix of the line of the child's output that holds its answer."""
PROGRESS_MARK = "MOTIONGPT_PROGRESS "
"""Prefix of a line that says how much of a take is read, from 0 to 1."""
_TIMEOUT_SECONDS = 1800.0


@dataclass(frozen=True)
class CharacterJob:
    """A motion to retarget onto the character.

    output: .fbx, .glb or .blend, or None to write no file; jobs in a row with the same output become clips of one file.
    name: of the clip; by default `clips.clip_name`.
    pictures: folder for `picture_count` rendered frames, or None to render none.
    """

    motion: Motion
    output: Path | None = None
    name: str | None = None
    pictures: Path | None = None
    picture_count: int = 8


@dataclass(frozen=True)
class CharacterOptions:
    """How motions are retargeted and files written.

    root: what carries the root motion, one of `retarget.solving.root_motion.DESTINATIONS` or "in_place".
    ik: key a control rig's IK controls instead of its FK controls.
    hands: the shape of hands with fingers, one of `retarget.solving.hand_shapes.SHAPES`.
    mute: switch off what overrides the character's keys, such as constraints.
    preset: the program that an FBX file is for, one of PRESETS; None: any.
    mesh: write the character's meshes.  add_root: give a rig without a root bone one.  keep_actions: write the actions
    that the character comes with, too. The first two are about .fbx and .glb.
    """

    root: str = "auto"
    ik: bool = False
    hands: str = RELAXED
    mute: bool = False
    preset: str | None = None
    mesh: bool = True
    add_root: bool = False
    keep_actions: bool = False


def export_to_character(
    jobs: Sequence[CharacterJob],
    rig: str | Path,
    fps: float | None = None,
    options: CharacterOptions | None = None,
) -> list[dict[str, Any]]:
    """Run all jobs on copies of one character, in one child process.

    rig: a file (.fbx .glb .gltf .blend .bvh) or "mannequin".  fps: the action's rate; by default the motion's.
    Returns for each job {"output", "armature", "action", "frames", "fps", "bones", "notes", "overridden"}, and
    "pictures" where asked for. notes: what the user should know about the file. What overrides the written keys is also
    logged as a warning.
    Raises MotionGPTError for errors that the user can fix; the output concerned is then left unchanged.
    """
    entries = [
        {
            "name": job.name or clip_name(job.motion, job.output.stem if job.output else ""),
            "output": str(job.output.absolute()) if job.output else None,
            "pictures": str(job.pictures.absolute()) if job.pictures else None,
            "picture_count": job.picture_count,
        }
        for job in jobs
    ]
    source = str(rig) if str(rig) == MANNEQUIN else str(Path(rig).absolute())
    settings = {"rig": source, "fps": fps, **asdict(options or CharacterOptions())}
    reports = _run_jobs(settings, [job.motion for job in jobs], entries)
    for message in dict.fromkeys(report["overridden"] for report in reports if report.get("overridden")):
        hint = "" if settings["mute"] else " --mute-overrides switches off what can be."
        log.warning("%s%s", message, hint)
    return reports


def read_take(path: Path, take: str | None = None) -> Motion:
    """The motion of a character file.

    take: the name of one of its actions, or a part of it that is in no other's; None for the only one.  Raises
    MotionGPTError for files without motion, and for several takes where none is named.
    """
    check_bpy()
    if not path.is_file():
        raise MotionGPTError(f"There is no file {path}.", "Check the path.")
    with tempfile.TemporaryDirectory(prefix="motiongpt-") as name:
        motion, job = Path(name, "motion.npz"), Path(name, "job.json")
        job.write_text(
            json.dumps({"read": str(path.absolute()), "take": take, "motion": str(motion)}), encoding="utf-8"
        )
        _run(job)
        return load_npz(motion)


def measure_retargeting(motion: Motion) -> dict[str, Any]:
    """Time retargeting a motion onto a rig of 60 bones; the add-on's `export.bench.measure` describes the report."""
    return _run_jobs({"bench": True}, [motion], [{}])[0]


def _run_jobs(
    settings: dict[str, Any], motions: Sequence[Motion], entries: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Write the job file and its motions, and run Blender. entries: of the job file, one for each motion."""
    check_bpy()
    with _temporary_folder() as name:
        folder = Path(name)
        for number, (motion, entry) in enumerate(zip(motions, entries, strict=True)):
            entry["motion"] = str(folder / f"{number}.npz")
            save_npz(motion, folder / f"{number}.npz")
        (folder / "job.json").write_text(json.dumps({**settings, "motions": entries}), encoding="utf-8")
        return _run(folder / "job.json")


def _temporary_folder() -> "tempfile.TemporaryDirectory[str]":
    try:
        return tempfile.TemporaryDirectory(prefix="motiongpt-")
    except OSError as error:
        raise MotionGPTError(
            f"There is no place for temporary files ({error.strerror or error}).",
            "Make the system's temporary folder writable, or name one in the environment variable TMPDIR.",
            "unwritable",
        ) from error


def check_bpy() -> None:
    """Raises MotionGPTError if bpy is not installed, without importing it."""
    if not {BLENDER, _BPY_PYTHON} & os.environ.keys() and importlib.util.find_spec("bpy") is None:
        raise MotionGPTError(
            "Character files need Blender's Python module, bpy, which is not installed.",
            "Install it with: pip install motiongpt-blender[blender]",
            "no_blender",
        )


def child_command(job_file: Path, program: str = "", paths: Sequence[str] = ()) -> list[str]:
    """The command that does a job file. program: a Blender; "" for a Python with bpy.  paths: folders in which that
    Blender finds packages that it comes without."""
    if program:
        expression = f"import sys; sys.path.extend({list(paths)!r})"
        blender = [program, "--background", "--factory-startup", "--python-expr", expression]
        return [*blender, "--python", str(LAUNCHER), "--", _CHILD, str(job_file)]
    return [os.environ.get(_BPY_PYTHON, sys.executable), "-P", str(LAUNCHER), _CHILD, str(job_file)]


def _python_path() -> list[str]:
    """Folders with packages, for a Blender, which does not read the variable itself."""
    return [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]


def child_environment(job_file: Path) -> dict[str, str]:
    """The variables for a child: its settings and extensions are in a folder of its own beside the job file. In the
    user's, a Blender with factory settings, in which no extension is enabled, deletes the packages that they brought.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith("BLENDER_USER_")}
    return kept | {"BLENDER_USER_RESOURCES": str(job_file.parent / "blender")}


def _run(job_file: Path) -> list[dict[str, Any]]:
    """Run Blender on a job file; returns the answer's entries, one for each motion."""
    try:
        done = subprocess.run(
            child_command(job_file, os.environ.get(BLENDER, ""), _python_path()),
            env=child_environment(job_file),
            capture_output=True,
            text=True,
            errors="replace",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # Windows would open a console
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except OSError as error:
        raise MotionGPTError(
            f"The Python that {_BPY_PYTHON} names can't be started ({error}).",
            "Correct the variable or unset it.",
            "no_blender",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise MotionGPTError(
            f"Blender did not finish within {_TIMEOUT_SECONDS / 60:.0f} minutes.", "Try a shorter motion.", "internal"
        ) from error
    log.debug("Blender's output:\n%s%s", done.stdout, done.stderr)
    return parse_answer(done.stdout, done.stderr, done.returncode)


def parse_answer(printed: str, errors: str, status: int) -> list[dict[str, Any]]:
    """The entries of the answer in what a child has printed. Raises MotionGPTError where the answer is one, and for a
    child that ended with this exit status and without an answer."""
    answers = [line for line in printed.splitlines() if line.startswith(RESULT_MARK)]
    if not answers:
        log.error("Blender's output:\n%s%s", printed[-4000:], errors[-4000:])
        raise MotionGPTError(
            f"Blender ended without an answer (exit status {status}).",
            "Try again. If it happens again, report it with the lines above.",
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
