"""`motiongpt train t5`: stages 2 and 3 of *Human Motion as a Foreign Language*, from any T5."""

import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from transformers import T5ForConditionalGeneration

from ....retarget.errors import MotionGPTError
from ...engines.t5.tokenizers import (
    FILE,
    FileTokenizer,
    PromptTokenizer,
    read_sentinels,
    read_tokenizer,
    tokenizer_file,
)
from ...importers.trained import import_trained_t5, read_record, write_record
from ...model_folder import ModelCard
from .bases import base_checksum, in_order, load_base, make_record, untrained
from .loop import FineTuning, accelerator_for, check_resumable, fit, mean_loss, measures
from .motions import read_motions
from .t5_examples import STAGES, TASKS, T5Examples

FOLDER = "t5"
"""Where a training leaves the T5, in its folder."""
_RATES = {"pretrain": 2e-4, "instruct": 1e-4}
_MEASURED = 64  # test clips


@dataclass(frozen=True)
class T5Training(FineTuning):
    """dropout: of the network.  tasks: of the instruction stage, with commas.  wordings: share of instructions worded
    otherwise than the engine's prompts.  pretrained: 0 takes only the base's architecture, with random weights.
    rate: 0 stands for the stage's own, as published."""

    rate: float = 0.0
    dropout: float = 0.1
    tasks: str = ",".join(TASKS)
    wordings: float = 0.5
    pretrained: int = 1


def train_t5(
    data: Path,
    tokenizer: Path,
    base: Path,
    folder: Path,
    stage: str,
    settings: T5Training,
    device: str = "auto",
    base_licence: str | None = None,
) -> dict[str, float]:
    """Train a stage; leaves a T5 folder of transformers in `folder / FOLDER`; returns losses on the test clips.

    tokenizer: a motion tokenizer's folder.  base: a T5 folder of transformers, or the folder of a former stage.
    Resumes from the folder's checkpoint. Raises MotionGPTError for what can't be used.
    """
    in_order([stage], STAGES, "stage")
    tasks = in_order(settings.tasks.split(","), TASKS, "task")
    base = base / FOLDER if (base / FOLDER).is_dir() else base
    settings = replace(settings, rate=settings.rate or _RATES[stage])
    words = read_tokenizer(tokenizer_file(base), read_sentinels(base))
    if stage == "pretrain" and words.sentinel(0) is None:
        raise MotionGPTError(f"The tokenizer in {base} has no sentinels (<extra_id_0>).", "Give the folder of a T5.")
    checks = {"base": base_checksum(base)}
    accelerator = accelerator_for(settings, folder, device)
    with accelerator.main_process_first():
        motions = read_motions(data, tokenizer, folder, crops=bool(settings.crops))
    config = {**asdict(settings), "stage": stage, **checks, **motions.made_from}
    check_resumable(folder, config)
    model = _model(base, words, settings)
    examples = T5Examples(motions, words, stage, tasks, settings.wordings)
    state = fit(accelerator, model, examples, folder, settings, config, f"t5 {stage}")
    if accelerator.is_main_process:
        record = make_record(
            data, base, base_licence, "MotionGPT on T5, trained with motiongpt train t5",
            {**config, "base": base.name, "before": _before(base)},
        )  # fmt: skip
        _write(accelerator.unwrap_model(model), state, words, base, folder / FOLDER)
        write_record(record, folder / FOLDER)
    accelerator.wait_for_everyone()
    if not measures(accelerator):
        return {}
    return _losses(accelerator.unwrap_model(model), examples, data, tokenizer, folder, tasks)


def _model(base: Path, words: PromptTokenizer, settings: T5Training) -> Any:
    """The base with embeddings for the motion tokens."""
    if settings.pretrained:
        model = load_base(T5ForConditionalGeneration, base, dropout_rate=settings.dropout)
    else:
        model = untrained(T5ForConditionalGeneration, base, settings.seed, dropout_rate=settings.dropout)
    # transformers takes every T5 for one whose output matrix is its embedding, and would make the two one on resizing;
    # those of T5 1.1 and flan-T5 are apart.
    model.config.tie_word_embeddings = model.lm_head.weight is model.shared.weight
    torch.manual_seed(settings.seed)
    if model.config.vocab_size < words.size:
        model.resize_token_embeddings(words.size, mean_resizing=False)
    return model


def _before(base: Path) -> dict[str, Any]:
    return read_record(base).training


def _write(model: Any, state: dict[str, Any], words: PromptTokenizer, base: Path, out: Path) -> None:
    """Write the T5 folder through a draft."""
    draft = out.with_name(f".{out.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    model.save_pretrained(draft, state_dict=state)
    if isinstance(words, FileTokenizer):
        words.save(draft / FILE)
    else:
        shutil.copyfile(tokenizer_file(base), draft / tokenizer_file(base).name)
    if (settings := base / "tokenizer_config.json").is_file():
        shutil.copyfile(settings, draft / settings.name)
    shutil.rmtree(out, ignore_errors=True)
    draft.rename(out)


def _losses(
    model: Any, examples: T5Examples, data: Path, tokenizer: Path, folder: Path, tasks: tuple[str, ...]
) -> dict[str, float]:
    """Mean loss of every task on test clips, if there are any."""
    try:
        shown = read_motions(data, tokenizer, folder, "test").whole()[:_MEASURED]
    except MotionGPTError:  # a small data set has no test clips
        return {}
    return {
        f"test_loss_{task}": round(mean_loss(model, examples, [examples.of_task(task, one) for one in shown]), 4)
        for task in tasks
    }


def export_t5(folder: Path, tokenizer: Path, target: Path, replace_it: bool = True) -> ModelCard:
    """The model folder of a finished training."""
    return import_trained_t5(folder / FOLDER, tokenizer, target, replace=replace_it)
