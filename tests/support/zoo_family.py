"""What a rig family is made of: its bones' names, its rest pose, what it wears."""

from dataclasses import dataclass, field

SIDES = ("left", "right")
_LIMBS = ("hip", "knee", "ankle", "foot", "collar", "shoulder", "elbow", "wrist")


@dataclass(frozen=True)
class Family:
    """How a family names its bones, and how its characters stand at rest.

    limbs: pattern per kind, "{s}" the side's letter or word.  sides: left and right in these patterns.
    above: bones over the hips, from the root down.  spine, neck: in order.  twists: kind -> patterns of hanging bones.
    inline: kind -> pattern of a bone half-way along the limb, which carries what follows.
    arms_down, arms_forward, elbows, apart: degrees of the rest pose, from the T.  raised: of the left arm alone.
    carried: bones between the pelvis and where legs and spine part.  legs_from: a bone on the pelvis, beside the spine,
    from which the legs hang.  holding: bones of `above` that hold some of the mesh, at the height of the hips.
    wears: kinds of `zoo_extras`.
    """

    name: str
    pelvis: str
    spine: tuple[str, ...]
    neck: tuple[str, ...]
    head: str
    sides: tuple[str, str]
    limbs: dict[str, str]
    above: tuple[str, ...] = ()
    fingers: str = ""
    twists: dict[str, tuple[str, ...]] = field(default_factory=dict)
    inline: dict[str, str] = field(default_factory=dict)
    extra: tuple[str, ...] = ()
    arms_down: float = 0.0
    arms_forward: float = 0.0
    elbows: float = 0.0
    apart: float = 0.0
    height: float = 1.7
    limb_scale: float = 1.0
    thigh: float = 1.0
    shin: float = 1.0
    upper_arm: float = 1.0
    forearm: float = 1.0
    clavicles_from_neck: bool = False
    carried: tuple[str, ...] = ()
    legs_from: str = ""
    holding: tuple[str, ...] = ()
    wears: tuple[str, ...] = ()
    raised: float = 0.0

    @property
    def chest(self) -> str:
        """The bone from which the arms branch off."""
        return self.neck[0] if self.clavicles_from_neck else self.spine[-1]


def limbs(hip, knee, ankle, foot, collar, shoulder, elbow, wrist):
    pairs = zip(_LIMBS, (hip, knee, ankle, foot, collar, shoulder, elbow, wrist), strict=True)
    return {kind: name for kind, name in pairs if name}
