"""The starter model's graphs: the motion tokenizer, and the language model's decoder with its caches."""

import functools
import itertools
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import onnxruntime

from ....retarget.motion import Motion
from ....retarget.typing import Float32s, Ints, Numbers
from ...checkpoints.onnx_graph import OnnxGraph
from ...features import POSE_WINDOW, features_to_motion, held_pose, motion_to_features
from ...model_folder import ModelCard, find_file
from ..shared.codec import FRAMES_PER_TOKEN
from ..shared.runtime import Edit, all_at_once, open_session
from .vocabulary import CODES, LEVELS, TASKS, detail_name, pack, unpack
from .weights import change, without_words

Arrays = dict[str, Numbers]

MOST_ROWS = 96
"""Batch of answers and candidates, at most."""
MEMORY_STEP = 16
"""Prompts are padded to a multiple of this, also of a lone request: sums over another width round differently."""
_BESIDE_TEXT = 3  # entries of a prompt's memory besides its words: the task, the sentence's mean, one slot
_THREADS = 2  # of the motion tokenizer; the other graphs are so small that threads wait longer than they work


def width_of(pieces: int) -> int:
    """How wide a prompt of that many word pieces is once it is padded; only prompts of one width share a batch."""
    return -(-(pieces + _BESIDE_TEXT) // MEMORY_STEP) * MEMORY_STEP


class ResidualCodec:
    """The motion tokenizer: codes of several levels, packed into one number, for four frames at 20 fps."""

    def __init__(self, folder: Path, device: str, levels: int) -> None:
        self._levels = levels
        self._motion = open_session(folder / "motion.onnx", device, _THREADS)
        self._open_codes = functools.partial(open_session, folder / "codes.onnx", device, _THREADS)
        # A candidate that the picker has scored is not decoded again for the answer.
        self._made: OrderedDict[tuple[int, ...], Numbers] = OrderedDict()
        self._lock = threading.Lock()

    @functools.cached_property
    def _codes(self) -> onnxruntime.InferenceSession:
        """The encoder, loaded when there is the first motion to be encoded."""
        return self._open_codes()

    def encode(self, motion: Motion) -> list[int]:
        """Codes of a motion on the canonical body at 20 fps; its end is held to fill the last token."""
        # Features need one frame more than they describe.
        return self.encode_all_but_last(motion.held(-len(motion) % FRAMES_PER_TOKEN + 1))

    def encode_all_but_last(self, motion: Motion) -> list[int]:
        """Codes of a motion of 4 N + 1 frames without its last frame, which only says how fast the one before is."""
        return self.encode_features(motion_to_features(motion))

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
        return self.all_features([codes])[0]

    def all_features(self, codes: Sequence[Sequence[int]]) -> list[Numbers]:
        """`features` of each; those of one length in one go, which takes two thirds of the time."""
        wanted = [tuple(one) for one in codes]
        with self._lock:
            made = {one: self._made[one] for one in wanted if one in self._made}
        new = sorted({one for one in wanted if one not in made}, key=len)
        for _, group in itertools.groupby(new, len):
            alike = list(group)
            together = [alike] if len(alike) > 1 and self._independent else [[one] for one in alike]
            for some in together:
                made |= zip(some, self._decoded(some), strict=True)
        with self._lock:
            self._made |= {one: made[one] for one in new}
            while len(self._made) > MOST_ROWS:
                self._made.popitem(last=False)
        return [made[one] for one in wanted]

    @functools.cached_property
    def _independent(self) -> bool:
        """Whether features come out to the bit alone as they do beside others, by the library on this machine."""
        shape = (3, 6, self._levels)
        codes = [[pack(token) for token in one] for one in np.random.default_rng(0).integers(0, CODES, shape).tolist()]
        together = self._decoded(codes)
        return all(np.array_equal(self._decoded([one])[0], other) for one, other in zip(codes, together, strict=True))

    def _decoded(self, codes: Sequence[Sequence[int]]) -> Numbers:
        """Features (B, 4 N, 263) of codes of one length N."""
        tokens = np.array([[unpack(code, self._levels) for code in one] for one in codes])
        decoded: Numbers = self._motion.run(None, {"codes": tokens})[0]
        return decoded

    def encode_features(self, features: Numbers) -> list[int]:
        """Codes of features (T, 263); what goes beyond a multiple of four frames is left out."""
        whole = features[: len(features) // FRAMES_PER_TOKEN * FRAMES_PER_TOKEN]
        (codes,) = self._codes.run(None, {"features": whole[None].astype(np.float32)})
        return [pack(code) for code in codes[0].tolist()]


@dataclass(frozen=True)
class Prompt:
    """What answers are made to, read by the graphs.

    states (L, 384): of the text, from the pretrained encoder.  keep: 1 for answers that see the text, 0 for those that
    don't; with guidance there are both, each of them `rows` times.  slots (S, levels), kinds (S,): known tokens.
    """

    states: Float32s
    keep: tuple[float, ...]
    task: str
    slots: Ints
    kinds: Ints
    rows: int


class Decoder:
    """The language model's graphs. Any number of `Decoding`s use them, on any thread.

    changes: what a style adds to their weights.
    """

    def __init__(
        self, folder: Path, card: ModelCard, device: str, changes: Mapping[str, Float32s] | None = None
    ) -> None:
        def session(name: str, edit: Edit | None = None) -> onnxruntime.InferenceSession:
            def styled(graph: OnnxGraph) -> None:
                change(graph, name, card, changes or {})
                if edit is not None:
                    edit(graph)

            return open_session(find_file(folder, card, name), device, 1, styled if changes else edit)

        s = card.settings
        self.levels = int(s.get("levels", LEVELS))
        self.further = [detail_name(level) for level in range(1, self.levels)]
        self.step, self._memory, self._words, *details = all_at_once(
            [
                functools.partial(session, "step.onnx", without_words),
                functools.partial(session, "memory.onnx"),
                functools.partial(open_session, find_file(folder, card, "words.onnx"), device, 1),
                *(functools.partial(session, f"{name}.onnx") for name in self.further),
            ]
        )
        self._details = [(graph, _last(graph)) for graph in details]
        self._load_captioning = functools.partial(session, "step.onnx")
        self._shape = (int(s["layers"]), int(s["heads"]), int(s["head_width"]))
        self.outputs = [output.name for output in self.step.get_outputs()][2:]
        self._stacked = "next_k" in self.outputs

    @functools.cached_property
    def _captioning(self) -> onnxruntime.InferenceSession:
        """The step that may choose words, too; loaded when there is the first motion to be described."""
        return self._load_captioning()

    def read(self, ids: list[int]) -> Float32s:
        """States (L, 384) of a text's word pieces from the pretrained encoder."""
        pieces = np.array([ids], np.int64)
        states: Float32s = self._words.run(None, {"ids": pieces, "mask": np.ones_like(pieces)})[0][0]
        return states

    def start(self, prompt: Prompt) -> "Decoding":
        """Read a prompt, for `len(keep) * rows` answers, those of the first of `keep` first."""
        copies = len(prompt.keep)
        cross_k, cross_v, whole = self._memory.run(
            None,
            {
                "states": np.repeat(prompt.states[None], copies, axis=0),
                "mask": np.ones((copies, len(prompt.states)), np.float32),
                "keep": np.array(prompt.keep, np.float32),
                "task": np.full(copies, TASKS.index(prompt.task), np.int64),
                "slots": np.repeat(prompt.slots[None], copies, axis=0),
                "kinds": np.repeat(prompt.kinds[None], copies, axis=0),
            },
        )
        spare = -whole.shape[1] % MEMORY_STEP
        inputs = {"mask": np.repeat(np.pad(whole, ((0, 0), (0, spare))), prompt.rows, axis=0)}
        for name, stacked in (("cross_k", cross_k), ("cross_v", cross_v)):
            padded = np.pad(stacked, ((0, 0), (0, 0), (0, 0), (0, spare), (0, 0)))
            inputs |= self._of_layers(name, np.repeat(padded, prompt.rows, axis=1))
        layers, heads, width = self._shape
        empty = np.zeros((layers, copies * prompt.rows, heads, 0, width), np.float32)
        cache = self._of_layers("past_k", empty) | self._of_layers("past_v", empty)
        return Decoding(self, inputs, cache, self._captioning if prompt.task == "caption" else self.step)

    def _of_layers(self, name: str, stacked: Numbers) -> Arrays:
        """(layers, B, heads, n, width) as the inputs of the graph: one a layer, or one in all in an older model."""
        if self._stacked:
            return {name: stacked}
        return {f"{name}{layer}": part for layer, part in enumerate(stacked)}

    def rows_of(self, name: str, array: Numbers, rows: Ints) -> Numbers:
        """Some answers' part of an input of the graph."""
        stacked = self._stacked and name.startswith(("past_", "cross_"))
        return np.ascontiguousarray(array[:, rows] if stacked else array[rows])

    def joined(self, name: str, arrays: Sequence[Numbers]) -> Numbers:
        """An input of the graph for several decodings' answers."""
        return np.concatenate(arrays, axis=1 if self._stacked and name.startswith(("past_", "cross_")) else 0)

    def details(self, hidden: Float32s) -> "Details":
        """The further levels of a token, of which hidden (B, width) is the state."""
        return Details(self._details, hidden)


def _last(graph: onnxruntime.InferenceSession) -> str:
    """The input of a further level's graph for the code chosen last."""
    names = [given.name for given in graph.get_inputs()]
    return "last" if "last" in names else names[-1]  # older models' levels each have an input


class Details:
    """A token's further levels, one after the other. `Decoder.details` makes one.

    graphs: of each level, with the name of its input for the code that was chosen last. What they need to know of the
    codes before that one, each hands on to the next as `chosen` (B, width); older models' take those codes again.
    """

    def __init__(self, graphs: Sequence[tuple[onnxruntime.InferenceSession, str]], hidden: Float32s) -> None:
        self._graphs, self._inputs = iter(graphs), {"hidden": hidden}

    def after(self, codes: Sequence[int] | Ints) -> Float32s:
        """Logits (B, 512) of the next level, once the codes (B,) of the level before are chosen."""
        graph, last = next(self._graphs)
        logits, *chosen = graph.run(None, self._inputs | {last: np.asarray(codes, np.int64)})
        self._inputs |= {"chosen": chosen[0]} if chosen else {last: np.asarray(codes, np.int64)}
        return cast(Float32s, logits)


class Decoding:
    """Answers that are made token by token, with their key-value cache. `Decoder.start` makes one. graph: of a step."""

    def __init__(self, decoder: Decoder, inputs: Arrays, cache: Arrays, graph: onnxruntime.InferenceSession) -> None:
        self.decoder, self._inputs, self._cache, self._graph = decoder, inputs, cache, graph
        self._position = 0

    @property
    def levels(self) -> int:
        """Codes of a token."""
        return self.decoder.levels

    @staticmethod
    def of_all(parts: Sequence["Decoding"]) -> "Decoding":
        """Decodings that have not begun, of prompts of one padded length, as one: all rows of the first, then those of
        the second ..."""
        if len(parts) == 1:
            return parts[0]
        decoder = parts[0].decoder
        inputs, cache = (
            {name: decoder.joined(name, [held[name] for held in all_held]) for name in all_held[0]}
            for all_held in ([p._inputs for p in parts], [p._cache for p in parts])
        )
        return Decoding(decoder, inputs, cache, parts[0]._graph)

    def keep(self, rows: Ints) -> None:
        """Go on with these answers alone."""
        self._inputs = {name: self.decoder.rows_of(name, a, rows) for name, a in self._inputs.items()}
        self._cache = {name: self.decoder.rows_of(name, a, rows) for name, a in self._cache.items()}

    def step(self, codes: Sequence[Sequence[int]] | Ints, remaining: Sequence[int]) -> tuple[Float32s, Float32s]:
        """Logits (B, choices) after these tokens, of which codes (levels, B) are given, and the state (B, width) for
        `Decoder.details`. remaining: tokens left of each answer."""
        tokens, *details = (np.asarray(level, np.int64) for level in codes)
        logits, hidden, *cache = self._graph.run(
            None,
            {
                **self._inputs,
                **self._cache,
                "token": tokens,
                **dict(zip(self.decoder.further, details, strict=True)),
                "position": np.full(len(tokens), self._position, np.int64),
                "remaining": np.array(remaining, np.int64),
            },
        )
        self._cache = {name.replace("next", "past"): a for name, a in zip(self.decoder.outputs, cache, strict=True)}
        self._position += 1
        return logits, hidden
