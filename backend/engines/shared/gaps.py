"""In-betweening with a transition model, for any engine whose model folder has one."""

from pathlib import Path

from ....retarget.motion import Motion
from ...engine import Engine, Events
from ...inbetween.filling import answer
from ...inbetween.request import given_channels
from ...inbetween.transition import FILE_NAME, TransitionModel
from ...model_folder import ModelCard, find_file
from ...tasks import Generate, Inbetween
from .runtime import open_session


def load_transition(folder: Path, card: ModelCard, device: str) -> TransitionModel | None:
    """The folder's transition model, or None. Raises MotionGPTError where it can't be loaded."""
    if "transition" not in card.settings:
        return None
    return TransitionModel(open_session(find_file(folder, card, FILE_NAME), device, 1), **card.settings["transition"])


def fill_gaps(engine: Engine, model: TransitionModel, task: Inbetween, motion: Motion) -> Events:
    """Fill the gaps between keyed poses; in long gaps, and before the first and after the last pose, the engine's
    `generate` follows the text. Raises MotionGPTError for frames that the motion does not have."""

    def propose(prompt: str, seconds: float, seed: int) -> Events:
        return Generate(prompt, seconds, seed=seed).answer(engine)

    return answer(task, motion, given_channels(task, len(motion)), model, propose, engine.name)
