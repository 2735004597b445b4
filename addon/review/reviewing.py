"""Reviewing takes: offered, shown one after the other, compared with what was there before, accepted or rejected.

Every take is shown by one action of its own, the preview; the action that was there before is not touched until a take
is accepted. `state` holds everything in the armature, so that each of these functions leaves a file that can be saved,
undone and opened again.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ...retarget.errors import MotionGPTError
from ..action.fcurves import (
    ActionCurves,
    action_curves,
    all_fcurves,
    bone_channel,
    data_path,
    new_action_curves,
    number_of_keys,
    read_points,
    write_points,
)
from ..action.fingers import KeptCurve
from ..action.generated import generated_among, give_back_touched, read_record, write_record
from ..action.leading import keep_led, lead, put_back_led
from ..action.new_action import NewKeys, clear_offsets
from ..action.stashing import play_alone, stash_action
from ..character.typing import ArmatureObject, Scene, as_armature
from ..translation.saying import say
from . import before
from .blocks import blocks_text, put_blocks, write_whole_origin
from .coding import CurveName, Curves, pack, same, unpack
from .origin import Origin
from .state import BEFORE, FROM_BEFORE, FROM_NOTHING, NEW, SAME, finish, review_of, start

MOST = 40
"""Takes of one armature."""


@dataclass(frozen=True, eq=False)
class Offer:
    """A take as a job hands it over.

    curves: all its F-curves that differ from what it is built on, as `packed` writes them.  channels: (bone, property)
    of them.  title: the name of an action of its own.  based, into: of `state`.  look: see `similar.look_of`.
    blocks: those of a shot, see `blocks.blocks_text`.
    """

    curves: str
    channels: tuple[tuple[str, str], ...]
    title: str
    origin: Origin
    based: str = FROM_NOTHING
    into: str = NEW
    look: str = ""
    blocks: str = ""


def packed(keys: Sequence[NewKeys], kept: Sequence[KeptCurve] = (), under: Curves | None = None) -> str:
    """The F-curves of a take as text; may run in another thread. kept: F-curves of the animator's own.  under: those of
    the take that it changes, as `shown_curves` returns them."""
    both: list[NewKeys | KeptCurve] = [*keys, *kept]
    text = pack((under or {}) | {(data_path(k.bone, k.channel), k.index): k.points for k in both})
    unpack(text)  # so that Blender need not wait for it when the take is shown
    return text


def shown_curves(armature_object: ArmatureObject) -> tuple[Curves, str, str]:
    """What a new take that changes what the armature plays now is built on: F-curves, and `based` and `into` of an
    `Offer`. That is the take that is shown, or else (with `into` left to the caller) what was there before."""
    take = shown_take(armature_object)
    if take is None:
        return {}, FROM_BEFORE, ""
    _keep_edits(armature_object)
    return unpack(take.curves), take.base, take.into


def keep_edits(armature_object: ArmatureObject) -> int:
    """Take over what the animator has changed in the take that is shown; returns what tells `offer` that nothing has
    been changed since."""
    _keep_edits(armature_object)
    return _number_of_shown(armature_object)


def offer(armature_object: ArmatureObject, offers: Sequence[Offer], scene: Scene | None, kept: int = 0) -> None:
    """Add takes to the armature's review, which opens with the first, and show the first of them.

    scene: whose last frame goes back to where it was when the takes are rejected; see `before.note_end`.  kept: of
    `keep_edits`.
    Raises MotionGPTError for more than MOST takes, before anything is changed.
    """
    review = review_of(armature_object)
    count = len(review.takes)
    if count + len(offers) > MOST:
        raise MotionGPTError(
            say(
                "There are {count} takes of {armature} already, and at most {most} can be kept.",
                count=count,
                armature=armature_object.name,
                most=MOST,
            ),
            "Accept one, or reject them.",
        )
    if not count:
        review = start(armature_object)
        before.keep(armature_object, scene)
    try:
        for each in offers:
            before.keep_pose(armature_object, each.channels)
            _add(review.takes.add(), each)
        show(armature_object, count, kept)
    except BaseException:
        while len(review.takes) > count:
            review.takes.remove(len(review.takes) - 1)
        if not count:
            reject(armature_object)
        raise


def show(armature_object: ArmatureObject, number: int, kept: int = 0) -> None:
    """Show the take of this number, or what was there before (BEFORE). What the animator has changed in the take that
    was shown stays in it. Raises MotionGPTError for a take that is damaged, or whose bones are gone; nothing has
    changed then. kept: of `keep_edits`."""
    review = review_of(armature_object)
    under = None
    if review.shown != number:
        if not kept or kept != _number_of_shown(armature_object):
            under = _keep_edits(armature_object)
        _keep_blocks(armature_object)
    if number == BEFORE:
        review.shown = BEFORE
        before.put_back(armature_object)
        put_back_led(armature_object)
        put_blocks(armature_object, review.blocks)
        return
    take = review.takes[number]
    curves = unpack(take.curves)
    _check_bones(armature_object, curves)
    if not _plays(armature_object, review.preview) or review.base != take.base:
        _play_preview(armature_object, take, curves)
    review.shown = review.last_shown = number
    action = _played(armature_object)
    if take.base == FROM_BEFORE:
        _fill(action, (_curves_before(review, curves) if under is None else under) | curves)
    else:
        _fill(action, curves)
    action.action.name = take.title
    record = [generated_among(*name, points) for name, points in curves.items()]
    if take.base == FROM_BEFORE:
        record.append(read_record(review.before))
    write_record(action.action, np.concatenate([*record, np.zeros(0, np.uint32)]))
    write_whole_origin(action.action, Origin.of_take(take), take.blocks)
    put_blocks(armature_object, take.blocks or review.blocks)
    lead(armature_object, take.title if take.base != FROM_BEFORE else "", preview=True)
    armature_object.update_tag()


def _number_of_shown(armature_object: ArmatureObject) -> int:
    curves = action_curves(armature_object) if shown_take(armature_object) is not None else None
    return number_of_keys(curves) if curves else 0


def step(armature_object: ArmatureObject, ahead: int) -> None:
    """Show the take that is `ahead` places after the one that is shown, round and round."""
    review = review_of(armature_object)
    shown = review.shown if review.shown != BEFORE else (-1 if ahead > 0 else 0)
    show(armature_object, (shown + ahead) % len(review.takes))


def accept(armature_object: ArmatureObject) -> str:
    """Keep the take that is shown, as it is now, and forget the others; returns the name of its action.

    Raises MotionGPTError where none is shown.
    """
    review, animation = review_of(armature_object), armature_object.animation_data
    if review.shown == BEFORE or not _plays(armature_object, review.preview) or animation is None:
        raise MotionGPTError(
            say("{armature} does not play a take now.", armature=armature_object.name),
            "Show the take that you want, then accept it.",
        )
    take, preview, slot = review.takes[review.shown], review.preview, _slot_of(animation)
    origin, blocks, into = Origin.of_take(take), take.blocks, take.into
    if into == SAME and review.before is not None:
        action = _adopt(armature_object, preview)
    else:
        _stash_before(armature_object)
        before.play(animation, preview, slot)
        play_alone(animation)
        action = preview
    write_whole_origin(action, origin, blocks)
    keep_led(armature_object, stash=into != SAME)
    name = str(action.name)
    finish(armature_object)
    armature_object.update_tag()
    return name


def reject(armature_object: ArmatureObject) -> None:
    """Forget all takes: everything is as it was before them. An action that the animator has assigned meanwhile stays
    assigned."""
    review = review_of(armature_object)
    animation, preview = armature_object.animation_data, review.preview
    if animation is None or animation.action in (preview, review.before, None):
        before.put_back(armature_object)
    if (take := shown_take(armature_object)) is not None and take.blocks:
        put_blocks(armature_object, review.blocks)
    put_back_led(armature_object)
    before.put_back_end(armature_object)
    _remove(armature_object, preview)
    finish(armature_object)


def shown_take(armature_object: ArmatureObject) -> Any:
    """The `MotionGPTTake` that is shown; None where there is none."""
    review = review_of(armature_object)
    return review.takes[review.shown] if 0 <= review.shown < len(review.takes) else None


def _check_bones(armature_object: ArmatureObject, curves: Curves) -> None:
    animated = (channel[0] for path, _ in curves if (channel := bone_channel(path)))
    gone = next((bone for bone in animated if bone not in armature_object.pose.bones), None)
    if gone is not None:
        raise MotionGPTError(
            say('"{name}" no longer has "{bone}", for which the take is.', name=armature_object.name, bone=gone),
            "Undo what has renamed or deleted them, or reject the takes.",
        )


def _add(take: Any, each: Offer) -> None:
    take.curves, take.base, take.into, take.title = each.curves, each.based, each.into, each.title
    take.look, take.blocks = each.look, each.blocks
    each.origin.to_take(take)


def _curves_before(review: Any, without: Container[CurveName] = ()) -> Curves:
    """The F-curves of what was there before, of the slot that was played. without: those that are not wanted."""
    return _read(review.before, review.slot, without) if review.before is not None else {}


def _read(action: bpy.types.Action, slot: str, without: Container[CurveName] = ()) -> Curves:
    """An action's F-curves; generated keys that were changed since count as the animator's."""
    record, curves = read_record(action), {}
    for curve in _fcurves(action, slot):
        if (curve.data_path, curve.array_index) in without:
            continue
        points = read_points(curve)
        give_back_touched(curve, points, record)
        curves[curve.data_path, curve.array_index] = points
    return curves


def _fcurves(action: Any, slot: str) -> list[bpy.types.FCurve]:
    if not hasattr(action, "slots") or slot not in action.slots:
        return all_fcurves(action)
    found = action.slots[slot]
    bags = (strip.channelbag(found) for layer in action.layers for strip in layer.strips)
    return [curve for bag in bags if bag for curve in bag.fcurves]


def _plays(armature_object: ArmatureObject, action: bpy.types.Action | None) -> bool:
    animation = armature_object.animation_data
    return action is not None and animation is not None and animation.action == action


def _slot_of(animation: Any) -> str:
    slot = getattr(animation, "action_slot", None)
    return str(slot.identifier) if slot is not None else ""


def _play_preview(armature_object: ArmatureObject, take: Any, curves: Curves) -> None:
    """Make the armature play the action that shows takes on this one's base."""
    review = review_of(armature_object)
    before.put_back(armature_object)
    if review.base != take.base:
        _remove(armature_object, review.preview)
    animation = armature_object.animation_data or armature_object.animation_data_create()
    animation.use_tweak_mode = False
    if take.base == FROM_BEFORE:
        if review.preview is None:
            review.preview = review.before.copy()
        before.play(animation, review.preview, review.slot)
    else:
        clear_offsets(armature_object, [channel for path, _ in curves if (channel := bone_channel(path))])
        animation.action = None
        if review.preview is None:
            review.preview = new_action_curves(armature_object, take.title).action
        before.play(animation, review.preview, "")
        play_alone(animation)
    review.base = take.base


def _played(armature_object: ArmatureObject) -> ActionCurves:
    found = action_curves(armature_object)
    if found is None:
        raise MotionGPTError(
            say("{armature} can't play the take: its action has no slot.", armature=armature_object.name),
            "Reject the takes, then try again.",
        )
    return found


def _fill(action: ActionCurves, curves: Curves) -> None:
    """Give the action exactly these F-curves."""
    there = {(curve.data_path, curve.array_index): curve for curve in action.fcurves}
    for name in [name for name in there if name not in curves]:
        action.fcurves.remove(there.pop(name))
    for (path, index), points in curves.items():
        curve = there.get((path, index)) or _new_curve(action, path, index)
        write_points(curve, points)


def _new_curve(action: ActionCurves, path: str, index: int) -> bpy.types.FCurve:
    if channel := bone_channel(path):
        return action.new(*channel, index)
    return action.new("", path, index)


def _keep_edits(armature_object: ArmatureObject) -> Curves | None:
    """Take over what the animator has changed in the take that is shown; returns `_curves_before` if it was needed."""
    review, take = review_of(armature_object), shown_take(armature_object)
    if take is None or review.preview is None:
        return None
    read = _curves_before(review) if take.base == FROM_BEFORE else None
    base = read or {}
    now = _read(review.preview, review.slot if take.base == FROM_BEFORE else "")
    were = base | unpack(take.curves)
    if now.keys() != were.keys() or not all(same(now[name], were[name]) for name in now):
        take.curves = pack({n: p for n, p in now.items() if n not in base or not same(p, base[n])})
        take.edited = True
    return read


def _keep_blocks(armature_object: ArmatureObject) -> None:
    """Take over what the animator has changed in the blocks while a take, or what was there before, was shown."""
    review, take = review_of(armature_object), shown_take(armature_object)
    if take is not None and take.blocks:
        take.blocks = blocks_text(armature_object)
    elif take is None or review.preview is not None:
        review.blocks = blocks_text(armature_object)


def _adopt(armature_object: ArmatureObject, preview: bpy.types.Action) -> bpy.types.Action:
    """Put the take's keys into the action that was there before."""
    review = review_of(armature_object)
    curves, record = _read(preview, review.slot), read_record(preview)
    action: bpy.types.Action = review.before
    before.play(armature_object.animation_data, action, review.slot)
    _fill(_played(armature_object), curves)
    write_record(action, np.concatenate([read_record(action), record]))
    _remove(armature_object, preview)
    return action


def _stash_before(armature_object: ArmatureObject) -> None:
    """Stash the action that was there before on a muted NLA track."""
    review, animation = review_of(armature_object), armature_object.animation_data
    if review.before is not None and animation is not None:
        before.play(animation, review.before, review.slot)
        stash_action(animation)


def _remove(armature_object: ArmatureObject, action: bpy.types.Action | None) -> None:
    """Delete a preview, unless a copy of the armature shows it, too."""
    if action is None:
        return
    review_of(armature_object).preview = None
    others = [as_armature(thing) for thing in bpy.data.objects if thing != armature_object]
    if not any(review_of(thing).preview == action for thing in others):
        bpy.data.actions.remove(action)
