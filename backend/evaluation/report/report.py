"""`motiongpt evaluate model`: everything in one call. Real test motion first, then the model, then baselines."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ....retarget.typing import Floats
from ...dataset.clips import Dataset, load_dataset
from ...engine import Engine
from ...engines import load_engine
from ...model_folder import ModelCard, find_model
from ...output.results import origin
from .. import sets, tasks, unseen
from ..cases import Case, cases_of, unseen_prompts
from ..judge import Judge
from ..texts import nearest_clips, text_states
from . import table
from .pages import REAL

Say = Callable[[str], Callable[[int, int], None]]
"""Takes what is being done; returns a progress callback, called with (done, total)."""

NEAREST = "nearest training clip"


@dataclass(frozen=True)
class Settings:
    """runs: motions for every test clip.  limit: at most so many test clips.  seeds: motions for every prompt in unseen
    words; 0 leaves them out.  other_tasks: measure prediction, in-between, poses and captions on so many clips."""

    runs: int = 20
    limit: int | None = None
    seeds: int = 5
    other_tasks: int = 64


def evaluate_model(
    data: Path, judge: Judge, models: Sequence[str], settings: Settings, work: Path | None, say: Say
) -> dict[str, Any]:
    """The report of the first of `models`, the others as baselines. work: a folder that caches slow results."""
    dataset = load_dataset(data)
    cases = cases_of(dataset, settings.limit)
    texts = [judge.text(s) for s in text_states([c.prompt for c in cases])]
    evaluation = _Evaluation(dataset, cases, judge, np.stack(texts), settings, work, say)
    return evaluation.report(models)


@dataclass(frozen=True, eq=False)
class _Evaluation:
    dataset: Dataset
    cases: list[Case]
    judge: Judge
    texts: Floats
    settings: Settings
    work: Path | None
    say: Say

    def report(self, models: Sequence[str]) -> dict[str, Any]:
        frequent = table.frequent_actions(self.dataset)
        real = sets.real_set(self.judge, self.dataset, self.cases)
        judged = {REAL: real}
        answers = {REAL: unseen.real_answers(self.judge, self.dataset, self.cases)}
        others: dict[str, Any] = {}
        asks: list[sets.Ask] = []
        for model in models:
            folder, card = find_model(model)
            engine = load_engine(str(folder))
            name = _title(card, folder, list(judged))
            asks = sets.asks_of(self.cases, engine.max_seconds)
            judged[name] = self._judged(engine, card, asks, name)
            answers[name] = self._answers(engine, card, name)
            if limited := self._some(self.settings.other_tasks):
                others[name] = tasks.measure_tasks(engine, self.dataset, limited)
        judged[NEAREST] = self._nearest(asks)
        asked = [a.frames for a in asks]
        rows = {
            name: table.row_of(one, real, self.texts, self.cases, asked, self.settings.runs)
            for name, one in judged.items()
        }
        return {
            **origin(),
            "judge": {**self.judge.record, "fingerprint": self.judge.fingerprint},
            "test_clips": len(self.cases),
            "runs": self.settings.runs,
            "rows": table.plain(rows),
            "actions": {name: table.by_action(one, self.cases, frequent) for name, one in judged.items()},
            "sets": {
                name: table.by_set(one, self.texts, self.cases, self.settings.runs) for name, one in judged.items()
            },
            "unseen": {name: _kinds(found) for name, found in answers.items() if found},
            "prompts": {name: unseen.of_prompts(found) for name, found in answers.items() if found and name != REAL},
            "tasks": others,
        }

    def _judged(self, engine: Engine, card: ModelCard, asks: list[sets.Ask], name: str) -> sets.JudgedSet:
        path, runs = None, self.settings.runs
        if self.work is not None:
            path = self.work / f"set-{sets.fingerprint(card, asks, runs)}.npz"
        progress = self.say(f"{name}: test captions")
        features = sets.cached_motions(path, lambda: sets.generate_all(engine, asks, runs, progress))
        return sets.judge_sets(self.judge, (list(motions) for motions in features))

    def _answers(self, engine: Engine, card: ModelCard, name: str) -> list[unseen.Answer]:
        asked = unseen_prompts() if self.settings.seeds else ()
        if self.settings.limit is not None:
            asked = asked[:: max(1, len(asked) // self.settings.limit)]
        key = sets.fingerprint(card, [sets.Ask(p.prompt, 0, 0) for p in asked], self.settings.seeds)
        key += self.judge.fingerprint
        path = self.work / f"unseen-{key}.json" if self.work is not None else None
        if path is not None and path.is_file():
            return [unseen.Answer(**a) for a in json.loads(path.read_text(encoding="utf-8"))]
        progress = self.say(f"{name}: unseen words")
        found = unseen.answer_prompts(engine, self.judge, asked, self.settings.seeds, progress)
        if path is not None:
            path.write_text(json.dumps(unseen.to_plain(found)), encoding="utf-8")
        return found

    def _some(self, count: int) -> list[Case]:
        return self.cases[:: max(1, len(self.cases) // count)] if count else []

    def _nearest(self, asks: list[sets.Ask]) -> sets.JudgedSet:
        similar = nearest_clips(self.dataset, [a.prompt for a in asks], self.work)
        return sets.nearest_set(self.judge, self.dataset, asks, similar, self.settings.runs)


def _title(card: ModelCard, folder: Path, taken: list[str]) -> str:
    return card.name if card.name not in taken else f"{card.name} ({folder.name})"


def _kinds(answers: list[unseen.Answer]) -> dict[str, dict[str, float]]:
    kinds = dict.fromkeys(a.kind for a in answers)
    return {kind: unseen.shares([a for a in answers if a.kind == kind]) for kind in kinds}
