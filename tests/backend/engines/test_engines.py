"""Every task on imported checkpoints, directly and through the protocol."""

from pathlib import Path

import numpy as np
import pytest
from support.answers import finish

from motiongpt.backend.engine import Engine
from motiongpt.backend.engines import load_engine
from motiongpt.backend.engines.llama.engine import LlamaEngine
from motiongpt.backend.engines.measured.choice import WORDS
from motiongpt.backend.process import protocol
from motiongpt.backend.tasks import Continue, Describe, Generate, Inbetween
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.files.npz import load_npz, save_npz
from motiongpt.retarget.motion import Motion


@pytest.fixture(scope="session", params=["t5", "llama"])
def engine(request: pytest.FixtureRequest, folders: dict[str, Path]) -> Engine:
    return load_engine(str(folders[request.param]), "cpu")


def walk(engine: Engine) -> Motion:
    return finish(engine.generate(Generate("a person walks.", 4.0, seed=2))).motions[0]


def words(engine: Engine) -> str:
    return "a person walks." if isinstance(engine, LlamaEngine) else ""


def test_generate(engine: Engine) -> None:
    motions = finish(engine.generate(Generate("a person walks.", 4.0, seed=3, variations=3))).motions
    assert [len(m) for m in motions] == [80] * 3
    alone = finish(engine.generate(Generate("a person walks.", 4.0, seed=3))).motions[0]
    assert alone.meta["tokens"] == motions[0].meta["tokens"]
    assert engine.precision.split(":")[0] in WORDS.values()
    assert all(0 <= code < 512 for m in motions for code in m.meta["tokens"])
    assert np.isfinite(alone.joints).all() and abs(alone.joints[..., 1].min()) < 1e-6
    assert 1 <= len(finish(engine.generate(Generate("a person walks.", None))).motions[0]) <= 196
    with pytest.raises(MotionGPTError) as caught:
        finish(engine.generate(Generate("a person walks.", 60.0)))
    assert caught.value.kind == "too_large"


def test_continue_keeps_what_came_in(engine: Engine) -> None:
    motion = walk(engine).resample(30.0)
    longer = finish(engine.continue_motion(Continue(2.0, words(engine)), motion)).motions[0]
    assert (len(longer), longer.fps) == (len(motion) + 60, 30.0)
    assert np.abs(longer.joints[: len(motion)] - motion.joints).max() < 1e-9
    step = np.abs(np.diff(longer.joints[len(motion) - 1 :, 0], axis=0)).max()
    assert step < 0.3


def test_inbetween_keeps_keys_exactly(engine: Engine) -> None:
    motion = walk(engine).resample(30.0)
    keep = (0, 45, 90, len(motion) - 1)
    for kept in (keep, (0,), (len(motion) - 1,)):
        filled = finish(engine.inbetween(Inbetween(kept, words(engine)), motion)).motions[0]
        assert (len(filled), filled.fps) == (len(motion), 30.0)
        assert np.abs(filled.joints[list(kept)] - motion.joints[list(kept)]).max() < 1e-9
    with pytest.raises(MotionGPTError):
        finish(engine.inbetween(Inbetween((len(motion),), words(engine)), motion))


def test_unsupported_tasks_are_refused(folders: dict[str, Path]) -> None:
    llama, t5 = (load_engine(str(folders[name]), "cpu") for name in ("llama", "t5"))
    motion = walk(t5)
    assert finish(t5.describe(Describe(), motion)).texts[0]
    with pytest.raises(MotionGPTError, match="can't describe a motion"):
        finish(llama.describe(Describe(), motion))
    with pytest.raises(MotionGPTError, match="needs a text"):
        finish(llama.continue_motion(Continue(1.0), motion))
    with pytest.raises(MotionGPTError, match="without a text"):
        finish(t5.inbetween(Inbetween((0,), "a person waves"), motion))


def test_every_task_through_the_protocol(folders: dict[str, Path]) -> None:
    t5 = load_engine(str(folders["t5"]), "cpu")
    motion = walk(t5)
    for message in (Continue(1.0), Inbetween((0, 30)), Describe()):
        packet = protocol.decode(protocol.encode("1", message, [motion]))
        result = finish(packet.message.answer(t5, packet.motions))
        assert result.motions or result.texts
        back = protocol.decode(protocol.encode("1", protocol.Result(texts=result.texts), result.motions))
        assert isinstance(back.message, protocol.Result) and back.message.texts == result.texts


def test_damaged_models_are_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(MotionGPTError) as caught:
        load_engine(str(folders["t5"]), "cuda")
    assert caught.value.kind in ("no_device", "no_model")
    save_npz(walk(load_engine(str(folders["t5"]), "cpu")), tmp_path / "a.npz")
    assert len(load_npz(tmp_path / "a.npz")) == 80
