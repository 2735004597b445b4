"""A picker learns from attempts which candidate to keep."""

from dataclasses import replace

import numpy as np
import pytest
from support.motions import gliding

torch = pytest.importorskip("torch")

from motiongpt.backend.dataset.meaning import ACTION_NAMES, STYLE_NAMES
from motiongpt.backend.evaluation.practice.attempts import Attempt, Attempts
from motiongpt.backend.features import motion_to_features
from motiongpt.backend.text_encoder.sentences import Sentences
from motiongpt.backend.training.matching.net import MatchingConfig, MatchingModel
from motiongpt.backend.training.matching.practice import Practice, practice_losses
from motiongpt.retarget.errors import MotionGPTError


def attempts_at(*rows: tuple[str, float, bool, bool | None]) -> Attempts:
    """Text, speed of the motion, whether it is right, whether its mirror image is."""
    made, features = [], []
    for text, speed, right, mirrored in rows:
        own = motion_to_features(gliding(40, speed)).astype(np.float16)
        made.append(Attempt(text, "a.bvh", False, sum(map(len, features)), len(own), right, mirrored, True))
        features.append(own)
    return Attempts(np.concatenate(features), made)


def read(texts: dict[str, int]) -> Sentences:
    generator = torch.Generator().manual_seed(1)
    return Sentences(torch.randn(len(texts), 384, generator=generator), list(range(len(texts) + 1)))


def test_right_candidates_come_to_score_higher() -> None:
    """Slow is right for one text, fast for another: nothing that the motion alone tells."""
    speeds = (0.2, 0.3, 1.6, 1.8)
    rows = [("slowly", s, s < 1, None) for s in speeds] + [("fast", s, s > 1, None) for s in speeds]
    texts: dict[str, int] = {}
    practice = Practice(attempts_at(*rows), texts)
    assert list(texts) == ["slowly", "fast"]
    torch.manual_seed(0)
    model = MatchingModel(MatchingConfig(width=16, space=8, dropout=0.0), len(ACTION_NAMES), len(STYLE_NAMES))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    history = []
    for step in range(60):
        batch = practice.draw(torch.Generator().manual_seed(step), 8, read(texts))
        losses = practice_losses(model, model(batch["features"], batch["frames"])[0], batch)
        (losses["rank"] + losses["sort"]).backward()
        optimizer.step()
        optimizer.zero_grad()
        history.append({k: float(v.detach()) for k, v in losses.items()})
    assert history[-1]["rank"] < 0.3 * history[0]["rank"]
    assert history[-1]["sort"] < 0.6 * history[0]["sort"]


def test_mirror_images_count_where_the_text_names_a_side() -> None:
    texts: dict[str, int] = {}
    practice = Practice(
        attempts_at(("left", 0.2, True, False), ("walks", 0.2, True, None), ("walks", 1, False, None)), texts
    )
    assert list(texts) == ["left", "right", "walks"]
    batch = practice.draw(torch.Generator().manual_seed(0), 9, read(texts))
    right = {}
    for place, is_right in zip(batch["text"].tolist(), batch["right"].tolist(), strict=True):
        right.setdefault(place, []).append(is_right)
    assert [sorted(v) for v in right.values()] == [[0.0, 1.0]] * 3  # each side's motion is wrong for the other


def test_right_attempts_without_physical_faults_come_first() -> None:
    attempts = attempts_at(("walks", 1.0, True, None), ("walks", 1.2, True, None), ("walks", 0.1, False, None))
    made = [replace(attempts.made[0], sound=False), attempts.made[1], replace(attempts.made[2], sound=False)]
    texts: dict[str, int] = {}
    batch = Practice(replace(attempts, made=made), texts).draw(torch.Generator(), 1, read(texts))
    grades = dict(zip(batch["features"][:, 5, 2].tolist(), batch["grade"].tolist(), strict=True))  # by forward speed
    assert [grades[speed] for speed in sorted(grades)] == [0.0, 1.0, 2.0]


def test_attempts_that_are_all_right_teach_nothing() -> None:
    with pytest.raises(MotionGPTError, match="some attempts right and some wrong"):
        Practice(attempts_at(("walks", 0.2, True, None), ("runs", 1, False, None)), {})
