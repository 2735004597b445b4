"""Actions that make room for others: copied, stashed on muted NLA tracks, or played alone."""

import bpy


def play_alone(animation: bpy.types.AnimData) -> None:
    """Make the action count alone, whatever the NLA was set to."""
    animation.action_influence = 1.0
    animation.action_blend_type = "REPLACE"
    animation.action_extrapolation = "HOLD"


def stash_action(animation: bpy.types.AnimData) -> None:
    """Move the action to a muted NLA track of the same name, unless such a track holds it already."""
    action = animation.action
    if action is None:
        return
    slot = getattr(animation, "action_slot", None)
    animation.action = None
    if not any(track.mute and strip.action == action for track in animation.nla_tracks for strip in track.strips):
        track = animation.nla_tracks.new()
        track.name = action.name
        strip = track.strips.new(action.name, int(action.frame_range[0]), action)
        if slot is not None:
            strip.action_slot = slot
        track.mute = True


def copy_action(thing: bpy.types.Object, name: str, stash: bool = True, copy: bpy.types.Action | None = None) -> None:
    """Replace an object's action with a copy of that name. stash: keep the original on a muted NLA track.  copy: the
    copy, where it is there already."""
    animation = thing.animation_data
    if animation is None or animation.action is None:
        return
    copy = copy or animation.action.copy()
    copy.name = name
    slot = getattr(animation, "action_slot", None)
    identifier = slot.identifier if slot else ""
    if stash:
        stash_action(animation)
    animation.action = copy
    if identifier:
        animation.action_slot = copy.slots[identifier]
