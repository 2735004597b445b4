"""The switches of a rig that no list names: properties that drivers read to turn constraints on and off.

A constraint that leads to a chain solved by IK is to be off and one that leads to any other bone on. Each property is
tried at both ends of its range, all at once, and gets the end that does so for more constraints.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, cast

import bpy

from ...retarget.rigs.control_names import Switch
from .leaders import COPYING, SOLVING, BoneGraph, driven_constraints
from .typing import ArmatureObject, as_armature, full

_PROPERTY = re.compile(r'^(?:pose\.bones\["((?:[^"\\]|\\.)*)"\])?\["((?:[^"\\]|\\.)*)"\]$')
Owner = tuple[str, str]
"""Bone ("" for the armature object) and custom property."""


def find_switches(armature_object: ArmatureObject, graph: BoneGraph, bones: Iterable[str]) -> list[Switch]:
    """What puts these bones under controls that are turned bone by bone (FK), and none in between two leaders."""
    solved = _solved_chains(graph)
    wanted: dict[Owner, list[tuple[str, str, bool | None]]] = {}
    upstream = graph.upstream(bones)
    for (bone, name), driver in driven_constraints(armature_object).items():
        constraint = armature_object.pose.bones[bone].constraints.get(name) if bone in upstream else None
        if constraint is None or constraint.type not in COPYING or not driver.data_path.endswith(("influence", "mute")):
            continue
        targets = graph.own_targets(constraint)
        by_ik = any(target in solved for target in targets)
        # The rotation of another control mixed into a helper bone: only all of it or nothing can be keyed.
        mixing = constraint.type == "COPY_ROTATION" and not by_ik and graph.bones[bone].parent is not None
        for owner in _read_by(armature_object, driver):
            wanted.setdefault(owner, []).append((bone, name, False if by_ik else None if mixing else True))
    return _best(armature_object, wanted)


def _solved_chains(graph: BoneGraph) -> set[str]:
    """The bones that IK turns, and those that it reaches for."""
    found: set[str] = set()
    for bone in graph.names:
        for constraint in graph.constraints(bone):
            if constraint.type in SOLVING:
                chain = [bone, *(parent.name for parent in graph.bones[bone].parent_recursive)]
                found |= set(chain[: getattr(constraint, "chain_count", 0) or 2])
                found |= set(graph.own_targets(constraint))
    return found


def _read_by(armature_object: ArmatureObject, driver: bpy.types.FCurve) -> list[Owner]:
    found = []
    for variable in driver.driver.variables if driver.driver else ():
        target = variable.targets[0]
        match = _PROPERTY.match(target.data_path) if variable.type == "SINGLE_PROP" else None
        if match and target.id == armature_object:
            bone, prop = (bpy.utils.unescape_identifier(part or "") for part in match.groups())
            owner = armature_object.pose.bones.get(bone) if bone else armature_object
            if owner is not None and isinstance(owner.get(prop), int | float):
                found.append((bone, prop))
    return found


def _best(armature_object: ArmatureObject, wanted: dict[Owner, list[tuple[str, str, bool | None]]]) -> list[Switch]:
    pose = armature_object.pose.bones
    owners = {key: pose[key[0]] if key[0] else armature_object for key in wanted}
    before = {key: owner[key[1]] for key, owner in owners.items()}
    scores: dict[Owner, list[float]] = {key: [] for key in wanted}
    ranges = {key: _range(owner, key[1]) for key, owner in owners.items()}
    present = {key: [_effect(armature_object, *c[:2]) for c in constraints] for key, constraints in wanted.items()}
    try:
        for end in (0, 1):
            for key, owner in owners.items():
                owner[key[1]] = ranges[key][end]
            armature_object.update_tag()
            full(bpy.context).view_layer.update()
            for key, constraints in wanted.items():
                scores[key].append(sum(_score(_effect(armature_object, b, n), want) for b, n, want in constraints))
    finally:
        for key, owner in owners.items():
            owner[key[1]] = before[key]
        armature_object.update_tag()
        full(bpy.context).view_layer.update()
    found = []
    for key, (low, high) in scores.items():
        undecided = all(want is None for _, _, want in wanted[key])
        if undecided and all(effect in (0.0, 1.0) for effect in present[key]):
            continue  # as the animator has it
        if low != high:
            found.append((*key, float(ranges[key][0] if low > high else ranges[key][1])))
    return found


def _score(effect: float, want: bool | None) -> float:
    return effect if want else -effect


def _effect(armature_object: ArmatureObject, bone: str, name: str) -> float:
    depsgraph = full(bpy.context).evaluated_depsgraph_get()
    evaluated = as_armature(armature_object.evaluated_get(depsgraph))
    constraint = evaluated.pose.bones[bone].constraints[name]
    return 0.0 if constraint.mute else float(constraint.influence)


def _range(owner: bpy.types.PoseBone | ArmatureObject, prop: str) -> tuple[float | int, float | int]:
    """Both ends of a custom property's range, of its own type; 0 and 1 where it has no range to speak of."""
    value = owner[prop]
    kind = type(value)
    if kind is bool:
        return False, True
    settings = cast(Any, owner.id_properties_ui(prop)).as_dict()
    low, high = settings.get("min", 0), settings.get("max", 1)
    if not (-100 <= low < high <= 100):
        low, high = 0, 1
    return kind(low), kind(high)
