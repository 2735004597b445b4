"""Clips of a style: an animator's motions and words as what a language model learns from."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ....retarget.errors import MotionGPTError
from ....retarget.motion import Motion
from ....retarget.motion.joining import on_canonical_body
from ...dataset.clips import MIN_FRAMES, Clip, Dataset, swap_sides
from ...dataset.importing.cuts import without_jumps
from ...dataset.importing.floor import on_floor
from ...engines.shared.codec import FRAMES_PER_TOKEN
from ...engines.starter.decoder import ResidualCodec
from ...features import FPS, features_to_motion, motion_to_features
from ..language.sequences import MIN_TOKENS, Encoder, TokenSequence, encoded

SET = "style"


@dataclass(frozen=True, eq=False)
class Shown:
    """A motion that a style is to learn. name: of its file or action.  captions: what it shows, in words."""

    name: str
    motion: Motion
    captions: tuple[str, ...] = field(default=())


def as_dataset(shown: Sequence[Shown], mirror: bool = True) -> tuple[Dataset, list[str]]:
    """The clips at 20 frames a second, put on the floor, each also mirrored with its sides exchanged in the words; and
    for each that is too short a line that says so.

    Raises MotionGPTError where none is left, or one has no words.
    """
    rows, clips, skipped, start = [], list[Clip](), list[str](), 0
    for one in shown:
        if not one.captions:
            raise MotionGPTError(
                f"Nothing says what {one.name} shows.",
                "Say it with --words or in a table of captions, or let the model propose words with --propose.",
            )
        motion = on_floor(without_jumps(one.motion).centered())[0]
        motion = on_canonical_body(motion).resample(FPS).with_contacts()
        if len(motion) <= max(MIN_FRAMES, MIN_TOKENS * 4):
            skipped.append(f"{one.name} is too short: {motion.duration:.1f} s")
            continue
        for mirrored in (False, True) if mirror else (False,):
            features = motion_to_features((motion.mirror() if mirrored else motion).held(1)).astype(np.float32)
            said = [swap_sides(text) for text in one.captions] if mirrored else list(one.captions)
            clip = Clip(one.name, start, len(features), said, mirrored=mirrored, assigned="train", set=SET)
            clips.append(replace(clip, action=one.name))
            rows.append(features)
            start += len(features)
    if not clips:
        raise MotionGPTError(
            f"There is no clip to learn from{f' ({skipped[0]})' if skipped else ''}.", "Give clips of a second or more."
        )
    return Dataset(np.concatenate(rows), clips), skipped


def lost(codec: ResidualCodec, dataset: Dataset) -> dict[str, float]:
    """By clip, how far off the worst joint is on average, about the pelvis, once the clip is motion tokens; metres."""
    found = {}
    for clip in dataset.clips:
        features = np.asarray(dataset.of(clip))
        if clip.mirrored or len(features) < FRAMES_PER_TOKEN:
            continue
        motion, again = features_to_motion(features.astype(np.float64)), codec.decode(codec.encode_features(features))
        both = [m.joints[: len(again)] - m.joints[: len(again), :1] for m in (motion.slice(0, len(again)), again)]
        found[clip.name] = float(np.linalg.norm(both[0] - both[1], axis=-1).mean(axis=0).max())
    return found


def sequences_of(encoder: Encoder, dataset: Dataset) -> list[TokenSequence]:
    """The clips as motion tokens, at several speeds."""
    return encoded(encoder, dataset)
