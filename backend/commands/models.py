"""`motiongpt models`: list, describe, check, import, install and remove models."""

import argparse
import importlib.util
import shutil
from pathlib import Path
from typing import Any

import msgspec

from ...retarget.errors import MotionGPTError
from ..known.phrases import grouped, matching, read_phrases
from ..model_folder import (
    BUNDLED,
    ModelCard,
    all_files,
    check_no_links,
    default_model,
    find_model,
    installed_models,
    is_link,
    read_card,
    user_folder,
    verify_files,
)
from .shared.declaring import CommandParser, Subparsers, add_command
from .shared.own_models import checked_name, own_folder
from .shared.progress import progress_bar
from .shared.report import Report


def declare(subparsers: Subparsers) -> None:
    """Declare `models` and its actions."""
    models = add_command(
        subparsers, "models", "list, describe, check, import or remove models", "motiongpt models verify starter", _list
    )
    actions = models.add_subparsers(title="actions", metavar="ACTION", required=True, parser_class=CommandParser)
    add_command(actions, "list", "list the installed models", "motiongpt models list", _list)
    for name, summary, run in (
        ("info", "describe a model", _info),
        ("verify", "check a model's files against their checksums", _verify),
        ("remove", "delete an installed model", _remove),
    ):
        parser = add_command(actions, name, summary, f"motiongpt models {name} NAME", run)
        needed: dict[str, Any] = {} if name == "remove" else {"nargs": "?", "default": default_model()}
        parser.add_argument("model", metavar="NAME", help="model or folder", **needed)
    parser = add_command(
        actions, "known", "list what a model knows, by what is done", "motiongpt models known --search walk", _known
    )
    parser.add_argument("model", metavar="NAME", nargs="?", default=default_model(), help="model or folder")
    parser.add_argument("--search", metavar="TEXT", default="", help="only phrases with these words")
    _add_import(actions)
    _add_install(actions)
    parser = add_command(
        actions,
        "check",
        "compare small checkpoints with reference values of the published code",
        "motiongpt models check golden/upstream --json",
        _check,
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="checkpoints with their reference values")
    parser.add_argument(
        "--with", dest="way", default="float32", choices=("float32", "torch"), help="ONNX Runtime or PyTorch"
    )


def _add_import(actions: Subparsers) -> None:
    parser = add_command(
        actions,
        "import",
        "make a model folder from a published checkpoint, or from a trained T5 or adapter of transformers and peft",
        "motiongpt models import motiongpt_s3_h3d.tar --t5 flan-t5-base/ --statistics meta/ --name motiongpt-t5",
        _import,
    )
    parser.add_argument(
        "checkpoint", nargs="?", type=Path, metavar="CHECKPOINT", help="motiongpt_s3_h3d.tar; or a trained T5's folder"
    )
    parser.add_argument("--t5", type=Path, metavar="DIR", help="folder of flan-t5-base (config.json, spiece.model)")
    parser.add_argument(
        "--vqvae", type=Path, metavar="PATH", help="t2m.pth; for a trained T5 or adapter, a motion tokenizer's folder"
    )
    parser.add_argument(
        "--base", type=Path, metavar="PATH", help="lit-llama.pth, or a causal language model's folder of transformers"
    )
    parser.add_argument("--lora", type=Path, metavar="PATH", help="pretrained.pth, or an adapter's folder of peft")
    parser.add_argument("--codes", choices=("text", "tokens"), help="how an adapter writes codes (as its record says)")
    parser.add_argument("--share", type=Path, metavar="FOLDER", help="where an adapter's base goes (beside the model)")
    parser.add_argument("--tokenizer", type=Path, metavar="FILE", help="tokenizer.model of LLaMA")
    parser.add_argument("--alpha", type=float, default=16.0, help="LoRA's alpha, which is not in the file (16)")
    parser.add_argument("--heads", type=int, help="attention heads, for a LLaMA of unusual size")
    parser.add_argument(
        "--statistics", type=Path, metavar="DIR", help="folder with mean.npy and std.npy, for published checkpoints"
    )
    parser.add_argument("--name", metavar="NAME", help="what to call the model (motiongpt-t5, motiongpt-llama)")
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="model folder to write (the user's models)")
    parser.add_argument("--replace", action="store_true", help="overwrite a model of that name")


def _add_install(actions: Subparsers) -> None:
    parser = add_command(
        actions,
        "install",
        "download a model from a hub and install it",
        "motiongpt models install motiongpt-t5 --allow-network --statistics meta/",
        _install,
    )
    parser.add_argument("model", metavar="NAME", help="motiongpt-t5, or OWNER/NAME of a repository with a model folder")
    parser.add_argument("--allow-network", action="store_true", help="required: nothing is downloaded without it")
    parser.add_argument("--endpoint", metavar="URL", help="a hub other than huggingface.co")
    parser.add_argument("--revision", default="main", help="branch, tag or commit (main)")
    parser.add_argument(
        "--statistics", type=Path, metavar="DIR", help="folder with mean.npy and std.npy, for checkpoints"
    )


def _import(args: argparse.Namespace) -> Report:
    _check_onnx()
    llama = {name: getattr(args, name) for name in ("vqvae", "base", "lora", "tokenizer")}
    if args.vqvae is not None and not args.vqvae.exists():
        raise MotionGPTError(f"There is no {args.vqvae}.", "Check the path (--vqvae).")
    if args.vqvae is not None and args.vqvae.is_dir():
        return _import_trained(args)
    if args.statistics is None:
        raise MotionGPTError("--statistics is missing.", "Give the folder with mean.npy and std.npy.", "usage")
    if args.checkpoint is not None and args.t5 is not None and not any(llama.values()):
        from ..importers.t5 import import_t5

        target = _target(args, "motiongpt-t5")
        with progress_bar() as report:
            card = import_t5(args.checkpoint, args.t5, args.statistics, target, replace=args.replace, report=report)
    elif args.checkpoint is None and all(llama.values()):
        from ..importers.llama import import_llama

        target = _target(args, "motiongpt-llama")
        with progress_bar() as report:
            card = import_llama(
                **llama, statistics=args.statistics, target=target, alpha=args.alpha, heads=args.heads,
                replace=args.replace, report=report,
            )  # fmt: skip
    else:
        raise MotionGPTError(
            "Give a checkpoint and --t5; --vqvae, --base, --lora and --tokenizer; or a motion tokenizer's folder as "
            "--vqvae, with a trained T5's folder, or with --base and --lora.",
            "See: motiongpt models import --help",
            "usage",
        )
    return _imported(card, target)


def _import_trained(args: argparse.Namespace) -> Report:
    """A T5 or an adapter that was trained here, or elsewhere in the same way."""
    if (args.checkpoint is None) == (args.base is None):
        raise MotionGPTError(
            "A motion tokenizer needs a trained T5, or a base model.", "Give the T5's folder, or --base.", "usage"
        )
    with progress_bar() as report:
        if args.checkpoint is not None:
            from ..importers.trained import import_trained_t5

            target = _target(args, _name_of(args.checkpoint))
            card = import_trained_t5(args.checkpoint, args.vqvae, target, args.replace, report)
        else:
            from ..importers.adapters import import_adapter

            target = _target(args, _name_of(args.lora or args.base))
            card = import_adapter(
                args.base, args.lora, args.vqvae, target, args.replace, args.codes, args.share, report
            )
    return _imported(card, target)


def _name_of(folder: Path) -> str:
    """What to call a model that was trained in a folder: a training leaves it in `t5` or `adapter` within its own."""
    whole = folder.absolute()
    return whole.parent.name if whole.name in ("t5", "adapter") else whole.name


def _check_onnx() -> None:
    if importlib.util.find_spec("onnx") is None:
        raise MotionGPTError(
            "Importing needs the package onnx.", 'Install the extra "llm": pip install motiongpt-blender[llm]'
        )


def _imported(card: ModelCard, target: Path) -> Report:
    data = {"name": card.name, "folder": str(target), "kind": card.kind, "tasks": card.tasks, "licence": card.licence}
    lines = (f"{card.name} is ready in {target}.", f"It can: {', '.join(card.tasks)}.", f"Licence: {card.licence}.")
    return Report(data, lines)


def _target(args: argparse.Namespace, name: str) -> Path:
    if args.output is not None:
        return Path(args.output)
    return own_folder() / checked_name(args.name or name)


def _install(args: argparse.Namespace) -> Report:
    _check_onnx()
    from ..importers.hub import install

    with progress_bar() as report:
        card, target = install(
            args.model,
            own_folder(),
            allow_network=args.allow_network,
            endpoint=args.endpoint,
            revision=args.revision,
            statistics=args.statistics,
            report=report,
        )
    return _imported(card, target)


def _remove(args: argparse.Namespace) -> Report:
    folder, card = find_model(args.model)
    if is_link(folder):
        raise MotionGPTError(
            f"{folder} is a link to {folder.resolve()}.", "Remove the link itself, or name the model's own folder."
        )
    if BUNDLED.resolve() in folder.resolve().parents:
        raise MotionGPTError(f"The model {card.name} came with the program.", "Uninstall the program to remove it.")
    check_no_links(folder)
    # Only the files that the card names: the folder may hold others.
    for name in [*card.files, "model.json"]:
        (folder / name).unlink(missing_ok=True)
    left = [path for path in folder.rglob("*") if not path.is_dir()]
    if not left:
        shutil.rmtree(folder)
    lines = (f"{card.name} was removed.", *((f"{folder} still has files that are not the model's.",) if left else ()))
    return Report({"name": card.name, "folder": str(folder), "removed": True, "left": [str(p) for p in left]}, lines)


def _check(args: argparse.Namespace) -> Report:
    from ..importers.check import check_folder

    rows = list(check_folder(args.folder, args.way == "torch"))
    lines = [
        f"{'ok  ' if row.passed else 'FAIL'} {row.name}: {row.error:.3g} (at most {row.tolerance:g})" for row in rows
    ]
    failed = [row.name for row in rows if not row.passed]
    lines.append(f"{len(rows) - len(failed)} of {len(rows)} agree.")
    data: dict[str, Any] = {
        "rows": [{"name": r.name, "error": r.error, "tolerance": r.tolerance, "passed": r.passed} for r in rows],
        "passed": not failed,
    }
    return Report(data, tuple(lines), exit_code=1 if failed else 0)


def _list(args: argparse.Namespace) -> Report:
    models: list[dict[str, Any]] = []
    lines = []
    for name, folder in installed_models().items():
        try:
            card = read_card(folder)
        except MotionGPTError as error:
            models.append({"name": name, "folder": str(folder), "error": error.message})
            lines.append(f"{name}  {error.message}")
            continue
        known = {"licence": card.licence, "use": card.use, "kind": card.kind, "default": name == default_model()}
        models.append({"name": name, "folder": str(folder), **known})
        lines.append(f"{name}  {_licence(card)}  {card.description or card.kind}")
    own = user_folder()
    empty = "No models are installed" + (f"; put model folders into {own}." if own else ".")
    return Report({"models": models, "user_folder": str(own) if own else None}, tuple(lines) or (empty,))


def _info(args: argparse.Namespace) -> Report:
    folder, card = find_model(args.model)
    data = {"folder": str(folder), **msgspec.to_builtins(card), "use": card.use}
    # Files and settings are for programs, and only in --json.
    hidden = ("files", "shared", "settings", "group", "use")
    shown = {k: v for k, v in {**data, "licence": _licence(card)}.items() if k not in hidden and v not in ("", {}, [])}
    return Report(data, tuple(f"{key}: {_text(value)}" for key, value in shown.items()))


def _known(args: argparse.Namespace) -> Report:
    folder, card = find_model(args.model)
    phrases = read_phrases(folder)
    if not phrases:
        raise MotionGPTError(
            f"The model {card.name} does not say what it knows.", "Choose another: motiongpt models list", "unsupported"
        )
    groups = grouped(matching(phrases, args.search))
    lines = [f"{name}: {'; '.join(group)}" for name, group in groups.items()]
    none = f'{card.name} knows no phrase with "{args.search}".'
    return Report({"name": card.name, "search": args.search, "groups": groups}, tuple(lines) or (none,))


def _licence(card: ModelCard) -> str:
    """The licence, and what it allows in words."""
    return f"{card.licence}, {card.use}" if card.use else card.licence


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return msgspec.json.encode(value).decode() if isinstance(value, dict) else str(value)


def _verify(args: argparse.Namespace) -> Report:
    folder, card = find_model(args.model)
    verify_files(folder, card)
    data = {"name": card.name, "folder": str(folder), "files": len(all_files(card)), "ok": True}
    return Report(data, (f"{card.name}: all {len(all_files(card))} files are intact.",))
