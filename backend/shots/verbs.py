"""The verbs of prompts: which words are verbs and in what form, and how long what they name usually takes.

Any word may be a verb in the third person ("cartwheels"); base forms and -ing forms count only of verbs listed here,
because "right", "fast" or "building" look like them.
"""

import re

_SECONDS = {
    "walk": 3.0, "run": 2.5, "jog": 2.8, "sneak": 3.5, "creep": 3.5, "crawl": 4.0, "march": 3.0, "skip": 3.0,
    "limp": 3.5, "stroll": 3.5, "sprint": 2.5, "pace": 4.0, "climb": 4.0, "swim": 3.0, "dance": 4.0, "stagger": 3.5,
    "jump": 1.8, "hop": 2.0, "leap": 1.8, "step": 1.5, "turn": 2.0, "spin": 2.0, "rotate": 2.0,
    "wave": 3.0, "bow": 2.0, "nod": 2.0, "shrug": 2.0, "clap": 2.0, "salute": 1.8, "cheer": 2.0, "point": 2.0,
    "raise": 2.0, "lift": 2.0, "lower": 1.6, "shake": 2.0, "look": 3.2, "stretch": 3.0,
    "punch": 2.6, "kick": 2.0, "slash": 1.4, "strike": 1.4, "hit": 1.4, "throw": 1.8, "block": 1.4, "dodge": 1.4,
    "duck": 1.4, "catch": 1.8, "push": 1.8, "pull": 2.2, "swing": 1.6, "stab": 1.4,
    "sit": 2.4, "stand": 2.4, "kneel": 2.2, "crouch": 2.5, "squat": 2.2, "lie": 3.0, "fall": 2.0, "get": 3.0,
    "rise": 2.5, "pick": 2.3, "put": 2.0, "grab": 1.6, "reach": 1.8, "stop": 1.5, "pause": 1.5, "wait": 2.0,
    "rest": 2.5, "idle": 2.5, "drink": 3.0, "eat": 3.0, "talk": 3.5, "think": 2.5, "laugh": 2.5, "cry": 3.0,
    "pray": 3.0, "sing": 3.5, "play": 3.5, "cough": 1.8, "sneeze": 1.8, "trip": 1.8, "stumble": 2.0, "roll": 2.0,
    "flip": 2.0, "cartwheel": 2.2, "celebrate": 2.5, "exercise": 4.0, "greet": 3.0, "bend": 2.0, "lean": 2.0,
}  # fmt: skip
"""Seconds: medians over recorded clips with captions of one action, those of endless ones (walks, dances) about two
cycles; rounded, and those that no clip shows after what is most like them. Waves, punches and looks around have what
the model needs to show them."""
_MORE_WORDS = """
    go move come charge rush dash hurry wander strafe shuffle tiptoe stomp stride slide dive vault ride drive fly
    shift sway swivel twist twirl pivot face gesture beckon signal applaud hug kiss shoot aim draw guard fight box spar
    attack parry chop cut hold carry drop place open close knock press hammer dig sweep wipe clean wash write read type
    check tap touch rub scratch brush comb cross fold hang shiver tremble breathe yawn sigh sleep wake bounce jerk
    collapse land recover return continue keep start begin try pretend make do take give show pass slap smack
    headbutt flex cover hide peek watch listen speak say shout scream yell ask argue whistle smoke toast cook
    balance juggle dribble bowl bat serve pitch golf ski skate surf row hunt squirm wriggle flail wobble rock
    straighten relax tense freeze speed slow accelerate brake change switch
"""
_BASES = frozenset((*_SECONDS, *_MORE_WORDS.split()))
USUAL = 2.5
"""Seconds of an action whose verb is not listed."""
_ODD = {"lie": "lying", "get": "getting", "sit": "sitting", "run": "running"}
_VOWELS = "aeiou"
_NOT_VERBS_WORDS = """
    arms hands legs feet eyes knees elbows fists shoulders hips palms fingers toes heels thumbs wrists ankles thighs
    steps times circles metres meters degrees seconds ways sides stairs paces inches yards minutes lines loops rings
    always sideways forwards backwards upwards downwards towards outwards inwards afterwards besides perhaps sometimes
    this his its hers plus alas thus yes does others themselves ourselves
"""
_NOT_VERBS = frozenset(_NOT_VERBS_WORDS.split())


def ing_form(verb: str) -> str:
    """The -ing form of a base form.

    >>> [ing_form(verb) for verb in ("wave", "run", "walk", "lie", "flee")]
    ['waving', 'running', 'walking', 'lying', 'fleeing']
    """
    if verb in _ODD:
        return _ODD[verb]
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return verb[:-1] + "ing"
    doubled = len(verb) > 2 and len(re.findall(f"[{_VOWELS}]+", verb)) == 1 and verb[-2] in _VOWELS
    if doubled and verb[-3] not in _VOWELS and verb[-1] not in "aeiouwxyh":
        return verb + verb[-1] + "ing"
    return verb + "ing"


def third_person(verb: str) -> str:
    """The third person of a base form.

    >>> [third_person(verb) for verb in ("wave", "punch", "cry", "play", "go")]
    ['waves', 'punches', 'cries', 'plays', 'goes']
    """
    if verb.endswith(("s", "sh", "ch", "x", "z", "o")):
        return verb + "es"
    if verb.endswith("y") and verb[-2] not in _VOWELS:
        return verb[:-1] + "ies"
    return verb + "s"


_ING = {ing_form(verb): verb for verb in _BASES}
_THIRD = {third_person(verb): verb for verb in _BASES}


def is_third_person(word: str) -> bool:
    """Whether a word may be a verb in the third person."""
    return word in _THIRD or (word.endswith("s") and len(word) > 3 and word not in _NOT_VERBS and word[-2:] != "ss")


def is_base(word: str) -> bool:
    """Whether a word is a listed verb's base form."""
    return word in _BASES


def is_ing(word: str) -> bool:
    """Whether a word is a listed verb's -ing form."""
    return word in _ING


def base_of(word: str) -> str:
    """The base form of a verb in any form; "" of another word.

    >>> [base_of(word) for word in ("waves", "waving", "wave", "cartwheels", "slowly")]
    ['wave', 'wave', 'wave', 'cartwheel', '']
    """
    if is_base(word):
        return word
    if found := _THIRD.get(word) or _ING.get(word):
        return found
    return word[:-1] if is_third_person(word) else ""


def usual_seconds(text: str) -> float:
    """How long what a text of one action says usually takes: as long as the longest of its verbs.

    >>> usual_seconds("a person walks forward"), usual_seconds("stops and waves"), usual_seconds("does the splits")
    (3.0, 3.0, 2.5)
    """
    found = [_SECONDS[base] for word in re.findall(r"[a-z]+", text.lower()) if (base := base_of(word)) in _SECONDS]
    repeats = 1.0
    if counted := re.search(r"\b(twice|two times|three times|thrice|four times|five times)\b", text.lower()):
        repeats = {"twice": 1.3, "two": 1.3, "three": 1.7, "thrice": 1.7, "four": 2.1, "five": 2.5}[
            counted[1].split()[0]
        ]
    return max(found, default=USUAL) * repeats
