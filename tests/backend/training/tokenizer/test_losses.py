"""What each of the tokenizer's losses sees, on motions that differ in one thing."""

from dataclasses import replace

import numpy as np
import pytest
from support.motions import t_pose

torch = pytest.importorskip("torch")

from motiongpt.backend.features import motion_to_features
from motiongpt.backend.training.tokenizer.kinematics import kinematic_joints, kinematic_points
from motiongpt.backend.training.tokenizer.losses import LossWeights, reconstruction_losses, weighted
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.skeleton import JOINT

FRAMES = 24
STATISTICS = torch.zeros(263), torch.ones(263)


def standing() -> Motion:
    body = t_pose(FRAMES + 1)
    return replace(body, fps=20.0, contacts=np.ones((FRAMES + 1, 4)))


def features(motion: Motion) -> "torch.Tensor":
    return torch.from_numpy(motion_to_features(motion).astype(np.float32))[None]


def losses(made: Motion, true: Motion, mask: "torch.Tensor | None" = None) -> dict[str, float]:
    mask = torch.ones(1, FRAMES, 1) if mask is None else mask
    found = reconstruction_losses(features(made), features(true), mask, STATISTICS)
    return {name: float(value) for name, value in found.items()}


def turned(joint: str, degrees: np.ndarray, axis: tuple[float, float, float] = (1.0, 0.0, 0.0)) -> Motion:
    motion = standing()
    motion.rotations[:, JOINT[joint]] = rot.from_axis_angle(axis, np.radians(degrees))
    return motion


def test_the_same_motion_costs_nothing():
    walk = standing().shifted(np.linspace((0.0, 0.0, 0.0), (0.0, 0.0, 1.5), FRAMES + 1))
    assert all(value == pytest.approx(0.0, abs=1e-5) for value in losses(walk, walk).values())


@pytest.mark.parametrize("joint", ["head", "left_wrist", "right_wrist", "left_foot", "right_foot"])
@pytest.mark.parametrize("axis", [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)])
def test_turns_that_move_no_joint_are_seen(joint, axis):
    nod = losses(turned(joint, 25.0 * np.sin(np.arange(FRAMES + 1) * 0.8), axis), standing())
    assert nod["joints"] == pytest.approx(0.0, abs=1e-4)
    assert nod["points"] > 0.003 and nod["speed"] > 0.0 and nod["acceleration"] > 0.0


def test_shaking_costs_more_than_being_off_by_as_much():
    off = losses(turned("head", np.full(FRAMES + 1, 5.0)), standing())
    shaking = losses(turned("head", 5.0 * (-1.0) ** np.arange(FRAMES + 1)), standing())
    assert shaking["points"] == pytest.approx(off["points"], rel=0.1)
    assert off["speed"] == pytest.approx(0.0, abs=1e-4) and off["acceleration"] == pytest.approx(0.0, abs=1e-4)
    assert shaking["acceleration"] > shaking["speed"] > 0.0


@pytest.mark.parametrize("ahead", [(0.0, 0.0, 1.0), (1.0, 0.0, 0.0)])
def test_feet_that_should_stand_may_not_slide(ahead):
    gliding = standing().shifted(np.linspace(0.0, 0.5, FRAMES + 1)[:, None] * ahead)
    found = losses(gliding, standing())
    assert found["sliding"] == pytest.approx(10.0 * 0.5 / FRAMES, rel=0.05)
    assert found["joints"] == pytest.approx(0.0, abs=1e-4) and found["heights"] == pytest.approx(0.0, abs=1e-4)
    in_the_air = replace(standing(), contacts=np.zeros((FRAMES + 1, 4)))
    assert losses(gliding, in_the_air)["sliding"] == 0.0


def test_feet_slide_when_the_body_turns_under_them_alone():
    """The turn of the root counts: a body that spins like a top drags its feet around."""
    spin = rot.from_axis_angle((0.0, 1.0, 0.0), np.linspace(0.0, 1.0, FRAMES + 1))
    body = standing()
    body.rotations[:, 0] = spin
    assert losses(body, standing())["sliding"] > 0.01
    assert losses(body, body)["sliding"] == pytest.approx(0.0, abs=1e-5)


def test_floating_counts_by_its_height():
    found = [losses(standing().shifted(np.array([0.0, by, 0.0])), standing())["heights"] for by in (0.05, 0.1, -0.1)]
    assert found == pytest.approx([0.5, 1.0, 1.0], rel=0.01)


def test_padding_counts_nowhere():
    made, mask = turned("head", np.where(np.arange(FRAMES + 1) < 12, 0.0, 40.0)), torch.ones(1, FRAMES, 1)
    mask[:, 12:] = 0.0
    assert all(value == pytest.approx(0.0, abs=1e-4) for value in losses(made, standing(), mask).values())


def test_losses_count_by_their_weights():
    made = turned("head", np.full(FRAMES + 1, 20.0))
    found = reconstruction_losses(features(made), features(standing()), torch.ones(1, FRAMES, 1), STATISTICS)
    none = LossWeights(*[0.0] * 8)
    assert float(weighted(found, none)) == float(found["features"])
    assert float(weighted(found, replace(none, points=2.0))) == pytest.approx(
        float(found["features"]) + 2.0 * float(found["points"])
    )


def test_kinematics_of_features_are_their_positions_and_points(dataset):
    """Forward kinematics of true features gives the positions that the same features hold."""
    from motiongpt.backend.dataset.clips import load_dataset

    data = load_dataset(dataset)
    rows = torch.from_numpy(np.array(data.of(data.clips[0])))
    assert torch.allclose(kinematic_joints(rows)[:, 1:].flatten(1), rows[:, 4:67], atol=2e-5)
    assert torch.allclose(kinematic_points(rows)[:, :22], kinematic_joints(rows))
