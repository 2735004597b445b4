"""Texts split into actions, what they say in numbers, and how long they take."""

import pytest

from motiongpt.backend.evaluation.animators.language import parse
from motiongpt.backend.evaluation.shots import shot_prompts
from motiongpt.backend.shots.numbers import read_numbers
from motiongpt.backend.shots.plan import wish_of
from motiongpt.backend.shots.splitting import split_actions
from motiongpt.backend.shots.verbs import base_of, ing_form, third_person, usual_seconds
from motiongpt.backend.tasks import Block

ONE = [
    "does not walk, he stands still", "he never runs, he walks", "slow walk forward, taking his time",
    "side steps to the left, facing the camera", "idle, arms crossed", "walks, hands on hips", "as he walks, he waves",
    "stands up and stretches", "walks up and runs",
    "walks while waving", "stands before the mirror", "walks after the dog", "now and then waves", "42", "",
    "walks and turns right", "a person walks 1.5 m", "walks next to the wall", "steps up, down and sideways",
]  # fmt: skip
SEVERAL = {
    "walks forward, then stops and waves": ("walks forward", "stops and waves"),
    "Walk, jump, wave.": ("walk", "jump", "wave"),
    "turns left, then right": ("turns left", "turns right"),
    "walks 2,5 m. Turns 90 degrees left.": ("walks 2.5 m", "turns 90 degrees left"),
    "before bowing, a man waves": ("a man waves", "a man bows"),
    "after walking forward, he punches": ("walks forward", "he punches"),
    "runs, dodges left, dodges right and dives": ("runs", "dodges left", "dodges right", "dives"),
    "first, he walks. next, he runs. finally, he jumps": ("he walks", "he runs", "he jumps"),
    "an old woman walks, after that she sits down": ("an old woman walks", "an old woman sits down"),
    "walks while waving and then stops": ("walks while waving", "stops"),
    "he doesn't run, but walks, then sits": ("he doesn't run, but walks", "sits"),
    "squat down, hold it, come back up": ("squat down, hold it", "come back up"),
    "gets up off the chair and walks away": ("gets up off the chair", "walks away"),
    "An old man stands up slowly and leaves.": ("an old man stands up slowly", "an old man leaves"),
    "walks -> runs -> jumps": ("walks", "runs", "jumps"),
}


@pytest.mark.parametrize("text", ONE)
def test_what_happens_at_once_or_is_denied_stays_one(text: str) -> None:
    assert split_actions(text) == (text,)


@pytest.mark.parametrize(("text", "actions"), SEVERAL.items())
def test_actions_after_each_other_are_split_in_their_order(text: str, actions: tuple[str, ...]) -> None:
    assert split_actions(text) == actions


def test_every_prompt_of_the_evaluation_has_as_many_actions_as_checks() -> None:
    found = shot_prompts()
    assert [len(p.does) for p in found].count(2) == 30 and [len(p.does) for p in found].count(3) == 10
    for prompt in found:
        assert len(split_actions(prompt.text)) == len(prompt.does), prompt.text
        assert all(parse(check) for check in prompt.does)


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("walks 2 metres", "distance", 2.0),
        ("walk_2m", "distance", 2.0),
        ("walks for 3 m to the left", "distance", 3.0),
        ("crawls 150 cm", "distance", 1.5),
        ("walks ten feet", "distance", 3.048),
        ("walks two and a half metres", "distance", 2.5),
        ("jumps 1 m high", "distance", None),
        ("sits 2 m away", "distance", None),
        ("walks in place for 2 m", "distance", None),
        ("runs at 3 m/s", "distance", None),
        ("runs at 3 m/s", "speed", 3.0),
        ("runs at 9 km/h", "speed", 2.5),
        ("walks slowly", "speed", 0.78),
        ("waves slowly", "speed", None),
        ("turns 90 degrees left", "turn", 90.0),
        ("turn 45° clockwise", "turn", -45.0),
        ("rotates 180 degrees counterclockwise", "turn", 180.0),
        ("half turn to the right", "turn", -180.0),
        ("raises the arm by 90 degrees", "turn", None),
        ("walks in a big circle clockwise", "circle", -1.0),
        ("runs in a circle", "circle", 1.0),
        ("draws a circle in the air", "circle", None),
        ("walks for 3 m to the left", "side", 1.0),
        ("runs quickly to her right for 5 metres", "side", -1.0),
        ("sidesteps right 1 m", "side", -1.0),
        ("walks 2 m in a circle to the left", "side", None),
        ("walks 2 m and looks to the left", "side", None),
        ("steps 1 m with the left foot", "side", None),
        ("steps left foot first for 1 m", "side", None),
        ("walks 2 m, waving to the right", "side", None),
    ],
)
def test_numbers_of_a_text(text: str, field: str, value: float | None) -> None:
    found = getattr(read_numbers(text), field)
    assert found is value if value is None else found == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("a person walks 4 meters", "a person walks"),
        ("walks forward for 5 metres", "walks forward"),
        ("walks for 3 m to the left", "walks to the left"),
        ("walks at a speed of 1.5 m/s", "walks"),
        ("jogs at 9 km/h, waving", "jogs, waving"),
        ("walks about ten feet backwards", "walks backwards"),
        ("a 3 metre walk", "a walk"),
        ("walk_2_m", "walk"),
        ("walks slowly", "walks slowly"),
        ("jumps 1 m high", "jumps 1 m high"),
        ("sidesteps left 1 metre", "sidesteps left 1 metre"),
        ("turns 90 degrees left", "turns 90 degrees left"),
        ("jumps 2 m forward", "jumps 2 m forward"),  # no distance that is met
    ],
)
def test_the_model_hears_nothing_of_a_way_in_numbers(text: str, heard: str) -> None:
    assert wish_of(Block(text)).text == heard


def test_verb_forms_are_inverse() -> None:
    for verb in ("walk", "wave", "run", "sit", "cry", "punch", "lie", "bow", "go", "pray"):
        assert base_of(third_person(verb)) == base_of(ing_form(verb)) == base_of(verb) == verb


def test_longer_actions_take_longer() -> None:
    assert usual_seconds("slashes") < usual_seconds("bows") < usual_seconds("walks") < usual_seconds("dances")
    assert usual_seconds("jumps three times") > usual_seconds("jumps")
