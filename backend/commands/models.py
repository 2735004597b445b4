"""`motiongpt models list|info|verify`."""

import argparse
from typing import Any

import msgspec

from retarget.errors import MotionGPTError

from ..models import DEFAULT_MODEL, find_model, installed_models, read_card, user_folder, verify_files
from . import common
from .common import Report


def add_commands(subparsers: "common.Subparsers") -> None:
    """Declare `models` and its three actions."""
    parser = common.add_command(
        subparsers, "models", "list, describe or check models", "motiongpt models verify starter", run
    )
    parser.add_argument("action", choices=("list", "info", "verify"), help="what to do")
    parser.add_argument("model", nargs="?", default=DEFAULT_MODEL, metavar="NAME", help="model or folder (starter)")


def run(args: argparse.Namespace) -> Report:
    """Do the action."""
    return {"list": _list, "info": _info, "verify": _verify}[args.action](args.model)


def _list(_model: str) -> Report:
    models: list[dict[str, Any]] = []
    lines = []
    for name, folder in installed_models().items():
        try:
            card = read_card(folder)
        except MotionGPTError as error:
            models.append({"name": name, "folder": str(folder), "error": error.message})
            lines.append(f"{name}  {error.message}")
            continue
        models.append({"name": name, "folder": str(folder), "licence": card.licence, "kind": card.kind})
        lines.append(f"{name}  {card.licence}  {card.description or card.kind}")
    own = user_folder()
    empty = "No models are installed" + (f"; put model folders into {own}." if own else ".")
    return Report({"models": models, "user_folder": str(own) if own else None}, tuple(lines) or (empty,))


def _info(model: str) -> Report:
    folder, card = find_model(model)
    data = {"folder": str(folder), **msgspec.to_builtins(card)}
    # Files and settings are for programs; people get the rest.
    shown = {
        key: value for key, value in data.items() if key not in ("files", "settings") and value not in ("", {}, [])
    }
    return Report(data, tuple(f"{key}: {_text(value)}" for key, value in shown.items()))


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return msgspec.json.encode(value).decode() if isinstance(value, dict) else str(value)


def _verify(model: str) -> Report:
    folder, card = find_model(model)
    verify_files(folder, card)
    data = {"name": card.name, "folder": str(folder), "files": len(card.files), "ok": True}
    return Report(data, (f"{card.name}: all {len(card.files)} files are intact.",))
