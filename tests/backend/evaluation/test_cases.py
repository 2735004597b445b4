"""The lists that evaluation rests on: the split, the captions, the prompts in words kept out of training."""

import csv
import re
import tarfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from motiongpt.backend.dataset.captions import ACTIONS, LITTLE, OWNERS, SAME_STYLE, STYLES, SUBJECTS
from motiongpt.backend.dataset.clips import Clip, Dataset
from motiongpt.backend.dataset.importing.bvh_clips import _tags
from motiongpt.backend.dataset.meaning import (
    ACTION_NAMES,
    SAME_ACTION,
    STYLE_NAMES,
    Meaning,
    meaning_of_tags,
    read_caption,
)
from motiongpt.backend.evaluation import cases
from motiongpt.backend.evaluation.cases import _test_captions, cases_of, unseen_prompts
from motiongpt.backend.evaluation.unseen import JOINT_CHECKS

LISTS = Path(cases.__file__).parent


def list_test_clips() -> list[str]:
    """Names of the project's test clips."""
    return (LISTS / "test_clips.txt").read_text(encoding="utf-8").split("\n")[:-1]


def unseen_pairs() -> list[tuple[str, str]]:
    """(action, style) that no training clip shows, of actions that more than two styles have."""
    with open(LISTS / "unseen_pairs.csv", newline="", encoding="utf-8") as file:
        return [(row["action"], row["style"]) for row in csv.DictReader(file)]


def by_rule(name: str) -> bool:
    return Clip(name, 0, 1).split == "test"


def words_of_training() -> set[str]:
    """Every word that `describe` can write."""
    texts = [*SUBJECTS, *OWNERS, *OWNERS.values()]
    for verbs in (*ACTIONS.values(), *LITTLE.values()):
        texts += [f"{v.third} {v.ing} {v.base} {v.tail}" for v in verbs]
    texts += [phrase for ways in STYLES.values() for way in ways for phrase in way]
    return set(re.findall(r"[a-z]+", " ".join(texts).lower()))


def test_the_list_of_test_clips_obeys_the_rule() -> None:
    names = list_test_clips()
    assert names == sorted(set(names))
    assert len(names) == 152
    assert all(by_rule(name) and zlib.crc32(name.encode()) % 20 == 0 for name in names)


def test_the_list_leaves_out_no_captioned_clip(shared_dir) -> None:
    listed = set(list_test_clips())
    with open(shared_dir / "mocap" / "captions.csv", newline="", encoding="utf-8") as file:
        names = {row["file"] for row in csv.DictReader(file)}
    assert {n for n in names if by_rule(n)} >= {n for n in listed if not n.startswith(("bandai", "cmu-poser"))}
    # Clips that the rule picks and the list lacks are those that the import leaves out as too short.
    assert len({n for n in names if by_rule(n)} - listed) <= 3


@pytest.mark.slow
def test_the_list_leaves_out_no_clip_of_the_archive(shared_dir) -> None:
    with tarfile.open(shared_dir / "mocap" / "bandai-namco.tar.xz") as archive:
        names = [m.name.removeprefix("./") for m in archive if m.name.endswith(".bvh")]
    assert len(names) > 2000
    assert {n for n in names if by_rule(n)} == {n for n in list_test_clips() if n.startswith("bandai")}


def test_test_captions_cover_the_named_test_clips_and_say_their_style() -> None:
    captions = _test_captions()
    assert {name for name, _ in captions} <= set(list_test_clips())
    for name in list_test_clips():
        if not name.startswith("bandai"):
            continue
        for mirrored in (False, True):
            meaning = meaning_of_tags(_tags(Path(name), mirrored), mirrored)
            texts = captions[name, mirrored]
            assert meaning is not None and len(set(texts)) == 3
            for text in texts:
                read = read_caption(text)
                assert read.kind == meaning.kind, text
                assert read.style == meaning.style or meaning.style == "normal", text


def test_unseen_words_are_in_no_caption_that_can_be_made() -> None:
    known = words_of_training()
    prompts = [p for p in unseen_prompts() if p.kind == "word"]
    assert len(prompts) >= 200
    for prompt in prompts:
        assert prompt.words, prompt.prompt
        assert set(prompt.words) <= set(re.findall(r"[a-z]+", prompt.prompt.lower())), prompt.prompt
        assert not set(prompt.words) & known, prompt.prompt
    assert {"strolls", "sprints", "grandma", "greets"} <= {w for p in prompts for w in p.words}


ENDINGS = re.compile(
    r"(?<=[a-z]{3})(ings?|ed|ers?|est|e?s|e|ly|y|i|ness|ful|ment|ish|ous|al|ant|ent|ion|or|ive|able|less|ile|like)$"
)


KIN_OF_OLD = {
    "exhausted", "girl", "jog", "jogs", "jogging", "lady", "run", "runs", "running", "speed", "times", "youthfully",
}  # fmt: skip
"""Words that captions held before their kin were asked for: exhaustedly, girlish, jogger and so on."""


def stem(word: str) -> str:
    """A word without its endings: "stroll" for "strollers". Crude: it conflates too many rather than too few."""
    shorter = ENDINGS.sub("", word)
    if shorter != word:
        return stem(shorter)
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


def test_stems() -> None:
    pairs = (
        ("strolls", "strolling"), ("weary", "wearily"), ("plods", "plodding"), ("mad", "madly"), ("jogger", "jogs"),
        ("marches", "marched"), ("ogre", "ogres"), ("mournful", "mourning"), ("hurries", "hurry"),
        ("bashful", "bashfully"), ("haughty", "haughtily"),
    )  # fmt: skip
    for one, other in pairs:
        assert stem(one) == stem(other), (one, other)
    assert stem("walks") != stem("waves")


def test_no_kin_of_unseen_words_is_in_a_caption_that_can_be_made() -> None:
    unseen = {stem(word): word for prompt in unseen_prompts() for word in prompt.words}
    kin = {word for word in words_of_training() if len(word) > 2 and stem(word) in unseen}
    assert not kin - KIN_OF_OLD
    assert kin >= KIN_OF_OLD  # no exception is without need


def test_unseen_words_are_in_no_caption_of_the_table(shared_dir) -> None:
    with open(shared_dir / "mocap" / "captions.csv", newline="", encoding="utf-8") as file:
        known = set(re.findall(r"[a-z]+", " ".join(row["caption"] for row in csv.DictReader(file)).lower()))
    assert len(known) > 200
    assert not known & {w for p in unseen_prompts() for w in p.words}


def test_unseen_prompts_ask_for_what_can_be_judged() -> None:
    prompts = unseen_prompts()
    assert len({p.prompt for p in prompts}) == len(prompts)
    for prompt in prompts:
        assert prompt.actions and set(prompt.actions) <= set(ACTION_NAMES)
        assert set(prompt.styles) <= set(STYLE_NAMES)
    assert {a for p in prompts for a in p.actions} >= set(JOINT_CHECKS)


def test_unseen_pairs_are_asked_for_in_known_words() -> None:
    known = words_of_training()
    asked = [p for p in unseen_prompts() if p.kind == "pair"]
    assert {(p.actions[0], p.styles[0]) for p in asked} == set(unseen_pairs())
    for prompt in asked:
        assert set(re.findall(r"[a-z]+", prompt.prompt)) <= known, prompt.prompt
        read = read_caption(prompt.prompt)
        assert (read.action, read.style) == (prompt.actions[0], prompt.styles[0])


def test_unseen_pairs_are_in_no_training_clip_of_the_archive(shared_dir) -> None:
    with open(shared_dir / "mocap" / "SOURCES.md", encoding="utf-8") as file:
        table = next(line for line in file if line.startswith("| dataset-2"))
    contents, styles = ([w.strip() for w in cell.split(",")] for cell in table.split("|")[2:4])
    named = {(SAME_ACTION.get(c, c), SAME_STYLE.get(s, s)) for c in contents for s in styles}
    assert len(named) == 70
    assert not named & set(unseen_pairs())  # of that set every pair is there


def test_cases_take_the_kept_captions_else_the_clips_own() -> None:
    names = [n for n in (f"mine/{i}.bvh" for i in range(200)) if Clip(n, 0, 1).split == "test"]
    kept = "bandai-train/dataset-1_dash_giant_001.bvh"
    clips = [
        Clip(names[0], 0, 80, ["a person walks"]),
        Clip(names[1], 0, 80),  # without words
        Clip(names[2], 0, 10, ["too short"]),
        Clip(kept, 0, 80, [], {"content": "dash", "style": "giant"}),
    ]
    found = cases_of(Dataset(np.zeros((80, 263), np.float32), clips))
    assert [c.clip.name for c in found] == [names[0], kept]
    assert found[0].prompt == "a person walks"
    assert "giant" in found[1].prompt and found[1].meaning == Meaning("run", "giant")
    assert len(cases_of(Dataset(np.zeros((80, 263), np.float32), clips * 4), limit=3)) == 3
