"""The child process of the command line: loads a character, retargets motions to it, writes files. No window opens.

Started by `backend.output.blender` with the path of a job file, JSON:

    {"rig": FILE or "mannequin", "fps": number or null, "root": destination for `root_motion.carry` or null,
     "ik": whether to key a control rig's IK controls, "mute": whether to switch off what overrides the keys,
     "hands": a name of `hand_shapes.SHAPES`, "preset": a name of `presets.PRESETS` or null,
     "mesh", "add_root", "keep_actions": whether to write the meshes, to add a root bone to a rig without one, and to
     keep the actions that the character comes with,
     "bench": whether to measure with the first motion instead (`bench.measure`),
     "motions": [{"motion": NPZ, "name": TEXT, "output": FILE or null, "pictures": FOLDER or null, "picture_count": 8}]}

Motions with the same output become clips of one file. The job may also be {"read": FILE, ...}, see `takes.read_take`.
It answers with one line on stdout, RESULT_MARK and JSON:
{"files": [...]}, one report for each motion, or {"error": {"kind", "message", "cure"}}, the latter with "traceback"
where it is a bug.
"""

import itertools
import json
import math
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import bpy

from ...backend.output.blender import RESULT_MARK
from ...retarget.errors import MotionGPTError
from ...retarget.files.npz import load_npz
from ...retarget.solving.hand_shapes import RELAXED
from ...retarget.solving.root_motion import AUTO, BONE, OBJECT
from ..action.fcurves import retime
from ..action.hands import CharacterHands
from ..action.new_action import write_action
from ..character.character import Character
from ..character.typing import ArmatureObject, full
from ..overrides.following import Expected, expected_of
from ..overrides.report import Overridden, check, mute, sentence
from .bench import measure
from .loading import actions_of, clip_name, last_line, load_character
from .pictures import render_pictures
from .plain_copy import Clip, play
from .presets import PLAIN, PRESETS, Options, missing_for_unity, unity_note
from .takes import read_take
from .writing import WRITERS


def main(job_path: str) -> NoReturn:
    """Do the job, print the result line and end the process at once: bpy can crash or hang in an ordinary exit."""
    answer: dict[str, Any]
    try:
        job = json.loads(Path(job_path).read_text(encoding="utf-8"))
        if job.get("read"):
            answer = {"files": [read_take(job)]}
        else:
            answer = {"files": [measure(job)] if job.get("bench") else run_job(job)}
    except MotionGPTError as error:
        answer = {"error": {"kind": error.kind, "message": error.message, "cure": error.cure}}
    except Exception as error:  # noqa: BLE001 - the parent gets every failure as an answer
        message = f"Blender failed: {type(error).__name__}: {error}."
        answer = {"error": {"kind": "internal", "message": message, "cure": "", "traceback": traceback.format_exc()}}
    print(RESULT_MARK + json.dumps(answer), flush=True)
    sys.stderr.flush()
    os._exit(1 if "error" in answer else 0)


def run_job(job: dict[str, Any]) -> list[dict[str, Any]]:
    """Put the motions of each output onto a fresh copy of the character; one report for each motion."""
    for entry in job["motions"]:
        if entry.get("output"):
            check_output(Path(entry["output"]))
    reports = []
    for output, together in itertools.groupby(job["motions"], lambda entry: entry.get("output")):
        entries = list(together)
        for group in [entries] if output else [[entry] for entry in entries]:
            reports += _one_file(job, group)
    return reports


def _one_file(job: dict[str, Any], entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    motions = [load_npz(entry["motion"]) for entry in entries]
    fps = job.get("fps") or motions[0].fps
    motions = [motion if motion.fps == fps else motion.resample(fps) for motion in motions]
    armature, character = load_character(job["rig"], bool(job.get("ik")), bool(job.get("keep_actions")))
    own = actions_of(armature)
    render = full(bpy.context).scene.render
    for action in own:
        retime(action, fps * render.fps_base / render.fps)
    output = Path(entries[0]["output"]) if entries[0].get("output") else None
    exchange = output is not None and output.suffix.lower() in WRITERS
    options = Options(
        PRESETS[job["preset"]] if job.get("preset") else PLAIN, job.get("mesh", True), bool(job.get("add_root"))
    )
    wanted = job.get("root") or AUTO
    destination, options = _with_root(character, wanted, options) if exchange else (wanted, options)
    # Exchange formats count seconds from 0, Blender's scenes frames from 1.
    start = 0 if exchange else 1
    actions, expected = [], []
    for entry, motion in zip(entries, motions, strict=True):
        solved = character.solve(motion, character.root_destination(destination))
        fingers = CharacterHands.read(armature, character).shaped(job.get("hands") or RELAXED)
        actions.append(write_action(armature, character, solved, entry["name"], start, fingers=fingers))
        expected.append(expected_of(character, solved, start))
    if len(actions) > 1:
        for action in actions:
            action.use_fake_user = True
        play(armature, actions[0])
    _set_scene_time(fps, start, start + max(map(len, motions)) - 1)
    overridden = _overridden(armature, character, expected[0 if len(actions) > 1 else -1], bool(job.get("mute")))
    notes: list[str] = []
    if output is not None:
        clips = [(action, entry["name"]) for action, entry in zip(actions, entries, strict=True)]
        clips += [(action, clip_name(action)) for action in own]
        notes = save(output, armature, clips, options)
        if job.get("preset") == "unity":
            missing = missing_for_unity(character.mapping, character.rig.names)
            notes += [unity_note(missing)] if missing else []
    reports = []
    for entry, motion, action in zip(entries, motions, actions, strict=True):
        report: dict[str, Any] = {
            "output": str(output) if output else None,
            "armature": armature.name,
            "action": action.name,
            "frames": len(motion),
            "fps": motion.fps,
            "bones": len(character.mapping.driven),
            "notes": notes,
            "overridden": overridden.message if overridden else None,
        }
        if entry.get("pictures"):
            hips = character.mapping.bones["pelvis"]
            report["pictures"] = render_pictures(armature, hips, Path(entry["pictures"]), entry.get("picture_count", 8))
        reports.append(report)
    return reports


def _with_root(character: Character, wanted: str, options: Options) -> tuple[str, Options]:
    """The destination and options for a file whose root may be a bone that the rig does not have: then the object
    carries the travel, and the exported root bone takes it over."""
    root = character.places.root
    lacking = root is None or root.name == character.places.hips.name
    if lacking and (wanted == BONE or (wanted == AUTO and (options.add_root or options.preset.root_bone))):
        return OBJECT, replace(options, add_root=True)
    return wanted, options


def _overridden(
    armature: ArmatureObject, character: Character, expected: Expected, switch_off: bool
) -> Overridden | None:
    """What keeps the keys from showing, after switching it off where that is wanted and possible."""
    render = full(bpy.context).scene.render
    rate = render.fps, render.fps_base
    if switch_off:
        return mute(armature, character, expected, rate)
    return sentence(*check(armature, character, expected, rate))


def _set_scene_time(fps: float, start: int, end: int) -> None:
    scene = full(bpy.context).scene
    scene.render.fps = max(1, math.ceil(fps))
    scene.render.fps_base = scene.render.fps / fps
    scene.frame_start, scene.frame_end = start, max(end, start)
    scene.frame_set(start)


def check_output(path: Path) -> None:
    """Raises MotionGPTError for a format that Blender does not write here, or a folder that can't be written."""
    if path.suffix.lower() not in (*WRITERS, ".blend"):
        raise MotionGPTError(
            f'The format "{path.suffix or path.name}" is not known for a character.', f"Use {' '.join(WRITERS)} .blend."
        )
    if not path.parent.is_dir() or path.is_dir():
        where = path if path.is_dir() else path.parent
        problem = "is a folder, not a file" if path.is_dir() else "is not a folder"
        raise MotionGPTError(f"{where} {problem}.", "Choose another output path.", "unwritable")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise MotionGPTError(
            f"{path.parent} can't be written ({error.strerror}).", "Choose another folder.", "unwritable"
        ) from error


def save(path: Path, armature: ArmatureObject, clips: Sequence[Clip], options: Options) -> list[str]:
    """Write the character with these clips as FBX, GLB or .blend, by the path's ending; it gets its name only when
    complete. Returns what the user should know about it."""
    path = path.resolve()
    lost: list[str] = []
    try:
        # In the same folder, so that a rename moves it into place; the name is the file's own, as some formats hold it.
        with tempfile.TemporaryDirectory(prefix=f".{path.stem}-", dir=path.parent) as folder:
            partial = Path(folder) / path.name
            writer = WRITERS.get(path.suffix.lower())
            if writer is None:
                bpy.ops.wm.save_as_mainfile(filepath=str(partial), check_existing=False, copy=True, compress=True)
            else:
                lost = writer(armature, str(partial), clips, options)
            os.replace(partial, path)
    except (OSError, RuntimeError) as error:
        raise MotionGPTError(
            f"{path} can't be written ({last_line(error)}).",
            "Choose another folder, or free space there.",
            "unwritable",
        ) from error
    if not lost:
        return []
    return [f"{'Images' if len(lost) > 1 else 'The image'} {', '.join(lost)} could not be read: the file lacks it."]
