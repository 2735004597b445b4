"""What is said where a model hardly knows a text."""

from motiongpt.backend.known.doubt import doubt_of, nearest_in


def test_only_doubts_are_said() -> None:
    assert doubt_of({"text": "walks", "unsure": False, "nearest": ["walks"]}) == ""
    assert nearest_in({"text": "walks", "unsure": False, "nearest": ["walks"]}) == ()


def test_a_negation_is_named_before_anything_else() -> None:
    meta = {"text": "does not walk", "unsure": True, "negation": "not", "nearest": ["walks"]}
    assert 'does not follow "not"' in doubt_of(meta) and 'words of "does not walk"' in doubt_of(meta)
    assert nearest_in(meta) == ("walks",)
