"""The captions of the recordings that the starter models are made from: `scripts/starter`."""

import csv
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator

import pytest
from support.import_graph import ROOT

from motiongpt.backend.dataset.clips import set_of, swap_sides
from motiongpt.backend.dataset.sets import read_sets

STARTER = ROOT / "scripts" / "starter"
GESTURES = ROOT / "backend" / "dataset" / "authoring" / "gestures"

LABELS = """
aim-gun, air-guitar, backflip, ballet, blow-kiss, bow, bow-aim, bow-shoot, boxing, brush-off, cartwheel, cast, cheer,
cheer-jump, chop, climb, confetti, counter-attack, cover-face, crawl, crawl back, crawl in place, crouch, crouch-walk
in place, dab, dance, dig, disgust, dizzy, dribble, drive, exercise, fall-side, fear, finger-guns, finger-wag, fish,
fist-pump, flex, fly, get-angry, get-up-crouch, hammer, hand-signals, handshake, hold, hold-torch, hop, hug, idle, jog
in place, jump-air, jump-attack, jump-turn, jumping jacks, kick ball, land, levitate, lie, listen, mind-blown, mine,
open-chest, parry, peace-sign, point-self, power-up, press-button, push-ups, raise-both, raise-finger, raise-hand,
reload, rock-paper-scissors, roll, run, run back, run back in place, run back stop, run carry, run hop, run in place,
run jump, run left, run right, run stop, run turn left, run turn right, run u turn right, sad, saw, shield-attack,
shiver, shoot, shoot-ball, shout, side-step, side-step in place, sit, sit-floor, sit-talk, sit-ups, skip, skip stop,
slump, smoke, sneak, spin-kick, start run, start run back, start walk, start walk back, step in place, surprise, swim,
swing-arms, sword-attack, sword-combo, take-off, take-picture, talk, tantrum, taunt, throw-money, tired, try-on, turn
around, turn left 90, turn right 90, two-hand-strike, two-weapon-attack, type, use-item, walk, walk back, walk back in
place, walk back stop, walk carry, walk down, walk hop, walk in place, walk left, walk right, walk stop, walk turn
left, walk turn right, walk u turn left, walk u turn right, walk uneven, wash, wash-window, wave, whisper, whistle,
work, work-kneeling, worry, write, yawn, zombie walk
"""
"""Actions that the recordings show and no authored gesture has."""

Row = dict[str, str]


def known_labels() -> set[str]:
    gestures = {tomllib.loads(p.read_text(encoding="utf-8"))["action"] for p in GESTURES.glob("*.toml")}
    return gestures | {" ".join(label.split()) for label in LABELS.split(",")}


def faults(rows: list[Row], sets: set[str]) -> Iterator[str]:
    """What is wrong with a table of captions."""
    known, labels, seen = known_labels(), dict[str, tuple[str, str]](), set[tuple[str, str]]()
    for row in rows:
        name, caption, action, weight = (row[c] for c in ("file", "caption", "action", "weight"))
        if set_of(name) not in sets or not name.endswith(".bvh"):
            yield f"{name}: no clip of a known set"
        if not caption or caption != " ".join(caption.split()) or not re.fullmatch(r"[\w ,'!-]+", caption):
            yield f"{name}: the caption {caption!r}"
        if (name, caption.lower()) in seen:
            yield f"{name}: the caption {caption!r} twice"
        seen.add((name, caption.lower()))
        if not set(action.split(", ")) <= known:
            yield f"{name}: the action {action!r}"
        if not re.fullmatch(r"\d(\.\d{1,2})?", weight):
            yield f"{name}: the weight {weight!r}"
        if labels.setdefault(name, (action, weight)) != (action, weight):
            yield f"{name}: rows that disagree"


def sides(texts: list[str]) -> set[str]:
    return {word for text in texts for word in re.findall("left|right", text.lower())}


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    with open(STARTER / "captions.csv", newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        assert reader.fieldnames == ["file", "caption", "action", "weight"]
        return list(reader)


def test_the_table_is_in_order(rows: list[Row]) -> None:
    assert list(faults(rows, set(read_sets(STARTER / "sets.toml")))) == []


def test_every_set_that_needs_captions_has_some(rows: list[Row]) -> None:
    """Bandai-Namco's clips are described by their names; what the project makes itself brings its captions along."""
    own = {"bandai-train", "authored", "derived-free", "derived-share-alike", "derived-nc"}
    assert {set_of(row["file"]) for row in rows} == set(read_sets(STARTER / "sets.toml")) - own


def test_a_clip_has_up_to_four_captions_and_the_first_is_a_sentence(rows: list[Row]) -> None:
    of = defaultdict[str, list[Row]](list)
    for row in rows:
        of[row["file"]].append(row)
    few = [name for name, some in of.items() if not (2 <= len(some) <= 4 or float(some[0]["weight"]) == 0.0)]
    assert few == []
    assert [name for name, some in of.items() if not some[0]["caption"].startswith("a person ")] == []


def test_labels_with_a_side_say_it_in_words_too(rows: list[Row]) -> None:
    """A mirrored copy swaps the words left and right: in a label `turn left 90` as in the captions."""
    for row in rows:
        if swap_sides(row["action"]) != row["action"]:
            captions = [r["caption"] for r in rows if r["file"] == row["file"]]
            assert sides([row["action"]]) <= sides(captions), row["file"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"file": "unknown/nod.bvh"}, "no clip of a known set"),
        ({"caption": ""}, "the caption"),
        ({"caption": "a person  nods"}, "the caption"),
        ({"caption": "a person *nods"}, "the caption"),
        ({"action": "nodding"}, "the action"),
        ({"action": "walk, nodding"}, "the action"),
        ({"weight": "heavy"}, "the weight"),
        ({"weight": ""}, "the weight"),
        ({"weight": "0.5"}, "disagree"),
        ({"caption": "A person nods"}, "twice"),
    ],
)
def test_a_fault_is_found(change: Row, fault: str) -> None:
    good = {"file": "mine/nod.bvh", "caption": "a person nods", "action": "nod", "weight": "1"}
    other = good | {"caption": "nod yes"}
    assert list(faults([good, other], {"mine"})) == []
    assert any(fault in found for found in faults([good, other | change], {"mine"}))
