"""Messages: round trips, limits, and invalid input."""

import contextlib
import random
from typing import Any

import msgspec
import numpy as np
import pytest

from motiongpt.backend import limits
from motiongpt.backend.process import protocol
from motiongpt.backend.tasks import Block, Continue, Describe, Generate, Inbetween, Shot
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion.known import ROOT, WHOLE, Known


def make_motion(frames: int = 5, dtype: Any = np.float64, **meta: Any) -> Motion:
    rng = np.random.default_rng(frames)
    rotations = rng.standard_normal((frames, 22, 4)).astype(dtype)
    return Motion(
        rotations=rotations / np.linalg.norm(rotations, axis=-1, keepdims=True),
        root_position=rng.standard_normal((frames, 3)).astype(dtype),
        fps=29.97,
        contacts=rng.random((frames, 4)).astype(dtype),
        offsets=rng.standard_normal((22, 3)).astype(dtype),
        meta=meta,
    )


def assert_same(a: Motion, b: Motion) -> None:
    for name in ("rotations", "root_position", "contacts", "offsets"):
        ours, theirs = getattr(a, name), getattr(b, name)
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)
    assert (a.fps, a.meta) == (b.fps, b.meta)


SERVER = protocol.ServerInfo("0.1.0", "starter", "cpu", "ready", ("generate",), 10.0, ("starter", "big"), waiting=2)


MESSAGES: list[tuple[protocol.Message, int]] = [
    (protocol.Hello("Blender 4.5"), 0),
    (Generate("a person wäves 👋", 3.5, seed=2**63 - 1, variations=16, temperature=0.9, top_p=0.95, model="big"), 0),
    (Generate("as long as it takes", None), 0),
    (Inbetween((0, 45, 90), "turns", seed=3, variations=2), 1),
    (Inbetween((0, 45), known=(WHOLE.bits, Known.of([15, ROOT]).bits)), 1),
    (Continue(3.0, "sits down"), 1),
    (Describe(), 1),
    (Shot((Block("walks", 3.0), Block("waves")), seed=5, redo=1), 1),
    (protocol.Cancel("abc"), 0),
    (protocol.Status(), 0),
    (protocol.Shutdown(), 0),
    (protocol.Accepted(3), 0),
    (protocol.Progress("tokens", 0.25), 1),
    (protocol.Result(), 16),
    (protocol.Result(("a person walks",), SERVER), 0),
    (protocol.Error("busy", "Nine requests wait.", "Wait."), 0),
]


@pytest.mark.parametrize(("message", "count"), MESSAGES, ids=[type(m).__name__ for m, _ in MESSAGES])
def test_every_message_comes_back(message: protocol.Message, count: int) -> None:
    motions = [
        make_motion(i + 1, (np.float32, np.float64)[i % 2], text="ä", seed=i, nested=[1, None]) for i in range(count)
    ]
    packet = protocol.decode(protocol.encode("some-id", message, motions))
    assert (packet.id, packet.message) == ("some-id", message)
    assert len(packet.motions) == count
    for motion, back in zip(motions, packet.motions, strict=True):
        assert_same(motion, back)


def test_every_kind_is_tried() -> None:
    assert {type(message) for message, _ in MESSAGES} == set(protocol.Message.__args__)


def test_the_longest_motion_fits() -> None:
    motion = make_motion(limits.MAX_MOTION_FRAMES)
    assert_same(motion, protocol.decode(protocol.encode("id", protocol.Result(), [motion])).motions[0])


def refused(frames: list[bytes]) -> MotionGPTError:
    with pytest.raises(MotionGPTError) as caught:
        protocol.decode(frames)
    assert caught.value.kind in ("protocol", "too_large")
    return caught.value


def header(**changes: Any) -> bytes:
    """A valid header of a Generate, with changes."""
    message = {"kind": "generate", "prompt": "walk"} | changes.pop("message", {})
    return msgspec.msgpack.encode({"protocol": list(protocol.VERSION), "id": "x", "message": message} | changes)


def test_the_plain_header_is_good() -> None:
    assert protocol.decode([header()]).message == Generate("walk")


@pytest.mark.parametrize(
    "message",
    [
        {"kind": "dance"},
        {"prompt": None},
        {"prompt": "x" * (limits.MAX_TEXT + 1)},
        {"seconds": 0.0},
        {"seconds": -1.0},
        {"seconds": float("nan")},
        {"seconds": float("inf")},
        {"seconds": limits.MAX_SECONDS + 1},
        {"variations": 0},
        {"variations": limits.MAX_VARIATIONS + 1},
        {"variations": 1.5},
        {"seed": -1},
        {"seed": 2**63},
        {"temperature": float("nan")},
        {"top_p": 0.0},
        {"kind": "inbetween", "keep": []},
        {"kind": "inbetween", "keep": [-1]},
        {"kind": "inbetween", "keep": [0, 9], "known": [1, 0]},
        {"kind": "inbetween", "keep": [0, 9], "known": [1, 1 << 23]},
        {"kind": "cancel", "target": ""},
        {"kind": "cancel", "target": "x" * 65},
    ],
    ids=str,
)
def test_values_outside_the_limits_are_refused(message: dict[str, Any]) -> None:
    refused([header(message=message)])


@pytest.mark.parametrize(("keep", "known"), [((0, 9), (1,)), ((9, 9), (1, 2)), ((0,), (0,)), ((0,), (1 << 23,))])
def test_partial_poses_that_do_not_fit_are_refused(keep: tuple[int, ...], known: tuple[int, ...]) -> None:
    with pytest.raises(MotionGPTError) as caught:
        Inbetween(keep, known=known)
    assert caught.value.kind == "bad_input" and caught.value.cure


def test_partial_poses_are_checked_on_arrival() -> None:
    with pytest.raises(MotionGPTError):
        protocol.decode([header(message={"kind": "inbetween", "keep": [0, 9], "known": [1]})])


def test_newer_minor_versions_are_understood() -> None:
    frame = header(protocol=[protocol.VERSION[0], 99], extra=1, message={"style": "proud"})
    assert protocol.decode([frame]).message == Generate("walk")


def test_another_major_version_is_refused_with_a_readable_error() -> None:
    # Whatever else changes, the version stays in the same place.
    frame = msgspec.msgpack.encode({"protocol": [2, 1], "id": "x", "message": 17, "motions": "none"})
    error = refused([frame])
    assert error.kind == "protocol"
    assert "2.1" in error.message and "1.4" in error.message and error.cure
    assert protocol.peek_id([frame]) == "x"


def test_sizes_are_refused_before_decoding() -> None:
    assert refused([b"\x00" * (limits.MAX_HEADER_BYTES + 1)]).kind == "too_large"
    assert refused([header(), b"\x00" * (limits.MAX_ARRAY_BYTES + 1)]).kind == "too_large"
    refused([header()] + [b""] * protocol.MAX_PARTS)
    refused([])


def edited(edit: Any) -> list[bytes]:
    """The frames of a Result with one motion, after `edit(decoded header, frames)`."""
    frames = protocol.encode("x", protocol.Result(), [make_motion()])
    decoded = msgspec.msgpack.decode(frames[0])
    frames = edit(decoded, frames) or frames
    return [msgspec.msgpack.encode(decoded), *frames[1:]]


def set_array(index: int, dtype: str, shape: list[int]) -> Any:
    def edit(decoded: Any, frames: Any) -> None:
        decoded["motions"][0]["arrays"][index] = [dtype, shape]

    return edit


@pytest.mark.parametrize(
    "edit",
    [
        set_array(0, "<f8", [6, 22, 4]),
        set_array(0, "<f8", [5, 21, 4]),
        set_array(0, "<f8", [0, 22, 4]),
        set_array(0, "<f8", []),
        set_array(0, "<f8", [-5, 22, 4]),
        set_array(0, "<f8", [limits.MAX_MOTION_FRAMES + 1, 22, 4]),
        set_array(0, "<f8", [2**62, 22, 4]),
        set_array(0, "<f4", [5, 22, 4]),
        set_array(0, "|O", [5, 22, 4]),
        set_array(1, "<f8", [4, 3]),
        set_array(3, "<f8", [5, 22, 3]),
        lambda decoded, frames: frames[:-1],
        lambda decoded, frames: [*frames, b""],
        lambda decoded, frames: [frames[0], frames[1][:-1], *frames[2:]],
        lambda decoded, frames: [frames[0], np.full((5, 22, 4), np.nan).tobytes(), *frames[2:]],
        lambda decoded, frames: decoded["motions"][0].update(fps=0.0),
        lambda decoded, frames: decoded["motions"][0].update(fps=float("nan")),
        lambda decoded, frames: decoded["motions"][0].update(meta=b"[1]"),
        lambda decoded, frames: decoded["motions"][0].update(meta=b"\x80"),
        lambda decoded, frames: decoded["motions"][0]["arrays"].pop(),
    ],
)
def test_arrays_that_are_not_as_described_are_refused(edit: Any) -> None:
    refused(edited(edit))


def test_the_edited_message_is_good_without_an_edit() -> None:
    assert len(protocol.decode(edited(lambda decoded, frames: None)).motions) == 1


def test_random_bytes_are_refused() -> None:
    rng = random.Random(1)
    good = protocol.encode("x", protocol.Result(), [make_motion()])
    for _ in range(3000):
        frames = [rng.randbytes(rng.randrange(40)) for _ in range(rng.randrange(1, 7))]
        refused(frames)
        # One wrong byte in a good message may go unnoticed, but must never raise anything else.
        position = rng.randrange(len(good[0]))
        broken = good[0][:position] + rng.randbytes(1) + good[0][position + 1 :]
        with contextlib.suppress(MotionGPTError):
            protocol.decode([broken, *good[1:]])
        assert isinstance(protocol.peek_id(frames), str)
    refused([b"\x91" * 100_000])  # nested deeper than any decoder can go


def test_too_much_is_refused_on_the_way_out() -> None:
    for message, motions in (
        (protocol.Result(), [make_motion(limits.MAX_MOTION_FRAMES + 1)]),
        (protocol.Result(), [make_motion(1)] * (limits.MAX_VARIATIONS + 1)),
        (protocol.Result(("x" * limits.MAX_HEADER_BYTES,)), []),
    ):
        with pytest.raises(MotionGPTError) as caught:
            protocol.encode("x", message, motions)
        assert caught.value.kind == "too_large"
