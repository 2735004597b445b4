"""In-betweening by a transition model, for every engine whose model folder has one."""

from collections.abc import Iterator
from pathlib import Path

from ...engine import Engine, GenerateRequest, InbetweenRequest, Progress, Result
from ...inbetween.filling import answer
from ...inbetween.request import check_request
from ...inbetween.transition import FILE_NAME, TransitionModel
from ...model_folder import ModelCard
from .runtime import open_session


def load_transition(folder: Path, card: ModelCard, device: str) -> TransitionModel | None:
    """The folder's transition model, or None. Raises MotionGPTError where it can't be run."""
    if "transition" not in card.settings:
        return None
    return TransitionModel(open_session(folder / FILE_NAME, device, 1), **card.settings["transition"])


def fill_gaps(engine: Engine, model: TransitionModel, request: InbetweenRequest) -> Iterator[Progress | Result]:
    """What lies between keyed poses; a text decides in long gaps and past the outermost poses, by the engine's own
    `generate`. Raises MotionGPTError for a request that does not fit."""

    def propose(prompt: str, seconds: float, seed: int) -> Iterator[Progress | Result]:
        return engine.generate(GenerateRequest(prompt, min(seconds, engine.max_seconds), seed))

    return answer(request, check_request(request), model, propose, engine.name)
