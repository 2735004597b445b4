"""The reader of the words that captions are made of: what is wrong in a file is named, with its place."""

import shutil

import pytest

from motiongpt.backend.dataset.words.vocabulary import FOLDER, Wording, read_vocabulary
from motiongpt.retarget.errors import MotionGPTError


def test_an_action_of_the_hands_is_read_for_each_side() -> None:
    actions = read_vocabulary().actions
    assert Wording("raise", "their left hand up high") in actions.wordings["raise-up-left-hand"]
    assert Wording("raise", "both hands above the head") in actions.wordings["raise-up-both-hands"]
    assert (actions.same["bye"], actions.same["bye-left"]) == ("wave-right-hand", "wave-left-hand")
    assert actions.mirrored == {"bye": "bye-left", "respond": "respond-right"}


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (
            "actions.toml",
            '["set out", "on foot", "at a walk"]',
            '["set out"]',
            r"actions.toml .*length >= 2.*\[\.\.\.\]",
        ),
        ("actions.toml", '["set out", "on foot"', '["set out", " on foot"', "actions.toml .*matching regex"),
        ("actions.toml", "[dash]\n", "[dash]\nwords = []\n", "actions.toml .*unknown field `words`"),
        ("actions.toml", "[walk-back]", "[walk]", "actions.toml .*walk"),
        ("gestures.toml", "[call]", "[kick]", "gestures.toml .*two actions kick"),
        ("gestures.toml", "{side} hand at the chest", "{hnad} at the chest", "gestures.toml .*hnad"),
        ("styles.toml", "[happy]\nadverbs", "[happy]\nadjectivs", "styles.toml .*adjectivs"),
        ("reading.toml", r"'\bwav'", r"'\bwav('", "reading.toml .*unterminated"),
        ("reading.toml", 'action = "kick"', 'action = "fly"', "reading.toml .*no action fly"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, name: str, old: str, new: str, message: str) -> None:
    for path in FOLDER.glob("*.toml"):
        shutil.copy(path, tmp_path)
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(MotionGPTError, match=message):
        read_vocabulary(tmp_path)


def test_a_file_that_is_missing_is_named(tmp_path) -> None:
    with pytest.raises(MotionGPTError, match=r"sentences\.toml"):
        read_vocabulary(tmp_path)
