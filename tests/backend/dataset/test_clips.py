"""Clips of a data set: imported, mirrored, measured."""

from motiongpt.backend.dataset.clips import load_dataset, swap_sides


def test_import_mirrors_clips_and_their_words(dataset):
    clips = load_dataset(dataset).clips
    assert len(clips) == 12
    assert {(c.mirrored, c.captions[0]) for c in clips} == {
        (False, "a person swings the left arm"),
        (True, "a person swings the right arm"),
    }
    assert all(len({c.split for c in clips if c.name == name}) == 1 for name in {c.name for c in clips})


def test_sides_swap_both_ways():
    text = "raises the left hand, turns right"
    assert swap_sides(text) == "raises the right hand, turns left"
    assert swap_sides(swap_sides(text)) == text
