"""The zoo's part inside Blender: rigs of real characters and of Rigify as arrays, and rendered contact sheets."""

import os
import sys
import tempfile
from pathlib import Path

import bpy  # isort: skip
import numpy as np

from motiongpt.addon.action.new_action import write_action
from motiongpt.addon.character.armature import read_rig
from motiongpt.addon.character.character import Character
from motiongpt.addon.export.loading import load_character
from motiongpt.addon.export.pictures import render_pictures
from motiongpt.retarget.files.reading import read_motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.solving.solve import to_bones

from .zoo import CHARACTERS, MOTIONS, SHARED, SKIN
from .zoo_rigs import FAMILIES, build_rig


def rigify() -> tuple[bpy.types.Object, bpy.types.Object]:
    """Rigify's human metarig and the control rig that it generates."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.preferences.addon_enable(module="rigify")
    bpy.ops.object.armature_human_metarig_add()
    metarig = bpy.context.object
    bpy.ops.pose.rigify_generate()
    return metarig, next(o for o in bpy.data.objects if o.type == "ARMATURE" and o != metarig)


def dump(folder: Path) -> None:
    for name in (*(c for c in CHARACTERS if (SHARED / "rigs" / c).is_file()), "mannequin"):
        source = name if name == "mannequin" else str(SHARED / "rigs" / name)
        save_rig(folder / f"{Path(name).stem}.npz", load_character(source)[0])
    for name in FAMILIES:
        save_rig(folder / f"{name}.npz", build_skinned(name))
    for name, armature in zip(("rigify metarig", "rigify controls"), rigify(), strict=True):
        save_rig(folder / f"{name}.npz", armature)


def save_rig(path: Path, armature: bpy.types.Object) -> None:
    rig = read_rig(armature)
    skin = {key: value for key in SKIN if (value := getattr(rig, key)) is not None}
    np.savez(path, names=np.array(rig.names), parents=np.array(rig.parents), rest=rig.rest_rotations, heads=rig.heads,
             tails=rig.tails, levels=rig.levels, **skin)  # fmt: skip


def build_skinned(name: str) -> bpy.types.Object:
    """A family's rig as an armature with a body: a tapered box along every bone, weighted to it alone."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    rig, joints = build_rig(FAMILIES[name], seed=7)
    armature = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    bpy.context.scene.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    size = float(np.ptp(rig.heads[:, 2]))
    for i, bone_name in enumerate(rig.names):
        bone = armature.data.edit_bones.new(bone_name)
        bone.head, bone.tail = rig.heads[i], rig.tails[i]
        across = rot.rotate(rig.rest_rotations[i], np.array([0.0, 0.0, 1.0]))
        bone.align_roll(across)
        if rig.parents[i] >= 0:
            bone.parent = armature.data.edit_bones[rig.names[rig.parents[i]]]
    bpy.ops.object.mode_set(mode="OBJECT")
    vertices, faces, groups = [], [], []
    for i, bone_name in enumerate(rig.names):
        if not rig.moves_mesh(i):
            continue
        start, end = rig.heads[i], rig.tails[i]
        radius = min((0.09 if bone_name in _wide(name, joints) else 0.04) * size / 1.5, 2.2 * rig.thickness[i])
        first = len(vertices)
        vertices += _tapered_box(start, end, [rot.rotate(rig.rest_rotations[i], np.eye(3)[a]) * radius for a in (0, 2)])
        faces += [tuple(first + k + r for k in (0, 1, 2, 3)) for r in (0, 8)]
        faces += [(first + r + k, first + r + (k + 1) % 4, first + r + 4 + (k + 1) % 4, first + r + 4 + k)
                  for r in (0, 4) for k in range(4)]  # fmt: skip
        groups.append((bone_name, range(first, first + 12)))
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([tuple(v) for v in vertices], [], faces)
    body = bpy.data.objects.new(f"{name} body", mesh)
    bpy.context.scene.collection.objects.link(body)
    for bone_name, members in groups:
        body.vertex_groups.new(name=bone_name).add(list(members), 1.0, "REPLACE")
    body.parent = armature
    body.modifiers.new("Armature", "ARMATURE").object = armature
    return armature


def _wide(name: str, joints: dict[str, str]) -> set[str]:
    return {joints[j] for j in ("pelvis", "head")} | set(FAMILIES[name].spine)


def _tapered_box(start: np.ndarray, end: np.ndarray, across: list[np.ndarray]) -> list[np.ndarray]:
    x, z = across
    rings = ((start, 0.8), (0.7 * start + 0.3 * end, 1.0), (end, 0.6))
    return [centre + thin * v for centre, thin in rings for v in (x + z, x - z, -x - z, z - x)]


def render_row(armature: bpy.types.Object, clip: str, count: int) -> list[np.ndarray]:
    """Frames of one motion on the character, (height, width, 3) from 0 to 1."""
    character = Character.read(armature)
    rig, mapping = character.rig, character.mapping
    motion = read_motion(SHARED / "mocap" / clip)
    motion = motion.slice(0, min(len(motion), round(4 * motion.fps)))
    write_action(armature, character, to_bones(motion, rig, mapping), clip, 1)
    bpy.context.scene.frame_start, bpy.context.scene.frame_end = 1, len(motion)
    with tempfile.TemporaryDirectory() as folder:
        paths = render_pictures(armature, mapping.bones["pelvis"], Path(folder), count)
        return [_pixels(path) for path in paths]


def _pixels(path: str) -> np.ndarray:
    image = bpy.data.images.load(path)
    width, height = image.size
    pixels = np.array(image.pixels[:], dtype=np.float32).reshape(height, width, 4)[::-1, :, :3]
    bpy.data.images.remove(image)
    return pixels[::2, ::2]


def save_sheet(path: Path, rows: list[list[np.ndarray]], quality: int) -> None:
    """A JPEG of all rows, two side by side."""
    pairs = [a + b for a, b in zip(rows[::2], rows[1::2], strict=True)]
    sheet = np.concatenate([np.concatenate(row, axis=1) for row in pairs], axis=0)[::-1]
    height, width = sheet.shape[:2]
    image = bpy.data.images.new("sheet", width, height)
    image.pixels[:] = np.concatenate([sheet, np.ones((height, width, 1), np.float32)], axis=-1).ravel().tolist()
    image.filepath_raw, image.file_format = str(path), "JPEG"
    image.save(quality=quality)


def pictures(folder: Path) -> None:
    """A sheet of all families walking, and one of the characters at hand in several motions, a row each."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for name in CHARACTERS:
        for motion in ("run", "kick", "crawl", "cartwheel"):
            armature = load_character(str(SHARED / "rigs" / name))[0]
            rows.append(render_row(armature, MOTIONS[motion], 4))
    save_sheet(folder / "zoo-characters.jpg", rows, 52)
    rows = [render_row(build_skinned(name), MOTIONS["walk"], 4) for name in FAMILIES]
    save_sheet(folder / "zoo-families.jpg", rows, 55)


if __name__ == "__main__":
    try:
        {"dump": dump, "pictures": pictures}[sys.argv[1]](Path(sys.argv[2]))
        status = 0
    except Exception:
        import traceback

        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # bpy may hang in an ordinary exit
