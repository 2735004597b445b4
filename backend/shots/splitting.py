"""A text split into its actions, in the order in which they happen.

What says that one thing follows another splits: full stops, "then", "after that", "before", "finally", a comma before a
new verb, and what needs legs to stand on after getting up ("gets up and walks away"). What happens at the same time
stays one: "while", "and" without "then", a comma before an -ing form ("walks, waving"), what is held ("squats, holds
it"), and denials, which need what they are about ("does not walk, he stands still").
"""

import re
from dataclasses import dataclass

from .verbs import base_of, is_base, is_ing, is_third_person, third_person

_DECIMAL = re.compile(r"(?<=\d)[.,](?=\d)")
_SENTENCE = re.compile(r"\s*(?:[.!?;]+(?=\s|$)|\n+|\s[–—-]+>?\s|->|→)\s*")
_FOLLOWS = (
    r"then|after that|after this|after which|afterwards?|thereafter|next|finally|lastly|at last|subsequently|later|"
    r"followed by|eventually|in the end|at the end"
)
_LINK = re.compile(
    rf"\s*(?:,\s*)?\b(?:and|but)?\s*\b(?:{_FOLLOWS})\b(?:\s+(?:{_FOLLOWS})\b)?\s*(?:,\s*)?", re.IGNORECASE
)
_NOT_A_LINK = re.compile(r"\b(?:next|later)\b(?=\s+(?:to|leg|foot|on|than))|\bnow and then\b|\bback then\b", re.I)
_FIRST = re.compile(r"^\s*(?:at first|first of all|first|firstly|to begin with|initially)\b\s*,?\s*", re.IGNORECASE)
_AND = re.compile(r"^(?:and|but|so)\s+", re.IGNORECASE)
_DENIAL = re.compile(r"\b(?:not|never|without|no longer|neither|nor|\w+n't|doesnt|dont)\b", re.IGNORECASE)
_HOLD = re.compile(
    r"(?:and\s+)?(?:holds?|keeps?|stays?)\s+(?:it|that|this|there|so|the pose|the position)\b", re.IGNORECASE
)
_TOGETHER = re.compile(r"\b(?:while|whilst|as|at the same time|simultaneously|meanwhile)\b", re.IGNORECASE)
_BEFORE_FIRST = re.compile(r"^before\s+(?P<second>[^,]+),\s*(?P<first>.+)$", re.IGNORECASE | re.DOTALL)
_AFTER_FIRST = re.compile(r"^(?:after|having|once)\s+(?P<first>[^,]+),\s*(?P<second>.+)$", re.IGNORECASE | re.DOTALL)
_BEFORE = re.compile(r"^(?P<first>.+?),?\s+before\s+(?P<second>.+)$", re.IGNORECASE | re.DOTALL)
_AFTER = re.compile(r"^(?P<second>.+?),?\s+after\s+(?P<first>.+)$", re.IGNORECASE | re.DOTALL)

_UP_AND_AWAY = re.compile(
    r"^(?P<first>.*\b(?:gets?|stands?|rises?|climbs?)\b(?: back)? (?:up|out)\b.*?),? and "
    r"(?P<second>(?:walk|run|jog|step|march|sneak|limp|stroll|leave|stride|sprint|dash|go(?:es)?)\w*\b.*)$",
    re.IGNORECASE | re.DOTALL,
)

_PEOPLE = (
    r"person|man|woman|boy|girl|child|kid|guy|lady|human|figure|character|someone|somebody|soldier|zombie|robot|"
    r"dancer|boxer|player|athlete|runner|monster|giant|ninja|knight|king|queen|toddler|teenager|adult|he|she|they|it|"
    r"people|individual|actor|animator|hero|villain|warrior|thief|drunk|patient|worker|student|teacher|pirate|"
    r"wizard|witch|cowboy|sailor|nurse|doctor|chef|clown|elder|senior|grandmother|grandfather|subject"
)
_SUBJECT = re.compile(
    rf"^(?:(?:a|an|the|this|that|another|some|our)\s+(?:[\w-]+\s+){{0,3}}?)?(?:{_PEOPLE})\b(?:\s+(?:who|that)\b)?"
    r"(?:\s+(?:is|are|was|starts? to|begins? to))?\s+",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"^(?:he|she|they|it|this person|that person|the person)\b", re.IGNORECASE)
_ADVERB = re.compile(r"^(?:\w+ly|just|suddenly|again|once more|immediately|also|still|now)\b,?\s*(?=\w)", re.IGNORECASE)
_PREPOSITION = re.compile(
    r"^(?:with|to|on|from|in|into|at|for|over|up|down|the|his|her|their|left|right|forwards?|backwards?|back|sideways|"
    r"again|once|twice|another|\d)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Clause:
    """subject: as written, "" if none is.  rest: what follows it."""

    subject: str
    rest: str

    @staticmethod
    def of(text: str) -> "_Clause":
        text = _AND.sub("", text.strip(" \t\r\n,.;:!?"))
        text = text if text[1:2].isupper() else text[:1].lower() + text[1:]
        found = _SUBJECT.match(text)
        return _Clause(found[0].strip(), text[found.end() :]) if found else _Clause("", text)

    @property
    def verb(self) -> str:
        """The first word after adverbs."""
        found = re.match(r"[a-z'-]+", _without_adverbs(self.rest).lower())
        return found[0] if found else ""


def split_actions(text: str) -> tuple[str, ...]:
    """The actions of a text, each as a prompt of its own; a text of one action comes back as it is, in a tuple of one.

    Who acts, said once, is said in every part; a part without a verb of its own takes that of the part before.

    >>> split_actions("walks forward, then stops and waves")
    ('walks forward', 'stops and waves')
    >>> split_actions("Before bowing, an old man kicks with the left leg and then with the right leg.")
    ('an old man kicks with the left leg', 'an old man kicks with the right leg', 'an old man bows')
    >>> split_actions("does not walk, he stands still")
    ('does not walk, he stands still',)
    """
    clauses = [
        _Clause.of(part)
        for sentence in _sentences(text)
        for started in _started_late(sentence)
        for linked in _linked(started)
        for ordered in _ordered(linked)
        for part in _at_commas(ordered)
    ]
    clauses = [c for c in clauses if c.rest.strip()]
    if len(clauses) < 2:
        return (text.strip(),)
    return _completed(clauses)


def _sentences(text: str) -> list[str]:
    """Decimal points and commas in numbers don't end a sentence."""
    hidden = _DECIMAL.sub("\0", text)
    return [part.replace("\0", ".") for part in _SENTENCE.split(hidden) if part.strip()]


def _linked(sentence: str) -> list[str]:
    """The parts around words such as "then"."""
    kept = _NOT_A_LINK.sub(lambda found: found[0].replace(" ", "\1").replace("t", "\2"), _FIRST.sub("", sentence))
    parts = _LINK.split(kept)
    return [part.replace("\1", " ").replace("\2", "t") for part in parts if part and part.strip(" ,")]


def _started_late(sentence: str) -> list[str]:
    """ "Before B, A and then C" and "after A, B and then C" in the order of what is done: A, C, B and A, B, C."""
    text = sentence.strip()
    for pattern in (_BEFORE_FIRST, _AFTER_FIRST):
        found = pattern.match(text)
        if found and not _DENIAL.search(text) and all(_acts(_Clause.of(found[p])) for p in ("first", "second")):
            return [found["first"], found["second"]]
    return [text]


def _ordered(text: str) -> list[str]:
    """ "B after A" and "A before B" in the order A, B, where a verb follows: not in "stands before the table"."""
    text = text.strip()
    if _DENIAL.search(text):
        return [text]
    if found := _UP_AND_AWAY.match(text):
        return [found["first"], found["second"]]
    for pattern in (_BEFORE, _AFTER):
        found = pattern.match(text)
        if found and all(_acts(_Clause.of(found[part])) for part in ("first", "second")):
            return [*_ordered(found["first"]), *_ordered(found["second"])]
    return [text]


def _acts(clause: _Clause) -> bool:
    """Whether a clause begins with a verb."""
    return is_third_person(clause.verb) or is_base(clause.verb) or is_ing(clause.verb)


def _at_commas(text: str) -> list[str]:
    """The parts between commas; one that does not begin with a verb, or denies something, stays with its neighbour."""
    parts = re.split(r",\s*(?!\d)", text)
    if len(parts) < 2 or _DENIAL.search(text):
        return [text]
    out = [parts[0]]
    for part in parts[1:]:
        before, clause = _Clause.of(out[-1]), _Clause.of(part)
        together = _TOGETHER.match(part.strip()) or _HOLD.match(part.strip())
        if together or not _follows(before, clause):
            out[-1] = f"{out[-1]}, {part}"
        else:
            out.append(part)
    return _last_of_three(out)


def _follows(before: _Clause, clause: _Clause) -> bool:
    """Whether a clause after a comma is another action: -ing forms only after -ing forms, base forms only after base
    forms or with somebody who acts ("they walk")."""
    first, verb = before.verb, clause.verb
    if not _acts(before):
        return False
    if is_third_person(verb):
        return True
    if is_ing(verb):
        return is_ing(first)
    return is_base(verb) and (is_base(first) or bool(clause.subject))


def _last_of_three(parts: list[str]) -> list[str]:
    """ "walks, jumps and waves" is a list: its last "and" splits, too, if all of its parts have one verb."""
    if len(parts) < 2 or " and " in "".join(parts[:-1]):
        return parts
    head, _, tail = parts[-1].rpartition(" and ")
    one_verb = len(re.findall(r"\w+", head)) <= 2 or len(parts) > 2
    if head and one_verb and _follows(_Clause.of(head), _Clause.of(tail)) and len(parts) > 2:
        return [*parts[:-1], head, tail]
    return parts


def _without_adverbs(text: str) -> str:
    while found := _ADVERB.match(text):
        text = text[found.end() :]
    return text


def _completed(clauses: list[_Clause]) -> tuple[str, ...]:
    """Every clause with its subject, and with a verb."""
    named = next((c.subject for c in clauses if c.subject and not _PRONOUN.match(c.subject)), "")
    subject = re.sub(r"\s+(?:who|that|is|are|was|(?:start|begin)s? to)\b.*$", "", named)
    out: list[str] = []
    verb = ""
    for clause in clauses:
        rest = clause.rest
        if not _acts(clause) and verb and _PREPOSITION.match(rest):
            rest = f"{verb} {rest}"
        elif is_ing(clause.verb) and len(clauses) > 1 and any(is_third_person(c.verb) for c in clauses):
            rest = rest.replace(clause.verb, third_person(base_of(clause.verb)), 1)
        current = _Clause("", rest).verb
        verb = current if base_of(current) else verb
        out.append(_said_by(clause, subject, rest))
    return tuple(out)


def _said_by(clause: _Clause, subject: str, rest: str) -> str:
    """A clause with who acts: the one named in the text instead of none or of a pronoun."""
    if clause.subject and not (_PRONOUN.match(clause.subject) and subject):
        return f"{clause.subject} {rest}" if clause.rest == rest else f"{_bare(clause.subject)} {rest}"
    if not subject:
        return rest
    # "they walk" said of one person.
    if clause.subject and is_base(verb := _Clause("", rest).verb):
        rest = rest.replace(verb, third_person(verb), 1)
    return f"{subject} {rest}"


def _bare(subject: str) -> str:
    return re.sub(r"\s+(?:is|are|was)$", "", subject)
