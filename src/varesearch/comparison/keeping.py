"""The files and metrics that are stored with the run of a comparison."""

import csv
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from varesearch.comparison.effects import Effect, looked_at
from varesearch.comparison.settings import SettingDifference
from varesearch.comparison.sides import Side
from varesearch.comparison.spread import Spread
from varesearch.comparison.verdict import Verdict

SETTINGS_FILE = "settings.csv"
EFFECTS_FILE = "effects.csv"
COMPARISON_FILE = "comparison.json"
VERDICT_FILE = "verdict.json"
JUDGED_FILE = "judged.csv"


def write_comparison(
    folder: Path, a: Side, b: Side, differences: Sequence[SettingDifference], found: Sequence[Effect], notes: list[str]
) -> None:
    """Write what differs and by how much: two tables, and one JSON file with the values of every run."""
    rows = [(each.key, each.a, each.b, each.unit) for each in differences]
    _table(folder / SETTINGS_FILE, ("setting", "A", "B", "unit"), rows)
    _table(folder / EFFECTS_FILE, _HEAD, (_row(effect) for effect in found))
    content = {
        "a": _side(a),
        "b": _side(b),
        "settings": [vars(each) for each in differences],
        "notes": notes,
        "looked_at": looked_at(found),
        "metrics": [
            {
                "metric": effect.metric,
                "population": effect.population,
                "unit": effect.unit,
                "a": effect.a,
                "b": effect.b,
                "hedges_g": effect.size and vars(effect.size),
                "beyond_chance": effect.beyond_chance,
            }
            for effect in found
        ],
    }
    (folder / COMPARISON_FILE).write_text(json.dumps(content, indent=2) + "\n")


def write_verdict(folder: Path, verdict: Verdict, spread: Spread | None, a: Side, b: Side) -> None:
    """Write the verdict and the metrics that decided it."""
    parting = verdict.divergence
    content = {
        "a": {"run": a.first.run_id, "name": a.first.name},
        "b": {"run": b.first.run_id, "name": b.first.name},
        "verdict": verdict.answer.value,
        "decided_by": verdict.reason,
        "cannot_decide": [f"{one.metric} of {one.population}: {one.why}" for one in verdict.undecided],
        "first_difference_ms": parting.first_ms if parting else None,
        "first_difference_cell": parting.first_cell if parting else None,
        "spread": None
        if spread is None
        else {"backend": spread.backend, "seeds": spread.seeds, "from_an_earlier_session": spread.cached},
    }
    (folder / VERDICT_FILE).write_text(json.dumps(content, indent=2) + "\n")
    head = ("metric", "population", "value", "limit", "excess", "state", "why")
    _table(
        folder / JUDGED_FILE,
        head,
        ((j.metric, j.population, j.value, j.limit, j.excess, j.state.value, j.why) for j in verdict.judged),
    )


def tracked_metrics(found: Sequence[Effect]) -> dict[str, float]:
    """The defined numbers of a comparison by flat names."""
    numbers: dict[str, float] = {}
    for effect in found:
        numbers |= {
            f"a.{effect.key}": effect.mean_a,
            f"b.{effect.key}": effect.mean_b,
            f"difference.{effect.key}": effect.difference,
            f"ratio.{effect.key}": effect.ratio,
            f"hedges_g.{effect.key}": math.nan if effect.size is None else effect.size.g,
        }
    return {name: value for name, value in numbers.items() if math.isfinite(value)}


_HEAD = (
    "metric", "population", "unit", "runs A", "mean A", "sd A", "runs B", "mean B", "sd B", "B - A", "B / A",
    "Hedges g", "g low", "g high", "beyond chance",
)  # fmt: skip


def _row(effect: Effect) -> tuple[Any, ...]:
    size = effect.size
    return (
        effect.metric,
        effect.population,
        effect.unit,
        len(effect.a),
        *map(_cell, (effect.mean_a, effect.sd_a)),
        len(effect.b),
        *map(_cell, (effect.mean_b, effect.sd_b, effect.difference, effect.ratio)),
        *(("", "", "") if size is None else map(_cell, (size.g, size.low, size.high))),
        "" if effect.beyond_chance is None else effect.beyond_chance,
    )


def _cell(value: float) -> str:
    return "" if math.isnan(value) else repr(float(value))


def _side(side: Side) -> dict[str, Any]:
    return {
        "label": side.label,
        "runs": [record.run_id for record in side.records],
        "seeds": side.seeds,
        "without_results": side.missing,
    }


def _table(path: Path, head: Sequence[str], rows: Any) -> None:
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(head)
        table.writerows(rows)
