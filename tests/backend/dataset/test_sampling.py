"""How often each clip is drawn."""

import pytest

from motiongpt.backend.dataset.clips import Clip
from motiongpt.backend.dataset.sampling import fair_weights


def test_fair_weights_show_rare_styles_as_often():
    """Half of the draws: of a content, every style alike."""
    kinds = ["normal"] * 9 + ["angry"]
    clips = [Clip(str(i), 0, 100, [], {"content": "walk", "style": style}) for i, style in enumerate(kinds)]
    assert fair_weights(clips) == pytest.approx([(0.5 / 9 + 0.1) / 2] * 9 + [(0.5 + 0.1) / 2])
