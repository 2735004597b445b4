"""The format of a gesture: one TOML file each, in the folder `gestures`; docs/authoring.md describes every key.

Angles are in degrees. A direction or an offset is (out, up, ahead) in the frame that its key names: out points away
from the body's middle on the limb's own side. Lengths are in arm lengths for hands and in leg lengths for the rest.
"""

from pathlib import Path
from typing import Annotated, Literal, get_args

import msgspec
import numpy as np

from ....retarget.errors import MotionGPTError
from ....retarget.motion import Motion
from ....retarget.motion import rotations as rot
from ....retarget.motion.skeleton import JOINT_COUNT
from .body import LANDMARKS, Amount, Direction, Vector
from .measures import point, series

FOLDER = Path(__file__).parent / "gestures"
REST = "rest"
Kind = Literal["idle", "walk", "sit"]
Register = Literal["sentence", "plain", "note", "game", "word"]
BASES: tuple[Kind, ...] = get_args(Kind)
REGISTERS: tuple[Register, ...] = get_args(Register)

Rest = Literal["rest"]
Side = Literal["left", "right", "both"]
_SPEEDS = {"slowly": (0.6, 0.75), "": (0.9, 1.15), "quickly": (1.3, 1.6)}
_Text = Annotated[str, msgspec.Meta(pattern=r"^\S+( \S+)*$")]
_Texts = Annotated[tuple[_Text, ...], msgspec.Meta(min_length=1)]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table that has these keys and no others."""


class Bend(_Table, frozen=True):
    """Degrees on top of the base's: pitch forward and down, yaw and roll to the left."""

    pitch: Amount = 0.0
    yaw: Amount = 0.0
    roll: Amount = 0.0


class Collar(_Table, frozen=True):
    """Degrees on top of the base's."""

    up: Amount = 0.0
    ahead: Amount = 0.0


class Hand(_Table, frozen=True):
    """Where a hand is: see docs/authoring.md."""

    at: str
    offset: Vector = (0.0, 0.0, 0.0)
    touch: Literal["wrist", "palm", "fingers"] = "palm"
    palm: Direction | None = None
    elbow: Direction | None = None
    flex: Amount = 0.0
    arc: Amount = 0.12


class Pelvis(_Table, frozen=True):
    """height: leg lengths over the floor, the base's if absent.  ahead, left: leg lengths.  Angles as `Bend`."""

    height: Amount | None = None
    ahead: Amount = 0.0
    left: Amount = 0.0
    pitch: Amount = 0.0
    yaw: Amount = 0.0
    roll: Amount = 0.0


class Foot(_Table, frozen=True):
    """Where a foot is: see docs/authoring.md."""

    at: Literal["start", "step", "hip", "floor", "pelvis"] = "start"
    offset: Vector = (0.0, 0.0, 0.0)
    pitch: Amount = 0.0
    yaw: Amount = 0.0
    heel: Amount = 0.0
    lift: Amount = 0.12
    knee: Direction | None = None


class Travel(_Table, frozen=True):
    """How far the body has moved since the action's start, in leg lengths and degrees; it doesn't go back."""

    ahead: Amount = 0.0
    left: Amount = 0.0
    turn: Amount = 0.0


class Key(_Table, frozen=True):
    """A key pose. What it does not name stays as in the key before."""

    time: Amount
    hold: Amount = 0.0
    repeat: bool = False
    flight: bool = False
    head: Bend | Rest | None = None
    chest: Bend | Rest | None = None
    collar: dict[Side, Collar | Rest] = {}
    hand: dict[Side, Hand | Rest] = {}
    pelvis: Pelvis | Rest | None = None
    foot: dict[Side, Foot | Rest] = {}
    travel: Travel | None = None


class Check(_Table, frozen=True):
    """What must be true of the joints: see docs/authoring.md."""

    of: _Text
    take: Literal["least", "most", "range", "swings", "start", "end", "slide"]
    at_least: float | None = None
    at_most: float | None = None
    by: float = 5.0
    per_count: bool = False
    base: Literal["", "idle", "walk", "sit"] = ""


class Gesture(_Table, frozen=True):
    """A gesture or a whole-body action."""

    action: _Text
    captions: dict[Register, _Texts]
    key: Annotated[tuple[Key, ...], msgspec.Meta(min_length=1)]
    bases: Annotated[tuple[Kind, ...], msgspec.Meta(min_length=1)] = ("idle",)
    sided: bool = False
    count: tuple[int, int] = (1, 1)
    speeds: dict[str, tuple[float, float]] = msgspec.field(default_factory=lambda: dict(_SPEEDS))
    sizes: dict[str, tuple[float, float]] = msgspec.field(default_factory=lambda: {"": (0.9, 1.1)})
    lead: Amount = (0.3, 0.9)
    leave: Amount = (0.5, 0.8)
    tail: Amount = (0.3, 0.8)
    lag: Amount = (0.02, 0.08)
    begins: Literal["base", "pose"] = "base"
    ends: Literal["base", "pose"] = "base"
    weight: float = 1.0
    check: tuple[Check, ...] = ()


def read_gesture(path: Path) -> Gesture:
    """Read and check one file. Raises MotionGPTError, naming the file and the place, if it is wrong."""
    try:
        gesture = msgspec.toml.decode(path.read_bytes(), type=Gesture)
        _check_keys(gesture)
    except FileNotFoundError:
        names = ", ".join(sorted(p.stem for p in FOLDER.glob("*.toml")))
        raise MotionGPTError(f"There is no gesture {path.stem}.", f"There are: {names}.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise MotionGPTError(f"{path.name} can't be read ({error}).", "docs/authoring.md has the format.") from error
    return gesture


def read_gestures(folder: Path = FOLDER, only: list[str] | None = None) -> dict[str, Gesture]:
    """Name -> gesture of every file in the folder, or of those named."""
    names = only or sorted(p.stem for p in folder.glob("*.toml"))
    return {name: read_gesture(folder / f"{name}.toml") for name in names}


def _check_keys(gesture: Gesture) -> None:
    """Raises ValueError for what the types can't say."""
    for number, key in enumerate(gesture.key, 1):
        for hand in key.hand.values():
            if isinstance(hand, Hand) and hand.at not in LANDMARKS:
                raise ValueError(f"key {number}: no landmark {hand.at}, only {', '.join(LANDMARKS)}")
        if key.flight and number == len(gesture.key):
            raise ValueError(f"key {number}: a flight needs a key to land at")
        if _ends(key.time)[0] <= 0 and number > 1:
            raise ValueError(f"key {number}: time is the seconds since the key before, more than 0")
    repeated = [i for i, key in enumerate(gesture.key) if key.repeat]
    if repeated and repeated != list(range(repeated[0], repeated[-1] + 1)):
        raise ValueError("keys with repeat = true must follow each other")
    if gesture.count != (1, 1) and not repeated:
        raise ValueError("count needs keys with repeat = true")
    still = Motion(np.tile(rot.IDENTITY, (2, JOINT_COUNT, 1)), np.zeros((2, 3)), 30.0, np.zeros((2, 4)))
    for check in gesture.check:
        (point if check.take == "slide" else series)(still, check.of)
    if not 1 <= gesture.count[0] <= gesture.count[1]:
        raise ValueError("count is two numbers, the smaller one first")


def _ends(amount: Amount) -> tuple[float, float]:
    return amount if isinstance(amount, tuple) else (amount, amount)
