"""Finding a humanoid by its shape alone: topology and geometry of the rest pose, whatever the bones are called.

A body has a plane of symmetry. Bones off that plane form side branches, each with its mirror image. Legs and arms are
the branches that are most like them (`likeness`), which hair, wings, tails and skirts are not; the head is at the end
of the chain of middle bones above the arms. The feet tell where the front is, and so which side is left.
"""

import itertools
from collections.abc import Iterable

import numpy as np

from ..motion import rotations as rot
from ..typing import Floats, Indices
from .likeness import Body, arm_likeness, goes_with, has_fingers, leg_likeness
from .names import is_no_limb
from .rig import Rig

_NEAR = 0.015  # of the rig's height: how far off the plane, or the mirror image, still counts as on it


def find_by_shape(rig: Rig) -> dict[str, int] | None:
    """Joint name -> bone index, with at least hips to ankles and shoulders to elbows, or None if it is no humanoid."""
    if len(rig.names) < 10:
        return None
    ups = [np.eye(3)[rig.up]] if rig.up is not None else [s * np.eye(3)[i] for i in (1, 2, 0) for s in (1.0, -1.0)]
    bodies = (_find_plane(rig, up) for up in ups)
    return next((found for body in bodies if body is not None and (found := _find_limbs(body))), None)


def _find_plane(rig: Rig, up: Floats) -> Body | None:
    """The rig relative to the vertical plane across which most bones have mirror images."""
    heights = rig.heads @ up
    size = float(np.ptp(np.concatenate([heights, rig.tails @ up])))
    if size <= 0:
        return None
    weight = np.minimum(rot.length(rig.rest_offsets), 0.3 * size)  # so that fingers count little
    best: tuple[float, Floats, float, Indices] | None = None
    for normal in _normals(rig, up):
        along = rig.heads @ normal
        # Where the plane may lie: at the median bone, halfway between the outermost ones, at the origin.
        for centre in {round(float(np.median(along)), 6), round(float(along.min() + along.max()) / 2, 6), 0.0}:
            mirror = _mirror_images(rig, normal, centre, size)
            off = np.abs(along - centre) > _NEAR * size
            score = float(weight[off & (mirror >= 0)].sum() - 0.1 * weight[off & (mirror < 0)].sum())
            if off.sum() >= 6 and (best is None or score > best[0]):
                best = (score, normal, centre, mirror)
    if best is None or best[0] <= 0:
        return None
    _, normal, centre, mirror = best
    ground = min(float(heights.min()), float((rig.tails @ up).min()))
    side = rig.heads @ normal - centre
    mirror = _pair_by_structure(rig, mirror, side, size)
    return Body(rig, up, normal, side, heights - ground, rig.tails @ up - ground, size, mirror)


def _normals(rig: Rig, up: Floats) -> list[Floats]:
    """Candidates for the sideways direction: the horizontal axes, and those between sibling bones of equal length."""
    out = [axis for axis in np.eye(3) if abs(axis @ up) < 0.5]
    lengths = rot.length(rig.tails - rig.heads)
    for children in rig.children:
        for i, a in enumerate(children):
            for b in children[i + 1 :]:
                across = rig.heads[a] - rig.heads[b]
                level = across - up * (across @ up)
                far = np.linalg.norm(level)
                if far > 1e-6 and abs(lengths[a] - lengths[b]) < 0.02 * (lengths[a] + lengths[b] + 1e-9):
                    level = level / far
                    if all(abs(level @ other) < 0.999 for other in out):
                        out.append(level)
    return out[:40]


def _mirror_images(rig: Rig, normal: Floats, centre: float, size: float) -> Indices:
    """(N,) the bones' mirror images, as in `Body`."""
    images = rig.heads - 2.0 * ((rig.heads @ normal) - centre)[:, None] * normal
    tails = rig.tails - 2.0 * ((rig.tails @ normal) - centre)[:, None] * normal
    far = rot.length(images[:, None] - rig.heads[None])
    far = far + 0.25 * rot.length(tails[:, None] - rig.tails[None])  # tells bones with the same head apart
    return np.where(far.min(axis=1) < 2.0 * _NEAR * size, np.argmin(far, axis=1), -1)


def _pair_by_structure(rig: Rig, mirror: Indices, side: Floats, size: float) -> Indices:
    """The mirror images with those added that are posed differently, one arm raised: bones of the same length whose
    parents are mirror images, with as much below them."""
    out = mirror.copy()
    lengths = rot.length(rig.rest_offsets)
    below = np.array([len(rig.descendants(bone)) for bone in range(len(rig.names))])
    for bone, parent in enumerate(rig.parents):
        if out[bone] >= 0 or parent < 0 or out[parent] < 0 or abs(side[bone]) < _NEAR * size:
            continue
        others = [
            c
            for c in rig.children[out[parent]]
            if c != bone
            and out[c] < 0
            and (out[parent] != parent or side[c] * side[bone] < 0.0)
            and abs(lengths[c] - lengths[bone]) < max(0.15 * lengths[bone], 0.5 * _NEAR * size)
            and abs(below[c] - below[bone]) <= 0.3 * below[bone]
        ]
        if others:
            twin = min(others, key=lambda c: (abs(below[c] - below[bone]), abs(lengths[c] - lengths[bone])))
            out[bone], out[twin] = twin, bone
    return out


def _find_limbs(body: Body) -> dict[str, int] | None:
    """Of all branches that could be legs and arms, those that together are most like them."""
    branches = [path for path in _side_branches(body) if not any(is_no_limb(body.rig.names[b]) for b in path[:2])]
    legs = _each_once(_leg_joints(body, path) for path in branches if _is_leg(body, path))
    arms = _each_once(_arm_joints(body, path) for path in branches)
    pairs = [(leg, arm) for leg in legs for arm in arms if goes_with(body, leg, arm)]
    if not pairs:
        return None
    has_head = {arm["shoulder"]: _find_head(body, arm) is not None for arm in arms}
    alike = {leg["ankle"]: leg_likeness(body, leg) for leg in legs}
    leg, arm = max(pairs, key=lambda p: alike[p[0]["ankle"]] + arm_likeness(body, *p) + has_head[p[1]["shoulder"]])
    return _both_sides(body, {**leg, **arm})


def _each_once(limbs: Iterable[dict[str, int] | None]) -> list[dict[str, int]]:
    return list({tuple(limb.items()): limb for limb in limbs if limb is not None}.values())


def _side_branches(body: Body) -> list[list[int]]:
    """Paths of bones on the positive side, from the first that has a mirror image down to every leaf."""
    rig = body.rig
    branches: list[list[int]] = []
    for bone, parent in enumerate(rig.parents):
        if body.side[bone] < -_NEAR * body.size or body.mirror[bone] == bone:
            continue
        rooted = parent >= 0 and body.mirror[parent] in (parent, -1)
        # A branch starts at the first bone that comes in a pair, even if both heads are in the middle.
        partner = body.mirror[bone]
        twin = partner >= 0 and partner != bone
        if rooted and (twin or (abs(body.side[bone]) <= _NEAR * body.size and _reaches_out(body, bone))):
            branches.extend(p for p in _paths(rig, bone) if np.median(body.side[p]) > 0)
    return branches


def _reaches_out(body: Body, bone: int) -> bool:
    """Whether all bones below a middle bone are on the positive side (LHipJoint, a clavicle starting at the neck)."""
    sides = body.side[body.rig.descendants(bone)[1:]]
    return len(sides) > 1 and bool(sides.max() > 3 * _NEAR * body.size and sides.min() > -_NEAR * body.size)


def _paths(rig: Rig, bone: int) -> list[list[int]]:
    """Every path from the bone down to a leaf."""
    children = rig.children[bone]
    if not children:
        return [[bone]]
    return [[bone, *rest] for child in children for rest in _paths(rig, child)]


def _is_leg(body: Body, path: list[int]) -> bool:
    lowest = min(float(body.height[path].min()), float(body.tip_height[path].min()))
    drop = body.height[path].max() - body.height[path].min()
    return len(path) >= 3 and lowest < 0.12 * body.size and drop > 0.1 * body.size and body.height[path[0]] > drop * 0.9


def _along(body: Body, path: list[int]) -> float:
    return sum(body.distance(a, b) for a, b in itertools.pairwise(path))


def _two_bones(body: Body, path: list[int]) -> tuple[int, int, int] | None:
    """Positions in the path of the joints at the ends of its two long, about equal bones, past any twist bones."""
    best: tuple[float, tuple[int, int, int]] | None = None
    for i in range(len(path) - 2):
        for j in range(i + 1, len(path) - 1):
            upper = body.distance(path[i], path[j])
            for k in range(j + 1, len(path)):
                lower = body.distance(path[j], path[k])
                # A bone in between that is off the line is a joint and not a twist bone.
                detour = _along(body, path[i : j + 1]) - upper + _along(body, path[j : k + 1]) - lower
                score = min(upper, lower) - 0.6 * abs(upper - lower) - 3.0 * detour - 0.002 * body.size * i
                if best is None or score > best[0] + 1e-9:
                    best = (score, (i, j, k))
    return best[1] if best is not None and best[0] > 0.02 * body.size else None


def _leg_joints(body: Body, path: list[int]) -> dict[str, int] | None:
    """hip, knee, ankle and, if there is one, foot of a leg."""
    off_middle = [b for b in path if abs(body.side[b]) > _NEAR * body.size]
    # The leg goes down as far as the ankle; from there the foot goes forward.
    heights = body.height[off_middle] - body.height[off_middle].min()  # along the path
    ankles = np.flatnonzero(heights < 0.3 * heights[0])
    if not len(ankles) or ankles[0] < 2:
        return None
    down = off_middle[: ankles[0] + 1]
    bounds = _two_bones(body, down)
    if bounds is None or bounds[2] != len(down) - 1:
        halves = [abs(body.distance(down[0], b) - body.distance(b, down[-1])) for b in down[1:-1]]
        bounds = (0, 1 + int(np.argmin(halves)), len(down) - 1)
    hip, knee, ankle = (down[i] for i in bounds)
    limb = {"hip": hip, "knee": knee, "ankle": ankle}
    below = [b for b in body.rig.children[ankle] if body.mirror[b] != b]
    ahead = [b for b in below if body.level_distance(ankle, b) > 0.01 * body.size]
    toes = [b for b in ahead if body.rig.children[b]] or ahead
    if toes:
        limb["foot"] = max(toes, key=lambda b: body.level_distance(ankle, b))
    return limb


def _arm_joints(body: Body, branch: list[int]) -> dict[str, int] | None:
    """collar, shoulder, elbow and wrist, as far as there are any, of a branch that is long enough for an arm."""
    if len(branch) < 2 or _along(body, branch) < 0.12 * body.size:
        return None
    path = [b for b in branch if abs(body.side[b]) > 0.3 * _NEAR * body.size]
    fingers = next((i for i, b in enumerate(path) if i >= 2 and has_fingers(body.rig, b)), None)
    bounds = _two_bones(body, path if fingers is None else path[: fingers + 1])
    if bounds is None:
        return {"shoulder": path[0], "elbow": path[1]} if len(path) == 2 else None
    wrist = bounds[2] if fingers is None else fingers
    limb = {"shoulder": path[bounds[0]], "elbow": path[bounds[1]], "wrist": path[wrist]}
    if branch[0] != limb["shoulder"]:
        limb["collar"] = branch[branch.index(limb["shoulder"]) - 1]
    return limb


def _both_sides(body: Body, limb: dict[str, int]) -> dict[str, int] | None:
    """The limbs of the positive side with their mirror images, and the head; the feet tell left from right."""
    rig = body.rig
    ankle = limb["ankle"]
    tip = rig.heads[limb["foot"]] if "foot" in limb else rig.tails[ankle]
    ahead = tip - rig.heads[ankle]
    ahead = ahead - body.up * (ahead @ body.up)
    mirrored = {}
    for kind, bone in limb.items():
        partner = _partner(body, bone)
        if partner is None or partner == bone:
            if kind in ("collar", "foot", "wrist"):
                continue
            return None
        mirrored[kind] = (bone, partner)
    out_side = rig.heads[mirrored["ankle"][0]] - rig.heads[mirrored["ankle"][1]]
    positive_is_left = bool(np.cross(body.up, ahead) @ out_side > 0)
    names = ("left", "right") if positive_is_left else ("right", "left")
    found = {f"{side}_{kind}": pair[i] for kind, pair in mirrored.items() for i, side in enumerate(names)}
    head = _find_head(body, limb)
    return found if head is None else {**found, "head": head}


def _partner(body: Body, bone: int) -> int | None:
    """A bone's mirror image; of a bone in the middle, the one whose children are the mirror images of its children."""
    if body.mirror[bone] >= 0 and body.mirror[bone] != bone:
        return int(body.mirror[bone])
    children = [int(body.mirror[c]) for c in body.rig.children[bone] if body.mirror[c] >= 0 and body.mirror[c] != c]
    return body.rig.parents[children[0]] if children else None


def _find_head(body: Body, limb: dict[str, int]) -> int | None:
    """The head, in the chain of middle bones that reaches highest above the chest."""
    rig = body.rig
    start = limb.get("collar", limb["shoulder"])
    chest = rig.parents[start]
    if chest < 0:
        return None
    chains = [
        list(itertools.takewhile(lambda b: body.mirror[b] == b or abs(body.side[b]) < _NEAR * body.size, path[1:]))
        for path in _paths(rig, chest)
    ]
    chains = [c for c in chains if c and body.height[c[0]] > body.height[chest] - _NEAR * body.size]
    chains = [c for c in chains if body.mirror[c[0]] == c[0] or body.mirror[c[0]] == -1]
    if not chains:
        return None
    chain = max(chains, key=lambda c: (max(body.tip_height[b] for b in c), len(c)))
    return _head_of_chain(body, chain)


def _head_of_chain(body: Body, chain: list[int]) -> int:
    """The bone with a face (many children), or else the longest except the first: necks are short."""
    rig = body.rig

    def length(place: int) -> float:
        end = rig.heads[chain[place + 1]] if place + 1 < len(chain) else rig.tails[chain[place]]
        return float(np.linalg.norm(end - rig.heads[chain[place]]))

    faces = [place for place, bone in enumerate(chain) if len(rig.children[bone]) >= 3]
    if faces:
        place = faces[0]
    elif len(chain) == 1:
        place = 0
    else:
        place = max(range(1, len(chain)), key=lambda p: (round(length(p) / (0.02 * body.size)), -p))
    while place > 0 and np.linalg.norm(rig.heads[chain[place]] - rig.heads[chain[place - 1]]) < 0.01 * body.size:
        place -= 1  # a bone of the face that starts where the head does
    return chain[place]
