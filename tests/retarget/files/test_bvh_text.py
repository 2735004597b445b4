"""BVH as people have it: written in other ways it is read all the same, and what is wrong is named with its line."""

from pathlib import Path

import numpy as np
import pytest
from support.motions import wiggle

from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.files.bvh import read_bvh, write_bvh
from motiongpt.retarget.files.bvh_text import MAX_JOINT_FRAMES, BvhFault, parse_bvh
from motiongpt.retarget.files.reading import read_motion


@pytest.fixture
def plain(tmp_path: Path) -> str:
    write_bvh(wiggle(), tmp_path / "plain.bvh")
    return (tmp_path / "plain.bvh").read_text()


def body(text: str) -> tuple[str, list[list[str]]]:
    """Everything up to the values, and these."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("Frame Time")) + 1
    return "\n".join(lines[:start]) + "\n", [line.split() for line in lines[start:]]


def with_spaces(text: str) -> str:
    """As 3ds Max names bones, with one called like a keyword."""
    for ours, theirs in (("left_hip", "Bip01 L Thigh"), ("left_knee", "Bip01 L Calf"), ("spine1", "Bip01 MOTION")):
        text = text.replace(f"JOINT {ours}\n", f"JOINT {theirs}  \n")
    return text


def in_lower_case(text: str) -> str:
    for word in ("HIERARCHY", "ROOT", "JOINT", "OFFSET", "CHANNELS", "MOTION", "Frames", "Frame Time", "End Site"):
        text = text.replace(word, word.lower())
    return text


def with_scale(text: str) -> str:
    """Scale channels in the middle of the root's."""
    head, rows = body(text)
    old = "CHANNELS 6 Xposition Yposition Zposition "
    head = head.replace(old, f"CHANNELS 9 {old[11:]}Xscale Yscale Zscale ")
    return head + "\n".join(" ".join([*row[:3], "1", "1", "1", *row[3:]]) for row in rows)


def with_end_channels(text: str) -> str:
    """Three channels in the last end site: their values are each line's last."""
    head, rows = body(text)
    before, mark, after = head.rpartition("End Site\n")
    after = after.replace("OFFSET", "CHANNELS 3 Xrotation Yrotation Zrotation\nOFFSET", 1)
    return before + mark + after + "\n".join(" ".join([*row, "90", "90", "90"]) for row in rows)


def broken_over_lines(text: str) -> str:
    head, rows = body(text)
    return head + "\n".join(word for row in rows for word in row)


WAYS = {
    "spaces in names": with_spaces,
    "lower case": in_lower_case,
    "space before a colon": lambda text: text.replace("Frames:", "Frames :").replace("Frame Time:", "Frame Time :"),
    "scale": with_scale,
    "channels in an end site": with_end_channels,
    "frames over lines": broken_over_lines,
    "a wrong count": lambda text: text.replace("Frames: 40", "Frames: 540"),
    "a small count": lambda text: text.replace("Frames: 40", "Frames: 4"),
    "decimal commas": lambda text: text.replace(".", ","),
    "commas between": lambda text: body(text)[0] + "\n".join(", ".join(row) for row in body(text)[1]),
    "Windows": lambda text: "\ufeff" + text.replace("\n", "\r\n"),
    "the same name twice": lambda text: text.replace("JOINT neck\n", "JOINT spine3\n"),
    "braces on the line": lambda text: text.replace("ROOT pelvis\n{", "ROOT pelvis {"),
    "a frame time with its unit": lambda text: text.replace("0.03333333\n", "0.03333333 s\n"),
    "commas for points": lambda text: text.replace(".", ","),
}


@pytest.mark.parametrize("way", WAYS)
def test_written_in_another_way_it_is_the_same_motion(tmp_path: Path, plain: str, way: str) -> None:
    (tmp_path / "other.bvh").write_bytes(WAYS[way](plain).encode())
    clip, other = read_bvh(tmp_path / "plain.bvh"), read_bvh(tmp_path / "other.bvh")
    assert len(other.rig.names) == len(set(other.rig.names)) == 22
    assert other.fps == clip.fps
    assert np.abs(other.heads - clip.heads).max() < 1e-9
    if way != "the same name twice":
        assert (
            np.abs(read_motion(tmp_path / "other.bvh").joints - read_motion(tmp_path / "plain.bvh").joints).max() < 1e-9
        )
    if way == "spaces in names":
        assert {"Bip01 L Thigh", "Bip01 MOTION"} < set(other.rig.names)


def test_names_in_utf16_and_latin1_are_kept() -> None:
    from motiongpt.retarget.files.bvh import _decoded

    assert _decoded("JOINT Hüfte".encode("utf-16")) == _decoded("JOINT Hüfte".encode("latin-1")) == "JOINT Hüfte"


def test_positions_without_rotations_are_refused(tmp_path: Path, plain: str) -> None:
    """A pose estimator's file: each joint's place, and nothing that turns; as a motion it would glide stiffly."""
    head, _, rest = plain.partition("MOTION")
    still = head.replace("CHANNELS 3 Zrotation Xrotation Yrotation", "CHANNELS 3 Xposition Yposition Zposition")
    path = tmp_path / "positions.bvh"
    path.write_text(still + "MOTION" + rest)
    with pytest.raises(MotionGPTError, match="but the root has rotation channels, so none turns"):
        read_motion(path)


FIRST = 135  # the line of the first frame


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Frame Time: 0.03333333", "Frame Time: 0.000000", rf"line {FIRST - 1}: the frame time 0.000000"),
        ("Frame Time: 0.03333333", "Frame Time: -0.03333333", rf"line {FIRST - 1}: the frame time -0.0333"),
        ("Frame Time: 0.03333333", "Frame Time: 33.333", "is it in milliseconds"),
        ("Frame Time: 0.03333333", "Frame Time: 1e-310", "more than 1000 frames a second"),
        ("Frame Time: 0.03333333", "Frame Time: nan", "the frame time nan"),
        ("Frame Time: 0.03333333\n", "", "there is no frame time"),
        ("Zrotation Xrotation Yrotation", "Zrotation Xrotation Wturn", "line 5: Wturn is not a channel"),
        ("JOINT left_hip", "JOIN left_hip", "line 6: join is not expected here"),
        ("OFFSET 0.000000 0.000000 0.000000", "OFFSET 0.000000 0.000000 nan", "line 4: nan is not a number"),
        ("MOTION", "", "is not expected here"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, plain: str, old: str, new: str, said: str) -> None:
    assert old in plain
    path = tmp_path / "wrong.bvh"
    path.write_text(plain.replace(old, new, 1))
    with pytest.raises(MotionGPTError, match=said) as caught:
        read_bvh(path)
    if "ime" in said or "frames a second" in said:
        assert "--fps" in caught.value.cure
        assert read_bvh(path, fps=24.0).fps == 24.0


@pytest.mark.parametrize("word", ["nan", "inf", "-1.#IND", "1e30", "x"])
def test_a_value_that_is_none_is_named_with_its_line(tmp_path: Path, plain: str, word: str) -> None:
    head, rows = body(plain)
    rows[7][20] = word
    path = tmp_path / "wrong.bvh"
    path.write_text(head + "\n".join(map(" ".join, rows)))
    with pytest.raises(MotionGPTError, match=f"line {FIRST + 7}: value 21, {word}"):
        read_bvh(path)
    del rows[9][-1]
    rows[7][20] = "0"
    path.write_text(head + "\n".join(map(" ".join, rows)))
    with pytest.raises(MotionGPTError, match=f"line {FIRST + 9}: 68 values where the channels are 69"):
        read_bvh(path)


def test_a_file_that_would_not_fit_into_memory_is_refused() -> None:
    joints = "".join(f"JOINT j{i}\n{{\nOFFSET 0 0 0\nCHANNELS 0\n}}\n" for i in range(4000))
    head = (
        f"HIERARCHY\nROOT r\n{{\nOFFSET 0 0 0\nCHANNELS 1 Xrotation\n{joints}}}\nMOTION\nFrames: 9\nFrame Time: 0.1\n"
    )
    with pytest.raises(BvhFault, match="too many"):
        parse_bvh(head + "0\n" * (MAX_JOINT_FRAMES // 4000))
