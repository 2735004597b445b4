"""What a caption means: action, style and side, read from its words; and what a clip's name means, in the same terms.

The names are those of the Bandai-Namco clips, synonyms merged: a small wave goodbye with the right hand is a wave of
the right hand, a dash is a run, `old` is `elderly`. What no rule matches is "other".
"""

import itertools
import re
from collections.abc import Container
from dataclasses import dataclass

from .captions import ACTIONS, LITTLE, OWNERS, SAME_STYLE, STYLES, SUBJECTS, VOCABULARY, mirrored_action
from .clips import Clip
from .words.vocabulary import OTHER, Rule

SAME_ACTION = VOCABULARY.actions.same
ACTION_NAMES = (*sorted({SAME_ACTION.get(a, a) for a in ACTIONS}), OTHER)
STYLE_NAMES = tuple(sorted({SAME_STYLE.get(s, s) for s in STYLES}))


@dataclass(frozen=True)
class Meaning:
    """action: one of ACTION_NAMES.  style: one of STYLE_NAMES, "" if none is named.  side: "left", "right", "both", or
    "" for an action without sides."""

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
    """The meaning of a clip's `Clip.tags`, in which a mirrored clip's sides are already swapped; None if its name gives
    no content."""
    if "content" not in tags:
        return None
    content, style = tags["content"], tags.get("style", "")
    content = mirrored_action(content) if mirrored else content
    return Meaning(SAME_ACTION.get(content, content), SAME_STYLE.get(style, style))


def meaning_of(clip: Clip) -> Meaning:
    """Action and style of a clip from its name, else the action from its first caption; "other" if neither names one.

    Of the actions read from captions, only those that are recognised reliably count.
    """
    named = meaning_of_tags(clip.tags, clip.mirrored)
    if named is not None:
        return named
    read = read_caption(clip.captions[0]) if clip.captions else Meaning(OTHER)
    return Meaning(read.action if read.action in _CERTAIN_ACTIONS else OTHER)


_CERTAIN_ACTIONS = {"walk", "walk-back", "run", "bow", "kick", "punch", "slash", "dance-short"}


def read_caption(text: str) -> Meaning:
    """What a sentence means.

    Styles and whole sentences are recognised by the exact words of `captions`, other sentences by rules over their
    words, and those that no rule matches by the longest wording of an action in them.
    """
    style, rest = _style_of(_plain(text))
    known = _WORDINGS.get(_SUBJECT.sub("", rest))
    if known:
        return Meaning(known, style)
    for rule in VOCABULARY.rules:
        if any(re.search(words, rest) for words in rule.words):
            return Meaning(_with_side(rule, rest), style)
    return Meaning(_INFLECTED_WORDINGS.get(_longest(_INFLECTED_WORDINGS, rest), OTHER), style)


def _longest(known: Container[str], words: str) -> str:
    """The longest run of words that is known, "" if none is."""
    apart = words.split()
    runs = (" ".join(apart[i:j]) for i, j in itertools.combinations(range(len(apart) + 1), 2))
    return max((run for run in runs if run in known), key=len, default="")


def _plain(text: str) -> str:
    """The words in lower case, without punctuation, pronouns replaced by "they" and "their"."""
    words = " ".join(re.findall(r"[a-z]+", text.lower()))
    for owner, person in OWNERS.items():
        words = re.sub(rf"\b{owner}\b", "their", re.sub(rf"\b{person}\b", "they", words))
    return words


def _wordings(*forms: str) -> dict[str, str]:
    """Wording of an action, in each of these verb forms -> the action that it means."""
    found: dict[str, str] = {}
    for actions in (ACTIONS, LITTLE):
        for action, verbs in actions.items():
            for form, verb in itertools.product(forms, verbs):
                found.setdefault(_plain(f"{getattr(verb, form)} {verb.tail}"), SAME_ACTION.get(action, action))
    return found


_WORDINGS = _wordings("third", "ing", "base")
_INFLECTED_WORDINGS = _wordings("third", "ing")  # a base form inside a sentence may be a noun
_SUBJECT = re.compile(
    rf"^(({'|'.join(sorted(map(_plain, dict.fromkeys(SUBJECTS)), key=len, reverse=True))})\b ?)?(is )?"
)


def _with_side(rule: Rule, words: str) -> str:
    if "{side}" not in rule.action:
        return rule.action
    side = _side_of(words) or rule.side
    if side not in ("left", "right") and rule.action.startswith("walk"):
        return "walk" if not side else OTHER
    return rule.action.format(side=side) + ("s" if side == "both" else "")


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
    """Phrase -> the style that it names."""
    return {
        _plain(phrase): SAME_STYLE.get(style, style) for style, ways in STYLES.items() for way in ways for phrase in way
    }


_PHRASES = _phrases()


def _style_of(words: str) -> tuple[str, str]:
    """The style that a text names, and the text without that phrase; of several phrases the longest counts."""
    phrase = _longest(_PHRASES, words)
    if not phrase:
        return "", words
    return _PHRASES[phrase], f" {words} ".replace(f" {phrase} ", " ", 1).strip()


_STEADY = re.compile(
    r"^(?!.*\b(then|after|before|stops?|starts?|turns?|times|twice|once|steps?|up|down|into|out)\b)"
    r".*\b(walk|run|jog|march|sneak|crawl|danc|idle|idling|stands? (still|and waits)|limp|skip|dribbl|swim|"
    r"hover|breath)"
)
_STILL = re.compile(
    r"^(?!.*\b(then|after|before|walk|run|sit|wav|turn|look|raise|sway|stretch|nod)).*"
    r"\b(idle|idling|stands? (still|and waits)|standing still|breath)"
)


def is_steady(clip: Clip) -> bool:
    """Whether any part of a clip shows what its caption says, as of a walk or a dance; others show an action that has a
    beginning and an end."""
    return "content" not in clip.tags and bool(clip.captions) and bool(_STEADY.match(clip.captions[0].lower()))


def stands_still(clip: Clip) -> bool:
    """Whether a clip's caption says that it shows somebody who only stands."""
    return bool(clip.captions) and bool(_STILL.match(clip.captions[0].lower()))
