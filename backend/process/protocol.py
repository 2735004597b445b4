"""Messages between the add-on and the backend: a msgpack header frame, then raw array frames; nothing is pickled.

    frame 0   header: protocol version, request id, message (tagged by its kind), one record per motion
    frame 1…  for each motion: rotations (T, 22, 4), root_position (T, 3), contacts (T, 4), offsets (22, 3)

Each array's dtype and shape are in the header and are checked against its frame, and against `limits`, before
it is read. A peer may have another minor version: unknown fields are skipped, missing fields take their defaults.
Another major version is refused with a readable error (`check_version`), so `protocol` and `id` must never change
their names and types.

This module runs inside Blender too: numpy, msgspec and `retarget` only.
"""

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import Meta

from ...retarget.errors import MotionGPTError
from ...retarget.motion import Motion
from ...retarget.motion.skeleton import JOINT_COUNT
from ...retarget.typing import Floats
from .. import limits
from ..engine import Stage
from ..tasks import AnyTask
from .watching.figures import Figures

VERSION = (1, 6)
"""Major and minor: the major changes when an older peer would misunderstand, the minor when something is added."""

Id = Annotated[str, Meta(min_length=1, max_length=64)]


class Hello(msgspec.Struct, frozen=True, tag_field="kind", tag="hello"):
    """First message of a client, answered at once with `Result.server`. client: its name and version, for the log."""

    client: Annotated[str, Meta(max_length=200)] = ""


class Cancel(msgspec.Struct, frozen=True, tag_field="kind", tag="cancel"):
    """Cancels the request `target`, whose last answer is then an error of kind "cancelled"."""

    target: Id


class Status(msgspec.Struct, frozen=True, tag_field="kind", tag="status"):
    """Asks for the current `Result.server`."""


class Shutdown(msgspec.Struct, frozen=True, tag_field="kind", tag="shutdown"):
    """Stops the server and everything that it runs."""


class Accepted(msgspec.Struct, frozen=True, tag_field="kind", tag="accepted"):
    """The request was accepted; last answer to cancel and shutdown. position: number of requests before it."""

    position: int = 0


class Progress(msgspec.Struct, frozen=True, tag_field="kind", tag="progress"):
    """fraction: how much of the request is done, 0 to 1. The motion so far may be sent with it."""

    stage: Stage
    fraction: float


class ModelState(StrEnum):
    """State of the server's model."""

    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


class ServerInfo(msgspec.Struct, frozen=True):
    """The current state of the server.

    state: of the model; if it failed, `message` and `cure` say why.  tasks: `Task.name` of every task that the model
    supports, and max_seconds the length of its longest motion; empty and 0 until it is ready.  models: names of the
    installed models.  running: whether a request is running.  waiting: number of requests in the queue.  figures: what
    the server has done since it started.  instance: of this process alone.  precision: what the model is computed in,
    and why, for people; "" where there is no choice.
    """

    version: str
    model: str
    device: str
    state: ModelState
    tasks: tuple[str, ...] = ()
    max_seconds: float = 0.0
    models: tuple[str, ...] = ()
    message: str = ""
    cure: str = ""
    running: bool = False
    waiting: int = 0
    figures: Figures = Figures()
    instance: str = ""
    precision: str = ""

    def replaces(self, before: "ServerInfo | None") -> bool:
        """Whether another process than the one that said `before` answers now: it has none of that one's requests."""
        return before is not None and bool(before.instance and self.instance) and before.instance != self.instance


class Result(msgspec.Struct, frozen=True, tag_field="kind", tag="result"):
    """The last answer to a request, sent with one motion per variation. texts: descriptions.  server: to `Hello` and
    `Status`."""

    texts: tuple[str, ...] = ()
    server: ServerInfo | None = None


class Error(msgspec.Struct, frozen=True, tag_field="kind", tag="error"):
    """The last answer to a request that failed. code: `MotionGPTError.kind`; message and cure: one sentence each."""

    code: str
    message: str
    cure: str = ""

    @classmethod
    def of(cls, error: MotionGPTError) -> "Error":
        """The inverse of `exception`."""
        return cls(error.kind, error.message, error.cure)

    def exception(self) -> MotionGPTError:
        """The error as an exception to raise."""
        return MotionGPTError(self.message, self.cure, self.code)


Request = Hello | AnyTask | Cancel | Status | Shutdown
Reply = Accepted | Progress | Result | Error
Message = Request | Reply


class Packet(msgspec.Struct, frozen=True):
    """A decoded message: the id of its request, its content, and the motions sent with it."""

    id: str
    message: Message
    motions: tuple[Motion, ...] = ()


class _ArrayRecord(msgspec.Struct, frozen=True, array_like=True):
    dtype: Literal["<f4", "<f8"]
    shape: Annotated[tuple[Annotated[int, Meta(ge=0)], ...], Meta(max_length=3)]


class _MotionRecord(msgspec.Struct, frozen=True):
    fps: float  # `limits.check_fps` says in words what is wrong with it
    meta: bytes  # JSON: what `Motion.meta` may hold
    arrays: tuple[_ArrayRecord, _ArrayRecord, _ArrayRecord, _ArrayRecord]


class _Header(msgspec.Struct, frozen=True):
    protocol: tuple[int, int]
    id: Annotated[str, Meta(max_length=64)]
    message: Message
    motions: Annotated[tuple[_MotionRecord, ...], Meta(max_length=limits.MAX_VARIATIONS)] = ()


class _Peek(msgspec.Struct, frozen=True):
    """The part of a header that no version changes."""

    protocol: tuple[int, int]
    id: str = ""


_encoder = msgspec.msgpack.Encoder()
_header_decoder = msgspec.msgpack.Decoder(_Header)
_peek_decoder = msgspec.msgpack.Decoder(_Peek)
_meta_decoder = msgspec.json.Decoder(dict[str, Any])

_ARRAYS = ("rotations", "root_position", "contacts", "offsets")
ARRAYS_PER_MOTION = len(_ARRAYS)
MAX_PARTS = 1 + ARRAYS_PER_MOTION * limits.MAX_VARIATIONS
"""Frames in one message."""


def encode(identifier: str, message: Message, motions: Sequence[Motion] = ()) -> list[bytes]:
    """Frames of a message. Raises MotionGPTError ("too_large") for one that the other side would refuse."""
    if len(motions) > limits.MAX_VARIATIONS:
        raise MotionGPTError("Too many motions for one message.", f"Send at most {limits.MAX_VARIATIONS}.", "too_large")
    records, frames = [], []
    for motion in motions:
        if len(motion) > limits.MAX_MOTION_FRAMES:
            raise _too_long(len(motion))
        limits.check_fps(motion.fps)
        arrays = [_wire_array(getattr(motion, name)) for name in _ARRAYS]
        shapes = [_ArrayRecord(_dtype_name(array), array.shape) for array in arrays]
        records.append(_MotionRecord(motion.fps, msgspec.json.encode(motion.meta), tuple(shapes)))  # type: ignore[arg-type]
        frames += [array.tobytes() for array in arrays]
    header = _encoder.encode(_Header(VERSION, identifier, message, tuple(records)))
    if len(header) > limits.MAX_HEADER_BYTES:
        raise MotionGPTError("The message's text is too large.", "Shorten the text.", "too_large")
    return [header, *frames]


def decode(frames: Sequence[bytes]) -> Packet:
    """The inverse of `encode`. Raises MotionGPTError for any other input: "protocol", "too_large", or "bad_input"
    if the fields of a request don't fit together."""
    _check_sizes(frames)
    check_version(frames[0])
    try:
        header = _header_decoder.decode(frames[0])
        metas = [_meta_decoder.decode(record.meta) for record in header.motions]
    except (ValueError, RecursionError) as error:  # msgspec's errors and bad UTF-8 are ValueErrors
        raise _malformed(str(error)) from error
    if len(frames) != 1 + ARRAYS_PER_MOTION * len(header.motions):
        raise _malformed(f"{len(frames)} frames for {len(header.motions)} motions")
    motions = []
    for i, (record, meta) in enumerate(zip(header.motions, metas, strict=True)):
        first = 1 + ARRAYS_PER_MOTION * i
        motions.append(_decode_motion(record, meta, frames[first : first + ARRAYS_PER_MOTION]))
    return Packet(header.id, header.message, tuple(motions))


def check_version(header: bytes) -> None:
    """Raises MotionGPTError ("protocol") unless the header comes from a peer of this major version."""
    try:
        version = _peek_decoder.decode(header).protocol
    except (ValueError, RecursionError) as error:
        raise _malformed(str(error)) from error
    if version[0] != VERSION[0]:
        ours, theirs = (".".join(map(str, v)) for v in (VERSION, version))
        raise MotionGPTError(
            f"The other side speaks version {theirs} of the protocol, this one {ours}.",
            "Install the add-on and the backend from the same release, then restart Blender.",
            "protocol",
        )


def peek_id(frames: Sequence[bytes]) -> str:
    """The request id of a message that `decode` refused, or "" if even that can't be read."""
    try:
        identifier = _peek_decoder.decode(frames[0]).id
    except (ValueError, RecursionError, IndexError):
        return ""
    return identifier if len(identifier) <= 64 else ""


def _check_sizes(frames: Sequence[bytes]) -> None:
    if not 1 <= len(frames) <= MAX_PARTS:
        raise _malformed(f"{len(frames)} frames")
    if len(frames[0]) > limits.MAX_HEADER_BYTES or any(len(f) > limits.MAX_ARRAY_BYTES for f in frames[1:]):
        raise MotionGPTError("The message is too large.", "Send a shorter motion or text.", "too_large")


def _decode_motion(record: _MotionRecord, meta: dict[str, Any], frames: Sequence[bytes]) -> Motion:
    count = record.arrays[0].shape[0] if record.arrays[0].shape else 0
    if count > limits.MAX_MOTION_FRAMES:
        raise _too_long(count)
    if count == 0:
        raise _malformed("a motion without frames")
    limits.check_fps(record.fps, "protocol")
    expected = ((count, JOINT_COUNT, 4), (count, 3), (count, 4), (JOINT_COUNT, 3))
    arrays = {}
    for name, shape, array, frame in zip(_ARRAYS, expected, record.arrays, frames, strict=True):
        if array.shape != shape:
            raise _malformed(f"{name} has shape {array.shape}, not {shape}")
        if len(frame) != math.prod(shape) * np.dtype(array.dtype).itemsize:
            raise _malformed(f"{name} has {len(frame)} bytes")
        arrays[name] = np.frombuffer(frame, array.dtype).reshape(shape)
        if not np.isfinite(arrays[name]).all():
            raise _malformed(f"{name} holds numbers that are not finite")
    return Motion(fps=record.fps, meta=meta, **arrays)


def _wire_array(array: Floats) -> Floats:
    return np.ascontiguousarray(array, "<f4" if array.dtype == np.float32 else "<f8")


def _dtype_name(array: Floats) -> Literal["<f4", "<f8"]:
    return "<f4" if array.dtype.itemsize == 4 else "<f8"


def _malformed(why: str) -> MotionGPTError:
    return MotionGPTError(f"A message could not be read ({why}).", "Restart the backend.", "protocol")


def _too_long(frames: int) -> MotionGPTError:
    return MotionGPTError(
        f"The motion has {frames} frames.", f"Send at most {limits.MAX_MOTION_FRAMES} at a time.", "too_large"
    )
