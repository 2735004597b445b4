"""When a backend counts as stuck."""

from motiongpt.addon.jobs.heartbeat import BEAT, SILENCE_LIMIT, Heartbeat, Patience


def stuck_at(beats: Heartbeat, answers: bool, start: float = 0.0, step: float = 0.5) -> float | None:
    """When it counts as stuck, looked at every half second for a while; None if it never does."""
    now = start
    while now < start + 4 * SILENCE_LIMIT:
        now += step
        if beats.due(now) and answers:
            beats.heard()
        if beats.stuck(now):
            return now
    return None


def test_silence_is_noticed_and_answers_are_enough() -> None:
    beats = Heartbeat(0.0)
    beats.heard()
    assert stuck_at(beats, answers=True) is None
    beats = Heartbeat(0.0)
    beats.heard()
    found = stuck_at(beats, answers=False)
    assert found is not None and SILENCE_LIMIT < found <= SILENCE_LIMIT + BEAT + 1.0


def test_a_greeting_without_an_answer_is_noticed_too() -> None:
    found = stuck_at(Heartbeat(0.0), answers=False)
    assert found is not None and found <= SILENCE_LIMIT + 1.0


def test_a_blender_that_was_busy_for_an_hour_kills_nothing() -> None:
    beats = Heartbeat(0.0)
    beats.heard()
    assert beats.due(3.0) and not beats.stuck(3.0)
    assert not beats.stuck(3_600.0)  # nobody has looked meanwhile: the answer may lie there
    beats.heard()
    assert not beats.stuck(3_601.0)


def test_patience_counts_a_second_for_each_look_at_most() -> None:
    patience = Patience()
    assert patience.look(5.0) == 0.0
    patience.start(10.0)
    assert [patience.look(now) for now in (10.5, 100.0, 100.25)] == [0.5, 1.5, 1.75]
    patience.stop()
    assert patience.look(200.0) == 0.0
