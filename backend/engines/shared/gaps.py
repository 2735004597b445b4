"""In-betweening with a transition model, for any engine whose model folder has one."""

from collections.abc import Iterator
from pathlib import Path

from ...engine import Engine, GenerateRequest, InbetweenRequest, Progress, Result
from ...inbetween.filling import answer
from ...inbetween.request import check_request
from ...inbetween.transition import FILE_NAME, TransitionModel
from ...model_folder import ModelCard
from .runtime import open_session


def load_transition(folder: Path, card: ModelCard, device: str) -> TransitionModel | None:
    """The folder's transition model, or None. Raises MotionGPTError where it can't be loaded."""
    if "transition" not in card.settings:
        return None
    return TransitionModel(open_session(folder / FILE_NAME, device, 1), **card.settings["transition"])


def fill_gaps(engine: Engine, model: TransitionModel, request: InbetweenRequest) -> Iterator[Progress | Result]:
    """Fill the gaps between keyed poses; in long gaps, and before the first and after the last pose, the engine's
    `generate` follows the text. Raises MotionGPTError for a request that does not fit its motion."""

    def propose(prompt: str, seconds: float, seed: int) -> Iterator[Progress | Result]:
        return engine.generate(GenerateRequest(prompt, min(seconds, engine.max_seconds), seed))

    return answer(request, check_request(request), model, propose, engine.name)
