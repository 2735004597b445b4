"""Engines run models. `load_engine` finds a model, checks its files, and picks the engine by the card's kind."""

import contextlib
import logging
from collections.abc import Generator
from pathlib import Path
from typing import cast

from ...retarget.errors import MotionGPTError
from ...retarget.motion import Motion
from .. import limits
from ..engine import Engine, Progress, Result, Stage, last_result
from ..model_folder import BUNDLED, CARD_NAME, ModelCard, check_graphs, find_model, verify_files
from ..tasks import Continue, Describe, Generate, Inbetween, Task

log = logging.getLogger(__name__)

KINDS = ("motiongpt-onnx", "motiongpt-style", "motiongpt-t5", "motiongpt-llama", "motiongpt-causal")


def load_engine(name_or_folder: str, device: str = "auto", precision: str = "auto") -> Engine:
    """A model ready to run. Raises MotionGPTError ("no_model") if it is missing, damaged, of an unknown kind, or if the
    settings on its card don't fit its files."""
    folder, card = find_model(name_or_folder)
    if card.kind == "motiongpt-style":
        from .starter.style import find_base

        find_base(folder, card)  # which says more than that a file is damaged
    verify_files(folder, card)
    try:
        engine = _make(folder, card, device, precision)
        if BUNDLED not in folder.parents:  # the program's own models are tried by its tests
            _try_out(engine)
    except (MotionGPTError, ImportError, MemoryError):
        raise
    except Exception as error:  # settings of any kind and value, read by several libraries
        log.debug("Loading %s failed", folder, exc_info=True)
        why = limits.one_line(f"{type(error).__name__}: {error}")[:300]
        raise MotionGPTError(
            f"The model {card.name} can't run: the settings in its {CARD_NAME} don't fit its files ({why}).",
            "Install or import the model again.",
            "no_model",
        ) from error
    return engine


def _make(folder: Path, card: ModelCard, device: str, precision: str) -> Engine:
    # Each engine's libraries are imported only for its own models.
    if card.kind not in KINDS:
        raise MotionGPTError(
            f"The model {card.name} is of a kind that this version does not run ({card.kind}).",
            "Install a newer version.",
            "no_model",
        )
    check_graphs(folder, card)
    if card.kind == "motiongpt-onnx":
        from .starter.engine import MotionLanguageEngine

        return MotionLanguageEngine(folder, card, device)
    if card.kind == "motiongpt-style":
        from .starter.engine import MotionLanguageEngine
        from .starter.style import load_style

        base, described, style = load_style(folder, card)
        return MotionLanguageEngine(base, described, device, style)
    if card.kind == "motiongpt-t5":
        from .t5.engine import T5Engine

        return T5Engine(folder, card, device, precision)
    if card.kind == "motiongpt-causal":
        from .llama.causal import CausalEngine

        return CausalEngine(folder, card, device, precision)
    from .llama.engine import LlamaEngine

    return LlamaEngine(folder, card, device, precision)


def _try_out(engine: Engine) -> None:
    """Generate one token's motion, and do every other task up to its first token. Raises what is raised where settings
    and files don't fit."""
    if not engine.can(Generate):
        return
    made = last_result(Generate("a person walks", seconds=0.2).answer(engine)).motions[0].held(8)
    others: tuple[Task, ...] = (Describe(), Continue(0.2, "walks"), Continue(0.2), Inbetween((0, len(made) - 1)))
    for task in others:
        if engine.can(type(task)):
            _begin(task, engine, made)


def _begin(task: Task, engine: Engine, motion: Motion) -> None:
    events = task.answer(engine, [motion])
    with contextlib.suppress(MotionGPTError), contextlib.closing(cast("Generator[Progress | Result]", events)):
        # Some models need a text, others refuse one.
        next((event for event in events if isinstance(event, Result) or event.stage is Stage.TOKENS), None)
