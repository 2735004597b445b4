"""The blocks of a shot that belong to a take: kept as text, and put back where the take is shown."""

import json
from dataclasses import replace
from typing import Any

import bpy

from ..character.typing import ArmatureObject
from .origin import Origin, write_origin

IN_ACTION = "motiongpt_blocks"
"""Custom property of an action, and of its copies, that holds what the armature's blocks say: text, frames and seed of
each, as JSON."""
_NOTED = ("text", "frames", "seed")


def blocks_text(armature_object: ArmatureObject) -> str:
    """The armature's blocks as JSON, every property of each; "" where a script uses this without registering."""
    shot = _shot(armature_object)
    if shot is None:
        return ""
    blocks = [{name: getattr(block, name) for name in _names(block)} for block in shot.blocks]
    return json.dumps({"start": shot.start, "blocks": blocks})


def put_blocks(armature_object: ArmatureObject, text: str) -> None:
    """The inverse of `blocks_text`; nothing for ""."""
    shot = _shot(armature_object)
    if shot is None or not text or text == blocks_text(armature_object):
        return
    said = json.loads(text)
    shot.blocks.clear()
    for values in said["blocks"]:
        block = shot.blocks.add()
        for name in set(values) & set(_names(block)):
            setattr(block, name, values[name])
    shot.start = said["start"]
    shot.active = max(0, min(shot.active, len(shot.blocks) - 1))


def write_whole_origin(action: bpy.types.Action, origin: Origin, text: str) -> None:
    """Note on an action where its motion comes from, and of a shot, all of its blocks, whichever of them were made.

    origin: of what was made.  text: the blocks as `blocks_text` writes them; "" for what is no shot.
    """
    blocks = json.loads(text)["blocks"] if text else []
    if not blocks:
        write_origin(action, origin)
        return
    fps = (origin.last + 1 - origin.first) / origin.seconds
    said, seconds = ", then ".join(block["text"] for block in blocks), sum(block["frames"] for block in blocks) / fps
    write_origin(action, replace(origin, text=said, seed=blocks[0]["seed"], seconds=seconds))
    action[IN_ACTION] = json.dumps([{name: block[name] for name in _NOTED} for block in blocks])


def _shot(armature_object: ArmatureObject) -> Any:
    return getattr(armature_object, "motiongpt_shot", None)


def _names(block: Any) -> list[str]:
    return [prop.identifier for prop in block.bl_rna.properties if not prop.is_readonly and prop.identifier != "name"]
