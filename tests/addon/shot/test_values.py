"""What blocks say: asked for, split, marked, made of a text."""

import pytest

from motiongpt.addon.shot.values import BlockValues, blocks_of_text, current_marks, has_several_actions
from motiongpt.backend.limits import SEED_LIMIT
from motiongpt.backend.tasks import Block
from motiongpt.retarget.errors import MotionGPTError

WALK = BlockValues("walks forward", 90, 5, {"distance": 3.0, "turn": 90.0, "facing": [1.0, 2.0]})


def test_a_block_is_asked_for_with_all_its_fields() -> None:
    asked = WALK.asked(3.0)
    assert asked == Block("walks forward", 3.0, 5, distance=3.0, turn=90.0, facing=(1.0, 2.0))


@pytest.mark.parametrize(
    "fields", [{"distance": -1.0}, {"path": [[1.0]]}, {"speed": "fast"}, {"path": [["a", "b"]]}, {"turn": 1e9}]
)
def test_fields_that_can_not_be_asked_for_are_said(fields: dict[str, object]) -> None:
    with pytest.raises(MotionGPTError) as error:
        BlockValues("walks", 90, 0, fields).asked(3.0)
    assert error.value.cure


def test_parts_share_distance_and_turn() -> None:
    first, second = WALK.part(30, 0), WALK.part(60, 1)
    assert (first.frames, first.seed, first.fields["distance"], first.fields["turn"]) == (30, 5, 1.0, 30.0)
    assert (second.frames, second.fields["distance"], second.fields["turn"]) == (60, 2.0, 60.0)
    assert second.seed != first.seed and second.fields["facing"] == [1.0, 2.0]


def test_marks_change_with_everything_that_is_made_of_a_block() -> None:
    blocks = [WALK, BlockValues("waves", 60, 7)]
    marks = current_marks(1, blocks)
    for other in (
        BlockValues("walks back", 90, 5, WALK.fields), BlockValues("walks forward", 90, 6, WALK.fields),
        BlockValues("walks forward", 90, 5),
    ):  # fmt: skip
        new = current_marks(1, [other, blocks[1]])
        assert new[0] != marks[0] and new[1] == marks[1]
    longer = current_marks(1, [BlockValues("walks forward", 91, 5, WALK.fields), blocks[1]])
    assert longer[0] != marks[0] and longer[1] != marks[1]  # the second one begins later
    assert current_marks(1, blocks) == marks


def test_a_text_is_shared_out() -> None:
    blocks = blocks_of_text("walks forward, then stops and bows", 100, 24.0, SEED_LIMIT)
    assert [b.text for b in blocks] == ["walks forward", "stops and bows"]
    assert sum(b.frames for b in blocks) == 100 and blocks[0].frames > blocks[1].frames
    assert blocks[0].seed == SEED_LIMIT and 0 <= blocks[1].seed <= SEED_LIMIT
    with pytest.raises(MotionGPTError, match="too short"):
        blocks_of_text("walks, then waves, then bows", 24, 24.0, 0)


@pytest.mark.parametrize(
    ("text", "several"),
    [("a person walks forward", False), ("walks while waving", False), ("walks, then bows", True), ("", False)],
)
def test_texts_of_one_action_are_told_from_others(text: str, several: bool) -> None:
    assert has_several_actions(text) == several
