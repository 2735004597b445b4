"""Candidates are picked by a stand-in for the matching model, whose scores are read from the features themselves."""

from collections.abc import Sequence

import numpy as np
import pytest
from support.motions import t_pose

from motiongpt.backend.engines.starter.picker import Pick, Picker, pick
from motiongpt.backend.features import DIMENSIONS, SLICES, mirror_features
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.typing import Numbers

LEFT, RIGHT = np.ones((3, 384)), -np.ones((3, 384))
_TURN = SLICES["root_turn"].start


class Turns(Picker):
    """Scores what turns by its height, and a little by whether it turns to the text's side."""

    def __init__(self) -> None:
        """No graph is loaded."""

    def scores(self, states: Numbers, motions: Sequence[Numbers]) -> Numbers:
        side = np.sign(states[0, 0])
        return np.array([one[0, SLICES["root_height"].start] + 0.1 * side * np.sign(one[0, _TURN]) for one in motions])


def turning(turn: float, height: float) -> Numbers:
    features = np.zeros((8, DIMENSIONS))
    features[:, _TURN], features[:, SLICES["root_height"]] = turn, height
    return features


def as_made(motion: Motion) -> Motion:
    return t_pose()


def picked(other: Numbers | None, *features: Numbers, wanted: int = 1) -> list[Pick]:
    return pick(Turns(), LEFT, other, features, wanted, as_made)


def test_without_a_side_the_highest_score_wins() -> None:
    (one,) = picked(None, turning(1.0, 0.5), turning(-1.0, 0.9), turning(1.0, 0.7))
    assert (one.number, one.mirrored) == (1, False) and one.score == pytest.approx(0.8)


def test_the_best_is_mirrored_where_it_is_of_the_other_side() -> None:
    (one,) = picked(RIGHT, turning(1.0, 0.5), turning(-1.0, 0.9), turning(1.0, 0.7))
    assert (one.number, one.mirrored) == (1, True) and one.score == pytest.approx(1.0)


def test_what_is_of_the_side_that_was_asked_for_stays() -> None:
    assert picked(RIGHT, turning(1.0, 0.5), turning(1.0, 0.9)) == [Pick(1, False, pytest.approx(1.0))]


def test_the_side_is_told_by_the_swapped_text_and_not_by_what_the_picker_likes_better() -> None:
    """A picker with a liking for motions that turn to the right, whatever is asked."""

    class Partial(Turns):
        def scores(self, states: Numbers, motions: Sequence[Numbers]) -> Numbers:
            return super().scores(states, motions) - np.array([np.sign(one[0, _TURN]) for one in motions])

    (one,) = pick(Partial(), LEFT, RIGHT, [turning(1.0, 0.9)], 1, as_made)
    assert not one.mirrored


def test_each_variation_has_its_own_best() -> None:
    given = [turning(1.0, height) for height in (0.1, 0.9, 0.8, 0.2)]  # attempts of two variations
    assert [one.number for one in picked(RIGHT, *given, wanted=2)] == [2, 1]


def test_a_mirror_image_scores_as_the_motion_that_it_is() -> None:
    features = turning(1.0, 0.5)
    (one,) = pick(Turns(), RIGHT, LEFT, [features], 1, as_made)
    assert one.mirrored and one.score == pytest.approx(float(Turns().scores(RIGHT, [mirror_features(features)])[0]))


@pytest.mark.parametrize(("heights", "number"), [((0.9, 0.8), 1), ((0.9, 0.7), 0), ((0.9, 0.2), 0)])
def test_a_sound_motion_wins_against_one_that_is_hardly_better(heights: tuple[float, float], number: int) -> None:
    """The first of two motions is under the floor."""

    def polished(motion: Motion) -> Motion:
        sinks = motion.root_position[0, 1] == pytest.approx(0.9)
        return t_pose().shifted(np.array([0.0, -0.2 * sinks, 0.0]))

    (one,) = pick(Turns(), LEFT, None, [turning(1.0, height) for height in heights], 1, polished)
    assert one.number == number


def test_where_none_is_sound_the_best_wins() -> None:
    given = [turning(1.0, height) for height in (0.85, 0.9, 0.8)]
    (one,) = pick(Turns(), LEFT, None, given, 1, lambda motion: t_pose().shifted(np.array([0.0, -0.2, 0.0])))
    assert one.number == 1
