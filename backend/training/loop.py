"""The loop that every training shares: schedule, averaged weights, checkpoints, log, progress, resuming."""

import contextlib
import copy
import dataclasses
import functools
import json
import os
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, distributed, nn

from ...retarget.errors import MotionGPTError
from .folder import compare


@dataclass(frozen=True)
class Schedule:
    """steps: in all.  rate: peak learning rate, reached after `warmup` steps, then a cosine down to a hundredth.
    averaging: decay of the exponential moving average of the weights, which is what gets exported.
    checkpoint_every: seconds.  minutes: the schedule ends after this time, if that is before `steps`; 0 is no limit.
    """

    steps: int
    rate: float
    warmup: int = 200
    weight_decay: float = 0.01
    averaging: float = 0.998
    seed: int = 0
    checkpoint_every: float = 120.0
    minutes: float = 0.0

    def after(self, preparing: float) -> "Schedule":
        """The same schedule for a training whose preparation took that many seconds of its time."""
        return dataclasses.replace(self, minutes=max(self.minutes - preparing / 60.0, 1e-3)) if self.minutes else self

    def spent(self, seconds: float) -> float:
        """Share of the time limit that has passed; 0 without a limit."""
        return min(1.0, seconds / (60.0 * self.minutes)) if self.minutes else 0.0

    def rate_at(self, step: int, seconds: float = 0.0) -> float:
        """Learning rate of a step (from 0), that many seconds after the beginning."""
        if step < self.warmup:
            return self.rate * (step + 1) / self.warmup
        share = max((step - self.warmup) / max(1, self.steps - self.warmup), self.spent(seconds))
        return self.rate * float(0.505 + 0.495 * torch.cos(torch.tensor(share * torch.pi)))


def choose_device(name: str = "auto") -> torch.device:
    """The device of that name; "auto" is CUDA if it is available."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        raise MotionGPTError(f"The device {name} is not available here.", "Use auto, cpu or cuda.") from error


@functools.cache
def mixed_precision(device: torch.device) -> bool:
    """Whether bfloat16 is faster there: on CUDA, and on CPUs that support it; others emulate it a hundred times slower.

    A CPU is timed on a matrix product: on one thread, since several wait for each other on a busy machine, and taking
    the best of several runs.
    """
    if device.type != "cpu":
        return True

    def seconds(dtype: torch.dtype) -> float:
        a = torch.ones(256, 256, dtype=dtype)
        started = time.perf_counter()
        a @ a
        return time.perf_counter() - started

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return min(seconds(torch.bfloat16) for _ in range(5)) < min(seconds(torch.float32) for _ in range(5))
    finally:
        torch.set_num_threads(threads)


def autocast(device: torch.device) -> torch.autocast:
    """bfloat16 where `mixed_precision` says so, else float32 throughout."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=mixed_precision(device))


def progress_bar(describe: str) -> Progress:
    """A bar whose tasks have a `note` beside their count."""
    columns = (TextColumn(describe), BarColumn(), TextColumn("{task.completed}/{task.total} {task.fields[note]}"))
    return Progress(*columns, TimeRemainingColumn(), refresh_per_second=1)


_LOGGED = 10.0  # seconds
_STRIDE = 2**40  # between the seeds of processes


class Processes:
    """The processes that train one model together, each on different batches: those that `torchrun` started, or this
    one alone."""

    def __init__(self, device: torch.device) -> None:
        self.count = int(os.environ.get("WORLD_SIZE", "1"))
        self.rank = int(os.environ.get("RANK", "0"))
        self._device = device
        if self.count > 1 and not distributed.is_initialized():
            distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")

    @property
    def leads(self) -> bool:
        """Whether this process is the one that writes files."""
        return self.rank == 0

    def seed(self, of_step: int) -> int:
        """This process's seed for a step, derived from the shared one."""
        return of_step + self.rank * _STRIDE

    @staticmethod
    def shared_seed(generator: torch.Generator) -> int:
        """The shared seed of a generator that was seeded with `seed`."""
        return generator.initial_seed() % _STRIDE

    @contextlib.contextmanager
    def leader_first(self) -> Iterator[None]:
        """The leader runs the block first, so that the others find the files that it leaves."""
        if self.count > 1 and not self.leads:
            distributed.barrier()
        yield
        if self.count > 1 and self.leads:
            distributed.barrier()

    def agree(self, wanted: bool) -> bool:
        """Whether the leader wants it, for all processes."""
        if self.count == 1:
            return wanted
        flag = torch.tensor([float(wanted)], device=self._device)
        distributed.broadcast(flag, src=0)
        return bool(flag.item())

    def average_gradients(self, parameters: list[nn.Parameter]) -> None:
        """Give every process the mean of all their gradients; a missing gradient counts as zero."""
        if self.count == 1:
            return
        flat = torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in parameters])
        distributed.all_reduce(flat)
        for p, part in zip(parameters, (flat / self.count).split([p.numel() for p in parameters]), strict=True):
            p.grad = part.view_as(p)


_Model = TypeVar("_Model", bound=nn.Module)


def train(
    model: _Model,
    loss_of: Callable[[torch.Generator], dict[str, Tensor]],
    folder: Path,
    schedule: Schedule,
    config: dict[str, Any],
    describe: str,
) -> _Model:
    """Minimise `loss_of(generator)["loss"]`, called once a step; returns the model with averaged weights. With several
    `Processes`, each step uses the batches of all; a model whose buffers change in training needs a single process.

    folder gets `checkpoint.pt` (everything needed to resume), `log.jsonl`, TensorBoard events where tensorboard is
    installed, and `model.pt` at the end. A folder that already holds a checkpoint of the same config is resumed; only
    `steps` and `minutes` may differ, which lengthens or shortens the rest of the schedule.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(
        parameters,
        lr=schedule.rate,
        betas=(0.9, 0.99),
        weight_decay=schedule.weight_decay,
        fused=True,
    )
    average = copy.deepcopy(model).eval().requires_grad_(False)
    processes = Processes(parameters[0].device)
    start, before = _resume(folder / "checkpoint.pt", model, average, optimizer, config)
    log = Log(folder) if processes.leads else None
    generator = torch.Generator()
    saved = began = time.monotonic()
    over = schedule.spent(before) >= 1.0
    with progress_bar(describe) as bar:
        task = bar.add_task(describe, total=schedule.steps, completed=start, note="")
        say(bar, f"{describe}: {f'goes on after step {start} of' if start else 'begins,'} {schedule.steps} steps")
        model.train()
        for step in range(start, start if over else schedule.steps):
            seed = processes.seed(schedule.seed * 1_000_003 + step)
            generator.manual_seed(seed)
            torch.manual_seed(seed)
            for group in optimizer.param_groups:
                group["lr"] = schedule.rate_at(step, before + time.monotonic() - began)
            losses = loss_of(generator)
            optimizer.zero_grad(set_to_none=True)
            losses["loss"].backward()
            processes.average_gradients(parameters)
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            _average(average, model, min(schedule.averaging, (1 + step) / (10 + step)))
            done, seconds = step + 1, before + time.monotonic() - began
            last = done == schedule.steps or processes.agree(schedule.spent(seconds) >= 1.0)
            if log and (log.is_due(done) or step == start or last):
                loss = log.write(losses, done)
                bar.update(task, completed=done, note=f"loss {loss:.4f}")
                say(bar, f"{describe}: step {done} of {schedule.steps}, loss {loss:.4f}")
            if log and (last or time.monotonic() - saved > schedule.checkpoint_every):
                _save(
                    folder / "checkpoint.pt",
                    model,
                    average,
                    optimizer,
                    {"config": config, "step": done, "seconds": seconds},
                )
                saved = time.monotonic()
            if last:
                break
    if processes.leads:
        save_atomically({"model": average.state_dict(), "config": config}, folder / "model.pt")
    return average


def say(bar: Progress, line: str) -> None:
    """Print a line where the bar itself shows nothing: in a file or a pipe."""
    if not bar.console.is_terminal:
        bar.console.print(line, highlight=False, soft_wrap=True)


class Log:
    """Losses in a folder's `log.jsonl`, and as TensorBoard events where tensorboard is installed."""

    def __init__(self, folder: Path) -> None:
        self._path, self._began = folder / "log.jsonl", time.monotonic()
        self._last = self._began
        self._events: Any = None
        with contextlib.suppress(ImportError):
            from torch.utils.tensorboard import SummaryWriter

            self._events = SummaryWriter(str(folder / "tensorboard"))

    def is_due(self, step: int) -> bool:
        """Whether to write after that many steps: every 25, and every ten seconds where steps are slow."""
        return step % 25 == 0 or time.monotonic() - self._last > _LOGGED

    def write(self, losses: dict[str, Tensor], step: int) -> float:
        """The losses after that many steps; returns "loss"."""
        values = {k: round(v.item(), 5) for k, v in losses.items()}
        self._last = time.monotonic()
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(json.dumps({**values, "step": step, "seconds": round(time.monotonic() - self._began, 1)}) + "\n")
        for key, value in values.items():
            if self._events:
                self._events.add_scalar(key, value, step)
        return values["loss"]


@torch.no_grad()
def _average(average: nn.Module, model: nn.Module, decay: float) -> None:
    for mean, current in zip(average.parameters(), model.parameters(), strict=True):
        mean.lerp_(current.detach(), 1 - decay)
    for buffer, newest in zip(average.buffers(), model.buffers(), strict=True):
        buffer.copy_(newest)


def save_atomically(state: Any, path: Path) -> None:
    """Save through a draft: a process killed meanwhile leaves the old file, or none, but never a partial one."""
    torch.save(state, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)


def _save(
    path: Path,
    model: nn.Module,
    average: nn.Module,
    optimizer: torch.optim.Optimizer,
    record: dict[str, Any],
) -> None:
    state = {"model": model.state_dict(), "average": average.state_dict(), "optimizer": optimizer.state_dict()}
    save_atomically({**state, **record}, path)


def _resume(
    path: Path, model: nn.Module, average: nn.Module, optimizer: torch.optim.Optimizer, config: dict[str, Any]
) -> tuple[int, float]:
    """Steps and seconds that a checkpoint's training has had; the models and the optimizer get its state."""
    if not path.exists():
        return 0, 0.0
    state = torch.load(path, weights_only=True, map_location="cpu")
    compare(path, state["config"], config)
    model.load_state_dict(state["model"])
    average.load_state_dict(state["average"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"]), float(state.get("seconds", 0.0))


_Settings = TypeVar("_Settings")


def load_trained(folder: Path, what: str, command: str = "") -> dict[str, Any]:
    """What `train` left in a folder: "model", the weights, and "config", the settings.

    Raises MotionGPTError if there is none. what, command: names of the model and its training command in that message.
    """
    try:
        return dict(torch.load(folder / "model.pt", weights_only=True, map_location="cpu"))
    except FileNotFoundError:
        cure = f"Run `motiongpt train {command or what}`."
        raise MotionGPTError(f"{folder} holds no trained {what}.", cure) from None


def trained_checksum(folder: Path) -> int:
    """A checksum of what `train` left in a folder."""
    return zlib.crc32((folder / "model.pt").read_bytes())


def start_of(folder: Path | None, what: str, command: str = "") -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """What `train` left in the folder of a model that is to be trained further (see `load_trained`), and what the
    settings of the new training say of it: its checksum as "start", its own settings as "before". Without a folder,
    neither."""
    if folder is None:
        return None, {}
    begun = load_trained(folder, what, command)
    return begun, {"start": trained_checksum(folder), "before": begun["config"]}


def settings_of(kind: type[_Settings], config: dict[str, Any]) -> _Settings:
    """The settings dataclass `kind`, filled in from its fields in a training's `config`."""
    return kind(**{f.name: config[f.name] for f in dataclasses.fields(kind) if f.name in config})  # type: ignore[arg-type]
