"""Recipes, words and the folder that `motiongpt data derive` writes, from a walker made of formulas."""

import csv
import random
from pathlib import Path

import numpy as np
import pytest
from support.walking import standing_still, starting, steady, stopping, walking

from motiongpt.backend.commands.cli import main
from motiongpt.backend.dataset.derived import changing
from motiongpt.backend.dataset.derived.book import COLUMNS, derive
from motiongpt.backend.dataset.derived.library import SOURCES, read_library, strictest
from motiongpt.backend.dataset.derived.measures import faults, high_energy, sliding
from motiongpt.backend.dataset.derived.recipe import ACTS, Kitchen
from motiongpt.backend.dataset.derived.wording import Act, captions, said, times
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.files.bvh import write_bvh
from motiongpt.retarget.motion import Motion

_CLIPS = {
    "cmu/002_01.bvh": lambda: walking(steady(4.0)),
    "cmu-more/09_11.bvh": lambda: walking(steady(4.0, 1.3)),
    "bandai-train/dataset-1_walk_normal_001.bvh": lambda: walking(steady(4.0, 1.1)),
    "accad/Female1_B01_StandToWalk.bvh": lambda: walking(starting(5.0)),
    "accad/Female1_B02_WalkToStandT2.bvh": lambda: walking(stopping(5.0)),
    "hifi/v1_idle.bvh": lambda: standing_still(),
    "sumerian-hosts/adult_male_stand_idle.bvh": lambda: standing_still(4.0),
    "decentraland/shrug.bvh": lambda: standing_still(2.0),
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    for name, make in _CLIPS.items():
        (folder / name).parent.mkdir(exist_ok=True)
        write_bvh(make(), folder / name)
    return folder


@pytest.fixture(scope="module")
def made(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("derived")
    derive(base, out, None, seed=1, variants=0.1)
    return out


def _rows(folder: Path) -> list[dict[str, str]]:
    with open(folder / "captions.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_clip_has_captions_a_weight_and_the_set_of_its_sources(made: Path) -> None:
    rows = _rows(made)
    assert tuple(rows[0]) == COLUMNS
    assert {row["file"] for row in rows} == {p.relative_to(made).as_posix() for p in made.rglob("*.bvh")}
    assert all(row["file"].startswith(row["set"] + "/") and 0.25 <= float(row["weight"]) <= 2.0 for row in rows)
    assert {"derived-free", "derived-nc", "derived-share-alike"} == {row["set"] for row in rows}
    for file in {row["file"] for row in rows}:
        assert 2 <= len({row["caption"] for row in rows if row["file"] == file}) <= 6


def test_the_same_seed_gives_the_same_files_and_another_others(base: Path, made: Path, tmp_path: Path) -> None:
    derive(base, tmp_path / "again", None, seed=1, variants=0.01)
    derive(base, tmp_path / "other", None, seed=2, variants=0.01)
    again = sorted((tmp_path / "again").rglob("*.bvh"))
    assert len(again) > 20
    assert all(path.read_bytes() == (made / path.relative_to(tmp_path / "again")).read_bytes() for path in again)
    circle = "derived-free/circle_000.bvh"
    assert (made / circle).read_bytes() != (tmp_path / "other" / circle).read_bytes()


def test_nc_and_share_alike_never_meet() -> None:
    assert strictest("free", "nc") == "nc"
    assert strictest("free", "share-alike", "free") == "share-alike"
    with pytest.raises(ValueError, match="not joined"):
        strictest("nc", "share-alike")


def test_a_kitchen_prefers_its_own_group_and_falls_back_on_free_clips(base: Path) -> None:
    library = read_library(base, lambda done, total: None)

    def group(licence: str, kind: str) -> set[str]:
        kitchen = Kitchen(library, licence, None, np.random.default_rng(0))
        return {kitchen.gait(kind).licence for _ in range(10)}

    assert group("nc", "walk") == {"nc"}
    assert group("nc", "start_walk") == {"free"}
    assert group("share-alike", "walk") == {"free"}
    with pytest.raises(LookupError):
        group("free", "skip")


def test_a_folder_without_the_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MotionGPTError, match="holds none of the clips that a walk"):
        derive(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_no_variants_make_no_clips(base: Path, tmp_path: Path) -> None:
    with pytest.raises(MotionGPTError, match="No clips were asked for"):
        derive(base, tmp_path / "out", variants=0.0)


def test_the_command_reports_what_it_made(base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "derive", str(base), "-o", str(tmp_path / "d"), "--variants", "0.01"]) == 0
    assert "clips" in capsys.readouterr().out
    assert main(["data", "derive", str(tmp_path / "none"), "-o", str(tmp_path / "e")]) != 0


def test_every_name_in_the_table_of_sources_is_worded() -> None:
    assert SOURCES.exists()
    for key, words in ACTS.items():
        assert words.says, key
        assert all("*" in s or "{go}" in s or "{act}" in s for s in words.says), key


def test_changes_on_the_way_are_in_the_motion(base: Path) -> None:
    """A freeze holds still to the end, pacing comes back, a walk goes on after its pause."""
    library = read_library(base, lambda done, total: None)
    kitchen = Kitchen(library, "free", None, np.random.default_rng(3))

    frozen = changing.freeze(kitchen).motion
    still = frozen.slice(len(frozen) - 30, len(frozen))
    assert np.abs(np.diff(still.joints, axis=0)).max() < 1e-6
    assert np.abs(np.diff(frozen.joints, axis=0)).max() < 0.25

    paced = changing.pace(kitchen).motion.root_position[:, [0, 2]]
    away = np.linalg.norm(paced - paced[0], axis=1)
    assert away.max() > 1.2
    assert away[len(away) // 3 :].min() < 0.5 * away.max()

    waited = changing.pause(kitchen)
    speed = np.linalg.norm(np.diff(waited.motion.root_position[:, [0, 2]], axis=0), axis=1) * 30.0
    slow = np.flatnonzero(speed < 0.1)
    assert len(slow) and speed[: slow[0]].max() > 0.5 and speed[slow[-1] :].max() > 0.5


def test_games_names_are_shortened() -> None:
    found = {captions([Act(("*strafe left",), "strafe left")], random.Random(seed), 4)[-1] for seed in range(60)}
    assert found & {"strafe_l", "Strafe_L", "strafe l"}


def test_phrases_are_inflected() -> None:
    assert said("*bend down and *pick up a box", "third") == "bends down and picks up a box"
    assert said("*sit down", "ing") == "sitting down"
    assert said("*walk", "base") == "walk"


def test_captions_come_in_several_registers_and_keep_the_order() -> None:
    acts = [Act(("*walk forward",), "walk"), Act(("*stop",), "stop"), Act(("*wave",), "wave")]
    found = {text for seed in range(30) for text in captions(acts, random.Random(seed), 4)}
    assert len(found) > 40
    assert any(text.islower() and "person" in text for text in found)
    assert any(text.lower().startswith("walk forward") for text in found)
    for text in found:
        words = text.lower()
        assert words.index("walk") < words.index("stop") < words.index("wav"), text


def test_numbers_of_times() -> None:
    said_so = {times(2, random.Random(seed)) for seed in range(20)}
    assert {"twice", "two times"} <= said_so


def test_faults_are_named() -> None:
    good = walking(steady(4.0))
    assert faults(good) == []
    assert "under the floor" in faults(good.shifted(np.array([0.0, -0.2, 0.0])))[0]
    assert "floats" in faults(good.shifted(np.array([0.0, 0.3, 0.0])))[0]
    gliding = good.shifted(np.linspace((0.0, 0.0, 0.0), (0.0, 0.0, 0.8), len(good)))
    assert sliding(gliding) > 0.05
    jump = Motion(
        good.rotations, good.root_position + [[0, 0, 1]] * (np.arange(120) > 60)[:, None], 30.0, good.contacts
    )
    assert "moves at" in faults(jump)[0]


def test_energy_at_high_frequencies() -> None:
    time = np.arange(120) / 30.0
    slow, fast = (standing_still(4.0).shifted(_shake(np.sin(2 * np.pi * hertz * time))) for hertz in (2.0, 11.0))
    assert high_energy(slow) < 0.05
    assert high_energy(fast) > 0.9


def _shake(height: np.ndarray) -> np.ndarray:
    return np.stack([0.0 * height, 0.05 * height, 0.0 * height], axis=-1)
