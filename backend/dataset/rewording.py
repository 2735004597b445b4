"""Other ways to say a caption: as a director, a game's list of clips or somebody in a hurry would type it.

A caption made of a subject and verbs in the third person ("a person walks forward, then stops and waves") is taken
apart and put together again with another subject, as an order ("walk forward, then stop and wave"), without articles
or as the name of a clip ("walk_forward"). Captions of any other form keep their words.
"""

import random
import re
from collections.abc import Callable

from .captions import SUBJECTS, VOCABULARY, ing_form

_SUBJECT = re.compile(
    r"^(?P<subject>(?:(?:a|an|the|one|this) (?:[\w-]+ )??(?:person|man|woman|figure|character|human|guy|actor|soldier|"
    r"individual|boxer|dancer|knight|robot|performer)|someone|somebody|he|she|the person)) (?P<rest>.+?)(?P<stop>\.?)$"
)
_PLAIN = re.compile(r"^(a|an|the|one|this) (person|man|woman|figure|character|human)$|^(someone|somebody|he|she)$")
_AUXILIARIES = {"is": "be", "has": "have", "does": "do", "goes": "go"}
_NO_VERBS = {
    "hands", "arms", "legs", "feet", "knees", "hips", "shoulders", "fists", "steps", "times", "circles", "others",
    "boxes", "jacks", "sides", "degrees", "palms", "elbows", "eyes", "toes", "fingers", "this", "its", "his", "thumbs",
    "as", "across", "towards", "forwards", "backwards", "sideways", "upwards", "downwards", "always", "us", "weapons",
}  # fmt: skip
_CONNECTED = re.compile(r"(?P<before>^|(?:, |\b(?:and|then|but|or) )(?:then |finally |suddenly )?)(?P<verb>[a-z]+s)\b")
_ARTICLES = re.compile(r"\b(?:a|an|the|their|his|her)\s+")
_SPELLINGS = tuple(
    pair
    for british, american in (
        ("towards", "toward"), ("backwards", "backward"), ("forwards", "forward"),
        ("anticlockwise", "counterclockwise"), ("metres", "meters"), ("metre", "meter"),
        ("on the spot", "in place"), ("rubbish", "trash"), ("football", "soccer"),
    )
    for pair in ((british, american), (american, british))
)  # fmt: skip
_NOISE = 120  # sentences of random letters
_RESPELLED, _TYPED_WRONG = 0.3, 0.06  # shares of captions


def base_form(third: str) -> str | None:
    """The base of a verb in the third person singular ("carries" -> "carry"); None if it does not look like one."""
    if third in _AUXILIARIES:
        return _AUXILIARIES[third]
    if third in _NO_VERBS or len(third) < 4 or not third.endswith("s") or third.endswith(("ss", "us", "is")):
        return None
    if third.endswith("ies"):
        return third[:-3] + "y" if len(third) > 4 else third[:-1]
    if re.search(r"(ss|sh|ch|x|zz)es$", third):
        return third[:-2]
    return third[:-1]


def reworded(caption: str, rng: random.Random, count: int) -> list[str]:
    """At most `count` different ways to say a caption, itself first. Sides and numbers are never changed."""
    out = [caption]
    for _ in range(4 * count):
        if len(out) >= count:
            break
        other = _typed_wrong(_respelled(_said_anew(caption, rng), rng), rng)
        if other not in out:
            out.append(other)
    return out[:count]


def _said_anew(caption: str, rng: random.Random) -> str:
    text = re.sub(r"^([A-Z])(?=[a-z ])", lambda m: m[1].lower(), caption.strip())
    found = _SUBJECT.match(text)
    if found is None:
        return _without_articles(text) if rng.random() < 0.4 else text.rstrip(".") + rng.choice(("", "."))
    subject, rest = found["subject"], found["rest"]
    form = rng.choices(("third", "being", "base", "bare", "clip"), (0.42, 0.12, 0.22, 0.12, 0.12))[0]
    if form == "third":
        return _with_subject(subject, rest, rng)
    if form == "being":
        doing = _each_verb(rest, ing_form)
        return rest if doing is None else f"{rng.choice((subject + ' is ', ''))}{doing}"
    base = _each_verb(rest, lambda verb: verb)
    if base is None:
        return _without_articles(text)
    if form == "base":
        return base + rng.choice(("", "", "!", "."))
    bare = _without_articles(base)
    if form == "bare":
        return bare
    return re.sub(r"[^\w]+", "_", bare).strip("_") if len(bare.split()) <= 5 else bare


def _with_subject(subject: str, rest: str, rng: random.Random) -> str:
    other = rng.choice(SUBJECTS) if _PLAIN.match(subject) else subject
    sentence = f"{other} {rest}"
    if rng.random() < 0.2:
        sentence = _without_articles(sentence)
    return sentence + rng.choice(("", "."))


def _each_verb(rest: str, form: Callable[[str], str]) -> str | None:
    """The words after the subject, with the first verb and those after "and" and "then" in another form; None if the
    first is not in the third person."""
    first = re.match(r"[a-z]+", rest)
    if first is None or base_form(first[0]) is None or first[0] == "is":
        return None

    def changed(match: re.Match[str]) -> str:
        base = base_form(match["verb"])
        return match[0] if base is None else match["before"] + form(base)

    return _CONNECTED.sub(changed, rest)


def _without_articles(text: str) -> str:
    return _ARTICLES.sub("", text)


def _respelled(text: str, rng: random.Random) -> str:
    """British for American spelling or the other way round, now and then."""
    fitting = [(old, new) for old, new in _SPELLINGS if re.search(rf"(?<!a )\b{old}\b", text)]
    if not fitting or rng.random() >= _RESPELLED:
        return text
    old, new = rng.choice(fitting)
    return re.sub(rf"(?<!a )\b{old}\b", new, text)


def _typed_wrong(text: str, rng: random.Random) -> str:
    """Now and then one word of five letters or more with a letter left out, doubled or swapped with the next."""
    words = [m.span() for m in re.finditer(r"[a-z]{5,}", text)]
    words = [(a, b) for a, b in words if text[a:b] not in ("right", "left")]
    if not words or rng.random() >= _TYPED_WRONG:
        return text
    start, end = rng.choice(words)
    at = rng.randrange(start + 1, end - 1)
    here, after = text[at], text[at + 1]
    return text[:at] + rng.choice((after, here + here + after, after + here)) + text[at + 2 :]


def unknown_texts(rng: random.Random) -> list[str]:
    """What no model of human motion can follow: see `words/unknown.toml`, and random letters."""
    unknown = VOCABULARY.unknown

    def word() -> str:
        return "".join(rng.choice(unknown.letters) for _ in range(rng.randint(2, 9)))

    noise = [" ".join(word() for _ in range(rng.randint(1, 5))) for _ in range(_NOISE)]
    return [*unknown.foreign, *unknown.beings, *unknown.other, *noise]
