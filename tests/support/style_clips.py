"""Clips of a style for tests: walks with both hands behind the head, which no model here has been trained on."""

from pathlib import Path

import numpy as np

from motiongpt.backend.dataset.derived.motion.layers import arms_held, tilted
from motiongpt.retarget.files.reading import write_motion
from motiongpt.retarget.motion import Motion

from .motions import walking

WORDS = "a person walks with both hands behind the head"
_UPPER, _LOWER = np.array([0.51, 0.65, 0.56]), np.array([-0.97, 0.10, -0.21])


def prisoner(seed: int, walk: Motion | None = None) -> Motion:
    """A walk whose arms are held up, the hands behind the head; another posture for every seed."""
    random = np.random.default_rng(seed)

    def near(way: np.ndarray) -> tuple[float, float, float]:
        x, y, z = way + random.normal(size=3) * 0.06
        return x, y, z

    held = arms_held(walk or walking(), near(_UPPER), near(_LOWER))
    return tilted(held, forward=float(random.normal() * 4))


def write_clips(folder: Path, count: int = 2, words: str = WORDS) -> Path:
    """A folder of such clips in two formats, with a table of captions unless `words` is empty."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"prisoner_{i}.{'bvh' if i % 2 else 'npz'}" for i in range(count)]
    for i, name in enumerate(names):
        write_motion(prisoner(i), folder / name)
    if words:
        rows = "\n".join(f"{name},{words}" for name in names)
        (folder / "captions.csv").write_text(f"file,caption\n{rows}\n", encoding="utf-8")
    return folder
