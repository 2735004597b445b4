"""Which bone leads which, as a control rig declares it: by its constraints, its drivers and its parents.

Nothing here depends on names, and nothing is evaluated: this is the graph in which `declared` looks for controls.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator

import bpy

from .typing import ArmatureObject, full

COPYING = frozenset({"COPY_TRANSFORMS", "COPY_ROTATION", "ARMATURE", "CHILD_OF"})
"""Constraints by which one bone takes over the rotation of another."""
AIMING = frozenset({"STRETCH_TO", "DAMPED_TRACK", "LOCKED_TRACK", "TRACK_TO"})
"""Constraints that turn a bone towards another: where that one goes along, the bone only follows its limb."""
SOLVING = frozenset({"IK", "SPLINE_IK"})
OVERRIDING = COPYING | AIMING | SOLVING | {"COPY_LOCATION", "TRANSFORM", "PIVOT", "ACTION", "FOLLOW_PATH", "CLAMP_TO",
                                           "SHRINKWRAP", "FLOOR", "GEOMETRY_ATTRIBUTE"}  # fmt: skip
"""Constraints that move a bone away from where its keys put it. Those that only limit it may leave keys alone."""
_CONSTRAINT = re.compile(r'^pose\.bones\["((?:[^"\\]|\\.)*)"\]\.constraints\["((?:[^"\\]|\\.)*)"\]\.(influence|mute)$')
_NEAR = 0.02
"""Of the armature's height: heads that are nearer to each other are at the same joint."""


def driven_constraints(armature_object: ArmatureObject) -> dict[tuple[str, str], bpy.types.FCurve]:
    """(bone, constraint) -> the driver that switches it on and off."""
    animation = armature_object.animation_data
    found = {}
    for driver in animation.drivers if animation else ():
        if (match := _CONSTRAINT.match(driver.data_path)) and not driver.mute:
            bone, constraint = (bpy.utils.unescape_identifier(match[i]) for i in (1, 2))
            found[bone, constraint] = driver
    return found


def targets_of(constraint: bpy.types.Constraint, now: bool = False) -> list[tuple[bpy.types.Object | None, str]]:
    """(object, bone) that a constraint follows; the bone is "" for a whole object. now: without those of no weight."""
    if constraint.type == "ARMATURE":
        entries = [e for e in constraint.targets if e.weight > 0.0 or not now]  # type: ignore[attr-defined]
        return [(entry.target, entry.subtarget) for entry in sorted(entries, key=lambda e: -e.weight) if entry.target]
    target = getattr(constraint, "target", None)
    return [(target, getattr(constraint, "subtarget", ""))] if target is not None else []


def works(constraint: bpy.types.Constraint) -> bool:
    """Whether a constraint has an effect as it is set now."""
    return not constraint.mute and constraint.influence > 0.0 and constraint.is_valid


class BoneGraph:
    """The bones of an armature object and what each of them depends on. thing: the object.  size: of its bones."""

    def __init__(self, armature_object: ArmatureObject) -> None:
        self.pose = armature_object.pose.bones
        self.bones = armature_object.data.bones
        self.thing = armature_object
        self.names = tuple(self.bones.keys())
        self._driven = driven_constraints(armature_object)
        heights = [bone.head_local.z for bone in self.bones] or [0.0]
        widths = [bone.head_local.x for bone in self.bones] or [0.0]
        self.size = max(max(heights) - min(heights), max(widths) - min(widths), 1e-6)
        animation = armature_object.animation_data
        self._turned_by_drivers = {
            match[1]
            for driver in (animation.drivers if animation else ())
            if (match := re.match(r'^pose\.bones\["(.*?)"\]\.rotation', driver.data_path)) and not driver.mute
        }

    def constraints(self, bone: str) -> Iterator[bpy.types.Constraint]:
        """The constraints of a bone that have an effect, or get one where a driver switches them on."""
        for constraint in self.pose[bone].constraints:
            if works(constraint) or ((bone, constraint.name) in self._driven and constraint.is_valid):
                yield constraint

    def own_targets(self, constraint: bpy.types.Constraint) -> list[str]:
        """The bones of the same armature that a constraint follows."""
        return [bone for thing, bone in targets_of(constraint) if thing == self.thing and bone in self.pose]

    def leaders(self, bone: str) -> list[str]:
        """The bones of the same armature whose rotation this one takes over, those that come last first."""
        found: list[str] = []
        for constraint in self.constraints(bone):
            if constraint.type in COPYING:
                found = [*self.own_targets(constraint), *found]
        return [leader for leader in found if leader != bone]

    def is_free(self, bone: str) -> bool:
        """Whether a bone is where its own properties put it, from its parent's place on."""
        return bone not in self._turned_by_drivers and not any(c.type in OVERRIDING for c in self.constraints(bone))

    def upstream(self, start: Iterable[str]) -> dict[str, int]:
        """Every bone that may move one of these -> how many steps away it is."""
        steps = dict.fromkeys(start, 0)
        waiting = deque(steps)
        while waiting:
            bone = waiting.popleft()
            parent = self.bones[bone].parent
            above = [parent.name] if parent else []
            for constraint in self.constraints(bone):
                above += self.own_targets(constraint)
            for name in above:
                if name not in steps:
                    steps[name] = steps[bone] + 1
                    waiting.append(name)
        return steps

    def same_place(self, one: str, other: str) -> bool:
        """Whether two bones start at the same joint."""
        return (self.bones[one].head_local - self.bones[other].head_local).length < _NEAR * self.size


def deforming_tree(armature_object: ArmatureObject) -> dict[str, str | None] | None:
    """The deforming bones of a rig whose constraints declare what leads them: bone -> parent, parents first.

    A parent is the nearest deforming bone above, by way of what leads a bone where its own parents lead nowhere.
    None for a rig whose deforming bones follow no other bone of it.
    """
    graph = BoneGraph(armature_object)
    skin = skin_bones(armature_object)
    if not any(_led(graph, bone, skin) for bone in skin):
        return None
    stands_for = _stand_ins(graph, skin)
    parents = {bone: _parent(graph, bone, stands_for, skin) for bone in skin}
    return parents_first(_without_segments(graph, _with_ends(graph, parents)))


def _with_ends(graph: BoneGraph, parents: dict[str, str | None]) -> dict[str, str | None]:
    """Where a bone leads to no other, as a foot that follows its own control, the one that ends at its joint."""
    found = dict(parents)
    for bone in (name for name, parent in parents.items() if parent is None):
        head = graph.bones[bone].head_local
        for other in parents:
            above: str | None = other
            while above is not None and above != bone:
                above = found[above]
            if above is None and (graph.bones[other].tail_local - head).length < _NEAR * graph.size:
                found[bone] = other
                break
    return found


def _without_segments(graph: BoneGraph, parents: dict[str, str | None]) -> dict[str, str | None]:
    """A limb's bone that a control rig has cut into pieces counts as one, the first."""
    first: dict[str, str] = {}
    sides: dict[str, set[bool]] = {}
    for bone in parents:
        sides.setdefault(_without_number(bone), set()).add(graph.bones[bone].head_local.x > 0.0)
    for bone in parents_first(parents):
        parent = parents[bone]
        counted = len(sides[_without_number(bone)]) > 1  # on both sides, numbers tell the bones apart
        goes_on = parent is not None and not counted and _continues(graph, parent, bone)
        first[bone] = first[parent] if parent is not None and goes_on else bone
    return {
        bone: first[parent] if parent is not None else None for bone, parent in parents.items() if first[bone] == bone
    }


def _continues(graph: BoneGraph, parent: str, bone: str) -> bool:
    """Whether a bone beside the midline goes straight on where its parent ends, under the same name with a number."""
    one, other = graph.bones[parent], graph.bones[bone]
    same_name = _without_number(parent) == _without_number(bone)
    turn = (one.tail_local - one.head_local).angle(other.tail_local - other.head_local, 0.0)
    straight = turn < 0.05 and (one.tail_local - other.head_local).length < _NEAR * graph.size
    return same_name and straight and abs(other.head_local.x) > _NEAR * graph.size


def _without_number(bone: str) -> str:
    return re.sub(r"\d+", "", bone).rstrip(".")


def _led(graph: BoneGraph, bone: str, skin: list[str]) -> bool:
    """Whether a bone, or a helper that it hangs from, follows another bone."""
    above: bpy.types.Bone | None = graph.bones[bone]
    while above is not None and (above.name == bone or above.name not in skin):
        if graph.leaders(above.name):
            return True
        above = above.parent
    return False


def skin_bones(armature_object: ArmatureObject) -> list[str]:
    """The bones that deform a mesh; where the armature has none, those that would."""
    deforming = [bone.name for bone in armature_object.data.bones if bone.use_deform]
    groups = {
        group.name
        for thing in full(bpy.context).scene.objects
        if thing.type == "MESH" and thing.parent_type != "BONE" and thing.find_armature() == armature_object
        for group in thing.vertex_groups
    }
    weighted = [bone for bone in deforming if bone in groups]
    return weighted or deforming


def _stand_ins(graph: BoneGraph, skin: list[str]) -> dict[str, str]:
    """Bone -> the deforming bone that it stands for: what leads it, and what leads or carries that at the same joint.

    Leaders elsewhere are spaces to switch between, or whole limbs that a helper follows in part.
    """
    stands_for = {bone: bone for bone in skin}
    waiting = deque(skin)
    while waiting:
        name = waiting.popleft()
        bone = stands_for[name]
        parent = graph.bones[name].parent
        for above in (*graph.leaders(name), *([parent.name] if parent is not None else [])):
            at_joint = graph.same_place(above, bone) or (name == bone and above in graph.leaders(bone))
            if at_joint and above not in stands_for:
                stands_for[above] = bone
                waiting.append(above)
    return stands_for


def _parent(graph: BoneGraph, bone: str, stands_for: dict[str, str], skin: list[str]) -> str | None:
    """The deforming bone whose parent, leader or stand-in is nearest above this one."""
    direct = graph.bones[bone].parent
    if direct is not None and direct.name in skin:
        return direct.name
    seen, waiting = {bone}, deque([bone])
    while waiting:
        name = waiting.popleft()
        found = stands_for.get(name)
        if found is not None and found != bone:
            return found
        parent = graph.bones[name].parent
        for above in (*([parent.name] if parent else []), *graph.leaders(name)):
            if above not in seen:
                seen.add(above)
                waiting.append(above)
    return None


def parents_first(parents: dict[str, str | None]) -> dict[str, str | None]:
    """The same, ordered; of bones that are above each other in a circle, one has no parent."""
    ordered: dict[str, str | None] = {}

    def place(bone: str, below: frozenset[str]) -> None:
        parent = parents[bone]
        if parent in below:  # a circle of leaders
            parent = None
        if parent is not None and parent not in ordered:
            place(parent, below | {bone})
        ordered.setdefault(bone, parent)

    for bone in parents:
        place(bone, frozenset({bone}))
    return ordered
