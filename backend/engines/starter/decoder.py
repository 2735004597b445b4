"""The starter model's graphs: the motion tokenizer, and the language model's decoder with its cache."""

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ....retarget.motion import Motion
from ....retarget.typing import Float32s, Ints, Numbers
from ...features import POSE_WINDOW, features_to_motion, held_pose, motion_to_features
from ...model_folder import ModelCard, find_file
from ..shared.codec import FRAMES_PER_TOKEN
from ..shared.runtime import open_session
from .vocabulary import LEVELS, TASKS, detail_name, pack, unpack

Arrays = dict[str, Numbers]

MOST_ROWS = 96
"""Batch of answers and candidates, at most."""
_THREADS = 2  # of the motion tokenizer; the other graphs are so small that threads wait longer than they work


class ResidualCodec:
    """The motion tokenizer: codes of several levels, packed into one number, for four frames at 20 fps."""

    def __init__(self, folder: Path, device: str, levels: int) -> None:
        self._levels = levels
        self._motion, self._codes = (open_session(folder / f"{n}.onnx", device, _THREADS) for n in ("motion", "codes"))
        # A candidate that the picker has scored is not decoded again for the answer.
        self._features = functools.lru_cache(MOST_ROWS)(self._decoded)

    def encode(self, motion: Motion) -> list[int]:
        """Codes of a motion on the canonical body at 20 fps; its end is held to fill the last token."""
        # Features need one frame more than they describe.
        return self.encode_all_but_last(motion.held(-len(motion) % FRAMES_PER_TOKEN + 1))

    def encode_all_but_last(self, motion: Motion) -> list[int]:
        """Codes of a motion of 4 N + 1 frames without its last frame, which only says how fast the one before is."""
        return self._pack(motion_to_features(motion))

    def encode_poses(self, motion: Motion, frames: Sequence[int]) -> list[int]:
        """For each of the frames, the code of its pose held over a window."""
        if not frames:
            return []
        rows = held_pose(motion_to_features(motion.held(1)))[list(frames)]  # (K, 263)
        windows = np.repeat(rows[:, None], POSE_WINDOW, axis=1).astype(np.float32)
        (codes,) = self._codes.run(None, {"features": windows})
        return [pack(code) for code in codes[:, POSE_WINDOW // FRAMES_PER_TOKEN // 2].tolist()]

    def decode(self, codes: Sequence[int]) -> Motion:
        """The motion of codes, from the origin facing +Z, on the floor."""
        return features_to_motion(self.features(codes).astype(np.float64))

    def features(self, codes: Sequence[int]) -> Numbers:
        """Features (4 N, 263) decoded from codes (N,)."""
        return self._features(tuple(codes))

    def _decoded(self, codes: tuple[int, ...]) -> Numbers:
        (features,) = self._motion.run(None, {"codes": np.array([[unpack(code, self._levels) for code in codes]])})
        decoded: Numbers = features[0]
        return decoded

    def _pack(self, features: Numbers) -> list[int]:
        (codes,) = self._codes.run(None, {"features": features[None].astype(np.float32)})
        return [pack(code) for code in codes[0].tolist()]


class Decoder:
    """The language model's graphs, and the key-value cache of one batch of answers."""

    def __init__(self, folder: Path, card: ModelCard, device: str) -> None:
        self._words, self._memory, self._step = (
            open_session(find_file(folder, card, f"{name}.onnx"), device, 1) for name in ("words", "memory", "step")
        )
        s = card.settings
        self.levels = int(s.get("levels", LEVELS))
        self._further = [detail_name(level) for level in range(1, self.levels)]
        self._details = [open_session(folder / f"{name}.onnx", device, 1) for name in self._further]
        self._shape = (int(s["layers"]), int(s["heads"]), int(s["head_width"]))
        self._inputs: Arrays = {}
        self.text: Float32s = np.zeros((0, 0), np.float32)
        """States (L, 384) of the prompt from the pretrained encoder."""
        self._cache: tuple[Float32s, Float32s] = (np.zeros(0, np.float32),) * 2
        self._position = 0

    def start(self, ids: list[int], keep: list[float], task: str, slots: Ints, kinds: Ints, rows: int) -> None:
        """Read the prompt for `rows` answers, once for each of `keep`, where 0 hides the text: (len(keep) * rows)
        answers in all."""
        copies = len(keep)
        states = self.read(ids)
        self.text = states[0]
        cross_k, cross_v, whole = self._memory.run(
            None,
            {
                "states": np.repeat(states, copies, axis=0),
                "mask": np.ones((copies, len(ids)), np.float32),
                "keep": np.array(keep, np.float32),
                "task": np.full(copies, TASKS.index(task), np.int64),
                "slots": np.repeat(slots[None], copies, axis=0),
                "kinds": np.repeat(kinds[None], copies, axis=0),
            },
        )
        self._inputs = {
            "cross_k": np.repeat(cross_k, rows, axis=1),
            "cross_v": np.repeat(cross_v, rows, axis=1),
            "mask": np.repeat(whole, rows, axis=0),
        }
        layers, heads, width = self._shape
        self._cache = (np.zeros((layers, copies * rows, heads, 0, width), np.float32),) * 2
        self._position = 0

    def read(self, ids: list[int]) -> Float32s:
        """States (1, L, 384) of a text's word pieces from the pretrained encoder."""
        pieces = np.array([ids], np.int64)
        states: Float32s = self._words.run(None, {"ids": pieces, "mask": np.ones_like(pieces)})[0]
        return states

    def step(self, codes: Sequence[Sequence[int]], remaining: int) -> tuple[Float32s, Float32s]:
        """Logits (B, vocabulary) after these tokens, of which codes (levels, B) are given, and the state (B, width) for
        `detail`."""
        tokens, *details = (np.array(level, np.int64) for level in codes)
        logits, hidden, keys, values = self._step.run(
            None,
            {
                **self._inputs,
                "token": tokens,
                **dict(zip(self._further, details, strict=True)),
                "position": np.full(len(tokens), self._position, np.int64),
                "remaining": np.full(len(tokens), remaining, np.int64),
                "past_k": self._cache[0],
                "past_v": self._cache[1],
            },
        )
        self._cache = (keys, values)
        self._position += 1
        return logits, hidden

    def detail(self, hidden: Float32s, chosen: Sequence[Sequence[int]]) -> Float32s:
        """Logits (B, 512) of the next level, once the codes (levels so far, B) are chosen."""
        names = ("first", *self._further)
        before = {name: np.array(level, np.int64) for name, level in zip(names, chosen, strict=False)}
        logits: Float32s = self._details[len(chosen) - 1].run(None, {"hidden": hidden, **before})[0]
        return logits
