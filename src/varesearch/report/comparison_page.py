"""The content of the page of a comparison, read from its files and its record."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from varesearch.report.origin import UserInput, given_of, origin_rows, provenance_of
from varesearch.report.run_page import Figure, Note, Setting, figures_of, notes_of, rows_of, settings_of
from varesearch.report.sources import folder_of
from varesearch.tracking.files import LOG_FILE, TRACEBACK_FILE
from varesearch.tracking.record import RunRecord, read_json, tail

_MOST_RUNS = 12


@dataclass(frozen=True)
class SideShown:
    """One side: its letter, its label, the number of its runs, and which runs they are."""

    letter: str
    label: str
    count: int
    runs: str


@dataclass(frozen=True)
class ComparisonPage:
    """All data for the template of a comparison.

    ``differences``, ``effects`` and ``judged`` are the rows of its stored tables. ``judges`` tells whether there is a
    verdict (not for two models), ``sized`` whether there are enough runs for effect sizes.
    """

    record: RunRecord
    title: str
    notes: list[Note]
    given: UserInput
    judges: bool
    verdict: str
    decided_by: str
    cannot_decide: list[str]
    sides: list[SideShown]
    differences: list[dict[str, str]]
    effects: list[dict[str, str]]
    sized: bool
    looked_at: str
    judged: list[dict[str, str]]
    figures: list[Figure]
    settings: dict[str, list[Setting]]
    provenance: list[tuple[str, str]]
    versions: dict[str, str]
    log: str
    traceback: str


def comparison_page(record: RunRecord, config_dir: Path | None = None) -> ComparisonPage:
    """Collect the content of the page. Raises ConfigurationError for a run without files on this machine."""
    folder = folder_of(record)
    origin, versions = provenance_of(folder)
    path = folder / "comparison.json"
    kept: dict[str, Any] = read_json(path) if path.is_file() else {}
    effects = rows_of(folder / "effects.csv")
    judged = [{**row, "state": row.get("state") or _earlier(row)} for row in rows_of(folder / "judged.csv")]
    return ComparisonPage(
        record=record,
        title=record.name,
        notes=[*notes_of(record, origin), *(Note(text, grave=False) for text in kept.get("notes", []))],
        given=given_of(record),
        judges=(folder / "verdict.json").is_file(),
        verdict=record.verdict,
        decided_by=record.decided_by,
        cannot_decide=[
            f"{row['metric']} of {row['population']}: {row['why']}" for row in judged if row["state"] == "cannot decide"
        ],
        sides=[_side(letter, kept.get(letter.lower(), {}), record) for letter in "AB"],
        differences=rows_of(folder / "settings.csv"),
        effects=effects,
        sized=any(row["Hedges g"] for row in effects),
        looked_at=kept.get("looked_at", ""),
        judged=judged,
        figures=figures_of(folder, config_dir),
        # Earlier versions stored the configuration of A as that of the comparison.
        settings=settings_of(record, [], config_dir) if kept else {},
        provenance=origin_rows(origin),
        versions=versions,
        log=tail(folder / LOG_FILE) if record.status != "FINISHED" else "",
        traceback=tail(folder / TRACEBACK_FILE, lines=200),
    )


def _side(letter: str, kept: dict[str, Any], record: RunRecord) -> SideShown:
    """Return a side as stored with the comparison; earlier versions stored only its run."""
    runs = kept.get("runs") or [record.compared["AB".index(letter)]]
    seeds = kept.get("seeds") or [None] * len(runs)
    shown = [
        f"{run[:8]}" + (f" (seed {seed})" if seed is not None else "") for run, seed in zip(runs, seeds, strict=True)
    ]
    more = [f"and {len(shown) - _MOST_RUNS} more"] if len(shown) > _MOST_RUNS else []
    return SideShown(letter, kept.get("label", ""), len(runs), ", ".join([*shown[:_MOST_RUNS], *more]))


def _earlier(row: dict[str, str]) -> str:
    """Return the state of a metric in a table of an earlier version, which had no "cannot decide"."""
    return "within" if row.get("within") == "True" else "beyond"
