"""Licences and what they allow, in words."""

import pytest

from motiongpt.backend.licences import GROUPS, LICENCE_OF, group_of, strictest, use_of


@pytest.mark.parametrize(
    ("licence", "group"),
    [
        ("CC-BY-NC-4.0", "non-commercial"),
        ("CC BY-NC-SA 4.0", "non-commercial"),
        ("for noncommercial use only, courtesy of someone", "non-commercial"),
        ("cc by-sa 3.0", "share-alike"),
        ("GPL-3.0-or-later", "share-alike"),
        ("CC0-1.0", "free"),
        ("CC BY 3.0, ACCAD", "free"),
        ("Apache-2.0", "free"),
        ("MIT, Microsoft", "free"),
        ("as the clips", None),
        ("Incantation 1.0", None),
        ("", None),
    ],
)
def test_licences_fall_into_groups(licence: str, group: str | None) -> None:
    assert group_of(licence) == group


def test_the_words_for_a_model_are_those_of_its_strictest_clips() -> None:
    assert strictest(["free", "non-commercial", "free"]) == "non-commercial"
    assert strictest(["share-alike", "free"]) == "share-alike"
    assert [use_of(group) for group in (*GROUPS, None, "other")] == [
        "for any use",
        "for any use",
        "not for commercial use",
        "",
        "",
    ]
    assert all(group_of(LICENCE_OF[group]) == group for group in GROUPS)
