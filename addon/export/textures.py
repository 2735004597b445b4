"""Materials as exporters read them: every texture linked to the shader itself, and its image packed under a plain name.

Blender's exporters see an image only where it is linked to a Principled BSDF directly, and FBX files name its path on
this machine. What is changed are copies of the materials and images, in the slots of copied meshes.
"""

import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ...retarget.typing import Floats

_SOCKETS = ("Base Color", "Alpha", "Emission Color", "Normal")
_SIGNATURES = {b"\x89PNG\r\n\x1a\n": ".png", b"\xff\xd8\xff": ".jpg"}
"""How files begin that every reader of FBX knows; other images are written as PNG."""


def simplify_materials(meshes: Sequence[bpy.types.Object], take_name: Any, pack: bool) -> list[str]:
    """Give the meshes copies of their materials. Returns the names of images that can't be read.

    take_name: of `plain_copy.borrowed_names`.  pack: replace the images by packed copies, too; without it, a texture
    behind other nodes is left to an exporter that knows some of them.
    """
    lost: dict[str, None] = {}
    images: dict[bpy.types.Image, bpy.types.Image | None] = {}
    twins: dict[bpy.types.Material, bpy.types.Material] = {}
    for slot in (slot for mesh in meshes for slot in mesh.material_slots):
        material = slot.material
        if material is None or material.node_tree is None:
            continue
        if material not in twins:
            twins[material] = material.copy()
            take_name("materials", material, twins[material], material.name)
            _link_textures(twins[material].node_tree, keep_mixed=not pack)
            if pack:
                lost.update(dict.fromkeys(_pack_images(twins[material].node_tree, images)))
        slot.material = twins[material]
    return list(lost)


def _link_textures(tree: Any, keep_mixed: bool) -> None:
    """Link the image nearest to each of the shader's sockets to that socket, and the shader to the output."""
    output = tree.get_output_node("ALL")
    if output is None:
        return
    surface = output.inputs["Surface"]
    shader = next((node for node, _ in _upstream(tree, surface) if node.type == "BSDF_PRINCIPLED"), None)
    if shader is None or shader.id_data != tree:
        shader = _new_shader(tree, surface)
    tree.links.new(shader.outputs["BSDF"], surface)
    for name in _SOCKETS:
        socket = shader.inputs[name]
        source = socket.links[0].from_node if socket.is_linked else None
        if source is None or source.type in ("TEX_IMAGE", "NORMAL_MAP") or (keep_mixed and source.type == "MIX"):
            continue
        found = _nearest_image(tree, socket)
        if found is None:
            if name in ("Base Color", "Emission Color"):
                _take_colour(tree, socket)
            continue
        if name == "Normal":
            bump = tree.nodes.new("ShaderNodeNormalMap")
            tree.links.new(bump.outputs["Normal"], socket)
            socket = bump.inputs["Color"]
        tree.links.new(found.outputs["Alpha" if name == "Alpha" else "Color"], socket)


def _new_shader(tree: Any, surface: Any) -> Any:
    """A Principled BSDF in place of other shaders, with the image nearest to the output as its colour."""
    shader = tree.nodes.new("ShaderNodeBsdfPrincipled")
    found = _nearest_image(tree, surface)
    if found is not None:
        tree.links.new(found.outputs["Color"], shader.inputs["Base Color"])
    else:
        for node, _ in _upstream(tree, surface):
            if "Color" in node.inputs and not node.inputs["Color"].is_linked:
                shader.inputs["Base Color"].default_value = node.inputs["Color"].default_value
                break
    return shader


def _nearest_image(tree: Any, socket: Any) -> Any:
    """The image texture that is the fewest nodes before this socket, as a node of this tree; None if there is none."""
    for node, _ in _upstream(tree, socket):
        if node.type == "TEX_IMAGE" and node.image is not None:
            if node.id_data == tree:
                return node
            twin = tree.nodes.new("ShaderNodeTexImage")  # the node is in a group
            twin.image, twin.extension, twin.interpolation = node.image, node.extension, node.interpolation
            return twin
    return None


def _take_colour(tree: Any, socket: Any) -> None:
    """The nearest plain colour before the socket as its own value."""
    for node, _ in _upstream(tree, socket):
        if node.type == "RGB":
            socket.default_value = node.outputs[0].default_value
            break
    for link in list(socket.links):
        tree.links.remove(link)


def _upstream(tree: Any, socket: Any) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """The nodes before a socket, nearest first, with the groups around them, which are entered and left."""
    waiting: list[tuple[Any, tuple[Any, ...]]] = [(socket, ())]
    seen = set()
    while waiting:
        socket, groups = waiting.pop(0)
        for link in socket.links:
            node, source = link.from_node, link.from_socket
            key = (node, source.identifier, groups)
            if key in seen:
                continue
            seen.add(key)
            yield node, groups
            if node.type == "GROUP" and node.node_tree is not None:
                inner = next((n for n in node.node_tree.nodes if n.type == "GROUP_OUTPUT"), None)
                waiting += (
                    [(s, (*groups, node)) for s in inner.inputs if s.identifier == source.identifier] if inner else []
                )
            elif node.type == "GROUP_INPUT" and groups:
                waiting += [(s, groups[:-1]) for s in groups[-1].inputs if s.identifier == source.identifier]
            else:
                waiting += [(s, groups) for s in node.inputs]


def _pack_images(tree: Any, images: dict[bpy.types.Image, bpy.types.Image | None]) -> list[str]:
    """Replace the tree's images by packed copies. Returns the names of those that can't be read."""
    lost = []
    for node in tree.nodes:
        if node.type == "TEX_IMAGE" and node.image is not None:
            if node.image not in images:
                taken = {twin.name for twin in images.values() if twin is not None}
                images[node.image] = _packed(node.image, taken)
            if images[node.image] is None:
                lost.append(node.image.name)
            node.image = images[node.image]
    return lost


def _packed(image: Any, taken: set[str]) -> bpy.types.Image | None:
    """A packed copy, PNG or JPEG, whose name says which and holds no folder; None if the image can't be read."""
    content = b"" if image.is_dirty else _content(image)
    ending = next((ending for start, ending in _SIGNATURES.items() if content.startswith(start)), None)
    stem = re.sub(
        r"[^\w.-]+", "_", re.sub(r"\.(png|jpe?g|tga|tiff?|bmp|exr|webp)(\.\d+)?$", "", image.name, flags=re.I)
    )
    name = next(n for n in (stem or "texture", *(f"{stem or 'texture'}-{i}" for i in range(1, 9999)))
                if f"{n}{ending or '.png'}" not in taken) + (ending or ".png")  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="motiongpt-") as folder:
        path = Path(folder) / "image"
        if ending:
            path.write_bytes(content)
        elif not image.has_data and not image.size[0]:
            return None
        else:
            _write_png(image, path)
        twin: Any = bpy.data.images.load(str(path))
        twin.pack()
    twin.name, twin.filepath_raw = name, f"//{name}"
    if ending or image.colorspace_settings.is_data:
        twin.colorspace_settings.name = image.colorspace_settings.name
    twin.alpha_mode = image.alpha_mode
    packed: bpy.types.Image = twin
    return packed


def _content(image: bpy.types.Image) -> bytes:
    """The image's file; empty if it has none."""
    if image.packed_file is not None:
        return bytes(image.packed_file.data)
    path = Path(bpy.path.abspath(image.filepath_raw, library=image.library))
    return path.read_bytes() if image.source == "FILE" and path.is_file() else b""


def _write_png(image: Any, path: Path) -> None:
    """The image's pixels as PNG; scene-linear ones become sRGB."""
    width, height = image.size[:]
    pixels = np.empty(width * height * image.channels, dtype=np.float32)
    image.pixels.foreach_get(pixels)
    shown = np.ones((width * height, 4), dtype=np.float32)
    given = pixels.reshape(width * height, image.channels)
    if image.channels > 2:
        shown[:, : image.channels] = given
    else:
        shown[:, :3] = given[:, :1]  # grey
    if image.is_float and not image.colorspace_settings.is_data:
        shown[:, :3] = _srgb(shown[:, :3])
    drawn: Any = bpy.data.images.new("motiongpt pixels", width, height, alpha=True)
    drawn.pixels.foreach_set(np.clip(shown, 0.0, 1.0).ravel())
    drawn.file_format, drawn.filepath_raw = "PNG", str(path)
    drawn.save()
    bpy.data.images.remove(drawn)


def _srgb(linear: Floats) -> Floats:
    """IEC 61966-2-1."""
    values = np.clip(linear, 0.0, None)
    out: Floats = np.where(values <= 0.0031308, 12.92 * values, 1.055 * values ** (1.0 / 2.4) - 0.055)
    return out
