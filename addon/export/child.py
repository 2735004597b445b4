"""The child process of the command line: loads a character, retargets motions to it, writes files. No window opens.

Started by `backend.output.blender` with the path of a job file, JSON:

    {"rig": FILE or "mannequin", "fps": number or null, "root": destination for `root_motion.carry` or null,
     "ik": whether to key a control rig's IK controls, "preset": a name of `fbx_presets.PRESETS` or null,
     "bench": whether to measure with the first motion instead (`bench.measure`),
     "motions": [{"motion": NPZ, "name": TEXT, "output": FILE or null, "pictures": FOLDER or null, "picture_count": 8}]}

or {"read": FILE, ...}, see `takes.read_take`, and answers with one line on stdout, RESULT_MARK and JSON:
{"files": [...]} or {"error": {"kind", "message", "cure"}}, the latter with "traceback"
where it is a bug.
"""

import json
import math
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import bpy

from ...backend.output.blender import RESULT_MARK
from ...retarget.errors import MotionGPTError
from ...retarget.files.npz import load_npz
from ...retarget.solving.root_motion import AUTO, OBJECT
from ..action.new_action import write_action
from ..character.typing import as_armature, full
from .bench import measure
from .fbx_presets import PRESETS, export_fbx, write_fbx
from .loading import last_line, load_character
from .pictures import render_pictures
from .takes import read_take


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
    """Put every motion of the job onto a fresh copy of the character; one report each."""
    for entry in job["motions"]:
        if entry.get("output"):
            check_output(Path(entry["output"]))
    return [_one_motion(job, entry) for entry in job["motions"]]


def _one_motion(job: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    motion = load_npz(entry["motion"])
    motion = motion.resample(job["fps"]) if job.get("fps") else motion
    armature, character = load_character(job["rig"], ik=bool(job.get("ik")))
    output = Path(entry["output"]) if entry.get("output") else None
    # Exchange formats count seconds from 0, Blender's scenes frames from 1.
    start = 0 if output is not None and output.suffix.lower() in (".fbx", ".glb") else 1
    preset = PRESETS[job["preset"]] if job.get("preset") else None
    destination = character.root_destination(job.get("root") or AUTO)
    if destination == AUTO and preset and preset.rootless and character.places.root is None:
        destination = OBJECT  # its node becomes the root bone
    action = write_action(armature, character, character.solve(motion, destination), entry["name"], start)
    _set_scene_time(motion.fps, start, start + len(motion) - 1)
    report: dict[str, Any] = {
        "output": str(output) if output else None,
        "armature": armature.name,
        "action": action.name,
        "frames": len(motion),
        "fps": motion.fps,
        "bones": len(character.mapping.driven),
    }
    if output is not None:
        by_preset = (lambda file, name: write_fbx(armature, file, name, preset)) if preset else None
        save(output, action.name, by_preset)
    if entry.get("pictures"):
        hips = character.mapping.bones["pelvis"]
        report["pictures"] = render_pictures(armature, hips, Path(entry["pictures"]), entry.get("picture_count", 8))
    return report


def _set_scene_time(fps: float, start: int, end: int) -> None:
    scene = full(bpy.context).scene
    scene.render.fps = max(1, math.ceil(fps))
    scene.render.fps_base = scene.render.fps / fps
    scene.frame_start, scene.frame_end = start, max(end, start)
    scene.frame_set(start)


def check_output(path: Path) -> None:
    """Raises MotionGPTError for a format that Blender does not write here, or a folder that can't be written."""
    if path.suffix.lower() not in _SAVERS:
        raise MotionGPTError(
            f'The format "{path.suffix or path.name}" is not known for a character.', f"Use {' '.join(_SAVERS)}."
        )
    if not path.parent.is_dir() or path.is_dir():
        where = path if path.is_dir() else path.parent
        problem = "is a folder, not a file" if path.is_dir() else "is not a folder"
        raise MotionGPTError(f"{where} {problem}.", "Choose another output path.", "unwritable")
    partial = _partial(path)
    try:
        partial.touch()
        partial.unlink()
    except OSError as error:
        raise MotionGPTError(
            f"{path.parent} can't be written ({error.strerror}).", "Choose another folder.", "unwritable"
        ) from error


def save(path: Path, name: str, write: Callable[[str, str], None] | None = None) -> None:
    """Write the open scene as FBX, GLB or .blend, by the path's ending; it gets its name only when complete.

    name: what the animation is called in the file.  write: called to write it instead, with a path and the name.
    """
    path = path.resolve()
    partial = _partial(path)
    try:
        (write or _SAVERS[path.suffix.lower()])(str(partial), name)
        os.replace(partial, path)
    except (OSError, RuntimeError) as error:
        raise MotionGPTError(
            f"{path} can't be written ({last_line(error)}).",
            "Choose another folder, or free space there.",
            "unwritable",
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _partial(path: Path) -> Path:
    """Where a file is written until it is complete: in the same folder, so that a rename moves it into place."""
    return path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")


def _save_fbx(file: str, name: str) -> None:
    _remove_bone_shapes()
    full(bpy.context).scene.name = name  # the exporter names the scene's animation after it
    export_fbx(file, {"ARMATURE", "MESH", "EMPTY", "OTHER"})


def _save_glb(file: str, name: str) -> None:
    _remove_bone_shapes()
    bpy.ops.export_scene.gltf(
        filepath=file,
        export_format="GLB",
        export_animations=True,
        export_animation_mode="ACTIONS",
        export_force_sampling=True,
        export_optimize_animation_size=False,
        export_frame_range=False,
    )


def _save_blend(file: str, name: str) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=file, check_existing=False, copy=True, compress=True)


_SAVERS: dict[str, Callable[[str, str], None]] = {".fbx": _save_fbx, ".glb": _save_glb, ".blend": _save_blend}


def _remove_bone_shapes() -> None:
    """Remove the objects that Blender draws in place of bones: outside Blender they are stray meshes."""
    shapes = set()
    for armature in (o for o in full(bpy.context).scene.objects if o.type == "ARMATURE"):
        for bone in as_armature(armature).pose.bones:
            if bone.custom_shape is not None:
                shapes.add(bone.custom_shape)
                bone.custom_shape = None
    for shape in shapes:
        bpy.data.objects.remove(shape)
