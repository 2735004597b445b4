"""Writing a character and its clips as FBX or GLB, by Blender's exporters, from a plain copy."""

import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import bpy
import numpy as np

from ..action.fcurves import all_fcurves, bone_channel
from ..action.new_action import write_keys
from ..character.placing import OBJECT
from ..character.typing import ArmatureObject
from .plain_copy import Clip, borrowed_names, plain_copy
from .presets import GLTF, Options
from .textures import simplify_materials

_FORWARD: Any = {"Y": "-Z", "Z": "Y"}  # with these the exporter turns by -90 degrees about X, and not at all
_STILL = {"T": 1e-6, "R": 1e-3, "S": 1e-4}
"""Largest range of a curve that stands still: of the skeleton's unit, in degrees, and as a factor."""


def write_fbx(armature_object: ArmatureObject, file: str, clips: Sequence[Clip], options: Options) -> list[str]:
    """Write the armature, its meshes and clips to an FBX file. The open file stays as it is.

    Returns the names of textures that can't be read.  Raises what the exporter raises.
    """
    preset = options.preset
    with plain_copy(armature_object, clips, options) as (copy, meshes), borrowed_names() as take_name:
        lost = simplify_materials(meshes, take_name, pack=True)
        _add_rest(copy)
        with _fbx_as_wanted(copy, preset.scale):
            bpy.ops.export_scene.fbx(
                filepath=file,
                object_types={"ARMATURE", "MESH"},
                use_selection=True,
                axis_forward=_FORWARD[preset.up],
                axis_up=cast(Any, preset.up),
                # Unreal's scene counts in centimetres: a factor of 1 either way; the others state metres in the header.
                apply_scale_options="FBX_SCALE_ALL",
                mesh_smooth_type="FACE",
                add_leaf_bones=False,
                bake_anim=True,
                bake_anim_use_nla_strips=True,
                bake_anim_use_all_actions=False,
                path_mode="COPY",
                embed_textures=True,
            )
    return lost


def write_glb(armature_object: ArmatureObject, file: str, clips: Sequence[Clip], options: Options) -> list[str]:
    """The same as GLB, whose units and axes are fixed; no texture is reported."""
    options = Options(GLTF, options.meshes, options.add_root or options.preset.root_bone)
    with plain_copy(armature_object, clips, options) as (_, meshes), borrowed_names() as take_name:
        simplify_materials(meshes, take_name, pack=False)
        bpy.ops.export_scene.gltf(
            filepath=file,
            export_format="GLB",
            use_selection=True,
            export_animations=True,
            export_animation_mode="ACTIONS",
            export_anim_single_armature=False,  # or it would add the actions of other armatures
            export_force_sampling=True,
            # What stands still keeps two keys, and what the copy does not animate none.
            export_optimize_animation_size=True,
            export_optimize_animation_keep_anim_armature=False,
            export_optimize_animation_keep_anim_object=False,
            export_frame_range=False,
            export_skins=True,
            export_rest_position_armature=True,
        )
    return []


WRITERS = {".fbx": write_fbx, ".glb": write_glb}


def _add_rest(copy: ArmatureObject) -> None:
    """An action of the rest pose for the copy to play: after baking the strips the exporter writes the nodes as they
    are in the current frame."""
    still = np.array([[1.0, 0.0, 0.0, 0.0]])
    curves = [
        (OBJECT, "rotation_quaternion", np.array([copy.rotation_quaternion])),
        (OBJECT, "location", np.zeros((1, 3))),
    ]
    for bone in copy.pose.bones:
        curves += [(bone.name, "rotation_quaternion", still), (bone.name, "location", np.zeros((1, 3)))]
    write_keys(copy, curves, "motiongpt rest", 0)


@contextmanager
def _fbx_as_wanted(copy: ArmatureObject, scale: float) -> Iterator[None]:
    """Blender's FBX exporter without what its options can't turn off: paths of this machine, and still curves.

    Images are named by their file alone (they are embedded). Curves that stand still get two keys, and none where the
    copy has none; the exporter's own simplification compares neighbouring samples, keeps rounding noise, and with a
    larger factor drops slow movement.
    """
    exporter: Any = importlib.import_module("io_scene_fbx.export_fbx_bin")
    curves: Any = importlib.import_module("io_scene_fbx.fbx_utils").AnimationCurveNodeWrapper
    animation: Any = copy.animation_data
    tracks = [strip.action for track in animation.nla_tracks for strip in track.strips]
    animated = {
        ("#" + (bone or copy.name), "T" if channel == "location" else "R")
        for action in tracks
        for curve in all_fcurves(action)
        for bone, channel in [bone_channel(curve.data_path) or (OBJECT, curve.data_path)]
    }

    def name_alone(image: bpy.types.Image, _scene_data: object) -> tuple[str, str]:
        name = Path(image.filepath_raw.removeprefix("//")).name
        return name, name

    def simplify(self: Any, _factor: float, _step: float, _force_keep: bool = False) -> None:
        values, written = self._frame_values_array, self._frame_write_mask_array
        if values is None:
            return
        kind = self.fbx_gname[0]
        least = _STILL.get(kind, 0.0) * (scale if kind == "T" else 1.0)
        still = np.ptp(values, axis=1) <= least
        written[still, 1:-1] = False
        key = str(self.elem_keys[0])
        if still.all() and not any(kind == channel and key.endswith(name) for name, channel in animated):
            written[:] = False

    with _swapped(exporter, "_gen_vid_path", name_alone), _swapped(curves, "simplify", simplify):
        yield


@contextmanager
def _swapped(owner: Any, name: str, value: object) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)
