"""Captions for clips whose names say what they show: subject, action and style, in many wordings.

What each clip shows was determined by watching it. The words are in the TOML files of `words`.
"""

import random
import re
from dataclasses import dataclass

from .words.vocabulary import Style, Wording, read_vocabulary

VOCABULARY = read_vocabulary()
SUBJECTS = VOCABULARY.sentences.subjects
OWNERS = VOCABULARY.sentences.owners
"""Possessive that replaces "their" -> pronoun that replaces "they" along with it."""


@dataclass(frozen=True)
class _Verb:
    """One wording, inflected: third person, -ing form, base form; `tail` follows the adverb."""

    third: str
    ing: str
    base: str
    tail: str = ""


_INFLECTED = re.compile(r"^\w+|(?<=\band )\w+|(?<=\bthen )\w+")
_ONE_SHORT_VOWEL = re.compile(r"[^aeiou]*[aeiou][^aeiouwxy]|begin")


def third_person(verb: str) -> str:
    """The form after "he": walk, walks."""
    if verb == "have":
        return "has"
    if re.search(r"[^aeiou]y$", verb):
        return verb[:-1] + "ies"
    return verb + ("es" if re.search(r"(s|x|z|ch|sh|o)$", verb) else "s")


def ing_form(verb: str) -> str:
    """The present participle: walk, walking."""
    if _ONE_SHORT_VOWEL.fullmatch(verb):
        return verb + verb[-1] + "ing"
    return (verb[:-1] if re.search(r"[^e]e$", verb) else verb) + "ing"


def _inflect(base: str, tail: str) -> _Verb:
    third = _INFLECTED.sub(lambda m: third_person(m[0]), base)
    # "is walking", not "is keeping walking".
    ing = (
        re.sub(r"^keep (on )?", "", base)
        if base.startswith("keep ")
        else _INFLECTED.sub(lambda m: ing_form(m[0]), base)
    )
    return _Verb(third, ing, base, tail)


def _verbs(wordings: dict[str, tuple[Wording, ...]]) -> dict[str, tuple[_Verb, ...]]:
    return {action: tuple(_inflect(*wording) for wording in of) for action, of in wordings.items()}


ACTIONS = _verbs(VOCABULARY.actions.wordings)
LITTLE = _verbs(VOCABULARY.actions.little)
"""Wordings for clips that do the action only a little."""


def _a(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' and not words.startswith(('eu', 'uni')) else 'a'} {words}"


_Ways = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]


def _ways(style: Style) -> _Ways:
    """Adverbs, subjects that imply the style, and phrases that end the sentence: those in the file, and those built
    from its adjectives and people."""
    # Each adjective with two of the nouns, in rotation.
    pairs = ((a, style.nouns[(i + j) % len(style.nouns)]) for i, a in enumerate(style.adjectives) for j in (0, 1))
    return (
        (*style.adverbs, *(f"in {_a(adjective)} way" for adjective in style.adjectives)),
        (*style.subjects, *map(_a, style.people), *(_a(f"{adjective} {noun}") for adjective, noun in pairs)),
        (*style.phrases, *(f"like {_a(person)}" for person in style.people)),
    )


SAME_STYLE = {name: style for style, table in VOCABULARY.styles.items() for name in table.same}
"""Style name in clips -> the style that it is a synonym of."""
STYLES = {style: _ways(VOCABULARY.styles[SAME_STYLE.get(style, style)]) for style in (*VOCABULARY.styles, *SAME_STYLE)}
"""Style -> (adverbs, subjects that imply the style, phrases that end the sentence)."""

_PLAIN_STYLES = ("normal",)
_STYLE_OMITTED = 0.2  # share of styled clips whose caption names the action alone
# An adverb may stand before these, but not between a verb and its object.
_AFTER_ADVERB = re.compile(
    r"(forward|ahead|along|across|around|backwards?|diagonally|from|through|in|on|at|to|by|with|while)\b"
)


def mirrored_action(content: str) -> str:
    """The action of a mirrored clip whose content names no side for `swap_sides` to swap: a mirrored `bye` waves with
    the left hand."""
    return VOCABULARY.actions.mirrored.get(content, content)


def describe(content: str, style: str, mirrored: bool, little: bool, rng: random.Random) -> str:
    """One sentence for a clip of that content and style. little: the clip does the action only a little.

    Raises KeyError for an unknown content or style.
    """
    content = mirrored_action(content) if mirrored else content
    verb = rng.choice(LITTLE[content] if little and content in LITTLE else ACTIONS[content])
    adverbs, subjects, phrases = STYLES[style]
    subject, adverb, phrase = rng.choice(SUBJECTS), "", ""
    omitted = 0.85 if style in _PLAIN_STYLES else _STYLE_OMITTED
    if rng.random() >= omitted:
        way = rng.choice(("adverb", "subject", "phrase"))
        subject = rng.choice(subjects) if way == "subject" else subject
        adverb = rng.choice(adverbs) if way == "adverb" else ""
        phrase = rng.choice(phrases) if way == "phrase" else ""
    return _sentence(subject, verb, adverb, phrase, rng)


def _sentence(subject: str, verb: _Verb, adverb: str, phrase: str, rng: random.Random) -> str:
    shape = rng.random()
    owner = _owner(subject)
    if shape < 0.62:
        words = [subject, verb.third]
    elif shape < 0.82:
        words = [subject, "is", verb.ing]
    elif subject not in SUBJECTS:
        words = [subject, verb.third if shape < 0.92 else verb.ing]
    elif shape < 0.92:
        words, owner = [verb.base], "your"
    else:
        words, owner = [verb.ing], "their"
    place = rng.random()
    if adverb and " " not in adverb and (verb.tail.endswith("ly") or (place < 0.3 and len(words) > 1)):
        words.insert(-1, adverb)
        adverb = ""
    early = place >= 0.8 and " " not in adverb and _AFTER_ADVERB.match(verb.tail)
    tail = [adverb, verb.tail, phrase] if early else [verb.tail, adverb, phrase]
    sentence = _owned(" ".join(w for w in [*words, *tail] if w), owner)
    return sentence + ("." if rng.random() < 0.5 else "")


def _owner(subject: str) -> str:
    """The possessive for a subject: "his" for "the man"."""
    if re.search(r"she$|woman$|girl$|lady$", subject):
        return "her"
    return "his" if re.search(r"\bhe$|man$|boy$|guy$|king$", subject) else "their"


def _owned(sentence: str, owner: str) -> str:
    sentence = re.sub(r"\btheir\b", owner, sentence)
    return re.sub(r"\bthey\b", OWNERS[owner], sentence)
