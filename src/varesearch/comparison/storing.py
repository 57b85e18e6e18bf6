"""A comparison as a tracked run: its name, description and shared parameters, its files and its metrics."""

import csv
import dataclasses
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from varesearch.comparison.effects import Effect, looked_at
from varesearch.comparison.settings import SettingDifference
from varesearch.comparison.sides import Side
from varesearch.comparison.spread import NaturalSpread
from varesearch.comparison.verdict import Verdict
from varesearch.config.addresses import redact
from varesearch.config.schema import TrackingConfig
from varesearch.shell import code_span, command
from varesearch.sweeps.parent import shared_settings
from varesearch.tracking.files import RunFiles
from varesearch.tracking.log import LogCapture
from varesearch.tracking.provenance import Description, flat_params, short
from varesearch.tracking.run import StoreSession, track
from varesearch.tracking.tags import COMPARED, COMPARED_RUNS, COMPARISON_KIND, KIND, NOTE

SETTINGS_FILE = "settings.csv"
EFFECTS_FILE = "effects.csv"
COMPARISON_FILE = "comparison.json"
VERDICT_FILE = "verdict.json"
JUDGED_FILE = "judged.csv"
_LONGEST_NAME = 120

T = TypeVar("T")


@dataclass(frozen=True)
class StoredComparison:
    """The run that keeps a comparison, how to see it, and the exit code of the command."""

    run_id: str
    folder: Path
    how_to_open: str
    exit_code: int = 0


def store_comparison(
    a: Side,
    b: Side,
    differences: Sequence[SettingDifference],
    words: Sequence[str],
    capture: LogCapture,
    work: Callable[[RunFiles], T],
) -> tuple[StoredComparison, T]:
    """Do ``work`` as a tracked run in the store of A, which ``varesearch compare WORDS`` made.

    Returns
    -------
    tuple
        The run, and what ``work`` returned.
    """
    tracking = TrackingConfig(
        uri=a.uri,
        experiment=a.first.experiment,
        run_name=short(f"compare {a.label} with {b.label}", _LONGEST_NAME),
    )
    session = StoreSession(tracking)

    def tracked(run: RunFiles) -> tuple[StoredComparison, T]:
        result = work(run)
        return StoredComparison(run.run_id, run.folder, session.how_to_open(run.run_id, run.folder)), result

    return track(_description(a, b, differences, words, tracking), session, tracked, capture=capture)


def _description(
    a: Side, b: Side, differences: Sequence[SettingDifference], words: Sequence[str], tracking: TrackingConfig
) -> Description:
    """The configuration is what A and B share; the settings that differ are further parameters."""
    made_by = command(*map(redact, ("compare", *words)))
    shared = shared_settings([a.resolved, b.resolved]) | {"tracking": dataclasses.asdict(tracking)}
    sides = [f"- {letter}: {_runs(side)}" for letter, side in zip("AB", (a, b), strict=True)]
    rows = [f"| {d.key} | {_markdown(d.a)} | {_markdown(d.b)} | {d.unit} |" for d in differences]
    table = ["| setting | A | B | unit |", "|---|---|---|---|", *rows] if rows else ["No setting differs."]
    tags = {
        KIND: COMPARISON_KIND,
        **dict(zip(COMPARED, (a.first.run_id, b.first.run_id), strict=True)),
        **(dict(zip(COMPARED_RUNS, (a.ids, b.ids), strict=True)) if len(a.records) + len(b.records) > 2 else {}),
        NOTE: "\n".join([code_span(made_by), "", *sides, "", *table]),
    }
    return Description(
        name=tracking.run_name or "",
        resolved=shared,
        made_by=made_by,
        overrides=tuple(map(redact, words)),
        tags=tags,
        params=flat_params(shared) | {d.key: short(f"A: {d.a}   B: {d.b}") for d in differences},
    )


def _runs(side: Side) -> str:
    count = len(side.records)
    return f"run {side.first.run_id[:8]} ({side.label})" if count == 1 else f"{count} runs of {side.label}"


def _markdown(text: str) -> str:
    """A value in a Markdown table, in which a | would end the cell."""
    return code_span(text.replace("|", "\\|"))


def write_comparison(
    folder: Path, a: Side, b: Side, differences: Sequence[SettingDifference], found: Sequence[Effect], notes: list[str]
) -> None:
    """Write what differs and by how much: two tables, and one JSON file with the values of every run."""
    rows = ((each.key, each.a, each.b, each.unit) for each in differences)
    _write_csv(folder / SETTINGS_FILE, ("setting", "A", "B", "unit"), rows)
    _write_csv(folder / EFFECTS_FILE, _EFFECTS_HEAD, map(_effect_row, found))
    _write_json(
        folder / COMPARISON_FILE,
        {
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
        },
    )


def write_verdict(folder: Path, verdict: Verdict, spread: NaturalSpread | None, a: Side, b: Side) -> None:
    """Write the verdict and the metrics that decided it."""
    parting = verdict.divergence
    content = {
        "a": {"run": a.first.run_id, "name": a.first.name},
        "b": {"run": b.first.run_id, "name": b.first.name},
        "verdict": verdict.answer.value,
        "decided_by": verdict.reason,
        "cannot_decide": [f"{judged.metric} of {judged.population}: {judged.why}" for judged in verdict.undecided],
        "first_difference_ms": parting.first_ms if parting else None,
        "first_difference_cell": parting.first_cell if parting else None,
        "spread": None
        if spread is None
        else {"backend": spread.backend, "seeds": spread.seeds, "from_an_earlier_session": spread.cached},
    }
    _write_json(folder / VERDICT_FILE, content)
    head = ("metric", "population", "value", "limit", "excess", "state", "why")
    rows = ((j.metric, j.population, j.value, j.limit, j.excess, j.state.value, j.why) for j in verdict.judged)
    _write_csv(folder / JUDGED_FILE, head, rows)


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


_EFFECTS_HEAD = (
    "metric", "population", "unit", "runs A", "mean A", "sd A", "runs B", "mean B", "sd B", "B - A", "B / A",
    "Hedges g", "g low", "g high", "beyond chance",
)  # fmt: skip


def _effect_row(effect: Effect) -> tuple[Any, ...]:
    size = effect.size
    return (
        effect.metric,
        effect.population,
        effect.unit,
        len(effect.a),
        *map(_exact, (effect.mean_a, effect.sd_a)),
        len(effect.b),
        *map(_exact, (effect.mean_b, effect.sd_b, effect.difference, effect.ratio)),
        *(("", "", "") if size is None else map(_exact, (size.g, size.low, size.high))),
        "" if effect.beyond_chance is None else effect.beyond_chance,
    )


def _exact(value: float) -> str:
    return "" if math.isnan(value) else repr(float(value))


def _side(side: Side) -> dict[str, Any]:
    return {
        "label": side.label,
        "runs": [record.run_id for record in side.records],
        "seeds": side.seeds,
        "without_results": side.missing,
    }


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n")


def _write_csv(path: Path, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(head)
        table.writerows(rows)
