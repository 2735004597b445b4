"""A training's folder is held by one training, for one data set and one choice of settings."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from motiongpt.backend.training.folder import check_settings, copied, held, is_fresh, note_source
from motiongpt.retarget.errors import MotionGPTError

HOLD = """
import sys, time
from pathlib import Path
from motiongpt.backend.training.folder import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_second_training_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None and first.stdout.readline() == "held\n"
        with pytest.raises(MotionGPTError, match="Another training is running"), held(tmp_path):
            pass
        first.send_signal(signal.SIGKILL)
        first.wait()
    with held(tmp_path):
        pass
    with held(tmp_path):  # and it was given back
        pass


def test_processes_that_train_together_share_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with held(tmp_path):
        monkeypatch.setenv("RANK", "1")
        with held(tmp_path):
            pass


@pytest.mark.parametrize(
    ("now", "message"),
    [
        ({"width": 8, "steps": 9, "dataset": 1}, ""),
        ({"width": 8, "steps": 5, "dataset": 2}, "a training on another data set"),
        ({"width": 9, "steps": 5, "dataset": 1}, r"other settings \(width\)"),
    ],
)
def test_only_steps_may_change(tmp_path: Path, now: dict[str, int], message: str) -> None:
    check_settings(tmp_path, now)
    torch.save({"config": {"width": 8, "steps": 5, "dataset": 1}}, tmp_path / "checkpoint.pt")
    if not message:
        check_settings(tmp_path, now)
        return
    with pytest.raises(MotionGPTError, match=message):
        check_settings(tmp_path, now)


def test_a_kept_file_is_used_for_what_it_was_made_from_only(tmp_path: Path) -> None:
    path = tmp_path / "kept.pt"
    note_source(path, {"dataset": 1})
    assert not is_fresh(path, {"dataset": 1})
    path.touch()
    assert is_fresh(path, {"dataset": 1}) and not is_fresh(path, {"dataset": 2})
    note_source(tmp_path / "other.pt", {"dataset": 2})
    assert is_fresh(path, {"dataset": 1})
    (tmp_path / "caches.json").write_text("{")
    assert not is_fresh(path, {"dataset": 1})


def test_an_earlier_trainings_file_is_copied_if_it_was_made_from_the_same(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    (tmp_path / "first" / "kept.pt").write_text("tokens")
    note_source(tmp_path / "first" / "kept.pt", {"dataset": 1})
    path = tmp_path / "second" / "kept.pt"
    assert not copied(path, {"dataset": 1}, None) and not copied(path, {"dataset": 2}, tmp_path / "first")
    assert not path.exists()
    assert copied(path, {"dataset": 1}, tmp_path / "first")
    assert path.read_text() == "tokens" and is_fresh(path, {"dataset": 1})
