"""Loading a character into an empty Blender, from a file or as the mannequin, without the animation it came with."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import bpy

from ...retarget.errors import MotionGPTError
from ..action.fcurves import all_fcurves, bone_channel
from ..character.character import Character
from ..character.typing import ArmatureObject, as_armature, full
from .mannequin import build_mannequin

MANNEQUIN = "mannequin"
"""The name, in place of a file, of the character that the add-on builds itself."""


def load_character(source: str, ik: bool = False, actions: bool = False) -> tuple[ArmatureObject, Character]:
    """Replace the open file by the character of `source` (a file, or "mannequin"); return armature and `Character`.

    ik: as `Character.read` takes it.  actions: keep its actions, with a fake user.  Raises MotionGPTError for a file
    that is missing, can't be read, or holds no humanoid armature.
    """
    bpy.ops.wm.read_factory_settings(use_empty=True)
    if source == MANNEQUIN:
        build_mannequin(full(bpy.context).scene.collection)
    else:
        import_file(Path(source), actions)
    armature, character = find_armature(source)
    kept = actions_of(armature) if actions else ()
    clear_animation(armature, Path(source).suffix.lower() == ".blend", kept)
    return armature, Character.read(armature, ik) if ik else character


def actions_of(armature_object: ArmatureObject) -> list[bpy.types.Action]:
    """The open file's actions that animate bones of this armature alone, by name."""
    bones = set(armature_object.data.bones.keys())
    found = []
    for action in bpy.data.actions:
        animated = {channel[0] for curve in all_fcurves(action) if (channel := bone_channel(curve.data_path))}
        if animated and animated <= bones:
            found.append(action)
    return sorted(found, key=lambda action: action.name)


def clip_name(action: bpy.types.Action) -> str:
    """An action's name without what Blender's FBX importer puts around it: object|clip|layer."""
    return short_take(action.name)


def short_take(name: str) -> str:
    """The name of a clip in the name of an action; see `clip_name`."""
    parts = name.split("|")
    return parts[1] if len(parts) > 1 and parts[1] else name


def import_file(path: Path, animated: bool = False) -> None:
    """Import a character file into the open scene, or open it. animated: with the animation of FBX files.

    Raises MotionGPTError for a file that is missing or can't be read.
    """
    suffix = path.suffix.lower()

    def gltf(file: str) -> object:
        return bpy.ops.import_scene.gltf(filepath=file)

    importers: dict[str, Callable[[str], object]] = {
        ".fbx": lambda file: _import_fbx(file, animated),
        ".glb": gltf,
        ".gltf": gltf,
        ".vrm": gltf,
        ".blend": lambda file: bpy.ops.wm.open_mainfile(filepath=file, load_ui=False, use_scripts=False),
        ".bvh": lambda file: bpy.ops.import_anim.bvh(filepath=file),
    }
    if suffix not in importers:
        raise MotionGPTError(
            f'A character can\'t be read from "{path.name}": the format "{suffix or "none"}" is not known.',
            f"Use one of {' '.join(importers)}, or the word {MANNEQUIN}.",
        )
    if not path.is_file():
        raise MotionGPTError(f"There is no character file {path}.", "Check the path.")
    try:
        importers[suffix](str(path.resolve()))
    except MotionGPTError:
        raise
    except Exception as error:  # importers raise all kinds of errors on damaged files
        saved_by = _blender_of(path) if suffix == ".blend" else (0, 0)
        if saved_by > bpy.app.version[:2]:
            raise MotionGPTError(
                f"{path} was saved by Blender {saved_by[0]}.{saved_by[1]}, which is newer than this one "
                f"({bpy.app.version_string.split()[0]}).",
                "Use that Blender, or export the character as FBX or GLB.",
            ) from error
        raise MotionGPTError(
            f"{path} can't be read as a character ({last_line(error)}).",
            "Open it in Blender to see whether it is damaged, and save it again.",
        ) from error


_SAVED_BY = re.compile(rb"BLENDER(?:\d\d[-_]\d\d)?[-_]?[vV]0?(\d\d\d)")


def _blender_of(path: Path) -> tuple[int, int]:
    """Major and minor version of the Blender that saved a .blend file, as its first bytes say it, (0, 0) if they don't;
    a compressed file has them, too, after the head of the first block."""
    with path.open("rb") as opened:
        found = _SAVED_BY.search(opened.read(64))
    return divmod(int(found[1]), 100) if found else (0, 0)


def last_line(error: Exception) -> str:
    """Blender's error message, without the traceback that it adds to errors of its own Python."""
    lines = [line for line in str(error).splitlines() if line.strip() and not line.startswith("Location:")]
    return lines[-1].strip().removeprefix("Error: ") if lines else type(error).__name__


_BINARY_FBX = b"Kaydara FBX Binary"


def _import_fbx(file: str, animated: bool) -> None:
    """Read an FBX file by the importer that can: the one in Python reads binary files only, and Blender's newer one,
    from 4.5 on, ASCII files too. Raises MotionGPTError for an ASCII file where there is only the former."""
    with open(file, "rb") as opened:
        head = opened.read(4096)
    binary, newer = head.startswith(_BINARY_FBX), "fbx_import" in dir(bpy.ops.wm)
    if not binary and b"FBX" in head and not newer:
        raise MotionGPTError(
            f"{file} is an ASCII FBX file, which Blender reads from 4.5 on.", "Export it again as binary FBX."
        )
    if "fbx" in dir(bpy.ops.import_scene) and (binary or not newer):
        bpy.ops.import_scene.fbx(filepath=file, use_anim=animated)
    else:
        bpy.ops.wm.fbx_import(filepath=file, use_anim=animated)


def find_armature(source: str) -> tuple[ArmatureObject, Character]:
    """The armature that can be mapped; of several, a control rig before its metarig, else the one with most bones."""
    found: list[tuple[ArmatureObject, Character]] = []
    errors: list[MotionGPTError] = []
    for candidate in full(bpy.context).scene.objects:
        if candidate.type == "ARMATURE":
            try:
                armature = as_armature(candidate)
                found.append((armature, Character.read(armature, ik=False)))
            except MotionGPTError as error:
                errors.append(error)
    if found:
        return max(found, key=lambda entry: _preference(entry[1]))
    if errors:
        raise errors[0]
    raise MotionGPTError(
        f"There is no armature in {source}.", "Choose a file with a rigged character.", kind="not_humanoid"
    )


def _preference(character: Character) -> tuple[bool, int]:
    return character.mapping.found_by not in ("names", "shape"), len(character.rig.names)


def clear_animation(armature_object: ArmatureObject, keep_others: bool, kept: Sequence[bpy.types.Action] = ()) -> None:
    """Remove every action and NLA track from the armature, put it in its rest pose, and remove actions without users.

    keep_others: leave the animation of other objects alone, as for a whole scene that comes from a .blend.
    kept: actions to keep, with a fake user.
    """
    for owner in [armature_object] if keep_others else list(bpy.data.objects):
        _clear_keys(owner)
    if not keep_others:
        for keys in bpy.data.shape_keys:
            keys.animation_data_clear()
    for action in list(bpy.data.actions):
        if action in kept:
            action.use_fake_user = True
        elif not keep_others or action.users - int(action.use_fake_user) <= 0:
            bpy.data.actions.remove(action)
    reset_pose(armature_object)


def reset_pose(armature_object: ArmatureObject) -> None:
    """Put every bone into its rest pose, from which keys move it."""
    armature_object.data.pose_position = "POSE"
    for bone in armature_object.pose.bones:
        bone.location = (0.0, 0.0, 0.0)
        bone.rotation_quaternion = (1.0, 0.0, 0.0, 0.0)
        bone.rotation_euler = (0.0, 0.0, 0.0)
        bone.rotation_axis_angle = (0.0, 0.0, 1.0, 0.0)
        bone.scale = (1.0, 1.0, 1.0)


def _clear_keys(owner: bpy.types.Object) -> None:
    animation = owner.animation_data
    if animation is None:
        return
    if not animation.drivers:
        owner.animation_data_clear()
        return
    animation.use_tweak_mode = False
    animation.action = None  # the drivers stay: a control rig needs them
    for track in list(animation.nla_tracks):
        animation.nla_tracks.remove(track)
