"""The fingers of a rig: which bones they are, by name or by shape, and which way each hand's palm faces.

Nothing is taken from bone rolls or from how a family names its axes: the palm follows from the side of the body and
from where the thumb is. On a left hand, with d along the fingers and t towards the thumb, it faces d x t; on a right
hand the other way.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..motion import rotations as rot
from ..motion.skeleton import SIDES
from ..typing import Floats
from .calibration import Calibration, calibrate_from_rest
from .mapping import Mapping
from .names import split_name
from .rig import Rig

# In the order of the hand; each with its names in the languages of `names`.
_ROLES = (
    r"thumb|thumd|pollex|親指|拇指|大拇指|엄지|daumen|pouce|pulgar|pollice|polegar|большой",
    r"index|point|fore.?finger|人指|人差|食指|검지|zeige|indice|indicador|указат",
    r"mid|中指|중지|mittel|majeur|medio|corazon|средн",
    r"ring|薬指|药指|無名|无名|약지|annulaire|anular|anelar|безым",
    r"pink|little|small|小指|새끼|소지|klein|auriculaire|menique|mignolo|minimo|mindinho|мизин",
)
_FINGER = re.compile(rf"finger|指|палец|손가락|doigt|dedo|dito|{'|'.join(_ROLES)}")
_ROLE = [re.compile(names) for names in _ROLES]
_PALM = re.compile(r"metacarp|carpal|palm|掌")
_TIP = re.compile(r"end$|tip$|nub$|leaf$|先$|effector$|top$")
NO_FINGER = re.compile(r"twist|roll|捩|slot|socket|prop|weapon|attach|grip|hold|item|ik$|^ik|dummy|ダミー|sword|shield")
"""What hangs from a hand and is none of its fingers: props, sockets for them, helpers."""
_PALM_PART = 0.33  # of the way from wrist to fingertip: a finger's first bone that starts nearer lies in the palm
_CLEAR_LINE = 0.08  # of the hand's length: a shorter line of knuckles tells nothing about the palm


@dataclass(frozen=True, eq=False)
class Finger:
    """bones: names from the knuckle (a thumb's from its base) outwards, one to three.  along: (n, 3) unit directions of
    these bones at rest.  rest: (n, 4) their orientations.  place: 0 for an index finger to 3 for a little finger."""

    bones: tuple[str, ...]
    along: Floats
    rest: Floats
    place: float


@dataclass(frozen=True, eq=False)
class Hand:
    """One hand at rest, in the rig's axes. along, palm, thumbward: (3,) unit vectors along the fingers, out of the
    palm, and across to the thumb's side, perpendicular to each other.  fingers: without the thumb."""

    along: Floats
    palm: Floats
    thumbward: Floats
    fingers: tuple[Finger, ...]
    thumb: Finger | None

    @property
    def bones(self) -> tuple[str, ...]:
        """Every finger bone, the thumb's last."""
        thumb = (self.thumb,) if self.thumb else ()
        return tuple(bone for finger in (*self.fingers, *thumb) for bone in finger.bones)


def find_hands(rig: Rig, mapping: Mapping, calibration: Calibration | None = None) -> dict[str, Hand]:
    """Side -> hand, for each hand that has fingers: the chains below its bone that are called fingers, or, where no
    name is known, at least two chains of two or more bones."""
    cal = calibration or calibrate_from_rest(rig, mapping)
    hands = {}
    for side in SIDES:
        wrist = mapping.bones.get(f"{side}_wrist")
        if wrist is not None and (hand := _find_hand(rig, rig.index[wrist], side, cal)):
            hands[side] = hand
    return hands


@dataclass(frozen=True, eq=False)
class _Chain:
    """bones: from the hand outwards.  points: (n + 1, 3) their heads, and where the last one ends.  role: index into
    `_ROLES`, None where the name does not tell."""

    bones: tuple[int, ...]
    points: Floats
    role: int | None

    def start(self, wrist: Floats) -> float:
        """How far out the chain starts: 0 at the wrist, 1 at the fingertip."""
        first, last = (float(np.linalg.norm(self.points[end] - wrist)) for end in (0, -1))
        return first / max(last, 1e-9)


def _find_hand(rig: Rig, wrist: int, side: str, cal: Calibration) -> Hand | None:
    chains = [_chain(rig, path) for path in _paths(rig, wrist)]
    named = [c for c in chains if any(_FINGER.search(_part(rig, bone)) for bone in c.bones)]
    if not named and sum(len(c.bones) >= 2 for c in chains) < 2:
        return None
    chains = named or [c for c in chains if len(c.bones) >= 2]
    origin = rig.heads[wrist]
    thumb = _find_thumb(chains, origin)
    fingers = [_without_palm(rig, c, origin) for c in chains if c is not thumb]
    if not fingers:
        return None
    along = rot.normalize(np.mean([c.points[0] for c in fingers], axis=0) - origin)
    if not np.linalg.norm(along) > 0.5:
        return None
    facing = _palm_at_rest(rig, wrist, cal)
    thumbward = _thumbward(fingers, thumb, origin, along, np.cross(facing, along) * _sign(side))
    thumbward = rot.normalize(rot.perpendicular(thumbward, along))
    places = _places(fingers, thumbward)
    ordered = sorted(zip(places, fingers, strict=True), key=lambda pair: pair[0])
    return Hand(
        along,
        _sign(side) * np.cross(along, thumbward),
        thumbward,
        tuple(_finger(rig, chain, place) for place, chain in ordered),
        _finger(rig, thumb, 0.0) if thumb else None,
    )


def _sign(side: str) -> float:
    return 1.0 if side == "left" else -1.0


def _part(rig: Rig, bone: int) -> str:
    return split_name(rig.names[bone])[1] or rig.names[bone].lower()


def _paths(rig: Rig, hub: int) -> Iterator[list[int]]:
    """The chains of bones below a hand; a bone from which several longer chains branch off is part of the palm."""
    for child in rig.children[hub]:
        if NO_FINGER.search(_part(rig, child)):
            continue
        path = [child]
        while (below := _branches(rig, path[-1])) and sum(bool(_branches(rig, b)) for b in below) < 2:
            role = _role(rig, path[-1])
            path.append(max(below, key=lambda b: (_role(rig, b) == role, len(rig.descendants(b)))))
        if below:
            yield from _paths(rig, path[-1])
        else:
            yield path


def _branches(rig: Rig, bone: int) -> list[int]:
    return [child for child in rig.children[bone] if not NO_FINGER.search(_part(rig, child))]


def _role(rig: Rig, bone: int) -> int | None:
    part = _part(rig, bone)
    return next((i for i, names in enumerate(_ROLE) if names.search(part)), None)


def _chain(rig: Rig, path: list[int]) -> _Chain:
    """Without the bone that only marks the fingertip."""
    last, moves = path[-1], rig.moves_mesh
    is_tip = _TIP.search(_part(rig, last)) or (rig.thickness is not None and moves(path[0]) and not moves(last))
    end = rig.heads[last] if len(path) > 1 and is_tip else rig.tails[last]
    bones = path[:-1] if len(path) > 1 and is_tip else path
    points = np.array([*rig.heads[bones], end])
    if len(points) > 2:  # importers let last bones point anywhere
        before, after = rot.normalize(points[-2] - points[-3]), points[-1] - points[-2]
        if rot.normalize(after) @ before < 0.5:
            points[-1] = points[-2] + before * np.linalg.norm(points[-2] - points[-3])
    roles = [role for role in (_role(rig, bone) for bone in bones[::-1]) if role is not None]
    return _Chain(tuple(bones), points, roles[0] if roles else None)


def _find_thumb(chains: list[_Chain], wrist: Floats) -> _Chain | None:
    """The chain that is called so or, where no name tells, the one that starts nearest to the wrist and points away
    from the others most."""
    if any(c.role is not None for c in chains):
        return next((c for c in chains if c.role == 0), None)
    if len(chains) < 2:
        return None

    def apart(chain: _Chain) -> float:
        others = [c for c in chains if c is not chain]
        mean = rot.normalize(np.mean([rot.normalize(c.points[-1] - c.points[0]) for c in others], axis=0))
        cosine = rot.normalize(chain.points[-1] - chain.points[0]) @ mean
        nearer = 1.0 - chain.start(wrist) / max(float(np.mean([c.start(wrist) for c in others])), 1e-9)
        return float(np.arccos(np.clip(cosine, -1.0, 1.0))) + 2.0 * nearer

    return max(chains, key=apart)


def _without_palm(rig: Rig, chain: _Chain, wrist: Floats) -> _Chain:
    """The chain from its knuckle on."""
    while len(chain.bones) > 1 and (
        _PALM.search(_part(rig, chain.bones[0])) or (len(chain.bones) > 3 and chain.start(wrist) < _PALM_PART)
    ):
        chain = _Chain(chain.bones[1:], chain.points[1:], chain.role)
    return chain


def _palm_at_rest(rig: Rig, wrist: int, cal: Calibration) -> Floats:
    """(3,) where the palm faces if the hand is modelled like the T-pose's, whose palms face down."""
    own = rot.rotate(rot.conjugate(cal.tpose[rig.names[wrist]]), np.array([0.0, -1.0, 0.0]))
    return rot.rotate(rig.rest_rotations[wrist], own)


def _thumbward(fingers: list[_Chain], thumb: _Chain | None, wrist: Floats, along: Floats, modelled: Floats) -> Floats:
    """(3,) across the palm to the thumb's side.

    modelled: (3,) the same for a hand that is modelled with its palm down, where fingers and thumb do not tell.
    """
    knuckles = np.array([c.points[0] for c in fingers])
    length = float(np.mean([np.linalg.norm(c.points[-1] - wrist) for c in fingers]))
    ordered = sorted((c for c in fingers if c.role is not None), key=lambda c: c.role or 0)
    if len(ordered) > 1:
        line = rot.perpendicular(ordered[0].points[0] - ordered[-1].points[0], along)
        if np.linalg.norm(line) > _CLEAR_LINE * length:
            return line
    to_thumb = modelled
    if thumb is not None:
        to_thumb = rot.perpendicular(thumb.points[:2].mean(axis=0) - knuckles.mean(axis=0), along)
    if len(fingers) > 1:
        away = rot.perpendicular(knuckles - knuckles.mean(axis=0), along)
        line = np.linalg.svd(away)[2][0]
        if np.ptp(away @ line) > _CLEAR_LINE * length:
            return np.asarray(line * (1.0 if line @ to_thumb > 0.0 else -1.0))
    # A thumb's base lies below the palm's plane: alone it tells no more than a quarter turn.
    return modelled if rot.normalize(to_thumb) @ rot.normalize(modelled) > 0.5 else to_thumb


def _places(fingers: list[_Chain], thumbward: Floats) -> list[float]:
    """For each finger 0 (index) to 3 (little), by name, or by its place from the thumb's side on."""
    if all(c.role is not None for c in fingers):
        return [float((c.role or 1) - 1) for c in fingers]
    if len(fingers) == 1:
        return [1.0]
    order = np.argsort([-(c.points[0] @ thumbward) for c in fingers])
    places = np.empty(len(fingers))
    places[order] = np.linspace(0.0, 3.0, len(fingers))
    return [float(place) for place in places]


def _finger(rig: Rig, chain: _Chain, place: float) -> Finger:
    bones = chain.bones[:3]
    along = rot.normalize(np.diff(chain.points, axis=0))[: len(bones)]
    return Finger(tuple(rig.names[b] for b in bones), along, rig.rest_rotations[list(bones)], place)
