"""Captions for clips that are described by their names: subject, action and style, in many wordings.

Which clip shows what was learned from looking at them. Words kept out on purpose, so that a model can be asked for
what it never read: strolls, sprints, grandma, greets, exhausted as an adverb, and others.
"""

import random
from dataclasses import dataclass

SUBJECTS = (
    "a person", "a person", "a person", "someone", "a man", "a woman", "the person", "a figure", "somebody",
    "a character", "the man", "the woman", "an actor", "he", "she",
)  # fmt: skip


@dataclass(frozen=True)
class _Verb:
    """One wording, inflected: third person, -ing form, base form; `tail` follows the adverb."""

    third: str
    ing: str
    base: str
    tail: str = ""


def _v(third: str, ing: str, base: str, tail: str = "") -> _Verb:
    return _Verb(third, ing, base, tail)


def _raise_hand(side: str) -> tuple[_Verb, ...]:
    hand = {"left": "the left hand", "right": "the right hand", "both": "both hands"}[side]
    arm = {"left": "the left arm", "right": "the right arm", "both": "both arms"}[side]
    own = hand.replace("the ", "their ")
    return (
        _v("raises", "raising", "raise", hand),
        _v("raises", "raising", "raise", arm),
        _v("lifts", "lifting", "lift", hand),
        _v("lifts", "lifting", "lift", f"{arm} up"),
        _v("puts", "putting", "put", f"{hand} up"),
        _v("raises", "raising", "raise", f"{own} up high"),
        _v("holds", "holding", "hold", f"{hand} up in the air"),
        _v("raises", "raising", "raise", f"{hand} above the head"),
        _v("reaches up", "reaching up", "reach up", f"with {hand}"),
    )


def _wave(side: str) -> tuple[_Verb, ...]:
    hand = {"left": "the left hand", "right": "the right hand", "both": "both hands"}[side]
    arm = {"left": "the left arm", "right": "the right arm", "both": "both arms"}[side]
    return (
        _v("waves", "waving", "wave", hand),
        _v("waves", "waving", "wave", f"with {hand}"),
        _v("waves", "waving", "wave", arm),
        _v("lifts", "lifting", "lift", f"{hand} and waves"),
        _v("raises", "raising", "raise", f"{arm} and waves it" if side != "both" else "both arms and waves them"),
        _v("swings", "swinging", "swing", f"{hand} from side to side over the head"),
        _v("keeps waving", "waving", "keep waving", f"{hand} in the air"),
    )


def _turn(side: str) -> tuple[_Verb, ...]:
    clock = {"left": "counterclockwise", "right": "clockwise"}[side]
    return (
        _v("turns", "turning", "turn", side),
        _v("turns", "turning", "turn", f"to the {side}"),
        _v("walks and turns", "walking and turning", "walk and turn", f"to the {side}"),
        _v("walks forward and turns", "walking forward and turning", "walk forward and turn", side),
        _v("walks ahead, then turns", "walking ahead, then turning", "walk ahead, then turn", f"to the {side}"),
        _v("makes a turn", "making a turn", "make a turn", f"to the {side} while walking"),
        _v("walks", "walking", "walk", f"around a corner to the {side}"),
        _v("takes a turn", "taking a turn", "take a turn", f"to the {side}"),
        _v("walks", "walking", "walk", f"and goes {side}"),
        _v("turns", "turning", "turn", f"{clock} while walking"),
    )


def _veer(side: str) -> tuple[_Verb, ...]:
    return (
        _v("walks forward, drifting", "walking forward, drifting", "walk forward, drifting", f"to the {side}"),
        _v("walks diagonally", "walking diagonally", "walk diagonally", f"to the {side}"),
        _v("walks ahead and veers", "walking ahead and veering", "walk ahead and veer", side),
        _v("walks", "walking", "walk", f"forward in a slight curve to the {side}"),
        _v("goes", "going", "go", f"forward and a little to the {side}"),
    )


ACTIONS: dict[str, tuple[_Verb, ...]] = {
    "walk": (
        _v("walks", "walking", "walk"),
        _v("walks", "walking", "walk", "forward"),
        _v("walks", "walking", "walk", "ahead"),
        _v("walks", "walking", "walk", "straight ahead"),
        _v("walks", "walking", "walk", "in a straight line"),
        _v("goes", "going", "go", "forward on foot"),
        _v("steps", "stepping", "step", "forward"),
        _v("takes", "taking", "take", "some steps forward"),
        _v("moves", "moving", "move", "forward at a walk"),
        _v("paces", "pacing", "pace", "ahead"),
    ),
    "walk-back": (
        _v("walks", "walking", "walk", "backward"),
        _v("walks", "walking", "walk", "backwards"),
        _v("walks", "walking", "walk", "back"),
        _v("steps", "stepping", "step", "backward"),
        _v("goes", "going", "go", "backwards"),
        _v("backs away", "backing away", "back away"),
        _v("backs up", "backing up", "back up"),
        _v("moves", "moving", "move", "back while facing the front"),
        _v("takes", "taking", "take", "some steps back"),
    ),
    "walk-left": _veer("left"),
    "walk-right": _veer("right"),
    "walk-turn-left": _turn("left"),
    "walk-turn-right": _turn("right"),
    "run": (
        _v("runs", "running", "run"),
        _v("runs", "running", "run", "forward"),
        _v("runs", "running", "run", "ahead"),
        _v("runs", "running", "run", "straight ahead"),
        _v("jogs", "jogging", "jog"),
        _v("jogs", "jogging", "jog", "forward"),
        _v("goes", "going", "go", "for a run"),
        _v("moves", "moving", "move", "forward at a run"),
    ),
    "dash": (
        _v("dashes", "dashing", "dash"),
        _v("dashes", "dashing", "dash", "forward"),
        _v("runs", "running", "run", "at full speed"),
        _v("runs", "running", "run", "very fast"),
        _v("races", "racing", "race", "ahead"),
        _v("runs", "running", "run", "as fast as possible"),
    ),
    "bow": (
        _v("bows", "bowing", "bow"),
        _v("bows", "bowing", "bow", "down"),
        _v("takes", "taking", "take", "a bow"),
        _v("bends", "bending", "bend", "forward in a bow"),
        _v("bends", "bending", "bend", "the upper body forward"),
        _v("makes", "making", "make", "a bow"),
        _v("leans", "leaning", "lean", "forward and bows"),
    ),
    "bye": (
        _v("waves", "waving", "wave", "goodbye with the right hand at the chest"),
        _v("gives", "giving", "give", "a small wave with the right hand"),
        _v("waves", "waving", "wave", "with the right hand in front of the chest"),
        _v("says", "saying", "say", "bye with a small wave of the right hand"),
    ),
    "bye-left": (
        _v("waves", "waving", "wave", "goodbye with the left hand at the chest"),
        _v("gives", "giving", "give", "a small wave with the left hand"),
        _v("waves", "waving", "wave", "with the left hand in front of the chest"),
        _v("says", "saying", "say", "bye with a small wave of the left hand"),
    ),
    "byebye": (
        _v("waves", "waving", "wave", "goodbye"),
        _v("waves", "waving", "wave", "goodbye with both hands"),
        _v("waves", "waving", "wave", "bye bye"),
        _v("says", "saying", "say", "goodbye and waves"),
        _v("waves", "waving", "wave", "farewell with both arms"),
    ),
    "call": (
        _v(
            "leans forward and shouts",
            "leaning forward and shouting",
            "lean forward and shout",
            "with the hands at the mouth",
        ),
        _v("calls", "calling", "call", "somebody over"),
        _v("calls out", "calling out", "call out", "to someone far away and beckons"),
        _v("bends forward and yells", "bending forward and yelling", "bend forward and yell"),
    ),
    "guide": (
        _v("shows", "showing", "show", "the way with one hand"),
        _v("holds out", "holding out", "hold out", "a hand to guide somebody"),
        _v("guides", "guiding", "guide", "someone with a gesture of the hand"),
        _v("points", "pointing", "point", "the way"),
        _v("gestures", "gesturing", "gesture", "ahead with one arm"),
        _v("invites", "inviting", "invite", "somebody to come in with one arm"),
    ),
    "respond": (
        _v("answers", "answering", "answer", "a call by raising the left hand high"),
        _v("raises", "raising", "raise", "the left hand high to answer"),
        _v("responds", "responding", "respond", "with the left arm stretched up"),
    ),
    "respond-right": (
        _v("answers", "answering", "answer", "a call by raising the right hand high"),
        _v("raises", "raising", "raise", "the right hand high to answer"),
        _v("responds", "responding", "respond", "with the right arm stretched up"),
    ),
    "kick": (
        _v("kicks", "kicking", "kick"),
        _v("kicks", "kicking", "kick", "with one leg"),
        _v("does", "doing", "do", "high kicks"),
        _v("kicks", "kicking", "kick", "hard several times"),
    ),
    "punch": (
        _v("punches", "punching", "punch"),
        _v("throws", "throwing", "throw", "punches"),
        _v("boxes", "boxing", "box"),
        _v("punches", "punching", "punch", "the air"),
        _v("hits", "hitting", "hit", "with the fist"),
    ),
    "slash": (
        _v("slashes", "slashing", "slash", "with a sword"),
        _v("swings", "swinging", "swing", "a sword with both hands"),
        _v("swings", "swinging", "swing", "a sword"),
        _v("cuts", "cutting", "cut", "with a long sword"),
    ),
    "dance-short": (
        _v("dances", "dancing", "dance"),
        _v("does", "doing", "do", "a dance"),
        _v("dances", "dancing", "dance", "to music"),
        _v("performs", "performing", "perform", "a dance"),
    ),
    "raise-up-left-hand": _raise_hand("left"),
    "raise-up-right-hand": _raise_hand("right"),
    "raise-up-both-hands": _raise_hand("both"),
    "wave-left-hand": _wave("left"),
    "wave-right-hand": _wave("right"),
    "wave-both-hands": _wave("both"),
}


def _raise_little(side: str) -> tuple[_Verb, ...]:
    hand = {"left": "the left hand", "right": "the right hand", "both": "both hands"}[side]
    return (
        _v("raises", "raising", "raise", f"{hand} a little"),
        _v("raises", "raising", "raise", f"{hand} to the shoulder"),
        _v("lifts", "lifting", "lift", f"{hand} halfway"),
        _v("holds up", "holding up", "hold up", f"{hand} beside the face"),
    )


def _wave_little(side: str) -> tuple[_Verb, ...]:
    hand = {"left": "the left hand", "right": "the right hand", "both": "both hands"}[side]
    return (
        _v("waves", "waving", "wave", f"{hand} a little"),
        _v("waves", "waving", "wave", f"{hand} at the height of the shoulder"),
        _v("gives a small wave", "giving a small wave", "give a small wave", f"with {hand}"),
        _v("waves", "waving", "wave", f"slowly with {hand}"),
    )


# What is said where the clip does it only a little.
LITTLE: dict[str, tuple[_Verb, ...]] = {
    **{f"raise-up-{hand}": _raise_little(hand.split("-")[0]) for hand in ("left-hand", "right-hand", "both-hands")},
    **{f"wave-{hand}": _wave_little(hand.split("-")[0]) for hand in ("left-hand", "right-hand", "both-hands")},
    "bow": (
        _v("bows", "bowing", "bow", "a little"),
        _v("bows", "bowing", "bow", "slightly"),
        _v("makes", "making", "make", "a small bow"),
        _v("nods", "nodding", "nod", "with a slight bow"),
    ),
    "run": (
        _v("jogs", "jogging", "jog", "slowly"),
        _v("runs", "running", "run", "slowly"),
        _v("trots", "trotting", "trot", "along"),
        _v("runs", "running", "run", "at an easy pace"),
    ),
}

# style -> (adverbs, subjects that bring the style with them, phrases that follow)
STYLES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "normal": (("normally", "calmly"), (), ("in a normal way", "at a normal pace")),
    "happy": (
        ("happily", "cheerfully", "joyfully"),
        ("a happy person", "a cheerful man", "a happy woman"),
        ("in a good mood", "with joy"),
    ),
    "sad": (
        ("sadly", "gloomily", "unhappily"),
        ("a sad person", "a sad man", "a depressed woman"),
        ("with the head hanging", "in low spirits"),
    ),
    "angry": (
        ("angrily", "furiously", "in anger"),
        ("an angry person", "an angry man", "a furious woman"),
        ("full of anger",),
    ),
    "proud": (
        ("proudly", "arrogantly", "confidently"),
        ("a proud person", "a proud man", "a confident woman"),
        ("with the chest out", "full of pride"),
    ),
    "not-confident": (
        ("shyly", "timidly", "hesitantly", "nervously"),
        ("a shy person", "a timid man", "a nervous woman"),
        ("without confidence", "with little confidence"),
    ),
    "masculinity": (("manfully", "in a manly way"), ("a manly man", "a macho man"), ("in a masculine way",)),
    "masculine": (("in a manly way",), ("a manly man", "a strong man"), ("in a masculine way", "like a man")),
    "feminine": (
        ("gracefully", "in a feminine way", "elegantly"),
        ("a feminine woman", "a lady", "an elegant woman"),
        ("like a lady",),
    ),
    "childish": (
        ("childishly", "playfully"),
        ("a child", "a kid", "a little boy", "a little girl"),
        ("like a child", "like a kid"),
    ),
    "old": (
        ("feebly", "shakily"),
        ("an old person", "an old man", "an old woman"),
        ("like an old man", "with a bent back"),
    ),
    "elderly": (
        ("feebly", "stiffly"),
        ("an elderly person", "an elderly man", "an old woman", "an old man"),
        ("like an elderly person", "like an old person"),
    ),
    "tired": (("tiredly", "wearily"), ("a tired person", "a tired man", "a weary woman"), ("without any energy",)),
    "exhausted": (
        ("tiredly", "wearily"),
        ("an exhausted person", "an exhausted man", "a tired woman"),
        ("as if worn out", "with the last of their strength"),
    ),
    "active": (
        ("actively", "energetically", "vigorously"),
        ("an active person", "an energetic man", "an energetic woman"),
        ("with a lot of energy", "full of energy"),
    ),
    "youthful": (
        ("youthfully", "with a spring in the step"),
        ("a young person", "a young man", "a young woman", "a teenager"),
        ("like a young person",),
    ),
    "musical": (
        ("rhythmically", "musically"),
        ("a musical person", "a dancer"),
        ("to the rhythm of music", "as in a musical", "as if dancing"),
    ),
    "giant": (("heavily", "like a giant"), ("a giant", "a huge man", "a giant monster"), ("with heavy movements",)),
    "chimpira": (
        ("with a swagger", "rudely"),
        ("a street tough", "a thug", "a gangster"),
        ("like a street thug", "like a gangster"),
    ),
}

_PLAIN_STYLES = ("normal",)
_STYLE_OFTEN_UNSAID = 0.35  # even styled clips are sometimes only named by what happens


def describe(content: str, style: str, mirrored: bool, little: bool, rng: random.Random) -> str:
    """One sentence for a clip of that content and style; little: it does so only a little.

    Raises KeyError for a content or style that is unknown.
    """
    if mirrored:
        content = {"bye": "bye-left", "respond": "respond-right"}.get(content, content)
    verb = rng.choice(LITTLE[content] if little and content in LITTLE else ACTIONS[content])
    adverbs, subjects, phrases = STYLES[style]
    subject, adverb, phrase = rng.choice(SUBJECTS), "", ""
    unsaid = 0.85 if style in _PLAIN_STYLES else _STYLE_OFTEN_UNSAID
    if rng.random() >= unsaid:
        ways = [w for w, options in (("adverb", adverbs), ("subject", subjects), ("phrase", phrases)) if options]
        way = rng.choice(ways)
        subject = rng.choice(subjects) if way == "subject" else subject
        adverb = rng.choice(adverbs) if way == "adverb" else ""
        phrase = rng.choice(phrases) if way == "phrase" else ""
    return _sentence(subject, verb, adverb, phrase, rng)


def _sentence(subject: str, verb: _Verb, adverb: str, phrase: str, rng: random.Random) -> str:
    shape = rng.random()
    if shape < 0.62:
        words = [subject, verb.third]
    elif shape < 0.82:
        words = [subject, "is", verb.ing]
    elif shape < 0.92:
        words = [verb.base] if subject in SUBJECTS else [subject, verb.third]
    else:
        words = [verb.ing] if subject in SUBJECTS else [subject, verb.ing]
    place = rng.random()
    if adverb and place < 0.3 and len(words) > 1 and " " not in adverb:
        words.insert(-1, adverb)
        adverb = ""
    tail = [verb.tail, adverb, phrase] if place < 0.8 or " " in adverb else [adverb, verb.tail, phrase]
    sentence = " ".join(w for w in [*words, *tail] if w)
    return sentence + ("." if rng.random() < 0.5 else "")
