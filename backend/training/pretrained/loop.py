"""The training loop of pretrained models, on `accelerate`: one process or several (DDP, FSDP), bfloat16, gradients
accumulated over parts of a batch, resumed from a checkpoint with the same weights as if it had never stopped.

What a step learns from depends on the seed and the step alone, and its loss is the mean over all target tokens of the
whole batch, in however many processes and parts it is computed: so the result does not depend on these either.
"""

import contextlib
import json
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedType
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ....retarget.errors import MotionGPTError
from ..folder import compare
from ..loop import Log, Processes, Schedule, mixed_precision, progress_bar, say
from .bases import quietly

_RECORD = "training.json"
_TRAINED = "trained.safetensors"
_EVERY = 25  # steps between lines of the log
_LENGTHS = 32  # of a CPU's matrix products, few sizes are prepared, and kept, instead of hundreds


@dataclass(frozen=True)
class FineTuning:
    """Settings of every training of a pretrained model.

    batch: examples a step in each process.  parts: how many parts it is computed in, for lack of memory (gradient
    accumulation).  checkpointing: 1 computes activations again instead of keeping them (gradient checkpointing).
    precision: "auto", "bfloat16" or "float32".  clip: longest gradient.  save_every: seconds between checkpoints.
    crops: 1 learns random stretches of clips, 0 clips as they are, up to a model's longest.
    """

    batch: int = 16
    parts: int = 1
    checkpointing: int = 0
    precision: str = "auto"
    steps: int = 10_000
    minutes: float = 0.0
    rate: float = 2e-4
    warmup: int = 200
    weight_decay: float = 0.01
    clip: float = 1.0
    seed: int = 0
    save_every: float = 120.0
    crops: int = 1


@dataclass(frozen=True)
class Example:
    """input: ids that the model reads.  target: ids that it is to answer with."""

    input: list[int]
    target: list[int]


class Examples(Protocol):
    """What a model learns from."""

    def draw(self, seed: int, count: int) -> list[Example]:
        """`count` examples; the same seed draws the same."""

    def collate(self, examples: Sequence[Example]) -> dict[str, Tensor]:
        """What the model's forward takes, with "labels": IGNORED where no loss counts."""


IGNORED = -100


def accelerator_for(settings: FineTuning, folder: Path, device: str = "auto") -> Accelerator:
    """The accelerator of a training. "auto" is what the training in `folder` began with, since which precision is
    faster on a CPU may look otherwise at another time. Raises MotionGPTError for a precision that there is none of."""
    if settings.precision not in ("auto", "bfloat16", "float32"):
        raise MotionGPTError(f"There is no precision {settings.precision}.", "Use auto, bfloat16 or float32.")
    quietly()
    where = torch.device("cuda" if device != "cpu" and torch.cuda.is_available() else "cpu")
    if device == "cuda" and where.type != "cuda":
        raise MotionGPTError("The device cuda is not available here.", "Use auto or cpu.")
    half = settings.precision == "bfloat16"
    if settings.precision == "auto":
        record = newest_record(folder)
        half = record["half"] if record else mixed_precision(where)
    precision = "bf16" if half else "no"
    if AcceleratorState._shared_state and AcceleratorState().mixed_precision != precision:
        AcceleratorState._reset_state()  # one process may train several models
    return Accelerator(mixed_precision=precision, cpu=where.type == "cpu")


def fit(
    accelerator: Accelerator,
    model: nn.Module,
    examples: Examples,
    folder: Path,
    settings: FineTuning,
    config: dict[str, Any],
    describe: str,
) -> dict[str, Tensor]:
    """Train the parameters of a model that require gradients; returns the whole model's state, on the leader.

    folder gets `checkpoint-N`, from which a later call with the same config goes on, `log.jsonl` and TensorBoard
    events. Raises MotionGPTError if it holds a training with another config.
    """
    _keep_only_trained(accelerator, model)
    if settings.checkpointing:
        model.gradient_checkpointing_enable()  # type: ignore[operator]
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer: Any = torch.optim.AdamW(parameters, lr=settings.rate, weight_decay=settings.weight_decay)
    network, optimizer = accelerator.prepare(model, optimizer)
    processes = Processes(accelerator.device)
    start, before, computed = _resume(accelerator, folder, config)
    busy = time.process_time if accelerator.device.type == "cpu" else time.monotonic
    schedule = Schedule(settings.steps, settings.rate, min(settings.warmup, settings.steps), minutes=settings.minutes)
    log = Log(folder) if processes.leads else None
    began, worked = time.monotonic(), busy()
    saved = began
    last = start >= settings.steps or schedule.spent(before) >= 1.0
    with progress_bar(describe) as bar:
        task = bar.add_task(describe, total=settings.steps, completed=start, note="")
        say(bar, f"{describe}: {f'goes on after step {start} of' if start else 'begins,'} {settings.steps} steps")
        network.train()
        step = start
        while not last:
            for group in optimizer.param_groups:
                group["lr"] = schedule.rate_at(step, before + time.monotonic() - began)
            loss, tokens = _learn(accelerator, network, examples, settings, step, processes)
            accelerator.clip_grad_norm_(network.parameters(), settings.clip)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            step += 1
            seconds = before + time.monotonic() - began
            last = step == settings.steps or processes.agree(schedule.spent(seconds) >= 1.0)
            if step % _EVERY == 0 or step == start + 1 or last:
                total = accelerator.reduce(loss, "sum")
                if log:
                    value = log.write({"loss": total, "tokens": torch.tensor(float(tokens))}, step)
                    bar.update(task, completed=step, note=f"loss {value:.4f}")
                    say(bar, f"{describe}: step {step} of {settings.steps}, loss {value:.4f}")
            if last or processes.agree(time.monotonic() - saved > settings.save_every):
                half = accelerator.mixed_precision == "bf16"
                spent = computed + busy() - worked
                record = {"config": config, "step": step, "seconds": seconds, "computed": spent, "half": half}
                _save(accelerator, folder, record, processes)
                saved = time.monotonic()
    return dict(accelerator.get_state_dict(network))


def _learn(
    accelerator: Accelerator, network: Any, examples: Examples, settings: FineTuning, step: int, processes: Processes
) -> tuple[Tensor, int]:
    """Gradients of one step; returns this process's share of the loss, and the number of target tokens of all."""
    seed = settings.seed * 1_000_003 + step
    torch.manual_seed(processes.seed(seed))
    drawn = examples.draw(seed, settings.batch * processes.count)
    tokens = sum(len(example.target) for example in drawn)
    # Alike lengths together: less padding.
    mine = sorted(drawn[processes.rank :: processes.count], key=lambda e: len(e.input) + len(e.target))
    size = -(-len(mine) // settings.parts)
    pieces = [mine[i : i + size] for i in range(0, len(mine), size)]
    share = torch.zeros((), device=accelerator.device)
    for i, piece in enumerate(pieces):
        batch = {name: tensor.to(accelerator.device) for name, tensor in examples.collate(piece).items()}
        of_all = sum(len(example.target) for example in piece) / tokens
        with contextlib.nullcontext() if i == len(pieces) - 1 else accelerator.no_sync(network):
            loss = network(**batch).loss * of_all
            accelerator.backward(loss * processes.count)  # several processes' gradients are averaged
        share += loss.detach()
    return share, tokens


def padded(rows: Sequence[Sequence[int]], filling: int) -> Tensor:
    """Rows (N, L) filled up to a common length L, a multiple of _LENGTHS."""
    longest = max(map(len, rows))
    out = torch.full((len(rows), longest + -longest % _LENGTHS), filling)
    for row, values in zip(out, rows, strict=True):
        row[: len(values)] = torch.tensor(values)
    return out


def measures(accelerator: Accelerator) -> bool:
    """Whether this process measures the result: the leader, where it holds the whole model."""
    return bool(accelerator.is_main_process) and accelerator.distributed_type != DistributedType.FSDP


@torch.no_grad()
def mean_loss(model: Any, examples: Examples, chosen: Sequence[Example], batch: int = 16) -> float:
    """Mean loss over the target tokens of some examples."""
    training, total = model.training, 0.0
    model.eval()
    device = next(model.parameters()).device
    for i in range(0, len(chosen), batch):
        piece = chosen[i : i + batch]
        inputs = {name: tensor.to(device) for name, tensor in examples.collate(piece).items()}
        total += float(model(**inputs).loss) * sum(len(e.target) for e in piece)
    model.train(training)
    return total / max(1, sum(len(e.target) for e in chosen))


def _keep_only_trained(accelerator: Accelerator, model: nn.Module) -> None:
    """Leave what is not trained out of checkpoints: it is in the base model's files."""
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    if len(trained) == sum(1 for _ in model.named_parameters()):
        return

    def save(models: list[nn.Module], weights: list[dict[str, Tensor]], folder: str) -> None:
        if accelerator.is_main_process:
            plain = accelerator.unwrap_model(models[0])
            held = {n: p.detach().cpu().contiguous() for n, p in plain.named_parameters() if n in trained}
            save_file(held, Path(folder, _TRAINED))
        weights.clear()  # accelerate then writes none

    def load(models: list[nn.Module], folder: str) -> None:
        held = load_file(Path(folder, _TRAINED))
        plain = accelerator.unwrap_model(models.pop())
        with torch.no_grad():
            for name, parameter in plain.named_parameters():
                if name in trained:
                    parameter.copy_(held[name])

    accelerator.register_save_state_pre_hook(save)
    accelerator.register_load_state_pre_hook(load)


def _save(accelerator: Accelerator, folder: Path, record: dict[str, Any], processes: Processes) -> None:
    """Write a checkpoint, then delete those before it; one without its record was not finished."""
    target = folder / f"checkpoint-{record['step']}"
    accelerator.save_state(str(target))
    accelerator.wait_for_everyone()
    if processes.leads:
        draft = target / f"{_RECORD}.part"
        draft.write_text(json.dumps(record), encoding="utf-8")
        draft.replace(target / _RECORD)
        for other in folder.glob("checkpoint-*"):
            if other != target:
                shutil.rmtree(other)
    accelerator.wait_for_everyone()


def _checkpoints(folder: Path) -> Iterator[tuple[int, Path]]:
    for path in folder.glob("checkpoint-*"):
        if (path / _RECORD).is_file():
            yield int(path.name.removeprefix("checkpoint-")), path


def newest_record(folder: Path) -> dict[str, Any] | None:
    """What the newest checkpoint of a folder says of its training: "config", "step", "seconds" that have passed, and
    "computed" of this process: those of the processor, all threads together; on a GPU those that have passed."""
    found = max(_checkpoints(folder), default=None)
    return dict(json.loads((found[1] / _RECORD).read_text(encoding="utf-8"))) if found else None


def check_resumable(folder: Path, config: dict[str, Any]) -> None:
    """Raise MotionGPTError if a folder holds a training with another config. To be called before anything is
    written."""
    if record := newest_record(folder):
        compare(folder / "checkpoint", record["config"], config)


def _resume(accelerator: Accelerator, folder: Path, config: dict[str, Any]) -> tuple[int, float, float]:
    """Steps and seconds that the training has had, and seconds of computing."""
    check_resumable(folder, config)
    record = newest_record(folder)
    if record is None:
        return 0, 0.0, 0.0
    accelerator.load_state(str(max(_checkpoints(folder))[1]))
    seconds = float(record["seconds"])
    return int(record["step"]), seconds, float(record.get("computed", seconds))
