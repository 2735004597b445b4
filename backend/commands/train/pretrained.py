"""`motiongpt train t5`, `lora` and `lora-table`: pretrained language models become motion models, as in both papers."""

import argparse
import importlib.util
import os
import sys
from pathlib import Path

from ....retarget.errors import MotionGPTError
from ..shared.declaring import Subparsers
from ..shared.report import Report
from .settings import add_minutes, add_stage, settings_from


def declare(inner: Subparsers) -> None:
    """Declare the commands."""
    _add_t5(inner)
    _add_lora(inner)
    _add_table(inner)


def _add_t5(inner: Subparsers) -> None:
    parser = add_stage(
        inner,
        "t5",
        "stages 2 and 3 of Human Motion as a Foreign Language, from any T5; resumes from the folder's checkpoint",
        "motiongpt train t5 dataset/ --tokenizer runs/vqvae --base flan-t5-base/ -o runs/t5 --stage pretrain",
        run_t5,
    )
    parser.add_argument(
        "--stage", required=True, choices=("pretrain", "instruct"), help="masked spans and translation; then all tasks"
    )
    _add_pretrained(parser, "T5 folder of transformers, or the folder of the stage before")
    parser.add_argument("--into", type=Path, metavar="MODEL", help="model folder to write (model in the output folder)")


def _add_lora(inner: Subparsers) -> None:
    parser = add_stage(
        inner,
        "lora",
        "train an adapter (LoRA) for any causal language model; resumes from the folder's checkpoint",
        "motiongpt train lora dataset/ --tokenizer runs/vqvae --base SmolLM2-135M/ -o runs/walks --into models/walks",
        run_lora,
    )
    _add_pretrained(parser, "folder of a causal language model of transformers")
    _add_lora_settings(parser)
    parser.add_argument("--conditions", metavar="LIST", help="text, initial, last, key with commas (all four)")
    parser.add_argument("--into", type=Path, metavar="MODEL", help="model folder to write (model in the output folder)")
    parser.add_argument(
        "--share",
        type=Path,
        metavar="FOLDER",
        help="where the base model goes, shared by all on it (beside the model)",
    )


def _add_table(inner: Subparsers) -> None:
    parser = add_stage(
        inner,
        "lora-table",
        "repeat a table of the LoRA paper: pretrained or not, rank and alpha, joint or separate; or codes in two ways",
        "motiongpt train lora-table dataset/ --table joint --tokenizer runs/vqvae --base SmolLM2-135M/ -o runs/table6",
        run_table,
    )
    parser.add_argument("--table", required=True, choices=("pretrained", "rank", "joint", "codes"))
    _add_pretrained(parser, "folder of a causal language model; further ones for --table pretrained", several=True)
    _add_lora_settings(parser)
    parser.add_argument("--ranks", default="8,16,32", metavar="LIST", help="for --table rank (8,16,32)")
    parser.add_argument("--alphas", default="8,16,32", metavar="LIST", help="for --table rank (8,16,32)")
    parser.add_argument("--samples", type=int, default=64, help="test clips to generate motions for; 0: losses only")
    parser.add_argument("--judge", type=Path, metavar="FOLDER", help="another judge than the one that comes with it")


def _add_pretrained(parser: argparse.ArgumentParser, base: str, several: bool = False) -> None:
    parser.add_argument(
        "--tokenizer", type=Path, required=True, metavar="FOLDER",
        help="motion tokenizer: of --recipe published, or an imported model's folder",
    )  # fmt: skip
    parser.add_argument("--base", type=Path, required=True, metavar="FOLDER", help=base, nargs="+" if several else None)
    parser.add_argument("--base-licence", metavar="TEXT", help="its licence, for the card (as its README says)")
    parser.add_argument("--parts", type=int, metavar="N", help="compute a batch in N parts: less memory")
    parser.add_argument("--checkpointing", type=int, choices=(0, 1), help="1: less memory, a third more time (0)")
    parser.add_argument("--precision", choices=("auto", "bfloat16", "float32"), help="of the training (auto)")
    parser.add_argument("--pretrained", type=int, choices=(0, 1), help="0: random weights instead of the base's (1)")
    add_minutes(parser)


def _add_lora_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rank", type=int, metavar="N", help="of the adapter (32)")
    parser.add_argument("--alpha", type=float, metavar="X", help="its scale times the rank (16)")
    parser.add_argument("--targets", metavar="LIST", help="layers with commas, or all-linear (auto: as peft knows)")
    parser.add_argument("--codes", choices=("text", "tokens"), help="codes in digits, or as added tokens (text)")
    parser.add_argument("--bits", type=int, choices=(0, 4, 8), help="4 or 8: base in as many bits, on CUDA (0)")


def run_t5(args: argparse.Namespace) -> Report:
    """Stages 2 and 3 on T5."""
    _need_packages()
    from ...training.pretrained.t5 import T5Training, export_t5, train_t5

    (settings,) = settings_from(args, T5Training)
    losses = train_t5(
        args.dataset, args.tokenizer, args.base, args.output, args.stage, settings, args.device, args.base_licence
    )
    target = args.into or args.output / "model"
    if _leads():
        export_t5(args.output, args.tokenizer, target)
    return _report(args.output, target, losses)


def run_lora(args: argparse.Namespace) -> Report:
    """An adapter."""
    _need_packages()
    from ...training.pretrained.lora import LoraTraining, export_lora, train_lora

    (settings,) = settings_from(args, LoraTraining)
    losses = train_lora(args.dataset, args.tokenizer, args.base, args.output, settings, args.device, args.base_licence)
    target = args.into or args.output / "model"
    if _leads():
        export_lora(args.output, args.base, args.tokenizer, target, args.share)
    return _report(args.output, target, losses)


def run_table(args: argparse.Namespace) -> Report:
    """A table of the LoRA paper."""
    _need_packages()
    from ...training.pretrained.lora import LoraTraining
    from ...training.pretrained.tables import Plan, as_markdown, make_table

    (settings,) = settings_from(args, LoraTraining)
    plan = Plan(
        args.dataset, args.tokenizer, tuple(args.base), args.output, settings, _numbers(args.ranks, "--ranks"),
        _numbers(args.alphas, "--alphas"), args.samples, args.judge, args.device,
    )  # fmt: skip
    lines = make_table(args.table, plan, lambda line: print(line, file=sys.stderr, flush=True))
    return Report({"path": str(args.output), "lines": lines}, (as_markdown(lines).rstrip(),))


def _need_packages() -> None:
    missing = [name for name in ("transformers", "peft", "accelerate") if importlib.util.find_spec(name) is None]
    if missing:
        raise MotionGPTError(
            f"Training a pretrained model needs {', '.join(missing)}.",
            'Install the extra "train": pip install motiongpt-blender[train]',
            "missing_package",
        )


def _leads() -> bool:
    return os.environ.get("RANK", "0") == "0"


def _numbers(text: str, option: str) -> tuple[int, ...]:
    try:
        found = tuple(int(part) for part in text.split(","))
    except ValueError:
        found = ()
    if not found or min(found) < 1:
        raise MotionGPTError(f"{option} {text} is no list of whole numbers.", "Write for instance 8,16,32.", "usage")
    return found


def _report(folder: Path, target: Path, losses: dict[str, float]) -> Report:
    lines = [f"{name}: {value:.4f}" for name, value in losses.items()]
    return Report({"path": str(folder), "model": str(target), **losses}, (*lines, f"{target}: the model"))
