"""Authored acting: every gesture on every kind of base, the frame that performs it, and what is refused."""

import csv
import re
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from support.checkout import ROOT
from support.command_line import Capture, run_json

from motiongpt.backend.dataset.authoring import body, gesture, library
from motiongpt.backend.dataset.authoring.bases import Base, Bases, find_bases, stretched_to, usable_stretch
from motiongpt.backend.dataset.authoring.checks import faults
from motiongpt.backend.dataset.authoring.easing import GRAVITY, eased, minimum_jerk
from motiongpt.backend.dataset.authoring.gesture import Gesture, read_gesture
from motiongpt.backend.dataset.authoring.library import perform_on, planned
from motiongpt.backend.dataset.authoring.measures import hand_point, series, swings
from motiongpt.backend.dataset.authoring.performing import perform
from motiongpt.backend.dataset.authoring.takes import draw_take
from motiongpt.backend.dataset.authoring.wording import captions_of
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.files.bvh import write_bvh
from motiongpt.retarget.files.reading import read_motion
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.skeleton import JOINT, LEG_LENGTH

FPS = 30.0
NAMES = sorted(path.stem for path in gesture.FOLDER.glob("*.toml"))
LOWER = [JOINT[f"{side}_{part}"] for side in ("left", "right") for part in ("hip", "knee", "ankle", "foot")]


def _body(frames: int, breath: float = 1.0, **turns: tuple[float, float, float]) -> Motion:
    """Upright with hanging arms, breathing; other joints by rotation vectors in degrees."""
    joints = {
        "left_shoulder": (0.0, 0.0, -72.0), "right_shoulder": (0.0, 0.0, 72.0),
        "left_elbow": (0.0, -14.0, 0.0), "right_elbow": (0.0, 14.0, 0.0),
    } | turns  # fmt: skip
    rotations = np.tile(rot.IDENTITY, (frames, 22, 1))
    for name, vector in joints.items():
        rotations[:, JOINT[name]] = rot.from_rotation_vector(np.radians(vector))
    t = np.arange(frames) / FPS
    chest = np.radians(breath) * np.sin(2 * np.pi * 0.3 * t)
    rotations[:, JOINT["spine2"]] = rot.from_axis_angle((1.0, 0.0, 0.0), chest)
    return Motion(rotations, np.zeros((frames, 3)), FPS, np.zeros((frames, 4))).on_floor().with_contacts()


def _walk(frames: int) -> Motion:
    motion, t = _body(frames), np.arange(frames) / FPS
    rotations, root = motion.rotations.copy(), motion.root_position.copy()
    swing = 0.4 * np.sin(2 * np.pi * t)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        rotations[:, JOINT[f"{side}_hip"]] = rot.from_axis_angle((1.0, 0.0, 0.0), sign * swing)
    root[:, 2] = 1.2 * t
    return replace(motion, rotations=rotations, root_position=root).on_floor()


def _sit(frames: int) -> Motion:
    thighs = {f"{side}_hip": (-88.0, 0.0, 0.0) for side in ("left", "right")}
    shins = {f"{side}_knee": (88.0, 0.0, 0.0) for side in ("left", "right")}
    return _body(frames, **thighs, **shins)


BASES = Bases(
    {
        "idle": [Base("idle", "idle.bvh", _body(150)), Base("idle", "still.bvh", _body(80, 0.2))],
        "walk": [Base("walk", "walk.bvh", _walk(400))],
        "sit": [Base("sit", "sit.bvh", _sit(90))],
    },
    [],
)


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A folder of clips as `data author` takes it: two idles, one with folded arms, a walk, a sit."""
    folder = tmp_path / "recorded"
    folder.mkdir()
    folded = _body(90, left_elbow=(0.0, -110.0, 0.0), right_elbow=(0.0, 110.0, 0.0))
    clips = {"a.bvh": _body(120), "b.bvh": folded, "c.bvh": _walk(200), "d.bvh": _sit(90)}
    for name, motion in clips.items():
        write_bvh(motion, folder / name)
    rows = [
        ("a", "a person stands still"),
        ("b", "a person stands idle"),
        ("c", "a person walks."),
        ("d", "she is seated"),
    ]
    table = "\n".join(f"{name}.bvh,{caption}" for name, caption in rows)
    (folder / "captions.csv").write_text(f"file,caption\n{table}\n", encoding="utf-8")
    return folder


def _written(folder: Path, text: str) -> Path:
    """The folder, with the gesture trial.toml: an action, its keys and their tables."""
    folder.mkdir(exist_ok=True)
    top, _, rest = text.partition("[[")
    tables = f"[[{rest}" if rest else ""
    path = folder / "trial.toml"
    path.write_text(f'action = "trial"\n{top}\n[captions]\nword = ["trial"]\n{tables}', encoding="utf-8")
    return folder


def _performed(text: str, tmp_path: Path, seed: int = 0, side: str = "", base: Motion | None = None) -> Motion:
    """One take of a gesture on an idle."""
    read = read_gesture(_written(tmp_path / "gestures", text) / "trial.toml")
    rng = np.random.default_rng(seed)
    take = draw_take(read, rng, side, 0, "")
    return perform(take, stretched_to(base or _body(150), int(np.ceil(take.seconds * FPS)) + 1, rng), rng)


@pytest.mark.parametrize("name", NAMES)
def test_every_gesture_passes_its_checks_on_each_of_its_bases(name: str) -> None:
    read, sides, kinds, refused = read_gesture(gesture.FOLDER / f"{name}.toml"), set(), set(), []
    assert read.check, "a gesture without a check can't be judged"
    turns = max(1, 2 * len(read.bases) - 2)  # idles in between
    for number in range(2 * turns):
        rng = np.random.default_rng(number)
        for _ in range(3):
            take = planned(read, number, rng)
            made = perform_on(take, read, BASES, number, rng)
            if not isinstance(made, str):
                break
            refused.append(made)
        assert not isinstance(made, str), made
        sides.add(take.side)
        kinds.add(made[1].kind)
        assert np.isfinite(made[0].joints).all()
    assert kinds == set(read.bases)
    assert sides == ({"left", "right"} if read.sided else {""})
    assert len(refused) <= 1 + turns, refused


@pytest.mark.parametrize("name", NAMES)
def test_captions_are_in_several_registers_and_filled_in(name: str) -> None:
    read = read_gesture(gesture.FOLDER / f"{name}.toml")
    assert set(read.captions) >= {"sentence", "plain", "note", "game"}
    for number in range(12):
        rng = np.random.default_rng(number)
        take = planned(read, number, rng)
        for kind in read.bases:
            for text in captions_of(read, take, kind, rng):
                assert not re.search(r"[{}]|  |\s[.,]|^\s|\s$|[.,]{2}", text), text
                assert not re.search(
                    r"\b(a|an) (two|three|four|five|six)\b(?!-handed)|\bone \w+s\b"
                    r"|\b(two|three) (?!handed)\w+[^s\W]\b(?! times| \w+s\b|-\w+s\b)",
                    text,
                ), text
                assert {"left": "right", "right": "left", "": "none"}[take.side] not in text.lower().split(), text


def test_a_caption_says_side_count_speed_and_base(tmp_path: Path) -> None:
    text = 'bases = ["idle", "walk"]\nsided = true\ncount = [3, 3]\n[captions]\n'
    text += 'sentence = ["they {speed} do it {times} with the {side}, not the {other}."]\n'
    text += 'game = ["Trial_{S}"]\nword = ["trial"]\n'
    text += "[[key]]\ntime = 1\nrepeat = true\nhead = { pitch = 9 }\n"
    (tmp_path / "trial.toml").write_text('action = "trial"\n' + text, encoding="utf-8")
    read, rng = read_gesture(tmp_path / "trial.toml"), np.random.default_rng(0)
    take = draw_take(read, rng, "left", 3, "slowly")
    said = "they slowly do it three times with the left, not the right."
    assert captions_of(read, take, "idle", rng) == [said, "Trial_L", "trial"]
    sentence, game = captions_of(read, take, "walk", rng)
    assert sentence.endswith((" while walking.", " while walking along."))
    assert game == "Trial_L_Walk"
    only_walks = msgspec.structs.replace(read, bases=("walk",))
    assert captions_of(only_walks, take, "walk", rng) == [said, "Trial_L", "trial"]


def test_travel_in_a_repeat_counts_from_where_the_repeat_began(tmp_path: Path) -> None:
    text = "count = [3, 3]\n[[key]]\ntime = 1\nrepeat = true\ntravel = { ahead = [0.5, 0.5] }\n"
    take = draw_take(read_gesture(_written(tmp_path / "g", text) / "trial.toml"), np.random.default_rng(0), "", 3, "")
    assert [pose.travel.ahead for pose in take.poses] == [0.0, 0.5, 1.0, 1.5, 1.5]


def test_an_upper_body_gesture_leaves_legs_and_path_to_the_base(tmp_path: Path) -> None:
    walk = _walk(300)
    text = '[[key]]\ntime = 0.5\nhand.right = { at = "ear" }\nhead = { pitch = 20 }\n'
    read = read_gesture(_written(tmp_path / "g", text) / "trial.toml")
    made = perform(draw_take(read, np.random.default_rng(1)), walk, np.random.default_rng(1))
    np.testing.assert_allclose(made.joints[:, [0, *LOWER]], walk.joints[:, [0, *LOWER]], atol=1e-9)
    assert np.abs(made.joints[:, JOINT["right_wrist"]] - walk.joints[:, JOINT["right_wrist"]]).max() > 0.3


def test_a_hand_reaches_its_place_from_before_and_goes_back(tmp_path: Path) -> None:
    made = _performed(
        'lead = 0.5\n[[key]]\ntime = 0.6\nhold = 1\nhand.right = { at = "cheek", offset = [0.05, 0, 0.1] }\n', tmp_path
    )
    away = rot.length(
        hand_point(made, "right", "palm")
        - body.landmark("cheek", "right", made.joints, made.global_rotations, made.rotations[:, 0])
    )
    assert away.min() < 0.08
    assert away[0] > 0.5 and away[-1] > 0.5


def test_nothing_jumps(tmp_path: Path) -> None:
    for name in NAMES:
        read, rng = read_gesture(gesture.FOLDER / f"{name}.toml"), np.random.default_rng(3)
        made = perform_on(planned(read, 0, rng), read, BASES, 0, rng)
        if not isinstance(made, str):
            steps = rot.length(np.diff(made[0].joints, axis=0)).max() * FPS
            assert steps < 12.0, f"{name}: {steps:.1f} m/s"


def test_a_left_take_is_the_mirror_of_a_right_one(tmp_path: Path) -> None:
    text = 'sided = true\n[[key]]\ntime = 0.5\nhand.right = { at = "mouth" }\npelvis = { left = 0.1, height = 1.0 }\n'
    read = read_gesture(_written(tmp_path / "g", text) / "trial.toml")
    take, base = draw_take(read, np.random.default_rng(0), "right"), _body(120)
    right = perform(take, base, np.random.default_rng(5))
    left = perform(replace(take, side="left"), base.mirror(), np.random.default_rng(5))
    np.testing.assert_allclose(left.mirror().joints, right.joints, atol=1e-9)


def test_an_ease_between_stops_is_minimum_jerk_and_flows_through_keys_on_the_way() -> None:
    at = np.linspace(0.0, 2.0, 201)
    stop = eased(np.array([0.0, 2.0]), np.array([[0.0], [3.0]]), at)[:, 0]
    np.testing.assert_allclose(stop, 3.0 * minimum_jerk(at / 2.0), atol=1e-12)
    way = eased(np.array([0.0, 1.0, 2.0]), np.array([[0.0], [1.0], [2.0]]), at)[:, 0]
    assert np.gradient(way, at)[100] == pytest.approx(1.0, abs=0.02)
    back = eased(np.array([0.0, 1.0, 2.0]), np.array([[0.0], [1.0], [0.0]]), at)[:, 0]
    assert back.max() <= 1.0 + 1e-12 and abs(np.gradient(back, at)[100]) < 0.02


JUMP = """
[[key]]
time = 0.4
pelvis = { height = 0.9, pitch = 20 }
[[key]]
time = 0.2
flight = true
pelvis = { height = 1.18 }
foot.both = { at = "start", heel = 40 }
[[key]]
time = 0.5
pelvis = { height = 1.1 }
foot.both = { at = "start" }
travel = { ahead = 0.5 }
"""


def test_a_flight_falls_freely_and_travels(tmp_path: Path) -> None:
    made = _performed("lead = 0.5\ntail = 0.5\n" + JUMP, tmp_path)
    height = made.root_position[:, 1]
    top = int(height.argmax())
    fall = np.diff(height[top - 4 : top + 5], 2) * FPS**2
    np.testing.assert_allclose(fall, -GRAVITY, rtol=0.02)
    assert made.joints[top, [JOINT["left_foot"], JOINT["right_foot"]], 1].min() > 0.1
    assert made.centered().root_position[-1, 2] == pytest.approx(0.5 * LEG_LENGTH, abs=0.02)


STEPS = """
lead = 0.3
[[key]]
time = 0.4
travel = { turn = 45 }
foot.left = { at = "step" }
[[key]]
time = 0.4
travel = { turn = 90 }
foot.right = { at = "step" }
[[key]]
time = 0.4
foot.left = { at = "step" }
"""


def test_feet_that_step_stand_still_in_between(tmp_path: Path) -> None:
    made = _performed(STEPS, tmp_path)
    assert series(made, "facing")[-1] == pytest.approx(90.0, abs=2.0)
    feet = made.joints[:, [JOINT["left_ankle"], JOINT["right_ankle"]]]
    speed = rot.length(np.diff(feet, axis=0)) * FPS
    assert (speed.min(axis=1) < 0.06).all(), "one foot stands at any time"
    assert (feet[..., 1].max(axis=0) > feet[..., 1].min(axis=0) + 0.03).all(), "both feet are lifted"


def test_planted_feet_stay_where_the_base_has_them(tmp_path: Path) -> None:
    base = _body(150, 0.0)
    made = _performed(
        "[[key]]\ntime = 0.6\nhold = 0.4\npelvis = { height = 0.6, ahead = -0.4, pitch = 15 }\n", tmp_path, base=base
    )
    feet = [JOINT[f"{side}_{part}"] for side in ("left", "right") for part in ("ankle", "foot")]
    assert made.root_position[:, 1].min() < 0.62 * LEG_LENGTH
    assert np.abs(made.joints[:, feet] - base.joints[: len(made), feet]).max() < 0.02


def test_a_hand_in_the_head_or_the_trunk_is_refused(tmp_path: Path) -> None:
    for place, where in (
        ('crown", offset = [0, -0.25, 0]', "head"),
        ('shoulder", offset = [-0.35, -0.3, 0.02]', "trunk"),
    ):
        text = f'[[key]]\ntime = 0.6\nhold = 0.3\nhand.right = {{ at = "{place}, touch = "fingers" }}\n'
        made = _performed(text, tmp_path)
        if where == "trunk":  # hands are led around it
            assert faults(made) == []
        else:
            assert any(where in fault for fault in faults(made))
    assert faults(_body(20)) == []
    folded = _body(20, right_elbow=(0.0, 170.0, 0.0))
    assert any("elbow is bent" in fault for fault in faults(folded))


def test_a_gesture_that_always_fails_says_why(recorded: Path, tmp_path: Path) -> None:
    text = '[[key]]\ntime = 0.5\nhead = { pitch = 5 }\n[[check]]\nof = "head pitch"\ntake = "most"\nat_least = 60\n'
    with pytest.raises(MotionGPTError, match=r"head pitch \(most\) is .* less than 60"):
        library.author(recorded, tmp_path / "out", variants=1, folder=_written(tmp_path / "g", text))
    assert not list((tmp_path / "out").glob("*.bvh"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[key]]\ntime = 1\nhand.right = { at = "eare" }\n', "no landmark eare"),
        ("[[key]]\ntime = 1\nhead = { ptich = 5 }\n", "ptich"),
        ("[[key]]\ntime = 1\n[[key]]\ntime = 0\n", "key 2: time"),
        ("[[key]]\ntime = 1\nflight = true\n", "a flight needs a key to land at"),
        ("count = [1, 3]\n[[key]]\ntime = 1\n", "repeat = true"),
        (
            "[[key]]\ntime = 1\nrepeat = true\n[[key]]\ntime = 1\n[[key]]\ntime = 1\nrepeat = true\n",
            "follow each other",
        ),
        ('[[key]]\ntime = 1\n[[check]]\nof = "head nod"\ntake = "most"\n', "no measure head nod"),
        ('bases = ["swim"]\n[[key]]\ntime = 1\n', "swim"),
        ("key = []\n", "key"),
    ],
)
def test_a_wrong_file_is_named_with_the_place(text: str, says: str, tmp_path: Path) -> None:
    path = _written(tmp_path, text) / "trial.toml"
    with pytest.raises(MotionGPTError, match=rf"trial\.toml can't be read \(.*{re.escape(says)}"):
        read_gesture(path)


def test_bases_are_found_by_caption_and_checked_on_their_joints(recorded: Path) -> None:
    found = find_bases(recorded)
    assert {kind: [b.name for b in bases] for kind, bases in found.by_kind.items()} == {
        "idle": ["a.bvh"], "walk": ["c.bvh"], "sit": ["d.bvh"],
    }  # fmt: skip
    assert found.left_out == [("b.bvh", "it doesn't stand with hanging arms")]


def test_idles_are_seated_with_their_feet_on_the_floor() -> None:
    sits = library.seated(BASES.by_kind["idle"], 0)
    assert [sit.name for sit in sits] == ["idle.bvh", "still.bvh"]
    for sit in sits:
        assert not isinstance(usable_stretch("sit", sit.motion), str)
        knees = [series(sit.motion, f"bend {side}_knee") for side in ("left", "right")]
        assert np.min(knees) > 60.0 and np.max(knees) < 125.0
        assert np.abs(sit.motion.joints[..., 1].min(axis=1)).max() < 0.02
        assert np.ptp(sit.motion.joints[:, LOWER], axis=0).max() < 0.05
    assert np.abs(sits[0].motion.root_position[0] - sits[1].motion.root_position[0]).max() > 0.005


def test_folders_can_be_left_out(recorded: Path) -> None:
    (recorded / "loaned").mkdir()
    (recorded / "a.bvh").rename(recorded / "loaned" / "idle.bvh")
    assert [b.name for b in find_bases(recorded).by_kind["idle"]] == ["loaned/idle.bvh"]
    with pytest.raises(MotionGPTError, match="No idle"):
        find_bases(recorded, ["loaned"])
    with pytest.raises(MotionGPTError, match="There is no folder lent"):
        find_bases(recorded, ["lent"])


def test_a_folder_without_idles_says_so(recorded: Path) -> None:
    (recorded / "a.bvh").unlink()
    with pytest.raises(MotionGPTError, match=r"No idle in .*b\.bvh: it doesn't stand with hanging arms"):
        find_bases(recorded)
    (recorded / "captions.csv").write_text("file,caption\n", encoding="utf-8")
    with pytest.raises(MotionGPTError, match=r"No clip in .* is called or captioned"):
        find_bases(recorded)


def test_the_command_writes_clips_and_tables_and_the_same_ones_again(
    recorded: Path, tmp_path: Path, capsys: Capture
) -> None:
    out = [str(tmp_path / name) for name in "xyz"]
    for folder, seed in zip(out, ("0", "0", "1"), strict=True):
        code, data = run_json(
            capsys, "data", "author", str(recorded), "-o", folder, "--only", "salute", "--variants", "2", "--seed", seed
        )
        assert (code, data["clips"], data["refused"]) == (0, 2, 0)
    first, again, other = (Path(folder, "salute-00.bvh").read_bytes() for folder in out)
    assert first == again and first != other
    with open(Path(out[0], "captions.csv"), newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["file", "caption", "action", "weight", "set"]
    assert {row["file"] for row in rows} == {"salute-00.bvh", "salute-01.bvh"}
    assert {(row["action"], row["set"]) for row in rows} == {("salute", "authored")}
    assert any("right" in r["caption"] for r in rows if r["file"] == "salute-00.bvh")
    assert any("left" in r["caption"] for r in rows if r["file"] == "salute-01.bvh")
    assert read_motion(Path(out[0], "salute-01.bvh")).fps == pytest.approx(FPS, abs=0.01)
    assert "b.bvh: not a base" in Path(out[0], "skipped.txt").read_text(encoding="utf-8")


def test_the_command_refuses_what_is_not_there(recorded: Path, tmp_path: Path, capsys: Capture) -> None:
    for arguments, says in (
        ([str(tmp_path / "none")], "There is no folder"),
        ([str(recorded), "--only", "waltz"], "There is no gesture waltz"),
        ([str(recorded), "--only", "nod", "--variants", "0"], "0 variants"),
    ):
        code, data = run_json(capsys, "data", "author", *arguments, "-o", str(tmp_path / "out"))
        assert code == 2 and says in data["error"]["message"]
    assert not (tmp_path / "out").exists()


def test_swings_counts_strokes() -> None:
    t = np.linspace(0.0, 2.0, 61)
    assert swings(20.0 * np.sin(np.pi * t) ** 2, 10.0) == 4
    assert swings(np.zeros(9), 1.0) == 0


def test_the_page_describes_every_key_and_place() -> None:
    page = (ROOT / "docs/authoring.md").read_text(encoding="utf-8")
    tables = (
        Gesture,
        gesture.Key,
        gesture.Bend,
        gesture.Collar,
        gesture.Hand,
        gesture.Pelvis,
        gesture.Foot,
        gesture.Travel,
        gesture.Check,
    )
    keys = {field.encode_name for table in tables for field in msgspec.structs.fields(table)}
    prose = re.sub(r"```.*?```", "", page, flags=re.DOTALL)
    code = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", prose))))
    assert keys | set(body.LANDMARKS) | set(body.TOUCH) <= code
