"""The measurements of distances and loops, on motions whose figures are known."""

import dataclasses

import numpy as np
import pytest
from support.walking import steady, walking

from motiongpt.backend.evaluation.travel import distances, loops, pages
from motiongpt.backend.tasks import Block
from motiongpt.retarget.motion.travel import steering
from motiongpt.retarget.motion.travel.loops import looped
from motiongpt.retarget.motion.travel.paths import path_through


def test_every_request_asks_for_a_distance_that_is_known() -> None:
    asked = distances.requests()
    assert len(asked) >= 60
    assert {request.group for request in asked} == {"walks", "runs", "sideways", "backward", "circles", "paths"}
    assert all(0.4 < request.metres < 15.0 for request in asked)
    assert all(request.straight == (request.group not in ("circles", "paths")) for request in asked)


def test_a_distance_that_is_missed_is_seen() -> None:
    request = distances.Request("walks", Block("walks 4 metres"), 4.0, straight=True)
    motion = walking(steady(4.0))
    answer = distances.measured(request, motion, motion)
    assert answer.error == pytest.approx(abs(119.0 / 30.0 / 4.0 - 1.0), abs=1e-3) and answer.steps == pytest.approx(1.0)
    short = distances.measured(request, steering.with_distance(motion, 2.0), motion)
    assert short.error == pytest.approx(0.5, abs=0.02) and short.steps == pytest.approx(0.5, abs=0.02)


def test_a_path_that_is_left_is_seen() -> None:
    block = Block("walks", path=((0.0, 0.0), (0.0, 2.0), (2.0, 3.0)))
    request = distances.Request("paths", block, 4.3, straight=False)
    way = path_through(np.array([[x, 0.0, z] for x, z in block.path or ()]))
    motion = walking(steady(4.0))
    on, off = (distances.measured(request, m, motion) for m in (steering.along(motion, way), motion))
    assert on.aside is not None and off.aside is not None
    assert on.aside < 0.05 < 0.3 < off.aside
    assert on.error < 0.05 < 0.3 < off.error


def test_a_seam_that_jumps_is_seen() -> None:
    motion = walking(steady(5.0))
    loop = looped(motion)
    assert 0.7 < loops.seam_of(loop).speed < 1.4
    assert loops.seam_of(motion.slice(0, 110)).degrees > 3.0 * loops.seam_of(loop).degrees


def test_the_tables_have_a_row_for_each_group_and_prompt() -> None:
    request = distances.Request("walks", Block("walks 4 metres"), 4.0, straight=True)
    answer = distances.Travelled(request, 4.1, None, 1.0, 0.1, 0.2)
    run = dataclasses.replace(answer, request=dataclasses.replace(request, group="runs"), metres=4.0)
    table = pages.distances_table([answer, run]).splitlines()
    assert [line.split(" | ")[0] for line in table[2:]] == ["| walks", "| runs", "| all"]
    assert "2.5%" in table[2] and "1.2%" in table[4]
    assert "walks 4 metres | 4.00 | 4.10" in pages.requests_table([answer])
    seam = loops.Seam(10.0, 2.0)
    assert "median" in pages.loops_table([loops.Loop("walks", 30, seam, seam)])
