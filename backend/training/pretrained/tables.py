"""The paper's tables 4 to 6 again, on whatever data there is: one training for each row, measured alike.

`pretrained` (table 4): base models, and the first of them with random weights.  `rank` (table 5): rank and alpha.
`joint` (table 6): a training for each condition, and one for all.  `codes`: digits, or a token for each code, for as
many steps and for as many seconds of computing.
"""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ....retarget.errors import MotionGPTError
from ....retarget.typing import Floats
from ...dataset.clips import load_dataset
from ...engines import load_engine
from ...engines.llama.causal import CausalEngine
from ...engines.llama.text import CONDITIONS, Condition
from ...engines.shared.codec import MotionCodec
from ...engines.shared.tokens import Sampling
from ...evaluation.judge import Judge
from ...evaluation.measures import embeddings
from ...evaluation.texts import text_states
from ...features import motion_to_features
from .loop import newest_record
from .lora import LoraTraining, export_lora, train_lora
from .lora_examples import given_codes
from .motions import Shown, read_motions

TABLES = ("pretrained", "rank", "joint", "codes")
EFFORT = {"steps": "step", "seconds": "computed"}
"""Columns of a table on what a training took, and their names in its record."""
MEASURES = ("fid", "mm_dist", "top1", "top2", "top3", "diversity")


@dataclass(frozen=True)
class Plan:
    """What a table is made from. samples: test clips that motions are generated for, 0 for none."""

    data: Path
    tokenizer: Path
    bases: tuple[Path, ...]
    folder: Path
    settings: LoraTraining
    ranks: tuple[int, ...] = (8, 16, 32)
    alphas: tuple[int, ...] = (8, 16, 32)
    samples: int = 64
    judge: Path | None = None
    device: str = "auto"


@dataclass(frozen=True)
class Row:
    """One training of a table."""

    name: str
    base: Path
    settings: LoraTraining


def rows_of(table: str, plan: Plan) -> list[Row]:
    """The trainings of a table. Raises MotionGPTError for a table that there is none of."""
    first, settings = plan.bases[0], plan.settings
    if table == "pretrained":
        bare = Row(f"{first.name}, not pretrained", first, replace(settings, pretrained=0))
        return [bare, *(Row(base.name, base, settings) for base in plan.bases)]
    if table == "rank":
        return [
            Row(f"rank {rank}, alpha {alpha}", first, replace(settings, rank=rank, alpha=float(alpha)))
            for rank in plan.ranks
            for alpha in plan.alphas
        ]
    if table == "joint":
        alone = [Row(f"separate, {c}", first, replace(settings, conditions=c)) for c in CONDITIONS]
        return [*alone, Row("joint", first, settings)]
    if table == "codes":
        return [Row(f"codes as {codes}", first, replace(settings, codes=codes)) for codes in ("text", "tokens")]
    raise MotionGPTError(f"There is no table {table}.", f"Use {', '.join(TABLES)}.", "usage")


def make_table(table: str, plan: Plan, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Train and measure every row; rows that are there already are kept. Writes `table.json` and `table.md`."""
    out: list[dict[str, Any]] = []
    for row in rows_of(table, plan):
        out += _lines(row, plan, say)
    if table == "codes" and out and not plan.settings.minutes:
        out += _lines(_as_long(row, out), plan, say)
    (plan.folder / "table.json").write_text(json.dumps(out, indent=1), encoding="utf-8")
    (plan.folder / "table.md").write_text(as_markdown(out), encoding="utf-8")
    return out


def _lines(row: Row, plan: Plan, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """The lines of a row, trained and measured now or before."""
    place = plan.folder / "".join(c if c.isalnum() else "-" for c in row.name)
    done = place / "row.json"
    wanted = json.loads(json.dumps({**asdict(row.settings), "samples": plan.samples}))
    if done.is_file() and (kept := json.loads(done.read_text(encoding="utf-8")))["settings"] == wanted:
        return list(kept["lines"])
    say(f"{row.name} ...")
    losses = train_lora(plan.data, plan.tokenizer, row.base, place, row.settings, plan.device, shared=plan.folder)
    record = newest_record(place) or {}
    effort = {name: record[key] for name, key in EFFORT.items() if key in record}
    lines = [{**line, **effort} for line in _measured(row, losses, place, plan)]
    done.write_text(json.dumps({"settings": wanted, "lines": lines}, indent=1), encoding="utf-8")
    return lines


def _as_long(row: Row, lines: Sequence[dict[str, Any]]) -> Row:
    """A row again, for as many steps as take it the seconds of computing that the first row took."""
    seconds = {line["row"]: line["seconds"] for line in lines}
    first, own = seconds[lines[0]["row"]], seconds[row.name]
    steps = max(1, round(row.settings.steps * first / own))
    return Row(f"{row.name}, for as long", row.base, replace(row.settings, steps=steps))


def _measured(row: Row, losses: dict[str, float], place: Path, plan: Plan) -> Iterator[dict[str, Any]]:
    """A line for each condition that the row has learned."""
    engine = None
    if plan.samples:
        export_lora(place, row.base, plan.tokenizer, place / "model", place / "base")
        found = load_engine(str(place / "model"), plan.device)
        assert isinstance(found, CausalEngine)
        engine = found
    for condition in CONDITIONS:
        if f"nats_{condition}" in losses and condition in row.settings.conditions.split(","):
            line = {"row": row.name, "condition": condition, "nats": losses[f"nats_{condition}"]}
            yield {**line, **(_generated(engine, condition, plan) if engine else {})}


def _generated(engine: CausalEngine, condition: Condition, plan: Plan) -> dict[str, float]:
    """The field's measures on motions generated for test clips, at their length, by the judge."""
    motions = read_motions(plan.data, plan.tokenizer, plan.folder, "test")
    chosen = list(zip(motions.whole(), motions.sequences, strict=True))[: plan.samples]
    codec, judge = MotionCodec(plan.tokenizer), Judge(plan.judge) if plan.judge else Judge()
    dataset = load_dataset(plan.data)
    made, real = [], []
    for number, (shown, sequence) in enumerate(chosen):
        codes = answer(engine, condition, shown, number)
        made.append(judge.features(motion_to_features(codec.decode(codes)).astype(np.float32)).vector)
        real.append(judge.features(np.asarray(dataset.of(sequence.clip))).vector)
    texts = np.stack([judge.text(np.asarray(s, np.float32)) for s in text_states([s.caption for s, _ in chosen])])
    return scores(texts, np.stack(made), np.stack(real), [s.caption for s, _ in chosen])


def answer(engine: CausalEngine, condition: Condition, shown: Shown, seed: int) -> list[int]:
    """Codes that a model generates for a clip under a condition, as many as the clip has."""
    sampling = Sampling(seed, 1, engine.temperature, engine.top_k, engine.top_p)
    count = len(shown.codes)
    if condition == "text":
        answers = engine.text_to_codes(shown.caption, count, sampling)
    else:
        given = given_codes(condition, range(count), random.Random(seed))
        known = [int(i in given) for i in range(count)]
        answers = engine.codes_between(shown.codes, known, shown.caption, sampling)
    return list(answers)[-1][0]


def scores(texts: Floats, made: Floats, real: Floats, meanings: Sequence[str]) -> dict[str, float]:
    """MEASURES of generated motions (N, D) against their texts (N, D) and real motions (M, D)."""
    drawing = np.random.default_rng(0)
    pool = min(embeddings.POOL, len(set(meanings)))
    precision = embeddings.r_precision(texts, made, meanings, drawing, pool=pool)
    found = {
        "fid": embeddings.frechet_distance(made, real),
        "mm_dist": embeddings.multimodal_distance(texts, made),
        **{f"top{k}": value for k, value in precision.items()},
        "diversity": embeddings.diversity(made, drawing),
    }
    return {name: round(float(value), 4) for name, value in found.items()}


def as_markdown(lines: Sequence[dict[str, Any]]) -> str:
    """A table's lines in Markdown."""
    names = ["nats", *(name for name in (*MEASURES, *EFFORT) if any(name in line for line in lines))]
    head = ["", "condition", *names]
    rows = [
        [
            str(line["row"]),
            str(line["condition"]),
            *(f"{line[n]:.{0 if n in EFFORT else 3}f}" if n in line else "" for n in names),
        ]
        for line in lines
    ]
    body = [head, ["---", "---", *["---:"] * len(names)], *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in body) + "\n"
