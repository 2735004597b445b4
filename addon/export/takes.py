"""Reading the motion of a character file: every action in it that moves its armature is a take.

The armature is evaluated frame by frame, constraints and control rig included, in a scene of its own, so that no mesh
is; where its object moves, as a root bone that an importer made of it does, it moves the body.
"""

import json
import math
import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import bpy
import numpy as np

from ...backend.output.blender import PROGRESS_MARK
from ...retarget.errors import MotionGPTError
from ...retarget.files.npz import save_npz
from ...retarget.files.reading import posed_to_motion
from ...retarget.motion import rotations as rot
from ...retarget.rigs.rig import Rig
from ...retarget.typing import Floats
from ..action.fcurves import bone_channel
from ..character.typing import ArmatureObject, as_armature, full
from ..poses.reader import pose_source
from .loading import find_armature, import_file, reset_pose, short_take

_GLTF = (".glb", ".gltf", ".vrm")
_MOST_FRAMES = 20_000
_TOLD = 50  # frames between two words on how far reading is
_GLTF_FPS = 30.0  # of a file whose keys lie at no steady rate


@dataclass(frozen=True)
class Take:
    """An action that moves the armature. slot: the one of the action's slots that does; None before Blender 4.4."""

    name: str
    action: bpy.types.Action
    slot: Any


def read_take(job: dict[str, Any]) -> dict[str, Any]:
    """Write the take that a job names to its file; the job is {"read": FILE, "take": NAME or null, "motion": NPZ}.

    Returns {"take": NAME, "takes": [NAME], "clip": the take's name without what importers add}. Where the job says
    "list" and names no take, it returns the names alone: with "always" of any file, with "several" of one with more
    than one take. Raises MotionGPTError for a file without motion of a biped, and for one with several takes of which
    none was named.
    """
    path = Path(job["read"])
    bpy.ops.wm.read_factory_settings(use_empty=True)
    if path.suffix.lower() in _GLTF:
        _set_rate(_gltf_rate(path))
    import_file(path, animated=True)
    armature, character = find_armature(str(path))
    takes = list(_takes(armature))
    names, listing = [one.name for one in takes], job.get("list")
    if takes and not job.get("take") and (listing == "always" or (listing == "several" and len(takes) > 1)):
        return {"take": None, "takes": names}
    take = _chosen(path, takes, job.get("take"))
    _play(armature, take)
    first, last = (math.floor(take.action.frame_range[0]), math.ceil(take.action.frame_range[1]))
    if last - first >= _MOST_FRAMES:
        raise MotionGPTError(
            f"The take {take.name} of {path.name} has {last - first + 1} frames.", f"Use at most {_MOST_FRAMES}."
        )
    render = full(bpy.context).scene.render
    fps = render.fps / render.fps_base
    rotations, heads = _evaluated(armature, character.rig, range(first, last + 1), (render.fps, render.fps_base))
    motion = posed_to_motion(character.rig, character.mapping, rotations, heads, fps)
    save_npz(replace(motion, meta={"source": path.name, "take": take.name}), job["motion"])
    return {"take": take.name, "takes": names, "clip": _clip(path, armature, take)}


def _clip(path: Path, armature_object: ArmatureObject, take: Take) -> str:
    name = short_take(take.name)
    if path.suffix.lower() in _GLTF:  # before 4.4, Blender's importer adds the armature's name
        name = name.removesuffix(f"_{armature_object.name}") or name
    return name


def _takes(armature_object: ArmatureObject) -> Iterator[Take]:
    """The actions that animate bones of the armature."""
    names = set(armature_object.data.bones.keys())
    for action in bpy.data.actions:
        for slot, curves in _slots(action):
            if any((found := bone_channel(curve.data_path)) and found[0] in names for curve in curves):
                yield Take(action.name, action, slot)
                break


def _slots(action: Any) -> Iterator[tuple[Any, Any]]:
    """Each of an action's slots for objects with its F-curves; (None, F-curves) before Blender 4.4."""
    if not hasattr(action, "slots"):
        yield None, action.fcurves
        return
    for slot in action.slots:
        for strip in (strip for layer in action.layers for strip in layer.strips):
            if slot.target_id_type in ("OBJECT", "UNSPECIFIED") and (bag := strip.channelbag(slot)):
                yield slot, bag.fcurves


def _chosen(path: Path, takes: list[Take], wanted: str | None) -> Take:
    """The take of that name, in any case, or the only one with it in its name; without a name the only take."""
    if not takes:
        raise MotionGPTError(f"{path.name} holds no animation of its armature.", "Choose a file with motion.")
    listed = "; ".join(take.name for take in takes)
    if wanted is None:
        if len(takes) > 1:
            raise MotionGPTError(
                f"{path.name} holds {len(takes)} takes: {listed}.", "Choose one with --take NAME.", "several_takes"
            )
        return takes[0]
    text = wanted.casefold()
    for found in ([t for t in takes if t.name == wanted], [t for t in takes if t.name.casefold() == text]):
        if found:
            return found[0]
    parts = [take for take in takes if text in take.name.casefold()]
    if len(parts) != 1:
        problem = f"{len(parts)} takes of {path.name} hold" if parts else f"No take of {path.name} is called"
        raise MotionGPTError(f'{problem} "{wanted}"; there are: {listed}.', "Choose one of these.", "several_takes")
    return parts[0]


def _play(armature_object: ArmatureObject, take: Take) -> None:
    """Make the armature play a take and nothing else."""
    animation = armature_object.animation_data or armature_object.animation_data_create()
    animation.use_tweak_mode = False
    for track in animation.nla_tracks:
        track.is_solo, track.mute = False, True
    reset_pose(armature_object)
    animation.action, animation.action_influence, animation.action_blend_type = take.action, 1.0, "REPLACE"
    if take.slot is not None:
        animation.action_slot = take.slot


def _evaluated(
    armature_object: ArmatureObject, rig: Rig, frames: range, fps: tuple[int, float]
) -> tuple[Floats, Floats]:
    """Rotations (F, N, 4) and heads (F, N, 3) of the rig's bones on these frames, in the world."""
    sources = [pose_source(armature_object, name) for name in rig.names]
    scene = bpy.data.scenes.new("MotionGPT reads a take")
    scene.collection.objects.link(armature_object)
    scene.render.fps, scene.render.fps_base = fps
    matrices = np.empty((len(frames), len(sources), 4, 4))
    for row, frame in enumerate(frames):
        scene.frame_set(frame)
        graph = cast(bpy.types.Depsgraph, scene.view_layers[0].depsgraph)
        matrices[row] = world_matrices(as_armature(armature_object.evaluated_get(graph)), sources)
        if row % _TOLD == 0:
            print(f"{PROGRESS_MARK}{row / len(frames):.3f}", flush=True)
    return world_poses(matrices)


def world_matrices(armature_object: ArmatureObject, names: Sequence[str]) -> Floats:
    """(N, 4, 4) of these bones of an evaluated armature, in the world."""
    local = np.array([armature_object.pose.bones[name].matrix for name in names])
    world: Floats = np.array(armature_object.matrix_world) @ local
    return world


def world_poses(matrices: Floats) -> tuple[Floats, Floats]:
    """Rotations (F, N, 4) and heads (F, N, 3) of matrices (F, N, 4, 4). Raises MotionGPTError for a scale of zero."""
    turns = matrices[..., :3, :3]
    size = np.cbrt(np.linalg.det(turns))
    if not (np.isfinite(matrices).all() and (np.abs(size) > 1e-12).all()):
        raise MotionGPTError("The motion scales a bone to nothing.", "Remove the keys of its scale.")
    return rot.from_matrix(turns / size[..., None, None]), matrices[..., :3, 3]


def _set_rate(fps: float) -> None:
    render = full(bpy.context).scene.render
    render.fps = max(1, math.ceil(fps))
    render.fps_base = render.fps / fps


def _gltf_rate(path: Path) -> float:
    """The rate of most animation curves of a glTF file, which states none: keys a second. The importer, which places
    keys in seconds on the scene's frames, so keeps every one."""
    try:
        content = _gltf_json(path)
        accessors = content["accessors"]
        inputs = {s["input"] for animation in content.get("animations", ()) for s in animation["samplers"]}
        spans = [(accessors[i]["count"] - 1, accessors[i]["max"][0] - accessors[i]["min"][0]) for i in inputs]
        rates = Counter(round(count / seconds, 2) for count, seconds in spans if count > 1 and seconds > 0.0)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, struct.error, OSError, RecursionError):
        return _GLTF_FPS  # the importer says what is wrong with the file
    fps = max(rates, key=lambda rate: (rates[rate], rate), default=_GLTF_FPS)
    whole = round(fps)
    fps = float(whole) if abs(fps - whole) < 0.02 * fps else fps
    return fps if 10.0 <= fps <= 240.0 else _GLTF_FPS


def _gltf_json(path: Path) -> Any:
    """The description in a .gltf, .glb or .vrm file. Raises ValueError, struct.error or OSError."""
    with open(path, "rb") as file:
        head = file.read(20)
        if head[:4] != b"glTF":
            return json.loads(head + file.read())
        return json.loads(file.read(struct.unpack_from("<I", head, 12)[0]))
