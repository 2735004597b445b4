"""Files that several model folders need, in a folder of their own beside them."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import numpy as np
import onnxruntime

from ...retarget.errors import MotionGPTError
from ...retarget.typing import Numbers
from ..model_folder import CARD_NAME, SharedCard, read_card, read_shared, sha256, write_shared

_CLOSE = 1e-3  # results of a graph that another version of the exporter wrote


def same_bytes(new: Path, old: Path) -> bool:
    """Whether two files are equal."""
    return sha256(new) == sha256(old)


def same_graph(inputs: Mapping[str, Numbers]) -> Callable[[Path, Path], bool]:
    """A comparison of graphs by their results, since each version of the exporter writes other bytes."""

    def same(new: Path, old: Path) -> bool:
        if same_bytes(new, old):
            return True
        providers = ["CPUExecutionProvider"]
        (a, b) = (onnxruntime.InferenceSession(str(p), providers=providers).run(None, dict(inputs)) for p in (new, old))
        return all(x.shape == y.shape and np.allclose(x, y, atol=_CLOSE) for x, y in zip(a, b, strict=True))

    return same


def share(
    drafts: Mapping[Path, Callable[[Path, Path], bool]], folder: Path, card: SharedCard, but: Path | None = None
) -> dict[str, dict[str, str]]:
    """Put files into a folder that models share; returns the entry `shared` of a model's card.

    drafts: files to copy, each with what says whether it and a file of its name there are the same, so that the file
    stays.  card: of the folder; its files are filled in.  but: a model that is about to be written.
    Raises MotionGPTError if other models beside the folder need another version of a file, or if the folder does not
    lie beside that model, which would not find it; the folder stays as it was.
    """
    if but is not None and folder.absolute().parent != but.absolute().parent:
        raise MotionGPTError(
            f"{folder} does not lie beside {but}, which would not find it.", "Share a folder beside the model.", "usage"
        )
    there = read_shared(folder)
    changed = [
        new for new, same in drafts.items() if not ((folder / new.name).is_file() and same(new, folder / new.name))
    ]
    for new in changed:
        if users := _users(folder, new.name, but):
            raise MotionGPTError(
                f"{folder} holds another {new.name}, which {' and '.join(users)} needs.", "Share another folder."
            )
    folder.mkdir(parents=True, exist_ok=True)
    for new in changed:
        shutil.copy(new, folder / new.name)
    names = {**(there.files if there else {}), **dict.fromkeys((new.name for new in drafts), "")}
    files = write_shared(msgspec.structs.replace(there if there and not changed else card, files=names), folder)
    return {folder.name: {new.name: files[new.name] for new in drafts}}


def _users(folder: Path, name: str, but: Path | None) -> list[str]:
    """Models beside a shared folder that need the version of a file that is there."""
    if not (folder / name).is_file():
        return []
    now, users = sha256(folder / name), []
    for card in folder.absolute().parent.glob(f"*/{CARD_NAME}"):
        if but is None or card.parent != but.absolute():
            needed = read_card(card.parent).shared.get(folder.name, {}).get(name)
            users += [card.parent.name] if needed == now else []
    return users
