"""Importing folders of clips: what is taken, what is said about it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.motions import swinging

from motiongpt.backend.commands.cli import main
from motiongpt.backend.dataset.clips import checksum, load_dataset
from motiongpt.backend.dataset.importing.bvh_clips import Selection, import_clips
from motiongpt.backend.dataset.sets import load_sets
from motiongpt.retarget.files.bvh import write_bvh

SETS = """
[ours]
licence = "CC0, us"
group = "free"
[lab]
licence = "CC BY-NC 4.0, a lab"
group = "non-commercial"
weight = 0.5
[studio]
licence = "CC BY-SA 4.0, a studio"
group = "share-alike"
"""
CAPTIONS = """file,caption,action,weight
ours/0.bvh,a person swings the left arm,swing-left,2
ours/0.bvh,someone swings the left arm,,
lab/1.bvh,a person swings the left arm,,
studio/2.bvh,a person swings the left arm,swing-left,
ours/3.bvh,not wanted,,0
ours/absent.bvh,gone,,
"""


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    place = tmp_path / "clips"
    for index, name in enumerate(("ours", "lab", "studio", "ours", "ours")):
        (place / name).mkdir(parents=True, exist_ok=True)
        write_bvh(swinging(index), place / name / f"{index}.bvh")
    write_bvh(swinging(9).slice(0, 8), place / "ours" / "short.bvh")
    (place / "captions.csv").write_text(CAPTIONS)
    (tmp_path / "sets.toml").write_text(SETS)
    return place


def imported(capsys: pytest.CaptureFixture[str], clips: Path, *options: str) -> dict[str, object]:
    place, out = clips.parent, clips.parent / "dataset"
    command = ["data", "import", str(clips), "--captions", str(clips / "captions.csv"), "-o", str(out), "--json"]
    assert main([*command, "--sets", str(place / "sets.toml"), *options]) == 0
    return dict(json.loads(capsys.readouterr().out.splitlines()[-1]))


def test_labels_weights_and_licences_are_kept(clips: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = imported(capsys, clips, "--group", "free", "--group", "non-commercial")
    out = clips.parent / "dataset"
    found = {(c.name, c.mirrored): c for c in load_dataset(out).clips}
    assert {name for name, _ in found} == {"ours/0.bvh", "lab/1.bvh", "ours/4.bvh"}
    first, mirrored = found["ours/0.bvh", False], found["ours/0.bvh", True]
    assert (first.set, first.action, first.weight, len(first.captions)) == ("ours", "swing-left", 2.0, 2)
    assert (mirrored.action, mirrored.captions[0]) == ("swing-right", "a person swings the right arm")
    assert found["lab/1.bvh", False].weight == 0.5
    assert {s.name: (s.group, s.clips) for s in load_sets(out)} == {"ours": ("free", 2), "lab": ("non-commercial", 1)}
    assert [line.split("/")[-1].split(":")[0] for line in said["skipped"]] == ["3.bvh", "short.bvh"]  # type: ignore[attr-defined]
    assert said["unused"] == ["ours/absent.bvh"]


def test_texts_of_a_later_test_are_no_captions(clips: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = clips.parent / "texts.txt"
    texts.write_text("A person swings... the RIGHT_arm\nswings arm\n")
    imported(capsys, clips, "--only", "ours", "--hold-out", str(texts))
    found = {c.mirrored: c.captions for c in load_dataset(clips.parent / "dataset").clips if c.name == "ours/0.bvh"}
    assert found == {False: ["someone swings the left arm"], True: ["someone swings the right arm"]}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "Non-commercial clips (lab) and share-alike clips (studio) can't be in one data set"),
        (("--only", "attic"), "There are no clips of attic"),
    ],
)
def test_what_can_not_be_is_refused_and_leaves_nothing(
    clips: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], message: str
) -> None:
    out = clips.parent / "dataset"
    sets = ("--sets", str(clips.parent / "sets.toml"))
    assert main(["data", "import", str(clips), "-o", str(out), *sets, *options]) != 0
    assert message in capsys.readouterr().err
    assert not (out / "clips.json").exists()


def test_a_set_without_licence_is_named(clips: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sets = clips.parent / "sets.toml"
    sets.write_text('[ours]\nlicence = "CC0"\ngroup = "free"\n')
    assert main(["data", "import", str(clips), "-o", str(clips.parent / "d"), "--sets", str(sets)]) != 0
    assert "no licence for lab" in capsys.readouterr().err


def test_cut_and_mended_clips_are_named(tmp_path: Path) -> None:
    motion = swinging(1, 80)
    root = motion.root_position.copy()
    root[0] += (4.0, 0.0, 0.0)
    root[:, 1] += 0.3 * np.clip(np.arange(80) / 20.0 - 1.0, 0.0, 1.0)
    (tmp_path / "in").mkdir()
    write_bvh(replace(motion, root_position=root), tmp_path / "in" / "a.bvh")
    found = import_clips([tmp_path / "in"], tmp_path / "out", (), Selection(mirror=False))
    assert found.cut == ["in/a.bvh: 4.00 s cut to 3.95 s, where joints jump between two frames"]
    assert len(found.mended) == 1 and not found.floating
    assert (tmp_path / "out" / "changed.txt").read_text().count("in/a.bvh") == 2
    (clip,) = found.dataset.clips
    assert np.ptp(found.dataset.of(clip)[:, 3]) < 0.1  # height of the pelvis


def test_checksum_follows_the_contents(clips: Path, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for out, mirror in ((one, True), (other, False)):
        import_clips([clips / "ours"], out, (), Selection(mirror=mirror))
    moved = tmp_path / "moved"
    same = checksum(one)
    one.rename(moved)
    assert checksum(moved) == same != checksum(other)
    path = moved / "clips.json"
    path.write_text(path.read_text().replace('"captions": []', '"captions": ["x"]', 1))
    assert checksum(moved) != same
    assert checksum(moved, captions=False) != checksum(other, captions=False)
