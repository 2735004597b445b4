"""What clips, and the models trained on them, may be used for: the groups that licences fall into, in words."""

import re
from collections.abc import Iterable
from typing import Literal

Group = Literal["free", "share-alike", "non-commercial"]
"""What a model trained on a set may be used for: anything; anything, under the same licence; nothing commercial."""
GROUPS: tuple[Group, ...] = ("free", "share-alike", "non-commercial")

LICENCE_OF: dict[Group, str] = {"free": "CC-BY-4.0", "share-alike": "CC-BY-SA-4.0", "non-commercial": "CC-BY-NC-4.0"}
"""Licence of a model by the strictest group of its clips. Free clips ask for credit at most, which their list gives."""

_NON_COMMERCIAL = re.compile(r"\bNC\b|non-?commercial", re.IGNORECASE)
_SHARE_ALIKE = re.compile(r"\bSA\b|share-?alike|^A?GPL", re.IGNORECASE)
_FREE = re.compile(r"^(CC0|CC[- ]BY|MIT|Apache|BSD|Unlicense|public domain)", re.IGNORECASE)


def group_of(licence: str) -> Group | None:
    """The group of a licence, given as SPDX or in words; None for one that is not known here.

    >>> group_of("CC-BY-NC-4.0"), group_of("CC BY-SA 4.0"), group_of("as the clips")
    ('non-commercial', 'share-alike', None)
    """
    if _NON_COMMERCIAL.search(licence):
        return "non-commercial"
    if _SHARE_ALIKE.search(licence):
        return "share-alike"
    return "free" if _FREE.match(licence.strip()) else None


def strictest(groups: Iterable[Group]) -> Group:
    """The group of a model that is trained on clips of all these groups."""
    return max(groups, key=GROUPS.index)


def use_of(group: str | None) -> str:
    """What a group allows, in words for the panel; "" where the group is not known."""
    if group == "non-commercial":
        return "not for commercial use"
    return "for any use" if group in GROUPS else ""
