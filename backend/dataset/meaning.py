"""What a caption says: action, style and side, read from its words; and what a clip's name says, in the same terms.

The names are those of the Bandai-Namco clips, with names that mean the same made one: a small wave goodbye with the
right hand is a wave of the right hand, a dash is a run, `old` is `elderly`. What no rule knows is "other".
"""

import itertools
import re
from collections.abc import Container
from dataclasses import dataclass

from .captions import ACTIONS, LITTLE, OWNERS, STYLES, SUBJECTS
from .words.manners import SAME_STYLE

SAME_ACTION = {
    "dash": "run",
    "bye": "wave-right-hand",
    "bye-left": "wave-left-hand",
    "byebye": "wave-both-hands",
    "respond": "raise-up-left-hand",
    "respond-right": "raise-up-right-hand",
}
OTHER = "other"
ACTION_NAMES = (*sorted({SAME_ACTION.get(a, a) for a in ACTIONS}), OTHER)
STYLE_NAMES = tuple(sorted({SAME_STYLE.get(s, s) for s in STYLES}))


@dataclass(frozen=True)
class Meaning:
    """action: one of ACTION_NAMES.  style: one of STYLE_NAMES, "" where the words don't say.  side: "left", "right",
    "both", or "" where none belongs to the action."""

    action: str
    style: str = ""

    @property
    def side(self) -> str:
        found = re.search(r"left|right|both", self.action)
        return found[0] if found else ""

    @property
    def kind(self) -> str:
        """The action without its side: "wave" of "wave-left-hand"."""
        return re.sub(r"-(left|right|both)(-hands?)?$", "", self.action)


def meaning_of_tags(tags: dict[str, str], mirrored: bool) -> Meaning | None:
    """Of a clip whose name says it (`Clip.tags`, whose sides are those of the clip as it is); None where it does not.

    A mirrored `bye` waves with the left hand; the name has no side that could have been swapped.
    """
    if "content" not in tags:
        return None
    content, style = tags["content"], tags.get("style", "")
    if mirrored:
        content = {"bye": "bye-left", "respond": "respond-right"}.get(content, content)
    return Meaning(SAME_ACTION.get(content, content), SAME_STYLE.get(style, style))


# Tried in this order on texts that are no caption's very words; {side} is filled in from the words.
_KINDS: tuple[tuple[str, str], ...] = (
    (r"\bdances?\b(?! move)|\bdancing\b", "dance-short"),
    (
        r"\b(dribbl|basketball|climb|crawl|flip|cartwheel|jump|leap|hops?\b|swim|sits?\b|sitting|lies?\b|lying|kneel"
        r"|chair|is hit\b|a hit\b"
        r"|struck|a blow|fall|collaps|dodg|evad|spell|magic|shield|guard|cheer|celebrat|zombie|spin|full circle|stance"
        r"|weapon|throws? (a ball|something|an object)|winds up|scoop|defend|shoot|aim|air with the arms|hello with)",
        OTHER,
    ),
    (r"\bwav|\bbye\b|goodbye|farewell|from side to side over the head", "wave-{side}-hand"),
    (r"\b(kick)", "kick"),
    (r"\b(punch|box(es|ing)?\b|jab|hits?\b|hitting|uppercut)", "punch"),
    (r"\b(sword|slash|blade|axe\b)", "slash"),
    (r"\b(bow|bows|bowing)\b|the upper body forward|bend\w* forward(?! and)", "bow"),
    (r"\b(shout|yell|(?<!a )call(s|ing)?\b|beckon)", "call"),
    (r"\b(guid\w+|the way\b|invit\w+|gestur\w+|hold\w* out)", "guide"),
    (r"\b(rais|lift|reach\w* up|put\w* .*\bup\b|hold\w* .*\bup\b|hold\w* up|stretched up)", "raise-up-{side}-hand"),
    (r"\b(turn\w*|corner|and goes (left|right)|and go (left|right)|and going (left|right))\b", "walk-turn-{side}"),
    (r"\b(drift\w*|diagonal\w*|veer\w*|slight curve|a little to the (left|right))\b", "walk-{side}"),
    (r"\b(back(ward|wards)?|backs|backing)\b(?! of)", "walk-back"),
    (r"\b(run|runs|running|jog\w*|dash\w*|race|races|racing|trot\w*)\b", "run"),
    (r"\b(walk|step|pace|pacing|forward on foot|at a walk)", "walk"),
)
_SIDED = {"wave-{side}-hand": "both", "raise-up-{side}-hand": "both"}


def read_caption(text: str) -> Meaning:
    """What a sentence says.

    Styles and whole sentences are known by the very words that captions give them, other sentences by rules over
    their words, and what no rule knows by the longest wording of an action in it.
    """
    style, rest = _style_of(_plain(text))
    told = _WORDINGS.get(_SUBJECT.sub("", rest))
    if told:
        return Meaning(told, style)
    for pattern, action in _KINDS:
        if re.search(pattern, rest):
            return Meaning(_with_side(action, rest), style)
    return Meaning(_TOLD.get(_longest(_TOLD, rest), OTHER), style)


def _longest(known: Container[str], words: str) -> str:
    """The longest run of words that is known, "" where none is."""
    apart = words.split()
    runs = (" ".join(apart[i:j]) for i, j in itertools.combinations(range(len(apart) + 1), 2))
    return max((run for run in runs if run in known), key=len, default="")


def _plain(text: str) -> str:
    """The words alone, in lower case, with everybody "they"."""
    words = " ".join(re.findall(r"[a-z]+", text.lower()))
    for owner, person in OWNERS.items():
        words = re.sub(rf"\b{owner}\b", "their", re.sub(rf"\b{person}\b", "they", words))
    return words


def _wordings(*forms: str) -> dict[str, str]:
    """What each wording of an action means, in those of its forms."""
    found: dict[str, str] = {}
    for actions in (ACTIONS, LITTLE):
        for action, verbs in actions.items():
            for form, verb in itertools.product(forms, verbs):
                found.setdefault(_plain(f"{getattr(verb, form)} {verb.tail}"), SAME_ACTION.get(action, action))
    return found


_WORDINGS = _wordings("third", "ing", "base")
_TOLD = _wordings("third", "ing")  # a base form inside a sentence may be a noun
_SUBJECT = re.compile(rf"^(({'|'.join(sorted(map(_plain, set(SUBJECTS)), key=len, reverse=True))})\b ?)?(is )?")


def _with_side(action: str, words: str) -> str:
    if "{side}" not in action:
        return action
    side = _side_of(words) or _SIDED.get(action, "")
    if side not in ("left", "right") and action.startswith("walk"):
        return "walk" if not side else OTHER
    return action.format(side=side) + ("s" if side == "both" else "")


def _side_of(words: str) -> str:
    if re.search(r"\bboth\b|\btwo (hands|arms)\b|\b(hands|arms)\b", words):
        return "both"
    if re.search(r"\bcounterclockwise\b", words):
        return "left"
    if re.search(r"\bclockwise\b", words):
        return "right"
    found = re.search(r"\b(left|right)\b", words)
    return found[0] if found else ""


def _phrases() -> dict[str, str]:
    """What style each phrase says."""
    return {
        _plain(phrase): SAME_STYLE.get(style, style) for style, ways in STYLES.items() for way in ways for phrase in way
    }


_PHRASES = _phrases()


def _style_of(words: str) -> tuple[str, str]:
    """The style that a text says, and the text without those words; of several phrases the longest counts."""
    phrase = _longest(_PHRASES, words)
    if not phrase:
        return "", words
    return _PHRASES[phrase], f" {words} ".replace(f" {phrase} ", " ", 1).strip()
