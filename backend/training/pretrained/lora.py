"""`motiongpt train lora`: an adapter for a frozen causal language model, as in *Finetuned LLMs are General-Purpose
Motion Generators*."""

import importlib.util
import json
import random
import shutil
import warnings
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, BitsAndBytesConfig

from ....retarget.errors import MotionGPTError
from ...engines.llama.text import CONDITIONS
from ...engines.llama.tokenizers import WRITINGS, CausalTokenizer
from ...engines.shared.codec import CODES
from ...importers.adapters import check_base, import_adapter
from ...importers.trained import write_record
from ...model_folder import ModelCard
from .bases import base_checksum, in_order, list_targets, load_base, make_record, untrained
from .loop import FineTuning, accelerator_for, check_resumable, fit, mean_loss, measures
from .lora_examples import CausalExamples
from .motions import read_motions

FOLDER, RANDOM_BASE = "adapter", "untrained-base"
"""Where a training leaves the adapter, in its folder; and the base, where its weights are random."""
_MEASURED = 64  # test clips


@dataclass(frozen=True)
class LoraTraining(FineTuning):
    """Settings; the defaults are the paper's, with the best rank and alpha of its table 5. Its 37,500 iterations of 4
    examples make 586 steps.

    targets: "auto" for what peft knows of the architecture (query and value in a Llama), "all-linear", or names with
    commas.  codes: "text", as in the paper, or "tokens".  conditions: what is learned, with commas.  bits: 4 or 8 for a
    base in as many bits, on CUDA.  pretrained: 0 takes only the base's architecture, with random weights, frozen too.
    """

    batch: int = 256
    parts: int = 64
    steps: int = 586
    rate: float = 3e-3
    warmup: int = 20
    rank: int = 32
    alpha: float = 16.0
    dropout: float = 0.05
    targets: str = "auto"
    codes: str = "text"
    conditions: str = ",".join(CONDITIONS)
    bits: int = 0
    pretrained: int = 1


def train_lora(
    data: Path,
    tokenizer: Path,
    base: Path,
    folder: Path,
    settings: LoraTraining,
    device: str = "auto",
    base_licence: str | None = None,
    shared: Path | None = None,
) -> dict[str, float]:
    """Train an adapter; leaves it in `folder / FOLDER`; returns its losses on the test clips, by condition.

    shared: where the codes of the clips are kept, for several trainings on them; `folder` by default.  Resumes from the
    folder's checkpoint. Raises MotionGPTError for what can't be used.
    """
    conditions: Any = in_order(settings.conditions.split(","), CONDITIONS, "condition")
    (codes,) = in_order([settings.codes], WRITINGS, "way to write codes")
    check_base(base)
    _check_bits(settings.bits)
    words = CausalTokenizer(base, "tokens" if codes == "tokens" else "text")
    checks = {"base": base_checksum(base)}
    accelerator = accelerator_for(settings, folder, device)
    with accelerator.main_process_first():
        motions = read_motions(data, tokenizer, shared or folder, crops=bool(settings.crops))
    config = {**asdict(replace(settings, conditions=",".join(conditions))), **checks, **motions.made_from}
    check_resumable(folder, config)
    model = _adapted(_base(base, words, settings, accelerator.mixed_precision == "bf16"), words, settings)
    examples = CausalExamples(motions, words, conditions)
    state = fit(accelerator, model, examples, folder, settings, config, "lora")
    plain = accelerator.unwrap_model(model)
    if accelerator.is_main_process:
        record = make_record(
            data, base, base_licence, f"LoRA on {base.name}, trained with motiongpt train lora",
            {**config, "base": base.name}, codes,
        )  # fmt: skip
        _write(plain, state, base, folder / FOLDER)
        write_record(record, folder / FOLDER)
    losses = test_losses(plain, examples, data, tokenizer, shared or folder) if measures(accelerator) else {}
    if accelerator.is_main_process and not settings.pretrained:
        _write_base(plain, base, folder / RANDOM_BASE)  # last, since it takes the adapter off
    accelerator.wait_for_everyone()
    return losses


def test_losses(
    model: Any, examples: CausalExamples, data: Path, tokenizer: Path, folder: Path, most: int = _MEASURED
) -> dict[str, float]:
    """Loss of every condition on test clips, in nats per motion code, however many tokens it is written in; none where
    there are no such clips."""
    try:
        shown = read_motions(data, tokenizer, folder, "test").whole()[:most]
    except MotionGPTError:  # a small data set has no test clips
        return {}
    count, losses = sum(len(one.codes) for one in shown), {}
    for condition in examples.conditions:
        rng = random.Random(0)
        chosen = [examples.of_condition(condition, one, rng) for one in shown]
        total = mean_loss(model, examples, chosen, 4) * sum(len(e.target) for e in chosen)
        losses[f"nats_{condition}"] = round(total / count, 4)
    return losses


def export_lora(folder: Path, base: Path, tokenizer: Path, target: Path, share: Path | None = None) -> ModelCard:
    """The model folder of a finished training."""
    if (folder / RANDOM_BASE).is_dir():
        base = folder / RANDOM_BASE
        share = share or target.absolute().parent / f"{target.name}-base"
    return import_adapter(base, folder / FOLDER, tokenizer, target, replace=True, share=share)


def _check_bits(bits: int) -> None:
    if bits not in (0, 4, 8):
        raise MotionGPTError(f"A base model can't have {bits} bits.", "Use 4, 8, or 0 for its own precision.")
    if bits and not torch.cuda.is_available():
        raise MotionGPTError(f"A base model in {bits} bits needs CUDA.", "Leave bits out on this machine.")
    if bits and importlib.util.find_spec("bitsandbytes") is None:
        raise MotionGPTError(
            f"A base model in {bits} bits needs bitsandbytes.",
            'Install the extra "quantized": pip install motiongpt-blender[quantized]',
            "missing_package",
        )


def _base(base: Path, words: CausalTokenizer, settings: LoraTraining, half: bool) -> Any:
    """The base with rows for the codes, all of it frozen."""
    dtype = torch.bfloat16 if half and torch.cuda.is_available() else torch.float32
    more: dict[str, Any] = {"dtype": dtype}
    if settings.bits:
        more["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=settings.bits == 4, load_in_8bit=settings.bits == 8, bnb_4bit_quant_type="nf4",
            bnb_4bit_compute_dtype=torch.bfloat16,
        )  # fmt: skip
    if settings.pretrained:
        model = load_base(AutoModelForCausalLM, base, **more)
    else:
        model = untrained(AutoModelForCausalLM, base, settings.seed).to(dtype)
    torch.manual_seed(settings.seed)
    if model.get_input_embeddings().num_embeddings < words.size:
        # Rows like the mean of all: a new token that is far from the others is hard to learn.
        model.resize_token_embeddings(words.size, mean_resizing=bool(settings.pretrained) and not settings.bits)
    if settings.bits:
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=bool(settings.checkpointing))
    model.config.use_cache = False
    return model


def _adapted(model: Any, words: CausalTokenizer, settings: LoraTraining) -> Any:
    """The base with an adapter of the settings."""
    rows = list(range(words.first_code, words.first_code + CODES))
    trained = dict.fromkeys(_embeddings(model), rows) if words.codes == "tokens" else None
    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=None if settings.targets == "auto" else list_targets(settings.targets),
        trainable_token_indices=trained,
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            adapted = get_peft_model(model, config)
    except (ValueError, TypeError) as error:
        why = " ".join(str(error).split())[:200]
        raise MotionGPTError(
            f"LoRA can't be put into this model ({why}).", "Name layers with --set targets=q_proj,v_proj."
        ) from error
    if settings.checkpointing:
        adapted.enable_input_require_grads()
    return adapted


def _embeddings(model: Any) -> list[str]:
    """Names of the embedding, and of the output layer unless it has the same weights."""
    wanted = [model.get_input_embeddings()]
    output = model.get_output_embeddings()
    if output is not None and output.weight is not wanted[0].weight:
        wanted.append(output)
    return [name.rsplit(".", 1)[-1] for name, module in model.named_modules() if any(module is one for one in wanted)]


def _write(model: Any, state: dict[str, Tensor], base: Path, out: Path) -> None:
    """Write the adapter through a draft."""
    draft = out.with_name(f".{out.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save_pretrained(draft, state_dict=state, save_embedding_layers=False)
    path = draft / "adapter_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**config, "base_model_name_or_path": base.name}, indent=2), encoding="utf-8")
    (draft / "README.md").unlink(missing_ok=True)  # peft's template, with nothing filled in
    shutil.rmtree(out, ignore_errors=True)
    draft.rename(out)


def _write_base(model: nn.Module, base: Path, out: Path) -> None:
    """Write a base whose weights are random, so that its adapter can be used."""
    plain: Any = model
    inner = plain.unload() if hasattr(plain, "unload") else plain
    inner.config.use_cache = True
    inner.save_pretrained(out)
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        if (base / name).is_file():
            shutil.copyfile(base / name, out / name)
