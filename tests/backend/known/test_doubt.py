"""What is said where a model hardly knows a text, or a style does not."""

from motiongpt.backend.known.doubt import doubt_of, nearest_in, passed_on


def test_only_doubts_are_said() -> None:
    assert doubt_of({"text": "walks", "unsure": False, "nearest": ["walks"]}) == ""
    assert nearest_in({"text": "walks", "unsure": False, "nearest": ["walks"]}) == ()


def test_a_negation_is_named_before_anything_else() -> None:
    meta = {"text": "does not walk", "unsure": True, "negation": "not", "nearest": ["walks"]}
    assert 'does not follow "not"' in doubt_of(meta) and 'words of "does not walk"' in doubt_of(meta)
    assert nearest_in(meta) == ("walks",)


def test_each_text_that_a_style_left_to_its_model_is_named_once() -> None:
    blocks = [{"prompt": "waves", "made_by": "open"}, {"prompt": "hero run"}, {"prompt": "waves", "made_by": "open"}]
    assert passed_on({"text": "waves, then hero run, then waves", "model": "hero", "blocks": blocks}) == (
        'The style "hero" does not know "waves"; made by the model open.',
    )
    assert passed_on({"text": "hero run", "model": "hero"}) == ()
    assert passed_on({"text": "hero run", "model": "hero", "blocks": blocks[1:2]}) == ()
