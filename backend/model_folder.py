"""Model folders: `model.json` and the files that it names, each with its checksum.

A model is found by name among the bundled ones (`models/<name>` beside this file) and the user's (`user_folder`), or by
the path of its folder. What several models need is in a folder of its own beside them, such as `text`, the pretrained
text side: a model's card names such files with their checksums, and `shared.json` there has their licence.
"""

import functools
import hashlib
import os
import stat
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ..retarget.errors import MotionGPTError
from . import limits
from .checkpoints.onnx_file import external_files
from .licences import group_of, use_of
from .tasks import Generate

BUNDLED = Path(__file__).with_name("models")
PREFERRED = ("open", "starter")
"""Which model is used where none is named: the first of these that is installed."""
CARD_NAME = "model.json"
SHARED_CARD_NAME = "shared.json"
FOLDER_VARIABLE = "MOTIONGPT_MODELS"
"""Environment variable that names the folder of the user's models, instead of the system's usual one."""

Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class ModelCard(msgspec.Struct, frozen=True, kw_only=True):
    """`model.json`. Unknown entries are ignored, so that a newer card still loads.

    kind: which engine runs it.  features: convention of the 263 numbers, "true" (rotations with twist) or "published".
    fps, frames_per_token: of the motion tokens.  settings: what the engine needs besides its files, such as statistics.
    licence: of the weights, as SPDX or in words.  group: that of the clips, one of `licences.GROUPS`, if known.
    sources: what it was trained on.  training: seed, steps, versions.  measured: errors and success rates.
    files: relative path -> sha256.  shared: the same for each folder of shared files, by its name.
    """

    name: Annotated[str, Meta(min_length=1)]
    kind: str
    features: str
    fps: Annotated[float, Meta(ge=limits.MIN_FPS, le=limits.MAX_FPS)]
    frames_per_token: Annotated[int, Meta(ge=1, le=1_000)]
    max_seconds: Annotated[float, Meta(gt=0, le=limits.MAX_SECONDS)]
    licence: str
    files: dict[str, Sha256]
    shared: dict[str, dict[str, Sha256]] = msgspec.field(default_factory=dict)
    group: str = ""
    description: str = ""
    tasks: tuple[str, ...] = (Generate.name(),)
    sources: tuple[str, ...] = ()
    training: dict[str, Any] = msgspec.field(default_factory=dict)
    measured: dict[str, Any] = msgspec.field(default_factory=dict)
    settings: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def use(self) -> str:
        """What it may be used for, in words; "" where neither its group nor its licence says so."""
        return use_of(self.group or group_of(self.licence))


class SharedCard(msgspec.Struct, frozen=True, kw_only=True):
    """`shared.json` of a folder with files that several models need."""

    name: Annotated[str, Meta(min_length=1)]
    licence: str
    files: dict[str, Sha256]
    description: str = ""
    sources: tuple[str, ...] = ()


def user_folder() -> Path | None:
    """The folder of the user's own models; None if neither the environment nor platformdirs names one."""
    if named := os.environ.get(FOLDER_VARIABLE):
        return Path(named)
    try:
        from platformdirs import user_data_path
    except ImportError:  # a copy of the code alone
        return None
    return user_data_path("motiongpt", appauthor=False) / "models"


def installed_models() -> dict[str, Path]:
    """Name -> folder of every model with a card; a bundled model takes precedence over the user's of the same name."""
    found: dict[str, Path] = {}
    for place in (BUNDLED, user_folder()):
        if place is not None and place.is_dir():
            for folder in sorted(place.iterdir()):
                if (folder / CARD_NAME).is_file():
                    found.setdefault(folder.name, folder)
    return found


def default_model() -> str:
    """The name of the model to use where none is named: the first of PREFERRED that is installed, else any."""
    installed = installed_models()
    return next((name for name in (*PREFERRED, *installed) if name in installed), PREFERRED[0])


def find_model(name_or_folder: str) -> tuple[Path, ModelCard]:
    """A model's folder and card, its files unchecked. Raises MotionGPTError ("no_model")."""
    installed = installed_models()
    folder = installed.get(name_or_folder) or Path(name_or_folder)
    if not folder.is_dir():
        if not installed and name_or_folder in PREFERRED:
            raise MotionGPTError("No model is installed.", _GET_ONE, "no_model")
        cure = f"Installed: {', '.join(installed)}. Or give a model's folder." if installed else _GET_ONE
        raise MotionGPTError(f"There is no model {name_or_folder}.", cure, "no_model")
    return folder, read_card(folder)


def read_card(folder: Path) -> ModelCard:
    """The card of a model folder. Raises MotionGPTError ("no_model") where it is missing or damaged."""
    path = folder / CARD_NAME
    try:
        card = msgspec.json.decode(path.read_bytes(), type=ModelCard)
    except OSError:
        raise _unusable(f"The folder {folder} holds no readable {CARD_NAME}.") from None
    except (ValueError, RecursionError) as error:
        raise _unusable(f"{path} is damaged ({error}).") from error
    shared = (f"{place}/{name}" for place, files in card.shared.items() for name in files)
    for name in (*card.files, *shared):
        parts = PurePosixPath(name).parts
        if not parts or name.startswith("/") or "\\" in name or ":" in name or ".." in parts:
            raise _unusable(f"{path} names a file outside its folder ({name}).")
    return card


def find_file(folder: Path, card: ModelCard, name: str) -> Path:
    """One of a model's files: in its own folder, or in a shared one beside it, among the bundled models or the user's.

    Where several places have a shared file, it is the one that the model's card means.
    """
    for shared, files in card.shared.items():
        if name in files and name not in card.files:
            places = dict.fromkeys(p / shared / name for p in (folder.parent, BUNDLED, user_folder()) if p is not None)
            found = [path for path in places if path.is_file()]
            if len(found) > 1:
                found = [path for path in found if sha256(path) == files[name]] or found
            return found[0] if found else next(iter(places))
    return folder / name


def all_files(card: ModelCard) -> dict[str, str]:
    """Name -> sha256 of all files that a model needs, the shared ones too."""
    return {**{name: check for files in card.shared.values() for name, check in files.items()}, **card.files}


def verify_files(folder: Path, card: ModelCard) -> None:
    """Raises MotionGPTError ("no_model") for a link in the folder, and for the first file that is missing or does not
    match its checksum."""
    check_no_links(folder)
    for name, expected in all_files(card).items():
        path = find_file(folder, card, name)
        if not path.is_file():
            raise _unusable(f"The model {card.name} lacks its file {path}.")
        if name not in card.files and (is_link(path) or is_link(path.parent)):
            raise _unusable(f"{path}, which the model {card.name} shares, is a link.")
        if (sha256(path) if name in card.files else _known_sha256(path)) != expected:
            raise _unusable(f"The model {card.name} has a damaged file, {path}.")


def check_no_links(folder: Path) -> None:
    """Raises MotionGPTError ("no_model") for a link anywhere in a model folder: it would make a model read, or its
    removal delete, files that are not the model's."""
    for place, folders, files in os.walk(folder, followlinks=False):
        for name in (*folders, *files):
            path = Path(place, name)
            if is_link(path):
                raise MotionGPTError(
                    f"The model folder {folder} holds a link, {path.relative_to(folder)}.",
                    "Put the file itself there; links in model folders are not followed.",
                    "no_model",
                )


def is_link(path: Path) -> bool:
    """Whether a path is a symbolic link or, on Windows, a junction."""
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISLNK(found.st_mode) or getattr(found, "st_reparse_tag", 0) == _JUNCTION


_JUNCTION = 0xA0000003  # IO_REPARSE_TAG_MOUNT_POINT


def check_graphs(folder: Path, card: ModelCard) -> None:
    """Raises MotionGPTError ("no_model") for an ONNX graph that is damaged, or that reads another file than those of
    which the card has checksums."""
    for name in all_files(card):
        if not name.lower().endswith(".onnx"):
            continue
        path = find_file(folder, card, name)
        for location in external_files(path):
            if str(PurePosixPath(name).parent / location) not in card.files:
                raise _unusable(f"{path} reads weights from {limits.one_line(location)}, none of the model's files.")


def write_card(card: ModelCard, folder: Path) -> ModelCard:
    """Write `model.json` with the checksums of the files that `card.files` names; returns the card as written."""
    card = msgspec.structs.replace(card, files={name: sha256(folder / name) for name in sorted(card.files)})
    _write(card, folder / CARD_NAME)
    return card


def read_shared(folder: Path) -> SharedCard | None:
    """The card of a folder of shared files; None if it holds none. Raises MotionGPTError ("no_model") for a damaged
    one."""
    path = folder / SHARED_CARD_NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=SharedCard) if path.is_file() else None
    except (OSError, ValueError, RecursionError) as error:
        raise _unusable(f"{path} is damaged ({error}).") from error


def write_shared(card: SharedCard, folder: Path) -> dict[str, str]:
    """Write `shared.json` with the checksums of the files that `card.files` names; returns them."""
    files = {name: sha256(folder / name) for name in sorted(card.files)}
    _write(msgspec.structs.replace(card, files=files), folder / SHARED_CARD_NAME)
    return files


def _write(card: ModelCard | SharedCard, path: Path) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n")


def add_measured(name_or_folder: str, **measured: Any) -> None:
    """Add measurements to a model's card. Raises MotionGPTError ("no_model")."""
    folder, card = find_model(name_or_folder)
    write_card(msgspec.structs.replace(card, measured={**card.measured, **measured}), folder)


def add_setting(name_or_folder: str, name: str, value: Any, measured: Any) -> None:
    """Put a setting, and the measurement of the same name, into a model's card. Raises MotionGPTError ("no_model")."""
    folder, card = find_model(name_or_folder)
    changed = msgspec.structs.replace(
        card, settings={**card.settings, name: value}, measured={**card.measured, name: measured}
    )
    write_card(changed, folder)


def _known_sha256(path: Path) -> str:
    """`sha256`, computed once as long as a file stays as it is: a base model of gigabytes is shared by many models."""
    found = path.stat()
    return _sha256_of(path, found.st_size, found.st_mtime_ns, found.st_ino)


@functools.lru_cache(maxsize=256)
def _sha256_of(path: Path, size: int, changed: int, inode: int) -> str:
    return sha256(path)


def sha256(path: Path) -> str:
    """The checksum of a file, in hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_GET_ONE = (
    "Choose a model's folder (in Blender: Edit > Preferences > Add-ons > MotionGPT), or install the edition that "
    "includes one."
)


def _unusable(message: str) -> MotionGPTError:
    return MotionGPTError(message, "Install the model again.", "no_model")
