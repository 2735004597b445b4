"""In Place, on and off: the travel taken out of the action that a character plays, and put back as it was.

Travel is the way over the floor of what carries the character: the armature object, its root bone, or the hips; of the
hips without the sway of their steps. Its keys are moved, none is added or lost. The action remembers both sides of
every key, so that keys that nobody has touched come back bit for bit; those that were, move by as much.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.motion import rotations as rot
from ...retarget.motion.smoothing import moving_mean
from ...retarget.solving.root_motion import BONE
from ...retarget.typing import Floats
from ..action.fcurves import ActionCurves, Points, action_curves, choice, key_frames, read_points, write_points
from ..action.generated import fingerprints, is_generated, read_record, write_record
from ..action.later import Move, find_movers
from ..character.character import Character
from ..character.placing import OBJECT
from ..character.typing import ArmatureObject
from ..jobs.motion import carrier_of
from ..translation.saying import say
from ..travel.cycles import cycle_of

TRAVEL = "motiongpt_travel"
"""Custom property of an action that is in place: what its keys were and are, as JSON."""
_STRIDE = 1.0  # seconds over which the hips' way is smoothed: about one stride
_NOWHERE = 1e-4  # Blender units: less is no travel
_SIDES = ("co", "handle_left", "handle_right")


@dataclass(frozen=True, eq=False)
class _Carried:
    """One F-curve that moves with the travel. gain: (2,) its value for a Blender unit of travel along X and Y."""

    curve: bpy.types.FCurve
    gain: Floats


def is_in_place(armature_object: ArmatureObject) -> bool:
    """Whether the travel was taken out of the action that the armature plays."""
    curves = action_curves(armature_object)
    return curves is not None and curves.action.get(TRAVEL) is not None


def take_out(armature_object: ArmatureObject, fps: float) -> float:
    """Take the travel out of the armature's action; returns how far it goes, from its first frame to its last, in
    Blender units. Raises MotionGPTError where there is none, and for an action that is in place already."""
    character, curves = Character.read(armature_object), _curves(armature_object)
    if curves.action.get(TRAVEL) is not None:
        raise MotionGPTError(
            say('The action "{action}" is in place already.', action=curves.action.name), "Put its travel back first."
        )
    carried, location, to_world = _carried(armature_object, character, curves)
    times = [key_frames(each.curve) for each in carried]
    first = int(np.floor(min((t[0] for t in times if len(t)), default=0.0)))
    last = int(np.ceil(max((t[-1] for t in times if len(t)), default=-1.0)))
    frames = np.arange(first, last + 1)
    way = _way(location, to_world, frames)
    if len(frames) and to_world is not None and _carrier(armature_object, character) == character.places.hips.name:
        way = _without_sway(way, fps, cycle_of(curves.action))
    way = way - way[:1]
    if len(frames) < 2 or np.abs(way).max() < _NOWHERE:
        raise MotionGPTError(
            say('The action "{action}" goes nowhere.', action=curves.action.name),
            "There is no travel to take out of it.",
        )
    kept = []
    for each in carried:
        before = read_points(each.curve)
        after = _moved(before, frames, -(way @ each.gain))
        kept.append({
            "path": each.curve.data_path, "index": each.curve.array_index, "gain": each.gain.tolist(),
            "before": [before[side].tolist() for side in _SIDES], "after": [after[side].tolist() for side in _SIDES],
        })  # fmt: skip
        _write(curves, each.curve, before, after)
    curves.action[TRAVEL] = json.dumps({"first": first, "way": way.tolist(), "curves": kept})
    armature_object.update_tag()
    return float(np.linalg.norm(way[-1]))


def put_back(armature_object: ArmatureObject) -> None:
    """Put the travel back that was taken out. Raises MotionGPTError for an action that is not in place."""
    curves = _curves(armature_object)
    if curves.action.get(TRAVEL) is None:
        raise MotionGPTError(
            say('The action "{action}" is not in place.', action=curves.action.name), "Take its travel out first."
        )
    said = json.loads(curves.action[TRAVEL])
    way = np.array(said["way"], dtype=np.float64)
    frames = said["first"] + np.arange(len(way))
    own = {(curve.data_path, curve.array_index): curve for curve in curves.fcurves}
    automatic = [choice("handle_left_type", name) for name in ("AUTO", "AUTO_CLAMPED", "VECTOR")]
    for one in said["curves"]:
        curve = own.get((one["path"], one["index"]))
        if curve is None:
            continue
        now = read_points(curve)
        back = _moved(now, frames, way @ np.array(one["gain"]))
        before, after = (
            {
                side: np.array(values, dtype=np.float32).reshape(-1, 2)
                for side, values in zip(_SIDES, one[when], strict=True)
            }
            for when in ("before", "after")
        )
        row = {float(x): i for i, x in enumerate(after["co"][:, 0])}
        for i, x in enumerate(now["co"][:, 0]):
            k = row.get(float(x))
            if k is None:
                continue
            for side in _SIDES:
                # Where Blender computes a handle, it is where its key's value puts it.
                at = "co" if side != "co" and int(now[f"{side}_type"][i]) in automatic else side
                if np.array_equal(now[at][i], after[at][k]):
                    back[side][i] = before[side][k]
        _write(curves, curve, now, back)
    del curves.action[TRAVEL]
    armature_object.update_tag()


def _curves(armature_object: ArmatureObject) -> ActionCurves:
    curves = action_curves(armature_object)
    if curves is None:
        raise MotionGPTError(
            say('"{armature}" has no animation.', armature=armature_object.name), "Give it an action first."
        )
    return curves


def _carrier(armature_object: ArmatureObject, character: Character) -> str:
    """The bone that carries the travel, or OBJECT."""
    curves = _curves(armature_object)
    moved = [c for c in curves.fcurves if c.data_path == "location" and len(c.keyframe_points) > 1]
    if any(np.ptp([p.co[1] for p in c.keyframe_points]) > _NOWHERE for c in moved):
        return OBJECT
    root = character.places.root
    if carrier_of(armature_object, character) == BONE and root is not None:
        return root.name
    return character.places.hips.name


def _carried(
    armature_object: ArmatureObject, character: Character, curves: ActionCurves
) -> tuple[list[_Carried], dict[int, bpy.types.FCurve], Floats | None]:
    """The F-curves to move; the carrier's location, by axis, and the (3, 3) matrix from it to the world."""
    carrier = _carrier(armature_object, character)
    gains = (
        {OBJECT: character.places.object.to_basis[:3, :3]} if carrier == OBJECT else _gains(armature_object, character)
    )
    if carrier not in gains:
        return [], {}, None
    of_bones = curves.by_bone()
    found: list[_Carried] = []
    own: dict[int, bpy.types.FCurve] = {}
    for name, gain in gains.items():
        if name == OBJECT:
            group = {c.array_index: c for c in curves.fcurves if c.data_path == "location"}
        else:
            group = of_bones.get((name, "location"), {})
        if name == carrier:
            own = group
        found += [_Carried(c, gain[index, :2]) for index, c in group.items() if np.abs(gain[index, :2]).max() > 1e-9]
    return found, own, np.linalg.inv(gains[carrier])


def _gains(armature_object: ArmatureObject, character: Character) -> dict[str, Floats]:
    """Bone -> (3, 3) its location for a shift in the world, of all bones that no other keyed one carries."""
    columns = [find_movers(armature_object, character, Move(np.array(rot.IDENTITY), axis), ()) for axis in np.eye(3)]
    return {
        name: np.stack([movers[name].shift for movers in columns], axis=-1)
        for name in columns[0]
    }  # fmt: skip


def _way(location: dict[int, bpy.types.FCurve], to_world: Floats | None, frames: Any) -> Floats:
    """(F, 2) where the carrier is over the floor on each frame, X and Y in the world."""
    if to_world is None or not location:
        return np.zeros((max(len(frames), 1), 2))
    values = np.zeros((len(frames), 3))
    for index, curve in location.items():
        values[:, index] = [curve.evaluate(float(frame)) for frame in frames]
    return np.asarray((values @ to_world.T)[:, :2])


def _without_sway(way: Floats, fps: float, cycle: int) -> Floats:
    """A way without what it does within one stride; of a loop as its laps go on, otherwise straight on at both ends."""
    half = max(1, min(round(0.5 * _STRIDE * fps), len(way) - 1))
    if cycle and len(way) == cycle + 1:
        lap, laps = way[-1] - way[0], int(np.ceil(half / cycle)) + 1
        longer = np.concatenate([way[:-1] + k * lap for k in range(-laps, laps + 1)] + [way[-1:] + laps * lap])
        inside = slice(laps * cycle, (laps + 1) * cycle + 1)
        return moving_mean(longer, 2 * half + 1)[inside]
    longer = np.concatenate([2 * way[:1] - way[half:0:-1], way, 2 * way[-1:] - way[-2 : -half - 2 : -1]])
    return moving_mean(longer, 2 * half + 1)[half : half + len(way)]


def _moved(points: Points, frames: Any, shift: Floats) -> Points:
    """Keys moved by a shift (F,) on these frames; handles by its straight continuation beside their key."""
    out = {name: values.copy() for name, values in points.items()}
    at = points["co"][:, 0].astype(np.float64)
    own = np.interp(at, frames, shift)
    slope = np.interp(at, frames, np.gradient(shift)) if len(shift) > 1 else np.zeros_like(at)
    for side in _SIDES:
        beside = points[side][:, 0].astype(np.float64) - at
        out[side][:, 1] = (points[side][:, 1].astype(np.float64) + own + slope * beside).astype(np.float32)
    return out


def _write(curves: ActionCurves, curve: bpy.types.FCurve, before: Points, after: Points) -> None:
    """Replace a curve's keys; those that were generated stay known as generated."""
    record = read_record(curves.action)
    ours = is_generated(curve, before, record)
    write_points(curve, after)
    if ours.any():
        added = fingerprints(curve.data_path, curve.array_index, after["co"][ours, 1])
        write_record(curves.action, np.concatenate([record, added]))
