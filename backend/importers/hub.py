"""Downloading models with `huggingface_hub`: only with the user's permission, and checked against the hub's hashes."""

import hashlib
import ipaddress
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import msgspec

from ...retarget.errors import MotionGPTError
from ..engines import KINDS
from ..limits import one_line
from ..model_folder import (
    CARD_NAME,
    ModelCard,
    check_graphs,
    check_no_links,
    find_file,
    read_card,
    sha256,
    verify_files,
    write_card,
)
from .model_writer import ReportProgress, check_absent, check_free_space, ignore_progress, new_folder
from .t5 import import_t5

TOKENS_HUB = "huggingface.co"
"""The only hub that gets the token which Hugging Face's own tools keep (HF_TOKEN, or a login)."""
OTHER_TOKEN = "MOTIONGPT_HUB_TOKEN"
"""Environment variable with the token for another hub, which --endpoint or HF_ENDPOINT names."""
SPARE_BYTES = 200_000_000
"""Left free on the disk."""


RECIPES = {
    "motiongpt-t5": {
        "OpenMotionLab/MotionGPT-base": ("motiongpt_s3_h3d.tar",),
        "google/flan-t5-base": ("spiece.model", "config.json", "tokenizer_config.json"),
    }
}
"""Published checkpoints -> repository -> its files that are downloaded and imported."""


def install(
    name: str,
    models: Path,
    allow_network: bool,
    endpoint: str | None = None,
    revision: str = "main",
    statistics: Path | None = None,
    report: ReportProgress = ignore_progress,
) -> tuple[ModelCard, Path]:
    """Install a model; returns its card and folder. name: one of RECIPES, or OWNER/NAME of a repository that holds a
    model folder.

    endpoint: the hub's address; None is that of HF_ENDPOINT, or huggingface.co.
    Raises MotionGPTError without permission, disk space or network, for an address that is not encrypted, and for files
    whose hashes differ from the hub's.
    """
    if not allow_network:
        raise MotionGPTError(
            "Downloading needs your permission.",
            "Add --allow-network, or import files that you already have.",
            "network_denied",
        )
    endpoint = checked_endpoint(endpoint or os.environ.get("HF_ENDPOINT") or str(_hub().constants.ENDPOINT))
    if name in RECIPES:
        if statistics is None:
            raise MotionGPTError(
                f"{name} needs the statistics that belong to its weights.", "Give their folder (--statistics)."
            )
        target = models / name
        check_absent(target)
        folder = models / ".downloads" / name
        for repository, files in RECIPES[name].items():
            _download(repository, files, folder, endpoint, "main", report)
        card = import_t5(folder / "motiongpt_s3_h3d.tar", folder, statistics, target, report=report)
        shutil.rmtree(folder)
        return card, target
    owner, slash, short = name.partition("/")
    if not slash or not owner or not short or "/" in short or short.startswith("."):
        raise MotionGPTError(f"There is no model {name} to install.", f"Use {', '.join(RECIPES)}, or OWNER/NAME.")
    return _install_folder(name, models / short, models, endpoint, revision, report)


def _install_folder(
    name: str, target: Path, models: Path, endpoint: str, revision: str, report: ReportProgress
) -> tuple[ModelCard, Path]:
    """Install from a repository that holds a model folder: first the card, then the files that it names."""
    check_absent(target)
    folder = models / ".downloads" / name.replace("/", "--")
    _download(name, (CARD_NAME,), folder, endpoint, revision, report)
    card = read_card(folder)
    _download(name, tuple(card.files), folder, endpoint, revision, report)
    card = _with_shared(name, folder, card, endpoint, revision, report)
    verify_files(folder, card)
    if card.kind in KINDS:
        check_graphs(folder, card)
    with new_folder(target) as draft:
        for file in (CARD_NAME, *card.files):
            (draft / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(folder / file, draft / file)
    shutil.rmtree(folder)
    return card, target


def _with_shared(
    name: str, folder: Path, card: ModelCard, endpoint: str, revision: str, report: ReportProgress
) -> ModelCard:
    """The card and folder with its shared files inside, unless they are installed here; the repository has them in
    folders of their own."""
    wanted = {
        place: [f for f, check in files.items() if not _is_here(folder, card, f, check)]
        for place, files in card.shared.items()
    }
    paths = [f"{place}/{file}" for place, files in wanted.items() for file in files]
    if not paths:
        return card
    _download(name, tuple(paths), folder, endpoint, revision, report)
    for path in paths:
        shutil.move(folder / path, folder / Path(path).name)
    card = msgspec.structs.replace(
        card,
        files={**card.files, **{file: card.shared[place][file] for place, files in wanted.items() for file in files}},
        shared={place: files for place, files in card.shared.items() if not wanted[place]},
    )
    return write_card(card, folder)


def _is_here(folder: Path, card: ModelCard, name: str, check: str) -> bool:
    path = find_file(folder, card, name)
    return path.is_file() and sha256(path) == check


def checked_endpoint(url: str) -> str:
    """A hub's address. Raises MotionGPTError unless it is https, or http on this machine."""
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise _bad_endpoint(url) from None
    if not host or parts.username or parts.password or parts.query or parts.fragment:
        raise _bad_endpoint(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
        raise _bad_endpoint(url)
    return url.strip().rstrip("/")


def token_for(endpoint: str) -> str | bool:
    """The token that this hub may see; False if there is none."""
    parts = urlsplit(endpoint)
    if parts.scheme == "https" and parts.hostname == TOKENS_HUB and parts.port in (None, 443):
        return _hub().get_token() or False
    return os.environ.get(OTHER_TOKEN, "").strip() or False


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bad_endpoint(url: str) -> MotionGPTError:
    return MotionGPTError(
        f"{one_line(url)} can't be used as a hub.",
        "Give an address that begins with https:// and holds no password (http:// only for this machine).",
        "network",
    )


def _download(
    repository: str, files: tuple[str, ...], folder: Path, endpoint: str, revision: str, report: ReportProgress
) -> None:
    """Download files of a repository into a folder, resuming interrupted downloads."""
    hub, token = _hub(), token_for(endpoint)
    check_no_links(folder)
    try:
        info = hub.HfApi(endpoint=endpoint, token=token).model_info(
            repository, revision=revision, files_metadata=True, timeout=30
        )
        known = {sibling.rfilename: sibling for sibling in info.siblings or ()}
        missing = [file for file in files if file not in known]
        if missing:
            raise MotionGPTError(f"{repository} has no file {missing[0]}.", "Check the name and the revision.")
        parts = {file: _part_path(folder / file, known[file]) for file in files}
        have = sum(p.stat().st_size for p in (*parts.values(), *(folder / f for f in files)) if p.is_file())
        check_free_space(folder, sum(known[file].size or 0 for file in files) - have + SPARE_BYTES)
        for file, part in parts.items():
            url = hub.hf_hub_url(repository, file, revision=info.sha, endpoint=endpoint)
            _fetch(url, folder / file, part, known[file], token, report)
    except MotionGPTError:
        raise
    except Exception as error:
        why = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise MotionGPTError(
            f"{repository} could not be downloaded ({why[:300]}).",
            "Check the name and the network, then start again; the download will resume.",
            "network",
        ) from error


def _part_path(path: Path, sibling: Any) -> Path:
    """The partial download of a file; named by its content, so that another version does not resume it."""
    content = sibling.lfs.sha256 if sibling.lfs is not None else sibling.blob_id or "unknown"
    return path.with_name(f"{path.name}.{content[:16]}.part")


def _fetch(url: str, path: Path, part: Path, sibling: Any, token: str | bool, report: ReportProgress) -> None:
    """Download one file, resuming an interrupted download. Raises MotionGPTError if its hash is wrong.

    `hf_hub_download` is not used: since 2.0 it discards interrupted downloads.
    """
    from huggingface_hub.file_download import http_get

    if path.is_file():
        if _hash_matches(path, sibling):
            return
        path.unlink()  # from another revision
    path.parent.mkdir(parents=True, exist_ok=True)
    size = sibling.size
    if part.is_file() and size is not None and part.stat().st_size > size:
        part.unlink()
    with open(part, "ab") as file:
        writer: Any = _ProgressWriter(file, size, lambda fraction: report(f"Downloading {path.name}", fraction))
        if size is None or file.tell() < size:
            with _no_progress_bars():
                headers = _hub().utils.build_hf_headers(token=token)
                http_get(url, writer, resume_size=file.tell(), headers=headers, expected_size=size)
    if not _hash_matches(part, sibling):
        part.unlink()
        raise MotionGPTError(f"The download of {path.name} is damaged.", "Start again.", "bad_checkpoint")
    part.replace(path)


class _ProgressWriter:
    """A file that reports how much of it has been written, from 0 to 1."""

    def __init__(self, file: BinaryIO, size: int | None, report: Callable[[float], None]) -> None:
        self._file, self._size, self._report = file, size, report

    def write(self, data: bytes) -> int:
        count = self._file.write(data)
        self._report(min(1.0, self._file.tell() / self._size) if self._size else 0.0)
        return count

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@contextmanager
def _no_progress_bars() -> Iterator[None]:
    """Without the library's own progress bars, which would garble ours."""
    utils = _hub().utils
    were_disabled = utils.are_progress_bars_disabled()
    utils.disable_progress_bars()
    try:
        yield
    finally:
        if not were_disabled:
            utils.enable_progress_bars()


def _hash_matches(path: Path, sibling: Any) -> bool:
    """Whether a file's SHA-256 (large files) or git hash is the one on the hub; without either, its size."""
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
