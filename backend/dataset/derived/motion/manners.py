"""Walks with a manner: a recorded walk on a straight line with another posture, timing and way of setting the feet."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from .....retarget.motion import Motion
from .....retarget.motion.feet.footing import feet_of, set_down
from .....retarget.motion.smoothing import moving_mean
from .....retarget.motion.travel.track import Track
from .....retarget.typing import Floats
from .layers import amplified, arm_held, arms_held, noise, tilted, turned

_LEFT, _RIGHT = 0, 1
_ARMS = ("left_shoulder", "right_shoulder", "left_elbow", "right_elbow")


@dataclass(frozen=True, eq=False)
class Draft:
    """A walk while it is given a manner.  motion: its body.  feet: (T, 4, 3) where heels and toes are to be.
    swing: (T, 2) of the left and right foot, from 0 at take-off to 1 at landing, and 0 on the floor."""

    motion: Motion
    feet: Floats
    swing: Floats

    def raised(self, metres: float, ahead: float = 0.0) -> "Draft":
        """Feet lifted this much higher in mid-swing, and brought this much further ahead."""
        feet = self.feet.copy()
        bump = np.repeat(np.sin(np.pi * self.swing) ** 2, 2, axis=1)  # (T, 4)
        feet[..., 1] += metres * bump
        feet[..., 2] += ahead * bump
        return replace(self, feet=feet)

    def moved(self, side: int, by: tuple[float, float, float]) -> "Draft":
        """One foot's whole path moved."""
        feet = self.feet.copy()
        feet[:, 2 * side : 2 * side + 2] += by
        return replace(self, feet=feet)

    def sunk(self, metres: Floats | float) -> "Draft":
        """The pelvis lowered by metres (T,); the feet stay."""
        down = np.zeros((len(self.motion), 3))
        down[:, 1] = -np.asarray(metres)
        return replace(self, motion=self.motion.shifted(down))

    def body(self, change: Callable[[Motion], Motion]) -> "Draft":
        """The body changed; the feet stay."""
        return replace(self, motion=change(self.motion))


Layer = Callable[[Draft, np.random.Generator], Draft]


@dataclass(frozen=True)
class Manner:
    """pace: speed of the movements.  step: length of the steps.  layer: posture and feet.  hurry: the foot (0 left, 1
    right) whose time on the floor is cut short, or None."""

    layer: Layer
    pace: float = 1.0
    step: float = 1.0
    hurry: int | None = None


def swing_phases(track: Track) -> Floats:
    """(T, 2) see `Draft.swing`."""
    phases = np.zeros((len(track), 2))
    for side in (_LEFT, _RIGHT):
        on = np.zeros(len(track), dtype=bool)
        for step in track.steps:
            if step.point // 2 == side:
                on[step.start : step.stop] = True
        edges = np.flatnonzero(np.diff(np.concatenate([[True], on, [True]]).astype(int))).reshape(-1, 2)
        for start, stop in edges.tolist():
            if stop - start > 3:
                phases[start:stop, side] = (np.arange(stop - start) + 1.0) / (stop - start + 1.0)
    return phases


def with_manner(track: Track, manner: Manner, rng: np.random.Generator) -> Track:
    """A steady walk in that manner; `manner.step` changes the distance travelled."""
    track = _retimed(track, manner)
    draft = manner.layer(Draft(track.motion, feet_of(track.motion), swing_phases(track)), rng)
    # Shorter steps: each frame's body and feet lie that much closer to the start, and feet stand where mid-step is.
    back = np.zeros((len(track), 3))
    back[:, 2] = (manner.step - 1.0) * track.travelled
    motion = set_down(draft.motion.shifted(back), track.steps, draft.feet + back[:, None])
    return Track(motion, track.travelled * manner.step, tuple(track.steps))


def _retimed(track: Track, manner: Manner) -> Track:
    rate = np.full(len(track), manner.pace)
    if manner.hurry is not None:
        phases = swing_phases(track)
        other = (phases[:, 1 - manner.hurry] > 0).astype(float)  # the other foot swings: this one bears the weight
        own = (phases[:, manner.hurry] > 0).astype(float)
        rate *= 1.0 + moving_mean(0.45 * other - 0.2 * own, round(0.3 * track.motion.fps))
    time = np.concatenate([[0.0], np.cumsum(1.0 / rate[:-1])])
    return track.warped(np.interp(np.arange(int(time[-1])), time, np.arange(len(track))))


def _hump(draft: Draft, side: int) -> Floats:
    """(T,) from 0 to 1: how much the foot bears the weight alone."""
    return np.asarray(np.sin(np.pi * draft.swing[:, 1 - side]) ** 2)


def limp(side: int) -> Layer:
    """Spares one leg: its foot hardly lifts, the hip drops and the trunk falls over it, the other foot steps short."""

    def layer(draft: Draft, rng: np.random.Generator) -> Draft:
        weight = _hump(draft, side)
        lean = (1.0 if side == _LEFT else -1.0) * rng.uniform(6.0, 10.0)
        feet = draft.feet.copy()
        low = feet[:, 2 * side : 2 * side + 2, 1]
        floor = np.percentile(low, 20, axis=0)
        feet[:, 2 * side : 2 * side + 2, 1] = floor + (low - floor) * 0.55
        swing = np.sin(np.pi * draft.swing[:, side])[:, None]
        feet[:, 2 * side : 2 * side + 2, 0] += (0.06 if side == _LEFT else -0.06) * swing  # a stiff leg swings around
        draft = replace(draft, feet=feet).moved(1 - side, (0.0, 0.0, -rng.uniform(0.1, 0.16)))
        hip = turned(draft.motion, "pelvis", "z", 0.5 * lean * (weight - 0.4))
        draft = replace(draft, motion=tilted(hip, 6.0 + 4.0 * weight, lean * weight, head=0.7))
        return draft.sunk(0.02 + 0.035 * weight)

    return layer


def drag(side: int) -> Layer:
    """Pulls one leg after it: the foot stays at the floor, turned out and behind."""

    def layer(draft: Draft, rng: np.random.Generator) -> Draft:
        feet = draft.feet.copy()
        own = slice(2 * side, 2 * side + 2)
        toe, out = feet[:, own][:, 1], 0.05 if side == _LEFT else -0.05
        floor = np.percentile(toe[:, 1], 25)
        toe[:, 1] = floor + (toe[:, 1] - floor) * 0.25
        toe[:, 1] = moving_mean(toe[:, 1], 7)
        feet[:, 2 * side + 1] = toe
        feet[:, 2 * side] = toe + [-out, 0.06, -0.12]  # the heel, of a foot that lies flat and turned out
        draft = replace(draft, feet=feet).moved(side, (0.03 if side == _LEFT else -0.03, 0.0, -rng.uniform(0.04, 0.09)))
        away = -1.0 if side == _LEFT else 1.0
        lean = away * 9.0 * np.sin(np.pi * draft.swing[:, side]) ** 2
        return draft.body(lambda m: tilted(m, 10.0, lean, head=0.6)).sunk(0.08)

    return layer


def march(draft: Draft, rng: np.random.Generator) -> Draft:
    """Knees high, back straight, arms straight and swinging wide."""

    def body(motion: Motion) -> Motion:
        motion = tilted(motion, -3.0, 0.0)
        for side in ("left", "right"):
            motion = arm_held(motion, side, (0.12, -1.0, 0.0), (0.08, -1.0, 0.04), 0.35)
        motion = amplified(motion, ("left_elbow", "right_elbow"), 0.1)
        return amplified(motion, ("left_shoulder", "right_shoulder"), 2.6)

    return draft.raised(rng.uniform(0.13, 0.18), 0.12).body(body)


def high_knees(draft: Draft, rng: np.random.Generator) -> Draft:
    """Knees up to the hips."""
    return draft.raised(rng.uniform(0.18, 0.24), 0.16).body(lambda m: tilted(m, -2.0))


def tiptoe(draft: Draft, rng: np.random.Generator) -> Draft:
    """On the balls of the feet, arms a little out for balance."""
    feet = draft.feet.copy()
    feet[:, [0, 2], 1] += 0.065
    feet[:, [0, 2], 2] += 0.02
    arms = rng.uniform(0.45, 0.75)
    draft = replace(draft, feet=feet).sunk(-0.045)
    return draft.body(lambda m: arms_held(m, (arms, -0.8, 0.05), (arms * 0.5, -0.7, 0.5), 0.7)).raised(0.03)


def sneak(draft: Draft, rng: np.random.Generator) -> Draft:
    """Crouched, bent forward, hands in front, feet lifted with care."""
    bend = rng.uniform(24.0, 34.0)
    return (
        draft.raised(0.07)
        .sunk(rng.uniform(0.13, 0.19))
        .body(lambda m: turned(m, "pelvis", "x", 8.0))
        .body(lambda m: tilted(m, bend, 0.0, head=0.9))
        .body(lambda m: arms_held(m, (0.3, -0.75, 0.45), (-0.15, 0.15, 1.0), 0.75))
    )


def stagger(draft: Draft, rng: np.random.Generator) -> Draft:
    """Drunk: the body sways over unsteady legs, the feet wide and uneven."""
    count, fps = len(draft.motion), draft.motion.fps
    sway, nod, late = (noise(count, fps, seconds, rng) for seconds in (1.6, 1.3, 2.2))
    feet = draft.feet.copy()
    feet[:, :2, 0] += (0.05 + 0.05 * late)[:, None]
    feet[:, 2:, 0] -= (0.05 - 0.05 * late)[:, None]
    shift = np.stack([0.07 * sway, np.zeros(count), 0.0 * sway], axis=-1)
    draft = replace(draft, motion=draft.motion.shifted(shift), feet=feet)
    draft = draft.body(lambda m: tilted(m, 9.0 + 8.0 * nod, 8.0 * sway, head=-0.3))
    return draft.body(lambda m: arms_held(m, (0.4, -0.85, 0.1), (0.3, -0.9, 0.25), 0.4)).sunk(0.03)


def heavy(draft: Draft, rng: np.random.Generator) -> Draft:
    """Tired: bent, head low, arms hanging, feet hardly off the floor."""
    bend = rng.uniform(13.0, 20.0)
    feet = draft.feet.copy()
    floor = np.percentile(feet[..., 1], 20, axis=0)
    feet[..., 1] = floor + (feet[..., 1] - floor) * 0.7
    draft = replace(draft, feet=feet).sunk(0.03).body(lambda m: tilted(m, bend, 0.0, head=-0.5))
    return draft.body(lambda m: arms_held(amplified(m, _ARMS, 0.6), (0.1, -1.0, 0.12), (0.05, -1.0, 0.2), 0.5))


def wide(draft: Draft, rng: np.random.Generator) -> Draft:
    """Feet far apart."""
    apart = rng.uniform(0.09, 0.14)
    draft = draft.moved(_LEFT, (apart, 0.0, 0.0)).moved(_RIGHT, (-apart, 0.0, 0.0)).sunk(0.03)
    sway = 0.035 * (_hump(draft, _LEFT) - _hump(draft, _RIGHT))
    return replace(draft, motion=draft.motion.shifted(np.stack([sway, 0.0 * sway, 0.0 * sway], axis=-1)))


def proud(draft: Draft, rng: np.random.Generator) -> Draft:
    """Chest out, chin up, arms a little behind and swinging."""
    back = rng.uniform(12.0, 16.0)
    draft = draft.body(lambda m: tilted(m, -back, 0.0, head=0.1))
    draft = draft.body(lambda m: turned(m, "head", "x", -7.0))
    return draft.body(lambda m: arms_held(amplified(m, _ARMS, 1.3), (0.3, -1.0, -0.18), (0.12, -1.0, 0.12), 0.5))


def sad(draft: Draft, rng: np.random.Generator) -> Draft:
    """The head hangs, the shoulders with it, the arms hardly swing."""
    draft = draft.body(lambda m: tilted(m, rng.uniform(8.0, 14.0), 0.0, head=-0.2)).sunk(0.015)
    draft = draft.body(lambda m: turned(turned(m, "neck", "x", 12.0), "head", "x", rng.uniform(12.0, 18.0)))
    return draft.body(lambda m: arms_held(amplified(m, _ARMS, 0.4), (0.08, -1.0, 0.1), (0.03, -1.0, 0.12), 0.6))


def old(draft: Draft, rng: np.random.Generator) -> Draft:
    """Bent over, knees bent, feet wide and hardly lifted, forearms before the body."""
    bend = rng.uniform(26.0, 36.0)
    feet = draft.feet.copy()
    floor = np.percentile(feet[..., 1], 20, axis=0)
    feet[..., 1] = floor + (feet[..., 1] - floor) * 0.55
    draft = replace(draft, feet=feet).moved(_LEFT, (0.04, 0.0, 0.0)).moved(_RIGHT, (-0.04, 0.0, 0.0)).sunk(0.06)
    sway = 2.5 * (_hump(draft, _RIGHT) - _hump(draft, _LEFT))
    draft = draft.body(lambda m: tilted(turned(m, "pelvis", "x", 6.0), bend, sway, head=0.75))
    return draft.body(lambda m: arms_held(m, (0.25, -0.9, 0.25), (0.0, -0.55, 0.8), 0.7))


def bouncy(draft: Draft, rng: np.random.Generator) -> Draft:
    """A spring in every step, arms swinging wide, chin up."""
    height = draft.motion.root_position[:, 1]
    smooth = moving_mean(height, round(1.2 * draft.motion.fps))
    lift = moving_mean((height - smooth), 3)
    gain = rng.uniform(0.09, 0.12) / max(float(np.ptp(lift)), 0.02)
    draft = draft.sunk(0.02 - np.maximum(gain - 1.0, 0.0) * lift)
    draft = draft.raised(0.05).body(lambda m: tilted(m, -4.0))
    return draft.body(lambda m: amplified(m, _ARMS, rng.uniform(1.6, 2.1)))


def strut(draft: Draft, rng: np.random.Generator) -> Draft:
    """One foot before the other on a line, the hips swaying over them."""
    ankles = np.median(draft.feet[:, 0, 0] - draft.feet[:, 2, 0])
    inwards = 0.5 * float(ankles) - rng.uniform(-0.01, 0.02)
    draft = draft.moved(_LEFT, (-inwards, 0.0, 0.0)).moved(_RIGHT, (inwards, 0.0, 0.0)).raised(0.02)
    roll = rng.uniform(6.0, 9.0) * (_hump(draft, _LEFT) - _hump(draft, _RIGHT))
    sway = 0.03 * (_hump(draft, _LEFT) - _hump(draft, _RIGHT))
    draft = replace(draft, motion=draft.motion.shifted(np.stack([sway, 0.0 * sway, 0.0 * sway], axis=-1)))
    draft = draft.body(lambda m: tilted(turned(m, "pelvis", "z", -roll), -4.0, -roll, head=0.6))
    return draft.body(lambda m: amplified(m, ("left_shoulder", "right_shoulder"), 1.4))


def stomping(draft: Draft, rng: np.random.Generator) -> Draft:
    """Angry: feet lifted high and slammed down, fists at the sides, head forward."""
    feet = draft.feet.copy()
    late = draft.swing**2.2  # the foot is still up shortly before it lands
    feet[..., 1] += rng.uniform(0.16, 0.22) * np.repeat(np.sin(np.pi * late), 2, axis=1)
    draft = replace(draft, feet=feet).body(lambda m: tilted(m, 9.0, 0.0, head=0.2))
    draft = draft.body(lambda m: arms_held(m, (0.35, -1.0, -0.05), (0.15, -0.85, 0.45), 0.75))
    return draft.body(lambda m: amplified(m, ("left_shoulder", "right_shoulder"), 1.5))


def _held(*layers: tuple[float, float, float], lean: float = 0.0, weight: float = 0.95) -> Layer:
    upper, lower = layers
    return lambda draft, rng: draft.body(lambda m: arms_held(tilted(m, lean), upper, lower, weight))


def _one(side: str, upper: tuple[float, float, float], lower: tuple[float, float, float], tilt: float = 0.0) -> Layer:
    return lambda draft, rng: draft.body(lambda m: arm_held(turned(m, "head", "z", tilt), side, upper, lower, 0.95))


MANNERS: dict[str, Manner] = {
    "limp-left": Manner(limp(_LEFT), 0.85, 0.75, _LEFT),
    "limp-right": Manner(limp(_RIGHT), 0.85, 0.75, _RIGHT),
    "drag-left": Manner(drag(_LEFT), 0.7, 0.65, _LEFT),
    "drag-right": Manner(drag(_RIGHT), 0.7, 0.65, _RIGHT),
    "march": Manner(march, 0.95, 0.9),
    "tiptoe": Manner(tiptoe, 0.9, 0.6),
    "sneak": Manner(sneak, 0.6, 0.75),
    "drunk": Manner(stagger, 0.75, 0.7),
    "heavy": Manner(heavy, 0.72, 0.75),
    "wide": Manner(wide, 0.85, 0.85),
    "high-knees": Manner(high_knees, 0.95, 0.7),
    "carry": Manner(_held((0.12, -0.85, 0.3), (-0.12, 0.05, 1.0), lean=-4.0), 0.9, 0.85),
    "pockets": Manner(_held((0.3, -0.95, -0.15), (-0.18, -0.85, 0.4)), 0.9, 0.95),
    "hands-hips": Manner(_held((0.72, -0.65, -0.2), (-0.72, -0.5, 0.4)), 0.95, 0.95),
    "hands-up": Manner(_held((0.75, 0.55, 0.2), (0.0, 1.0, 0.1)), 0.85, 0.9),
    "arms-out": Manner(_held((1.0, 0.0, 0.0), (1.0, 0.02, 0.05)), 0.8, 0.75),
    "zombie": Manner(_held((0.15, 0.0, 1.0), (-0.05, 0.05, 1.0), lean=6.0), 0.7, 0.65),
    "proud": Manner(proud, 0.95, 1.02),
    "sad": Manner(sad, 0.68, 0.7),
    "old": Manner(old, 0.68, 0.55),
    "bouncy": Manner(bouncy, 1.05, 0.95),
    "strut": Manner(strut, 0.95, 1.0),
    "stomp": Manner(stomping, 1.0, 0.8),
    "big-steps": Manner(lambda draft, rng: draft.sunk(0.04).raised(0.03), 0.95, 1.35),
    "small-steps": Manner(lambda draft, rng: draft, 1.1, 0.5),
    "push": Manner(_held((0.18, -0.3, 1.0), (-0.05, 0.12, 1.0), lean=20.0), 0.75, 0.8),
    "behind-back": Manner(_held((0.35, -0.95, -0.4), (-0.75, -0.6, -0.35)), 0.85, 0.9),
    "phone-right": Manner(_one("right", (0.35, -0.75, 0.5), (-0.1, 0.95, -0.1), -6.0), 0.9, 0.95),
    "phone-left": Manner(_one("left", (0.35, -0.75, 0.5), (-0.1, 0.95, -0.1), 6.0), 0.9, 0.95),
}
"""Ways of walking, by name; `wording.toml` says them."""
