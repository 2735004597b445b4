"""Pictures: they show the motion, each figure in its place."""

import numpy as np
import pytest
from matplotlib.image import imread, imsave

from motiongpt.backend.output.pictures import LEFT, RIGHT, join_pictures, project, render_sheet
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot


def still(frames: int = 10, turn: float = 0.0) -> Motion:
    rotations = np.tile(rot.IDENTITY, (frames, 22, 1))
    rotations[:, 0] = rot.from_axis_angle((0.0, 1.0, 0.0), turn)
    root = np.tile((0.0, 0.95, 0.0), (frames, 1))
    return Motion(rotations, root, 20.0, np.zeros((frames, 4)))


def middle_of(picture: np.ndarray, colour: str) -> tuple[float, int]:
    """Mean column of the pixels of exactly that colour, and how many there are."""
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    _, columns = np.nonzero(np.abs(picture[..., :3] - wanted).max(axis=-1) < 0.01)
    left_part = columns < 0.75 * picture.shape[1]
    return float(columns[left_part].mean()), int(left_part.sum())


def test_project_keeps_up_and_sides():
    up, left, forward = project(np.eye(3)[[1, 0, 2]])
    assert up[0] == 0 and up[1] > 0.9
    assert left[0] > 0.5  # seen from the front, the character's left is at the viewer's right
    assert forward[0] < 0 and forward[1] < 0  # towards the viewer is lower in the picture


def test_left_and_right_are_where_they_should_be(tmp_path):
    path = tmp_path / "sheet.png"
    render_sheet([still()], ["front"], path, frames=1)
    picture = imread(path)
    (left, left_count), (right, right_count) = middle_of(picture, LEFT), middle_of(picture, RIGHT)
    assert left_count > 100 and right_count > 100
    assert left > right + 10
    render_sheet([still(turn=np.pi)], ["back"], path, frames=1)
    picture = imread(path)
    assert middle_of(picture, LEFT)[0] < middle_of(picture, RIGHT)[0] - 10


def test_a_row_for_every_motion(tmp_path):
    one, three = tmp_path / "one.png", tmp_path / "three.png"
    render_sheet([still()], ["a"], one)
    render_sheet([still(), still(1), still(200)], ["a", "one frame", "it costs $5 and $x_"], three)
    assert imread(three).shape[0] > 2.5 * imread(one).shape[0]


def test_travel_is_drawn(tmp_path):
    standing, moving = still(60), still(60)
    root = moving.root_position + np.linspace(0, 3, 60)[:, None] * (0.0, 0.0, 1.0)
    moving = Motion(moving.rotations, root, 20.0, moving.contacts)
    pictures = []
    for name, motion in (("standing", standing), ("moving", moving)):
        render_sheet([motion], ["same title"], tmp_path / f"{name}.png")
        pictures.append(imread(tmp_path / f"{name}.png"))
    assert pictures[0].shape != pictures[1].shape or np.abs(pictures[0] - pictures[1]).max() > 0.5


def test_refusals(tmp_path):
    with pytest.raises(MotionGPTError):
        render_sheet([], [], tmp_path / "x.png")
    with pytest.raises(MotionGPTError):
        render_sheet([still()], ["a"], tmp_path / "x.png", frames=0)
    with pytest.raises(MotionGPTError) as caught:
        render_sheet([still()], ["a"], tmp_path / "missing" / "x.png")
    assert caught.value.kind == "unwritable"
    with pytest.raises(ValueError):
        render_sheet([still()], ["a", "b"], tmp_path / "x.png")


def test_joined_pictures_lie_in_rows(tmp_path):
    rows = []
    for row in range(2):
        rows.append([])
        for column in range(3):
            path = tmp_path / f"{row}{column}.png"
            imsave(path, np.full((100, 80, 3), (row, column / 2, 0.5)))
            rows[-1].append(path)
    joined = tmp_path / "joined.png"
    join_pictures(rows, ["first", "second"], joined)
    picture = imread(joined)[..., :3]
    assert picture.shape[:2] == (290, 240)
    for row in range(2):
        for column in range(3):
            seen = picture[145 * row + 95, 80 * column + 40]
            assert np.abs(seen - (row, column / 2, 0.5)).max() < 0.02
