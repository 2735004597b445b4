"""Import of an adapter (peft) over any causal language model, or of one without an adapter.

The base model goes into a folder of its own beside the models that share it, its large files as hard links where the
disk allows: many adapters need one copy, and it is loaded once.
"""

import contextlib
import os
import shutil
from pathlib import Path

from ...retarget.errors import MotionGPTError
from ..engines.llama.causal import ADAPTER
from ..engines.llama.tokenizers import FILE, CausalTokenizer
from ..engines.shared.codec import FRAMES_PER_TOKEN
from ..features import FPS
from ..model_folder import (
    CARD_NAME,
    SHARED_CARD_NAME,
    ModelCard,
    SharedCard,
    read_shared,
    sha256,
    write_card,
    write_shared,
)
from ..tasks import Continue, Generate, Inbetween
from .model_writer import MAX_SECONDS, ReportProgress, check_vqvae, ignore_progress, new_folder, write_vqvae
from .trained import RECORD, open_motion_tokenizer, open_weights, read_config, read_record

KIND = "motiongpt-causal"
ADAPTER_FILES = ("adapter_config.json", "adapter_model.safetensors")
_BASE_FILES = ("config.json", "generation_config.json", "tokenizer_config.json", "special_tokens_map.json", FILE)


def import_adapter(
    base: Path,
    adapter: Path | None,
    tokenizer: Path,
    target: Path,
    replace: bool = False,
    codes: str | None = None,
    share: Path | None = None,
    report: ReportProgress = ignore_progress,
) -> ModelCard:
    """Write a model folder. base: a causal model of transformers.  adapter: a folder of peft's.  tokenizer: a motion
    tokenizer's folder.  codes: how the model writes codes, "text" or "tokens"; by default as the adapter's record says.
    share: folder for the base model (its name, beside `target`).

    Raises MotionGPTError for what is not that, before anything is written.
    """
    check_base(base)
    if adapter:
        check_adapter(adapter)
    record = read_record(adapter or base)
    codes = codes or record.codes
    CausalTokenizer(base, "tokens" if codes == "tokens" else "text")
    report("Copying the base model", 0.0)
    with open_motion_tokenizer(tokenizer) as (vqvae, statistics):
        depth = check_vqvae(vqvae)
        with new_folder(target, replace) as folder:
            shared = place_base(base, share or target.absolute().parent / base.name)
            if adapter:
                (folder / ADAPTER).mkdir()
                for name in ADAPTER_FILES:
                    shutil.copyfile(adapter / name, folder / ADAPTER / name)
            write_vqvae(folder, vqvae, depth, statistics)
            found = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
            card = ModelCard(
                name=target.name,
                kind=KIND,
                features="published",
                fps=FPS,
                frames_per_token=FRAMES_PER_TOKEN,
                max_seconds=MAX_SECONDS,
                licence=record.licence,
                group=record.group,
                files={name: "0" * 64 for name in found if name != CARD_NAME},
                shared=shared,
                description=record.description or f"A causal language model for motion, on {base.name}",
                tasks=tuple(task.name() for task in (Generate, Continue, Inbetween)),
                sources=record.sources or (f"base model: {base.name}",),
                training=record.training,
                settings={"codes": codes},
            )
            return write_card(card, folder)


def check_base(base: Path) -> None:
    """Raise MotionGPTError unless a folder holds a causal language model of transformers."""
    kinds = read_config(base).get("architectures") or [""]
    if not any(str(kind).endswith(("ForCausalLM", "LMHeadModel")) for kind in kinds):
        raise MotionGPTError(
            f"{base} holds no causal language model ({', '.join(map(str, kinds)) or 'no architecture is named'}).",
            "Give the folder of a model such as Llama, Qwen, Gemma, Mistral, SmolLM or GPT-2.",
            "bad_checkpoint",
        )
    with open_weights(base):
        pass


def check_adapter(adapter: Path) -> None:
    """Raise MotionGPTError unless a folder holds an adapter of peft as safetensors."""
    missing = [name for name in ADAPTER_FILES if not (adapter / name).is_file()]
    if missing:
        raise MotionGPTError(
            f"{adapter} holds no adapter of peft ({missing[0]} is missing).",
            "Give a folder that `motiongpt train lora` or peft's save_pretrained has written.",
            "bad_checkpoint",
        )
    with open_weights(adapter):
        pass


def place_base(base: Path, folder: Path) -> dict[str, dict[str, str]]:
    """Put a base model into a folder that models share; returns the entry `shared` of their cards.

    Raises MotionGPTError if the folder holds something else.
    """
    files = _files_of(base)
    there = read_shared(folder) if folder.is_dir() else None
    if folder.resolve() == base.resolve() and there:
        return {folder.name: dict(there.files)}
    if folder.exists() and there is None:
        raise MotionGPTError(
            f"{folder} is where the base model would go, and holds something else.",
            "Give another folder with --share, or move it.",
            "unwritable",
        )
    if there is not None:
        if there.files != {name: sha256(base / name) for name in files}:
            raise MotionGPTError(
                f"{folder} holds another base model of that name.", "Give another folder with --share.", "unwritable"
            )
        return {folder.name: dict(there.files)}
    with new_folder(folder) as draft:
        for name in files:
            _put(base / name, draft / name)
        record = read_record(base)
        card = SharedCard(
            name=folder.name,
            licence=record.licence,
            files=dict.fromkeys(files, ""),
            description=f"Base model {base.name}, for adapters",
            sources=record.sources,
        )
        return {folder.name: write_shared(card, draft)}


def _files_of(base: Path) -> list[str]:
    names = {*_BASE_FILES, RECORD}
    found = [path.name for path in base.iterdir() if path.name in names or path.suffix == ".safetensors"]
    found += [path.name for path in base.glob("*.safetensors.index.json")]
    return sorted(name for name in found if name not in (CARD_NAME, SHARED_CARD_NAME))


def _put(source: Path, target: Path) -> None:
    """Copy a file; weights, which nobody edits in place, as a hard link where the disk allows."""
    if source.suffix == ".safetensors":
        with contextlib.suppress(OSError):
            os.link(source.resolve(), target)
            return
    shutil.copyfile(source, target)
