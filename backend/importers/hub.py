"""Downloading models with `huggingface_hub`: only when the user allows it, disk looked at first, hashes checked."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ...retarget.errors import MotionGPTError
from ..model_folder import CARD_NAME, ModelCard, read_card, sha256, verify_files
from .common import Report, free_space, new_folder, silent
from .t5 import import_t5

SPARE = 200_000_000
"""Bytes that stay free on the disk."""


@dataclass(frozen=True)
class Part:
    """Files of one repository."""

    repository: str
    files: tuple[str, ...]


T5_RECIPE = (
    Part("OpenMotionLab/MotionGPT-base", ("motiongpt_s3_h3d.tar",)),
    Part("google/flan-t5-base", ("spiece.model", "config.json", "tokenizer_config.json")),
)
RECIPES = {"motiongpt-t5": T5_RECIPE}
"""Names that stand for published checkpoints, which are imported after the download."""


def install(
    name: str,
    models: Path,
    allow_network: bool,
    endpoint: str | None = None,
    revision: str = "main",
    statistics: Path | None = None,
    report: Report = silent,
) -> tuple[ModelCard, Path]:
    """Card and folder of the installed model. name: one of RECIPES, or OWNER/NAME of a model folder's repository.

    Raises MotionGPTError without permission, room, or network, and for files that are not what the hub says.
    """
    if not allow_network:
        raise MotionGPTError(
            "Downloading needs your permission.",
            "Add --allow-network, or import files that you have.",
            "network_denied",
        )
    if name in RECIPES:
        if statistics is None:
            raise MotionGPTError(
                f"{name} needs the statistics that belong to its weights.", "Give their folder (--statistics)."
            )
        target = models / name
        _check_free(target)
        folder = models / ".downloads" / name
        for part in RECIPES[name]:
            _download(part.repository, part.files, folder, endpoint, "main", report)
        card = import_t5(folder / "motiongpt_s3_h3d.tar", folder, statistics, target, report=report)
        shutil.rmtree(folder)
        return card, target
    owner, slash, short = name.partition("/")
    if not slash or not owner or not short or "/" in short or short.startswith("."):
        raise MotionGPTError(f"There is no model {name} to install.", f"Use {', '.join(RECIPES)}, or OWNER/NAME.")
    return _install_folder(name, models / short, models, endpoint, revision, report)


def _install_folder(
    name: str, target: Path, models: Path, endpoint: str | None, revision: str, report: Report
) -> tuple[ModelCard, Path]:
    """A repository that holds a model folder: the card first, then the files that it names."""
    _check_free(target)
    folder = models / ".downloads" / name.replace("/", "--")
    _download(name, (CARD_NAME,), folder, endpoint, revision, report)
    card = read_card(folder)
    _download(name, tuple(card.files), folder, endpoint, revision, report)
    verify_files(folder, card)
    with new_folder(target) as draft:
        for file in (CARD_NAME, *card.files):
            (draft / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(folder / file, draft / file)
    shutil.rmtree(folder)
    return card, target


def _check_free(target: Path) -> None:
    if target.exists():
        raise MotionGPTError(f"{target} exists already.", "Remove the model first.", "unwritable")


def _download(
    repository: str, files: tuple[str, ...], folder: Path, endpoint: str | None, revision: str, report: Report
) -> None:
    """Files of a repository into a folder. What a broken download has left there is used again."""
    hub = _hub()
    try:
        info = hub.HfApi(endpoint=endpoint).model_info(repository, revision=revision, files_metadata=True, timeout=30)
        known = {sibling.rfilename: sibling for sibling in info.siblings or ()}
        missing = [file for file in files if file not in known]
        if missing:
            raise MotionGPTError(f"{repository} has no file {missing[0]}.", "Check the name and the revision.")
        parts = {file: _part(folder / file, known[file]) for file in files}
        have = sum(p.stat().st_size for p in (*parts.values(), *(folder / f for f in files)) if p.is_file())
        free_space(folder, sum(known[file].size or 0 for file in files) - have + SPARE)
        for file, part in parts.items():
            url = hub.hf_hub_url(repository, file, revision=info.sha, endpoint=endpoint)
            _fetch(url, folder / file, part, known[file], report)
    except MotionGPTError:
        raise
    except Exception as error:
        why = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise MotionGPTError(
            f"{repository} could not be downloaded ({why[:300]}).",
            "Check name and network and start again; what is there already is not downloaded twice.",
            "network",
        ) from error


def _part(path: Path, sibling: Any) -> Path:
    """Where the beginning of a file waits for its rest; another version of the file has another name."""
    content = sibling.lfs.sha256 if sibling.lfs is not None else sibling.blob_id or "unknown"
    return path.with_name(f"{path.name}.{content[:16]}.part")


def _fetch(url: str, path: Path, part: Path, sibling: Any, report: Report) -> None:
    """One file, from where the last attempt ended. Raises MotionGPTError for one that arrives damaged.

    `hf_hub_download` is not used: since 2.0 it throws away what a broken download has brought.
    """
    from huggingface_hub.file_download import http_get

    if path.is_file():
        if _is_right(path, sibling):
            return
        path.unlink()  # of another revision
    path.parent.mkdir(parents=True, exist_ok=True)
    size = sibling.size
    if part.is_file() and size is not None and part.stat().st_size > size:
        part.unlink()
    with open(part, "ab") as file:
        # Two bars would fight over the terminal: the library's own is told to be silent.
        writer: Any = _Counted(file, size, lambda share: report(f"Downloading {path.name}", share))
        if size is None or file.tell() < size:
            with _silent_bars():
                http_get(
                    url, writer, resume_size=file.tell(), headers=_hub().utils.build_hf_headers(), expected_size=size
                )
    if not _is_right(part, sibling):
        part.unlink()
        raise MotionGPTError(f"{path.name} arrived damaged.", "Start again.", "bad_checkpoint")
    part.replace(path)


class _Counted:
    """A file that tells how much of it is written."""

    def __init__(self, file: BinaryIO, size: int | None, tell: Callable[[float], None]) -> None:
        self._file, self._size, self._tell = file, size, tell

    def write(self, data: bytes) -> int:
        count = self._file.write(data)
        self._tell(min(1.0, self._file.tell() / self._size) if self._size else 0.0)
        return count

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@contextmanager
def _silent_bars() -> Iterator[None]:
    utils = _hub().utils
    were_silent = utils.are_progress_bars_disabled()
    utils.disable_progress_bars()
    try:
        yield
    finally:
        if not were_silent:
            utils.enable_progress_bars()


def _is_right(path: Path, sibling: Any) -> bool:
    """Whether its SHA-256 (large files) or git hash is what the hub says."""
    if sibling.lfs is not None:
        return sha256(path) == str(sibling.lfs.sha256)
    if sibling.blob_id:
        data = path.read_bytes()
        found = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
        return found == str(sibling.blob_id)
    return sibling.size is None or path.stat().st_size == int(sibling.size)


def _hub() -> Any:
    try:
        import huggingface_hub
    except ImportError:
        raise MotionGPTError(
            "Downloading needs the package huggingface_hub.",
            'Install the extra "llm": pip install motiongpt-blender[llm]',
        ) from None
    return huggingface_hub
