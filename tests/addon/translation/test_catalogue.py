"""Every text that the extension shows has a translation, every translation is of one, and every tooltip is there."""

import importlib.util
import re
import tomllib
from typing import Any

import pytest
from support.extension import EVERY_TASK, Scenario
from support.import_graph import ROOT
from support.spoken import Spoken, fields_of, read, refusals, spoken

FOLDER = ROOT / "addon" / "translation"
SAME = {"MotionGPT", "Unity", "Godot", "Unreal Engine", "CUDA", "FK", "IK", "Y", "Z"}
"""Names that are the same in every language."""
WIDE = re.compile("[\u4e00-\u9fff]")
FILES = sorted(FOLDER.glob("*.toml"))


def catalogue(file: Any) -> dict[str, str]:
    """All entries of a file; an English text stands in it once."""
    sections = tomllib.loads(file.read_text(encoding="utf-8"))
    entries = [entry for section in sections.values() for entry in section.items()]
    assert len(dict(entries)) == len(entries), "a text stands in two sections"
    return dict(entries)


def of_classes(classes: dict[str, Any]) -> set[str]:
    """What Blender shows of registered classes. What has no name of its own is storage, and not shown."""
    found = set()
    for name, about in classes.items():
        found |= {about["label"]} - {name}
        found |= {about["tip"]} if about["kind"] == "Operator" else set()
        for identifier, prop in about["properties"].items():
            if prop["name"] != identifier:
                found |= {prop["name"], prop["tip"], *(text for item in prop["items"] for text in item)}
    return found - {""}


def test_every_text_is_translated_and_every_translation_used(scenario: Scenario) -> None:
    shown = of_classes(scenario("texts")) | set(spoken().texts) | set(scenario("dynamic"))
    assert len(shown) > 700
    for file in FILES:
        translated = set(catalogue(file))
        assert sorted(shown - translated - SAME) == [], "without a translation"
        assert sorted(translated - shown - refusals()) == [], "no longer used"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_translations_have_the_fields_and_the_end_of_the_english(file: Any) -> None:
    for english, said in catalogue(file).items():
        assert fields_of(english) == fields_of(said), english
        assert said == said.strip() and (WIDE.search(said) or english in SAME | {"Python"} or "{" in said), english
        assert english.endswith(".") == said.endswith("。") or english.endswith("..."), english
        assert not re.search("[\u4e00-\u9fff][,;:!?()]", said), f"{english}: punctuation of Latin scripts"


def test_no_sentence_is_pasted_together() -> None:
    assert spoken().pasted == []


@pytest.mark.parametrize(
    ("source", "texts", "pasted"),
    [
        ("layout.label(text='Off')", {"Off"}, 0),
        ("layout.label(text='Off' if off else 'On')", {"Off", "On"}, 0),
        ("raise MotionGPTError('Gone.', 'Again.')", {"Gone.", "Again."}, 0),
        ("say('{count} done', count=2)", {"{count} done"}, 0),
        ("why = 'It is gone'", {"It is gone"}, 0),
        ("f'The bone {name} is gone.'", set(), 1),
        ("f'{count} takes'", set(), 1),
        ("log.info('It is gone')\nx['a b'] = f'{a}_{b}'", set(), 0),
        ("def f():\n    'It does so.'", set(), 0),
    ],
)
def test_what_a_module_says_is_found(source: str, texts: set[str], pasted: int) -> None:
    out = Spoken()
    read(source, "addon/x.py", out)
    assert (set(out.texts), len(out.pasted)) == (texts, pasted)


def test_every_operator_and_setting_has_a_tooltip(scenario: Scenario) -> None:
    tips = {}
    for name, about in scenario("texts").items():
        if about["kind"] == "Operator":
            tips[name] = about["tip"]
        tips |= {f"{name}.{i}": p["tip"] for i, p in about["properties"].items() if p["name"] != i}
    assert len(tips) > 150
    assert [name for name, tip in tips.items() if len(tip) < 6 or not tip[0].isupper()] == []
    assert [name for name, tip in tips.items() if tip.endswith(".") or "\n" in tip] == []  # Blender adds the full stop


def test_blender_finds_a_text_in_both_contexts_of_each_name() -> None:
    if importlib.util.find_spec("bpy") is None:
        pytest.skip("bpy is not installed")
    from motiongpt.addon.translation.catalogue import for_blender

    found = for_blender()
    assert set(found) == {"zh_HANS", "zh_CN"} and found["zh_HANS"] == found["zh_CN"]
    assert found["zh_HANS"]["Operator", "Generate"] == found["zh_HANS"]["*", "Generate"] == "生成"


def test_the_panel_is_drawn_in_chinese(scenario: Scenario) -> None:
    """With the catalogue in Blender's place, which a Blender without languages does not look up."""
    seen = scenario("in_chinese", EVERY_TASK)
    assert seen["refused"].endswith("文本为空。请描述一段运动，例如“a person walks forward”。")
    assert seen["done"].startswith("Person 的第 1 至 60 帧，位于动作“a person walks”中。")
    assert "第 1 至 60 帧" in seen["panel"] and "活动骨架：Person" in seen["panel"] and "Frames" not in seen["panel"]
    assert seen["wrapped"] == ["骨架“Person”没有动", "画。请先为其指定一个", "动作。"]
