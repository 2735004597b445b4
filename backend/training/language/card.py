"""A model's card: what people wrote in its draft, and what the data set knows about licences and sources."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from ....retarget.errors import MotionGPTError
from ...dataset.sets import SetRecord
from ...licences import GROUPS, LICENCE_OF, group_of, strictest
from ..loop import load_trained
from ..tokenizer.train import tokenizer_record
from .export import ENCODER


def read_card_draft(path: Path, sets: Sequence[SetRecord] = ()) -> dict[str, Any]:
    """The hand-written part of a model's card, JSON: name, description, licence, sources; with what the sets of the
    clips that it was trained on say.

    Sources are those of the draft and the sets' own. The licence may be left to the sets: that of the strictest group.
    Raises MotionGPTError for a draft that can't be read, that lacks something, or whose licence allows more than the
    clips' do.
    """
    try:
        draft = dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise MotionGPTError(f"{path} can't be read as a card ({error}).", "Write it as a JSON object.") from error
    if sets:
        draft |= _of_clips(draft, sets, path)
    missing = [k for k in ("name", "licence", "sources") if not draft.get(k)]
    if missing:
        raise MotionGPTError(f"{path} lacks {', '.join(missing)}.", "Say where the clips come from and their licence.")
    return draft


def _of_clips(draft: dict[str, Any], sets: Sequence[SetRecord], path: Path) -> dict[str, Any]:
    group = strictest(record.group for record in sets)
    licence = draft.get("licence") or LICENCE_OF[group]
    claimed = group_of(licence)
    if claimed is not None and GROUPS.index(claimed) < GROUPS.index(group):
        strict = ", ".join(record.name for record in sets if record.group == group)
        raise MotionGPTError(
            f"{path} says {licence}, but the model was trained on {group} clips ({strict}).",
            f"Leave the licence out, or write {LICENCE_OF[group]}.",
        )
    lines = dict.fromkeys(record.licence for record in sorted(sets, key=lambda s: -s.minutes))
    sources = list(dict.fromkeys((*lines, *draft.get("sources", ()), f"Text encoder: {ENCODER}")))
    return {"licence": licence, "group": claimed or group, "sources": sources}


def training_record(tokenizer: Path, language: Path) -> dict[str, Any]:
    """Settings of both trainings, and torch's version."""
    config = load_trained(language, "language model", "language-model")["config"]
    return {"torch": str(torch.__version__), **tokenizer_record(tokenizer), "language_model": config}
